//! FFmpeg's command line for a task, as a vector of arguments: no shell ever reads it, and no text of an object's key
//! or of its metadata is part of it.

use crate::engine::{EngineError, Picture, encoder_arguments, filter_graph};
use crate::{Container, Recipe};

/// Formats that may be opened, by the names of FFmpeg's demuxers: those that hold their media themselves. Playlists,
/// scripts and pictures are not among them, whatever their file is called.
pub const FORMATS: &str = "mov,matroska,mpegts,mpeg,avi,flv,asf,mxf,ogg,gxf,dv";

/// The file, in the folder where FFmpeg runs, that holds the source.
pub const SOURCE_FILE: &str = "source";

/// What a command line must know about its source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnhanceInput {
    /// The name of the demuxer that the probe found.
    pub format: String,
    /// The index of the video stream to be enhanced.
    pub video_stream: u32,
    /// The unit of the video stream's timestamps, as a fraction of a second.
    pub time_base: (u32, u32),
    /// The picture, as it is shown.
    pub picture: Picture,
    /// The other streams, in the order in which the output holds them.
    pub copies: Vec<StreamCopy>,
}

/// A stream that goes into the output as it is, or with its subtitles in another notation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamCopy {
    /// The stream's index in the source.
    pub index: u32,
    /// What it carries.
    pub kind: StreamKind,
    /// How it is written.
    pub codec: CopyCodec,
}

/// What a stream carries, apart from the picture that is enhanced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamKind {
    /// Sound.
    Audio,
    /// Subtitles.
    Subtitle,
    /// A picture attached to the file, such as cover art.
    AttachedPicture,
    /// A file attached to the file, such as a font.
    Attachment,
}

/// How a stream is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CopyCodec {
    /// As it is.
    Copy,
    /// As MP4's timed text.
    MovText,
    /// As `SubRip` text.
    Subrip,
}

impl CopyCodec {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Copy => "copy",
            Self::MovText => "mov_text",
            Self::Subrip => "srt",
        }
    }
}

/// Writes the options that go before `-i` wherever a file is read: nothing but this one file is opened, its format is
/// the one that the probe found, and any error in it is fatal.
pub fn input_arguments(format: &str, file: &str) -> Vec<String> {
    let file = format!("file:{file}");
    ["-protocol_whitelist", "file", "-format_whitelist", FORMATS, "-f", format, "-err_detect", "explode", "-i", &file]
        .map(str::to_owned)
        .to_vec()
}

/// Writes the arguments with which FFmpeg enhances a whole title from [`SOURCE_FILE`] into the file `output`, both in
/// the folder where it runs. Its progress goes to standard output.
///
/// Needs FFmpeg 5.1 or later, for `-fps_mode`.
pub fn enhance_arguments(recipe: &Recipe, input: &EnhanceInput, output: &str) -> Result<Vec<String>, EngineError> {
    let graph = filter_graph(recipe, input.picture)?;
    let (numerator, denominator) = input.time_base;
    let container = recipe.encoding.container;

    let mut arguments = global_arguments();
    arguments.extend(input_arguments(&input.format, SOURCE_FILE));
    // FFmpeg's own choice would keep one video and one audio stream, and lose the others without a word.
    for index in std::iter::once(input.video_stream).chain(input.copies.iter().map(|copy| copy.index)) {
        arguments.extend(["-map".to_owned(), format!("0:{index}")]);
    }
    arguments.extend(["-map_metadata", "0", "-map_chapters", "0", "-filter:v:0", &graph].map(str::to_owned));
    // Frames keep their timestamps, in the source's own unit: neither dropped, nor doubled, nor moved.
    let unit = format!("{numerator}/{denominator}");
    arguments.extend(["-fps_mode:v:0", "passthrough", "-enc_time_base:v:0", &unit].map(str::to_owned));
    arguments.extend(encoder_arguments(recipe.encoding));
    arguments.extend(copy_arguments(&input.copies));
    if container == Container::Mp4 {
        arguments.extend(["-movflags", "+faststart"].map(str::to_owned));
    }
    arguments.extend(["-f", container.muxer(), "-y", &format!("file:{output}")].map(str::to_owned));
    Ok(arguments)
}

/// Writes the options that every run of FFmpeg gets: no questions, any error fatal, progress on standard output, and
/// log lines that say how grave they are.
pub fn global_arguments() -> Vec<String> {
    "-hide_banner -nostdin -nostats -loglevel level+warning -xerror -progress pipe:1 -stats_period 0.5"
        .split(' ')
        .map(str::to_owned)
        .collect()
}

fn copy_arguments(copies: &[StreamCopy]) -> Vec<String> {
    // The enhanced picture is the first video stream of the output.
    let mut next_video = 1;
    let (mut next_audio, mut next_subtitle, mut next_attachment) = (0, 0, 0);
    let mut arguments = Vec::new();
    for copy in copies {
        let (letter, next) = match copy.kind {
            StreamKind::Audio => ('a', &mut next_audio),
            StreamKind::Subtitle => ('s', &mut next_subtitle),
            StreamKind::AttachedPicture => ('v', &mut next_video),
            StreamKind::Attachment => ('t', &mut next_attachment),
        };
        arguments.extend([format!("-c:{letter}:{next}"), copy.codec.as_str().to_owned()]);
        if copy.kind == StreamKind::AttachedPicture {
            arguments.extend([format!("-disposition:{letter}:{next}"), "attached_pic".to_owned()]);
        }
        *next += 1;
    }
    arguments
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipe::tests::sample;
    use crate::{Container, Engine};

    fn input() -> EnhanceInput {
        let copy = |index, kind, codec| StreamCopy { index, kind, codec };
        EnhanceInput {
            format: "matroska".to_owned(),
            video_stream: 1,
            time_base: (1, 1000),
            picture: Picture { width: 640, height: 360, sample_aspect_ratio: None, interlaced: false },
            copies: vec![
                copy(0, StreamKind::Audio, CopyCodec::Copy),
                copy(2, StreamKind::Audio, CopyCodec::Copy),
                copy(3, StreamKind::Subtitle, CopyCodec::MovText),
                copy(4, StreamKind::AttachedPicture, CopyCodec::Copy),
            ],
        }
    }

    #[test]
    fn everything_is_mapped_and_named() {
        let arguments = enhance_arguments(&sample(), &input(), "output").unwrap().join(" ");
        assert_eq!(
            arguments,
            "-hide_banner -nostdin -nostats -loglevel level+warning -xerror -progress pipe:1 -stats_period 0.5 \
             -protocol_whitelist file -format_whitelist \
             mov,matroska,mpegts,mpeg,avi,flv,asf,mxf,ogg,gxf,dv \
             -f matroska -err_detect explode -i file:source \
             -map 0:1 -map 0:0 -map 0:2 -map 0:3 -map 0:4 -map_metadata 0 -map_chapters 0 \
             -filter:v:0 scale=w=1280:h=720:flags=lanczos+accurate_rnd -fps_mode:v:0 passthrough \
             -enc_time_base:v:0 1/1000 -c:v:0 libx264 -preset medium -crf 18 -pix_fmt:v:0 yuv420p \
             -c:a:0 copy -c:a:1 copy -c:s:0 mov_text -c:v:1 copy -disposition:v:1 attached_pic \
             -movflags +faststart -f mp4 -y file:output"
        );
    }

    #[test]
    fn matroska_takes_attachments() {
        let mut recipe = sample();
        recipe.encoding.container = Container::Mkv;
        let mut input = input();
        input.copies = vec![StreamCopy { index: 7, kind: StreamKind::Attachment, codec: CopyCodec::Copy }];
        let arguments = enhance_arguments(&recipe, &input, "output").unwrap().join(" ");
        assert!(arguments.ends_with("-c:t:0 copy -f matroska -y file:output"), "{arguments}");
    }

    #[test]
    fn an_engine_that_is_not_there_has_no_command_line() {
        let recipe = Recipe { engine: Engine::SwinIr, ..sample() };
        assert!(matches!(enhance_arguments(&recipe, &input(), "output"), Err(EngineError::NotAvailable("swin-ir"))));
    }
}
