use std::path::{Path, PathBuf};

use cloud::Cloud;
use cloud::objects::PutTarget;
use job::identity::ID_DIGITS;
use job::keys::LONGEST_KEY;
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
    /// Makes sure that the file can be read, and that it becomes a job whose result has a key; returns its size and its
    /// key.
    pub fn check(&self, recipe: &Recipe) -> Result<(u64, String), Error> {
        let bytes = size(&self.file)?;
        let key = self.key()?;
        check_key(&key, &self.suffixes, recipe)?;
        Ok((bytes, key))
    }

    /// Returns the key that the file gets.
    pub(crate) fn key(&self) -> Result<String, Error> {
        let name = || self.file.file_name()?.to_str().map(str::to_owned);
        self.key.clone().or_else(name).ok_or_else(|| Error::NoKey { file: self.file.clone() })
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
    let (total, key) = upload.check(recipe)?;
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

fn check_key(key: &str, suffixes: &[String], recipe: &Recipe) -> Result<(), Error> {
    if key.is_empty() || key.len() > LONGEST_KEY {
        return Err(Error::KeyLength { bytes: key.len() });
    }
    if let Some(character) = key.chars().find(|character| !is_in_xml(*character)) {
        return Err(Error::KeyCharacter { key: key.to_owned(), character });
    }
    if leads_out(key) {
        return Err(Error::KeyLeadsOut { key: key.to_owned() });
    }
    if !has_suffix(key, suffixes) {
        return Err(Error::Suffix { key: key.to_owned(), suffixes: suffixes.to_owned() });
    }
    // As long as that of the job, whose id is known only by what S3 answers.
    let id = "0".repeat(ID_DIGITS);
    let result = job::keys::enhanced_key(key, recipe.scale, &id, recipe.encoding.container.as_str());
    if result.len() > LONGEST_KEY {
        return Err(Error::ResultKeyLength { bytes: result.len() });
    }
    Ok(())
}

/// Says whether XML 1.0 knows a character (its production `Char`). S3 stores a key with others, but cannot list it.
const fn is_in_xml(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

/// Says whether a key goes above the beginning of its bucket, read from left to right. S3 refuses such keys.
///
/// See "Naming Amazon S3 objects" in the Amazon S3 user guide.
fn leads_out(key: &str) -> bool {
    let mut depth = 0_usize;
    for segment in key.split('/') {
        match segment {
            ".." if depth == 0 => return true,
            ".." => depth -= 1,
            "" | "." => {}
            _ => depth += 1,
        }
    }
    false
}
