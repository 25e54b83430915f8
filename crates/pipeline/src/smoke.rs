//! Tries out a colour: has it enhance a clip, by its own queue, whatever the weights, and looks at the result.

use cloud::objects::{ObjectVersion, PutTarget};
use cloud::workflows::ExecutionStatus;
use cloud::{Cloud, ErrorKind};
use job::{Colour, JobItem, JobState, Recipe, Source, event, identity};
use sha2::{Digest, Sha256};

use crate::{Error, has_suffix, jobs};

/// The folder and the ending of the clip's key. Uploads with this ending become no jobs, so that the execution that is started
/// for the clip is the only one.
const FOLDER: &str = "smoke";
const ENDING: &str = ".smoke";

/// The largest result that is looked at, in bytes.
const LARGEST_RESULT: u64 = 256 << 20;

/// The clip, and where it goes.
#[derive(Clone, Debug)]
pub struct Smoke<'a> {
    /// What this try is called: letters, digits and hyphens, at most 60. The same name is the same try.
    pub name: &'a str,
    /// The colour that is tried out.
    pub colour: Colour,
    /// The clip's bytes.
    pub clip: &'a [u8],
    /// How many frames it has, and its width and height.
    pub frames: u64,
    /// Its width and height in pixels.
    pub size: [u32; 2],
    /// The name of the bucket that videos are uploaded to.
    pub bucket: &'a str,
    /// The name of the job table.
    pub table: &'a str,
    /// The ARN of the workflow.
    pub workflow: &'a str,
    /// The recipe that the workflow was deployed with.
    pub recipe: &'a Recipe,
    /// The endings of keys that become jobs by themselves.
    pub suffixes: &'a [String],
}

/// How a try stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SmokeState {
    /// It was not begun.
    Missing,
    /// It is on its way.
    Running,
    /// The colour made what it should.
    Verified,
    /// It did not.
    Failed {
        /// Why: lowercase, no final full stop.
        reason: String,
    },
}

impl Smoke<'_> {
    fn key(&self) -> String {
        format!("{FOLDER}/{}{ENDING}", self.name)
    }

    /// Returns the execution's name and ARN.
    fn execution(&self) -> (String, String) {
        let name = format!("smoke-{}", self.name);
        let arn = format!("{}:{name}", self.workflow.replacen(":stateMachine:", ":execution:", 1));
        (name, arn)
    }

    /// Uploads the clip and starts its job. Twice is once.
    pub async fn start(&self, cloud: &Cloud) -> Result<(), Error> {
        let key = self.key();
        if has_suffix(&key, self.suffixes) {
            // There would be two executions, and the one that an event starts may come first.
            return Err(Error::SmokeBecomesJob { ending: ENDING });
        }
        let source = if let Some(source) = self.source(cloud).await? {
            source
        } else {
            let target = PutTarget::new(self.bucket, &key).content_type("video/mp4");
            let written = cloud.objects.put(&target, self.clip).await?;
            self.describe(&written.etag, written.version, written.bytes)
        };
        let input = event::for_colour(&source, self.colour).to_string();
        match cloud.workflows.start_execution(self.workflow, &self.execution().0, &input).await {
            Err(error) if error.kind == ErrorKind::AlreadyExists => Ok(()),
            answer => Ok(answer.map(drop)?),
        }
    }

    /// Says how it stands.
    pub async fn state(&self, cloud: &Cloud) -> Result<SmokeState, Error> {
        let Some(source) = self.source(cloud).await? else { return Ok(SmokeState::Missing) };
        let key = jobs::key(&source.job_id(&self.recipe.identity()));
        let item = cloud.tables.get(self.table, &key).await?;
        let job = item.map(|item| jobs::read(&item)).transpose()?;
        match &job {
            Some(job) if job.state == JobState::Done => self.verify(cloud, job).await,
            Some(job) if job.state.is_final() || job.state == JobState::Held => {
                let why = job.error.as_ref().map_or_else(|| format!("it is {}", job.state), ToString::to_string);
                Ok(SmokeState::Failed { reason: why })
            }
            _ => self.look_behind(cloud).await,
        }
    }

    /// Looks at the execution, of a job that has not come to its end.
    async fn look_behind(&self, cloud: &Cloud) -> Result<SmokeState, Error> {
        let execution = match cloud.workflows.describe_execution(&self.execution().1).await {
            Ok(execution) => execution,
            Err(error) if error.kind == ErrorKind::NotFound => return Ok(SmokeState::Missing),
            Err(error) => return Err(error.into()),
        };
        Ok(match execution.status {
            ExecutionStatus::Failed | ExecutionStatus::TimedOut | ExecutionStatus::Aborted => {
                let parts: Vec<_> = [execution.error, execution.cause].into_iter().flatten().collect();
                SmokeState::Failed {
                    reason: format!("its workflow ended as {}: {}", execution.status, parts.join(": ")),
                }
            }
            _ => SmokeState::Running,
        })
    }

    /// Compares the result with what the recipe makes of the clip, and its bytes with what the worker said.
    async fn verify(&self, cloud: &Cloud, job: &JobItem) -> Result<SmokeState, Error> {
        let failed = |reason: String| Ok(SmokeState::Failed { reason });
        if job.colour != Some(self.colour) {
            let by = job.colour.map_or("nobody", Colour::as_str);
            return failed(format!("{by} worked on it, not {}", self.colour));
        }
        let Some(output) = &job.output else { return failed("it is done, but has no result".to_owned()) };
        let [width, height] = self.size.map(|pixels| pixels * u32::from(self.recipe.scale));
        if (output.frames, output.width, output.height) != (self.frames, width, height) {
            return failed(format!(
                "its result has {} frames of {}x{}; expected are {} of {width}x{height}",
                output.frames, output.width, output.height, self.frames
            ));
        }
        let object = cloud.objects.get(&ObjectVersion::newest(&output.bucket, &output.key), LARGEST_RESULT).await?;
        let actual = hexadecimal(&Sha256::digest(&object.body));
        if actual != output.sha256 {
            return failed(format!("the SHA-256 of its result is {actual}, not {}", output.sha256));
        }
        Ok(SmokeState::Verified)
    }

    /// Finds the clip where it was uploaded to.
    async fn source(&self, cloud: &Cloud) -> Result<Option<Source>, Error> {
        let found = cloud.objects.head(&ObjectVersion::newest(self.bucket, self.key())).await?;
        Ok(found.map(|found| self.describe(&found.etag, found.version, found.bytes)))
    }

    fn describe(&self, etag: &str, version: Option<String>, bytes: u64) -> Source {
        let etag = identity::unquoted(etag).to_owned();
        Source { bucket: self.bucket.to_owned(), key: self.key(), version, etag, bytes }
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(64), |mut text, byte| {
        // Writing into a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
