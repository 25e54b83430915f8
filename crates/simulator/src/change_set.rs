//! Change sets: made of a template and the stack as it is, executed once.

mod changes;
mod create;
mod execute;

use cloud::cloud_formation::{
    Change, ChangeSetDescription, ChangeSetStatus, ChangeSetSummary, ChangeSetType, ExecutionStatus, ImportedResource,
    OnStackFailure, RollbackTriggers, ValidationFailure,
};

use crate::stack::{Revision, Stack};

/// A change set.
#[derive(Clone, Debug)]
pub(crate) struct ChangeSet {
    pub name: String,
    pub id: String,
    pub kind: ChangeSetType,
    pub status: ChangeSetStatus,
    pub reason: Option<String>,
    pub execution_status: ExecutionStatus,
    pub changes: Vec<Change>,
    pub revision: Revision,
    pub on_failure: OnStackFailure,
    pub role_arn: Option<String>,
    pub rollback: Option<RollbackTriggers>,
    /// The resources to take over.
    pub import: Vec<ImportedResource>,
    pub failures: Vec<ValidationFailure>,
}

/// How executing a change set ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ExecutionEnd {
    Complete,
    Failed,
}

impl ChangeSet {
    fn describe(&self, stack_id: &str) -> ChangeSetDescription {
        ChangeSetDescription {
            name: self.name.clone(),
            id: self.id.clone(),
            stack_id: stack_id.to_owned(),
            status: self.status.clone(),
            reason: self.reason.clone(),
            execution_status: self.execution_status.clone(),
            changes: self.changes.clone(),
            parameters: self.revision.parameters.shown(),
            tags: self.revision.tags.clone(),
        }
    }

    pub fn summarize(&self) -> ChangeSetSummary {
        ChangeSetSummary {
            name: self.name.clone(),
            status: self.status.clone(),
            execution_status: self.execution_status.clone(),
            created: None,
        }
    }

    fn is(&self, name: &str) -> bool {
        self.name == name || self.id == name
    }
}

impl Stack {
    /// Takes note of how executing a change set ended; the others do not fit the stack any more, and go.
    pub fn executed(&mut self, id: &str, end: ExecutionEnd) {
        self.change_sets.retain(|change_set| change_set.id == id);
        for change_set in &mut self.change_sets {
            change_set.execution_status = match end {
                ExecutionEnd::Complete => ExecutionStatus::Complete,
                ExecutionEnd::Failed => ExecutionStatus::Failed,
            };
        }
    }
}
