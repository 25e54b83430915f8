//! What the status of a stack means for those who want to deploy or destroy it: two tables.

use cloud::cloud_formation::StackStatus;

/// What to do about a stack before it can be deployed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BeforeDeploy {
    /// There is no such stack, or only a change set that would create it: create it.
    Create,
    /// Update it.
    Update,
    /// Something is under way: wait for its end, and look again.
    Wait,
    /// Its creation failed and was undone. CloudFormation only lets it be deleted: delete it, then create it.
    Recreate,
    /// Nothing that can be done here would be right.
    Refuse(Refusal),
}

/// Why a stack cannot be worked on, and what leads out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// What the status means.
    pub reason: &'static str,
    /// What to do; `{stack}` stands for the stack's name within the app, `{stack_name}` for that in CloudFormation.
    pub remedy: &'static str,
}

/// Decides what to do about a stack that is to be deployed; `None` is a stack that does not exist.
pub(crate) fn before_deploy(status: Option<&StackStatus>) -> BeforeDeploy {
    use StackStatus as S;
    match status {
        None | Some(S::DeleteComplete | S::ReviewInProgress) => BeforeDeploy::Create,
        Some(
            S::CreateComplete
            | S::UpdateComplete
            | S::UpdateRollbackComplete
            | S::ImportComplete
            | S::ImportRollbackComplete
            // Left as they were by someone who switched rollback off: an update goes on from there.
            | S::CreateFailed
            | S::UpdateFailed,
        ) => BeforeDeploy::Update,
        Some(S::RollbackComplete) => BeforeDeploy::Recreate,
        Some(S::RollbackFailed) => BeforeDeploy::Refuse(Refusal {
            reason: "its creation failed, and undoing that failed too; it can only be deleted",
            remedy: "delete what the stack's events name, then run `baleen destroy {stack}`, then deploy again",
        }),
        Some(S::DeleteFailed) => BeforeDeploy::Refuse(Refusal {
            reason: "deleting it was begun and failed, so part of it is gone",
            remedy: "remove what the stack's events name, then run `baleen destroy {stack}`, then deploy again",
        }),
        Some(S::UpdateRollbackFailed) => BeforeDeploy::Refuse(Refusal {
            reason: "an update failed, and undoing it failed too; CloudFormation accepts no update until that is done",
            remedy: "repair what the stack's events name, then run \
                     `aws cloudformation continue-update-rollback --stack-name {stack_name}`, then deploy again",
        }),
        Some(S::ImportRollbackFailed) => BeforeDeploy::Refuse(Refusal {
            reason: "an import failed, and undoing it failed too",
            remedy: "repair what the stack's events name in the CloudFormation console, then deploy again",
        }),
        Some(
            S::CreateInProgress
            | S::RollbackInProgress
            | S::DeleteInProgress
            | S::UpdateInProgress
            | S::UpdateCompleteCleanupInProgress
            | S::UpdateRollbackInProgress
            | S::UpdateRollbackCompleteCleanupInProgress
            | S::ImportInProgress
            | S::ImportRollbackInProgress,
        ) => BeforeDeploy::Wait,
        Some(other) if other.is_in_progress() => BeforeDeploy::Wait,
        Some(_) => BeforeDeploy::Refuse(Refusal {
            reason: "this program does not know the status",
            remedy: "look at the stack in the CloudFormation console, or use a newer version of this program",
        }),
    }
}

/// Says whether what a stack puts out can be used by others: it was created, and still stands.
pub(crate) fn has_outputs(status: &StackStatus) -> bool {
    use StackStatus as S;
    match before_deploy(Some(status)) {
        BeforeDeploy::Update => *status != S::CreateFailed,
        BeforeDeploy::Wait => !matches!(status, S::CreateInProgress | S::RollbackInProgress | S::DeleteInProgress),
        BeforeDeploy::Refuse(_) => *status == S::UpdateRollbackFailed,
        BeforeDeploy::Create | BeforeDeploy::Recreate => false,
    }
}

/// What to do about a stack before it can be deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BeforeDelete {
    /// There is nothing to delete.
    Nothing,
    /// Delete it.
    Delete,
    /// It is being deleted already: only wait.
    Join,
    /// Something is under way: wait for its end, and look again.
    Wait,
}

/// Decides what to do about a stack that is to be deleted; `None` is a stack that does not exist.
pub(crate) fn before_delete(status: Option<&StackStatus>) -> BeforeDelete {
    match status {
        None | Some(StackStatus::DeleteComplete) => BeforeDelete::Nothing,
        Some(StackStatus::DeleteInProgress) => BeforeDelete::Join,
        Some(status) if status.is_in_progress() => BeforeDelete::Wait,
        // Also every failed one: deleting is what leads out.
        Some(_) => BeforeDelete::Delete,
    }
}

/// Says whether a stack stands as its template wants it to, now that an operation has ended.
pub(crate) fn is_deployed(status: &StackStatus) -> bool {
    status.is_success() && *status != StackStatus::DeleteComplete
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(word: &str) -> BeforeDeploy {
        before_deploy(Some(&StackStatus::from(word)))
    }

    #[test]
    fn every_status_leads_somewhere() {
        let table = [
            (BeforeDeploy::Create, &["REVIEW_IN_PROGRESS", "DELETE_COMPLETE"][..]),
            (
                BeforeDeploy::Update,
                &[
                    "CREATE_COMPLETE",
                    "UPDATE_COMPLETE",
                    "UPDATE_ROLLBACK_COMPLETE",
                    "IMPORT_COMPLETE",
                    "IMPORT_ROLLBACK_COMPLETE",
                    "CREATE_FAILED",
                    "UPDATE_FAILED",
                ],
            ),
            (BeforeDeploy::Recreate, &["ROLLBACK_COMPLETE"]),
            (
                BeforeDeploy::Wait,
                &[
                    "CREATE_IN_PROGRESS",
                    "ROLLBACK_IN_PROGRESS",
                    "DELETE_IN_PROGRESS",
                    "UPDATE_IN_PROGRESS",
                    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
                    "UPDATE_ROLLBACK_IN_PROGRESS",
                    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
                    "IMPORT_IN_PROGRESS",
                    "IMPORT_ROLLBACK_IN_PROGRESS",
                    "SOMETHING_NEW_IN_PROGRESS",
                ],
            ),
        ];
        for (expected, words) in table {
            for word in words {
                assert_eq!(step(word), expected, "{word}");
            }
        }
        for word in
            ["ROLLBACK_FAILED", "DELETE_FAILED", "UPDATE_ROLLBACK_FAILED", "IMPORT_ROLLBACK_FAILED", "SOMETHING_NEW"]
        {
            assert!(matches!(step(word), BeforeDeploy::Refuse(_)), "{word}");
        }
    }

    #[test]
    fn a_stack_that_failed_to_update_still_has_outputs() {
        for (word, expected) in [
            ("UPDATE_COMPLETE", true),
            ("UPDATE_IN_PROGRESS", true),
            ("UPDATE_ROLLBACK_FAILED", true),
            ("CREATE_IN_PROGRESS", false),
            ("CREATE_FAILED", false),
            ("ROLLBACK_COMPLETE", false),
            ("REVIEW_IN_PROGRESS", false),
            ("DELETE_FAILED", false),
        ] {
            assert_eq!(has_outputs(&StackStatus::from(word)), expected, "{word}");
        }
    }

    #[test]
    fn every_failed_stack_can_be_deleted() {
        for word in ["ROLLBACK_COMPLETE", "DELETE_FAILED", "UPDATE_ROLLBACK_FAILED", "REVIEW_IN_PROGRESS"] {
            assert_eq!(before_delete(Some(&StackStatus::from(word))), BeforeDelete::Delete, "{word}");
        }
        assert_eq!(before_delete(None), BeforeDelete::Nothing);
        assert_eq!(before_delete(Some(&StackStatus::from("DELETE_IN_PROGRESS"))), BeforeDelete::Join);
        assert_eq!(before_delete(Some(&StackStatus::from("UPDATE_IN_PROGRESS"))), BeforeDelete::Wait);
    }
}
