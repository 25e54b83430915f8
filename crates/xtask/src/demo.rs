//! The main job on real input, on this machine: deploy, submit, enhance, verify, show.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};

use crate::process::{self, output};
use crate::setup;

const SAMPLE: &str = "assets/sample/big_buck_bunny_320x180.mp4";

/// Deploys to the local cloud, enhances a sample video and shows the result.
#[derive(clap::Args)]
pub struct Arguments {
    /// The video to enhance, instead of the sample.
    file: Option<PathBuf>,
}

pub fn run(root: &Path, arguments: &Arguments) -> anyhow::Result<()> {
    setup::system_packages()?;
    setup::local_cloud(root)?;
    let baleen = build(root)?;
    let baleen = || {
        let mut command = Command::new(&baleen);
        command.current_dir(root);
        command
    };
    let before = arguments.file.clone().unwrap_or_else(|| root.join(SAMPLE));
    let folder = root.join("out/demo");
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let after = folder.join("enhanced.mp4");

    process::run(baleen().args(["deploy", "--env", "local", "--yes"]))?;
    process::run(baleen().args(["submit", "--env", "local", "--wait", "--output"]).arg(&after).arg(&before))?;

    let (before_picture, after_picture) = (Picture::probe(&before)?, Picture::probe(&after)?);
    let comparison = folder.join("before-and-after.png");
    compare(&before, &after, &after_picture, &comparison)?;
    eprintln!();
    eprintln!("before      {before_picture}  {}", before.display());
    eprintln!("after       {after_picture}  {}", after.display());
    eprintln!("comparison  {}", comparison.display());
    eprintln!();
    eprintln!(
        "The local cloud goes on running: `cargo run -- jobs --env local` lists the jobs, `cargo run -- local down` stops it."
    );
    Ok(())
}

/// Builds the command line tool and returns its path.
fn build(root: &Path) -> anyhow::Result<PathBuf> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    eprintln!("building baleen; the first time takes a few minutes");
    process::run(Command::new(&cargo).current_dir(root).args(["build", "--quiet", "--package", "baleen"]))?;
    let metadata =
        output(Command::new(&cargo).current_dir(root).args(["metadata", "--format-version=1", "--no-deps"]))?;
    let metadata: serde_json::Value = serde_json::from_str(&metadata)?;
    let target = metadata["target_directory"].as_str().context("cargo metadata names no target directory")?;
    Ok(Path::new(target).join("debug/baleen"))
}

/// What a file's first video stream looks like.
struct Picture {
    width: u32,
    height: u32,
    frames: u32,
}

impl Picture {
    fn probe(file: &Path) -> anyhow::Result<Self> {
        let mut ffprobe = Command::new("ffprobe");
        ffprobe.args(["-v", "error", "-select_streams", "v:0", "-count_packets", "-of", "json"]);
        ffprobe.args(["-show_entries", "stream=width,height,nb_read_packets", "-i"]).arg(file);
        let probed: serde_json::Value = serde_json::from_str(&output(&mut ffprobe)?)?;
        let stream = &probed["streams"][0];
        let number = |value: &serde_json::Value| value.as_u64().and_then(|number| u32::try_from(number).ok());
        let frames = stream["nb_read_packets"].as_str().and_then(|text| text.parse().ok());
        match (number(&stream["width"]), number(&stream["height"]), frames) {
            (Some(width), Some(height), Some(frames)) => Ok(Self { width, height, frames }),
            _ => bail!("{} has no video stream", file.display()),
        }
    }
}

impl std::fmt::Display for Picture {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{:>9}, {} frames", format!("{}x{}", self.width, self.height), self.frames)
    }
}

/// Puts the frame in the middle side by side: on the left as it was, its pixels enlarged, on the right enhanced.
fn compare(before: &Path, after: &Path, size: &Picture, comparison: &Path) -> anyhow::Result<()> {
    let middle = size.frames / 2;
    let filter = format!(
        "[0:v:0]select='eq(n,{middle})',scale={}:{}:flags=neighbor,setsar=1[left];\
         [1:v:0]select='eq(n,{middle})',setsar=1[right];[left][right]hstack=inputs=2",
        size.width, size.height
    );
    let mut ffmpeg = Command::new("ffmpeg");
    ffmpeg.args(["-nostdin", "-v", "error", "-y", "-i"]).arg(before).arg("-i").arg(after);
    ffmpeg.args(["-filter_complex", &filter, "-frames:v", "1"]).arg(comparison);
    process::run(&mut ffmpeg)
}
