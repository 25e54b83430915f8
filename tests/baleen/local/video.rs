//! Makes small videos, and looks at what became of them.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// Makes a video of moving patterns, with a tone: 160x90, 25 frames a second.
pub fn make(path: &Path, seconds: u32) {
    let picture = format!("testsrc2=size=160x90:rate=25:duration={seconds}");
    let tone = format!("sine=frequency=440:duration={seconds}");
    ffmpeg(
        &[
            "-f",
            "lavfi",
            "-i",
            &picture,
            "-f",
            "lavfi",
            "-i",
            &tone,
            "-c:v",
            "libx264",
            "-preset",
            "ultrafast",
            "-pix_fmt",
            "yuv420p",
            "-c:a",
            "aac",
        ],
        path,
    );
}

/// Makes a video that takes a while to enhance.
pub fn make_long(path: &Path) {
    let picture = "testsrc2=size=960x540:rate=25:duration=20";
    ffmpeg(&["-f", "lavfi", "-i", picture, "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"], path);
}

/// Makes a file with sound and no picture.
pub fn make_sound_only(path: &Path) {
    ffmpeg(&["-f", "lavfi", "-i", "sine=frequency=440:duration=1", "-c:a", "aac"], path);
}

fn ffmpeg(arguments: &[&str], path: &Path) {
    let mut command = Command::new("ffmpeg");
    let output =
        command.args(["-nostdin", "-v", "error", "-y"]).args(arguments).arg(path).output().expect("ffmpeg runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// What a file holds: width, height, frames that decode, and how many streams of sound.
#[derive(Debug, PartialEq, Eq)]
pub struct Video {
    pub width: u64,
    pub height: u64,
    pub frames: u64,
    pub sounds: usize,
}

/// Decodes a file.
pub fn probe(path: &Path) -> Video {
    let mut command = Command::new("ffprobe");
    command.args(["-v", "error", "-count_frames", "-show_streams", "-of", "json", "-i"]).arg(path);
    let output = command.output().expect("ffprobe runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let probed: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let streams = probed["streams"].as_array().expect("streams");
    let of = |kind: &str| streams.iter().filter(|stream| stream["codec_type"] == kind).collect::<Vec<_>>();
    let picture = of("video")[0];
    Video {
        width: picture["width"].as_u64().expect("a number"),
        height: picture["height"].as_u64().expect("a number"),
        frames: picture["nb_read_frames"].as_str().and_then(|text| text.parse().ok()).expect("a number"),
        sounds: of("audio").len(),
    }
}
