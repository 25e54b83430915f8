//! Carries out a stack refactoring.

use std::collections::BTreeMap;

use cloud::ErrorKind;
use cloud::cloud_formation::{
    RefactorDescription, RefactorExecutionStatus, RefactorRequest, RefactorStatus, RefactoredStack, ResourceLocation,
    ResourceMove,
};
use template::{Assembly, StackTemplate};

use crate::call::{Context, Pause};
use crate::plan::moves::{Immovable, ImmovableReason, Move, Place};
use crate::plan::refactor::Refactoring;
use crate::source::source;
use crate::{Error, Event};

/// Moves resources, and waits until every stack that takes part stands still.
///
/// A run that was killed before it was carried out leaves nothing but a prepared refactoring, which nobody executes; one
/// that was killed after finds the resources in their new places.
pub(crate) async fn refactor(
    context: &Context<'_>,
    assembly: &Assembly,
    refactoring: &Refactoring,
    bucket: Option<&str>,
) -> Result<(), Error> {
    let moves = refactoring.moves.clone();
    context.tell(Event::Moving { moves: moves.clone() });
    let carried_out = carry_out(context, assembly, refactoring, bucket).await;
    // It counts as done while its stacks are still being written, for a moment (aws-cdk-cli#1804).
    for stack in refactoring.templates.keys().filter_map(|name| assembly.stack(name)) {
        settle(context, stack).await?;
    }
    if let Err(error) = carried_out
        && !is_done(context, assembly, refactoring).await?
    {
        return Err(error);
    }
    context.tell(Event::Moved { moves });
    Ok(())
}

async fn carry_out(
    context: &Context<'_>,
    assembly: &Assembly,
    refactoring: &Refactoring,
    bucket: Option<&str>,
) -> Result<(), Error> {
    let cloud_formation = &context.cloud.cloud_formation;
    let request = request(context, assembly, refactoring, bucket).await?;
    let id = match context.call(async || cloud_formation.create_stack_refactor(&request).await).await {
        Ok(id) => id,
        // The service has its reasons, or the cloud has no refactoring at all.
        Err(error) if matches!(error.kind, ErrorKind::Validation | ErrorKind::Service) => {
            return Err(refused(refactoring, &error.message));
        }
        Err(error) => return Err(error.into()),
    };
    let prepared = wait(context, &id, |found| found.status == RefactorStatus::CreateInProgress).await?;
    if prepared.status != RefactorStatus::CreateComplete {
        return Err(refused(refactoring, prepared.reason.as_deref().unwrap_or("it gives no reason")));
    }
    execute(context, &id).await?;
    let is_busy = |status: &RefactorExecutionStatus| {
        use RefactorExecutionStatus as Status;
        matches!(status, Status::Available | Status::InProgress | Status::RollbackInProgress)
    };
    let ended = wait(context, &id, |found| is_busy(&found.execution_status)).await?;
    if ended.execution_status == RefactorExecutionStatus::Complete {
        return Ok(());
    }
    Err(Error::RefactorFailed {
        stacks: refactoring.templates.keys().cloned().collect(),
        status: ended.execution_status.to_string(),
        reason: ended.execution_reason,
    })
}

/// Says whether everything is in its new place: an earlier run may have begun what this one found impossible.
async fn is_done(context: &Context<'_>, assembly: &Assembly, refactoring: &Refactoring) -> Result<bool, Error> {
    let cloud_formation = &context.cloud.cloud_formation;
    for stack in refactoring.templates.keys().filter_map(|name| assembly.stack(name)) {
        let name = stack.stack_name.as_str();
        let resources = match context.call(async || cloud_formation.stack_resources(name).await).await {
            Err(error) if matches!(error.kind, ErrorKind::NotFound | ErrorKind::Validation) => Vec::new(),
            resources => resources?,
        };
        let has = |place: &Place| {
            place.stack == stack.name && resources.iter().any(|resource| resource.logical_id == place.logical_id)
        };
        let is_there = |one: &Move| one.to.stack != stack.name || has(&one.to);
        if refactoring.moves.iter().any(|one| has(&one.from) || !is_there(one)) {
            return Ok(false);
        }
    }
    Ok(true)
}

async fn request(
    context: &Context<'_>,
    assembly: &Assembly,
    refactoring: &Refactoring,
    bucket: Option<&str>,
) -> Result<RefactorRequest, Error> {
    let names: BTreeMap<&str, &str> =
        assembly.stacks.iter().map(|stack| (stack.name.as_str(), stack.stack_name.as_str())).collect();
    let location = |place: &Place| ResourceLocation {
        stack: names.get(place.stack.as_str()).map_or_else(|| place.stack.clone(), |name| (*name).to_owned()),
        logical_id: place.logical_id.clone(),
    };
    let mut stacks = Vec::new();
    for (name, template) in &refactoring.templates {
        let Some(stack) = assembly.stack(name) else { continue };
        let after = StackTemplate { template: template.clone(), ..stack.clone() };
        let template = source(context, &assembly.environment, &after, bucket).await?;
        stacks.push(RefactoredStack { stack: stack.stack_name.clone(), template });
    }
    let moves: Vec<String> = refactoring.moves.iter().map(Move::to_string).collect();
    // At most 1,024 characters (API reference).
    let description: String = moves.join("; ").chars().take(1024).collect();
    Ok(RefactorRequest {
        description: Some(description),
        stacks,
        moves: refactoring
            .moves
            .iter()
            .map(|one| ResourceMove { from: location(&one.from), to: location(&one.to) })
            .collect(),
        creates_stacks: !refactoring.creates.is_empty(),
    })
}

/// Starts it, once: an answer that was lost is not taken for a refusal.
async fn execute(context: &Context<'_>, id: &str) -> cloud::Result<()> {
    let cloud_formation = &context.cloud.cloud_formation;
    let call = async || {
        let Err(error) = cloud_formation.execute_stack_refactor(id).await else { return Ok(()) };
        let found = cloud_formation.describe_stack_refactor(id).await?;
        if found.execution_status == RefactorExecutionStatus::Available { Err(error) } else { Ok(()) }
    };
    context.call(call).await
}

async fn wait(
    context: &Context<'_>,
    id: &str,
    is_busy: impl Fn(&RefactorDescription) -> bool,
) -> cloud::Result<RefactorDescription> {
    let cloud_formation = &context.cloud.cloud_formation;
    let mut pause = Pause::default();
    loop {
        let found = context.call(async || cloud_formation.describe_stack_refactor(id).await).await?;
        if !is_busy(&found) {
            return Ok(found);
        }
        pause.wait().await;
    }
}

/// Waits until nothing is being done to a stack.
async fn settle(context: &Context<'_>, stack: &StackTemplate) -> cloud::Result<()> {
    let mut pause = Pause::default();
    loop {
        let name = stack.stack_name.as_str();
        let description = context.call(async || context.cloud.cloud_formation.describe_stack(name).await).await?;
        if description.is_none_or(|description| !description.status.is_in_progress()) {
            return Ok(());
        }
        pause.wait().await;
    }
}

fn refused(refactoring: &Refactoring, reason: &str) -> Error {
    let refused = |one: &Move| Immovable {
        from: one.from.clone(),
        to: one.to.clone(),
        resource_type: one.resource_type.clone(),
        reason: ImmovableReason::Refused(reason.trim_end_matches('.').to_owned()),
    };
    Error::Immovable { moves: refactoring.moves.iter().map(refused).collect() }
}
