use std::fmt;

use serde::Serialize;

use crate::hints;

/// A stack operation that failed: its root cause first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
pub struct Failure {
    /// The stack.
    pub stack: String,
    /// Its name in CloudFormation.
    pub stack_name: String,
    /// What was being done: `create`, `update`, `delete`, `roll back`.
    pub operation: &'static str,
    /// The status that the stack is in now.
    pub status: String,
    /// The earliest failure, which the others follow from.
    pub cause: Option<Cause>,
    /// The other failures, in the order in which they happened; those that were only cancelled are left out.
    pub others: Vec<Cause>,
}

/// A failure of one resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cause {
    /// The logical ids of the nested stacks that it is in, the outermost first, with dots between them.
    pub nested_in: Option<String>,
    /// The resource.
    pub logical_id: String,
    /// Its type.
    pub resource_type: String,
    /// Its status.
    pub status: String,
    /// What CloudFormation, or the service behind the resource, says.
    pub reason: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.cause {
            Some(cause) => write!(formatter, "{cause}")?,
            None => formatter.write_str("CloudFormation gives no cause")?,
        }
        let Self { stack, operation, status, .. } = self;
        let doing = match *operation {
            "create" => "creating",
            "delete" => "deleting",
            "roll back" => "rolling back",
            "import" => "importing into",
            _ => "updating",
        };
        write!(formatter, "; {doing} stack `{stack}` failed, and it is in {status} now")
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { nested_in, logical_id, resource_type, status, reason } = self;
        let place = nested_in.as_ref().map(|nested| format!(" in {nested}")).unwrap_or_default();
        write!(formatter, "{logical_id} ({resource_type}{place}) {status}: {}", reason.trim_end_matches('.'))
    }
}

impl Cause {
    /// Returns what to do about it, where its words are known.
    pub fn hint(&self) -> Option<&'static str> {
        hints::for_reason(&self.reason)
    }
}

impl Failure {
    /// Returns what to do about it, most useful first.
    pub fn hints(&self) -> Vec<String> {
        let mut hints: Vec<String> = self.cause.iter().filter_map(Cause::hint).map(str::to_owned).collect();
        let stack = &self.stack;
        hints.push(match self.status.as_str() {
            "ROLLBACK_COMPLETE" => {
                format!("nothing of `{stack}` was kept; correct the cause and deploy again, which creates it anew")
            }
            "UPDATE_ROLLBACK_COMPLETE" | "IMPORT_ROLLBACK_COMPLETE" => {
                format!("`{stack}` is as it was before; correct the cause and deploy again")
            }
            "CREATE_FAILED" => format!(
                "what was made is still there: `baleen deploy {stack}` goes on, `baleen rollback {stack}` deletes it"
            ),
            "UPDATE_FAILED" => {
                format!(
                    "`{stack}` is half updated: `baleen deploy {stack}` goes on, `baleen rollback {stack}` goes back"
                )
            }
            "UPDATE_ROLLBACK_FAILED" => {
                format!("repair the cause, then run `baleen rollback {stack}`, which also says what can be skipped")
            }
            "DELETE_FAILED" => self.deletion_hint(),
            "ROLLBACK_FAILED" => format!("remove the cause, then run `baleen destroy {stack}`"),
            _ => hints::CORRECT_AND_DEPLOY.to_owned(),
        });
        hints
    }

    fn deletion_hint(&self) -> String {
        let stack = &self.stack;
        let failed = self.cause.iter().chain(&self.others);
        let of_stack = failed.filter(|cause| cause.nested_in.is_none() && cause.status == "DELETE_FAILED");
        let retain: Vec<_> = of_stack.map(|cause| format!(" --retain {stack}.{}", cause.logical_id)).collect();
        let again = format!("remove the cause and run `baleen destroy {stack}` again");
        if retain.is_empty() {
            return again;
        }
        format!("{again}, or leave behind what cannot be deleted: `baleen destroy {stack}{}`", retain.concat())
    }
}
