//! Tells what happened to stacks, and what is happening.

use cloud::cloud_formation::StackEvent;
use futures::{StreamExt, TryStreamExt, stream};
use serde::Serialize;
use template::{Assembly, StackTemplate};

use crate::call::Context;
use crate::causes::{causes, is_cancelled, last_operation};
use crate::follow::{Operation, follow, last_event};
use crate::{Cause, Error, Events, Patience, preflight, selection, silent};

/// How many stacks are looked at once.
const AT_ONCE: usize = 6;

/// What happened to a stack in its last operation, or ever.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StackHistory {
    /// The stack's name within the app.
    pub stack: String,
    /// Its name in CloudFormation.
    pub stack_name: String,
    /// Its status.
    pub status: String,
    /// What happened, oldest first.
    pub events: Vec<HistoryEvent>,
    /// What failed, the root cause first; in the place of a nested stack there is what failed in it.
    pub causes: Vec<Cause>,
}

/// Something that happened to a resource, or to the stack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HistoryEvent {
    /// When, as RFC 3339 writes it.
    pub time: Option<String>,
    /// The resource, or the stack's name in CloudFormation.
    pub logical_id: String,
    /// Its type.
    pub resource_type: String,
    /// Its status.
    pub status: String,
    /// Why, where CloudFormation says so.
    pub reason: Option<String>,
    /// Whether this is a failure.
    pub failed: bool,
    /// Whether it failed only because another one did.
    pub cancelled: bool,
}

/// Reads what happened to the stacks named, or to all: in their last operation, or `whole`, as long as CloudFormation
/// remembers (90 days).
pub async fn history(
    assembly: &Assembly,
    names: &[String],
    cloud: &cloud::Cloud,
    whole: bool,
    patience: Patience,
) -> Result<Vec<StackHistory>, Error> {
    let context = Context { cloud, events: &silent, patience, run: "" };
    let stacks = selection::select(assembly, names)?;
    preflight::verify(&context, assembly).await?;
    let read = stream::iter(stacks).map(|stack| one(&context, stack, whole)).buffered(AT_ONCE);
    let read: Vec<Option<StackHistory>> = read.try_collect().await?;
    Ok(read.into_iter().flatten().collect())
}

/// Follows what is under way on the stacks named, or on all, to its end; returns the stacks on which something was, and
/// the status that each is in now.
pub async fn watch(
    assembly: &Assembly,
    names: &[String],
    cloud: &cloud::Cloud,
    patience: Patience,
    events: &dyn Events,
) -> Result<Vec<(String, String)>, Error> {
    let context = Context { cloud, events, patience, run: "" };
    let stacks = selection::select(assembly, names)?;
    preflight::verify(&context, assembly).await?;
    // All of them at once: the work of one may take as long as that of all others.
    let followed = stream::iter(&stacks).map(|stack| to_the_end(&context, stack)).buffered(stacks.len().max(1));
    let followed: Vec<Option<(String, String)>> = followed.try_collect().await?;
    Ok(followed.into_iter().flatten().collect())
}

async fn to_the_end(context: &Context<'_>, stack: &StackTemplate) -> Result<Option<(String, String)>, Error> {
    let name = stack.stack_name.as_str();
    let description = context.call(async || context.cloud.cloud_formation.describe_stack(name).await).await?;
    let Some(description) = description.filter(|description| description.status.is_in_progress()) else {
        return Ok(None);
    };
    let after = last_event(context, &description.id).await?;
    let operation = Operation { stack: &stack.name, id: &description.id, after: after.as_deref(), resources: 0 };
    let ended = follow(context, operation).await?;
    Ok(Some((stack.name.clone(), ended.status().to_string())))
}

async fn one(context: &Context<'_>, stack: &StackTemplate, whole: bool) -> Result<Option<StackHistory>, Error> {
    let cloud_formation = &context.cloud.cloud_formation;
    let name = stack.stack_name.as_str();
    let Some(description) = context.call(async || cloud_formation.describe_stack(name).await).await? else {
        return Ok(None);
    };
    let events = context.call(async || cloud_formation.stack_events(&description.id, None).await).await?;
    let last = last_operation(&events);
    Ok(Some(StackHistory {
        stack: stack.name.clone(),
        stack_name: stack.stack_name.clone(),
        status: description.status.to_string(),
        events: if whole { &events[..] } else { last }.iter().map(told).collect(),
        causes: causes(context, last).await,
    }))
}

fn told(event: &StackEvent) -> HistoryEvent {
    HistoryEvent {
        time: event.time.map(|time| time.to_string()),
        logical_id: event.logical_id.clone(),
        resource_type: event.resource_type.clone(),
        status: event.status.clone(),
        reason: event.reason.clone().filter(|reason| !reason.is_empty()),
        failed: event.is_failure(),
        cancelled: is_cancelled(event),
    }
}
