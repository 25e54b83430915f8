//! Puts a verified result into its bucket, exactly once.

use std::path::Path;
use std::time::Duration;

use cloud::objects::{ObjectDescription, ObjectVersion, PutTarget};
use cloud::{ErrorKind, Objects};
use job::{Failure, ObjectLocation, StreamCounts, TaskReport};
use tokio::time::sleep;

use crate::event::printable;
use crate::failure;
use crate::retry::{Backoff, retrying};
use crate::signs::Signs;

/// For how long a question is asked again when the service does not answer.
const PATIENCE: Duration = Duration::from_mins(1);

/// How often an upload is begun.
const UPLOADS: u32 = 6;

/// What is told of a result, beside the object itself. It goes into the object's metadata, whole and at once with the
/// object, so that whoever finds the object knows what it is, and that it was verified.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Manifest {
    pub(crate) job: String,
    pub(crate) attempt: u32,
    pub(crate) sha256: String,
    pub(crate) frames: u64,
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) duration_seconds: f64,
    pub(crate) streams: StreamCounts,
    pub(crate) engine: String,
}

impl Manifest {
    fn write(&self, target: PutTarget) -> PutTarget {
        let StreamCounts { video, audio, subtitle } = self.streams;
        target
            .metadata("job", &self.job)
            .metadata("attempt", &self.attempt.to_string())
            .metadata("sha256", &self.sha256)
            .metadata("frames", &self.frames.to_string())
            .metadata("width", &self.width.to_string())
            .metadata("height", &self.height.to_string())
            .metadata("duration-seconds", &self.duration_seconds.to_string())
            .metadata("streams", &format!("{video} {audio} {subtitle}"))
            .metadata("engine", &self.engine)
    }

    /// Reads what [`Manifest::write`] wrote; `None` where anything is missing or odd.
    fn read(object: &ObjectDescription) -> Option<Self> {
        let text = |name: &str| object.metadata.get(name);
        let mut streams = text("streams")?.split(' ').map(|count| count.parse().ok());
        let mut next = || streams.next().flatten();
        let streams = StreamCounts { video: next()?, audio: next()?, subtitle: next()? };
        let manifest = Self {
            job: text("job")?.clone(),
            attempt: text("attempt")?.parse().ok()?,
            sha256: text("sha256")?.clone(),
            frames: text("frames")?.parse().ok()?,
            width: text("width")?.parse().ok()?,
            height: text("height")?.parse().ok()?,
            duration_seconds: text("duration-seconds")?.parse().ok()?,
            streams,
            engine: text("engine")?.clone(),
        };
        (manifest.sha256.len() == 64 && manifest.frames > 0).then_some(manifest)
    }

    fn report(self, output: &ObjectLocation, bytes: u64, elapsed: Duration) -> TaskReport {
        TaskReport {
            bucket: output.bucket.clone(),
            key: output.key.clone(),
            sha256: self.sha256,
            bytes,
            frames: self.frames,
            width: self.width,
            height: self.height,
            duration_seconds: self.duration_seconds,
            streams: self.streams,
            engine: self.engine,
            elapsed_seconds: elapsed.as_secs_f64(),
        }
    }
}

/// A result that is in its bucket.
pub(crate) struct Published {
    manifest: Manifest,
    bytes: u64,
    /// Tells that another attempt had put it there.
    pub(crate) earlier: bool,
}

impl Published {
    pub(crate) fn report(self, output: &ObjectLocation, elapsed: Duration) -> TaskReport {
        self.manifest.report(output, self.bytes, elapsed)
    }
}

/// Looks whether an earlier attempt at the same job has published its result already, and only could not say so.
pub(crate) async fn find(
    objects: &dyn Objects,
    output: &ObjectLocation,
    job: &str,
) -> Result<Option<Published>, Failure> {
    let place = ObjectVersion::newest(&output.bucket, &output.key);
    match retrying(PATIENCE, || objects.head(&place)).await {
        Ok(found) => Ok(found.and_then(|object| ours(&object, job))),
        // Without the permission to list, S3 does not say that there is nothing.
        Err(error) if error.kind == ErrorKind::AccessDenied => Ok(None),
        Err(error) => Err(failure::of_call("looking for an earlier result", &error)),
    }
}

fn ours(object: &ObjectDescription, job: &str) -> Option<Published> {
    let manifest = Manifest::read(object).filter(|manifest| manifest.job == job && object.bytes > 0)?;
    Some(Published { manifest, bytes: object.bytes, earlier: true })
}

/// Uploads a file of so many bytes, unless there is an object already. One that is there and says that it is a verified
/// result of the same job is as good; any other is left alone, and is a failure.
pub(crate) async fn publish(
    objects: &dyn Objects,
    output: &ObjectLocation,
    media_type: &str,
    manifest: &Manifest,
    (file, bytes): (&Path, u64),
    stall: Duration,
) -> Result<Published, Failure> {
    let target = manifest.write(PutTarget::new(&output.bucket, &output.key).if_absent().content_type(media_type));
    let mut backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(30));
    let mut uploads = 1;
    loop {
        let error = match upload(objects, &target, file, stall).await {
            Ok(written) if written.bytes == bytes => {
                return Ok(Published { manifest: manifest.clone(), bytes, earlier: false });
            }
            Ok(written) => {
                let message = format!("uploaded {bytes} bytes, and the service counts {}", written.bytes);
                return Err(Failure::new(job::ErrorKind::Internal, message));
            }
            Err(error) => error,
        };
        // There is an object. It may be this very one: an upload takes effect also where its answer is lost.
        if error.kind == ErrorKind::PreconditionFailed {
            if let Some(published) = taken(objects, output, manifest).await? {
                return Ok(published);
            }
        } else if !error.is_transient() {
            return Err(failure::of_call("uploading the result", &error));
        }
        if uploads >= UPLOADS {
            return Err(failure::of_call(&format!("uploading the result, {uploads} times"), &error));
        }
        uploads += 1;
        sleep(backoff.rest()).await;
    }
}

async fn upload(
    objects: &dyn Objects,
    target: &PutTarget,
    file: &Path,
    stall: Duration,
) -> cloud::Result<cloud::objects::Written> {
    let signs = Signs::new();
    let progress = |_| signs.touch();
    tokio::select! {
        written = objects.upload(target, file, &progress) => written,
        () = signs.silence(stall) => {
            let message = format!("no progress for {} s", stall.as_secs());
            Err(cloud::Error::new(ErrorKind::Timeout, "s3:PutObject", message))
        }
    }
}

/// Looks at the object that is in the way; `None` if it is gone.
async fn taken(
    objects: &dyn Objects,
    output: &ObjectLocation,
    manifest: &Manifest,
) -> Result<Option<Published>, Failure> {
    let place = ObjectVersion::newest(&output.bucket, &output.key);
    let found = retrying(PATIENCE, || objects.head(&place))
        .await
        .map_err(|error| failure::of_call("looking at the object that is there already", &error))?;
    let Some(object) = found else { return Ok(None) };
    let same_video = |found: &Published| {
        let Manifest { frames, width, height, .. } = found.manifest;
        (frames, width, height) == (manifest.frames, manifest.width, manifest.height)
    };
    if let Some(mut published) = ours(&object, &manifest.job).filter(same_video) {
        published.earlier = published.manifest.sha256 != manifest.sha256;
        return Ok(Some(published));
    }
    let ObjectLocation { bucket, key } = output;
    let key = printable(key);
    let message = format!("s3://{bucket}/{key} exists, and is not a result of this job");
    Err(Failure::new(job::ErrorKind::Internal, message).with_hint("remove the object, or give it another name"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest() -> Manifest {
        Manifest {
            job: "job".to_owned(),
            attempt: 2,
            sha256: "0".repeat(64),
            frames: 75,
            width: 640,
            height: 480,
            duration_seconds: 3.041_822,
            streams: StreamCounts { video: 1, audio: 2, subtitle: 0 },
            engine: "scale".to_owned(),
        }
    }

    #[test]
    fn a_manifest_survives_an_object_s_metadata() {
        let metadata = manifest().write(PutTarget::new("b", "k")).metadata;
        let object = ObjectDescription { metadata, bytes: 1, ..ObjectDescription::default() };
        assert_eq!(Manifest::read(&object), Some(manifest()));
        assert!(ours(&object, "job").is_some());
        assert!(ours(&object, "other").is_none());
    }

    #[test]
    fn half_a_manifest_is_none() {
        let whole = manifest().write(PutTarget::new("b", "k")).metadata;
        for name in whole.keys() {
            let mut metadata = whole.clone();
            metadata.remove(name);
            let object = ObjectDescription { metadata, bytes: 1, ..ObjectDescription::default() };
            assert_eq!(Manifest::read(&object), None, "{name}");
        }
    }
}
