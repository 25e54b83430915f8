use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use aws_config::timeout::TimeoutConfig;
use aws_sdk_s3::config::Builder;
use aws_sdk_s3::primitives::{ByteStream, Length};
use aws_sdk_s3::types::{ChecksumType, CompletedMultipartUpload, CompletedPart};
use cloud::objects::{Progress, PutCondition, PutTarget, Written};
use cloud::{Error, ErrorKind, Result};
use futures::{StreamExt, TryStreamExt, stream};

use super::{Service, address, etag};

const PUT: &str = "s3:PutObject";

const MIB: u64 = 1024 * 1024;

/// Up to this size a file goes in one request.
const SINGLE_PUT_BYTES: u64 = 16 * MIB;

/// S3 takes at most this many parts (S3 user guide, "Amazon S3 multipart upload limits").
const MAX_PARTS: u64 = 10_000;

/// How many parts are under way at once.
const PARALLEL_PARTS: usize = 4;

/// How long one request with a body may take: a part of 16 MiB over 150 kbit/s.
const BODY_TIMEOUT: Duration = Duration::from_mins(15);

/// How much of a file is read at once; the SDK's own 4 KiB cost a system call each.
const BUFFER_BYTES: usize = 256 * 1024;

/// An upload in parts that has been started.
struct Multipart<'a> {
    target: &'a PutTarget,
    path: &'a Path,
    upload_id: String,
    bytes: u64,
    part_bytes: u64,
}

impl Service {
    pub(super) async fn put_bytes(&self, target: &PutTarget, body: &[u8]) -> Result<Written> {
        self.put_object(target, ByteStream::from(body.to_vec()), body.len() as u64).await
    }

    pub(super) async fn upload_file(&self, target: &PutTarget, path: &Path, progress: Progress<'_>) -> Result<Written> {
        let metadata = tokio::fs::metadata(path).await.map_err(|error| Error::file(PUT, path, &error))?;
        let bytes = metadata.len();
        if bytes > SINGLE_PUT_BYTES {
            return self.upload_in_parts(target, path, bytes, progress).await;
        }
        let body = file_body(path, 0, bytes).await?;
        let written = self.put_object(target, body, bytes).await?;
        progress(bytes);
        Ok(written)
    }

    async fn put_object(&self, target: &PutTarget, body: ByteStream, bytes: u64) -> Result<Written> {
        let request = self.client.put_object().bucket(&target.bucket).key(&target.key).body(body);
        let answer = request
            .set_content_type(target.content_type.clone())
            .set_metadata(Some(target.metadata.clone().into_iter().collect()))
            .set_if_none_match(if_none_match(target))
            .checksum_algorithm(self.checksum.clone())
            .customize()
            .config_override(patient())
            .send()
            .await;
        let subject = address(&target.bucket, &target.key);
        let answer = answer.map_err(|error| self.endpoint.error(PUT, subject, &error))?;
        Ok(Written { etag: etag(answer.e_tag), version: answer.version_id, bytes })
    }

    async fn upload_in_parts(
        &self,
        target: &PutTarget,
        path: &Path,
        bytes: u64,
        progress: Progress<'_>,
    ) -> Result<Written> {
        let upload_id = self.create_multipart_upload(target).await?;
        let multipart = Multipart { target, path, upload_id, bytes, part_bytes: part_bytes(bytes) };
        let outcome = match self.upload_parts(&multipart, progress).await {
            Ok(parts) => self.complete_multipart_upload(&multipart, parts).await,
            Err(error) => Err(error),
        };
        if outcome.is_err() {
            // Parts cost money until they are removed. If this fails too (or the process is killed), the bucket's
            // rule for incomplete uploads removes them.
            let abort = self.client.abort_multipart_upload().bucket(&target.bucket).key(&target.key);
            drop(abort.upload_id(&multipart.upload_id).send().await);
        }
        outcome
    }

    async fn create_multipart_upload(&self, target: &PutTarget) -> Result<String> {
        let request = self.client.create_multipart_upload().bucket(&target.bucket).key(&target.key);
        let answer = request
            .set_content_type(target.content_type.clone())
            .set_metadata(Some(target.metadata.clone().into_iter().collect()))
            .checksum_algorithm(self.checksum.clone())
            // One checksum of the whole object, which a download can be verified by.
            .checksum_type(ChecksumType::FullObject)
            .send()
            .await;
        let subject = address(&target.bucket, &target.key);
        let answer = answer.map_err(|error| self.endpoint.error(PUT, &subject, &error))?;
        answer
            .upload_id
            .ok_or_else(|| Error::new(ErrorKind::Unavailable, PUT, format!("{subject}: the answer has no upload id")))
    }

    async fn upload_parts(&self, multipart: &Multipart<'_>, progress: Progress<'_>) -> Result<Vec<CompletedPart>> {
        let done = AtomicU64::new(0);
        let count = multipart.bytes.div_ceil(multipart.part_bytes);
        let parts = (0..count).map(|index| self.upload_part(multipart, index));
        let parts = stream::iter(parts).buffered(PARALLEL_PARTS);
        let parts = parts.inspect_ok(|(_, bytes)| progress(done.fetch_add(*bytes, Ordering::Relaxed) + bytes));
        parts.map_ok(|(part, _)| part).try_collect().await
    }

    async fn upload_part(&self, multipart: &Multipart<'_>, index: u64) -> Result<(CompletedPart, u64)> {
        let Multipart { target, path, upload_id, .. } = multipart;
        let offset = index * multipart.part_bytes;
        let bytes = multipart.part_bytes.min(multipart.bytes - offset);
        let number = i32::try_from(index + 1).unwrap_or(i32::MAX);
        let body = file_body(path, offset, bytes).await?;
        let request = self.client.upload_part().bucket(&target.bucket).key(&target.key).upload_id(upload_id);
        let answer = request
            .part_number(number)
            .body(body)
            .checksum_algorithm(self.checksum.clone())
            .customize()
            .config_override(patient())
            .send()
            .await;
        let subject = address(&target.bucket, &target.key);
        let answer =
            answer.map_err(|error| self.endpoint.error(PUT, format_args!("{subject}, part {number}"), &error))?;
        let part = CompletedPart::builder()
            .part_number(number)
            .set_e_tag(answer.e_tag)
            .set_checksum_crc32(answer.checksum_crc32)
            .set_checksum_crc64_nvme(answer.checksum_crc64_nvme)
            .build();
        Ok((part, bytes))
    }

    async fn complete_multipart_upload(&self, multipart: &Multipart<'_>, parts: Vec<CompletedPart>) -> Result<Written> {
        let Multipart { target, upload_id, bytes, .. } = multipart;
        let parts = CompletedMultipartUpload::builder().set_parts(Some(parts)).build();
        let request = self.client.complete_multipart_upload().bucket(&target.bucket).key(&target.key);
        // Putting the parts together takes S3 minutes for a large object. It answers 200 at once, and an error may
        // still follow in the body: the SDK looks there.
        let answer = request
            .upload_id(upload_id)
            .multipart_upload(parts)
            .set_if_none_match(if_none_match(target))
            .checksum_type(ChecksumType::FullObject)
            .mpu_object_size(i64::try_from(*bytes).unwrap_or(i64::MAX))
            .customize()
            .config_override(patient())
            .send()
            .await;
        let subject = address(&target.bucket, &target.key);
        let answer = answer.map_err(|error| completion(self.endpoint.error(PUT, subject, &error)))?;
        Ok(Written { etag: etag(answer.e_tag), version: answer.version_id, bytes: *bytes })
    }
}

/// Reads an error of completing an upload.
///
/// `NoSuchUpload` comes when a first try, whose answer was lost, has completed it, and also when someone aborted it:
/// only a look at the object can tell.
fn completion(error: Error) -> Error {
    if error.code.as_deref() != Some("NoSuchUpload") {
        return error;
    }
    let message = format!("{}; an earlier try may have completed it", error.message);
    Error { kind: ErrorKind::Unavailable, message, ..error }
}

/// Chooses the size of parts: as small as 10,000 of them allow, in whole MiB.
fn part_bytes(bytes: u64) -> u64 {
    (bytes.div_ceil(MAX_PARTS).div_ceil(MIB) * MIB).max(SINGLE_PUT_BYTES)
}

async fn file_body(path: &Path, offset: u64, bytes: u64) -> Result<ByteStream> {
    let body = ByteStream::read_from()
        .path(path)
        .offset(offset)
        .length(Length::Exact(bytes))
        .buffer_size(BUFFER_BYTES)
        .build()
        .await;
    body.map_err(|error| {
        Error::new(ErrorKind::File(std::io::ErrorKind::Other), PUT, format!("{}: {error}", path.display()))
    })
}

fn if_none_match(target: &PutTarget) -> Option<String> {
    match target.condition {
        PutCondition::Any => None,
        PutCondition::IfAbsent => Some("*".to_owned()),
    }
}

/// Waits longer for an answer: the time it takes to send the body counts too.
fn patient() -> Builder {
    Builder::new().timeout_config(TimeoutConfig::builder().read_timeout(BODY_TIMEOUT).build())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_size_needs_too_many_parts() {
        let tebibyte = 1024 * 1024 * MIB;
        for bytes in [SINGLE_PUT_BYTES + 1, 160_000 * MIB, 160_000 * MIB + 1, 5 * tebibyte, 48 * tebibyte] {
            let part = part_bytes(bytes);
            assert!(bytes.div_ceil(part) <= MAX_PARTS, "{bytes}");
            assert!(part <= 5 * 1024 * MIB, "{bytes}: {part}");
        }
        assert_eq!(part_bytes(SINGLE_PUT_BYTES + 1), SINGLE_PUT_BYTES);
    }
}
