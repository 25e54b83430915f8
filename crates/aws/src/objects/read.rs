use std::path::Path;

use aws_sdk_s3::operation::get_object::GetObjectOutput;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::ChecksumMode;
use cloud::objects::{Object, ObjectDescription, ObjectVersion, Progress};
use cloud::{Error, ErrorKind, Result};
use tokio::fs::File;
use tokio::io::AsyncWriteExt;

use super::{Service, address, etag, unsigned};
use crate::error::of_body;
use crate::time;

const GET: &str = "s3:GetObject";
const HEAD: &str = "s3:HeadObject";

impl Service {
    pub(super) async fn head_object(&self, source: &ObjectVersion) -> Result<Option<ObjectDescription>> {
        let request = self.client.head_object().bucket(&source.bucket).key(&source.key);
        let answer = request
            .set_version_id(source.version.clone())
            .set_if_match(source.etag.clone())
            .checksum_mode(ChecksumMode::Enabled)
            .send()
            .await;
        let subject = address(&source.bucket, &source.key);
        let answer = match answer.map_err(|error| self.endpoint.error(HEAD, subject, &error)) {
            Ok(answer) => answer,
            Err(error) if error.kind == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        Ok(Some(ObjectDescription {
            bytes: unsigned(answer.content_length),
            etag: etag(answer.e_tag),
            version: answer.version_id,
            modified: time(answer.last_modified.as_ref()),
            content_type: answer.content_type,
            metadata: answer.metadata.unwrap_or_default().into_iter().collect(),
            sha256: answer.checksum_sha256,
        }))
    }

    pub(super) async fn get_object(&self, source: &ObjectVersion, limit: u64) -> Result<Object> {
        let subject = address(&source.bucket, &source.key);
        let (description, mut stream) = self.open(source).await?;
        if description.bytes > limit {
            let message = format!("{subject}: it has {} bytes, and {limit} are allowed here", description.bytes);
            return Err(Error::new(ErrorKind::Validation, GET, message));
        }
        let mut body = Vec::new();
        while let Some(chunk) = stream.next().await {
            body.extend_from_slice(&chunk.map_err(|error| of_body(GET, &subject, &error))?);
        }
        verify_length(&subject, &description, body.len() as u64)?;
        Ok(Object { description, body })
    }

    pub(super) async fn download_object(
        &self,
        source: &ObjectVersion,
        path: &Path,
        progress: Progress<'_>,
    ) -> Result<ObjectDescription> {
        let subject = address(&source.bucket, &source.key);
        let (description, mut stream) = self.open(source).await?;
        let file_error = |error| Error::file(GET, path, &error);
        let mut file = File::create(path).await.map_err(file_error)?;
        let mut bytes = 0;
        while let Some(chunk) = stream.next().await {
            let chunk = chunk.map_err(|error| of_body(GET, &subject, &error))?;
            file.write_all(&chunk).await.map_err(file_error)?;
            bytes += chunk.len() as u64;
            progress(bytes);
        }
        // Only the flush tells whether the last write reached the disk's file system.
        file.flush().await.map_err(file_error)?;
        verify_length(&subject, &description, bytes)?;
        Ok(description)
    }

    /// Starts reading. With the checksum mode on, the SDK verifies the body against the checksum that S3 keeps of the
    /// whole object; the stream's last chunk is an error if they differ.
    async fn open(&self, source: &ObjectVersion) -> Result<(ObjectDescription, ByteStream)> {
        let request = self.client.get_object().bucket(&source.bucket).key(&source.key);
        let answer = request
            .set_version_id(source.version.clone())
            .set_if_match(source.etag.clone())
            .checksum_mode(ChecksumMode::Enabled)
            .send()
            .await;
        let subject = address(&source.bucket, &source.key);
        let mut answer = answer.map_err(|error| self.endpoint.error(GET, &subject, &error))?;
        if answer.content_length.is_none() {
            let message = format!("{subject}: the answer does not say how long the object is");
            return Err(Error::new(ErrorKind::Unavailable, GET, message));
        }
        let stream = std::mem::take(&mut answer.body);
        Ok((description(answer), stream))
    }
}

fn description(answer: GetObjectOutput) -> ObjectDescription {
    ObjectDescription {
        bytes: unsigned(answer.content_length),
        etag: etag(answer.e_tag),
        version: answer.version_id,
        modified: time(answer.last_modified.as_ref()),
        content_type: answer.content_type,
        metadata: answer.metadata.unwrap_or_default().into_iter().collect(),
        sha256: answer.checksum_sha256,
    }
}

fn verify_length(subject: &str, description: &ObjectDescription, bytes: u64) -> Result<()> {
    if bytes == description.bytes {
        return Ok(());
    }
    let message = format!("{subject}: {bytes} bytes arrived of {}", description.bytes);
    Err(Error::new(ErrorKind::Corrupted, GET, message))
}
