//! Amazon S3.

use std::collections::BTreeMap;
use std::path::Path;

use async_trait::async_trait;
use jiff::Timestamp;

use crate::Result;

/// Reads and writes objects (Amazon S3).
#[async_trait]
pub trait Objects: Send + Sync {
    /// Describes an object; `None` if it (or the bucket) is not there (`s3:GetObject`, by `HeadObject`).
    ///
    /// Without `s3:ListBucket` on the bucket, S3 answers [`AccessDenied`](crate::ErrorKind::AccessDenied) instead.
    async fn head(&self, source: &ObjectVersion) -> Result<Option<ObjectDescription>>;

    /// Reads an object of at most `limit` bytes into memory (`s3:GetObject`). A larger one is refused as
    /// [`Validation`](crate::ErrorKind::Validation) before it is read.
    async fn get(&self, source: &ObjectVersion, limit: u64) -> Result<Object>;

    /// Streams an object into a new file at `path` and verifies its length, and its checksum where S3 has one
    /// (`s3:GetObject`). An existing file is overwritten. After a failure the file is removed.
    async fn download(&self, source: &ObjectVersion, path: &Path, progress: Progress<'_>) -> Result<ObjectDescription>;

    /// Writes an object from memory (`s3:PutObject`).
    async fn put(&self, target: &PutTarget, body: &[u8]) -> Result<Written>;

    /// Writes an object from a file, in parts where it is large (`s3:PutObject`). What a failed upload in parts left
    /// behind is removed.
    async fn upload(&self, target: &PutTarget, path: &Path, progress: Progress<'_>) -> Result<Written>;

    /// Lists the objects whose keys start with `prefix`, all pages, in the order of their keys (`s3:ListBucket`).
    async fn list(&self, bucket: &str, prefix: &str) -> Result<Vec<ObjectSummary>>;

    /// Lists every version of the objects whose keys start with `prefix`, delete markers too, all pages
    /// (`s3:ListBucketVersions`): what has to go before a versioned bucket can be deleted. An implementation without
    /// versions lists its objects.
    async fn list_versions(&self, bucket: &str, prefix: &str) -> Result<Vec<VersionSummary>> {
        let version = |object: ObjectSummary| VersionSummary {
            key: object.key,
            version: None,
            bytes: object.bytes,
            is_delete_marker: false,
        };
        Ok(self.list(bucket, prefix).await?.into_iter().map(version).collect())
    }

    /// Deletes an object, or the version named; one that is not there is not an error (`s3:DeleteObject`).
    async fn delete(&self, target: &ObjectVersion) -> Result<()>;
}

/// Is told how many bytes of a transfer are done so far. It may fall back when a part is sent again.
pub type Progress<'a> = &'a (dyn Fn(u64) + Send + Sync);

/// Is a [`Progress`] that nobody watches.
pub fn unwatched(_bytes: u64) {}

/// Names an object, and which version of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ObjectVersion {
    /// The bucket.
    pub bucket: String,
    /// The key, any text of up to 1,024 bytes.
    pub key: String,
    /// The version id; `None` for the newest.
    pub version: Option<String>,
    /// The etag that it must have, or reading fails with [`PreconditionFailed`](crate::ErrorKind::PreconditionFailed).
    pub etag: Option<String>,
}

impl ObjectVersion {
    /// Names the newest version of an object.
    pub fn newest(bucket: impl Into<String>, key: impl Into<String>) -> Self {
        Self { bucket: bucket.into(), key: key.into(), version: None, etag: None }
    }
}

/// What S3 says about an object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ObjectDescription {
    /// Its length in bytes.
    pub bytes: u64,
    /// Its etag, without quotation marks.
    pub etag: String,
    /// Its version id, in a versioned bucket.
    pub version: Option<String>,
    /// When it was written.
    pub modified: Option<Timestamp>,
    /// Its `Content-Type`.
    pub content_type: Option<String>,
    /// The user's metadata, without `x-amz-meta-`.
    pub metadata: BTreeMap<String, String>,
    /// The SHA-256 of the whole object, as base64, where S3 keeps it.
    pub sha256: Option<String>,
}

/// An object read into memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// What S3 says about it.
    pub description: ObjectDescription,
    /// Its content.
    pub body: Vec<u8>,
}

/// Where and how to write an object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PutTarget {
    /// The bucket.
    pub bucket: String,
    /// The key.
    pub key: String,
    /// Whether an object that is there may be replaced.
    pub condition: PutCondition,
    /// The `Content-Type`.
    pub content_type: Option<String>,
    /// The user's metadata, without `x-amz-meta-`. ASCII only: S3 encodes nothing.
    pub metadata: BTreeMap<String, String>,
}

impl PutTarget {
    /// Names a target without conditions or metadata.
    pub fn new(bucket: impl Into<String>, key: impl Into<String>) -> Self {
        Self { bucket: bucket.into(), key: key.into(), ..Self::default() }
    }

    /// Writes only if there is no object of that key.
    pub fn if_absent(mut self) -> Self {
        self.condition = PutCondition::IfAbsent;
        self
    }

    /// Sets the `Content-Type`.
    pub fn content_type(mut self, content_type: &str) -> Self {
        self.content_type = Some(content_type.to_owned());
        self
    }

    /// Adds to the user's metadata.
    pub fn metadata(mut self, name: &str, value: &str) -> Self {
        self.metadata.insert(name.to_owned(), value.to_owned());
        self
    }
}

/// What must hold for an object to be written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PutCondition {
    /// Nothing.
    #[default]
    Any,
    /// There is no object of that key (`If-None-Match: *`). Otherwise writing fails with
    /// [`PreconditionFailed`](crate::ErrorKind::PreconditionFailed), also when the object there is the one that an
    /// earlier try of the same call wrote and whose answer was lost: compare before concluding that someone else was
    /// first. [`Conflict`](crate::ErrorKind::Conflict) means that another conditional write is under way.
    IfAbsent,
}

/// An object as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Its etag, without quotation marks.
    pub etag: String,
    /// Its version id, in a versioned bucket.
    pub version: Option<String>,
    /// Its length in bytes.
    pub bytes: u64,
}

/// An object in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectSummary {
    /// Its key.
    pub key: String,
    /// Its length in bytes.
    pub bytes: u64,
    /// Its etag, without quotation marks.
    pub etag: String,
    /// When it was written.
    pub modified: Option<Timestamp>,
}

/// A version of an object in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionSummary {
    /// The key of the object.
    pub key: String,
    /// The version id; `null` for an object from before the bucket was versioned.
    pub version: Option<String>,
    /// Its length in bytes.
    pub bytes: u64,
    /// Whether it only says that the object was deleted.
    pub is_delete_marker: bool,
}
