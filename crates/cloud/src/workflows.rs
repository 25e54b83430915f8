//! AWS Step Functions.

use async_trait::async_trait;
use jiff::Timestamp;

use crate::Result;

/// Runs state machines and answers their tasks (AWS Step Functions).
///
/// The three task operations fail with [`TokenDead`](crate::ErrorKind::TokenDead) when the task has timed out, has
/// been answered, or never was: there is nobody left to work for.
#[async_trait]
pub trait Workflows: Send + Sync {
    /// Ends a task with its output, a JSON text of at most 256 KiB (`states:SendTaskSuccess`).
    async fn task_success(&self, token: &str, output: &str) -> Result<()>;

    /// Ends a task as failed. `error` is at most 256 characters, and what `Retry` and `Catch` match; `cause` is at
    /// most 32,768 characters (`states:SendTaskFailure`). Implementations cut what is longer.
    async fn task_failure(&self, token: &str, error: &str, cause: &str) -> Result<()>;

    /// Proves that the task still waits (`states:SendTaskHeartbeat`).
    async fn task_heartbeat(&self, token: &str) -> Result<()>;

    /// Starts an execution and returns its ARN (`states:StartExecution`). The same name with the same input while it
    /// runs returns the same ARN; otherwise a name used in the last 90 days fails with
    /// [`AlreadyExists`](crate::ErrorKind::AlreadyExists).
    async fn start_execution(&self, state_machine: &str, name: &str, input: &str) -> Result<String>;

    /// Describes an execution by its ARN (`states:DescribeExecution`).
    async fn describe_execution(&self, execution: &str) -> Result<Execution>;

    /// Stops an execution (`states:StopExecution`).
    async fn stop_execution(&self, execution: &str, error: &str, cause: &str) -> Result<()>;
}

crate::string_enum::string_enum! {
    /// The status of an execution.
    pub enum ExecutionStatus {
        /// Under way.
        Running = "RUNNING",
        /// Ended well.
        Succeeded = "SUCCEEDED",
        /// Ended by an error.
        Failed = "FAILED",
        /// Ended by its time limit.
        TimedOut = "TIMED_OUT",
        /// Stopped by someone.
        Aborted = "ABORTED",
        /// Failed, and may be redriven.
        PendingRedrive = "PENDING_REDRIVE",
    }
}

/// An execution of a state machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Execution {
    /// Its ARN.
    pub arn: String,
    /// Its name, unique for 90 days.
    pub name: String,
    /// The ARN of the state machine.
    pub state_machine: String,
    /// Where it stands.
    pub status: ExecutionStatus,
    /// When it started.
    pub started: Option<Timestamp>,
    /// When it ended.
    pub stopped: Option<Timestamp>,
    /// What it was started with: JSON.
    pub input: Option<String>,
    /// What it produced: JSON.
    pub output: Option<String>,
    /// The name of the error that ended it.
    pub error: Option<String>,
    /// What is known of that error.
    pub cause: Option<String>,
}
