//! What the status of a stack means for each command: one table, which ARCHITECTURE.md shows.

use cloud::cloud_formation::StackStatus;

/// What is to be done with a stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    Deploy,
    Destroy,
    Rollback,
    Swap,
    Import,
    Drift,
}

/// What a command does with a stack in some status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// There is nothing to do.
    Nothing,
    /// Something is under way: follow it to its end, and look again.
    Wait,
    /// There is no such stack, or only a change set that would create it: create it.
    Create,
    /// Update it.
    Update,
    /// Its creation failed and was undone. CloudFormation only lets it be deleted: delete it, with a person's word, then
    /// create it.
    Recreate,
    /// Delete it.
    Delete,
    /// Stop the update under way, which rolls it back (`CancelUpdateStack`).
    Cancel,
    /// Roll back a creation that was left as it failed (`RollbackStack`): that deletes the stack.
    UndoCreation,
    /// Roll back an update that was left as it failed (`RollbackStack`).
    UndoUpdate,
    /// Go on with a rollback that failed (`ContinueUpdateRollback`).
    ContinueRollback,
    /// Take resources over into it.
    Import,
    /// Compare it with what is there.
    Detect,
    /// Nothing that can be done here would be right.
    Refuse(&'static Refusal),
}

/// Why a stack cannot be worked on, and what leads out.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// Its name in the table.
    pub name: &'static str,
    /// What the status means.
    pub reason: &'static str,
    /// What to do; `{stack}` stands for the stack's name within the app.
    pub remedy: &'static str,
}

static ABSENT: Refusal =
    Refusal { name: "absent", reason: "it is not deployed", remedy: "deploy it first: `baleen deploy {stack}`" };

static HALF_CREATED: Refusal = Refusal {
    name: "half created",
    reason: "its creation failed and was not undone",
    remedy: "`baleen deploy {stack}` goes on from there, `baleen rollback {stack}` deletes what was made",
};

static NEVER_CREATED: Refusal = Refusal {
    name: "never created",
    reason: "its creation failed and was undone, so nothing of it is there",
    remedy: "`baleen deploy {stack}` creates it anew",
};

static CREATION_STUCK: Refusal = Refusal {
    name: "creation stuck",
    reason: "its creation failed, and undoing that failed too; CloudFormation only lets it be deleted",
    remedy: "remove the cause that `baleen events {stack} --failed` names, then run `baleen destroy {stack}`, then deploy \
             again",
};

static DELETION_STUCK: Refusal = Refusal {
    name: "deletion stuck",
    reason: "deleting it was begun and failed, so part of it is gone",
    remedy: "remove the cause that `baleen events {stack} --failed` names, then run `baleen destroy {stack}` (with \
             `--retain {stack}.LOGICAL_ID` for what has to stay behind), then deploy again",
};

static HALF_UPDATED: Refusal = Refusal {
    name: "half updated",
    reason: "an update failed and was not undone",
    remedy: "`baleen rollback {stack}` undoes it, `baleen deploy {stack}` goes on from there",
};

static ROLLBACK_STUCK: Refusal = Refusal {
    name: "rollback stuck",
    reason: "an update failed, and undoing it failed too; CloudFormation accepts no update until that is done",
    remedy: "repair the cause that `baleen events {stack} --failed` names, then run `baleen rollback {stack}`, which says \
             what can be skipped; then run this again",
};

static IMPORT_STUCK: Refusal = Refusal {
    name: "import stuck",
    reason: "an import failed, and undoing it failed too; CloudFormation has no call that goes on from there",
    remedy: "`baleen events {stack} --failed` says what failed; `baleen destroy {stack}` lists what stays when it deletes \
             the stack; then deploy and import again",
};

static UNKNOWN: Refusal = Refusal {
    name: "unknown",
    reason: "this version of the program does not know the status",
    remedy: "`baleen events {stack}` shows what led to it; use a newer version",
};

/// Decides what a command does about a stack; `None` is a stack that does not exist.
pub(crate) fn action(command: Command, status: Option<&StackStatus>) -> Action {
    let [deploy, destroy, rollback, swap, import, drift] = row(status);
    match command {
        Command::Deploy => deploy,
        Command::Destroy => destroy,
        Command::Rollback => rollback,
        Command::Swap => swap,
        Command::Import => import,
        Command::Drift => drift,
    }
}

/// The table: what deploy, destroy, rollback, swap, import and drift do.
///
/// No row leads from a failed rollback to deleting and creating anew: who wants that says `destroy`.
#[rustfmt::skip] // A row is a line.
fn row(status: Option<&StackStatus>) -> [Action; 6] {
    use Action as A;
    use Action::{Delete, Detect, Nothing, Refuse, Update, Wait};
    use StackStatus as S;
    let Some(status) = status else {
        return [A::Create, Nothing, Nothing, Refuse(&ABSENT), A::Create, Refuse(&ABSENT)];
    };
    match status {
        S::DeleteComplete => row(None),
        S::ReviewInProgress => [A::Create, Delete, Nothing, Refuse(&ABSENT), A::Create, Refuse(&ABSENT)],
        S::CreateFailed => [Update, Delete, A::UndoCreation, Refuse(&HALF_CREATED), Refuse(&HALF_CREATED), Refuse(&HALF_CREATED)],
        S::RollbackComplete => [A::Recreate, Delete, Nothing, Refuse(&NEVER_CREATED), Refuse(&NEVER_CREATED), Refuse(&NEVER_CREATED)],
        S::RollbackFailed => [Refuse(&CREATION_STUCK), Delete, Refuse(&CREATION_STUCK), Refuse(&CREATION_STUCK), Refuse(&CREATION_STUCK), Refuse(&CREATION_STUCK)],
        S::DeleteFailed => [Refuse(&DELETION_STUCK), Delete, Refuse(&DELETION_STUCK), Refuse(&DELETION_STUCK), Refuse(&DELETION_STUCK), Refuse(&DELETION_STUCK)],
        S::UpdateInProgress => [Wait, Wait, A::Cancel, Wait, Wait, Wait],
        S::UpdateFailed => [Update, Delete, A::UndoUpdate, Refuse(&HALF_UPDATED), Refuse(&HALF_UPDATED), Refuse(&HALF_UPDATED)],
        S::UpdateRollbackFailed => [Refuse(&ROLLBACK_STUCK), Delete, A::ContinueRollback, Refuse(&ROLLBACK_STUCK), Refuse(&ROLLBACK_STUCK), Detect],
        S::ImportRollbackFailed => [Refuse(&IMPORT_STUCK), Delete, Refuse(&IMPORT_STUCK), Refuse(&IMPORT_STUCK), Refuse(&IMPORT_STUCK), Refuse(&IMPORT_STUCK)],
        S::CreateComplete | S::UpdateComplete | S::UpdateRollbackComplete | S::ImportComplete | S::ImportRollbackComplete =>
            [Update, Delete, Nothing, Update, A::Import, Detect],
        // Also those that are newer than this program.
        working if working.is_in_progress() => [Wait; 6],
        // That a stack can be deleted is all that is known of a status that nobody has heard of.
        _ => [Refuse(&UNKNOWN), Delete, Refuse(&UNKNOWN), Refuse(&UNKNOWN), Refuse(&UNKNOWN), Refuse(&UNKNOWN)],
    }
}

/// Says whether what a stack puts out can be used by others: it was created, and still stands.
pub(crate) fn has_outputs(status: &StackStatus) -> bool {
    use StackStatus as S;
    let never_stood = matches!(
        status,
        S::CreateInProgress
            | S::CreateFailed
            | S::RollbackInProgress
            | S::RollbackComplete
            | S::RollbackFailed
            | S::DeleteInProgress
            | S::DeleteFailed
            | S::DeleteComplete
            | S::ReviewInProgress
            | S::ImportRollbackFailed
    );
    !never_stood && action(Command::Deploy, Some(status)) != Action::Refuse(&UNKNOWN)
}

/// Says whether a stack stands as its template wants it to, now that an operation has ended.
pub(crate) fn is_deployed(status: &StackStatus) -> bool {
    status.is_success() && *status != StackStatus::DeleteComplete
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARCHITECTURE: &str = include_str!("../../../ARCHITECTURE.md");

    /// Every status that CloudFormation has, and two that it may have one day.
    const STATUSES: [&str; 25] = [
        "REVIEW_IN_PROGRESS",
        "CREATE_IN_PROGRESS",
        "CREATE_COMPLETE",
        "CREATE_FAILED",
        "ROLLBACK_IN_PROGRESS",
        "ROLLBACK_COMPLETE",
        "ROLLBACK_FAILED",
        "UPDATE_IN_PROGRESS",
        "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
        "UPDATE_COMPLETE",
        "UPDATE_FAILED",
        "UPDATE_ROLLBACK_IN_PROGRESS",
        "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
        "UPDATE_ROLLBACK_COMPLETE",
        "UPDATE_ROLLBACK_FAILED",
        "IMPORT_IN_PROGRESS",
        "IMPORT_COMPLETE",
        "IMPORT_ROLLBACK_IN_PROGRESS",
        "IMPORT_ROLLBACK_COMPLETE",
        "IMPORT_ROLLBACK_FAILED",
        "DELETE_IN_PROGRESS",
        "DELETE_COMPLETE",
        "DELETE_FAILED",
        "SOMETHING_NEW_IN_PROGRESS",
        "SOMETHING_NEW",
    ];

    fn cell(action: Action) -> String {
        match action {
            Action::Nothing => "nothing".to_owned(),
            Action::Wait => "follow".to_owned(),
            Action::Create => "create".to_owned(),
            Action::Update => "update".to_owned(),
            Action::Recreate => "ask, delete, create".to_owned(),
            Action::Delete => "delete".to_owned(),
            Action::Cancel => "`CancelUpdateStack`".to_owned(),
            Action::UndoCreation | Action::UndoUpdate => "`RollbackStack`".to_owned(),
            Action::ContinueRollback => "`ContinueUpdateRollback`".to_owned(),
            Action::Import => "import".to_owned(),
            Action::Detect => "detect".to_owned(),
            Action::Refuse(refusal) => format!("*{}*", refusal.name),
        }
    }

    fn document() -> String {
        let mut text = "| status | deploy | destroy | rollback | swap | import | drift |\n".to_owned();
        text.push_str("| --- | --- | --- | --- | --- | --- | --- |\n");
        let mut refusals: Vec<&'static Refusal> = Vec::new();
        let mut add = |word: &str, status: Option<&StackStatus>| {
            let actions = row(status);
            for action in actions {
                if let Action::Refuse(refusal) = action
                    && !refusals.contains(&refusal)
                {
                    refusals.push(refusal);
                }
            }
            text.extend(["| ", word, " | ", &actions.map(cell).join(" | "), " |\n"]);
        };
        add("no stack", None);
        for word in STATUSES {
            add(&format!("`{word}`"), Some(&StackStatus::from(word)));
        }
        text.push_str("\n| refused | because | what leads out |\n| --- | --- | --- |\n");
        for Refusal { name, reason, remedy } in refusals {
            text.extend(["| *", name, "* | ", reason, " | ", remedy, " |\n"]);
        }
        text
    }

    #[test]
    fn the_table_is_the_one_in_the_documentation() {
        let table = document();
        assert!(ARCHITECTURE.contains(&table), "ARCHITECTURE.md should have this table:\n{table}");
    }

    #[test]
    fn every_status_that_is_known_has_its_row() {
        let known = STATUSES.map(StackStatus::from);
        assert_eq!(known.iter().filter(|status| matches!(status, StackStatus::Other(_))).count(), 2);
        for status in known {
            let is_unknown = row(Some(&status)).contains(&Action::Refuse(&UNKNOWN));
            assert_eq!(is_unknown, status.as_str() == "SOMETHING_NEW", "{status}");
        }
    }

    #[test]
    fn refusals_name_commands_of_this_program() {
        for word in STATUSES {
            for action in row(Some(&StackStatus::from(word))) {
                let Action::Refuse(refusal) = action else { continue };
                assert!(refusal.remedy.contains("`baleen "), "{refusal:?}");
                assert!(!refusal.remedy.contains("aws cloudformation"), "{refusal:?}");
            }
        }
    }

    #[test]
    fn only_a_stack_that_never_was_is_deleted_to_be_created_anew() {
        for word in STATUSES {
            let deploy = action(Command::Deploy, Some(&StackStatus::from(word)));
            assert_eq!(deploy == Action::Recreate, word == "ROLLBACK_COMPLETE", "{word}");
        }
    }

    #[test]
    fn a_stack_that_failed_to_update_still_has_outputs() {
        for (word, expected) in [
            ("UPDATE_COMPLETE", true),
            ("UPDATE_IN_PROGRESS", true),
            ("UPDATE_FAILED", true),
            ("UPDATE_ROLLBACK_FAILED", true),
            ("SOMETHING_NEW_IN_PROGRESS", true),
            ("CREATE_IN_PROGRESS", false),
            ("CREATE_FAILED", false),
            ("ROLLBACK_COMPLETE", false),
            ("REVIEW_IN_PROGRESS", false),
            ("DELETE_FAILED", false),
            ("SOMETHING_NEW", false),
        ] {
            assert_eq!(has_outputs(&StackStatus::from(word)), expected, "{word}");
        }
    }
}
