//! Leads stacks back to how they last stood.

use std::sync::atomic::{AtomicBool, Ordering};

use cloud::ErrorKind;
use cloud::cloud_formation::{StackDescription, StackEvent, StackResource, StackStatus};
use serde::Serialize;
use template::{Assembly, StackTemplate};

use crate::call::Context;
use crate::causes::{causes, failed, last_operation};
use crate::follow::{Ended, Operation, follow, last_event};
use crate::situation::stand;
use crate::status::{Action, Command};
use crate::{Approver, Cause, Error, Event, Events, Question, ResourceName, RollbackOptions, preflight, selection};

/// What would be rolled back, in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RollbackPlan {
    /// The environment.
    pub environment: String,
    /// The stacks.
    pub stacks: Vec<RollbackStep>,
}

/// A stack that would be rolled back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RollbackStep {
    /// The stack's name within the app.
    pub stack: String,
    /// Its name in CloudFormation.
    pub stack_name: String,
    /// Its status.
    pub status: String,
    /// How it is rolled back.
    pub call: RollbackCall,
    /// Why it stands there, where its events still tell.
    pub cause: Option<Cause>,
    /// What is left as it is.
    pub skip: Vec<String>,
    /// What failed while it was rolled back, and can be skipped if its cause cannot be removed.
    pub failed: Vec<Cause>,
    /// What is deleted with a stack that was never finished: logical ids.
    pub deletes: Vec<String>,
}

/// The calls that lead back. None of them can stand for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum RollbackCall {
    /// Stops an update under way.
    CancelUpdateStack,
    /// Undoes what failed and was left as it was.
    RollbackStack,
    /// Goes on with a rollback that failed.
    ContinueUpdateRollback,
}

/// A stack that was rolled back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RolledBack {
    /// The stack's name within the app.
    pub stack: String,
    /// Its name in CloudFormation.
    pub stack_name: String,
    /// The status that it is in now.
    pub status: String,
    /// What was left as it is, and may differ from what CloudFormation believes.
    pub skipped: Vec<String>,
}

/// Rolls back the stacks named, or all that have something to roll back, users first; returns those that had.
///
/// What a stack needs is decided by its status: an update under way is cancelled, a failed one undone, an undoing that
/// failed is continued. Nothing is done before a person approves all of it.
pub async fn rollback(
    assembly: &Assembly,
    names: &[String],
    cloud: &cloud::Cloud,
    options: &RollbackOptions,
    approver: &dyn Approver,
    events: &dyn Events,
) -> Result<Vec<RolledBack>, Error> {
    let context = Context { cloud, events, patience: options.patience, run: &options.run };
    let selected = selection::select(assembly, names)?;
    preflight::verify(&context, assembly).await?;
    let mut plan = RollbackPlan { environment: assembly.environment.clone(), stacks: Vec::new() };
    for stack in selected.into_iter().rev() {
        if let (action, Some(description)) = stand(&context, stack, Command::Rollback).await?
            && let Some(call) = call(action)
        {
            plan.stacks.push(step(&context, stack, &description, call, options).await?);
        }
    }
    let is_planned = |name: &&ResourceName| plan.stacks.iter().any(|step| step.stack == name.stack);
    if let Some(ResourceName { stack, logical_id }) = options.skip.iter().find(|name| !is_planned(name)) {
        return Err(not_skipped(stack, vec![logical_id.clone()], Vec::new()));
    }
    if plan.stacks.is_empty() {
        return Ok(Vec::new());
    }
    if !approver.approve(Question::Rollback(&plan)) {
        return Err(Error::Declined { what: format!("rolling back environment `{}`", plan.environment) });
    }
    let mut rolled_back = Vec::new();
    let total = plan.stacks.len();
    for (index, step) in plan.stacks.iter().enumerate() {
        context.tell(Event::StackStarted {
            stack: step.stack.clone(),
            stack_name: step.stack_name.clone(),
            position: index + 1,
            total,
        });
        rolled_back.push(carry_out(&context, step).await?);
    }
    Ok(rolled_back)
}

fn call(action: Action) -> Option<RollbackCall> {
    match action {
        Action::Cancel => Some(RollbackCall::CancelUpdateStack),
        Action::UndoCreation | Action::UndoUpdate => Some(RollbackCall::RollbackStack),
        Action::ContinueRollback => Some(RollbackCall::ContinueUpdateRollback),
        _ => None,
    }
}

/// Looks at what rolling a stack back would do.
async fn step(
    context: &Context<'_>,
    stack: &StackTemplate,
    description: &StackDescription,
    call: RollbackCall,
    options: &RollbackOptions,
) -> Result<RollbackStep, Error> {
    let cloud_formation = &context.cloud.cloud_formation;
    let id = description.id.as_str();
    let events = context.call(async || cloud_formation.stack_events(id, None).await).await?;
    let resources = context.call(async || cloud_formation.stack_resources(id).await).await?;
    let events = last_operation(&events);
    let failed = match call {
        RollbackCall::ContinueUpdateRollback => stubborn(context, events, &resources).await,
        RollbackCall::CancelUpdateStack | RollbackCall::RollbackStack => Vec::new(),
    };
    let deletes = match description.status {
        StackStatus::CreateFailed => made(&resources),
        _ => Vec::new(),
    };
    Ok(RollbackStep {
        stack: stack.name.clone(),
        stack_name: stack.stack_name.clone(),
        status: description.status.to_string(),
        call,
        cause: causes(context, events).await.into_iter().next(),
        skip: skipped(stack, &failed, options)?,
        failed,
        deletes,
    })
}

fn made(resources: &[StackResource]) -> Vec<String> {
    let there =
        resources.iter().filter(|resource| resource.physical_id.is_some() && resource.status != "DELETE_COMPLETE");
    there.map(|resource| resource.logical_id.clone()).collect()
}

/// Lists what failed while it was rolled back: CloudFormation skips that and nothing else.
async fn stubborn(context: &Context<'_>, events: &[StackEvent], resources: &[StackResource]) -> Vec<Cause> {
    let began = events.iter().rposition(|event| event.is_of_stack() && event.status == "UPDATE_ROLLBACK_IN_PROGRESS");
    let of_rollback = &events[began.unwrap_or_default()..];
    let mut failed: Vec<Cause> = Vec::new();
    for cause in causes(context, of_rollback).await {
        let stands_there =
            |resource: &StackResource| resource.logical_id == cause.logical_id && resource.status == "UPDATE_FAILED";
        let is_known =
            failed.iter().any(|known| known.logical_id == cause.logical_id && known.nested_in == cause.nested_in);
        if !is_known && (cause.nested_in.is_some() || resources.iter().any(stands_there)) {
            failed.push(cause);
        }
    }
    failed
}

/// Lists what of a stack is to be skipped, as CloudFormation names it; refuses what it would not skip.
fn skipped(stack: &StackTemplate, failed: &[Cause], options: &RollbackOptions) -> Result<Vec<String>, Error> {
    let of_stack = options.skip.iter().filter(|name| name.stack == stack.name);
    let wanted: Vec<String> = of_stack.map(|name| name.logical_id.clone()).collect();
    // What is in a nested stack goes by that stack's own name, which is rolled back by itself.
    let skippable = failed.iter().filter(|cause| cause.nested_in.is_none());
    let allowed: Vec<String> = skippable.map(|cause| cause.logical_id.clone()).collect();
    let wrong: Vec<_> = wanted.iter().filter(|name| !allowed.contains(name)).cloned().collect();
    if wrong.is_empty() { Ok(wanted) } else { Err(not_skipped(&stack.name, wrong, allowed)) }
}

fn not_skipped(stack: &str, resources: Vec<String>, allowed: Vec<String>) -> Error {
    Error::CannotLeaveOut { stack: stack.to_owned(), resources, purpose: "skipped", allowed }
}

async fn carry_out(context: &Context<'_>, step: &RollbackStep) -> Result<RolledBack, Error> {
    let cloud_formation = &context.cloud.cloud_formation;
    let name = step.stack_name.as_str();
    let description = context.call(async || cloud_formation.describe_stack(name).await).await?;
    let Some(description) = description else { return Err(Error::NotDeployed { stack: step.stack.clone() }) };
    let id = description.id.as_str();
    let after = last_event(context, id).await?;
    // It may have moved on while a person was asked: then the call that was approved would be the wrong one.
    if description.status.as_str() == step.status {
        let token = context.token(&step.stack, "rollback");
        begin(context, id, step, &token).await?;
    }
    let operation = Operation { stack: &step.stack, id, after: after.as_deref(), resources: 0 };
    let ended = follow(context, operation).await?;
    let status = ended.status();
    if !is_back(&ended) {
        return Err(failed(context, &step.stack, name, "roll back", &ended).await);
    }
    context.tell(Event::RolledBack {
        stack: step.stack.clone(),
        status: status.to_string(),
        skipped: step.skip.clone(),
    });
    Ok(RolledBack {
        stack: step.stack.clone(),
        stack_name: step.stack_name.clone(),
        status: status.to_string(),
        skipped: step.skip.clone(),
    })
}

/// Makes the call. Where an answer was lost, the next one says that the stack is at work or somewhere else already.
async fn begin(context: &Context<'_>, id: &str, step: &RollbackStep, token: &str) -> cloud::Result<()> {
    let cloud_formation = &context.cloud.cloud_formation;
    let may_have_begun = AtomicBool::new(false);
    let call = async || {
        let answer = match step.call {
            RollbackCall::CancelUpdateStack => cloud_formation.cancel_update(id).await,
            RollbackCall::RollbackStack => cloud_formation.rollback_stack(id, Some(token)).await,
            RollbackCall::ContinueUpdateRollback => {
                cloud_formation.continue_update_rollback(id, &step.skip, Some(token)).await
            }
        };
        match answer {
            Err(error) if error.kind == ErrorKind::Validation && may_have_begun.load(Ordering::Relaxed) => Ok(()),
            Err(error) => {
                may_have_begun.fetch_or(error.may_have_taken_effect(), Ordering::Relaxed);
                Err(error)
            }
            Ok(()) => Ok(()),
        }
    };
    context.call(call).await
}

/// Says whether a stack is where a rollback leads: also an update that could not be cancelled any more has ended well.
fn is_back(ended: &Ended) -> bool {
    matches!(
        ended.status(),
        StackStatus::UpdateRollbackComplete
            | StackStatus::RollbackComplete
            | StackStatus::DeleteComplete
            | StackStatus::UpdateComplete
            | StackStatus::ImportRollbackComplete
    )
}
