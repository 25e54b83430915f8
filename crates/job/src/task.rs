//! The message by which the workflow hands a task to a worker.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Recipe, TaskKind};

/// The version of [`TaskMessage`] that is written and understood here.
pub const TASK_MESSAGE_VERSION: u32 = 1;

/// One task, as a queue's message carries it in JSON.
///
/// Fields that are not known here are ignored, so that a writer may add some before its readers know them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TaskMessage {
    /// The version of the contract, [`TASK_MESSAGE_VERSION`].
    pub version: u32,
    /// What is to be done.
    pub task: TaskKind,
    /// The job's id, 32 hexadecimal digits.
    pub job: String,
    /// Which execution of the job this task belongs to, from 1; attempts at the task are counted in the job table.
    pub attempt: u32,
    /// The workflow's task token, by which the outcome is told.
    pub token: TaskToken,
    /// The video to be enhanced.
    pub source: Source,
    /// What decides the output.
    pub recipe: Recipe,
    /// Which part of the source; the whole title where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chunk: Option<Chunk>,
    /// Where the output goes.
    pub output: ObjectLocation,
}

/// A task token of Step Functions; its text is kept out of logs.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TaskToken(String);

impl TaskToken {
    /// Wraps a token's text.
    pub fn new(token: impl Into<String>) -> Self {
        Self(token.into())
    }

    /// Returns the token's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for TaskToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "TaskToken({} characters)", self.0.chars().count())
    }
}

/// One version of one object in a source bucket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// The bucket's name.
    pub bucket: String,
    /// The object's key, as S3 knows it: not encoded.
    pub key: String,
    /// The object's version, where the bucket keeps versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The object's entity tag, without quotes.
    pub etag: String,
    /// The object's size in bytes.
    pub bytes: u64,
}

impl Source {
    /// Returns what tells this content from others under the same key: the version, or else the entity tag.
    pub fn version_or_etag(&self) -> &str {
        self.version.as_deref().filter(|version| !version.is_empty()).unwrap_or(&self.etag)
    }

    /// Computes the id of the job that enhances this object by a recipe of the given [identity](Recipe::identity).
    pub fn job_id(&self, recipe_identity: &str) -> String {
        crate::job_id(&self.bucket, &self.key, self.version_or_etag(), recipe_identity)
    }
}

/// An exact range of frames of the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chunk {
    /// The chunk's place among the chunks of its job, from 0.
    pub number: u32,
    /// The first frame of the source that belongs to it, from 0.
    pub first_frame: u64,
    /// How many frames belong to it.
    pub frames: u64,
}

/// Where an object is, or shall be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectLocation {
    /// The bucket's name.
    pub bucket: String,
    /// The object's key, as S3 knows it: not encoded.
    pub key: String,
}

/// Why a message cannot be understood.
#[derive(Debug, thiserror::Error)]
pub enum MessageError {
    /// The message keeps a contract that is not known here; a newer worker will know it.
    #[error("task message of version {version}, but this worker knows version {TASK_MESSAGE_VERSION} only")]
    UnknownVersion {
        /// The version that the message gives.
        version: u64,
    },
    /// The message is not a task message at all.
    #[error("not a task message: {0}")]
    Unreadable(#[source] serde_json::Error),
}

impl TaskMessage {
    /// Reads a message's body.
    ///
    /// The version is looked at first: the rest of a message of another version may have any shape.
    pub fn parse(body: &str) -> Result<Self, MessageError> {
        #[derive(Deserialize)]
        struct Versioned {
            version: u64,
        }
        let Versioned { version } = serde_json::from_str(body).map_err(MessageError::Unreadable)?;
        if version != u64::from(TASK_MESSAGE_VERSION) {
            return Err(MessageError::UnknownVersion { version });
        }
        serde_json::from_str(body).map_err(MessageError::Unreadable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipe::tests::sample;
    use serde_json::{Value, json};

    fn message() -> Value {
        json!({
            "version": 1,
            "task": "enhance",
            "job": "0123456789abcdef0123456789abcdef",
            "attempt": 1,
            "token": "secret",
            "source": { "bucket": "sources", "key": "a \"b\"\n$(c).mp4", "version": "v1", "etag": "e", "bytes": 12 },
            "recipe": sample(),
            "output": { "bucket": "enhanced", "key": "a_sr_2x/0123456789ab.mp4" },
        })
    }

    #[test]
    fn a_message_survives_the_wire() {
        let written = message().to_string();
        let message = TaskMessage::parse(&written).unwrap();
        assert_eq!(message.source.key, "a \"b\"\n$(c).mp4");
        assert_eq!(serde_json::to_string(&message).unwrap(), written);
    }

    #[test]
    fn unknown_fields_are_tolerated() {
        let mut value = message();
        value["priority"] = json!(3);
        value["source"]["storage_class"] = json!("STANDARD");
        assert!(TaskMessage::parse(&value.to_string()).is_ok());
    }

    #[test]
    fn another_version_is_told_apart_whatever_else_the_message_says() {
        let error = TaskMessage::parse(r#"{"version":2,"shape":"new"}"#).unwrap_err();
        assert!(matches!(error, MessageError::UnknownVersion { version: 2 }));
        assert_eq!(error.to_string(), "task message of version 2, but this worker knows version 1 only");
    }

    #[test]
    fn what_is_no_task_message_is_unreadable() {
        let mut without_token = message();
        without_token.as_object_mut().unwrap().remove("token");
        for body in ["", "hello", "{}", "[]", r#"{"version":"1"}"#, &without_token.to_string()] {
            assert!(matches!(TaskMessage::parse(body), Err(MessageError::Unreadable(_))), "{body}");
        }
    }

    #[test]
    fn the_token_stays_out_of_logs() {
        let message = TaskMessage::parse(&message().to_string()).unwrap();
        assert!(!format!("{message:?}").contains("secret"));
    }
}
