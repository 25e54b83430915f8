use std::path::{Path, PathBuf};

use cloud::Cloud;
use cloud::objects::PutTarget;
use job::{Recipe, Source};
use serde::Serialize;

use crate::call::Throttle;
use crate::media_type::media_type;
use crate::{Error, Event, Events};

/// A video to be submitted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upload {
    /// The file.
    pub file: PathBuf,
    /// The key that it gets; `None` for the file's name.
    pub key: Option<String>,
    /// The endings of keys that become jobs, upper and lower case alike; any if there are none.
    pub suffixes: Vec<String>,
}

/// A video that was submitted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Submitted {
    /// The id of the job that it becomes.
    pub job: String,
    /// The object.
    pub source: Source,
}

impl Upload {
    /// Makes sure that the file can be read, and that it becomes a job; returns its size and its key.
    pub fn check(&self) -> Result<(u64, String), Error> {
        Ok((size(&self.file)?, key(self)?))
    }
}

/// Uploads a video, which becomes a job by that alone, and computes the job's id.
///
/// The recipe is the one that the environment was deployed with: the workflow computes the same id from it.
pub async fn submit(
    cloud: &Cloud,
    bucket: &str,
    upload: &Upload,
    recipe: &Recipe,
    events: &dyn Events,
) -> Result<Submitted, Error> {
    let (total, key) = upload.check()?;
    let target = PutTarget::new(bucket, &key).content_type(media_type(&key));
    let throttle = Throttle::default();
    let progress = |done: u64| {
        if done >= total || throttle.is_due() {
            events.event(Event::Uploading { done, total });
        }
    };
    let written = cloud.objects.upload(&target, &upload.file, &progress).await?;
    let source = Source {
        bucket: bucket.to_owned(),
        key,
        version: written.version,
        etag: job::identity::unquoted(&written.etag).to_owned(),
        bytes: written.bytes,
    };
    let job = source.job_id(&recipe.identity());
    events.event(Event::Uploaded {
        bucket: source.bucket.clone(),
        key: source.key.clone(),
        bytes: source.bytes,
        job: job.clone(),
    });
    Ok(Submitted { job, source })
}

/// Says whether a key has one of the endings, upper and lower case alike.
pub fn has_suffix(key: &str, suffixes: &[String]) -> bool {
    let key = key.to_lowercase();
    suffixes.is_empty() || suffixes.iter().any(|suffix| key.ends_with(&suffix.to_lowercase()))
}

fn size(file: &Path) -> Result<u64, Error> {
    let metadata = std::fs::metadata(file).map_err(|error| Error::Unreadable { file: file.to_owned(), error })?;
    if metadata.is_file() { Ok(metadata.len()) } else { Err(Error::NotAFile { file: file.to_owned() }) }
}

fn key(upload: &Upload) -> Result<String, Error> {
    let name = || upload.file.file_name()?.to_str().map(str::to_owned);
    let key = upload.key.clone().or_else(name).ok_or_else(|| Error::NoKey { file: upload.file.clone() })?;
    if key.is_empty() || key.len() > job::keys::LONGEST_KEY {
        return Err(Error::KeyLength { bytes: key.len() });
    }
    if !has_suffix(&key, &upload.suffixes) {
        return Err(Error::Suffix { key, suffixes: upload.suffixes.clone() });
    }
    Ok(key)
}
