use std::cell::RefCell;
use std::collections::BTreeMap;

use cloud::cloud_formation::StackDescription;
use jiff::Timestamp;
use template::StackTemplate;
use tree::Tree;

use super::survey::outputs_of;
use super::unchanged::is_unchanged;
use super::{Decision, Engine, Node, Prepared, Seen, Survey, values};
use crate::change_set::{self, Made};
use crate::parameters::{Outputs, resolve};
use crate::plan::estimate::{Earlier, estimate};
use crate::plan::refactor::Refactoring;
use crate::plan::references::{Used, used};
use crate::plan::steps::{Deployed, Work};
use crate::plan::{Basis, PLAN_VERSION, Plan, PlannedChange, PlannedParameter, PlannedStep, Standing, StepKind};
use crate::schedule::{Ended, schedule};
use crate::source::needs_bucket;
use crate::{Error, Event};

/// What is known of a stack's outputs while a deployment is planned.
#[derive(Default)]
struct Known {
    /// The outputs whose value is known, and will be the same when they are needed.
    outputs: Outputs,
    /// The stacks that are going to change: those of their outputs that are not known have to be waited for.
    changing: BTreeMap<String, bool>,
}

/// What is settled about one node while the others are still looked at.
struct Draft {
    parameters: BTreeMap<String, PlannedParameter>,
    step: Option<PlannedStep>,
}

impl Engine<'_> {
    /// Makes the change sets that can be made now, and predicts the other steps.
    ///
    /// If that fails, or is stopped, no change set stays.
    pub async fn prepare(&self, survey: Survey) -> Result<Prepared, Error> {
        let known = RefCell::new(Known { outputs: survey.outputs.clone(), ..Known::default() });
        let after: Vec<_> = survey.nodes.iter().map(|node| node.after.clone()).collect();
        let draft = async |place: usize| self.draft(&survey, place, &known).await;
        let ended = schedule(&after, self.options.concurrency, || !self.is_stopping(), draft).await;
        let mut drafts = Vec::with_capacity(ended.len());
        let mut failure = None;
        for ended in ended {
            match ended {
                Ended::Done(draft) => drafts.push(Some(draft)),
                Ended::Failed(error) => {
                    drafts.push(None);
                    failure.get_or_insert(error);
                }
                Ended::NotBegun => drafts.push(None),
            }
        }
        if self.is_stopping() {
            failure.get_or_insert(Error::Stopped { not_begun: Vec::new() });
        }
        let (plan, decisions) = self.plan(&survey, drafts);
        match failure {
            None => Ok(Prepared { survey, decisions, plan }),
            Some(error) => {
                // The failure says more than that what it leaves behind cannot be taken away; the next run does that.
                let _ = self.discard(&plan, |_| false).await;
                Err(error)
            }
        }
    }

    /// Settles what is done to one stack.
    async fn draft(&self, survey: &Survey, place: usize, known: &RefCell<Known>) -> Result<Draft, Error> {
        let node = &survey.nodes[place];
        if let Work::Refactor(refactoring) = &node.work {
            return Ok(Self::moving(survey, node, refactoring, known));
        }
        let name = node.stack.name.as_str();
        let deployed = survey.deployed(name);
        let existing = deployed.map(|deployed| &deployed.description);
        let parameters = self.parameters(survey, node, existing, &known.borrow().outputs)?;
        let waits = self.waits_for(survey, node, &parameters, &known.borrow());
        let is_settled = node.round == 0 && waits.is_none();
        if is_settled && deployed.is_some_and(|deployed| is_unchanged(&node.stack, deployed, &parameters)) {
            return Ok(self.unchanged(survey, name, parameters, known));
        }
        let step = match waits {
            Some(because) => {
                let changes = survey.predictions[node.round].changes(name).to_vec();
                Some(Self::step(survey, node, &parameters, Basis::Predicted { because }, changes))
            }
            None => self.change_set(survey, node, existing, &parameters, known).await?,
        };
        if step.is_none() {
            return Ok(self.unchanged(survey, name, parameters, known));
        }
        let mut known = known.borrow_mut();
        known.changing.insert(name.to_owned(), deployed.is_none());
        let stable = deployed.map(outputs_of).unwrap_or_default().into_iter();
        let stable = stable.filter(|(output, _)| survey.predictions.iter().all(|each| each.keeps(name, output)));
        known.outputs.insert(name.to_owned(), stable.collect());
        Ok(Draft { parameters, step })
    }

    /// Describes a move. CloudFormation says only when it is about to be done whether it can be.
    fn moving(survey: &Survey, node: &Node, refactoring: &Refactoring, known: &RefCell<Known>) -> Draft {
        let mut known = known.borrow_mut();
        for stack in refactoring.templates.keys() {
            known.changing.insert(stack.clone(), survey.deployed(stack).is_none());
            known.outputs.remove(stack);
        }
        let basis = Basis::Predicted { because: "CloudFormation prepares a move only when it is made".to_owned() };
        let changes = refactoring.moves.iter().map(|one| PlannedChange {
            action: "Move".to_owned(),
            logical_id: one.to.logical_id.clone(),
            physical_id: None,
            resource_type: one.resource_type.clone(),
            replacement: None,
            policy_action: None,
            loses: None,
            properties: Vec::new(),
        });
        let step = Self::step(survey, node, &BTreeMap::new(), basis, changes.collect());
        Draft { parameters: BTreeMap::new(), step: Some(step) }
    }

    fn unchanged(
        &self,
        survey: &Survey,
        stack: &str,
        parameters: BTreeMap<String, PlannedParameter>,
        known: &RefCell<Known>,
    ) -> Draft {
        self.context.tell(Event::Unchanged { stack: stack.to_owned() });
        let outputs = survey.deployed(stack).map(outputs_of).unwrap_or_default();
        known.borrow_mut().outputs.insert(stack.to_owned(), outputs);
        Draft { parameters, step: None }
    }

    /// Makes the change set of a step; `None` if there is nothing to change.
    async fn change_set(
        &self,
        survey: &Survey,
        node: &Node,
        existing: Option<&StackDescription>,
        parameters: &BTreeMap<String, PlannedParameter>,
        known: &RefCell<Known>,
    ) -> Result<Option<PlannedStep>, Error> {
        let (context, stack) = (&self.context, &node.stack);
        context.tell(Event::Preparing { stack: stack.name.clone() });
        if !matches!(survey.seen.get(&stack.name), Some(Seen::New { under_review: false })) {
            let creates = existing.is_none();
            if !change_set::delete_leftover(context, stack, &self.change_set_name(), creates).await? {
                self.moved.set(true);
                let reason = "a change set of an earlier run was still being executed".to_owned();
                return Err(Error::UnderWay { stack: stack.name.clone(), reason });
            }
        }
        let outputs = known.borrow().outputs.clone();
        let request = self.request(node, existing, values(&stack.name, parameters, &outputs)?, &outputs).await?;
        match change_set::make(context, stack, request, existing.is_none(), "change").await? {
            Made::Empty => {
                self.still_as_seen(stack, existing).await?;
                Ok(None)
            }
            Made::Ready(ids, changes) => {
                let basis = Basis::ChangeSet { id: ids.change_set, stack_id: ids.stack };
                Ok(Some(Self::step(survey, node, parameters, basis, survey.weigh(node, changes))))
            }
        }
    }

    /// Makes sure that a stack without changes has none because it had none when it was looked at: its outputs are those
    /// of then. It may have been updated in between by what a run that was killed had begun.
    async fn still_as_seen(&self, stack: &StackTemplate, seen: Option<&StackDescription>) -> Result<(), Error> {
        let context = &self.context;
        let name = stack.stack_name.as_str();
        let now = context.call(async || context.cloud.cloud_formation.describe_stack(name).await).await?;
        let times = |stack: &StackDescription| (stack.id.clone(), stack.status.clone(), stack.updated);
        if now.as_ref().map(times) == seen.map(times) {
            return Ok(());
        }
        self.moved.set(true);
        let reason = "it was updated while it was looked at".to_owned();
        Err(Error::UnderWay { stack: stack.name.clone(), reason })
    }

    fn step(
        survey: &Survey,
        node: &Node,
        parameters: &BTreeMap<String, PlannedParameter>,
        basis: Basis,
        changes: Vec<PlannedChange>,
    ) -> PlannedStep {
        let name = &node.stack.name;
        let seen = survey.seen.get(name);
        let step = match (&node.work, seen) {
            (Work::Refactor(_), _) => StepKind::Refactor,
            (Work::Deploy, _) if node.round > 0 => StepKind::Update,
            (Work::Deploy, Some(Seen::Existing(_))) => StepKind::Update,
            (Work::Deploy, Some(Seen::Remains(_))) => StepKind::Recreate,
            (Work::Deploy, Some(Seen::New { .. }) | None) => StepKind::Create,
        };
        PlannedStep {
            stack: name.clone(),
            stack_name: node.stack.stack_name.clone(),
            step,
            why: node.why.clone(),
            template_sha256: node.sha256.clone(),
            parameters: parameters.clone(),
            basis,
            standing: standing(seen),
            estimated_seconds: estimate(&node.stack.template, &changes, &Earlier::new()).as_secs(),
            changes,
            after: Vec::new(),
        }
    }

    /// Finds the parameters of a step, with the values of outputs as far as they are known.
    pub(super) fn parameters(
        &self,
        survey: &Survey,
        node: &Node,
        existing: Option<&StackDescription>,
        known: &Outputs,
    ) -> Result<BTreeMap<String, PlannedParameter>, Error> {
        let given = (!node.keeps_parameters).then(|| self.options.given(&node.stack));
        let parameters = resolve(&node.stack, existing, given.as_ref(), known, node.keeps_parameters)?;
        for parameter in parameters.values() {
            let PlannedParameter::Output { stack: producer, output, value: None } = parameter else { continue };
            // Nobody is going to make it: not a stack that only lends its outputs, nor a template that lacks it.
            let is_coming = survey
                .nodes
                .iter()
                .any(|other| other.stack.name == *producer && other.stack.template.find(["Outputs", output]).is_some());
            if !is_coming {
                let (stack, producer, output) = (node.stack.name.clone(), producer.clone(), output.clone());
                return Err(Error::MissingOutput { stack, producer, output });
            }
        }
        Ok(parameters)
    }

    /// Says what has to happen before a change set can be made: lowercase, no final full stop.
    fn waits_for(
        &self,
        survey: &Survey,
        node: &Node,
        parameters: &BTreeMap<String, PlannedParameter>,
        known: &Known,
    ) -> Option<String> {
        let name = node.stack.name.as_str();
        if node.round > 0 {
            return Some("it follows another step of the same stack".to_owned());
        }
        if matches!(survey.seen.get(name), Some(Seen::Remains(_))) {
            return Some("what is left of its failed creation has to go first".to_owned());
        }
        let unknown = parameters.values().find_map(|parameter| match parameter {
            PlannedParameter::Output { stack, output, value: None } => Some((stack, output)),
            _ => None,
        });
        if let Some((stack, output)) = unknown {
            return Some(format!("it needs `{output}` of `{stack}`"));
        }
        if let Some(artifacts) = &self.options.artifacts {
            let bucket = known.outputs.get(&artifacts.stack).and_then(|outputs| outputs.get(&artifacts.output));
            if bucket.is_none()
                && known.changing.contains_key(&artifacts.stack)
                && self.options.needs_bucket(&node.stack)
            {
                let what = if needs_bucket(&node.stack) { "its template" } else { "what it fetches" };
                return Some(format!("{what} has to be put into the bucket that `{}` makes", artifacts.stack));
            }
        }
        let imports = imports(&node.stack.template);
        let is_changing = |upstream: &&String| known.changing.contains_key(*upstream);
        if let Some(export) = imports.iter().find(|export| !survey.exports(export))
            && node.stack.depends_on.iter().any(|upstream| is_changing(&upstream))
        {
            return Some(format!("it imports `{export}`, which is not exported yet"));
        }
        if !imports.is_empty() {
            let is_moving = |upstream: &&String| {
                known.changing.get(*upstream).is_some_and(|is_new| {
                    *is_new || survey.predictions.iter().any(|prediction| !prediction.keeps_all(upstream))
                })
            };
            if let Some(upstream) = node.stack.depends_on.iter().find(is_moving) {
                return Some(format!("it imports what `{upstream}` exports"));
            }
        }
        None
    }

    /// Puts the steps together.
    fn plan(&self, survey: &Survey, drafts: Vec<Option<Draft>>) -> (Plan, Vec<Decision>) {
        let mut plan = Plan {
            version: PLAN_VERSION,
            app: self.assembly.app.clone(),
            environment: self.assembly.environment.clone(),
            account: self.assembly.account.clone(),
            region: self.assembly.region.clone(),
            made_at: Timestamp::now().to_string(),
            steps: Vec::new(),
            unchanged: Vec::new(),
            allowed_data_loss: survey.allowed.names(),
            role: self.options.role.clone(),
        };
        let mut decisions = Vec::with_capacity(drafts.len());
        // The steps that each node comes after, seen through those that have nothing to change.
        let mut behind: Vec<Vec<usize>> = Vec::with_capacity(drafts.len());
        for (node, draft) in survey.nodes.iter().zip(drafts) {
            let mut after: Vec<usize> = node.after.iter().flat_map(|place| behind[*place].iter().copied()).collect();
            after.sort_unstable();
            after.dedup();
            let Some(draft) = draft else {
                behind.push(after);
                decisions.push(Decision { planned: None, parameters: BTreeMap::new() });
                continue;
            };
            let planned = draft.step.map(|step| {
                plan.steps.push(PlannedStep { after: after.clone(), ..step });
                plan.steps.len() - 1
            });
            behind.push(planned.map_or(after, |place| vec![place]));
            if planned.is_none() && !plan.unchanged.contains(&node.stack.name) {
                plan.unchanged.push(node.stack.name.clone());
            }
            decisions.push(Decision { planned, parameters: draft.parameters });
        }
        (plan, decisions)
    }
}

fn standing(seen: Option<&Seen>) -> Option<Standing> {
    let description = match seen? {
        Seen::New { .. } => return None,
        Seen::Remains(description) => description,
        Seen::Existing(deployed) => &deployed.description,
    };
    Some(standing_of(description))
}

/// Says of a stack what tells whether it was touched since.
pub(super) fn standing_of(description: &StackDescription) -> Standing {
    Standing {
        id: description.id.clone(),
        status: description.status.to_string(),
        changed_at: description.updated.or(description.created).map(|time| time.to_string()),
    }
}

/// Lists the exports of other stacks that a template imports.
fn imports(template: &Tree) -> Vec<&str> {
    let imports = used(template).into_iter().filter_map(|used| match used {
        Used::Import(export) => Some(export),
        _ => None,
    });
    imports.collect()
}

impl Survey {
    /// Says whether one of the stacks looked at exports a value by this name.
    fn exports(&self, export: &str) -> bool {
        let outputs = self.seen.values().filter_map(|seen| match seen {
            Seen::Existing(deployed) => Some(deployed.description.outputs.values()),
            _ => None,
        });
        outputs.flatten().any(|output| output.export.as_deref() == Some(export))
    }
}

impl Deployed {
    /// Says whether this is the template that the stack has.
    pub(super) fn has(&self, template: &Tree) -> bool {
        self.text == template.to_json_pretty() || self.text == template.to_json_compact()
    }
}
