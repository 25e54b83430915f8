//! A stack and what belongs to it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use cloud::cloud_formation::{
    ResourceDrift, RollbackTriggers, StackDescription, StackEvent, StackOutput, StackResource, StackStatus,
    StackSummary,
};
use serde_json::Value;

use crate::change_set::ChangeSet;
use crate::clock::date;
use crate::operation::Operation;
use crate::parameters::Parameters;
use crate::template::Template;

/// A template and what it is used with.
#[derive(Clone, Debug)]
pub(crate) struct Revision {
    pub template: Arc<Template>,
    pub parameters: Parameters,
    pub tags: BTreeMap<String, String>,
}

/// A stack.
#[derive(Debug)]
pub(crate) struct Stack {
    pub name: String,
    pub id: String,
    pub status: StackStatus,
    pub reason: Option<String>,
    /// What it was made of last; none in `REVIEW_IN_PROGRESS`.
    pub revision: Option<Revision>,
    pub resources: BTreeMap<String, Resource>,
    pub outputs: BTreeMap<String, StackOutput>,
    /// The names of the exports that it uses.
    pub imports: BTreeSet<String>,
    pub events: Vec<StackEvent>,
    pub change_sets: Vec<ChangeSet>,
    pub protected: bool,
    pub role_arn: Option<String>,
    pub rollback: RollbackTriggers,
    pub policy: Option<String>,
    pub created: Duration,
    pub updated: Option<Duration>,
    pub operation: Option<Operation>,
    /// What was replaced, to be deleted when the stack cannot return to it any more.
    pub replaced: Vec<Resource>,
    /// What the last comparison with what there is has found.
    pub drifts: Vec<ResourceDrift>,
    /// What it was when it was last whole, while it is not.
    pub stable: Option<Snapshot>,
}

/// What a stack can return to.
#[derive(Clone, Debug)]
pub(crate) struct Snapshot {
    /// None if the stack was not there.
    pub revision: Option<Revision>,
    pub resources: BTreeMap<String, Resource>,
    pub imports: BTreeSet<String>,
}

/// A resource of a stack.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::struct_field_names, reason = "`type` is a keyword, and the field is called so everywhere")]
pub(crate) struct Resource {
    pub logical_id: String,
    pub resource_type: String,
    pub physical_id: Option<String>,
    pub status: String,
    pub reason: Option<String>,
    /// Its properties as they were set last.
    pub properties: Value,
    /// The tags of the stack as they were set last.
    pub tags: BTreeMap<String, String>,
    /// Its definition in the template that made it so.
    pub definition: Value,
    pub dependencies: BTreeSet<String>,
    /// How many things it has been.
    pub generation: u32,
    pub changed: Duration,
}

impl Resource {
    /// Returns a policy such as `DeletionPolicy`, or what is done without one.
    pub fn policy(&self, name: &str) -> &str {
        self.definition[name].as_str().unwrap_or("Delete")
    }

    pub fn describe(&self) -> StackResource {
        StackResource {
            logical_id: self.logical_id.clone(),
            physical_id: self.physical_id.clone(),
            resource_type: self.resource_type.clone(),
            status: self.status.clone(),
            reason: self.reason.clone(),
        }
    }
}

impl Stack {
    pub fn new(name: &str, id: String, now: Duration) -> Self {
        Self {
            name: name.to_owned(),
            id,
            status: StackStatus::ReviewInProgress,
            reason: None,
            revision: None,
            resources: BTreeMap::new(),
            outputs: BTreeMap::new(),
            imports: BTreeSet::new(),
            events: Vec::new(),
            change_sets: Vec::new(),
            protected: false,
            role_arn: None,
            rollback: RollbackTriggers::default(),
            policy: None,
            created: now,
            updated: None,
            operation: None,
            replaced: Vec::new(),
            drifts: Vec::new(),
            stable: None,
        }
    }

    pub fn describe(&self) -> StackDescription {
        let revision = self.revision.as_ref();
        StackDescription {
            name: self.name.clone(),
            id: self.id.clone(),
            status: self.status.clone(),
            reason: self.reason.clone(),
            description: revision.and_then(|revision| revision.template.description()).map(str::to_owned),
            parameters: revision.map(|revision| revision.parameters.shown()).unwrap_or_default(),
            outputs: self.outputs.clone(),
            tags: revision.map(|revision| revision.tags.clone()).unwrap_or_default(),
            termination_protection: self.protected,
            role_arn: self.role_arn.clone(),
            rollback: self.rollback.clone(),
            created: Some(date(self.created)),
            updated: self.updated.map(date),
        }
    }

    /// Lists the resources by logical id.
    pub fn list(&self) -> Vec<StackResource> {
        self.resources.values().map(Resource::describe).collect()
    }

    pub fn summarize(&self) -> StackSummary {
        StackSummary {
            name: self.name.clone(),
            id: self.id.clone(),
            status: self.status.clone(),
            tags: self.revision.as_ref().map(|revision| revision.tags.clone()).unwrap_or_default(),
        }
    }

    /// Says whether an operation was accepted and is not over.
    pub fn is_busy(&self) -> bool {
        self.operation.is_some()
    }

    /// Takes note of what the stack can return to, unless it is on its way back to something already.
    pub fn remember(&mut self) {
        if self.stable.is_none() {
            self.stable = Some(Snapshot {
                revision: self.revision.clone(),
                resources: self.resources.clone(),
                imports: self.imports.clone(),
            });
        }
    }
}
