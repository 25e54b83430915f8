//! One task, from its token to its report.

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use cloud::objects::{ObjectDescription, ObjectVersion};
use cloud::{Cloud, ErrorKind, Objects};
use job::command::SOURCE_FILE;
use job::keys::LONGEST_KEY;
use job::{Failure, StreamCounts, TaskMessage, TaskReport};
use tokio::time::Instant;

use crate::attempt::{Attempt, AttemptError, count};
use crate::board::Board;
use crate::folder::WorkFolder;
use crate::media::{self, Decode, OUTPUT_FILE, Tools};
use crate::publish::{Manifest, Published, find, publish};
use crate::retry::retrying;
use crate::signs::Signs;
use crate::{Event, Events, Settings, failure};

/// For how long the workflow is told an outcome again when it does not answer.
const REPORT_PATIENCE: Duration = Duration::from_mins(2);

/// For how long a question is asked again when a service does not answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// How often a download is begun, each time with the service's own retries.
const DOWNLOAD_PATIENCE: Duration = Duration::from_mins(2);

/// What every task of an agent shares.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) cloud: &'a Cloud,
    pub(crate) folder: &'a WorkFolder,
    pub(crate) events: &'a dyn Events,
    pub(crate) board: &'a Board,
}

/// What must be known of a task after its work was stopped from outside.
#[derive(Debug, Default)]
pub(crate) struct State {
    attempt: Mutex<Option<Attempt>>,
    reporting: AtomicBool,
}

impl State {
    /// Returns the attempt, if one was counted.
    pub(crate) fn attempt(&self) -> Option<Attempt> {
        self.attempt.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    /// Tells whether the work is done, and only the workflow does not know yet.
    pub(crate) fn is_reporting(&self) -> bool {
        self.reporting.load(Ordering::Relaxed)
    }

    fn counted(&self, attempt: Attempt) {
        *self.attempt.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(attempt);
    }
}

/// How the work on a task ended.
#[derive(Debug, PartialEq)]
pub(crate) enum Ending {
    /// The workflow knows of the success.
    Succeeded(TaskReport),
    /// The workflow knows of the failure.
    Failed(Failure),
    /// Nobody waits for the task any more.
    TokenDead {
        /// Whether work had been done for it.
        worked: bool,
    },
    /// The workflow knows nothing; the task may be tried again.
    Unfinished(Failure),
}

/// Does a task and reports how it ended.
pub(crate) async fn perform(context: Context<'_>, task: &TaskMessage, state: &State) -> Ending {
    let start = Instant::now();
    let Context { cloud, .. } = context;
    let token = task.token.as_str();
    match retrying(PATIENCE, || cloud.workflows.task_heartbeat(token)).await {
        Ok(()) => {}
        Err(error) if error.kind == ErrorKind::TokenDead => return Ending::TokenDead { worked: false },
        Err(error) => return Ending::Unfinished(failure::of_call("proving that the workflow waits", &error)),
    }
    let outcome = work(context, task, state, start).await;
    let outcome = match outcome {
        Err(failure) if may_be_tried_again(context, &failure, state) => return Ending::Unfinished(failure),
        outcome => outcome,
    };
    state.reporting.store(true, Ordering::Relaxed);
    report(context, task, outcome).await
}

/// Tells a failure to the workflow, where the work itself did not come to telling one.
pub(crate) async fn report_failure(context: Context<'_>, task: &TaskMessage, failure: Failure) -> Ending {
    report(context, task, Err(failure)).await
}

fn may_be_tried_again(context: Context<'_>, failure: &Failure, state: &State) -> bool {
    let attempts_left = state.attempt().is_none_or(|attempt| attempt.number < context.settings.attempts);
    matches!(failure.kind, job::ErrorKind::Transient | job::ErrorKind::Resource) && attempts_left
}

async fn report(context: Context<'_>, task: &TaskMessage, outcome: Result<TaskReport, Failure>) -> Ending {
    let workflows = &context.cloud.workflows;
    let token = task.token.as_str();
    let told = match &outcome {
        Ok(report) => match serde_json::to_string(report) {
            Ok(output) => retrying(REPORT_PATIENCE, || workflows.task_success(token, &output)).await,
            Err(error) => Err(cloud::Error::new(ErrorKind::Validation, "states:SendTaskSuccess", error.to_string())),
        },
        Err(failure) => {
            let cause = failure.cause();
            retrying(REPORT_PATIENCE, || workflows.task_failure(token, failure.error(), &cause)).await
        }
    };
    match (told, outcome) {
        (Ok(()), Ok(report)) => Ending::Succeeded(report),
        (Ok(()), Err(failure)) => Ending::Failed(failure),
        (Err(error), _) if error.kind == ErrorKind::TokenDead => Ending::TokenDead { worked: true },
        (Err(error), _) => Ending::Unfinished(failure::of_call("telling the workflow", &error)),
    }
}

async fn work(context: Context<'_>, task: &TaskMessage, state: &State, start: Instant) -> Result<TaskReport, Failure> {
    let Context { settings, cloud, events, .. } = context;
    let counting = count(&*cloud.tables, &settings.table, &task.job, &settings.worker, settings.attempts).await;
    let attempt = counting.map_err(|error| not_counted(&error))?;
    let number = attempt.number;
    state.counted(attempt);
    events.emit(Event::TaskStarted {
        job: task.job.clone(),
        task: task.task,
        attempt: number,
        bucket: task.source.bucket.clone(),
        key: task.source.key.clone(),
    });
    check(task)?;

    let published = match find(&*cloud.objects, &task.output, &task.job).await? {
        Some(published) => published,
        None => produce(context, task, number).await?,
    };
    events.emit(Event::OutputPublished {
        job: task.job.clone(),
        bucket: task.output.bucket.clone(),
        key: task.output.key.clone(),
        earlier: published.earlier,
    });
    Ok(published.report(&task.output, start.elapsed()))
}

fn not_counted(error: &AttemptError) -> Failure {
    match error {
        AttemptError::NoSuchJob(_) => Failure::new(job::ErrorKind::Internal, error.to_string()),
        AttemptError::Exhausted(_) => Failure::new(job::ErrorKind::Engine, error.to_string())
            .with_hint("look into the workers' logs for what ended the attempts; then submit the video again"),
        AttemptError::Call(call) => failure::of_call("counting the attempt", call),
    }
}

/// Checks what can be seen without the source.
fn check(task: &TaskMessage) -> Result<(), Failure> {
    task.recipe.check().map_err(|error| Failure::new(job::ErrorKind::Internal, format!("the recipe: {error}")))?;
    let bytes = task.output.key.len();
    if bytes > LONGEST_KEY {
        let message = format!("the output's key would have {bytes} bytes; S3 allows {LONGEST_KEY}");
        return Err(Failure::new(job::ErrorKind::Input, message).with_hint("upload the video under a shorter key"));
    }
    if task.source.bytes == 0 {
        return Err(Failure::new(job::ErrorKind::Input, "the file is empty").with_hint("upload a video"));
    }
    Ok(())
}

/// Makes the result and publishes it. All its files are gone afterwards, whatever happens.
async fn produce(context: Context<'_>, task: &TaskMessage, attempt: u32) -> Result<Published, Failure> {
    let Context { settings, cloud, events, folder, .. } = context;
    reserve(context, task)?;
    let folder = folder.attempt().map_err(|error| failure::of_file("making a folder", error.kind(), &error))?;
    let stalled = |doing: &str| events.emit(Event::Stalled { job: task.job.clone(), doing: doing.to_owned() });
    let tools = Tools { settings, folder: folder.path(), stalled: &stalled };

    download(context, task, tools).await?;
    let manifest = enhance(context, task, tools, attempt).await?;

    let container = task.recipe.encoding.container;
    let output = folder.path().join(OUTPUT_FILE);
    let bytes = tokio::fs::metadata(&output)
        .await
        .map_err(|error| failure::of_file("reading the result", error.kind(), &error))?
        .len();
    publish(&*cloud.objects, &task.output, container.media_type(), &manifest, (&output, bytes), settings.stall).await
}

/// Refuses a task that the disk has no room for: the source, and a result that grows with the picture.
fn reserve(context: Context<'_>, task: &TaskMessage) -> Result<(), Failure> {
    let Context { settings, folder, .. } = context;
    let growth = u64::from(task.recipe.scale.factor()).pow(2);
    let wanted = task.source.bytes.saturating_mul(1 + growth).saturating_add(settings.disk_reserve_bytes);
    let free = folder.free_bytes().map_err(|error| failure::of_file("looking for room", error.kind(), &error))?;
    if free < wanted {
        let message = format!("the task needs {wanted} bytes of disk, and {free} are free");
        return Err(Failure::new(job::ErrorKind::Resource, message).with_hint("give the worker a larger disk"));
    }
    Ok(())
}

/// Downloads exactly the version of the source that the job is about.
async fn download(context: Context<'_>, task: &TaskMessage, tools: Tools<'_>) -> Result<(), Failure> {
    let Context { settings, cloud, events, .. } = context;
    let doing = "downloading the source";
    let source = &task.source;
    let version = source.version.clone().filter(|version| !version.is_empty());
    let etag = Some(job::identity::unquoted(&source.etag).to_owned()).filter(|etag| !etag.is_empty());
    let object = ObjectVersion { bucket: source.bucket.clone(), key: source.key.clone(), version, etag };
    let path = tools.folder.join(SOURCE_FILE);

    let downloading = retrying(DOWNLOAD_PATIENCE, || download_once(&*cloud.objects, &object, &path, settings.stall));
    let description = downloading.await.map_err(|error| match error.kind {
        ErrorKind::NotFound => gone(doing, "is not there any more"),
        ErrorKind::PreconditionFailed => gone(doing, "was replaced since the job was registered"),
        _ => failure::of_call(doing, &error),
    })?;
    let on_disk =
        tokio::fs::metadata(&path).await.map_err(|error| failure::of_file(doing, error.kind(), &error))?.len();
    if description.bytes != source.bytes || on_disk != source.bytes {
        let message = format!(
            "{doing}: the job is about {} bytes; the bucket has {}, and {on_disk} arrived",
            source.bytes, description.bytes
        );
        return Err(Failure::new(job::ErrorKind::Transient, message));
    }
    events.emit(Event::SourceDownloaded { job: task.job.clone(), bytes: on_disk });
    Ok(())
}

async fn download_once(
    objects: &dyn Objects,
    object: &ObjectVersion,
    path: &Path,
    stall: Duration,
) -> cloud::Result<ObjectDescription> {
    let signs = Signs::new();
    let progress = |_| signs.touch();
    tokio::select! {
        description = objects.download(object, path, &progress) => description,
        () = signs.silence(stall) => {
            let message = format!("no progress for {} s", stall.as_secs());
            Err(cloud::Error::new(ErrorKind::Timeout, "s3:GetObject", message))
        }
    }
}

fn gone(doing: &str, what: &str) -> Failure {
    Failure::new(job::ErrorKind::Input, format!("{doing}: it {what}")).with_hint("upload the video again")
}

/// Enhances the downloaded source, and proves that the result is what it should be.
async fn enhance(
    context: Context<'_>,
    task: &TaskMessage,
    tools: Tools<'_>,
    attempt: u32,
) -> Result<Manifest, Failure> {
    let Context { events, .. } = context;
    let recipe = &task.recipe;
    let job = || task.job.clone();

    let culprit = job::ErrorKind::Input;
    let probe = media::probe(tools, SOURCE_FILE, culprit).await?;
    let accepted = media::accept(&probe, recipe)?;
    let (format, video_stream) = (probe.format(), accepted.input.video_stream);
    let decode = Decode { what: "the source", file: SOURCE_FILE, format, video_stream, culprit };
    let source = media::decode(tools, &decode).await?;
    media::complete(&probe, source)?;
    let frames = source.frames;
    let media_expected = &accepted.expected;
    let (width, height) = (accepted.input.picture.width, accepted.input.picture.height);
    events.emit(Event::SourceAccepted { job: job(), frames, width, height, left_out: accepted.left_out.clone() });

    let told = |frames_done| events.emit(Event::EnhanceProgress { job: job(), frames_done, frames });
    media::enhance(tools, recipe, &accepted.input, told).await?;

    let culprit = job::ErrorKind::Engine;
    let probe = media::probe(tools, OUTPUT_FILE, culprit).await?;
    let video_stream = 0;
    let decode = Decode { what: "the result", file: OUTPUT_FILE, format: probe.format(), video_stream, culprit };
    let result = media::decode(tools, &decode).await?;
    media::verify(media_expected, recipe.encoding.codec, source, &probe, result)?;
    let (sha256, bytes) = media::sha256(&tools.folder.join(OUTPUT_FILE))
        .await
        .map_err(|error| failure::of_file("reading the result", error.kind(), &error))?;
    let (width, height) = (media_expected.width, media_expected.height);
    events.emit(Event::OutputVerified { job: job(), frames, width, height, bytes });

    let count = |tracks: usize| u32::try_from(tracks).unwrap_or(u32::MAX);
    let streams = StreamCounts {
        video: 1,
        audio: count(media_expected.audio.len()),
        subtitle: count(media_expected.subtitles.len()),
    };
    Ok(Manifest {
        job: job(),
        attempt,
        sha256,
        frames,
        width,
        height,
        duration_seconds: result.seconds,
        streams,
        engine: recipe.engine.name().to_owned(),
    })
}
