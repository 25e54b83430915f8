use std::path::Path;

use async_trait::async_trait;
use cloud::objects::{
    Object, ObjectDescription, ObjectSummary, ObjectVersion, Objects, Progress, PutCondition, PutTarget,
    VersionSummary, Written,
};
use cloud::{Error, ErrorKind, Result};

use super::Fake;

fn absent(operation: &'static str) -> Error {
    Error::new(ErrorKind::Service, operation, "not part of this fake")
}

#[async_trait]
impl Objects for Fake {
    async fn head(&self, _source: &ObjectVersion) -> Result<Option<ObjectDescription>> {
        Err(absent("s3:GetObject"))
    }

    async fn get(&self, _source: &ObjectVersion, _limit: u64) -> Result<Object> {
        Err(absent("s3:GetObject"))
    }

    async fn download(
        &self,
        _source: &ObjectVersion,
        _path: &Path,
        _progress: Progress<'_>,
    ) -> Result<ObjectDescription> {
        Err(absent("s3:GetObject"))
    }

    async fn put(&self, target: &PutTarget, body: &[u8]) -> Result<Written> {
        let place = (target.bucket.clone(), target.key.clone());
        let mut state = self.state();
        if target.condition == PutCondition::IfAbsent && state.objects.contains_key(&place) {
            return Err(Error::new(ErrorKind::PreconditionFailed, "s3:PutObject", target.key.clone()));
        }
        state.objects.insert(place, body.to_vec());
        Ok(Written { etag: String::new(), version: None, bytes: body.len() as u64 })
    }

    async fn upload(&self, _target: &PutTarget, _path: &Path, _progress: Progress<'_>) -> Result<Written> {
        Err(absent("s3:PutObject"))
    }

    async fn list(&self, bucket: &str, prefix: &str) -> Result<Vec<ObjectSummary>> {
        let state = self.state();
        let objects = state.objects.iter().filter(|((of, key), _)| of == bucket && key.starts_with(prefix));
        Ok(objects
            .map(|((_, key), body)| ObjectSummary {
                key: key.clone(),
                bytes: body.len() as u64,
                etag: String::new(),
                modified: None,
            })
            .collect())
    }

    async fn list_versions(&self, bucket: &str, prefix: &str) -> Result<Vec<VersionSummary>> {
        let newest = self.list(bucket, prefix).await?.into_iter().map(|object| (object.key, None, object.bytes));
        let state = self.state();
        let older = state.older_versions.iter().filter(|(of, key, _)| of == bucket && key.starts_with(prefix));
        let older = older.map(|(_, key, version)| (key.clone(), Some(version.clone()), 0));
        let summary = |(key, version, bytes)| VersionSummary { key, version, bytes, is_delete_marker: false };
        Ok(newest.chain(older).map(summary).collect())
    }

    async fn delete(&self, target: &ObjectVersion) -> Result<()> {
        let mut state = self.state();
        let (bucket, key) = (target.bucket.clone(), target.key.clone());
        match &target.version {
            Some(version) => state.older_versions.remove(&(bucket, key, version.clone())),
            None => state.objects.remove(&(bucket, key)).is_some(),
        };
        Ok(())
    }
}
