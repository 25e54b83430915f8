//! Kinds of failure, and how a worker tells one to the workflow.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Kinds of failure, which decide what follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ErrorKind {
    /// The source is at fault: not a video, truncated, unsupported. The job fails at once.
    Input,
    /// Network, throttling, 5xx. Retried with backoff and jitter.
    Transient,
    /// The engine failed, or produced a wrong result. Another instance tries, then the job fails.
    Engine,
    /// Spot reclaim, scale-in, shutdown. The task is released, and the attempt does not count.
    Interrupted,
    /// Disk, memory or GPU ran out. The task is released after a pause, and an alarm is raised.
    Resource,
    /// Our fault. The job fails with a diagnosis.
    Internal,
}

impl ErrorKind {
    /// Every kind.
    pub const ALL: [Self; 6] =
        [Self::Input, Self::Transient, Self::Engine, Self::Interrupted, Self::Resource, Self::Internal];

    /// Returns the kind as messages spell it; it is also the `error` of Step Functions' `SendTaskFailure`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::Transient => "transient",
            Self::Engine => "engine",
            Self::Interrupted => "interrupted",
            Self::Resource => "resource",
            Self::Internal => "internal",
        }
    }

    /// Returns the code with which a command exits on an instance that fails so: `assets/commands/common.sh` has them.
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Input => 10,
            Self::Transient => 11,
            Self::Engine => 12,
            Self::Interrupted => 13,
            Self::Resource => 14,
            Self::Internal => 15,
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

/// A failure of a task: what a person reads in the job table, and what the workflow decides by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{kind}: {message}")]
pub struct Failure {
    /// What kind of failure it is.
    pub kind: ErrorKind,
    /// What is wrong, and where.
    pub message: String,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// Longest message and hint, in characters, that a report carries. `SendTaskFailure` allows 32,768 characters of
/// cause, and JSON may write one character as six.
const LONGEST_TEXT: usize = 2_500;

impl Failure {
    /// Creates a failure without a hint.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), hint: None }
    }

    /// Says what to do about the failure.
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Returns the `error` of `SendTaskFailure`, by which the workflow retries and catches: the name of the kind.
    pub const fn error(&self) -> &'static str {
        self.kind.as_str()
    }

    /// Returns the `cause` of `SendTaskFailure`: the failure as JSON, its texts shortened to what the call allows.
    pub fn cause(&self) -> String {
        let hint = self.hint.as_deref().map(shorten);
        let value = serde_json::json!({ "kind": self.kind, "message": shorten(&self.message), "hint": hint });
        value.to_string()
    }

    /// Reads back what [`Failure::cause`] wrote; anything else, such as a time-out told by the workflow itself,
    /// becomes an `internal` failure that quotes it.
    pub fn from_cause(error: &str, cause: &str) -> Self {
        serde_json::from_str(cause)
            .unwrap_or_else(|_| Self::new(ErrorKind::Internal, format!("{error}: {cause}").trim_end_matches(": ")))
    }
}

fn shorten(text: &str) -> String {
    match text.char_indices().nth(LONGEST_TEXT) {
        Some((end, _)) => format!("{} …", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn error_is_the_kind_and_cause_the_whole_failure() {
        for kind in ErrorKind::ALL {
            let failure = Failure::new(kind, "no video stream").with_hint("upload a video");
            assert_eq!(failure.error(), kind.as_str());
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
            assert_eq!(Failure::from_cause(failure.error(), &failure.cause()), failure);
        }
        let failure = Failure::new(ErrorKind::Input, "no video stream");
        assert_eq!(Failure::from_cause(failure.error(), &failure.cause()), failure);
    }

    #[test]
    fn a_cause_of_the_workflow_itself_is_quoted() {
        let timeout = Failure::from_cause("States.Timeout", "");
        assert_eq!(timeout, Failure::new(ErrorKind::Internal, "States.Timeout"));
        let other = Failure::from_cause("States.DataLimitExceeded", "too large");
        assert_eq!(other.message, "States.DataLimitExceeded: too large");
    }

    #[test]
    fn the_longest_cause_fits_the_call() {
        let failure = Failure::new(ErrorKind::Engine, "\u{1}".repeat(100_000)).with_hint("\u{1}".repeat(100_000));
        let cause = failure.cause();
        assert!(cause.chars().count() <= 32_768, "{}", cause.chars().count());
        assert_eq!(Failure::from_cause("engine", &cause).kind, ErrorKind::Engine);
    }
}
