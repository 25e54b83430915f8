//! Amazon S3. There are the buckets that stacks have made, and no others.

use std::path::Path;

use async_trait::async_trait;
use cloud::objects::{
    Object, ObjectDescription, ObjectSummary, ObjectVersion, Objects, Progress, PutCondition, PutTarget,
    VersionSummary, Written,
};
use cloud::{Error, ErrorKind, Result};

use crate::Simulator;
use crate::clock::date;
use crate::refusal::refusal;
use crate::state::State;
use crate::storage::Version;

const GET: &str = "s3:GetObject";
const PUT: &str = "s3:PutObject";

#[async_trait]
impl Objects for Simulator {
    async fn head(&self, source: &ObjectVersion) -> Result<Option<ObjectDescription>> {
        self.call(GET, |state| Ok(state.version(source).map(describe))).await
    }

    async fn get(&self, source: &ObjectVersion, limit: u64) -> Result<Object> {
        self.call(GET, |state| {
            let missing = || refusal(GET, "NoSuchKey", format!("{}/{}", source.bucket, source.key));
            let version = state.version(source).ok_or_else(missing)?;
            let object = Object { description: describe(version), body: version.body.clone().unwrap_or_default() };
            if object.description.bytes > limit {
                return Err(Error::new(ErrorKind::Validation, GET, format!("{} is too large", source.key)));
            }
            Ok(object)
        })
        .await
    }

    async fn download(&self, source: &ObjectVersion, path: &Path, progress: Progress<'_>) -> Result<ObjectDescription> {
        let object = self.get(source, u64::MAX).await?;
        std::fs::write(path, &object.body).map_err(|error| Error::file(GET, path, &error))?;
        progress(object.description.bytes);
        Ok(object.description)
    }

    async fn put(&self, target: &PutTarget, body: &[u8]) -> Result<Written> {
        self.call(PUT, |state| state.put_object(target, body)).await
    }

    async fn upload(&self, target: &PutTarget, path: &Path, progress: Progress<'_>) -> Result<Written> {
        let body = std::fs::read(path).map_err(|error| Error::file(PUT, path, &error))?;
        let written = self.put(target, &body).await?;
        progress(written.bytes);
        Ok(written)
    }

    async fn list(&self, bucket: &str, prefix: &str) -> Result<Vec<ObjectSummary>> {
        self.call("s3:ListBucket", |state| {
            state.bucket("s3:ListBucket", bucket)?;
            let keys = state.storage.objects.get(bucket).into_iter().flatten();
            let newest = keys.filter(|(key, _)| key.starts_with(prefix)).filter_map(|(key, versions)| {
                let version = versions.last()?;
                let body = version.body.as_ref()?;
                let modified = Some(date(version.written));
                Some(ObjectSummary { key: key.clone(), bytes: body.len() as u64, etag: version.etag.clone(), modified })
            });
            Ok(newest.collect())
        })
        .await
    }

    async fn list_versions(&self, bucket: &str, prefix: &str) -> Result<Vec<VersionSummary>> {
        self.call("s3:ListBucketVersions", |state| {
            state.bucket("s3:ListBucketVersions", bucket)?;
            let keys = state.storage.objects.get(bucket).into_iter().flatten();
            let all = keys.filter(|(key, _)| key.starts_with(prefix)).flat_map(|(key, versions)| {
                versions.iter().map(|version| VersionSummary {
                    key: key.clone(),
                    version: Some(version.id.clone().unwrap_or_else(|| "null".to_owned())),
                    bytes: version.body.as_ref().map_or(0, |body| body.len() as u64),
                    is_delete_marker: version.body.is_none(),
                })
            });
            Ok(all.collect())
        })
        .await
    }

    async fn delete(&self, target: &ObjectVersion) -> Result<()> {
        self.call("s3:DeleteObject", |state| state.delete_object(target)).await
    }
}

fn describe(version: &Version) -> ObjectDescription {
    ObjectDescription {
        bytes: version.body.as_ref().map_or(0, |body| body.len() as u64),
        etag: version.etag.clone(),
        version: version.id.clone(),
        modified: Some(date(version.written)),
        content_type: version.content_type.clone(),
        metadata: version.metadata.clone(),
        sha256: None,
    }
}

impl State {
    fn version(&self, source: &ObjectVersion) -> Option<&Version> {
        match &source.version {
            None => self.storage.newest(&source.bucket, &source.key),
            Some(id) => {
                let mut versions = self.storage.objects.get(&source.bucket)?.get(&source.key)?.iter();
                versions.find(|version| is_version(version, id)).filter(|version| version.body.is_some())
            }
        }
    }

    /// Finds out whether a bucket, that there must be, keeps versions.
    fn bucket(&self, operation: &'static str, bucket: &str) -> Result<bool> {
        let found = self.world.get("AWS::S3::Bucket", bucket);
        let missing = || refusal(operation, "NoSuchBucket", format!("The specified bucket does not exist: {bucket}"));
        Ok(found.ok_or_else(missing)?.properties["VersioningConfiguration"]["Status"] == "Enabled")
    }

    fn put_object(&mut self, target: &PutTarget, body: &[u8]) -> Result<Written> {
        let has_versions = self.bucket(PUT, &target.bucket)?;
        if target.condition == PutCondition::IfAbsent && self.storage.newest(&target.bucket, &target.key).is_some() {
            return Err(refusal(
                PUT,
                "PreconditionFailed",
                "At least one of the pre-conditions you specified did not hold",
            ));
        }
        let number = self.next().to_string();
        let version = Version {
            id: has_versions.then(|| self.random.hex(&["version", &target.key, &number], 32)),
            body: Some(body.to_vec()),
            etag: self.random.hex(&["etag", &String::from_utf8_lossy(body)], 32),
            written: self.now,
            content_type: target.content_type.clone(),
            metadata: target.metadata.clone(),
        };
        let written = Written { etag: version.etag.clone(), version: version.id.clone(), bytes: body.len() as u64 };
        let versions =
            self.storage.objects.entry(target.bucket.clone()).or_default().entry(target.key.clone()).or_default();
        if !has_versions {
            versions.retain(|version| version.id.is_some());
        }
        versions.push(version);
        Ok(written)
    }

    fn delete_object(&mut self, target: &ObjectVersion) -> Result<()> {
        let has_versions = self.bucket("s3:DeleteObject", &target.bucket)?;
        let number = self.next().to_string();
        let marker = self.random.hex(&["marker", &target.key, &number], 32);
        let now = self.now;
        let Some(keys) = self.storage.objects.get_mut(&target.bucket) else { return Ok(()) };
        let Some(versions) = keys.get_mut(&target.key) else { return Ok(()) };
        match &target.version {
            Some(id) => versions.retain(|version| !is_version(version, id)),
            None if has_versions => versions.push(Version {
                id: Some(marker),
                body: None,
                etag: String::new(),
                written: now,
                content_type: None,
                metadata: std::collections::BTreeMap::new(),
            }),
            None => versions.clear(),
        }
        if versions.is_empty() {
            keys.remove(&target.key);
        }
        if keys.is_empty() {
            self.storage.objects.remove(&target.bucket);
        }
        Ok(())
    }
}

fn is_version(version: &Version, id: &str) -> bool {
    version.id.as_deref().unwrap_or("null") == id
}
