//! Finds why an operation failed: the deepest failure that no other one explains.

use std::collections::BTreeSet;

use cloud::cloud_formation::StackEvent;

use crate::call::Context;
use crate::follow::Ended;
use crate::{Cause, Error, Failure};

/// The type of stacks, which nested ones have too.
pub(crate) const STACK: &str = "AWS::CloudFormation::Stack";

/// What EC2 writes before a message that only those may read who are allowed to (`sts:DecodeAuthorizationMessage`).
const ENCODED: &str = "Encoded authorization failure message: ";

/// Makes the error of an operation that failed.
pub(crate) async fn failed(
    context: &Context<'_>,
    stack: &str,
    stack_name: &str,
    operation: &'static str,
    ended: &Ended,
) -> Error {
    let mut causes = causes(context, &ended.events).await.into_iter();
    Error::Failed(Box::new(Failure {
        stack: stack.to_owned(),
        stack_name: stack_name.to_owned(),
        operation,
        status: ended.status().to_string(),
        cause: causes.next().or_else(|| cause_of_stack(&ended.events)),
        others: causes.collect(),
    }))
}

/// Looks for the cause of an earlier failure among a stack's events: of its last operation.
pub(crate) async fn earlier_cause(context: &Context<'_>, id: &str) -> Result<Option<Cause>, Error> {
    let events = context.call(async || context.cloud.cloud_formation.stack_events(id, None).await).await?;
    let events = last_operation(&events);
    let found = causes(context, events).await.into_iter().next();
    Ok(found.or_else(|| cause_of_stack(events)))
}

/// Returns the events since an operation on a stack was begun; a rollback belongs to what it undoes.
pub(crate) fn last_operation(events: &[StackEvent]) -> &[StackEvent] {
    let begins = |status: &str| {
        matches!(status, "CREATE_IN_PROGRESS" | "UPDATE_IN_PROGRESS" | "DELETE_IN_PROGRESS" | "IMPORT_IN_PROGRESS")
    };
    let start = events.iter().rposition(|event| event.is_of_stack() && begins(&event.status));
    &events[start.unwrap_or_default()..]
}

/// Lists the failures of resources in the order in which they happened, without those that were only cancelled because
/// of an earlier one. In the place of a nested stack there is what failed in it.
pub(crate) async fn causes(context: &Context<'_>, events: &[StackEvent]) -> Vec<Cause> {
    let mut causes = Vec::new();
    let mut seen = BTreeSet::new();
    // A stack of failures still to be looked into, the earliest on top.
    let mut open: Vec<(StackEvent, Option<String>)> = failures(events).rev().map(|event| (event, None)).collect();
    while let Some((event, nested_in)) = open.pop() {
        let inner = match &event.physical_id {
            Some(id) if event.resource_type == STACK && seen.insert(id.clone()) => inner_failures(context, id).await,
            _ => Vec::new(),
        };
        if inner.is_empty() {
            causes.push(cause(&event, nested_in));
            continue;
        }
        let name = [nested_in.as_slice(), &[event.logical_id]].concat().join(".");
        open.extend(inner.into_iter().rev().map(|event| (event, Some(name.clone()))));
    }
    for cause in &mut causes {
        decode(context, cause).await;
    }
    causes
}

fn failures(events: &[StackEvent]) -> impl DoubleEndedIterator<Item = StackEvent> {
    events.iter().filter(|event| event.is_failure() && !event.is_of_stack() && !is_cancelled(event)).cloned()
}

/// Lists what failed in a nested stack. That it cannot be seen must not hide that it failed.
async fn inner_failures(context: &Context<'_>, id: &str) -> Vec<StackEvent> {
    let events = context.call(async || context.cloud.cloud_formation.stack_events(id, None).await).await;
    failures(last_operation(&events.unwrap_or_default())).collect()
}

/// Finds a cause that is nobody's but the stack's: an output that cannot be resolved, a template that was refused, a
/// person who cancelled.
fn cause_of_stack(events: &[StackEvent]) -> Option<Cause> {
    let explained = |event: &&StackEvent| event.reason.as_deref().is_some_and(|reason| !reason.is_empty());
    let failed = events.iter().find(|event| event.is_failure() && explained(event) && !is_cancelled(event));
    let undone = || events.iter().find(|event| event.status.contains("ROLLBACK") && explained(event));
    failed.or_else(undone).map(|event| cause(event, None))
}

pub(crate) fn cause(event: &StackEvent, nested_in: Option<String>) -> Cause {
    Cause {
        nested_in,
        logical_id: event.logical_id.clone(),
        resource_type: event.resource_type.clone(),
        status: event.status.clone(),
        reason: event.reason.clone().unwrap_or_else(|| "no reason given".to_owned()),
    }
}

/// CloudFormation's own words for a resource that failed only because another one did.
pub(crate) fn is_cancelled(event: &StackEvent) -> bool {
    let reason = event.reason.as_deref().unwrap_or_default();
    ["Resource creation cancelled", "Resource update cancelled", "Resource deletion cancelled"]
        .iter()
        .any(|words| reason.starts_with(words))
}

/// Puts what an encoded message says into its place, where the caller may read it.
async fn decode(context: &Context<'_>, cause: &mut Cause) {
    let Some((before, rest)) = cause.reason.split_once(ENCODED) else { return };
    let end = rest.find(|letter: char| !(letter.is_ascii_alphanumeric() || "-_=+/".contains(letter)));
    let (message, after) = rest.split_at(end.unwrap_or(rest.len()));
    let decoded = context.cloud.identity.decode_authorization_message(message).await;
    let Some(said) = decoded.ok().and_then(|decoded| denial(&decoded)) else { return };
    cause.reason = format!("{}{said}{after}", before.trim_start());
}

/// Says what a decoded message says: who may not do what.
fn denial(decoded: &str) -> Option<String> {
    let message: serde_json::Value = serde_json::from_str(decoded).ok()?;
    let context = &message["context"];
    let text = |value: &serde_json::Value| value.as_str().map(str::to_owned);
    let action = text(&context["action"])?;
    let who = text(&context["principal"]["arn"]).unwrap_or_else(|| "the caller".to_owned());
    let what = text(&context["resource"]).unwrap_or_else(|| "*".to_owned());
    let why = if message["explicitDeny"].as_bool() == Some(true) {
        "a statement denies it"
    } else {
        "no statement allows it"
    };
    Some(format!("{who} is not authorized to perform {action} on {what}: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decoded_message_says_who_may_not_do_what() {
        let decoded = r#"{"allowed":false,"explicitDeny":false,"matchedStatements":{"items":[]},
            "context":{"principal":{"id":"AROA:me","arn":"arn:aws:sts::111122223333:assumed-role/deployer/me"},
            "action":"ec2:RunInstances","resource":"arn:aws:ec2:eu-central-1:111122223333:instance/*"}}"#;
        assert_eq!(
            denial(decoded).expect("it is one"),
            "arn:aws:sts::111122223333:assumed-role/deployer/me is not authorized to perform ec2:RunInstances on \
             arn:aws:ec2:eu-central-1:111122223333:instance/*: no statement allows it"
        );
        assert_eq!(denial("nonsense"), None);
    }
}
