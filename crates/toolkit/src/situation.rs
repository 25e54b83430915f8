//! Brings a stack into a state in which it can be deployed.

use cloud::cloud_formation::{DeleteStackRequest, StackDescription, StackStatus};
use template::StackTemplate;

use crate::call::Context;
use crate::follow::{Operation, causes, failure, follow, last_event};
use crate::status::{BeforeDeploy, Refusal, before_deploy, is_deployed};
use crate::{Approver, Error, Event, Question};

/// How a stack stands when it can be deployed.
pub(crate) enum Situation {
    /// It does not exist yet, or is no more than a change set that would create it.
    New {
        /// Whether there is such a change set, or there was.
        under_review: bool,
    },
    /// It exists.
    Existing(Box<StackDescription>),
}

/// Waits for what is under way, deletes what was never created, and refuses what cannot be deployed.
pub(crate) async fn settle(
    context: &Context<'_>,
    approver: &dyn Approver,
    stack: &StackTemplate,
) -> Result<Situation, Error> {
    loop {
        let name = stack.stack_name.as_str();
        let description = context.call(async || context.cloud.cloud_formation.describe_stack(name).await).await?;
        let step = before_deploy(description.as_ref().map(|description| &description.status));
        match (step, description) {
            (BeforeDeploy::Create, description) => {
                let under_review =
                    description.is_some_and(|description| description.status == StackStatus::ReviewInProgress);
                return Ok(Situation::New { under_review });
            }
            (BeforeDeploy::Update, Some(description)) => return Ok(Situation::Existing(Box::new(description))),
            (BeforeDeploy::Wait, Some(description)) => wait(context, &stack.name, &description).await?,
            (BeforeDeploy::Recreate, Some(description)) => clear(context, approver, stack, &description).await?,
            (BeforeDeploy::Refuse(refusal), Some(description)) => {
                return Err(stuck(stack, &description.status, refusal));
            }
            // The table answers a stack that does not exist with `Create`.
            (_, None) => return Ok(Situation::New { under_review: false }),
        }
    }
}

/// Waits for the end of an operation that someone began, perhaps this program before it was killed.
pub(crate) async fn wait(context: &Context<'_>, stack: &str, description: &StackDescription) -> Result<(), Error> {
    context.tell(Event::Waiting { stack: stack.to_owned(), status: description.status.to_string() });
    let after = last_event(context, &description.id).await?;
    let operation = Operation { stack, id: &description.id, after: after.as_deref(), resources: 0 };
    let ended = follow(context, operation).await?;
    let status = ended.status();
    if !status.is_success() {
        context.tell(Event::EarlierFailure {
            stack: stack.to_owned(),
            status: status.to_string(),
            reason: earlier_cause(context, &description.id).await?,
        });
    }
    Ok(())
}

/// Deletes a stack whose creation failed, so that it can be created.
async fn clear(
    context: &Context<'_>,
    approver: &dyn Approver,
    stack: &StackTemplate,
    description: &StackDescription,
) -> Result<(), Error> {
    let id = description.id.as_str();
    let resources = context.call(async || context.cloud.cloud_formation.stack_resources(id).await).await?;
    let kept: Vec<_> = resources
        .iter()
        .filter(|resource| resource.physical_id.is_some() && resource.status != "DELETE_COMPLETE")
        .map(|resource| format!("{} ({})", resource.logical_id, resource.resource_type))
        .collect();
    if !kept.is_empty() {
        return Err(Error::Stuck {
            stack: stack.name.clone(),
            status: description.status.to_string(),
            reason: format!("its creation failed, but {} was kept", kept.join(", ")),
            remedy: format!(
                "decide what becomes of it, then run `baleen destroy {}`, which forgets it, and deploy again",
                stack.name
            ),
        });
    }
    let reason = earlier_cause(context, id).await?;
    context.tell(Event::EarlierFailure {
        stack: stack.name.clone(),
        status: description.status.to_string(),
        reason: reason.clone(),
    });
    if !approver.approve(Question::Recreate { stack_name: &stack.stack_name, reason: reason.as_deref() }) {
        return Err(Error::Declined { what: format!("deleting what is left of stack `{}`", stack.name) });
    }
    delete(context, &stack.name, description).await?;
    context.tell(Event::LeftoverDeleted {
        stack: stack.name.clone(),
        leftover: format!("the stack in {}", description.status),
    });
    Ok(())
}

/// Deletes a stack and follows that to its end.
pub(crate) async fn delete(
    context: &Context<'_>,
    stack: &str,
    description: &StackDescription,
) -> Result<crate::follow::Ended, Error> {
    let after = last_event(context, &description.id).await?;
    let request = DeleteStackRequest {
        client_token: Some(context.token(stack, "delete")),
        ..DeleteStackRequest::new(&description.id)
    };
    context.call(async || context.cloud.cloud_formation.delete_stack(&request).await).await?;
    let operation = Operation { stack, id: &description.id, after: after.as_deref(), resources: 0 };
    let ended = follow(context, operation).await?;
    match ended.status() {
        StackStatus::DeleteComplete => Ok(ended),
        _ => Err(Error::Failed(Box::new(failure(stack, &description.name, "delete", &ended)))),
    }
}

/// Looks for the cause of an earlier failure among a stack's events: of its last operation.
async fn earlier_cause(context: &Context<'_>, id: &str) -> Result<Option<String>, Error> {
    let events = context.call(async || context.cloud.cloud_formation.stack_events(id, None).await).await?;
    let starts_operation = |status: &str| {
        matches!(status, "CREATE_IN_PROGRESS" | "UPDATE_IN_PROGRESS" | "DELETE_IN_PROGRESS" | "IMPORT_IN_PROGRESS")
    };
    let start = events.iter().rposition(|event| event.is_of_stack() && starts_operation(&event.status));
    let last_operation = &events[start.unwrap_or_default()..];
    Ok(causes(last_operation).first().map(ToString::to_string))
}

fn stuck(stack: &StackTemplate, status: &StackStatus, refusal: Refusal) -> Error {
    let remedy = refusal.remedy.replace("{stack}", &stack.name).replace("{stack_name}", &stack.stack_name);
    Error::Stuck { stack: stack.name.clone(), status: status.to_string(), reason: refusal.reason.to_owned(), remedy }
}

/// Says whether an operation brought a stack to where its template wants it.
pub(crate) fn succeeded(ended: &crate::follow::Ended) -> bool {
    is_deployed(&ended.status())
}
