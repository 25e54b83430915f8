//! What the artifact bucket holds: templates that are too large to be sent along, and the files that resources fetch.
//!
//! Every key names the SHA-256 of its content, and is written by a condition: what was uploaded once is never replaced by
//! something else, and two who upload the same do no harm.

mod stored;

use std::collections::BTreeMap;
use std::path::PathBuf;

use cloud::ErrorKind;
use cloud::objects::{ObjectDescription, ObjectVersion, PutTarget};
use template::StackTemplate;
use tree::Tree;

use crate::call::Context;
use crate::source::needs_bucket;
use crate::write::sha256;
use crate::{DeployOptions, Error, Event};

pub use stored::{PruneOptions, Pruned, Stored, StoredArtifact, artifacts, prune};

/// The user's metadata of an object in which its SHA-256 is, as hexadecimal digits.
const SHA256_METADATA: &str = "sha256";

/// Names the output that is the artifact bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Artifacts {
    /// The stack's name within the app.
    pub stack: String,
    /// The output, whose value is the bucket's name.
    pub output: String,
}

/// A file that resources of stacks fetch from the artifact bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asset {
    /// What it is, for people: `agent`.
    pub name: String,
    /// The parameter by which stacks are told its SHA-256: every stack that has one of this name needs the file.
    pub parameter: String,
    /// The key in the bucket, which has the SHA-256 in it.
    pub key: String,
    /// What is uploaded.
    pub source: AssetSource,
    /// The SHA-256 that it must have, as 64 lowercase hexadecimal digits.
    pub sha256: String,
}

/// What a file in the artifact bucket is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AssetSource {
    /// A file on this machine.
    File(PathBuf),
    /// These bytes: for rehearsals, which need no real one.
    Bytes(Vec<u8>),
}

impl Asset {
    /// Says whether a stack needs the file.
    pub fn is_for(&self, stack: &StackTemplate) -> bool {
        let parameters = stack.template.get("Parameters").and_then(Tree::as_map);
        parameters.is_some_and(|parameters| parameters.get(&self.parameter).is_some())
    }
}

impl DeployOptions {
    /// Returns the values of a stack's parameters that do not come from other stacks: of the files that it needs, and those
    /// that were given.
    pub(crate) fn given(&self, stack: &StackTemplate) -> BTreeMap<String, String> {
        let assets = self.assets.iter().filter(|asset| asset.is_for(stack));
        let mut given: BTreeMap<_, _> = assets.map(|asset| (asset.parameter.clone(), asset.sha256.clone())).collect();
        given.extend(self.parameters.get(&stack.name).cloned().unwrap_or_default());
        given
    }

    /// Says whether something has to be in the artifact bucket before a stack can be deployed.
    pub(crate) fn needs_bucket(&self, stack: &StackTemplate) -> bool {
        needs_bucket(stack) || self.assets.iter().any(|asset| asset.is_for(stack))
    }
}

/// Makes sure that the artifact bucket has a file, and that it is this one.
pub(crate) async fn upload(context: &Context<'_>, asset: &Asset, bucket: &str) -> Result<(), Error> {
    let objects = &context.cloud.objects;
    let place = ObjectVersion::newest(bucket, &asset.key);
    match context.call(async || objects.head(&place).await).await {
        Ok(Some(there)) => return verify(asset, bucket, &there),
        Ok(None) => {}
        // Whoever may not list the bucket is not told that the object is not there.
        Err(error) if error.kind == ErrorKind::AccessDenied => {}
        Err(error) => return Err(error.into()),
    }
    let body = match &asset.source {
        AssetSource::Bytes(bytes) => bytes.clone(),
        AssetSource::File(path) => tokio::fs::read(path).await.map_err(|source| Error::AssetUnreadable {
            name: asset.name.clone(),
            path: path.clone(),
            source,
        })?,
    };
    let found = sha256(&body);
    if found != asset.sha256 {
        let Asset { name, sha256: expected, .. } = asset.clone();
        return Err(Error::AssetChanged { name, expected, found });
    }
    let target = PutTarget::new(bucket, &asset.key)
        .if_absent()
        .content_type("application/octet-stream")
        .metadata(SHA256_METADATA, &asset.sha256);
    match context.call(async || objects.put(&target, &body).await).await {
        Ok(_) => {
            context.tell(Event::AssetUploaded {
                name: asset.name.clone(),
                bucket: bucket.to_owned(),
                key: asset.key.clone(),
                bytes: u64::try_from(body.len()).unwrap_or(u64::MAX),
            });
            Ok(())
        }
        // Somebody else was first, or the answer to an earlier try was lost.
        Err(error) if error.kind == ErrorKind::PreconditionFailed => {
            match context.call(async || objects.head(&place).await).await? {
                Some(there) => verify(asset, bucket, &there),
                None => Err(error.into()),
            }
        }
        Err(error) => Err(error.into()),
    }
}

/// Makes sure that an object is what its key says. Instances verify it again, by its bytes.
fn verify(asset: &Asset, bucket: &str, there: &ObjectDescription) -> Result<(), Error> {
    if there.metadata.get(SHA256_METADATA) == Some(&asset.sha256) {
        return Ok(());
    }
    let Asset { name, key, .. } = asset.clone();
    Err(Error::AssetDiffers { name, bucket: bucket.to_owned(), key })
}
