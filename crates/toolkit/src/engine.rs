//! Plans a deployment, and does what was planned.
//!
//! 1. [`survey`]: look at every stack selected, wait for what is under way, decide on the steps, compare the templates.
//! 2. [`prepare`]: make the change sets that can be made now; the other steps are predicted from the comparison.
//! 3. The whole plan is shown, guarded against losses, and approved once (`deploy.rs`).
//! 4. [`execute`]: do the steps, independent ones at once. One whose change set was not made before is compared with what
//!    was approved when its turn comes.
//!
//! [`saved`] goes from a plan that was written down to step 4.

mod execute;
mod policy;
mod prepare;
pub(crate) mod saved;
mod survey;
mod unchanged;

use std::cell::Cell;
use std::collections::BTreeMap;

use cloud::cloud_formation::{
    ChangeSetIds, ChangeSetRequest, ChangeSetType, ParameterValue, StackDescription, TemplateSource,
};
use template::{Assembly, StackTemplate};
use tokio::sync::Mutex;

use crate::call::Context;
use crate::parameters::Outputs;
use crate::plan::loss::{Allowed, Evidence, loses};
use crate::plan::predict::Prediction;
use crate::plan::stable::settle;
use crate::plan::steps::{Deployed, Work};
use crate::plan::{Basis, Plan, PlannedChange, PlannedParameter};
use crate::source::{capabilities, source};
use crate::{Asset, DeployOptions, Error, Event, artifacts, change_set};

/// What holds for all stacks of one deployment.
pub(crate) struct Engine<'a> {
    pub context: Context<'a>,
    pub assembly: &'a Assembly,
    pub options: &'a DeployOptions,
    /// Is held while files are uploaded: two stacks may need the same one.
    pub uploads: Mutex<()>,
    /// Whether a stack turned out to be at work for an earlier run after it was looked at: then all is looked at again.
    pub moved: Cell<bool>,
}

/// How a stack was found.
pub(crate) enum Seen {
    /// It does not exist yet.
    New {
        /// Whether there is a change set that would create it, and nothing more.
        under_review: bool,
    },
    /// Its creation had failed; nothing is left but its name.
    Remains(Box<StackDescription>),
    /// It exists.
    Existing(Box<Deployed>),
}

/// One step, with its place in a deployment.
pub(crate) struct Node {
    /// The stack, with the template that the step gives it.
    pub stack: StackTemplate,
    pub work: Work,
    pub why: Option<String>,
    pub keeps_parameters: bool,
    pub after: Vec<usize>,
    /// How many steps of the same stack come before.
    pub round: usize,
    /// SHA-256 of the template.
    pub sha256: String,
}

/// What was found, and what it is compared with.
pub(crate) struct Survey {
    pub nodes: Vec<Node>,
    pub seen: BTreeMap<String, Seen>,
    /// What the templates say of the first steps of all stacks, of the second ones, and so on.
    pub predictions: Vec<Prediction>,
    /// The outputs of the stacks that only lend theirs.
    pub outputs: Outputs,
    pub allowed: Allowed,
}

/// What is settled about a node.
pub(crate) struct Decision {
    /// The place of its step in the plan; `None` if there is nothing to change.
    pub planned: Option<usize>,
    /// The parameters that this rests on.
    pub parameters: BTreeMap<String, PlannedParameter>,
}

/// A deployment that only needs a person's word.
pub(crate) struct Prepared {
    pub survey: Survey,
    pub decisions: Vec<Decision>,
    pub plan: Plan,
}

impl Survey {
    /// Returns a stack as it is deployed.
    pub fn deployed(&self, stack: &str) -> Option<&Deployed> {
        match self.seen.get(stack) {
            Some(Seen::Existing(deployed)) => Some(deployed),
            _ => None,
        }
    }

    /// Says of each change what would be lost by it.
    pub fn weigh(&self, node: &Node, mut changes: Vec<PlannedChange>) -> Vec<PlannedChange> {
        let stack = node.stack.name.as_str();
        let is_readable = self.deployed(stack).is_none_or(Deployed::is_readable);
        let evidence = |logical_id: &str| -> Option<Evidence> {
            is_readable.then(|| self.predictions[node.round].evidence(stack, logical_id))
        };
        settle(&mut changes, self.predictions[node.round].changes(stack), &evidence);
        let weighed = changes.into_iter().map(|mut change| {
            change.loses = loses(&change, evidence(&change.logical_id));
            change
        });
        weighed.collect()
    }
}

impl Engine<'_> {
    /// Names the change sets of this program.
    fn change_set_name(&self) -> String {
        format!("{}-deploy", self.assembly.app)
    }

    /// Describes the change set of a node. `outputs` has what is known of other stacks.
    async fn request(
        &self,
        node: &Node,
        existing: Option<&StackDescription>,
        parameters: BTreeMap<String, ParameterValue>,
        outputs: &Outputs,
    ) -> Result<ChangeSetRequest, Error> {
        let stack = &node.stack;
        let template = self.source(stack, outputs).await?;
        let kind = if existing.is_some() { ChangeSetType::Update } else { ChangeSetType::Create };
        let mut request = ChangeSetRequest::new(&stack.stack_name, self.change_set_name(), kind, template);
        request.parameters = parameters;
        request.tags = stack.tags.iter().cloned().collect();
        request.capabilities = capabilities(&stack.template);
        request.role_arn.clone_from(&self.options.role);
        Ok(request)
    }

    async fn source(&self, stack: &StackTemplate, outputs: &Outputs) -> Result<TemplateSource, Error> {
        let artifacts = self.options.artifacts.as_ref();
        let bucket = artifacts.and_then(|artifacts| outputs.get(&artifacts.stack)?.get(&artifacts.output));
        let bucket = bucket.map(String::as_str);
        self.provide(stack, bucket).await?;
        source(&self.context, &self.assembly.environment, stack, bucket).await
    }

    /// Makes sure that the artifact bucket has what the resources of a stack fetch from there.
    async fn provide(&self, stack: &StackTemplate, bucket: Option<&str>) -> Result<(), Error> {
        let given = self.options.given(stack);
        // A saved plan may be of another file, which was uploaded when the plan was made.
        let is_wanted = |asset: &&Asset| given.get(&asset.parameter) == Some(&asset.sha256);
        for asset in self.options.assets.iter().filter(is_wanted) {
            let bucket = bucket
                .ok_or_else(|| Error::NoBucketForAsset { stack: stack.name.clone(), name: asset.name.clone() })?;
            let _uploading = self.uploads.lock().await;
            artifacts::upload(&self.context, asset, bucket).await?;
        }
        Ok(())
    }

    /// Says whether the run was asked to stop.
    fn is_stopping(&self) -> bool {
        self.options.stop.is_requested()
    }

    /// Deletes the change sets of a plan, or of those of its steps, that are not going to be executed.
    pub async fn discard(&self, plan: &Plan, is_wanted: impl Fn(usize) -> bool) -> Result<(), Error> {
        let unwanted = plan.steps.iter().enumerate().filter(|(place, _)| !is_wanted(*place));
        let deletions = unwanted.filter_map(|(_, step)| {
            let Basis::ChangeSet { id, stack_id } = &step.basis else { return None };
            let ids = ChangeSetIds { change_set: id.clone(), stack: stack_id.clone() };
            Some(async move { change_set::discard(&self.context, &step.stack, &ids, step.creates_stack()).await })
        });
        futures::future::join_all(deletions).await.into_iter().collect()
    }

    /// Tells that a plan was declined, after nothing of it stays.
    pub async fn decline(&self, plan: &Plan) -> Result<(), Error> {
        self.discard(plan, |_| false).await?;
        self.context.tell(Event::Declined { stacks: plan.steps.iter().map(|step| step.stack.clone()).collect() });
        Ok(())
    }
}

/// Finds the values of parameters, once the outputs that they need are there.
fn values(
    stack: &str,
    parameters: &BTreeMap<String, PlannedParameter>,
    outputs: &Outputs,
) -> Result<BTreeMap<String, ParameterValue>, Error> {
    let value = |parameter: &PlannedParameter| match parameter {
        PlannedParameter::Given { value } => Ok(ParameterValue::Value(value.clone())),
        PlannedParameter::Previous => Ok(ParameterValue::Previous),
        PlannedParameter::Output { stack: producer, output, .. } => {
            let value = outputs.get(producer).and_then(|outputs| outputs.get(output)).cloned();
            value.map(ParameterValue::Value).ok_or_else(|| Error::MissingOutput {
                stack: stack.to_owned(),
                producer: producer.clone(),
                output: output.clone(),
            })
        }
    };
    parameters.iter().map(|(name, parameter)| Ok((name.clone(), value(parameter)?))).collect()
}
