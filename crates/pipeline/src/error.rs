use std::io;
use std::path::PathBuf;

use job::JobState;

/// Why a video could not be submitted, or a job not be followed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be read.
    #[error("cannot read {}: {error}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What the system says.
        #[source]
        error: io::Error,
    },
    /// It is a folder, or a device.
    #[error("{} is not a file", file.display())]
    NotAFile {
        /// The path.
        file: PathBuf,
    },
    /// The file has no name that could be a key.
    #[error("{} has no name that could be a key", file.display())]
    NoKey {
        /// The path.
        file: PathBuf,
    },
    /// S3 does not take the key.
    #[error("the key has {bytes} bytes; allowed are 1 to 1024")]
    KeyLength {
        /// Its length.
        bytes: usize,
    },
    /// S3 cannot list the key.
    #[error("the key {key:?} has the character U+{:04X}, which XML cannot carry: S3 could not list it", u32::from(*character))]
    KeyCharacter {
        /// The key.
        key: String,
        /// The first such character.
        character: char,
    },
    /// S3 does not take the key, as `..` leads out of the bucket.
    #[error("the key {key:?} leads out of the bucket: S3 refuses a `..` that goes above its beginning")]
    KeyLeadsOut {
        /// The key.
        key: String,
    },
    /// S3 would not take the key of the result.
    #[error("the key of the result would have {bytes} bytes; allowed are 1 to 1024")]
    ResultKeyLength {
        /// Its length.
        bytes: usize,
    },
    /// Results are not written to standard output.
    #[error("the result cannot be written to `-`: standard output is not supported")]
    StandardOutput,
    /// There is no folder for the result.
    #[error("there is no folder {}", folder.display())]
    NoFolder {
        /// The path.
        folder: PathBuf,
    },
    /// Something other than a file is where the result should go.
    #[error("{} exists and is not a regular file: it is not replaced", file.display())]
    NotReplaceable {
        /// The path.
        file: PathBuf,
    },
    /// The result would replace the video.
    #[error("{} is the video itself: the result would replace it", file.display())]
    ReplacesSource {
        /// The path.
        file: PathBuf,
    },
    /// Uploads with this ending do not become jobs.
    #[error("{key:?} does not become a job: uploads do if they end with {}", suffixes.join(", "))]
    Suffix {
        /// The key.
        key: String,
        /// The endings that do.
        suffixes: Vec<String>,
    },
    /// The upload did not become a job.
    #[error("{key:?} is uploaded, but job {job} did not appear within {seconds} seconds")]
    NotRegistered {
        /// The key.
        key: String,
        /// The job's id.
        job: String,
        /// How long it was waited for.
        seconds: u64,
    },
    /// The workflow of a job ended without saying so in the job table.
    #[error("the workflow of job {job} ended as {status} while the job was {state}: {reason}")]
    Abandoned {
        /// The job's id.
        job: String,
        /// The state in which the job stayed.
        state: JobState,
        /// How the execution ended.
        status: String,
        /// Why.
        reason: String,
    },
    /// There is no such job.
    #[error("there is no job {id}")]
    NoSuchJob {
        /// The id, or its beginning.
        id: String,
    },
    /// More than one job's id begins so.
    #[error("{id} is the beginning of {} ids: {}", ids.len(), ids.join(", "))]
    Ambiguous {
        /// What was given.
        id: String,
        /// The ids.
        ids: Vec<String>,
    },
    /// An item of the job table is not what this version understands.
    #[error("job {id} is written in a way that this version does not understand: {error}")]
    Item {
        /// The job's id.
        id: String,
        /// What is wrong.
        error: String,
    },
    /// The job has no result.
    #[error("job {job} has no result: it is {state}")]
    NoOutput {
        /// The job's id.
        job: String,
        /// Its state.
        state: JobState,
    },
    /// What was downloaded is not what the job made.
    #[error("{} is not what job {job} made: its SHA-256 is {actual}, not {expected}", file.display())]
    Corrupted {
        /// The job's id.
        job: String,
        /// The file that was downloaded, and removed.
        file: PathBuf,
        /// What the job table says.
        expected: String,
        /// What arrived.
        actual: String,
    },
    /// The result cannot be written.
    #[error("cannot write {}: {error}", file.display())]
    Unwritable {
        /// The file.
        file: PathBuf,
        /// What the system says.
        #[source]
        error: io::Error,
    },
    /// The clip that tries out a colour would become a job by its upload, too.
    #[error("uploads that end with `{ending}` become jobs, so that a colour cannot be tried out")]
    SmokeBecomesJob {
        /// The ending of the clip's key.
        ending: &'static str,
    },
    /// A call failed.
    #[error(transparent)]
    Cloud(#[from] cloud::Error),
}

impl Error {
    /// Returns what to do about it, most useful first.
    pub fn hints(&self) -> Vec<String> {
        let hint = match self {
            Self::Suffix { .. } => "give it another key (`--key NAME.mp4`), or add the ending to `jobs.suffixes`",
            Self::KeyCharacter { .. } | Self::KeyLeadsOut { .. } => "give it another key (`--key NAME.mp4`)",
            Self::ResultKeyLength { .. } => "give it a shorter key (`--key NAME.mp4`)",
            Self::StandardOutput => "name a file or a folder; `./-` is a file of this name",
            Self::NoFolder { .. } => "make it first, or name another",
            Self::NotReplaceable { .. } | Self::ReplacesSource { .. } => "name another file, or a folder",
            Self::NotRegistered { .. } => {
                "the rule or the workflow did not start: see the executions of the state machine, and the dead-letter \
                 queue of the stack `jobs`; `baleen jobs` shows the job if it comes later"
            }
            Self::Abandoned { .. } => "submit the video again: a new execution takes the job over",
            Self::NoSuchJob { .. } => "`baleen jobs` lists the jobs that there are",
            Self::Ambiguous { .. } => "give more digits",
            Self::Item { .. } => "use the version of this program that the environment was deployed with",
            Self::SmokeBecomesJob { .. } => "take that ending out of `jobs.suffixes`, and deploy",
            Self::Corrupted { .. } => "try again; if it stays so, the object was changed after the job had ended",
            _ => return Vec::new(),
        };
        vec![hint.to_owned()]
    }
}
