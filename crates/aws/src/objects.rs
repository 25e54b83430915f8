mod read;
mod write;

use std::path::Path;

use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::Builder;
use aws_sdk_s3::types::{ChecksumAlgorithm, EncodingType};
use cloud::Result;
use cloud::objects::{
    Object, ObjectDescription, ObjectSummary, ObjectVersion, Objects, Progress, PutTarget, VersionSummary, Written,
};

use crate::error::Endpoint;
use crate::time;

const LIST_VERSIONS: &str = "s3:ListObjectVersions";

pub(crate) struct Service {
    client: Client,
    endpoint: Endpoint,
    checksum: ChecksumAlgorithm,
}

impl Service {
    pub(crate) fn new(config: &SdkConfig, endpoint: Endpoint, is_local: bool) -> Self {
        // No name server knows `bucket.127.0.0.1`.
        let config = Builder::from(config).force_path_style(is_local).build();
        // S3's own default; the emulator computes it in Python, at 5 MB/s, and CRC-32 in C.
        let checksum = if is_local { ChecksumAlgorithm::Crc32 } else { ChecksumAlgorithm::Crc64Nvme };
        Self { client: Client::from_conf(config), endpoint, checksum }
    }
}

#[async_trait]
impl Objects for Service {
    async fn head(&self, source: &ObjectVersion) -> Result<Option<ObjectDescription>> {
        self.head_object(source).await
    }

    async fn get(&self, source: &ObjectVersion, limit: u64) -> Result<Object> {
        self.get_object(source, limit).await
    }

    async fn download(&self, source: &ObjectVersion, path: &Path, progress: Progress<'_>) -> Result<ObjectDescription> {
        let outcome = self.download_object(source, path, progress).await;
        if outcome.is_err() {
            // Nobody may take half a file for a whole one. If it cannot be removed, the error says enough already.
            drop(tokio::fs::remove_file(path).await);
        }
        outcome
    }

    async fn put(&self, target: &PutTarget, body: &[u8]) -> Result<Written> {
        self.put_bytes(target, body).await
    }

    async fn upload(&self, target: &PutTarget, path: &Path, progress: Progress<'_>) -> Result<Written> {
        self.upload_file(target, path, progress).await
    }

    async fn list(&self, bucket: &str, prefix: &str) -> Result<Vec<ObjectSummary>> {
        let request = self.client.list_objects_v2().bucket(bucket).prefix(prefix);
        // Keys may hold characters that XML cannot.
        let mut pages = request.encoding_type(EncodingType::Url).into_paginator().send();
        let mut objects = Vec::new();
        while let Some(page) = pages.next().await {
            let page =
                page.map_err(|error| self.endpoint.error("s3:ListObjectsV2", address(bucket, prefix), &error))?;
            let is_encoded = page.encoding_type == Some(EncodingType::Url);
            objects.extend(page.contents.unwrap_or_default().into_iter().map(|object| summary(object, is_encoded)));
        }
        Ok(objects)
    }

    async fn list_versions(&self, bucket: &str, prefix: &str) -> Result<Vec<VersionSummary>> {
        let mut versions = Vec::new();
        // The SDK has no paginator for this operation: a page ends with a key and a version.
        let mut next = (None, None);
        loop {
            let request = self.client.list_object_versions().bucket(bucket).prefix(prefix);
            let request = request.encoding_type(EncodingType::Url).set_key_marker(next.0).set_version_id_marker(next.1);
            let page = request.send().await;
            let page = page.map_err(|error| self.endpoint.error(LIST_VERSIONS, address(bucket, prefix), &error))?;
            let is_encoded = page.encoding_type == Some(EncodingType::Url);
            let decode = |key: Option<String>| decode_if(is_encoded, key.unwrap_or_default());
            versions.extend(page.versions.unwrap_or_default().into_iter().map(|version| VersionSummary {
                key: decode(version.key),
                version: version.version_id,
                bytes: unsigned(version.size),
                is_delete_marker: false,
            }));
            versions.extend(page.delete_markers.unwrap_or_default().into_iter().map(|marker| VersionSummary {
                key: decode(marker.key),
                version: marker.version_id,
                bytes: 0,
                is_delete_marker: true,
            }));
            if page.is_truncated != Some(true) || page.next_key_marker.is_none() {
                return Ok(versions);
            }
            next = (page.next_key_marker.map(|key| decode_if(is_encoded, key)), page.next_version_id_marker);
        }
    }

    async fn delete(&self, target: &ObjectVersion) -> Result<()> {
        let request = self.client.delete_object().bucket(&target.bucket).key(&target.key);
        let request = request.set_version_id(target.version.clone()).set_if_match(target.etag.clone());
        let answer = request.send().await;
        let subject = address(&target.bucket, &target.key);
        answer.map_err(|error| self.endpoint.error("s3:DeleteObject", subject, &error))?;
        Ok(())
    }
}

fn summary(object: aws_sdk_s3::types::Object, is_encoded: bool) -> ObjectSummary {
    ObjectSummary {
        key: decode_if(is_encoded, object.key.unwrap_or_default()),
        bytes: unsigned(object.size),
        etag: etag(object.e_tag),
        modified: time(object.last_modified.as_ref()),
    }
}

fn decode_if(is_encoded: bool, key: String) -> String {
    if is_encoded { decode(&key) } else { key }
}

/// Decodes a key as `encoding-type=url` writes it: percent signs, and `+` for a space.
fn decode(key: &str) -> String {
    let mut decoded = Vec::with_capacity(key.len());
    let mut rest = key.as_bytes();
    while let [byte, tail @ ..] = rest {
        rest = tail;
        match (byte, tail) {
            (b'+', _) => decoded.push(b' '),
            (b'%', [high, low, after @ ..]) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                decoded.push(hex_digit(*high) << 4 | hex_digit(*low));
                rest = after;
            }
            (byte, _) => decoded.push(*byte),
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

fn hex_digit(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        digit => (digit | 0x20) - b'a' + 10,
    }
}

fn address(bucket: &str, key: &str) -> String {
    format!("s3://{bucket}/{key}")
}

fn etag(etag: Option<String>) -> String {
    etag.unwrap_or_default().trim_matches('"').to_owned()
}

fn unsigned(bytes: Option<i64>) -> u64 {
    bytes.and_then(|bytes| u64::try_from(bytes).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn listed_keys_are_decoded() {
        assert_eq!(decode("a+b%0Ac%C3%A9/%2B%25"), "a b\ncé/+%");
        assert_eq!(decode("cut%2"), "cut%2");
    }
}
