//! AWS Systems Manager: Run Command.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use crate::Result;
use crate::string_enum::string_enum;

/// Runs commands on instances, by their SSM agents (AWS Systems Manager, Run Command).
#[async_trait]
pub trait Commands: Send + Sync {
    /// Describes instances as their SSM agents report themselves, with all pages
    /// (`ssm:DescribeInstanceInformation`). An instance without an SSM agent, or without the permission to report, is
    /// not among them.
    async fn instances(&self, which: &Instances) -> Result<Vec<Instance>>;

    /// Sends a command and returns its id (`ssm:SendCommand`).
    ///
    /// Systems Manager has no client token: a second call is a second command. Implementations do not try again by
    /// themselves. After an error that [may have taken effect](crate::Error::may_have_taken_effect), nobody knows.
    async fn send_command(&self, request: &CommandRequest) -> Result<String>;

    /// Lists where a command stands on each of its instances, with all pages (`ssm:ListCommandInvocations`).
    ///
    /// Just after sending, the list may lack instances, or all of them, or the call may fail with
    /// [`NotFound`](crate::ErrorKind::NotFound).
    async fn list_invocations(&self, command: &str) -> Result<Vec<Invocation>>;

    /// Describes what a command did on one instance, with the beginning of its output (`ssm:GetCommandInvocation`).
    /// Only for documents of one step. Fails with [`NotFound`](crate::ErrorKind::NotFound) just after sending.
    async fn invocation(&self, command: &str, instance: &str) -> Result<InvocationResult>;
}

/// Says which instances.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Instances {
    /// By their ids, at most 100.
    Ids(Vec<String>),
    /// By their tags: those that have all of them.
    Tags(BTreeMap<String, String>),
}

string_enum! {
    /// Whether an SSM agent is heard of.
    pub enum PingStatus {
        /// Within the last minutes.
        Online = "Online",
        /// No longer: the instance, its agent or the network is gone.
        ConnectionLost = "ConnectionLost",
        /// No longer used by the service.
        Inactive = "Inactive",
    }
}

/// An instance that Systems Manager manages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instance {
    /// Its id.
    pub id: String,
    /// Whether its SSM agent is heard of.
    pub ping_status: PingStatus,
    /// When it was heard of last.
    pub last_ping: Option<Timestamp>,
    /// The version of its SSM agent, such as `3.3.2746.0`.
    pub agent_version: String,
}

/// A command to be sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CommandRequest {
    /// The name of the document.
    pub document: String,
    /// A version of the document; `None` for its default one.
    pub document_version: Option<String>,
    /// The ids of the instances, at most 50.
    pub instances: Vec<String>,
    /// The values of the document's parameters: one each, or several where the parameter is a list.
    pub parameters: BTreeMap<String, Vec<String>>,
    /// How long the command may wait until an instance begins with it: whole seconds, at least 30; `None` for the
    /// service's default, an hour. How long it may run, the document says.
    pub delivery_timeout: Option<Duration>,
    /// The log group that keeps all of the output; `None` for none.
    pub log_group: Option<String>,
    /// What it is for, at most 100 characters. Implementations cut what is longer.
    pub comment: Option<String>,
}

string_enum! {
    /// Where a command stands on an instance.
    pub enum CommandStatus {
        /// Not yet received.
        Pending = "Pending",
        /// Being run.
        InProgress = "InProgress",
        /// The instance does not answer; the service goes on trying.
        Delayed = "Delayed",
        /// Ended well.
        Success = "Success",
        /// Cancelled before it ended.
        Cancelled = "Cancelled",
        /// Not received in time, or not ended in time: the details say which.
        TimedOut = "TimedOut",
        /// Ended with another exit code than 0, or could not be delivered.
        Failed = "Failed",
        /// Someone has asked to cancel it.
        Cancelling = "Cancelling",
    }
}

impl CommandStatus {
    /// Says whether nothing will change any more.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Success | Self::Cancelled | Self::TimedOut | Self::Failed)
    }
}

/// Where a command stands on an instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invocation {
    /// The id of the instance.
    pub instance: String,
    /// Where it stands.
    pub status: CommandStatus,
    /// The same in more detail, such as `Delivery Timed Out` or `Undeliverable`.
    pub status_details: String,
    /// The name of the document.
    pub document: String,
    /// The log group that keeps all of the output.
    pub log_group: Option<String>,
}

/// What a command did on an instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvocationResult {
    /// Where it stands.
    pub status: CommandStatus,
    /// The same in more detail.
    pub status_details: String,
    /// The exit code; `None` if it has not begun.
    pub exit_code: Option<i32>,
    /// The beginning of its standard output, at most [`STDOUT_CHARACTERS`]; empty until it has ended.
    pub stdout: String,
    /// The beginning of its standard error, at most [`STDERR_CHARACTERS`]; empty until it has ended.
    pub stderr: String,
    /// When it began.
    pub started: Option<Timestamp>,
    /// When it ended.
    pub ended: Option<Timestamp>,
}

/// How much of the standard output the service returns (API reference, `GetCommandInvocation`).
pub const STDOUT_CHARACTERS: usize = 24_000;

/// How much of the standard error the service returns.
pub const STDERR_CHARACTERS: usize = 8_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_that_end_are_told_from_those_that_do_not() {
        for word in ["Success", "Cancelled", "TimedOut", "Failed"] {
            assert!(CommandStatus::from(word).is_final(), "{word}");
        }
        for word in ["Pending", "InProgress", "Delayed", "Cancelling", "SomethingNew"] {
            assert!(!CommandStatus::from(word).is_final(), "{word}");
        }
    }
}
