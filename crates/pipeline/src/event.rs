use std::path::PathBuf;

use job::JobState;
use serde::Serialize;

/// Is told what happens.
pub trait Events: Send + Sync {
    /// Takes one event; it should not block.
    fn event(&self, event: Event);
}

impl<F: Fn(Event) + Send + Sync> Events for F {
    fn event(&self, event: Event) {
        self(event);
    }
}

/// Is [`Events`] that nobody watches.
pub fn silent(_event: Event) {}

/// Something that happened. Text and JSON are two renderings of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// Bytes were sent.
    Uploading {
        /// How many so far.
        done: u64,
        /// How many there are.
        total: u64,
    },
    /// The video is in its bucket.
    Uploaded {
        /// The bucket.
        bucket: String,
        /// The key.
        key: String,
        /// The size in bytes.
        bytes: u64,
        /// The id of the job that it becomes.
        job: String,
    },
    /// The job is in this state now.
    State {
        /// The job's id.
        job: String,
        /// The state.
        state: JobState,
        /// How many of its tasks are done.
        done: u32,
        /// How many tasks it has.
        total: u32,
        /// How often work was begun.
        attempt: u32,
    },
    /// The same video was submitted earlier, and that job ended badly; the workflow is about to take it over.
    EarlierEnd {
        /// The job's id.
        job: String,
        /// How it ended.
        state: JobState,
    },
    /// No worker has begun with the job for a while.
    NoWorker {
        /// For how long, in seconds.
        seconds: u64,
        /// How many tasks wait in the queue.
        waiting: u64,
        /// How many tasks workers hold.
        held: u64,
    },
    /// The cloud does not answer; it is asked again for a while.
    Unreachable {
        /// What was said last.
        error: String,
    },
    /// Bytes were received.
    Downloading {
        /// How many so far.
        done: u64,
    },
    /// The result is on this machine.
    Downloaded {
        /// The file.
        file: PathBuf,
        /// The size in bytes.
        bytes: u64,
    },
}
