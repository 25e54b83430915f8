//! Deletes stacks.

use std::cell::RefCell;
use std::collections::BTreeMap;

use cloud::cloud_formation::{StackDescription, StackResource, StackStatus};
use cloud::objects::ObjectVersion;
use cloud::{Cloud, ErrorKind};
use futures::{StreamExt, TryStreamExt, stream};
use serde::Serialize;
use template::{Assembly, StackTemplate};

use crate::call::Context;
use crate::schedule::{Ended, schedule};
use crate::situation::{self, stand};
use crate::status::{Action, Command};
use crate::{
    Approver, DestroyOptions, Error, Event, Events, Question, ResourceName, SelectedStack, preflight, selection,
};

/// How many objects are deleted at once.
const DELETIONS_AT_ONCE: usize = 16;

/// What would be deleted, in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DestroyPlan {
    /// The environment.
    pub environment: String,
    /// The stacks that exist.
    pub stacks: Vec<DoomedStack>,
}

/// A stack that would be deleted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DoomedStack {
    /// The stack's name within the app.
    pub stack: String,
    /// Its name in CloudFormation.
    pub stack_name: String,
    /// Its status.
    pub status: String,
    /// How many resources would be deleted.
    pub resources: usize,
    /// What would be kept.
    pub retained: Vec<Retained>,
    /// What of that is kept only because it could not be deleted: logical ids.
    pub left_behind: Vec<String>,
    /// Buckets that would be deleted although they hold objects.
    pub buckets: Vec<BucketContent>,
    /// Whether termination protection is on.
    pub protected: bool,
}

/// A resource that is kept when its stack is deleted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Retained {
    /// Its name in the template.
    pub logical_id: String,
    /// Its type.
    pub resource_type: String,
    /// Its name in its service.
    pub physical_id: String,
}

/// A bucket that holds objects.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BucketContent {
    /// Its name in the template.
    pub logical_id: String,
    /// The bucket.
    pub bucket: String,
    /// How many objects it holds; each version counts, and so does each delete marker.
    pub objects: usize,
    /// How many bytes they have.
    pub bytes: u64,
}

/// A stack that was deleted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Destroyed {
    /// The stack's name within the app.
    pub stack: String,
    /// Its name in CloudFormation.
    pub stack_name: String,
    /// What was kept.
    pub retained: Vec<Retained>,
}

/// Deletes the stacks named, or all of them, and those that use them, users first; returns those that existed, in the
/// order in which they went.
///
/// Before anything is deleted, all of it is looked at: termination protection, and buckets that hold objects (unless
/// they may be emptied), are reasons to refuse; then a person approves the whole plan.
pub async fn destroy(
    assembly: &Assembly,
    names: &[String],
    cloud: &Cloud,
    options: &DestroyOptions,
    approver: &dyn Approver,
    events: &dyn Events,
) -> Result<Vec<Destroyed>, Error> {
    let context = Context { cloud, events, patience: options.patience, run: &options.run };
    let selected = selection::for_destroy(assembly, names)?;
    preflight::verify(&context, assembly).await?;
    context.tell(Event::Selected {
        stacks: selected
            .iter()
            .map(|(stack, because)| SelectedStack { stack: stack.name.clone(), because: because.clone() })
            .collect(),
        read: Vec::new(),
    });

    let mut plan = DestroyPlan { environment: assembly.environment.clone(), stacks: Vec::new() };
    for (stack, _) in &selected {
        if let (Action::Delete, Some(description)) = stand(&context, stack, Command::Destroy).await? {
            plan.stacks.push(doom(&context, stack, &description, options).await?);
        }
    }
    if plan.stacks.is_empty() {
        return Ok(Vec::new());
    }
    check(&plan, options)?;
    if !approver.approve(Question::Destroy(&plan)) {
        return Err(Error::Declined { what: format!("destroying environment `{}`", plan.environment) });
    }
    let stacks: Vec<_> = selected.into_iter().map(|(stack, _)| stack).collect();
    delete_all(&context, &stacks, &plan, options).await
}

/// Refuses before anything is deleted.
fn check(plan: &DestroyPlan, options: &DestroyOptions) -> Result<(), Error> {
    let is_doomed = |name: &&ResourceName| plan.stacks.iter().any(|doomed| doomed.stack == name.stack);
    if let Some(ResourceName { stack, logical_id }) = options.retain.iter().find(|name| !is_doomed(name)) {
        return Err(not_retained(stack, vec![logical_id.clone()], Vec::new()));
    }
    let protected: Vec<_> = plan.stacks.iter().filter(|stack| stack.protected).collect();
    if !protected.is_empty() {
        return Err(Error::Protected { stacks: protected.iter().map(|stack| stack.stack.clone()).collect() });
    }
    if !options.empty_buckets && plan.stacks.iter().any(|stack| !stack.buckets.is_empty()) {
        return Err(Error::BucketsNotEmpty { plan: Box::new(plan.clone()) });
    }
    Ok(())
}

fn not_retained(stack: &str, resources: Vec<String>, allowed: Vec<String>) -> Error {
    Error::CannotLeaveOut { stack: stack.to_owned(), resources, purpose: "retained", allowed }
}

/// Deletes the stacks of a plan: each once those that use it are gone, and several at once where they can be. After a
/// failure nothing more is begun; what has begun is followed to its end.
async fn delete_all(
    context: &Context<'_>,
    stacks: &[&StackTemplate],
    plan: &DestroyPlan,
    options: &DestroyOptions,
) -> Result<Vec<Destroyed>, Error> {
    let total = plan.stacks.len();
    let destroyed = RefCell::new(Vec::new());
    let run = async |place: usize| {
        let doomed = &plan.stacks[place];
        let (stack, stack_name) = (doomed.stack.clone(), doomed.stack_name.clone());
        context.tell(Event::StackStarted { stack, stack_name, position: place + 1, total });
        let gone = delete(context, doomed).await;
        if let Err(error) = &gone {
            context.tell(Event::StackFailed { stack: doomed.stack.clone(), error: error.to_string() });
        }
        destroyed.borrow_mut().push(gone?);
        Ok(())
    };
    let ended = schedule(&order(stacks, plan, &options.last), options.concurrency, || true, run).await;
    let mut failures = ended.into_iter().filter_map(|ended| match ended {
        Ended::Failed(error) => Some(error),
        Ended::Done(()) | Ended::NotBegun => None,
    });
    match failures.next() {
        Some(first) => Err(Error::with_others(first, failures.collect())),
        None => Ok(destroyed.into_inner()),
    }
}

/// Says for each stack of a plan which ones go before it: those that use it, and for those that go last all others.
fn order(stacks: &[&StackTemplate], plan: &DestroyPlan, last: &[String]) -> Vec<Vec<usize>> {
    let uses = |user: &str, used: &str| {
        stacks.iter().any(|stack| stack.name == user && stack.depends_on.iter().any(|name| name == used))
    };
    let goes_last = |stack: &DoomedStack| last.contains(&stack.stack);
    let before = |place: usize| {
        let doomed = &plan.stacks[place];
        let is_before = |other: usize| {
            let stack = &plan.stacks[other];
            uses(&stack.stack, &doomed.stack) || (goes_last(doomed) && (!goes_last(stack) || other < place))
        };
        (0..plan.stacks.len()).filter(|other| *other != place && is_before(*other)).collect()
    };
    (0..plan.stacks.len()).map(before).collect()
}

/// Looks at what deleting a stack would do.
async fn doom(
    context: &Context<'_>,
    stack: &StackTemplate,
    description: &StackDescription,
    options: &DestroyOptions,
) -> Result<DoomedStack, Error> {
    let id = description.id.as_str();
    let cloud_formation = &context.cloud.cloud_formation;
    let resources = context.call(async || cloud_formation.stack_resources(id).await).await?;
    let present: Vec<_> = resources.iter().filter(|resource| resource.status != "DELETE_COMPLETE").collect();
    let retain = retained(stack, description, &present, options)?;
    let policies = if present.is_empty() {
        BTreeMap::new()
    } else {
        let template = context.call(async || cloud_formation.template(id).await).await?;
        deletion_policies(&template)
    };
    let is_retained = |resource: &StackResource| {
        let by_policy = policies.get(&resource.logical_id).is_some_and(|policy| policy.starts_with("Retain"));
        by_policy || retain.contains(&resource.logical_id)
    };
    let (retained, deleted): (Vec<_>, Vec<_>) = present.into_iter().partition(|resource| is_retained(resource));
    let mut buckets = Vec::new();
    for resource in deleted.iter().filter(|resource| resource.resource_type == "AWS::S3::Bucket") {
        buckets.extend(content(context, resource).await?);
    }
    Ok(DoomedStack {
        stack: stack.name.clone(),
        stack_name: stack.stack_name.clone(),
        status: description.status.to_string(),
        resources: deleted.len(),
        retained: retained.into_iter().filter_map(kept).collect(),
        left_behind: retain.clone(),
        buckets,
        protected: description.termination_protection,
    })
}

/// Lists what of a stack is to be left behind because it cannot be deleted: CloudFormation does that only for what failed.
fn retained(
    stack: &StackTemplate,
    description: &StackDescription,
    present: &[&StackResource],
    options: &DestroyOptions,
) -> Result<Vec<String>, Error> {
    let of_stack = options.retain.iter().filter(|name| name.stack == stack.name);
    let wanted: Vec<String> = of_stack.map(|name| name.logical_id.clone()).collect();
    let failed = present.iter().filter(|resource| resource.status == "DELETE_FAILED");
    let allowed: Vec<String> = match description.status {
        StackStatus::DeleteFailed => failed.map(|resource| resource.logical_id.clone()).collect(),
        _ => Vec::new(),
    };
    let wrong: Vec<_> = wanted.iter().filter(|name| !allowed.contains(name)).cloned().collect();
    if wrong.is_empty() { Ok(wanted) } else { Err(not_retained(&stack.name, wrong, allowed)) }
}

fn kept(resource: &StackResource) -> Option<Retained> {
    Some(Retained {
        logical_id: resource.logical_id.clone(),
        resource_type: resource.resource_type.clone(),
        physical_id: resource.physical_id.clone()?,
    })
}

/// Reads the deletion policies of a deployed template. One that is not JSON was not deployed by this program: then
/// none are known.
fn deletion_policies(template: &str) -> BTreeMap<String, String> {
    let template: serde_json::Value = serde_json::from_str(template).unwrap_or_default();
    let resources = template["Resources"].as_object().into_iter().flatten();
    let policy = |resource: &serde_json::Value| Some(resource["DeletionPolicy"].as_str()?.to_owned());
    resources.filter_map(|(logical_id, resource)| Some((logical_id.clone(), policy(resource)?))).collect()
}

/// Looks into a bucket; `None` if it is empty, or gone.
async fn content(context: &Context<'_>, resource: &StackResource) -> Result<Option<BucketContent>, Error> {
    let Some(bucket) = resource.physical_id.as_deref() else { return Ok(None) };
    // A bucket whose objects were all deleted still holds their versions, and cannot be deleted.
    let objects = match context.call(async || context.cloud.objects.list_versions(bucket, "").await).await {
        Ok(objects) => objects,
        Err(error) if error.kind == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    if objects.is_empty() {
        return Ok(None);
    }
    Ok(Some(BucketContent {
        logical_id: resource.logical_id.clone(),
        bucket: bucket.to_owned(),
        objects: objects.len(),
        bytes: objects.iter().map(|object| object.bytes).sum(),
    }))
}

async fn delete(context: &Context<'_>, doomed: &DoomedStack) -> Result<Destroyed, Error> {
    for content in &doomed.buckets {
        empty(context, &content.bucket).await?;
        context.tell(Event::BucketEmptied {
            stack: doomed.stack.clone(),
            bucket: content.bucket.clone(),
            objects: content.objects,
        });
    }
    let name = doomed.stack_name.as_str();
    let description = context.call(async || context.cloud.cloud_formation.describe_stack(name).await).await?;
    let mut retained = Vec::new();
    // Someone else may have deleted it since it was looked at.
    if let Some(description) = description {
        let ended = situation::delete(context, &doomed.stack, &description, doomed.left_behind.clone()).await?;
        let skipped = ended.events.iter().filter(|event| event.status == "DELETE_SKIPPED");
        retained.extend(skipped.map(|event| Retained {
            logical_id: event.logical_id.clone(),
            resource_type: event.resource_type.clone(),
            physical_id: event.physical_id.clone().unwrap_or_default(),
        }));
        let is_told = |kept: &&Retained| retained.iter().any(|told| told.logical_id == kept.logical_id);
        let untold =
            doomed.retained.iter().filter(|kept| doomed.left_behind.contains(&kept.logical_id) && !is_told(kept));
        retained.extend(untold.cloned().collect::<Vec<_>>());
    }
    context.tell(Event::StackDeleted { stack: doomed.stack.clone(), retained: retained.clone() });
    Ok(Destroyed { stack: doomed.stack.clone(), stack_name: doomed.stack_name.clone(), retained })
}

/// Deletes the objects of a bucket, with all their versions and delete markers.
async fn empty(context: &Context<'_>, bucket: &str) -> Result<(), Error> {
    let versions = context.call(async || context.cloud.objects.list_versions(bucket, "").await).await?;
    let deletions = stream::iter(versions).map(|version| async move {
        let target = ObjectVersion { version: version.version, ..ObjectVersion::newest(bucket, version.key) };
        context.call(async || context.cloud.objects.delete(&target).await).await
    });
    deletions.buffer_unordered(DELETIONS_AT_ONCE).try_collect::<()>().await?;
    Ok(())
}
