//! Times that several parts must agree on.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Times and counts that queue, workflow, workers and lifecycle rules share; an environment may change them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Times {
    /// How long a received task stays invisible to other workers, unless renewed, in seconds.
    pub visibility_seconds: u32,
    /// How often a worker renews that, in seconds; at most a third of it.
    pub renewal_seconds: u32,
    /// How long a task for one chunk may take, waiting in the queue included, in seconds.
    pub chunk_timeout_seconds: u32,
    /// How long a task for a whole title may take, waiting in the queue included, in seconds.
    pub title_timeout_seconds: u32,
    /// How long a job may take, in seconds; shorter than work objects and sources live.
    pub job_timeout_seconds: u32,
    /// How long objects in the work bucket live, in days; longer than a job may take.
    pub work_expiry_days: u32,
    /// Within how many seconds an interrupted worker must have released its task.
    pub release_seconds: u32,
    /// After how many seconds without progress an engine is killed.
    pub stall_seconds: u32,
    /// How often a message is received before it goes to the dead-letter queue: a backstop.
    pub receives: u32,
    /// How often a task is tried, as counted in the job table.
    pub attempts: u32,
    /// How long the archive keeps events, in days.
    pub archive_days: u32,
    /// How long the job table keeps an item, in days; longer than the archive keeps events.
    pub job_expiry_days: u32,
}

impl Times {
    /// What holds unless an environment says otherwise.
    pub const DEFAULT: Self = Self {
        visibility_seconds: 120,
        renewal_seconds: 40,
        chunk_timeout_seconds: 6 * 3600,
        title_timeout_seconds: 24 * 3600,
        job_timeout_seconds: 3 * 24 * 3600,
        work_expiry_days: 7,
        release_seconds: 10,
        stall_seconds: 60,
        receives: 20,
        attempts: 5,
        archive_days: 14,
        job_expiry_days: 90,
    };
}

impl Default for Times {
    fn default() -> Self {
        Self::DEFAULT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_hold_together() {
        let times = Times::DEFAULT;
        assert!(times.renewal_seconds * 3 <= times.visibility_seconds);
        assert!(times.chunk_timeout_seconds < times.title_timeout_seconds);
        assert!(times.title_timeout_seconds < times.job_timeout_seconds);
        assert!(times.job_timeout_seconds < times.work_expiry_days * 24 * 3600);
        assert!(times.attempts < times.receives);
        assert!(times.job_expiry_days > times.archive_days);
    }

    #[test]
    fn an_environment_changes_some_and_misspells_none() {
        let times: Times = toml::from_str("visibility_seconds = 30\nrenewal_seconds = 10").unwrap();
        assert_eq!(times, Times { visibility_seconds: 30, renewal_seconds: 10, ..Times::DEFAULT });
        assert!(toml::from_str::<Times>("visibility = 30").is_err());
    }
}
