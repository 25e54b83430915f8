use std::collections::BTreeMap;

use jiff::Timestamp;

crate::string_enum::string_enum! {
    /// The status of a stack.
    pub enum StackStatus {
        /// `CREATE_IN_PROGRESS`.
        CreateInProgress = "CREATE_IN_PROGRESS",
        /// `CREATE_FAILED`: not rolled back; it can be updated or deleted.
        CreateFailed = "CREATE_FAILED",
        /// `CREATE_COMPLETE`.
        CreateComplete = "CREATE_COMPLETE",
        /// `ROLLBACK_IN_PROGRESS`: the creation failed.
        RollbackInProgress = "ROLLBACK_IN_PROGRESS",
        /// `ROLLBACK_FAILED`: it can only be deleted.
        RollbackFailed = "ROLLBACK_FAILED",
        /// `ROLLBACK_COMPLETE`: the creation failed and was undone; it can only be deleted.
        RollbackComplete = "ROLLBACK_COMPLETE",
        /// `DELETE_IN_PROGRESS`.
        DeleteInProgress = "DELETE_IN_PROGRESS",
        /// `DELETE_FAILED`: something could not be deleted; it can be deleted again.
        DeleteFailed = "DELETE_FAILED",
        /// `DELETE_COMPLETE`.
        DeleteComplete = "DELETE_COMPLETE",
        /// `UPDATE_IN_PROGRESS`.
        UpdateInProgress = "UPDATE_IN_PROGRESS",
        /// `UPDATE_COMPLETE_CLEANUP_IN_PROGRESS`: updated; what was replaced is being deleted.
        UpdateCompleteCleanupInProgress = "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
        /// `UPDATE_COMPLETE`.
        UpdateComplete = "UPDATE_COMPLETE",
        /// `UPDATE_FAILED`: not rolled back; it can be updated, or rolled back by `RollbackStack`.
        UpdateFailed = "UPDATE_FAILED",
        /// `UPDATE_ROLLBACK_IN_PROGRESS`.
        UpdateRollbackInProgress = "UPDATE_ROLLBACK_IN_PROGRESS",
        /// `UPDATE_ROLLBACK_FAILED`: only `ContinueUpdateRollback` leads out.
        UpdateRollbackFailed = "UPDATE_ROLLBACK_FAILED",
        /// `UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS`.
        UpdateRollbackCompleteCleanupInProgress = "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
        /// `UPDATE_ROLLBACK_COMPLETE`: as it was before the update.
        UpdateRollbackComplete = "UPDATE_ROLLBACK_COMPLETE",
        /// `REVIEW_IN_PROGRESS`: a change set that would create the stack, and nothing else.
        ReviewInProgress = "REVIEW_IN_PROGRESS",
        /// `IMPORT_IN_PROGRESS`.
        ImportInProgress = "IMPORT_IN_PROGRESS",
        /// `IMPORT_COMPLETE`.
        ImportComplete = "IMPORT_COMPLETE",
        /// `IMPORT_ROLLBACK_IN_PROGRESS`.
        ImportRollbackInProgress = "IMPORT_ROLLBACK_IN_PROGRESS",
        /// `IMPORT_ROLLBACK_FAILED`.
        ImportRollbackFailed = "IMPORT_ROLLBACK_FAILED",
        /// `IMPORT_ROLLBACK_COMPLETE`.
        ImportRollbackComplete = "IMPORT_ROLLBACK_COMPLETE",
    }
}

impl StackStatus {
    /// Says whether CloudFormation is working on the stack. `REVIEW_IN_PROGRESS` is a wait for a person, not work.
    pub fn is_in_progress(&self) -> bool {
        *self != Self::ReviewInProgress && self.as_str().ends_with("_IN_PROGRESS")
    }

    /// Says whether the last operation ended as was wished.
    pub fn is_success(&self) -> bool {
        matches!(self, Self::CreateComplete | Self::UpdateComplete | Self::DeleteComplete | Self::ImportComplete)
    }
}

/// A stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StackDescription {
    /// Its name.
    pub name: String,
    /// Its ARN, which no later stack of the same name shares.
    pub id: String,
    /// Where it stands.
    pub status: StackStatus,
    /// Why it stands there.
    pub reason: Option<String>,
    /// The description in its template.
    pub description: Option<String>,
    /// Its parameters as used; `****` where `NoEcho` hides them.
    pub parameters: BTreeMap<String, String>,
    /// Its outputs, by logical name.
    pub outputs: BTreeMap<String, StackOutput>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// Whether deleting it is refused.
    pub termination_protection: bool,
    /// The role by which CloudFormation works on it; `None` for the rights of whoever calls.
    pub role_arn: Option<String>,
    /// Which alarms undo an operation on it.
    pub rollback: super::RollbackTriggers,
    /// When it was created.
    pub created: Option<Timestamp>,
    /// When it was last updated.
    pub updated: Option<Timestamp>,
}

impl StackDescription {
    /// Returns the value of an output.
    pub fn output(&self, name: &str) -> Option<&str> {
        self.outputs.get(name).map(|output| output.value.as_str())
    }
}

/// An output of a stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StackOutput {
    /// Its value.
    pub value: String,
    /// What it is.
    pub description: Option<String>,
    /// The name that it is exported by.
    pub export: Option<String>,
}

/// A value that a stack offers to the others of its account and region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Export {
    /// The name by which it is imported.
    pub name: String,
    /// Its value.
    pub value: String,
    /// The ARN of the stack.
    pub stack_id: String,
}

/// A stack in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StackSummary {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub id: String,
    /// Where it stands.
    pub status: StackStatus,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

/// A resource of a stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StackResource {
    /// Its name in the template.
    pub logical_id: String,
    /// Its name in its service; `None` until it has one.
    pub physical_id: Option<String>,
    /// Its type: `AWS::S3::Bucket`.
    pub resource_type: String,
    /// Where it stands, such as `CREATE_COMPLETE`.
    pub status: String,
    /// Why it stands there.
    pub reason: Option<String>,
}

/// Something that happened to a resource of a stack, or to the stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StackEvent {
    /// Its id, unique.
    pub id: String,
    /// When it happened.
    pub time: Option<Timestamp>,
    /// The ARN of the stack.
    pub stack_id: String,
    /// The name of the resource in the template; the stack's name if it is about the stack.
    pub logical_id: String,
    /// The name of the resource in its service.
    pub physical_id: Option<String>,
    /// The resource's type; `AWS::CloudFormation::Stack` for the stack and for nested ones.
    pub resource_type: String,
    /// The resource's status, such as `CREATE_FAILED`.
    pub status: String,
    /// Why: where a failure explains itself.
    pub reason: Option<String>,
    /// The token of the operation that caused it.
    pub client_token: Option<String>,
    /// A status with more detail, such as `CONFIGURATION_COMPLETE` or `VALIDATION_FAILED`.
    pub detailed_status: Option<String>,
}

impl StackEvent {
    /// Says whether it is about the stack itself, not about something in it.
    pub fn is_of_stack(&self) -> bool {
        self.physical_id.as_deref() == Some(self.stack_id.as_str())
    }

    /// Says whether something failed.
    pub fn is_failure(&self) -> bool {
        self.status.ends_with("_FAILED")
    }
}

/// How to delete a stack.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeleteStackRequest {
    /// The name or id.
    pub stack: String,
    /// The logical ids of resources to leave behind. Only for a stack in `DELETE_FAILED`.
    pub retain: Vec<String>,
    /// The same call again with the same token is not a second deletion.
    pub client_token: Option<String>,
}

impl DeleteStackRequest {
    /// Deletes all of a stack.
    pub fn new(stack: impl Into<String>) -> Self {
        Self { stack: stack.into(), ..Self::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_keep_their_words() {
        for word in ["UPDATE_ROLLBACK_COMPLETE", "SOMETHING_NEW_IN_PROGRESS"] {
            assert_eq!(StackStatus::from(word).to_string(), word);
        }
        assert_eq!(StackStatus::from("UPDATE_COMPLETE"), StackStatus::UpdateComplete);
    }

    #[test]
    fn a_stack_under_review_is_not_being_worked_on() {
        assert!(!StackStatus::ReviewInProgress.is_in_progress());
        assert!(StackStatus::UpdateCompleteCleanupInProgress.is_in_progress());
        assert!(!StackStatus::UpdateRollbackComplete.is_success());
    }
}
