//! Follows what CloudFormation does to a stack, until it ends.

use std::collections::BTreeSet;

use cloud::cloud_formation::{StackDescription, StackEvent, StackStatus};

use crate::Event;
use crate::call::{Context, Pause};

/// How often a stack that stands still is looked at, without a word in its events that its operation ended, before
/// the status alone is believed.
const LOOKS_WITHOUT_EVENT: u32 = 10;

/// Which operation is followed.
#[derive(Clone, Copy)]
pub(crate) struct Operation<'a> {
    /// The stack's name within the app.
    pub stack: &'a str,
    /// The stack's ARN: its name may belong to a later stack.
    pub id: &'a str,
    /// The last event before the operation; `None` follows from the stack's first one.
    pub after: Option<&'a str>,
    /// How many resources are to be changed, if that is known.
    pub resources: usize,
}

/// How an operation ended.
pub(crate) struct Ended {
    /// The stack; `None` if the cloud has forgotten it, as it may once it is deleted.
    pub description: Option<StackDescription>,
    /// What happened, oldest first.
    pub events: Vec<StackEvent>,
}

impl Ended {
    /// Returns the status that the stack is in now.
    pub fn status(&self) -> StackStatus {
        self.description.as_ref().map_or(StackStatus::DeleteComplete, |description| description.status.clone())
    }
}

/// Returns the id of the newest event of a stack: where following its next operation starts.
pub(crate) async fn last_event(context: &Context<'_>, id: &str) -> cloud::Result<Option<String>> {
    let events = context.call(async || context.cloud.cloud_formation.stack_events(id, None).await).await?;
    Ok(events.into_iter().next_back().map(|event| event.id))
}

/// Follows an operation that has begun until it ends, and tells each of its events.
pub(crate) async fn follow(context: &Context<'_>, operation: Operation<'_>) -> cloud::Result<Ended> {
    let cloud_formation = &context.cloud.cloud_formation;
    let mut events: Vec<StackEvent> = Vec::new();
    let mut finished = BTreeSet::new();
    let mut pause = Pause::default();
    let mut looks = 0;
    loop {
        let description = context.call(async || cloud_formation.describe_stack(operation.id).await).await?;
        let after = events.last().map(|event| event.id.as_str()).or(operation.after);
        let new = context.call(async || cloud_formation.stack_events(operation.id, after).await).await?;
        for event in &new {
            tell(context, operation, event, &mut finished);
        }
        events.extend(new);

        let Some(description) = description else { return Ok(Ended { description: None, events }) };
        if !description.status.is_in_progress() && description.status != StackStatus::ReviewInProgress {
            looks += 1;
            // The two services behind status and events need not agree at every moment: just after the start, the
            // status may still be that of the operation before.
            let told = events.iter().any(|event| event.is_of_stack() && event.status == description.status.as_str());
            if told || looks >= LOOKS_WITHOUT_EVENT {
                return Ok(Ended { description: Some(description), events });
            }
        }
        pause.wait().await;
    }
}

fn tell(context: &Context<'_>, operation: Operation<'_>, event: &StackEvent, finished: &mut BTreeSet<String>) {
    if !event.is_of_stack() && (event.status.ends_with("_COMPLETE") || event.status == "DELETE_SKIPPED") {
        finished.insert(event.logical_id.clone());
    }
    context.tell(Event::Progress {
        stack: operation.stack.to_owned(),
        logical_id: event.logical_id.clone(),
        resource_type: event.resource_type.clone(),
        status: event.status.clone(),
        reason: event.reason.clone().filter(|reason| !reason.is_empty()),
        failed: event.is_failure(),
        done: finished.len(),
        total: operation.resources,
    });
}
