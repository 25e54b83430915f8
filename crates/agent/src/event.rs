//! What an agent tells whoever runs it.

use std::fmt;

use job::{Colour, Failure, TaskKind, metrics};
use serde::Serialize;

use crate::{Notice, PauseReason, Summary};

/// Takes events: a log, a terminal, a test.
pub trait Events: Send + Sync {
    /// Takes one event. It is called between steps of the work, so it must not block.
    fn emit(&self, event: Event);
}

impl<F: Fn(Event) + Send + Sync> Events for F {
    fn emit(&self, event: Event) {
        self(event);
    }
}

/// How much an event matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Progress within a step.
    Debug,
    /// The ordinary course of things.
    Info,
    /// Something went wrong, and the agent deals with it.
    Warning,
    /// Something went wrong that a person should look at.
    Error,
}

/// Why a lease was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LossReason {
    /// The queue gave the message to someone else, or it was deleted.
    TakenOver,
    /// It could not be renewed in time.
    NotRenewed,
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// The agent is ready for tasks.
    Started {
        /// The agent's name.
        worker: String,
        /// The colour whose tasks it does.
        colour: Colour,
        /// The queue that it takes them from.
        queue: String,
    },
    /// An earlier agent of the same name had left files behind, and they are gone.
    LeftoversRemoved {
        /// How many folders and files there were.
        entries: usize,
    },
    /// The queue does not answer; told once, and the agent goes on trying.
    QueueUnreachable {
        /// What the call said.
        error: String,
    },
    /// The queue answers again.
    QueueReachable,
    /// A message is no task message. It stays, and ends in the dead-letter queue.
    MessageUnreadable {
        /// The message's id.
        message: String,
        /// What is wrong with it.
        error: String,
    },
    /// A message asks for something that this agent does not know yet. It is given back, uncounted.
    MessageUnknown {
        /// The message's id.
        message: String,
        /// What is not known.
        error: String,
    },
    /// A task was received, and its token is alive.
    TaskStarted {
        /// The job's id.
        job: String,
        /// What is to be done.
        task: TaskKind,
        /// Which attempt it is, from 1.
        attempt: u32,
        /// The bucket of the source.
        bucket: String,
        /// The key of the source.
        key: String,
    },
    /// The source is here, and it is what S3 says it is.
    SourceDownloaded {
        /// The job's id.
        job: String,
        /// Its size in bytes.
        bytes: u64,
    },
    /// The source is a video that can be enhanced, and all of it decodes.
    SourceAccepted {
        /// The job's id.
        job: String,
        /// How many video frames it has.
        frames: u64,
        /// Width in pixels, as it is shown.
        width: u32,
        /// Height in pixels, as it is shown.
        height: u32,
        /// Streams that the output's format cannot carry, and that are left out.
        left_out: Vec<String>,
    },
    /// The engine makes progress.
    EnhanceProgress {
        /// The job's id.
        job: String,
        /// Video frames that are done.
        frames_done: u64,
        /// Video frames in all.
        frames: u64,
    },
    /// The engine's output is complete, and as it should be.
    OutputVerified {
        /// The job's id.
        job: String,
        /// How many video frames it has.
        frames: u64,
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
        /// Its size in bytes.
        bytes: u64,
    },
    /// The output is in its bucket.
    OutputPublished {
        /// The job's id.
        job: String,
        /// The bucket.
        bucket: String,
        /// The key.
        key: String,
        /// Tells that an earlier attempt had put it there.
        earlier: bool,
    },
    /// A task ended well, and the workflow knows.
    TaskSucceeded {
        /// The job's id.
        job: String,
        /// How many video frames the output has.
        frames: u64,
        /// How long it took, in seconds.
        elapsed_seconds: f64,
    },
    /// A task failed, and the workflow knows.
    TaskFailed {
        /// The job's id.
        job: String,
        /// Why.
        failure: Failure,
    },
    /// A task was given back to the queue.
    TaskReleased {
        /// The job's id.
        job: String,
        /// Why.
        failure: Failure,
        /// After how many seconds others see it.
        after_seconds: f64,
    },
    /// Nobody waits for the task any more; its message was deleted.
    TokenDead {
        /// The job's id.
        job: String,
        /// Whether work had been done for it.
        worked: bool,
    },
    /// The lease could not be renewed this time; it is tried again until it ends.
    RenewalFailed {
        /// The job's id.
        job: String,
        /// What the call said.
        error: String,
    },
    /// The lease is lost; the work was stopped, and the message left to others.
    LeaseLost {
        /// The job's id.
        job: String,
        /// Why.
        reason: LossReason,
    },
    /// A process made no progress and was killed.
    Stalled {
        /// The job's id.
        job: String,
        /// What it was doing.
        doing: String,
    },
    /// A call after the work failed; what it should have done will be done by others.
    CleanupFailed {
        /// The job's id.
        job: String,
        /// What failed.
        error: String,
    },
    /// The agent is idle, and takes no further task until it says so.
    Paused {
        /// Why.
        reason: PauseReason,
    },
    /// The agent takes tasks again.
    Resumed,
    /// The instance goes, or may go.
    Noticed {
        /// What says so.
        notice: Notice,
    },
    /// The instance does not say whether it goes; told once, and it is asked on.
    MetadataUnreachable {
        /// What the call said.
        error: String,
    },
    /// The Auto Scaling group was told whether the instance may be taken by scale-in.
    ProtectionSet {
        /// Whether it is protected from that.
        protected: bool,
    },
    /// The Auto Scaling group could not be told that; told once, and tried again.
    ProtectionFailed {
        /// Whether the instance is to be protected.
        wanted: bool,
        /// What the call said.
        error: String,
    },
    /// The Auto Scaling group knows that the instance may go.
    Farewell,
    /// The Auto Scaling group could not be told that; it waits until its hook's time is over.
    FarewellFailed {
        /// What the call said.
        error: String,
    },
    /// Metrics could not be published, and are lost; told once until some can.
    MetricsLost {
        /// What the call said.
        error: String,
    },
    /// Metrics are published again.
    MetricsKept,
    /// The agent has ended.
    Stopped {
        /// What it did.
        summary: Summary,
    },
}

impl Event {
    /// Returns how much the event matters.
    pub fn level(&self) -> Level {
        match self {
            Self::EnhanceProgress { .. } => Level::Debug,
            Self::MessageUnreadable { .. } | Self::MessageUnknown { .. } => Level::Error,
            Self::TaskFailed { failure, .. } if failure.kind == job::ErrorKind::Internal => Level::Error,
            Self::TaskReleased { failure, .. } if failure.kind == job::ErrorKind::Interrupted => Level::Info,
            Self::QueueUnreachable { .. }
            | Self::TaskFailed { .. }
            | Self::TaskReleased { .. }
            | Self::RenewalFailed { .. }
            | Self::LeaseLost { .. }
            | Self::Stalled { .. }
            | Self::MetadataUnreachable { .. }
            | Self::ProtectionFailed { .. }
            | Self::FarewellFailed { .. }
            | Self::MetricsLost { .. }
            | Self::CleanupFailed { .. } => Level::Warning,
            _ => Level::Info,
        }
    }

    /// Returns what the event adds to which metrics, by the names of [`job::metrics`].
    pub fn metrics(&self) -> Vec<(&'static str, f64)> {
        match self {
            Self::TaskStarted { .. } => vec![(metrics::TASKS_STARTED, 1.0)],
            Self::TaskSucceeded { frames, elapsed_seconds, .. } => vec![
                (metrics::TASKS_SUCCEEDED, 1.0),
                (metrics::FRAMES_ENHANCED, approximate(*frames)),
                (metrics::TASK_SECONDS, *elapsed_seconds),
            ],
            Self::TaskFailed { failure, .. } => with_resources(metrics::TASKS_FAILED, failure),
            Self::TaskReleased { failure, .. } => with_resources(metrics::TASKS_RELEASED, failure),
            Self::MessageUnknown { .. } => vec![(metrics::UNKNOWN_MESSAGE_VERSIONS, 1.0)],
            Self::MessageUnreadable { .. } => vec![(metrics::UNREADABLE_MESSAGES, 1.0)],
            Self::LeaseLost { .. } => vec![(metrics::LEASES_LOST, 1.0)],
            Self::Stalled { .. } => vec![(metrics::STALLS, 1.0)],
            _ => Vec::new(),
        }
    }
}

fn with_resources(name: &'static str, failure: &Failure) -> Vec<(&'static str, f64)> {
    let mut counted = vec![(name, 1.0)];
    if failure.kind == job::ErrorKind::Resource {
        counted.push((metrics::RESOURCES_EXHAUSTED, 1.0));
    }
    counted
}

fn why(reason: PauseReason) -> &'static str {
    match reason {
        PauseReason::Draining => "it is drained",
        PauseReason::Replacing => "the instance is likely to be replaced",
        PauseReason::Leaving => "the instance goes",
    }
}

#[expect(clippy::cast_precision_loss, reason = "metrics are floating point, and no video has 2^53 frames")]
fn approximate(count: u64) -> f64 {
    count as f64
}

/// Escapes line breaks and control characters, which keys may hold: a log line is one line.
pub(crate) fn printable(key: &str) -> std::str::EscapeDebug<'_> {
    key.escape_debug()
}

impl fmt::Display for Event {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Started { worker, colour, .. } => write!(formatter, "{worker} is ready for {colour} tasks"),
            Self::LeftoversRemoved { entries } => write!(formatter, "removed {entries} leftovers of an earlier agent"),
            Self::QueueUnreachable { error } => write!(formatter, "the queue does not answer; trying on: {error}"),
            Self::QueueReachable => formatter.write_str("the queue answers again"),
            Self::MessageUnreadable { message, error } | Self::MessageUnknown { message, error } => {
                write!(formatter, "message {message}: {error}")
            }
            Self::TaskStarted { job, task, attempt, bucket, key } => {
                write!(formatter, "{job}: {task} s3://{bucket}/{}, attempt {attempt}", printable(key))
            }
            Self::SourceDownloaded { job, bytes } => write!(formatter, "{job}: downloaded {bytes} bytes"),
            Self::SourceAccepted { job, frames, width, height, left_out } => {
                write!(formatter, "{job}: {frames} frames of {width}x{height}")?;
                if left_out.is_empty() { Ok(()) } else { write!(formatter, "; left out: {}", left_out.join(", ")) }
            }
            Self::EnhanceProgress { job, frames_done, frames } => {
                write!(formatter, "{job}: {frames_done} of {frames} frames")
            }
            Self::OutputVerified { job, frames, width, height, bytes } => {
                write!(formatter, "{job}: verified {frames} frames of {width}x{height}, {bytes} bytes")
            }
            Self::OutputPublished { job, bucket, key, earlier } => {
                let verb = if *earlier { "found published" } else { "published" };
                write!(formatter, "{job}: {verb} s3://{bucket}/{}", printable(key))
            }
            Self::TaskSucceeded { job, elapsed_seconds, .. } => {
                write!(formatter, "{job}: succeeded after {elapsed_seconds:.1} s")
            }
            Self::TaskFailed { job, failure } => write!(formatter, "{job}: failed: {failure}"),
            Self::TaskReleased { job, failure, after_seconds } => {
                write!(formatter, "{job}: released, visible after {after_seconds:.0} s: {failure}")
            }
            Self::TokenDead { job, worked } => {
                let when = if *worked { "after the work" } else { "before any work" };
                write!(formatter, "{job}: nobody waits for the task any more, found {when}")
            }
            Self::RenewalFailed { job, error } => write!(formatter, "{job}: could not renew the lease: {error}"),
            Self::LeaseLost { job, reason: LossReason::TakenOver } => {
                write!(formatter, "{job}: stopped: the queue gave the task to someone else")
            }
            Self::LeaseLost { job, reason: LossReason::NotRenewed } => {
                write!(formatter, "{job}: stopped: the lease could not be renewed in time")
            }
            Self::Stalled { job, doing } => write!(formatter, "{job}: no progress in {doing}; stopped it"),
            Self::CleanupFailed { job, error } => write!(formatter, "{job}: {error}"),
            Self::Paused { reason } => write!(formatter, "idle; takes no further task: {}", why(*reason)),
            Self::Resumed => formatter.write_str("takes tasks again"),
            Self::Noticed { notice: Notice::Termination } => formatter.write_str("the group terminates this instance"),
            Self::Noticed { notice: Notice::Interruption } => formatter.write_str("Spot takes this instance back"),
            Self::Noticed { notice: Notice::Rebalance } => {
                formatter.write_str("Spot is likely to take this instance back")
            }
            Self::MetadataUnreachable { error } => {
                write!(formatter, "the instance's metadata cannot be read; trying on: {error}")
            }
            Self::ProtectionSet { protected: true } => formatter.write_str("protected this instance from scale-in"),
            Self::ProtectionSet { protected: false } => formatter.write_str("this instance may be scaled in"),
            Self::ProtectionFailed { wanted, error } => {
                let what =
                    if *wanted { "protect this instance from scale-in" } else { "end the protection from scale-in" };
                write!(formatter, "could not {what}; trying on: {error}")
            }
            Self::Farewell => formatter.write_str("the group may terminate this instance now"),
            Self::FarewellFailed { error } => {
                write!(formatter, "could not tell the group that this instance may go: {error}")
            }
            Self::MetricsLost { error } => write!(formatter, "metrics are lost until they can be published: {error}"),
            Self::MetricsKept => formatter.write_str("metrics are published again"),
            Self::Stopped { summary } => write!(formatter, "stopped; {summary}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_one_line_and_typed_json() {
        let event = Event::TaskStarted {
            job: "0123".to_owned(),
            task: TaskKind::Enhance,
            attempt: 1,
            bucket: "sources".to_owned(),
            key: "영화/a b\n\u{1b}[31m.mp4".to_owned(),
        };
        assert_eq!(event.to_string(), r"0123: enhance s3://sources/영화/a b\n\u{1b}[31m.mp4, attempt 1");
        let json = serde_json::to_value(&event).unwrap();
        assert_eq!((&json["event"], &json["attempt"]), (&"task-started".into(), &1.into()));
    }

    #[test]
    fn every_metric_is_one_of_the_contract() {
        let failure = |kind| Failure::new(kind, "x");
        let job = || "0123".to_owned();
        let events = [
            Event::TaskSucceeded { job: job(), frames: 2, elapsed_seconds: 1.5 },
            Event::TaskFailed { job: job(), failure: failure(job::ErrorKind::Resource) },
            Event::TaskReleased { job: job(), failure: failure(job::ErrorKind::Interrupted), after_seconds: 0.0 },
            Event::LeaseLost { job: job(), reason: LossReason::NotRenewed },
            Event::Stalled { job: job(), doing: String::new() },
            Event::MessageUnknown { message: String::new(), error: String::new() },
            Event::MessageUnreadable { message: String::new(), error: String::new() },
        ];
        let written: Vec<_> = events.iter().flat_map(Event::metrics).map(|(name, _)| name).collect();
        assert_eq!(written.len(), 10);
        assert!(written.iter().all(|name| metrics::ALL.contains(name)), "{written:?}");
    }
}
