//! What a file holds, as `FFprobe` sees it.

use std::collections::BTreeMap;

use job::command::FORMATS;
use job::{ErrorKind, Failure};
use serde::Deserialize;

use super::{Tools, log};
use crate::process::{End, capture};

/// How much `FFprobe` may say of one file, in bytes.
const LONGEST_ANSWER: u64 = 16 * 1024 * 1024;

/// What `FFprobe` says of a file.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Probe {
    #[serde(default)]
    pub(super) streams: Vec<Stream>,
    pub(super) format: Format,
}

/// The file as a whole.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Format {
    format_name: String,
    duration: Option<String>,
}

/// One stream of it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Stream {
    pub(super) index: u32,
    pub(super) codec_type: String,
    codec_name: Option<String>,
    pub(super) width: u32,
    pub(super) height: u32,
    sample_aspect_ratio: Option<String>,
    field_order: Option<String>,
    pub(super) color_space: Option<String>,
    pub(super) color_transfer: Option<String>,
    pub(super) color_primaries: Option<String>,
    time_base: Option<String>,
    avg_frame_rate: Option<String>,
    disposition: BTreeMap<String, u8>,
    tags: BTreeMap<String, String>,
    side_data_list: Vec<SideData>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct SideData {
    rotation: Option<f64>,
}

impl Probe {
    /// Returns the name by which the demuxer is asked for: the first of its names.
    pub(crate) fn format(&self) -> &str {
        self.format.format_name.split(',').next().unwrap_or_default()
    }

    /// Returns the duration that the file declares, in seconds.
    pub(crate) fn duration(&self) -> Option<f64> {
        self.format.duration.as_deref()?.parse().ok()
    }

    /// Returns the moving pictures: cover art and thumbnails are none.
    pub(super) fn videos(&self) -> impl Iterator<Item = &Stream> {
        self.of_kind("video").filter(|stream| !stream.is_attached_picture())
    }

    pub(super) fn of_kind<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Stream> {
        self.streams.iter().filter(move |stream| stream.codec_type == kind)
    }
}

impl Stream {
    /// Returns the name of what the stream is encoded with; `None` where FFmpeg does not know it.
    pub(super) fn codec(&self) -> Option<&str> {
        self.codec_name.as_deref().filter(|name| !["none", "unknown"].contains(name))
    }

    pub(super) fn is_attached_picture(&self) -> bool {
        let has = |name| self.disposition.get(name).is_some_and(|flag| *flag != 0);
        has("attached_pic") || has("timed_thumbnails") || has("still_image")
    }

    pub(super) fn language(&self) -> Option<&str> {
        // `und` is how MP4 says that there is none.
        self.tags.get("language").map(String::as_str).filter(|language| *language != "und")
    }

    /// Returns by how many degrees a player turns the picture, between 0 and 359.
    pub(super) fn rotation(&self) -> f64 {
        let degrees = self.side_data_list.iter().find_map(|data| data.rotation).unwrap_or_default();
        degrees.rem_euclid(360.0)
    }

    /// Tells whether frames consist of two fields, as far as the file says.
    pub(super) fn is_interlaced(&self) -> bool {
        self.field_order.as_deref().is_some_and(|order| ["tt", "bb", "tb", "bt"].contains(&order))
    }

    /// Tells whether the picture has a high dynamic range: PQ or HLG.
    pub(super) fn is_high_dynamic_range(&self) -> bool {
        self.color_transfer.as_deref().is_some_and(|transfer| ["smpte2084", "arib-std-b67"].contains(&transfer))
    }

    /// Returns the shape of a pixel, where the file says it.
    pub(super) fn sample_aspect_ratio(&self) -> Option<(u32, u32)> {
        fraction(self.sample_aspect_ratio.as_deref()?, ':')
    }

    /// Returns the unit of the stream's timestamps, as a fraction of a second.
    pub(super) fn time_base(&self) -> Option<(u32, u32)> {
        fraction(self.time_base.as_deref()?, '/')
    }

    /// Returns how long a frame lasts, on average, in seconds.
    pub(super) fn frame_seconds(&self) -> Option<f64> {
        let (frames, seconds) = fraction(self.avg_frame_rate.as_deref()?, '/')?;
        Some(f64::from(seconds) / f64::from(frames))
    }
}

/// Reads a fraction; one with a zero in it says nothing.
fn fraction(text: &str, separator: char) -> Option<(u32, u32)> {
    let (numerator, denominator) = text.split_once(separator)?;
    match (numerator.parse().ok()?, denominator.parse().ok()?) {
        (0, _) | (_, 0) => None,
        fraction => Some(fraction),
    }
}

/// Looks at a file. One that `FFprobe` cannot open, or that is of a format not allowed, is a failure of kind `culprit`.
pub(crate) async fn probe(tools: Tools<'_>, file: &str, culprit: ErrorKind) -> Result<Probe, Failure> {
    let doing = "probing";
    let arguments: Vec<String> = [
        "-hide_banner",
        "-loglevel",
        "level+error",
        "-protocol_whitelist",
        "file",
        "-format_whitelist",
        FORMATS,
        "-show_format",
        "-show_streams",
        "-of",
        "json",
        &format!("file:{file}"),
    ]
    .map(str::to_owned)
    .to_vec();
    let invocation = tools.invocation(&tools.settings.ffprobe, &arguments);
    let (finished, answer) = capture(&invocation, tools.stall(), LONGEST_ANSWER)
        .await
        .map_err(|error| tools.failure(doing, culprit, &error))?;
    if let Some(failure) = log::out_of_resources(doing, finished.end, &finished.errors) {
        return Err(failure);
    }
    if finished.end != End::Code(0) {
        return Err(refused(culprit, &finished.errors));
    }
    // Text that is not UTF-8 may come out of a file's metadata.
    let answer = String::from_utf8_lossy(&answer);
    serde_json::from_str(&answer).map_err(|error| Failure::new(culprit, format!("{doing}: FFprobe's answer: {error}")))
}

fn refused(culprit: ErrorKind, errors: &str) -> Failure {
    let hint = format!("upload a video in one of the formats {}", FORMATS.replace(',', ", "));
    let summary = log::summary(errors);
    // `hls: Format not on whitelist 'mov,…'`
    let message = match summary.split_once(": Format not on whitelist") {
        Some((format, _)) => format!("the file's format is {format}, which is not a video format that is allowed"),
        None => format!("not a video that FFmpeg can open: {summary}"),
    };
    Failure::new(culprit, message).with_hint(hint)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use serde_json::{Value, json};

    pub(in crate::media) fn probe_of(streams: &Value) -> Probe {
        let format = json!({ "format_name": "mov,mp4,m4a,3gp,3g2,mj2", "duration": "10.000000" });
        serde_json::from_value(json!({ "streams": streams, "format": format })).unwrap()
    }

    #[test]
    fn what_matters_is_read_and_the_rest_ignored() {
        let probe = probe_of(&json!([{
            "index": 0, "codec_name": "h264", "codec_type": "video", "width": 720, "height": 576, "profile": "High",
            "sample_aspect_ratio": "16:15", "field_order": "tt", "time_base": "1/12800", "avg_frame_rate": "25/1",
            "color_transfer": "smpte2084", "disposition": { "default": 1, "attached_pic": 0 },
            "tags": { "language": "kor" },
            "side_data_list": [{ "side_data_type": "Other" }, { "side_data_type": "Display Matrix", "rotation": -90 }],
        }]));
        assert_eq!(probe.format(), "mov");
        assert_eq!(probe.duration(), Some(10.0));
        let stream = probe.videos().next().unwrap();
        assert_eq!(stream.sample_aspect_ratio(), Some((16, 15)));
        assert_eq!(stream.time_base(), Some((1, 12_800)));
        assert_eq!(stream.frame_seconds(), Some(0.04));
        assert!((stream.rotation() - 270.0).abs() < f64::EPSILON);
        assert!(stream.is_interlaced() && stream.is_high_dynamic_range());
        assert_eq!(stream.language(), Some("kor"));
    }

    #[test]
    fn what_a_file_does_not_say_is_not_made_up() {
        let probe = probe_of(&json!([{
            "index": 0, "codec_type": "video", "sample_aspect_ratio": "0:1", "avg_frame_rate": "0/0", "codec_name": "none",
            "tags": { "language": "und" },
        }]));
        let stream = probe.videos().next().unwrap();
        assert_eq!(stream.sample_aspect_ratio(), None);
        assert_eq!(stream.frame_seconds(), None);
        assert_eq!(stream.codec(), None);
        assert_eq!(stream.language(), None);
        assert!(!stream.is_interlaced());
    }

    #[test]
    fn cover_art_is_no_video() {
        let probe =
            probe_of(&json!([{ "codec_type": "video", "codec_name": "mjpeg", "disposition": { "attached_pic": 1 } }]));
        assert_eq!(probe.videos().count(), 0);
    }

    #[test]
    fn a_disguised_file_is_called_by_its_name() {
        let failure = refused(ErrorKind::Input, "[hls @ 0x1] [error] Format not on whitelist 'mov,matroska'\n");
        assert_eq!(failure.message, "the file's format is hls, which is not a video format that is allowed");
        let failure = refused(ErrorKind::Input, "[error] file:source: Invalid data found when processing input\n");
        assert_eq!(
            failure.message,
            "not a video that FFmpeg can open: file:source: Invalid data found when processing input"
        );
    }
}
