use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use cloud::Cloud;
use cloud::objects::ObjectVersion;
use job::JobItem;
use sha2::{Digest, Sha256};

use crate::call::Throttle;
use crate::{Error, Event, Events, destination};

/// Downloads the result of a job to a file, and verifies it.
///
/// The file appears once it is complete and right, in place of one that was there.
pub async fn download(cloud: &Cloud, job: &JobItem, file: &Path, events: &dyn Events) -> Result<(), Error> {
    let output = job.output.as_ref();
    let output = output.ok_or_else(|| Error::NoOutput { job: job.id.clone(), state: job.state })?;
    let part = destination::part(file);
    destination::replaceable(&part)?;
    let fetched = fetch(cloud, job, output, &part, file, events).await;
    if fetched.is_err() {
        // What arrived is of no use; that it cannot be removed would change nothing about that.
        let _ = std::fs::remove_file(&part);
    }
    let bytes = fetched?;
    events.event(Event::Downloaded { file: file.to_owned(), bytes });
    Ok(())
}

async fn fetch(
    cloud: &Cloud,
    job: &JobItem,
    output: &job::item::Output,
    part: &Path,
    file: &Path,
    events: &dyn Events,
) -> Result<u64, Error> {
    let throttle = Throttle::default();
    let progress = |done: u64| {
        if throttle.is_due() {
            events.event(Event::Downloading { done });
        }
    };
    let unwritable = |error| Error::Unwritable { file: file.to_owned(), error };
    // Here, so that nobody takes it for an answer of the cloud if it cannot be made.
    File::create(part).map_err(unwritable)?;
    let source = ObjectVersion::newest(&output.bucket, &output.key);
    let description = cloud.objects.download(&source, part, &progress).await?;

    let actual = sha256(part).map_err(unwritable)?;
    if actual != output.sha256 {
        let expected = output.sha256.clone();
        return Err(Error::Corrupted { job: job.id.clone(), file: file.to_owned(), expected, actual });
    }
    // A job takes a while, in which something else may have come here.
    destination::replaceable(file)?;
    std::fs::rename(part, file).map_err(unwritable)?;
    Ok(description.bytes)
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
