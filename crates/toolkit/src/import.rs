//! Takes resources that exist over into a stack.
//!
//! CloudFormation takes over what it can read and what its template describes, without changing it, by a change set of
//! its own kind that does nothing else. How the resource differs from its template is seen afterwards, as drift.

mod identify;
mod problem;
mod target;

use std::collections::{BTreeMap, BTreeSet};

use cloud::cloud_formation::{
    ChangeSetIds, ChangeSetRequest, ChangeSetType, DriftDetectionStatus, ImportedResource, ParameterValue,
    ResourceDriftStatus, StackDescription, StackStatus,
};
use cloud::{Cloud, ErrorKind};
use serde::Serialize;
use template::{Assembly, StackTemplate};
use tree::Tree;

pub use problem::ImportProblem;

use crate::call::{Context, Pause};
use crate::causes::failed;
use crate::change_set::{self, Made};
use crate::follow::{Operation, follow, last_event};
use crate::plan::keep::entry;
use crate::plan::references::entries;
use crate::situation::{stand, succeeded};
use crate::source::{capabilities, source};
use crate::status::Command;
use crate::{Approver, Artifacts, Error, Event, Events, Patience, PlannedChange, Question, preflight, selection};

/// How to take resources over.
#[derive(Clone, Debug)]
pub struct ImportOptions {
    /// Tells this run from all others: letters, digits and hyphens, at most 60.
    pub run: String,
    /// Where templates go that are too large to be sent along.
    pub artifacts: Option<Artifacts>,
    /// How long a cloud that does not answer is borne with.
    pub patience: Patience,
}

/// A resource that is to be taken over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportRequest {
    /// Its logical id.
    pub logical_id: String,
    /// What identifies it in its service: a value, or `Name=value,…` where it takes several.
    pub identifier: String,
}

/// What would be taken over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ImportPlan {
    /// The stack's name within the app.
    pub stack: String,
    /// Its name in CloudFormation.
    pub stack_name: String,
    /// Whether the stack is made by this.
    pub creates_stack: bool,
    /// The resources.
    pub resources: Vec<ImportCandidate>,
    /// What CloudFormation says that it will do.
    pub changes: Vec<PlannedChange>,
}

/// A resource that would be taken over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ImportCandidate {
    /// Its logical id.
    pub logical_id: String,
    /// Its type.
    pub resource_type: String,
    /// The properties that identify it, with their values.
    pub identifier: BTreeMap<String, String>,
    /// What becomes of it if it leaves the stack.
    pub deletion_policy: String,
    /// Whether that is only so until the next deployment, because the stack's file says nothing of it.
    pub policy_is_ours: bool,
}

/// What was taken over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Imported {
    /// The stack's name within the app.
    pub stack: String,
    /// Its name in CloudFormation.
    pub stack_name: String,
    /// Whether the stack had all of it already, from an earlier run.
    pub was_there: bool,
    /// The resources.
    pub resources: Vec<ImportedState>,
}

/// A resource that was taken over, beside its template.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ImportedState {
    /// Its logical id.
    pub logical_id: String,
    /// Its type.
    pub resource_type: String,
    /// `IN_SYNC`, `MODIFIED` and so on; nothing where that could not be told.
    pub drift: Option<String>,
    /// What the next deployment would change.
    pub differences: Vec<ImportDifference>,
}

/// A property of a resource that is not as its template says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ImportDifference {
    /// The way to it.
    pub path: String,
    /// What the template says.
    pub template: String,
    /// What is there.
    pub actual: String,
}

/// Takes resources that exist over into a stack, which may be a new one, and says how they differ from their template.
///
/// They must be declared in the stack's new template, and not be in the deployed one. Nothing else of the stack changes,
/// and nothing of the resources. Run again after it was killed, it goes on.
pub async fn import(
    assembly: &Assembly,
    stack: &str,
    wanted: &[ImportRequest],
    cloud: &Cloud,
    options: &ImportOptions,
    approver: &dyn Approver,
    events: &dyn Events,
) -> Result<Imported, Error> {
    let context = Context { cloud, events, patience: options.patience, run: &options.run };
    let names = [stack.to_owned()];
    let stack = selection::select(assembly, &names)?.remove(0);
    check_request(stack, wanted)?;
    preflight::verify(&context, assembly).await?;
    let (_, found) = stand(&context, stack, Command::Import).await?;
    let existing = found.map(|description| *description).filter(|found| found.status != StackStatus::ReviewInProgress);
    let old = match &existing {
        Some(description) => {
            let id = description.id.as_str();
            let text = context.call(async || cloud.cloud_formation.template(id).await).await?;
            tree::parse(&text).ok()
        }
        None => None,
    };
    if already_there(&context, stack, wanted, existing.as_ref(), old.as_ref()).await? {
        return finish(&context, stack, wanted, true).await;
    }
    let target = target_of(stack, old.as_ref(), wanted)?;
    let candidates = candidates(stack, wanted)?;
    let stack_with = StackTemplate { template: target, ..stack.clone() };
    let name = format!("{}-import", assembly.app);
    if !change_set::delete_leftover(&context, stack, &name, false).await? {
        let reason = format!("change set `{name}` of an earlier run was being executed");
        return Err(Error::UnderWay { stack: stack.name.clone(), reason });
    }
    let request = request(&context, assembly, &stack_with, name, existing.as_ref(), &candidates, options).await?;
    let Made::Ready(ids, changes) = change_set::make(&context, stack, request, existing.is_none(), "import").await?
    else {
        return Err(Error::ChangeSet { stack: stack.name.clone(), reason: "there is nothing to take over".to_owned() });
    };
    let plan = ImportPlan {
        stack: stack.name.clone(),
        stack_name: stack.stack_name.clone(),
        creates_stack: existing.is_none(),
        resources: candidates,
        changes,
    };
    if !approver.approve(Question::Import(&plan)) {
        change_set::discard(&context, &stack.name, &ids, plan.creates_stack).await?;
        return Err(Error::Declined { what: format!("taking resources over into stack `{}`", stack.name) });
    }
    execute(&context, stack, &ids, plan.resources.len()).await?;
    finish(&context, stack, wanted, false).await
}

fn problem(stack: &StackTemplate, logical_id: &str, problem: ImportProblem) -> Error {
    Error::Import { stack: stack.name.clone(), logical_id: logical_id.to_owned(), problem: Box::new(problem) }
}

/// Refuses what needs no cloud to be seen as wrong.
fn check_request(stack: &StackTemplate, wanted: &[ImportRequest]) -> Result<(), Error> {
    let mut seen = BTreeSet::new();
    for request in wanted {
        if !seen.insert(&request.logical_id) {
            return Err(problem(stack, &request.logical_id, ImportProblem::Twice));
        }
        if let Some(resource) = entry(&stack.template, "Resources", &request.logical_id) {
            identify::identify(&resource.value, &request.identifier)
                .map_err(|wrong| problem(stack, &request.logical_id, wrong))?;
        }
    }
    Ok(())
}

/// Says whether an earlier run took all of it over; refuses where the stack has something else in that place.
async fn already_there(
    context: &Context<'_>,
    stack: &StackTemplate,
    wanted: &[ImportRequest],
    existing: Option<&StackDescription>,
    old: Option<&Tree>,
) -> Result<bool, Error> {
    let is_there =
        |request: &&ImportRequest| old.is_some_and(|old| entry(old, "Resources", &request.logical_id).is_some());
    let there: Vec<_> = wanted.iter().filter(is_there).collect();
    let (Some(description), Some(first)) = (existing, there.first()) else { return Ok(false) };
    let id = description.id.as_str();
    let resources = context.call(async || context.cloud.cloud_formation.stack_resources(id).await).await?;
    let physical_id = |request: &ImportRequest| {
        let resource = resources.iter().find(|resource| resource.logical_id == request.logical_id);
        resource.and_then(|resource| resource.physical_id.clone())
    };
    let is_it = |request: &&ImportRequest| {
        physical_id(request).is_some_and(|physical_id| request.identifier.contains(&physical_id))
    };
    if there.len() == wanted.len() && wanted.iter().all(|request| is_it(&request)) {
        return Ok(true);
    }
    let physical_id = physical_id(first);
    Err(problem(stack, &first.logical_id, ImportProblem::AlreadyThere { physical_id }))
}

fn target_of(stack: &StackTemplate, old: Option<&Tree>, wanted: &[ImportRequest]) -> Result<Tree, Error> {
    let taken: Vec<&str> = wanted.iter().map(|request| request.logical_id.as_str()).collect();
    target::target(old, &stack.template, &taken).map_err(|(logical_id, wrong)| problem(stack, &logical_id, wrong))
}

fn candidates(stack: &StackTemplate, wanted: &[ImportRequest]) -> Result<Vec<ImportCandidate>, Error> {
    let candidate = |request: &ImportRequest| {
        let resource = entry(&stack.template, "Resources", &request.logical_id)?;
        let own = resource.value.get("DeletionPolicy").and_then(Tree::as_str);
        let found = identify::identify(&resource.value, &request.identifier);
        Some(found.map_err(|wrong| problem(stack, &request.logical_id, wrong)).map(|identifier| ImportCandidate {
            logical_id: request.logical_id.clone(),
            resource_type: resource.value.get("Type").and_then(Tree::as_str).unwrap_or_default().to_owned(),
            identifier,
            deletion_policy: own.unwrap_or("Retain").to_owned(),
            policy_is_ours: own.is_none(),
        }))
    };
    wanted.iter().filter_map(candidate).collect()
}

async fn request(
    context: &Context<'_>,
    assembly: &Assembly,
    stack: &StackTemplate,
    name: String,
    existing: Option<&StackDescription>,
    candidates: &[ImportCandidate],
    options: &ImportOptions,
) -> Result<ChangeSetRequest, Error> {
    let bucket = match &options.artifacts {
        Some(artifacts) if crate::source::needs_bucket(stack) => {
            output(context, assembly, &artifacts.stack, &artifacts.output).await?
        }
        _ => None,
    };
    let template = source(context, &assembly.environment, stack, bucket.as_deref()).await?;
    let mut request = ChangeSetRequest::new(&stack.stack_name, name, ChangeSetType::Import, template);
    request.parameters = parameters(context, assembly, stack, existing).await?;
    request.tags = stack.tags.iter().cloned().collect();
    request.capabilities = capabilities(&stack.template);
    let import = candidates.iter().map(|candidate| ImportedResource {
        logical_id: candidate.logical_id.clone(),
        resource_type: candidate.resource_type.clone(),
        identifier: candidate.identifier.clone(),
    });
    request.import = import.collect();
    Ok(request)
}

/// Finds the values of the template's parameters: those that the stack has stay, so that nothing else changes.
async fn parameters(
    context: &Context<'_>,
    assembly: &Assembly,
    stack: &StackTemplate,
    existing: Option<&StackDescription>,
) -> Result<BTreeMap<String, ParameterValue>, Error> {
    let mut values = BTreeMap::new();
    for parameter in entries(stack.template.get("Parameters")) {
        let name = parameter.key.clone();
        let weak = stack.parameters.iter().find(|reference| reference.parameter == name);
        if existing.is_some_and(|existing| existing.parameters.contains_key(&name)) {
            values.insert(name, ParameterValue::Previous);
        } else if let Some(weak) = weak {
            let value = output(context, assembly, &weak.stack, &weak.output).await?;
            let value = value.ok_or_else(|| Error::MissingOutput {
                stack: stack.name.clone(),
                producer: weak.stack.clone(),
                output: weak.output.clone(),
            })?;
            values.insert(name, ParameterValue::Value(value));
        } else if parameter.value.get("Default").is_none() {
            return Err(Error::MissingParameter { stack: stack.name.clone(), parameter: name });
        }
    }
    Ok(values)
}

async fn output(
    context: &Context<'_>,
    assembly: &Assembly,
    stack: &str,
    output: &str,
) -> Result<Option<String>, Error> {
    let Some(stack) = assembly.stack(stack) else { return Ok(None) };
    let name = stack.stack_name.as_str();
    let description = context.call(async || context.cloud.cloud_formation.describe_stack(name).await).await?;
    Ok(description.and_then(|description| description.output(output).map(str::to_owned)))
}

async fn execute(
    context: &Context<'_>,
    stack: &StackTemplate,
    ids: &ChangeSetIds,
    resources: usize,
) -> Result<(), Error> {
    let after = last_event(context, &ids.stack).await?;
    change_set::execute(context, &stack.name, ids, "execute-import").await?;
    context.tell(Event::Executing { stack: stack.name.clone(), resources, estimated_seconds: 0 });
    let operation = Operation { stack: &stack.name, id: &ids.stack, after: after.as_deref(), resources };
    let ended = follow(context, operation).await?;
    if succeeded(&ended) && ended.status().is_success() {
        return Ok(());
    }
    Err(failed(context, &stack.name, &stack.stack_name, "import", &ended).await)
}

/// Compares what was taken over with its template.
async fn finish(
    context: &Context<'_>,
    stack: &StackTemplate,
    wanted: &[ImportRequest],
    was_there: bool,
) -> Result<Imported, Error> {
    let drifts = drifts(context, &stack.stack_name).await?;
    let state = |request: &ImportRequest| {
        let resource = entry(&stack.template, "Resources", &request.logical_id);
        let drift = drifts.iter().flatten().find(|drift| drift.logical_id == request.logical_id);
        let differences = drift.into_iter().flat_map(|drift| &drift.differences).map(|difference| ImportDifference {
            path: difference.path.clone(),
            template: difference.expected.clone(),
            actual: difference.actual.clone(),
        });
        ImportedState {
            logical_id: request.logical_id.clone(),
            resource_type: resource
                .and_then(|resource| resource.value.get("Type")?.as_str())
                .unwrap_or_default()
                .to_owned(),
            drift: drift
                .map(|drift| drift.status.to_string())
                .filter(|status| status != ResourceDriftStatus::Unknown.as_str()),
            differences: differences.collect(),
        }
    };
    Ok(Imported {
        stack: stack.name.clone(),
        stack_name: stack.stack_name.clone(),
        was_there,
        resources: wanted.iter().map(state).collect(),
    })
}

/// Has CloudFormation compare a stack with its template; nothing where the cloud cannot.
async fn drifts(
    context: &Context<'_>,
    stack_name: &str,
) -> Result<Option<Vec<cloud::cloud_formation::ResourceDrift>>, Error> {
    let cloud_formation = &context.cloud.cloud_formation;
    let id = match context.call(async || cloud_formation.detect_drift(stack_name).await).await {
        Ok(id) => id,
        Err(error) if matches!(error.kind, ErrorKind::Service | ErrorKind::Validation) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let mut pause = Pause::default();
    loop {
        let detection = context.call(async || cloud_formation.drift_detection(&id).await).await?;
        if detection.status != DriftDetectionStatus::InProgress {
            break;
        }
        pause.wait().await;
    }
    Ok(Some(context.call(async || cloud_formation.resource_drifts(stack_name).await).await?))
}
