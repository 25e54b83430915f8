//! Brings a stack into a state in which it can be worked on.

use cloud::cloud_formation::{DeleteStackRequest, StackDescription, StackStatus};
use template::StackTemplate;

use crate::call::Context;
use crate::causes::{earlier_cause, failed};
use crate::follow::{Ended, Operation, follow, last_event};
use crate::status::{Action, Command, Refusal, action, is_deployed};
use crate::{Error, Event};

/// How a stack stands when it can be deployed.
pub(crate) enum Situation {
    /// It does not exist yet, or is no more than a change set that would create it.
    New {
        /// Whether there is such a change set, or there was.
        under_review: bool,
    },
    /// Its creation failed and was undone; nothing but its name is left, and has to be deleted before it can be created.
    Remains(Box<StackDescription>),
    /// It exists.
    Existing(Box<StackDescription>),
}

/// Waits for what is under way, and refuses what cannot be deployed. Changes nothing.
pub(crate) async fn settle(context: &Context<'_>, stack: &StackTemplate) -> Result<Situation, Error> {
    match stand(context, stack, Command::Deploy).await? {
        (Action::Recreate, Some(description)) => {
            examine(context, stack, &description).await?;
            Ok(Situation::Remains(description))
        }
        (Action::Update, Some(description)) => Ok(Situation::Existing(description)),
        (_, description) => {
            let under_review =
                description.is_some_and(|description| description.status == StackStatus::ReviewInProgress);
            Ok(Situation::New { under_review })
        }
    }
}

/// Waits for what is under way on a stack, and says what a command does then; refuses where that is nothing.
pub(crate) async fn stand(
    context: &Context<'_>,
    stack: &StackTemplate,
    command: Command,
) -> Result<(Action, Option<Box<StackDescription>>), Error> {
    loop {
        let name = stack.stack_name.as_str();
        let description = context.call(async || context.cloud.cloud_formation.describe_stack(name).await).await?;
        let status = description.as_ref().map(|description| &description.status);
        match (action(command, status), description) {
            (Action::Wait, Some(description)) => wait(context, &stack.name, &description).await?,
            (Action::Refuse(refusal), description) => {
                return Err(stuck(stack, description.map(|description| description.status), refusal));
            }
            (action, description) => return Ok((action, description.map(Box::new))),
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
            reason: earlier_cause(context, &description.id).await?.map(|cause| cause.to_string()),
        });
    }
    Ok(())
}

/// Says why the creation of a stack had failed, and refuses to forget what was kept of it.
async fn examine(context: &Context<'_>, stack: &StackTemplate, description: &StackDescription) -> Result<(), Error> {
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
    let reason = earlier_cause(context, id).await?.map(|cause| cause.to_string());
    context.tell(Event::EarlierFailure { stack: stack.name.clone(), status: description.status.to_string(), reason });
    Ok(())
}

/// Deletes what is left of a stack whose creation failed, so that it can be created.
pub(crate) async fn clear(
    context: &Context<'_>,
    stack: &StackTemplate,
    description: &StackDescription,
) -> Result<(), Error> {
    delete(context, &stack.name, description, Vec::new()).await?;
    context.tell(Event::LeftoverDeleted {
        stack: stack.name.clone(),
        leftover: format!("the stack in {}", description.status),
    });
    Ok(())
}

/// Deletes a stack and follows that to its end; `retain` names what of a stack in `DELETE_FAILED` is left behind.
pub(crate) async fn delete(
    context: &Context<'_>,
    stack: &str,
    description: &StackDescription,
    retain: Vec<String>,
) -> Result<Ended, Error> {
    let after = last_event(context, &description.id).await?;
    let request = DeleteStackRequest {
        retain,
        client_token: Some(context.token(stack, "delete")),
        ..DeleteStackRequest::new(&description.id)
    };
    context.call(async || context.cloud.cloud_formation.delete_stack(&request).await).await?;
    let operation = Operation { stack, id: &description.id, after: after.as_deref(), resources: 0 };
    let ended = follow(context, operation).await?;
    match ended.status() {
        StackStatus::DeleteComplete => Ok(ended),
        _ => Err(failed(context, stack, &description.name, "delete", &ended).await),
    }
}

fn stuck(stack: &StackTemplate, status: Option<StackStatus>, refusal: &Refusal) -> Error {
    let Some(status) = status else { return Error::NotDeployed { stack: stack.name.clone() } };
    let remedy = refusal.remedy.replace("{stack}", &stack.name);
    Error::Stuck { stack: stack.name.clone(), status: status.to_string(), reason: refusal.reason.to_owned(), remedy }
}

/// Says whether an operation brought a stack to where its template wants it.
pub(crate) fn succeeded(ended: &Ended) -> bool {
    is_deployed(&ended.status())
}
