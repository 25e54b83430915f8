//! Makes streams of the enhanced video: a job of MediaConvert, which the workflow waits for.
//!
//! All of it is known when the state machine is made but how many audio and subtitle tracks the title has. So what each
//! track would be is said for as many as there may be, and the title takes as many as it has.

use documents::states::{Catcher, Flow, Pass, Retrier, Task, catch_all, errors, jsonata, pass, retry, task};
use documents::{array, object};
use job::{ErrorKind, JobState};
use resources::mediaconvert::settings::{
    AudioSelector, CaptionSelector, CreateJobRequest, Input, InputTimecodeSource, JobSettings, Output,
};
use template::{Assume, IntoValue, Json, List, Literal, Map, Value, sub};

use super::Machines;
use super::record::{now, this_execution};
use crate::environment::StreamFormat;
use crate::packaging::Packaging;
use crate::packaging::settings::{
    Sound, Streams, audio_selector, audio_selector_name, caption_selector, caption_selector_name, timecodes,
    video_selector,
};

/// How many audio tracks, and how many subtitle tracks, a title may have that is made into streams.
const TRACKS: u32 = 16;

/// The name of the manifest, before its ending.
const MANIFEST: &str = "index";

/// What MediaConvert says when another try may succeed.
const BUSY: [&str; 3] = [
    "MediaConvert.TooManyRequestsException",
    "MediaConvert.InternalServerErrorException",
    "MediaConvert.SdkClientException",
];

impl Machines<'_> {
    /// Adds the states that make streams of `$output`, and say where they are: `$package`.
    pub(super) fn package(&self, flow: Flow, failed: impl Fn() -> Catcher) -> Flow {
        let (Some(packaging), Some(settings)) = (self.packaging, &self.environment.packaging) else { return flow };
        let streams = Streams { format: settings.format, settings, encoding: self.environment.recipe.encoding };
        flow.state("StartPackaging", self.start_packaging().catch([failed()]))
            .state("DescribeTracks", describe_tracks(&streams))
            .state("Package", self.create_job(packaging, &streams).catch([not_packaged()]))
    }

    /// Moves the job on; it wants no instance any more.
    fn start_packaging(&self) -> Task {
        self.change_as_owner(
            &self.unwanted("SET #state = :state, updated = :now"),
            object! { "#state": "state" },
            object! {
                ":me": { "S": this_execution() },
                ":state": { "S": JobState::Packaging.as_str() },
                ":now": { "S": now() },
            },
        )
    }

    fn create_job(&self, packaging: &Packaging, streams: &Streams<'_>) -> Task {
        let format = streams.format.as_str();
        let source = jsonata_text("'s3://' & $output.bucket & '/' & $output.key");
        let destination = sub!("{{% 's3://{}/' & $id & '/{}/{}' %}}", self.storage.delivery.name(), format, MANIFEST);
        let input = Input::new()
            .file_input(source)
            .video_selector(video_selector())
            .timecode_source(InputTimecodeSource::Zerobased)
            .audio_selectors(as_many::<Map<AudioSelector>>("$merge", "audio_selectors", "audio"))
            .caption_selectors(
                streams
                    .has_captions()
                    .then(|| as_many::<Map<CaptionSelector>>("$merge", "caption_selectors", "subtitle")),
            );
        let settings = JobSettings::new()
            .timecode_config(timecodes())
            .inputs([input])
            .output_groups([streams.group(Some(destination), outputs(streams))]);
        let request = CreateJobRequest::new(self.identity.packaging_role.arn(), settings)
            .queue(packaging.queue.arn())
            .job_template(packaging.template.arn())
            // For a minute, the same job is not started twice.
            .client_request_token(jsonata_text("$id & '-' & $turn & '-' & $states.context.State.RetryCount"))
            .tags([
                ("app", self.environment.app.as_str().into_value()),
                ("environment", self.environment.name.as_str().into_value()),
                ("job", jsonata_text("$id")),
            ]);
        task("arn:aws:states:::mediaconvert:createJob")
            .sync()
            .arguments(request)
            .timeout_seconds(self.environment.times.title_timeout_seconds)
            .retry(when_busy())
            .assign("package", self.published(streams.format))
    }

    /// Says where the manifests are, and for viewers too where streams are delivered.
    fn published(&self, format: StreamFormat) -> Value<Json> {
        let key = |ending: &str| format!("$id & '/{}/{MANIFEST}.{ending}'", format.as_str());
        let url = |ending: &str| {
            let delivery = self.delivery?;
            Some(jsonata(sub!("'{}/' & {}", &delivery.url, key(ending))))
        };
        let (hls, dash) = match format {
            StreamFormat::Cmaf => (true, true),
            StreamFormat::Hls => (true, false),
            StreamFormat::Dash => (false, true),
        };
        let main = if hls { "m3u8" } else { "mpd" };
        object! {
            "bucket": self.storage.delivery.name(),
            "hls": hls.then(|| jsonata(key("m3u8"))),
            "dash": dash.then(|| jsonata(key("mpd"))),
            "url": url(main),
        }
    }
}

/// Describes all that tracks may be made into.
fn describe_tracks(streams: &Streams<'_>) -> Pass {
    let tracks = || 1..=TRACKS;
    let captions = || tracks().filter(|_| streams.has_captions());
    let tracks = object! {
        "video": json(streams.video(Sound::Tracks)),
        "silent_video": json(streams.video(Sound::None)),
        "audio": array(tracks().map(|track| json(streams.audio(track)))),
        "audio_selectors":
            array(tracks().map(|track| object! { (audio_selector_name(track)): json(audio_selector(track)) })),
        "subtitle": array(captions().map(|track| json(streams.captions(track)))),
        "caption_selectors":
            array(captions().map(|track| object! { (caption_selector_name(track)): json(caption_selector(track)) })),
    };
    pass().assign("tracks", tracks)
}

/// Takes as much of a list of `$tracks` as the title has tracks of a kind, and puts it together by a function.
fn as_many<T>(put_together: &str, list: &str, kind: &str) -> Value<T> {
    jsonata_text(&format!("{put_together}({})", first(list, kind))).assume()
}

/// The outputs of a title: the picture, and one for each audio and each subtitle track.
fn outputs(streams: &Streams<'_>) -> Value<List<Output>> {
    let video = "[$output.streams.audio = 0 ? $tracks.silent_video : $tracks.video]";
    let mut outputs = format!("$append({video}, {})", first("audio", "audio"));
    if streams.has_captions() {
        outputs = format!("$append({outputs}, {})", first("subtitle", "subtitle"));
    }
    jsonata_text(&outputs).assume()
}

/// Writes the `JSONata` of the first of a list, as many as the title has tracks of a kind. Tracks beyond those that are
/// described would be lost without a word; so they are an error.
fn first(list: &str, kind: &str) -> String {
    format!(
        "($count := $output.streams.{kind}; $count > {TRACKS} \
         ? $error('the title has ' & $count & ' {kind} tracks, and no more than {TRACKS} can be packaged') \
         : [$filter($tracks.{list}, function($track, $place) {{ $place < $count }})])"
    )
}

/// Retries what passes. A job that MediaConvert began and could not finish is begun once more.
fn when_busy() -> [Retrier; 2] {
    [
        retry(BUSY).interval_seconds(5).backoff_rate(2.0).max_delay_seconds(300).max_attempts(8).full_jitter(),
        retry([errors::TASK_FAILED]).interval_seconds(60).max_attempts(1),
    ]
}

/// Takes the message out of what Step Functions says of a job of MediaConvert, which is the whole job.
fn not_packaged() -> Catcher {
    let internal = ErrorKind::Internal;
    let failure = format!(
        "($cause := $states.errorOutput.Cause; $said := $match($cause, /\"ErrorMessage\":\\s*\"([^\"]*)\"/); \
         $text := $exists($said) ? $said[0].groups[0] : $states.errorOutput.Error & ': ' & $substring($cause, 0, 500); \
         {{'Error': $states.errorOutput.Error, 'Cause': $string({{'kind': '{internal}', \
         'message': 'MediaConvert: ' & $text, 'hint': 'look at the job in queue of MediaConvert'}})}})"
    );
    catch_all("ReadCause").assign("failure", jsonata(failure))
}

/// Writes `JSONata` where a type of MediaConvert wants text.
fn jsonata_text(expression: &str) -> Value<String> {
    format!("{{% {expression} %}}").into_value()
}

fn json(value: impl Literal) -> Value<Json> {
    Value::from_expression(value.into_expression())
}
