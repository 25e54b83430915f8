//! Asks before everything that changes something whether the lock is still held.

use std::sync::Arc;

use async_trait::async_trait;
use cloud::intercept::{Call, Interceptor};
use cloud::{Error, ErrorKind, Result};
use futures::FutureExt;
use tokio::time::Instant;

use super::{Shared, State, patiently};
use crate::silent;

/// The code of the answer to what was refused because the lock is lost.
const LOST: &str = "LockLost";

pub(super) struct Fence(pub Arc<Shared>);

#[async_trait]
impl Interceptor for Fence {
    async fn before(&self, call: &Call) -> Result<()> {
        if !changes_something(call.operation) {
            return Ok(());
        }
        self.0.verify().await?;
        self.0.note_end(call);
        Ok(())
    }
}

/// Says whether a call needs the lock: all of CloudFormation that does not only look, and what deletes objects.
fn changes_something(operation: &str) -> bool {
    match operation.split_once(':') {
        Some(("cloudformation", action)) => {
            !["Describe", "List", "Get", "Detect"].iter().any(|looks| action.starts_with(looks))
        }
        Some(("s3", action)) => action.starts_with("Delete"),
        _ => false,
    }
}

pub(super) fn lost(reason: &str) -> Error {
    Error::new(ErrorKind::Service, "dynamodb:UpdateItem", reason).with_code(LOST)
}

/// Recognizes the answer to what was refused because the lock is lost.
pub(crate) fn refusal(error: &Error) -> Option<crate::Error> {
    let is_lost = error.code.as_deref() == Some(LOST);
    is_lost.then(|| crate::Error::LockLost { reason: error.message.clone() })
}

impl Shared {
    /// Makes sure that the lock is held; takes it where its table has come to be in the meantime.
    pub(super) async fn verify(&self) -> Result<()> {
        let context = self.context(&silent);
        match self.state() {
            State::Held { until, .. } if Instant::now() < until => Ok(()),
            State::Held { .. } => patiently(&context, || self.renew().boxed()).await.map_err(|error| {
                if error.code.as_deref() == Some(LOST) {
                    error
                } else {
                    lost(&format!("it cannot be renewed: {error}"))
                }
            }),
            State::Ending { .. } => Ok(()),
            State::Lost(reason) => Err(lost(&reason)),
            State::NoTable => {
                let taken = match self.find_table(&context).await {
                    Ok(Some(table)) => self.take(&context, &table).await,
                    answer => answer.map(drop),
                };
                taken.map_err(|error| match error {
                    crate::Error::Cloud(error) => error,
                    other => lost(&other.to_string()),
                })
            }
        }
    }

    /// Notes that the table is about to go, with the stack that has it.
    fn note_end(&self, call: &Call) {
        let Some(name) = self.stack_name.as_deref().filter(|_| call.operation == "cloudformation:DeleteStack") else {
            return;
        };
        let is_it = call.subject == name || call.subject.contains(&format!(":stack/{name}/"));
        if let (true, State::Held { table, .. }) = (is_it, self.state()) {
            self.set(State::Ending { table });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_looks_needs_no_lock() {
        for (operation, expected) in [
            ("cloudformation:DescribeStacks", false),
            ("cloudformation:ListExports", false),
            ("cloudformation:GetTemplate", false),
            ("cloudformation:DetectStackDrift", false),
            ("cloudformation:CreateChangeSet", true),
            ("cloudformation:ExecuteStackRefactor", true),
            ("cloudformation:ContinueUpdateRollback", true),
            ("s3:DeleteObject", true),
            ("s3:PutObject", false),
            ("dynamodb:UpdateItem", false),
        ] {
            assert_eq!(changes_something(operation), expected, "{operation}");
        }
    }
}
