//! An operation on a stack: what has to be done to its resources, in which order, and what that makes of the stack.
//!
//! An operation goes through phases. Each phase has tasks, one for each resource that it touches; a task begins as soon
//! as those are done that it waits for, as in CloudFormation everything runs at once that can.

mod apply;
mod begin;
mod delete;
mod outputs;
mod phases;
mod restore;
mod run;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use cloud::cloud_formation::{ImportedResource, OnStackFailure};
use serde_json::Value;

pub(crate) use apply::unmade;
pub(crate) use run::Begun;

use crate::physical::Identity;
use crate::stack::{Resource, Revision};

/// An operation on a stack.
#[derive(Debug)]
pub(crate) struct Operation {
    /// Tells it from others, so that nothing wakes the wrong one.
    pub number: u64,
    pub kind: Kind,
    pub phase: Phase,
    pub token: Option<String>,
    /// What the stack is to become; none where it is deleted or only returns.
    pub target: Option<Revision>,
    pub on_failure: OnStackFailure,
    /// The change set that it executes.
    pub change_set: Option<String>,
    /// What it takes over.
    pub import: Vec<ImportedResource>,
    /// What deleting leaves behind, or returning leaves as it is.
    pub spared: BTreeSet<String>,
    pub tasks: Vec<Task>,
    ready: VecDeque<usize>,
    running: usize,
    /// The logical ids that failed in this phase.
    pub failed: Vec<String>,
    /// Why the operation is being undone.
    pub reason: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Create,
    Update,
    Import,
    Delete,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Accepted, and about to begin.
    Accepted,
    /// Resources are made and changed.
    Working,
    /// All is done, and may still be undone.
    Settling,
    /// What is not needed any more is deleted.
    CleaningUp,
    /// Everything is brought back to what it was.
    RollingBack,
    /// What was made in vain is deleted.
    RollbackCleanup,
    /// The stack is deleted.
    Deleting,
}

/// What is to be done to one resource.
#[derive(Debug)]
pub(crate) struct Task {
    pub logical_id: String,
    pub action: Action,
    state: TaskState,
    decision: Option<Decision>,
    waits_for: usize,
    unblocks: Vec<usize>,
}

#[derive(Clone, Debug)]
pub(crate) enum Action {
    /// Make the resource what the target says.
    Apply,
    /// Take over what exists.
    Import(ImportedResource),
    /// Make the resource what it was.
    Restore,
    /// Delete a thing.
    Delete(Box<Doomed>),
}

/// A thing that is to be deleted.
#[derive(Clone, Debug)]
pub(crate) struct Doomed {
    pub resource: Resource,
    /// Whether it is left behind.
    pub is_spared: bool,
    /// Whether the stack has another thing under this logical id.
    pub is_replaced: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TaskState {
    Waiting,
    Running,
    Done,
    Failed,
}

/// What a task turned out to be.
#[derive(Clone, Debug)]
pub(crate) enum Decision {
    Create { resource: Box<Resource>, identity: Identity },
    Replace { resource: Box<Resource>, identity: Identity },
    Update { resource: Box<Resource> },
    Import { resource: Box<Resource> },
    Restore { resource: Box<Resource> },
    Delete(Box<Doomed>),
    Fail { reason: String },
}

impl Operation {
    pub fn new(number: u64, kind: Kind, token: Option<String>) -> Self {
        Self {
            number,
            kind,
            phase: Phase::Accepted,
            token,
            target: None,
            on_failure: OnStackFailure::Rollback,
            change_set: None,
            import: Vec::new(),
            spared: BTreeSet::new(),
            tasks: Vec::new(),
            ready: VecDeque::new(),
            running: 0,
            failed: Vec::new(),
            reason: None,
        }
    }

    pub fn is_rollback(&self) -> bool {
        matches!(self.phase, Phase::RollingBack | Phase::RollbackCleanup)
    }

    /// Says what it does, in the words of statuses.
    pub fn word(&self) -> &'static str {
        match self.kind {
            Kind::Create => "CREATE",
            Kind::Update => "UPDATE",
            Kind::Import => "IMPORT",
            Kind::Delete => "DELETE",
        }
    }

    /// Replaces the tasks. `before` lists for each logical id those whose tasks come first; `reversed` turns that around.
    fn plan(&mut self, actions: Vec<(String, Action)>, before: &BTreeMap<String, BTreeSet<String>>, reversed: bool) {
        let mut by_name: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (index, (logical_id, _)) in actions.iter().enumerate() {
            by_name.entry(logical_id.clone()).or_default().push(index);
        }
        let mut tasks: Vec<Task> =
            actions.into_iter().map(|(logical_id, action)| Task::new(logical_id, action)).collect();
        for (name, indexes) in &by_name {
            let needed = before.get(name).into_iter().flatten().filter_map(|needed| by_name.get(needed)).flatten();
            for other in needed {
                for own in indexes.iter().filter(|own| *own != other) {
                    let (first, second) = if reversed { (*own, *other) } else { (*other, *own) };
                    tasks[first].unblocks.push(second);
                    tasks[second].waits_for += 1;
                }
            }
        }
        self.ready = (0..tasks.len()).filter(|index| tasks[*index].waits_for == 0).collect();
        self.tasks = tasks;
        self.running = 0;
        self.failed = Vec::new();
    }
}

impl Task {
    fn new(logical_id: String, action: Action) -> Self {
        Self { logical_id, action, state: TaskState::Waiting, decision: None, waits_for: 0, unblocks: Vec::new() }
    }
}

/// Lists what each resource waited for when it was made.
fn dependencies<'r>(resources: impl Iterator<Item = &'r Resource>) -> BTreeMap<String, BTreeSet<String>> {
    let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for resource in resources {
        all.entry(resource.logical_id.clone()).or_default().extend(resource.dependencies.iter().cloned());
    }
    all
}

/// Says in CloudFormation's words which resources failed.
fn failed_to(verb: &str, failed: &[String]) -> String {
    format!("The following resource(s) failed to {verb}: [{}]. ", failed.join(", "))
}

/// Returns an object without entries.
fn nothing() -> Value {
    Value::Object(serde_json::Map::new())
}
