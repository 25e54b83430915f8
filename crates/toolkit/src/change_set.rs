//! Makes, executes and discards the change set of one stack.

use cloud::ErrorKind;
use cloud::cloud_formation::{
    Change, ChangeSetDescription, ChangeSetIds, ChangeSetRequest, ChangeSetStatus, DeleteStackRequest, ExecutionStatus,
    StackStatus,
};
use template::StackTemplate;

use crate::call::{Context, Pause};
use crate::{Error, Event, PlannedChange, PlannedProperty};

/// How often a name that is still taken by a change set being deleted is tried again.
const NAME_TAKEN_TRIES: u32 = 10;

/// A change set that was made.
pub(crate) enum Made {
    /// It can be executed.
    Ready(ChangeSetIds, Vec<PlannedChange>),
    /// There is nothing to change; it is deleted again.
    Empty,
}

/// Deletes a change set that a killed run left behind, so that its name is free, and says whether the stack is as it was
/// found.
///
/// It is not if the change set is being executed, or was executed on a stack that seems not to exist: the services behind
/// stacks and change sets need not agree at every moment, so that a killed run may have begun more than the stack's
/// status shows. Then the end of that is waited for, and the stack has to be looked at again.
pub(crate) async fn delete_leftover(
    context: &Context<'_>,
    stack: &StackTemplate,
    name: &str,
    creates_stack: bool,
) -> Result<bool, Error> {
    let cloud_formation = &context.cloud.cloud_formation;
    let stack_name = stack.stack_name.as_str();
    let mut pause = Pause::default();
    let mut is_as_found = true;
    let leftover = loop {
        match context.call(async || cloud_formation.describe_change_set(stack_name, name).await).await {
            Ok(leftover) if leftover.execution_status == ExecutionStatus::InProgress => is_as_found = false,
            Ok(leftover) => break leftover,
            Err(error) if error.kind == ErrorKind::NotFound => return Ok(is_as_found),
            Err(error) => return Err(error.into()),
        }
        pause.wait().await;
    };
    let was_executed = matches!(leftover.execution_status, ExecutionStatus::Complete | ExecutionStatus::Failed);
    if was_executed && (creates_stack || !is_as_found) {
        return Ok(false);
    }
    context.call(async || cloud_formation.delete_change_set(stack_name, name).await).await?;
    // One that was executed is no leftover: CloudFormation keeps it as a record.
    if matches!(leftover.execution_status, ExecutionStatus::Available | ExecutionStatus::Unavailable) {
        context.tell(Event::LeftoverDeleted {
            stack: stack.name.clone(),
            leftover: format!("change set `{name}`, which was never executed"),
        });
    }
    Ok(is_as_found)
}

/// Makes a change set, and waits until it can be executed. `purpose` tells it from others of this run for the stack.
pub(crate) async fn make(
    context: &Context<'_>,
    stack: &StackTemplate,
    mut request: ChangeSetRequest,
    creates_stack: bool,
    purpose: &str,
) -> Result<Made, Error> {
    let cloud_formation = &context.cloud.cloud_formation;
    let mut pause = Pause::default();
    let mut tries = 0;
    let ids = loop {
        request.client_token = Some(context.token(&stack.name, &format!("{purpose}-{tries}")));
        match context.call(async || cloud_formation.create_change_set(&request).await).await {
            Ok(ids) => break ids,
            // An earlier one of this name is still being deleted; or the answer to an earlier call was lost, and it
            // is there already.
            Err(error) if error.kind == ErrorKind::AlreadyExists && tries < NAME_TAKEN_TRIES => {
                tries += 1;
                pause.wait().await;
                context.call(async || cloud_formation.delete_change_set(&request.stack, &request.name).await).await?;
            }
            Err(error) if error.kind == ErrorKind::Validation && !is_anothers(&error) => {
                return Err(Error::ChangeSet { stack: stack.name.clone(), reason: error.to_string() });
            }
            Err(error) => return Err(lost(&stack.name, error)),
        }
    };
    let made = wait(context, &ids).await.map_err(|error| lost(&stack.name, error))?;
    if made.is_without_changes() && !creates_stack {
        discard(context, &stack.name, &ids, creates_stack).await?;
        return Ok(Made::Empty);
    }
    if made.status != ChangeSetStatus::CreateComplete {
        let reason = why_it_failed(context, &ids, &made).await;
        discard(context, &stack.name, &ids, creates_stack).await?;
        return Err(Error::ChangeSet { stack: stack.name.clone(), reason });
    }
    Ok(Made::Ready(ids, made.changes.iter().map(planned).collect()))
}

/// Says why a change set failed: what early validation found, and else what the change set itself says.
async fn why_it_failed(context: &Context<'_>, ids: &ChangeSetIds, made: &ChangeSetDescription) -> String {
    let cloud_formation = &context.cloud.cloud_formation;
    let own = made.reason.clone().unwrap_or_else(|| format!("the change set is in {}", made.status));
    // Without these there is still the change set's own reason, so that a failure here must not hide it.
    let found = context.call(async || cloud_formation.validation_failures(&ids.stack, &ids.change_set).await).await;
    let errors = found.unwrap_or_default().into_iter().filter(|failure| !failure.is_warning);
    let reasons: Vec<_> = errors
        .map(|failure| {
            let place = failure.path.map(|path| format!(" at {path}")).unwrap_or_default();
            format!("{} ({}){place}: {}", failure.logical_id, failure.resource_type, failure.reason)
        })
        .collect();
    if reasons.is_empty() { own } else { reasons.join("; ") }
}

async fn wait(context: &Context<'_>, ids: &ChangeSetIds) -> cloud::Result<ChangeSetDescription> {
    let cloud_formation = &context.cloud.cloud_formation;
    let mut pause = Pause::default();
    loop {
        let description =
            context.call(async || cloud_formation.describe_change_set(&ids.stack, &ids.change_set).await).await?;
        if !matches!(description.status, ChangeSetStatus::CreatePending | ChangeSetStatus::CreateInProgress) {
            return Ok(description);
        }
        pause.wait().await;
    }
}

/// Starts executing a change set, once: an answer that was lost is not taken for a refusal.
pub(crate) async fn execute(
    context: &Context<'_>,
    stack: &str,
    ids: &ChangeSetIds,
    purpose: &str,
) -> Result<(), Error> {
    let cloud_formation = &context.cloud.cloud_formation;
    let token = context.token(stack, purpose);
    let execute = async || match cloud_formation.execute_change_set(&ids.stack, &ids.change_set, Some(&token)).await {
        Err(error) => {
            if has_begun(context, ids).await? {
                Ok(())
            } else {
                Err(error)
            }
        }
        Ok(()) => Ok(()),
    };
    context.call(execute).await.map_err(|error| lost(stack, error))
}

/// Makes an error of a call on a change set of ours: it may have failed because another deployment came between.
fn lost(stack: &str, error: cloud::Error) -> Error {
    if is_anothers(&error) {
        return Error::UnderWay { stack: stack.to_owned(), reason: error.to_string() };
    }
    error.into()
}

/// Says whether a failure shows that someone else works on the stack: the name of the change set is taken, or the
/// change set is gone, or the stack is being changed.
fn is_anothers(error: &cloud::Error) -> bool {
    matches!(error.kind, ErrorKind::AlreadyExists | ErrorKind::NotFound)
        || error.code.as_deref().is_some_and(|code| code.starts_with("InvalidChangeSetStatus"))
        || error.kind == ErrorKind::Validation && error.message.contains("_IN_PROGRESS state")
}

/// Says whether a change set is being executed, or was.
async fn has_begun(context: &Context<'_>, ids: &ChangeSetIds) -> cloud::Result<bool> {
    let cloud_formation = &context.cloud.cloud_formation;
    let description =
        context.call(async || cloud_formation.describe_change_set(&ids.stack, &ids.change_set).await).await?;
    let status = description.execution_status;
    Ok(matches!(status, ExecutionStatus::InProgress | ExecutionStatus::Complete | ExecutionStatus::Failed))
}

/// Deletes a change set that is not wanted, and the stack if it is no more than that.
pub(crate) async fn discard(
    context: &Context<'_>,
    stack: &str,
    ids: &ChangeSetIds,
    creates_stack: bool,
) -> Result<(), Error> {
    let cloud_formation = &context.cloud.cloud_formation;
    context.call(async || cloud_formation.delete_change_set(&ids.stack, &ids.change_set).await).await?;
    if !creates_stack {
        return Ok(());
    }
    let description = context.call(async || cloud_formation.describe_stack(&ids.stack).await).await?;
    // Someone may have made something of it in between.
    if description.is_some_and(|description| description.status == StackStatus::ReviewInProgress) {
        let request = DeleteStackRequest {
            client_token: Some(context.token(stack, "discard")),
            ..DeleteStackRequest::new(&ids.stack)
        };
        context.call(async || cloud_formation.delete_stack(&request).await).await?;
        let mut pause = Pause::default();
        while context
            .call(async || cloud_formation.describe_stack(&ids.stack).await)
            .await?
            .is_some_and(|description| description.status != StackStatus::DeleteComplete)
        {
            pause.wait().await;
        }
    }
    Ok(())
}

/// Describes a change set of these ids; `None` if it is gone, or its stack.
pub(crate) async fn find(context: &Context<'_>, ids: &ChangeSetIds) -> Result<Option<ChangeSetDescription>, Error> {
    let cloud_formation = &context.cloud.cloud_formation;
    match context.call(async || cloud_formation.describe_change_set(&ids.stack, &ids.change_set).await).await {
        Ok(description) => Ok(Some(description)),
        Err(error) if matches!(error.kind, ErrorKind::NotFound) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Says of a change of CloudFormation's what a plan says.
pub(crate) fn planned(change: &Change) -> PlannedChange {
    let mut properties: Vec<PlannedProperty> = Vec::new();
    for detail in &change.details {
        let property = PlannedProperty {
            name: detail.name.clone().unwrap_or_else(|| detail.attribute.clone()),
            requires_recreation: detail.requires_recreation.clone(),
            causing_entity: detail.causing_entity.clone(),
        };
        // CloudFormation lists a property once for each way in which it may change.
        match properties.iter_mut().find(|present| present.name == property.name) {
            Some(present) => {
                present.causing_entity = match (present.causing_entity.take(), property.causing_entity) {
                    (Some(one), Some(other)) if !one.split(", ").any(|known| known == other) => {
                        Some(format!("{one}, {other}"))
                    }
                    (one, other) => one.or(other),
                };
            }
            None => properties.push(property),
        }
    }
    PlannedChange {
        action: change.action.to_string(),
        logical_id: change.logical_id.clone(),
        physical_id: change.physical_id.clone(),
        resource_type: change.resource_type.clone(),
        replacement: change.replacement.as_ref().map(ToString::to_string),
        policy_action: change.policy_action.clone(),
        loses: None,
        properties,
    }
}
