//! Decodes all of a file, and takes no error for an answer.

use job::command::{global_arguments, input_arguments};
use job::{ErrorKind, Failure};

use super::progress::Progress;
use super::{Tools, log};
use crate::process::{End, run};
use crate::signs::Signs;

/// What decoding a file to its end showed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Decoded {
    /// How many frames the video stream has.
    pub(crate) frames: u64,
    /// Where the latest of its streams ends, in seconds after the file's start.
    pub(crate) seconds: f64,
}

/// What is decoded, and whose fault it is when that fails.
pub(crate) struct Decode<'a> {
    /// What the file is, for people.
    pub(crate) what: &'a str,
    pub(crate) file: &'a str,
    /// The name of its demuxer.
    pub(crate) format: &'a str,
    /// The index of its video stream.
    pub(crate) video_stream: u32,
    pub(crate) culprit: ErrorKind,
}

/// Decodes every frame of the video stream, and reads every packet of the audio and subtitle streams. Any error is
/// fatal, also those after which FFmpeg exits with 0: a Matroska file that was cut off, or an MP4 file cut off between
/// two frames.
pub(crate) async fn decode(tools: Tools<'_>, decode: &Decode<'_>) -> Result<Decoded, Failure> {
    let doing = format!("decoding {}", decode.what);
    let mut arguments = global_arguments();
    arguments.extend(input_arguments(decode.format, decode.file));
    arguments.extend(["-map".to_owned(), format!("0:{}", decode.video_stream)]);
    let rest = "-map 0:a? -map 0:s? -c:a copy -c:s copy -fps_mode:v passthrough -f null -";
    arguments.extend(rest.split(' ').map(str::to_owned));

    let (signs, mut progress) = (Signs::new(), Progress::default());
    let invocation = tools.invocation(&tools.settings.ffmpeg, &arguments);
    let finished = run(&invocation, &signs, tools.stall(), |line| {
        if progress.take(line) {
            signs.touch();
        }
    })
    .await
    .map_err(|error| tools.failure(&doing, decode.culprit, &error))?;

    #[expect(clippy::cast_precision_loss, reason = "microseconds lose nothing for the next 285 years")]
    let seconds = progress.end_microseconds as f64 / 1e6;
    if let Some(failure) = log::out_of_resources(&doing, finished.end, &finished.errors) {
        return Err(failure);
    }
    let failed = |message: String| Err(Failure::new(decode.culprit, format!("{doing}: {message}")));
    if let Some(complaint) = log::truncation(&finished.errors) {
        return failed(format!("it is cut off after {seconds:.2} s: {complaint}"));
    }
    match finished.end {
        End::Code(0) if progress.frames > 0 => Ok(Decoded { frames: progress.frames, seconds }),
        End::Code(0) => failed("there is not one frame in it".to_owned()),
        End::Code(_) => failed(format!("after {seconds:.2} s: {}", log::summary(&finished.errors))),
        End::Signal(signal) => failed(format!("the decoder was ended by signal {signal}")),
    }
}
