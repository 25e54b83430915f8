//! Deploys stacks by change sets.

use std::collections::BTreeMap;

use cloud::Cloud;
use cloud::cloud_formation::{ChangeSetIds, ChangeSetRequest, ChangeSetType, StackDescription};
use serde::Serialize;
use template::{Assembly, StackTemplate};

use crate::call::Context;
use crate::causes::failed;
use crate::change_set::{self, Made, StackPlan};
use crate::follow::{Operation, follow, last_event};
use crate::parameters::{Outputs, check_parameters, fill};
use crate::selection::{self, values};
use crate::situation::{Situation, settle, succeeded};
use crate::source::{capabilities, source};
use crate::{Approver, DeployOptions, Error, Event, Events, Question, preflight};

/// What became of a stack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StackOutcome {
    /// The stack's name within the app.
    pub stack: String,
    /// Its name in CloudFormation.
    pub stack_name: String,
    /// What was done.
    pub outcome: Outcome,
    /// Its outputs.
    pub outputs: BTreeMap<String, String>,
}

/// What was done with a stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It was created.
    Created,
    /// It was updated.
    Updated,
    /// There was nothing to change.
    Unchanged,
}

/// Deploys the stacks named, or all of them, and what they need, in dependency order; returns what became of each.
///
/// Every stack gets a change set, which is approved before it is executed; what is executed is what was approved. The
/// first failure ends the deployment: the stacks before it stay deployed, and the failed one is left as CloudFormation
/// leaves it, from where the next call goes on.
pub async fn deploy(
    assembly: &Assembly,
    names: &[String],
    cloud: &Cloud,
    options: &DeployOptions,
    approver: &dyn Approver,
    events: &dyn Events,
) -> Result<Vec<StackOutcome>, Error> {
    let context = Context { cloud, events, patience: options.patience, run: &options.run };
    selection::select(assembly, names)?;
    check_parameters(assembly, &options.parameters)?;
    preflight::verify(&context, assembly).await?;
    let selection = selection::for_deploy(&context, assembly, names, options.artifacts.as_ref()).await?;
    let is_selected = |name: &&String| selection.stacks.iter().any(|stack| stack.name == **name);
    if let Some(unused) = options.parameters.keys().find(|name| !is_selected(name)) {
        return Err(Error::NotSelected { stack: unused.clone() });
    }
    let deployment = Deployment { context, assembly, options, approver };
    let mut outputs = selection.outputs;
    let mut outcomes = Vec::new();
    let total = selection.stacks.len();
    for (index, stack) in selection.stacks.into_iter().enumerate() {
        context.tell(Event::StackStarted {
            stack: stack.name.clone(),
            stack_name: stack.stack_name.clone(),
            position: index + 1,
            total,
        });
        let outcome = deployment.deploy_stack(stack, &outputs).await?;
        context.tell(Event::StackFinished {
            stack: stack.name.clone(),
            outcome: outcome.outcome,
            outputs: outcome.outputs.clone(),
        });
        outputs.insert(stack.name.clone(), outcome.outputs.clone());
        outcomes.push(outcome);
    }
    Ok(outcomes)
}

/// What holds for all stacks of one deployment.
struct Deployment<'a> {
    context: Context<'a>,
    assembly: &'a Assembly,
    options: &'a DeployOptions,
    approver: &'a dyn Approver,
}

impl Deployment<'_> {
    /// Deploys one stack. All it needs to know of the others is in `outputs`.
    async fn deploy_stack(&self, stack: &StackTemplate, outputs: &Outputs) -> Result<StackOutcome, Error> {
        let context = &self.context;
        let situation = settle(context, self.approver, stack).await?;
        let name = format!("{}-deploy", self.assembly.app);
        let existing = match &situation {
            Situation::Existing(description) => Some(&**description),
            Situation::New { .. } => None,
        };
        if existing.is_some() || matches!(situation, Situation::New { under_review: true }) {
            change_set::delete_leftover(context, stack, &name).await?;
        }
        let request = self.request(stack, name, existing, outputs).await?;
        let (description, outcome) = match change_set::make(context, stack, request, existing.is_none()).await? {
            Made::Empty => {
                context.tell(Event::Unchanged { stack: stack.name.clone() });
                (existing.cloned(), Outcome::Unchanged)
            }
            Made::Ready(ids, plan) => {
                self.approve(&ids, &plan).await?;
                let outcome = if plan.creates_stack { Outcome::Created } else { Outcome::Updated };
                (Some(self.execute(stack, &ids, &plan).await?), outcome)
            }
        };
        if let Some(description) = &description {
            self.protect(stack, description).await?;
        }
        Ok(StackOutcome {
            stack: stack.name.clone(),
            stack_name: stack.stack_name.clone(),
            outcome,
            outputs: description.as_ref().map(values).unwrap_or_default(),
        })
    }

    async fn request(
        &self,
        stack: &StackTemplate,
        name: String,
        existing: Option<&StackDescription>,
        outputs: &Outputs,
    ) -> Result<ChangeSetRequest, Error> {
        let given = self.options.parameters.get(&stack.name);
        let parameters = fill(stack, existing, given, outputs)?;
        let artifacts = self.options.artifacts.as_ref();
        let bucket = artifacts.and_then(|artifacts| outputs.get(&artifacts.stack)?.get(&artifacts.output));
        let environment = &self.assembly.environment;
        let template = source(&self.context, environment, stack, bucket.map(String::as_str)).await?;
        let change_set_type = if existing.is_some() { ChangeSetType::Update } else { ChangeSetType::Create };
        let mut request = ChangeSetRequest::new(&stack.stack_name, name, change_set_type, template);
        request.parameters = parameters;
        request.tags = stack.tags.iter().cloned().collect();
        request.capabilities = capabilities(&stack.template);
        request.role_arn.clone_from(&self.options.role);
        Ok(request)
    }

    /// Shows the plan and asks; after a no, nothing of it stays.
    async fn approve(&self, ids: &ChangeSetIds, plan: &StackPlan) -> Result<(), Error> {
        self.context.tell(Event::Planned(plan.clone()));
        if self.approver.approve(Question::Change(plan)) {
            return Ok(());
        }
        change_set::discard(&self.context, &plan.stack, ids, plan.creates_stack).await?;
        self.context.tell(Event::Declined { stack: plan.stack.clone() });
        Err(Error::Declined { what: format!("the change of stack `{}`", plan.stack) })
    }

    async fn execute(
        &self,
        stack: &StackTemplate,
        ids: &ChangeSetIds,
        plan: &StackPlan,
    ) -> Result<StackDescription, Error> {
        let context = &self.context;
        let after = last_event(context, &ids.stack).await?;
        change_set::execute(context, &stack.name, ids).await?;
        let resources = plan.changes.len();
        context.tell(Event::Executing { stack: stack.name.clone(), resources });
        let operation = Operation { stack: &stack.name, id: &ids.stack, after: after.as_deref(), resources };
        let ended = follow(context, operation).await?;
        if succeeded(&ended)
            && let Some(description) = ended.description
        {
            return Ok(description);
        }
        let operation = if plan.creates_stack { "create" } else { "update" };
        Err(failed(context, &stack.name, &stack.stack_name, operation, &ended).await)
    }

    /// Switches termination protection to what the template's stack says.
    async fn protect(&self, stack: &StackTemplate, description: &StackDescription) -> Result<(), Error> {
        let protected = stack.termination_protection;
        if description.termination_protection != protected {
            let id = description.id.as_str();
            let cloud_formation = &self.context.cloud.cloud_formation;
            self.context.call(async || cloud_formation.update_termination_protection(id, protected).await).await?;
            self.context.tell(Event::ProtectionChanged { stack: stack.name.clone(), protected });
        }
        Ok(())
    }
}
