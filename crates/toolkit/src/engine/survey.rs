use std::collections::BTreeMap;

use cloud::cloud_formation::StackDescription;
use futures::{StreamExt, TryStreamExt, stream};
use template::StackTemplate;
use tree::{Map, Node as TreeNode, Origin, Tree};

use super::{Engine, Node, Seen, Survey};
use crate::call::Pause;
use crate::parameters::Outputs;
use crate::plan::layout::lay_out;
use crate::plan::loss::Allowed;
use crate::plan::neutral::OUTDATED;
use crate::plan::predict::{Prediction, Valued, predict};
use crate::plan::steps::{Deployed, Step, Work};
use crate::selection::{Selection, values};
use crate::situation::{Situation, settle};
use crate::write::sha256;
use crate::{Artifacts, DeployOptions, Error};

/// How often a stack is looked at, at most, until its description is that of its template.
const LOOKS_UNTIL_IT_FITS: u32 = 8;

/// How many stacks are looked at together: that is nothing but reading.
const LOOKS_AT_ONCE: usize = 16;

impl Engine<'_> {
    /// Looks at the stacks selected, and decides which steps there are.
    pub async fn survey(&self, selection: Selection<'_>) -> Result<Survey, Error> {
        let looks = selection.stacks.iter().map(|stack| async { (stack.name.clone(), self.look(stack).await) });
        let looks = stream::iter(looks).buffered(LOOKS_AT_ONCE).map(|(name, seen)| Ok::<_, Error>((name, seen?)));
        let seen: BTreeMap<String, Seen> = tokio::select! {
            biased;
            seen = looks.try_collect() => seen?,
            // Looking and waiting change nothing, so they can be left in the middle.
            () = self.options.stop.requested() => return Err(Error::Stopped { not_begun: Vec::new() }),
        };
        let deployed: BTreeMap<String, Deployed> = seen
            .iter()
            .filter_map(|(name, seen)| match seen {
                Seen::Existing(deployed) => Some((name.clone(), (**deployed).clone())),
                _ => None,
            })
            .collect();
        let allowed = self.allowed(&selection.stacks, &deployed)?;
        let given_up = &self.options.allow_data_loss;
        let steps = lay_out(&self.context, self.assembly, &selection.stacks, &deployed, given_up).await?;
        let mut nodes = nodes(&selection.stacks, steps);
        self.wait_for_bucket(&mut nodes);
        let given = nodes.iter().map(|node| (node.stack.name.clone(), self.options.given(&node.stack))).collect();
        let predictions = predictions(&nodes, &deployed, &selection.outputs, &given);
        let mut outputs = selection.outputs;
        if let Some((stack, bucket)) = self.standing_bucket(&deployed, &predictions) {
            outputs.entry(stack).or_default().extend([bucket]);
        }
        Ok(Survey { nodes, seen, predictions, outputs, allowed })
    }

    /// Finds the artifact bucket that is there and stays: a step may need it before its stack's turn.
    fn standing_bucket(
        &self,
        deployed: &BTreeMap<String, Deployed>,
        predictions: &[Prediction],
    ) -> Option<(String, (String, String))> {
        let Artifacts { stack, output, .. } = self.options.artifacts.as_ref()?;
        let bucket = deployed.get(stack)?.description.output(output)?.to_owned();
        let stays = predictions.iter().all(|prediction| prediction.keeps(stack, output));
        stays.then(|| (stack.clone(), (output.clone(), bucket)))
    }

    /// Lets those for which something has to be put into the artifact bucket come after the stack that makes it.
    fn wait_for_bucket(&self, nodes: &mut [Node]) {
        let Some(artifacts) = &self.options.artifacts else { return };
        let Some(maker) = nodes.iter().position(|node| node.stack.name == artifacts.stack) else { return };
        for node in nodes.iter_mut().skip(maker + 1).filter(|node| self.options.needs_bucket(&node.stack)) {
            if !node.after.contains(&maker) {
                node.after.push(maker);
            }
        }
    }

    async fn look(&self, stack: &StackTemplate) -> Result<Seen, Error> {
        let context = &self.context;
        let mut pause = Pause::default();
        let mut looks = 0;
        loop {
            let description = match settle(context, stack).await? {
                Situation::New { under_review } => return Ok(Seen::New { under_review }),
                Situation::Remains(description) => return Ok(Seen::Remains(description)),
                Situation::Existing(description) => description,
            };
            let id = description.id.as_str();
            let text = context.call(async || context.cloud.cloud_formation.template(id).await).await?;
            let deployed = Deployed::read(*description, text);
            looks += 1;
            if deployed.fits() || looks >= LOOKS_UNTIL_IT_FITS {
                return Ok(Seen::Existing(Box::new(deployed)));
            }
            pause.wait().await;
        }
    }

    /// Finds what may be lost, among the resources that are there and those that are going to be.
    fn allowed(&self, selected: &[&StackTemplate], deployed: &BTreeMap<String, Deployed>) -> Result<Allowed, Error> {
        let new = selected.iter().map(|stack| (stack.name.as_str(), &stack.template));
        let old = deployed.iter().map(|(name, deployed)| (name.as_str(), &deployed.template));
        Allowed::find(&self.options.allow_data_loss, &new.chain(old).collect::<Vec<_>>())
    }
}

impl Deployed {
    /// Parses the template of a stack.
    fn read(description: StackDescription, text: String) -> Self {
        let parsed = tree::parse(&text).ok();
        let nothing = || Tree::new(TreeNode::Map(Map::default()), Origin::Unknown);
        Self { description, text, template: parsed.unwrap_or_else(nothing) }
    }

    /// Says whether the description is that of the template: just after an update was begun, perhaps by a run that was
    /// killed then, the description may still be that of before, without a word that anything is under way.
    fn fits(&self) -> bool {
        let names = |section: &str, is_sure: fn(&Tree) -> bool| {
            let section = self.template.get(section).and_then(Tree::as_map);
            let entries = section.into_iter().flat_map(Map::iter).filter(move |entry| is_sure(&entry.value));
            entries.map(|entry| entry.key.clone())
        };
        let outputs = &self.description.outputs;
        let parameters = &self.description.parameters;
        !self.description.status.is_success()
            || names("Outputs", |output| output.get("Condition").is_none()).all(|name| outputs.contains_key(&name))
                && names("Parameters", |_| true).all(|name| parameters.contains_key(&name))
    }

    /// Says whether its template could be read.
    pub fn is_readable(&self) -> bool {
        self.template.get("Resources").is_some()
    }
}

/// Gives each step its place.
fn nodes(selected: &[&StackTemplate], steps: Vec<Step>) -> Vec<Node> {
    let mut rounds: BTreeMap<String, usize> = BTreeMap::new();
    let node = |step: Step| {
        let stack = selected.iter().find(|stack| stack.name == step.stack)?;
        let taking_part: Vec<String> = match &step.work {
            Work::Deploy => vec![step.stack.clone()],
            Work::Refactor(refactoring) => refactoring.templates.keys().cloned().collect(),
        };
        let own = taking_part.iter().filter_map(|name| rounds.get(name)).max().copied().unwrap_or_default();
        rounds.extend(taking_part.into_iter().map(|name| (name, own + 1)));
        Some(Node {
            sha256: sha256(step.template.to_json_pretty().as_bytes()),
            stack: StackTemplate { template: step.template, ..(*stack).clone() },
            work: step.work,
            why: step.why,
            keeps_parameters: step.keeps_parameters,
            after: step.after,
            round: own,
        })
    };
    steps.into_iter().filter_map(node).collect()
}

/// Compares the templates before and after the first steps of all stacks, then before and after the second ones …
fn predictions(
    nodes: &[Node],
    deployed: &BTreeMap<String, Deployed>,
    read: &Outputs,
    given: &BTreeMap<String, BTreeMap<String, String>>,
) -> Vec<Prediction> {
    let output = |stack: &str, output: &str| match deployed.get(stack) {
        Some(deployed) => deployed.description.output(output),
        None => read.get(stack).and_then(|outputs| outputs.get(output)).map(String::as_str),
    };
    // What others put out now, or what is given now, replaces what is in use.
    let mut wanted: BTreeMap<&str, BTreeMap<String, String>> = BTreeMap::new();
    let mut used: BTreeMap<&str, BTreeMap<String, String>> = BTreeMap::new();
    for node in nodes.iter().filter(|node| node.round == 0) {
        let name = node.stack.name.as_str();
        let mut old = deployed.get(name).map(|deployed| deployed.description.parameters.clone()).unwrap_or_default();
        let mut new = old.clone();
        for reference in &node.stack.parameters {
            let Some(value) = output(&reference.stack, &reference.output) else { continue };
            new.insert(reference.parameter.clone(), value.to_owned());
            if let Some(old) = old.get_mut(&reference.parameter).filter(|old| *old != value) {
                old.insert_str(0, OUTDATED);
            }
        }
        new.extend(given.get(name).into_iter().flatten().map(|(name, value)| (name.clone(), value.clone())));
        wanted.insert(name, new);
        used.insert(name, old);
    }
    let nothing = BTreeMap::new();
    let used = |stack: &str| used.get(stack).unwrap_or(&nothing);
    let mut old: BTreeMap<&str, Valued<'_>> = deployed
        .iter()
        .filter(|(_, deployed)| deployed.is_readable())
        .map(|(name, deployed)| (name.as_str(), Valued { template: &deployed.template, values: used(name) }))
        .collect();
    let mut predictions = Vec::new();
    for round in 0..=nodes.iter().map(|node| node.round).max().unwrap_or_default() {
        let mut new = old.clone();
        for node in nodes.iter().filter(|node| node.round == round) {
            let name = node.stack.name.as_str();
            let is_readable = deployed.get(name).is_none_or(Deployed::is_readable);
            let values = if node.keeps_parameters { used(name) } else { wanted.get(name).unwrap_or(&nothing) };
            match &node.work {
                Work::Deploy if is_readable => {
                    new.insert(name, Valued { template: &node.stack.template, values });
                }
                Work::Deploy => {}
                Work::Refactor(refactoring) => new.extend(
                    refactoring
                        .templates
                        .iter()
                        .map(|(name, template)| (name.as_str(), Valued { template, values: used(name) })),
                ),
            }
        }
        predictions.push(predict(&old, &new));
        old = new;
    }
    predictions
}

impl DeployOptions {
    /// Says whether a stack is left alone.
    pub(crate) fn keeps(&self, stack: &str) -> Option<&str> {
        self.keep.iter().find(|kept| kept.stack == stack).map(|kept| kept.reason.as_str())
    }
}

/// Returns the outputs of a stack that is deployed.
pub(super) fn outputs_of(deployed: &Deployed) -> BTreeMap<String, String> {
    values(&deployed.description)
}
