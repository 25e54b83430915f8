use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use cloud::Cloud;
use cloud::objects::ObjectVersion;
use job::JobItem;
use sha2::{Digest, Sha256};

use crate::call::Throttle;
use crate::{Error, Event, Events};

/// Downloads the result of a job to `path`, or into it if it is a folder, verifies it, and returns the file.
///
/// The file appears once it is complete and right, in place of one that was there.
pub async fn download(cloud: &Cloud, job: &JobItem, path: &Path, events: &dyn Events) -> Result<PathBuf, Error> {
    let output = job.output.as_ref();
    let output = output.ok_or_else(|| Error::NoOutput { job: job.id.clone(), state: job.state })?;
    let file = if path.is_dir() { path.join(file_name(&output.key)) } else { path.to_owned() };
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    let part = file.with_file_name(name);

    let throttle = Throttle::default();
    let progress = |done: u64| {
        if throttle.is_due() {
            events.event(Event::Downloading { done });
        }
    };
    let source = ObjectVersion::newest(&output.bucket, &output.key);
    let description = cloud.objects.download(&source, &part, &progress).await?;

    let unwritable = |error| Error::Unwritable { file: file.clone(), error };
    let actual = sha256(&part).map_err(unwritable)?;
    if actual != output.sha256 {
        // What arrived is of no use; that it cannot be removed would change nothing about that.
        let _ = std::fs::remove_file(&part);
        return Err(Error::Corrupted { job: job.id.clone(), file, expected: output.sha256.clone(), actual });
    }
    std::fs::rename(&part, &file).map_err(unwritable)?;
    events.event(Event::Downloaded { file: file.clone(), bytes: description.bytes });
    Ok(file)
}

/// The last segment of a key. Characters that lead out of a folder, or into none, do not survive.
fn file_name(key: &str) -> String {
    let name = key.rsplit('/').next().unwrap_or(key);
    let name: String =
        name.chars().map(|letter| if letter.is_control() || letter == '\\' { '_' } else { letter }).collect();
    if name.is_empty() || name == "." || name == ".." { "enhanced".to_owned() } else { name }
}

fn sha256(path: &Path) -> io::Result<String> {
    use std::fmt::Write;
    let mut file = File::open(path)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            break;
        }
        hash.update(&buffer[..read]);
    }
    Ok(hash.finalize().iter().fold(String::with_capacity(64), |mut text, byte| {
        // Writing into a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    }))
}

#[cfg(test)]
mod tests {
    use super::file_name;

    #[test]
    fn a_key_cannot_lead_out_of_the_folder() {
        for (key, expected) in [
            ("a/clip_sr_2x/0123.mp4", "0123.mp4"),
            ("../..", "enhanced"),
            ("a/", "enhanced"),
            ("a/b\\c\n.mp4", "b_c_.mp4"),
        ] {
            assert_eq!(file_name(key), expected, "{key:?}");
        }
    }
}
