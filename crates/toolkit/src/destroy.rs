//! Deletes stacks.

use std::collections::BTreeMap;

use cloud::cloud_formation::{StackDescription, StackResource};
use cloud::objects::ObjectVersion;
use cloud::{Cloud, ErrorKind};
use futures::{StreamExt, TryStreamExt, stream};
use serde::Serialize;
use template::{Assembly, StackTemplate};

use crate::call::Context;
use crate::follow::{Operation, failure, follow, last_event};
use crate::status::{BeforeDelete, before_delete};
use crate::{Approver, DestroyOptions, Error, Event, Events, Question, SelectedStack, preflight, selection, situation};

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

/// Deletes the stacks named, or all of them, and those that use them, users first; returns those that existed.
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
    for (stack, _) in selected {
        if let Some(description) = settle(&context, stack).await? {
            plan.stacks.push(doom(&context, stack, &description).await?);
        }
    }
    if plan.stacks.is_empty() {
        return Ok(Vec::new());
    }
    let protected: Vec<_> = plan.stacks.iter().filter(|stack| stack.protected).collect();
    if !protected.is_empty() {
        return Err(Error::Protected { stacks: protected.iter().map(|stack| stack.stack.clone()).collect() });
    }
    if !options.empty_buckets && plan.stacks.iter().any(|stack| !stack.buckets.is_empty()) {
        return Err(Error::BucketsNotEmpty { plan: Box::new(plan) });
    }
    if !approver.approve(Question::Destroy(&plan)) {
        return Err(Error::Declined { what: format!("destroying environment `{}`", plan.environment) });
    }
    let mut destroyed = Vec::new();
    let total = plan.stacks.len();
    for (index, doomed) in plan.stacks.iter().enumerate() {
        context.tell(Event::StackStarted {
            stack: doomed.stack.clone(),
            stack_name: doomed.stack_name.clone(),
            position: index + 1,
            total,
        });
        destroyed.push(delete(&context, doomed).await?);
    }
    Ok(destroyed)
}

/// Waits for what is under way; `None` if there is nothing to delete.
async fn settle(context: &Context<'_>, stack: &StackTemplate) -> Result<Option<StackDescription>, Error> {
    loop {
        let name = stack.stack_name.as_str();
        let description = context.call(async || context.cloud.cloud_formation.describe_stack(name).await).await?;
        match (before_delete(description.as_ref().map(|description| &description.status)), description) {
            (BeforeDelete::Delete, description @ Some(_)) => return Ok(description),
            (BeforeDelete::Wait, Some(description)) => situation::wait(context, &stack.name, &description).await?,
            (BeforeDelete::Join, Some(description)) => join(context, stack, &description).await?,
            _ => return Ok(None),
        }
    }
}

/// Follows a deletion that is under way already.
async fn join(context: &Context<'_>, stack: &StackTemplate, description: &StackDescription) -> Result<(), Error> {
    context.tell(Event::Waiting { stack: stack.name.clone(), status: description.status.to_string() });
    let after = last_event(context, &description.id).await?;
    let operation = Operation { stack: &stack.name, id: &description.id, after: after.as_deref(), resources: 0 };
    let ended = follow(context, operation).await?;
    if ended.status().is_success() {
        return Ok(());
    }
    Err(Error::Failed(Box::new(failure(&stack.name, &stack.stack_name, "delete", &ended))))
}

/// Looks at what deleting a stack would do.
async fn doom(
    context: &Context<'_>,
    stack: &StackTemplate,
    description: &StackDescription,
) -> Result<DoomedStack, Error> {
    let id = description.id.as_str();
    let cloud_formation = &context.cloud.cloud_formation;
    let resources = context.call(async || cloud_formation.stack_resources(id).await).await?;
    let present: Vec<_> = resources.iter().filter(|resource| resource.status != "DELETE_COMPLETE").collect();
    let policies = if present.is_empty() {
        BTreeMap::new()
    } else {
        let template = context.call(async || cloud_formation.template(id).await).await?;
        deletion_policies(&template)
    };
    let is_retained = |resource: &StackResource| {
        policies.get(&resource.logical_id).is_some_and(|policy| policy.starts_with("Retain"))
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
        buckets,
        protected: description.termination_protection,
    })
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
        let ended = situation::delete(context, &doomed.stack, &description).await?;
        let skipped = ended.events.iter().filter(|event| event.status == "DELETE_SKIPPED");
        retained.extend(skipped.map(|event| Retained {
            logical_id: event.logical_id.clone(),
            resource_type: event.resource_type.clone(),
            physical_id: event.physical_id.clone().unwrap_or_default(),
        }));
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
