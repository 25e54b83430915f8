//! The job table's item.

use serde::{Deserialize, Serialize};

use crate::{Colour, Failure, JobState, Recipe, Source, StreamCounts};

/// Names of the item's attributes, for conditions, updates and indexes.
pub mod attributes {
    /// The partition key.
    pub const ID: &str = "id";
    /// See [`super::JobItem::state`].
    pub const STATE: &str = "state";
    /// See [`super::JobItem::attempt`].
    pub const ATTEMPT: &str = "attempt";
    /// Which worker counted the attempt, and when: what makes counting it safe to repeat. Only workers read it.
    pub const ATTEMPT_BY: &str = "attempt_by";
    /// See [`super::JobItem::execution`].
    pub const EXECUTION: &str = "execution";
    /// See [`super::JobItem::colour`].
    pub const COLOUR: &str = "colour";
    /// See [`super::JobItem::source`].
    pub const SOURCE: &str = "source";
    /// See [`super::JobItem::recipe`].
    pub const RECIPE: &str = "recipe";
    /// See [`super::JobItem::plan`].
    pub const PLAN: &str = "plan";
    /// See [`super::JobItem::tasks`].
    pub const TASKS: &str = "tasks";
    /// See [`super::JobItem::output`].
    pub const OUTPUT: &str = "output";
    /// See [`super::JobItem::error`].
    pub const ERROR: &str = "error";
    /// See [`super::JobItem::owner`].
    pub const OWNER: &str = "owner";
    /// See [`super::JobItem::created`].
    pub const CREATED: &str = "created";
    /// See [`super::JobItem::updated`].
    pub const UPDATED: &str = "updated";
    /// See [`super::JobItem::finished`].
    pub const FINISHED: &str = "finished";
    /// See [`super::JobItem::expires_at`]; the table's time-to-live attribute.
    pub const EXPIRES_AT: &str = "expires_at";
}

/// What the id of a lease begins with, before the id of its instance. Leases are items of the job table too: they say who
/// has an instance, where commands do the work. No job's id has such a sign in it.
pub const LEASE_PREFIX: &str = "instance/";

/// One job, as the job table holds it. Attributes that are not known here are ignored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JobItem {
    /// The job's id, 32 hexadecimal digits.
    pub id: String,
    /// How far the job is.
    pub state: JobState,
    /// How often work on its task was begun, graceful releases not counted; workers count it.
    #[serde(default)]
    pub attempt: u32,
    /// The ARN of the workflow's execution that owns the job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub execution: Option<String>,
    /// The colour whose fleet works on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub colour: Option<Colour>,
    /// The video to be enhanced.
    pub source: Source,
    /// What decides the output.
    pub recipe: Recipe,
    /// What the source was found to be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<Plan>,
    /// How many tasks there are, and how many are done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tasks: Option<Tasks>,
    /// The published result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Output>,
    /// Why the job failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Failure>,
    /// Who submitted it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// When it was registered: UTC, RFC 3339.
    pub created: String,
    /// When the item last changed: UTC, RFC 3339.
    pub updated: String,
    /// When it reached its end: UTC, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished: Option<String>,
    /// When the table forgets it, in seconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<u64>,
}

/// What a source was found to be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// How many video frames decode.
    pub frames: u64,
    /// Duration in seconds.
    pub duration: f64,
    /// How many streams of each kind it has.
    pub streams: StreamCounts,
    /// Into how many chunks it is divided.
    pub chunks: u32,
}

/// How many tasks a job has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tasks {
    /// Tasks that are done.
    pub done: u32,
    /// All tasks.
    pub total: u32,
}

/// The published result of a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Output {
    /// The bucket that holds it.
    pub bucket: String,
    /// Its key.
    pub key: String,
    /// SHA-256 of its bytes, 64 hexadecimal digits.
    pub sha256: String,
    /// How many video frames it has.
    pub frames: u64,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// The streams that were made of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub package: Option<Package>,
}

/// Streams for delivery.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Package {
    /// The bucket that holds them.
    pub bucket: String,
    /// The key of the manifest of HLS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hls: Option<String>,
    /// The key of the manifest of DASH.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dash: Option<String>,
    /// Where viewers find the manifest, where streams are delivered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipe::tests::sample;
    use serde_json::json;

    #[test]
    fn a_finished_job_survives_the_table() {
        let written = json!({
            "id": "0123456789abcdef0123456789abcdef",
            "state": "done",
            "attempt": 1,
            "execution": "arn:aws:states:eu-west-1:123456789012:execution:jobs:x",
            "colour": "blue",
            "source": { "bucket": "sources", "key": "clip.mp4", "etag": "e", "bytes": 12 },
            "recipe": sample(),
            "plan": { "frames": 250, "duration": 10.0, "streams": { "video": 1, "audio": 1, "subtitle": 0 }, "chunks": 1 },
            "tasks": { "done": 1, "total": 1 },
            "output": { "bucket": "enhanced", "key": "k", "sha256": "00", "frames": 250, "width": 2, "height": 4,
                "package": { "bucket": "delivery", "hls": "0/cmaf/index.m3u8", "dash": "0/cmaf/index.mpd" } },
            "owner": "someone",
            "created": "2026-01-02T03:04:05Z",
            "updated": "2026-01-02T03:05:05Z",
            "finished": "2026-01-02T03:05:05Z",
            "expires_at": 1_775_000_000,
        });
        let item: JobItem = serde_json::from_value(written.clone()).unwrap();
        assert_eq!(serde_json::to_value(&item).unwrap(), written);
    }

    #[test]
    fn what_registration_writes_is_enough_and_more_is_tolerated() {
        let item: JobItem = serde_json::from_value(json!({
            "id": "0", "state": "registered", "recipe": sample(), "created": "t", "updated": "t", "sweep": 1,
            "source": { "bucket": "b", "key": "k", "etag": "e", "bytes": 1 },
        }))
        .unwrap();
        assert_eq!(item.attempt, 0);
        assert_eq!(item.error, None);
    }

    #[test]
    fn attribute_names_are_the_item_s() {
        let item = json!({
            "id": "0", "state": "failed", "recipe": sample(), "created": "t", "updated": "t", "attempt": 5,
            "source": { "bucket": "b", "key": "k", "etag": "e", "bytes": 1 },
            "error": { "kind": "input", "message": "no video stream" },
        });
        let item: JobItem = serde_json::from_value(item).unwrap();
        let value = serde_json::to_value(item).unwrap();
        for name in [
            attributes::ID,
            attributes::STATE,
            attributes::ATTEMPT,
            attributes::SOURCE,
            attributes::RECIPE,
            attributes::ERROR,
            attributes::CREATED,
            attributes::UPDATED,
        ] {
            assert!(value.get(name).is_some(), "{name}");
        }
    }
}
