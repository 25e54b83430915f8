//! Decides whether a source can be enhanced, and how each of its streams is treated.

use job::command::{CopyCodec, EnhanceInput, StreamCopy, StreamKind};
use job::engine::{Picture, enhanced_size};
use job::{Codec, Container, ErrorKind, Failure, Recipe};

use super::decode::Decoded;
use super::probe::{Probe, Stream};

/// Smallest side of a picture, in pixels.
const SMALLEST_SIDE: u32 = 16;

/// Largest enhanced picture, in pixels: twice what 8K has. It keeps a file of a few bytes that declares a giant
/// picture from taking all memory.
const LARGEST_AREA: u64 = 8192 * 8192;

/// Audio that MP4 carries, by FFmpeg's names.
const MP4_AUDIO: [&str; 8] = ["aac", "ac3", "alac", "dts", "eac3", "mp2", "mp3", "opus"];

/// Subtitles that are text, and become MP4's timed text.
const TEXT_SUBTITLES: [&str; 6] = ["ass", "mov_text", "ssa", "subrip", "text", "webvtt"];

/// Subtitles that Matroska carries as they are.
const MKV_SUBTITLES: [&str; 7] =
    ["ass", "dvb_subtitle", "dvd_subtitle", "hdmv_pgs_subtitle", "ssa", "subrip", "webvtt"];

/// A source that can be enhanced.
#[derive(Clone, Debug)]
pub(crate) struct Accepted {
    /// What the command line must know.
    pub(crate) input: EnhanceInput,
    /// What must come out, as far as it is known before the frames are counted.
    pub(crate) expected: Expected,
    /// Streams that the output's format cannot carry, in words.
    pub(crate) left_out: Vec<String>,
}

/// What must come out.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Expected {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) sample_aspect_ratio: Option<(u32, u32)>,
    /// How long a frame of the source lasts, in seconds.
    pub(crate) frame_seconds: f64,
    /// Space, transfer and primaries of the colours, where the source names them.
    pub(crate) colours: [Option<String>; 3],
    /// Codec and language of each.
    pub(crate) audio: Vec<Track>,
    /// Codec and language of each.
    pub(crate) subtitles: Vec<Track>,
    pub(crate) attached_pictures: usize,
    pub(crate) attachments: usize,
}

/// A stream of the output that is not the picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Track {
    pub(crate) codec: String,
    pub(crate) language: Option<String>,
}

/// Looks whether a source can be enhanced by a recipe; if not, says what is wrong, and where.
pub(crate) fn accept(probe: &Probe, recipe: &Recipe) -> Result<Accepted, Failure> {
    let video = only_video(probe)?;
    let picture = picture(video)?;
    let (width, height) = enhanced_size(picture.width, picture.height, recipe.scale);
    size_fits(video, (width, height), recipe)?;
    dynamic_range_fits(video, recipe)?;
    if probe.duration().is_some_and(|seconds| seconds <= 0.0) {
        return Err(input("the file declares a duration of zero"));
    }
    let time_base = video.time_base().ok_or_else(|| input(format!("{} has no unit of time", place(video))))?;

    let mut streams = Streams::default();
    for stream in &probe.streams {
        if stream.index != video.index {
            streams.add(stream, recipe.encoding.container)?;
        }
    }
    let expected = Expected {
        width,
        height,
        sample_aspect_ratio: picture.sample_aspect_ratio,
        // Used as a tolerance only: where the file does not tell, a frame of the slowest usual rate.
        frame_seconds: video.frame_seconds().unwrap_or(1.0 / 24.0),
        colours: colours(video),
        audio: streams.audio,
        subtitles: streams.subtitles,
        attached_pictures: count(&streams.copies, StreamKind::AttachedPicture),
        attachments: count(&streams.copies, StreamKind::Attachment),
    };
    let input = EnhanceInput {
        format: probe.format().to_owned(),
        video_stream: video.index,
        time_base,
        picture,
        copies: streams.copies,
    };
    Ok(Accepted { input, expected, left_out: streams.left_out })
}

/// Looks whether a source has what it declares: a file that was cut off between two packets decodes without an error.
pub(crate) fn complete(probe: &Probe, decoded: Decoded) -> Result<(), Failure> {
    // Transport and program streams declare nothing; FFmpeg reads their duration off what is there.
    let declared = probe.duration().filter(|_| !["mpegts", "mpeg"].contains(&probe.format()));
    let Some(declared) = declared else { return Ok(()) };
    let tolerance = (declared / 100.0).max(1.0);
    if decoded.seconds + tolerance < declared {
        let message = format!("the file declares {declared:.2} s, and ends after {:.2} s", decoded.seconds);
        return Err(input(message).with_hint("upload the file again; it was cut off"));
    }
    Ok(())
}

fn input(message: impl Into<String>) -> Failure {
    Failure::new(ErrorKind::Input, message)
}

/// Says which stream is meant.
fn place(stream: &Stream) -> String {
    format!("stream {} ({} {})", stream.index, stream.codec_type, stream.codec().unwrap_or("of an unknown codec"))
}

fn only_video(probe: &Probe) -> Result<&Stream, Failure> {
    let mut videos = probe.videos();
    let Some(video) = videos.next() else {
        let found: Vec<_> = probe.streams.iter().map(place).collect();
        let found = if found.is_empty() { "no streams at all".to_owned() } else { found.join(", ") };
        return Err(input(format!("no video stream; the file has {found}")).with_hint("upload a video"));
    };
    if let Some(second) = videos.next() {
        let message = format!("more than one video stream: {} and {}", place(video), place(second));
        return Err(input(message).with_hint("upload each video as a file of its own"));
    }
    if video.codec().is_none() {
        return Err(input(format!("{} cannot be decoded", place(video))));
    }
    Ok(video)
}

/// The picture as it is shown: FFmpeg turns it before any filter sees it.
fn picture(video: &Stream) -> Result<Picture, Failure> {
    let rotation = video.rotation();
    let quarter_turns = rotation / 90.0;
    if (quarter_turns - quarter_turns.round()).abs() > 0.001 {
        let message = format!("{} is rotated by {rotation} degrees; allowed: multiples of 90", place(video));
        return Err(input(message));
    }
    let is_turned = (quarter_turns.round() % 2.0).abs() > 0.5;
    let shape = video.sample_aspect_ratio();
    let (width, height, shape) = if is_turned {
        (video.height, video.width, shape.map(|(width, height)| (height, width)))
    } else {
        (video.width, video.height, shape)
    };
    Ok(Picture { width, height, sample_aspect_ratio: shape, interlaced: video.is_interlaced() })
}

fn size_fits(video: &Stream, (width, height): (u32, u32), recipe: &Recipe) -> Result<(), Failure> {
    let place = place(video);
    if video.width < SMALLEST_SIDE || video.height < SMALLEST_SIDE {
        let (width, height) = (video.width, video.height);
        return Err(input(format!("{place} is {width}x{height}; allowed: {SMALLEST_SIDE} pixels and more a side")));
    }
    let codec = recipe.encoding.codec;
    let largest_side = match codec {
        Codec::H264Nvenc => 4096,
        Codec::HevcNvenc => 8192,
        Codec::Libx264 | Codec::Libx265 => 16_384,
    };
    let area = u64::from(width) * u64::from(height);
    if width > largest_side || height > largest_side || area > LARGEST_AREA {
        let message = format!(
            "{place} is {}x{}, which would become {width}x{height}; {} writes at most {largest_side} pixels a side, {LARGEST_AREA} in all",
            video.width,
            video.height,
            codec.as_str(),
        );
        return Err(input(message).with_hint("use a smaller scale, or another codec"));
    }
    Ok(())
}

fn dynamic_range_fits(video: &Stream, recipe: &Recipe) -> Result<(), Failure> {
    let pixel_format = recipe.encoding.pixel_format;
    if video.is_high_dynamic_range() && pixel_format.bits() < 10 {
        let message = format!(
            "{} has a high dynamic range ({}), which {} cannot hold",
            place(video),
            video.color_transfer.as_deref().unwrap_or_default(),
            pixel_format.as_str()
        );
        return Err(input(message).with_hint("use a HEVC codec with pixel_format yuv420p10le"));
    }
    Ok(())
}

pub(super) fn colours(video: &Stream) -> [Option<String>; 3] {
    let named = |name: &Option<String>| name.clone().filter(|name| name != "unknown" && name != "reserved");
    // RGB is written as YCbCr, in whatever space the conversion chooses.
    let space = named(&video.color_space).filter(|space| space != "gbr");
    [space, named(&video.color_transfer), named(&video.color_primaries)]
}

fn count(copies: &[StreamCopy], kind: StreamKind) -> usize {
    copies.iter().filter(|copy| copy.kind == kind).count()
}

/// The streams beside the picture, as far as they were looked at.
#[derive(Default)]
struct Streams {
    copies: Vec<StreamCopy>,
    audio: Vec<Track>,
    subtitles: Vec<Track>,
    left_out: Vec<String>,
}

impl Streams {
    fn add(&mut self, stream: &Stream, container: Container) -> Result<(), Failure> {
        match stream.codec_type.as_str() {
            "audio" => self.add_audio(stream, container),
            "subtitle" => self.add_subtitle(stream, container),
            // FFmpeg 5.1 writes cover art into Matroska as a second video track.
            "video" if container == Container::Mp4 => {
                self.copy(stream, StreamKind::AttachedPicture, CopyCodec::Copy);
                Ok(())
            }
            "attachment" if container == Container::Mkv => {
                self.copy(stream, StreamKind::Attachment, CopyCodec::Copy);
                Ok(())
            }
            // Timecode tracks, camera telemetry; chapters are not streams, and are kept.
            _ => {
                self.left_out.push(place(stream));
                Ok(())
            }
        }
    }

    fn add_audio(&mut self, stream: &Stream, container: Container) -> Result<(), Failure> {
        let place = place(stream);
        let codec = stream.codec().ok_or_else(|| input(format!("{place} cannot be copied")))?;
        if container == Container::Mp4 && !MP4_AUDIO.contains(&codec) {
            return Err(not_carried(&place, container));
        }
        self.audio.push(Track { codec: codec.to_owned(), language: stream.language().map(str::to_owned) });
        self.copy(stream, StreamKind::Audio, CopyCodec::Copy);
        Ok(())
    }

    fn add_subtitle(&mut self, stream: &Stream, container: Container) -> Result<(), Failure> {
        let place = place(stream);
        let codec = stream.codec().ok_or_else(|| input(format!("{place} cannot be copied")))?;
        let (how, result) = match container {
            Container::Mp4 if codec == "mov_text" => (CopyCodec::Copy, codec),
            Container::Mp4 if TEXT_SUBTITLES.contains(&codec) => (CopyCodec::MovText, "mov_text"),
            Container::Mkv if MKV_SUBTITLES.contains(&codec) => (CopyCodec::Copy, codec),
            Container::Mkv if TEXT_SUBTITLES.contains(&codec) => (CopyCodec::Subrip, "subrip"),
            _ => return Err(not_carried(&place, container)),
        };
        self.subtitles.push(Track { codec: result.to_owned(), language: stream.language().map(str::to_owned) });
        self.copy(stream, StreamKind::Subtitle, how);
        Ok(())
    }

    fn copy(&mut self, stream: &Stream, kind: StreamKind, codec: CopyCodec) {
        self.copies.push(StreamCopy { index: stream.index, kind, codec });
    }
}

fn not_carried(place: &str, container: Container) -> Failure {
    let failure = input(format!("{place} cannot be written to {}, and is not thrown away", container.as_str()));
    match container {
        Container::Mp4 => failure.with_hint("use container mkv, or upload the video without this stream"),
        Container::Mkv => failure.with_hint("upload the video without this stream"),
    }
}

#[cfg(test)]
mod tests;
