//! Small videos, made by FFmpeg.

use std::path::Path;

use crate::bench::output_of;

/// Runs FFmpeg with arguments divided by spaces, and returns the file that it makes.
pub fn make(folder: &Path, arguments: &str, file: &str) -> Vec<u8> {
    let mut all = vec!["-v", "error", "-nostdin", "-y"];
    all.extend(arguments.split(' ').filter(|argument| !argument.is_empty()));
    all.push(file);
    output_of("ffmpeg", &all, folder);
    std::fs::read(folder.join(file)).unwrap()
}

/// Moving pictures of 64x48, 10 a second.
const PICTURES: &str = "-f lavfi -i testsrc2=s=64x48:r=10:d=2";

const H264: &str = "-c:v libx264 -preset ultrafast -pix_fmt yuv420p -g 10";

/// One video and one audio stream in MP4: 20 frames.
pub fn plain(folder: &Path) -> Vec<u8> {
    make(folder, &format!("{PICTURES} -f lavfi -i sine=d=2 {H264} -c:a aac -movflags +faststart"), "plain.mp4")
}

/// The same, without sound.
pub fn silent(folder: &Path, name: &str) -> Vec<u8> {
    make(folder, &format!("{PICTURES} {H264}"), name)
}

/// Video, two audio streams, subtitles, chapters and a title, in Matroska.
pub fn rich(folder: &Path) -> Vec<u8> {
    let subtitles = "1\n00:00:00,200 --> 00:00:00,900\nHello\n\n2\n00:00:01,000 --> 00:00:01,500\nWorld\n";
    std::fs::write(folder.join("subtitles.srt"), subtitles).unwrap();
    let metadata = ";FFMETADATA1\ntitle=A $(title) with \"quotes\"\n\
        [CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=1000\ntitle=One\n\
        [CHAPTER]\nTIMEBASE=1/1000\nSTART=1000\nEND=2000\ntitle=Two\n";
    std::fs::write(folder.join("metadata.txt"), metadata).unwrap();
    let inputs = "-f lavfi -i sine=f=440:d=2 -f lavfi -i sine=f=880:d=2 -i subtitles.srt -i metadata.txt";
    let maps = "-map 0 -map 1 -map 2 -map 3 -map_metadata 4 -map_chapters 4";
    let languages = "-metadata:s:a:0 language=eng -metadata:s:a:1 language=kor -metadata:s:s:0 language=fre";
    let arguments = format!("{PICTURES} {inputs} {maps} {H264} -c:a aac -c:s srt {languages}");
    make(folder, &arguments, "rich.mkv")
}

/// Frames that do not come at regular times.
pub fn variable_rate(folder: &Path) -> Vec<u8> {
    let irregular = "-vf select='not(mod(n\\,3))+lt(n\\,7)' -fps_mode vfr -enc_time_base 1/1000";
    make(folder, &format!("{PICTURES} {irregular} {H264}"), "variable.mp4")
}

/// A picture that players turn by 90 degrees.
pub fn turned(folder: &Path) -> Vec<u8> {
    silent(folder, "upright.mp4");
    make(folder, "-i upright.mp4 -c copy -metadata:s:v rotate=90", "turned.mp4")
}

/// Pixels that are wider than high.
pub fn anamorphic(folder: &Path) -> Vec<u8> {
    make(folder, &format!("{PICTURES} -vf setsar=16/15 {H264}"), "anamorphic.mp4")
}

/// Sides of an odd number of pixels.
pub fn odd(folder: &Path) -> Vec<u8> {
    let odd = "-vf format=yuv444p,crop=61:47:0:0 -c:v libx264 -preset ultrafast -pix_fmt yuv444p";
    make(folder, &format!("{PICTURES} {odd}"), "odd.mkv")
}

/// Frames of two fields each: 20 frames.
pub fn interlaced(folder: &Path) -> Vec<u8> {
    let pictures = "-f lavfi -i testsrc2=s=64x48:r=20:d=2 -vf tinterlace=interleave_top";
    make(folder, &format!("{pictures} {H264} -x264opts tff=1"), "interlaced.mp4")
}

/// Ten bits and a high dynamic range.
pub fn high_dynamic_range(folder: &Path) -> Vec<u8> {
    let hevc = "-c:v libx265 -preset ultrafast -x265-params log-level=none -pix_fmt yuv420p10le";
    let colours = "-color_primaries bt2020 -color_trc smpte2084 -colorspace bt2020nc";
    make(folder, &format!("{PICTURES} {hevc} {colours}"), "hdr.mp4")
}

/// Sound alone.
pub fn audio_only(folder: &Path) -> Vec<u8> {
    make(folder, "-f lavfi -i sine=d=2 -c:a aac", "audio.mp4")
}

/// Another container for the same streams.
pub fn remuxed(folder: &Path, arguments: &str, name: &str) -> Vec<u8> {
    plain(folder);
    make(folder, &format!("-i plain.mp4 -map 0 -c copy {arguments}"), name)
}
