//! S3 in memory.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;

use async_trait::async_trait;
use cloud::objects::{
    Object, ObjectDescription, ObjectSummary, ObjectVersion, Objects, Progress, PutCondition, PutTarget, Written,
};
use cloud::{Error, ErrorKind, Result};

use super::lock;

#[derive(Default)]
pub struct MemoryObjects {
    objects: Mutex<BTreeMap<(String, String), Object>>,
    /// Every object that was ever written, so that a test sees what was overwritten.
    writes: Mutex<Vec<String>>,
}

impl MemoryObjects {
    pub fn find(&self, bucket: &str, key: &str) -> Option<Object> {
        lock(&self.objects).get(&(bucket.to_owned(), key.to_owned())).cloned()
    }

    pub fn keys(&self, bucket: &str) -> Vec<String> {
        lock(&self.objects).keys().filter(|(found, _)| found == bucket).map(|(_, key)| key.clone()).collect()
    }

    pub fn writes(&self, bucket: &str) -> usize {
        lock(&self.writes).iter().filter(|written| *written == bucket).count()
    }

    pub fn store(&self, target: &PutTarget, body: Vec<u8>) -> Result<Written> {
        let place = (target.bucket.clone(), target.key.clone());
        let mut objects = lock(&self.objects);
        if target.condition == PutCondition::IfAbsent && objects.contains_key(&place) {
            return Err(Error::new(ErrorKind::PreconditionFailed, "s3:PutObject", "the object exists"));
        }
        assert!(target.key.len() <= 1024 && !target.key.is_empty(), "S3 refuses the key {:?}", target.key);
        for (name, value) in &target.metadata {
            assert!(name.is_ascii() && value.is_ascii(), "S3 garbles metadata that is not ASCII: {name}: {value}");
        }
        let mut writes = lock(&self.writes);
        writes.push(target.bucket.clone());
        let description = ObjectDescription {
            bytes: body.len() as u64,
            etag: format!("etag-{}", writes.len()),
            version: Some(format!("version-{}", writes.len())),
            content_type: target.content_type.clone(),
            metadata: target.metadata.clone(),
            ..ObjectDescription::default()
        };
        let (etag, version, bytes) = (description.etag.clone(), description.version.clone(), description.bytes);
        objects.insert(place, Object { description, body });
        Ok(Written { etag, version, bytes })
    }

    fn read(&self, source: &ObjectVersion) -> Result<Object> {
        let missing = || Error::new(ErrorKind::NotFound, "s3:GetObject", "no such key");
        let object = self.find(&source.bucket, &source.key).ok_or_else(missing)?;
        if source.version.is_some() && source.version != object.description.version {
            return Err(missing());
        }
        if source.etag.as_ref().is_some_and(|etag| *etag != object.description.etag) {
            return Err(Error::new(ErrorKind::PreconditionFailed, "s3:GetObject", "another etag"));
        }
        Ok(object)
    }
}

#[async_trait]
impl Objects for MemoryObjects {
    async fn head(&self, source: &ObjectVersion) -> Result<Option<ObjectDescription>> {
        Ok(self.find(&source.bucket, &source.key).map(|object| object.description))
    }

    async fn get(&self, source: &ObjectVersion, _: u64) -> Result<Object> {
        self.read(source)
    }

    async fn download(&self, source: &ObjectVersion, path: &Path, progress: Progress<'_>) -> Result<ObjectDescription> {
        let object = self.read(source)?;
        std::fs::write(path, &object.body).map_err(|error| Error::file("s3:GetObject", path, &error))?;
        progress(object.description.bytes);
        Ok(object.description)
    }

    async fn put(&self, target: &PutTarget, body: &[u8]) -> Result<Written> {
        self.store(target, body.to_owned())
    }

    async fn upload(&self, target: &PutTarget, path: &Path, progress: Progress<'_>) -> Result<Written> {
        let body = std::fs::read(path).map_err(|error| Error::file("s3:PutObject", path, &error))?;
        progress(body.len() as u64);
        self.store(target, body)
    }

    async fn list(&self, _: &str, _: &str) -> Result<Vec<ObjectSummary>> {
        Err(Error::new(ErrorKind::AccessDenied, "s3:ListObjectsV2", "workers do not list"))
    }

    async fn delete(&self, _: &ObjectVersion) -> Result<()> {
        Err(Error::new(ErrorKind::AccessDenied, "s3:DeleteObject", "workers do not delete"))
    }
}
