//! Records what a command shows on a terminal as a picture that moves: an SVG without scripts, which browsers and GitHub
//! play.
//!
//! `script` gives the command a terminal and writes down what comes when; [`vt100`] is the terminal that shows it.

mod frames;
mod svg;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};

use crate::process;

/// Records a command on a terminal as an animated SVG.
#[derive(clap::Args)]
pub struct Arguments {
    /// The file to write.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// The command as the picture shows it; as it is run, where this is absent.
    #[arg(long)]
    shown: Option<String>,
    /// How wide the terminal is, in characters.
    #[arg(long, default_value_t = 110, value_parser = clap::value_parser!(u16).range(40..=200))]
    columns: u16,
    /// How high the terminal is, in lines.
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u16).range(10..=100))]
    lines: u16,
    /// The longest time, in seconds, that nothing moves in the picture: longer waits are cut to it.
    #[arg(long, default_value_t = 1.5)]
    longest_wait: f64,
    /// The command.
    #[arg(trailing_var_arg = true, required = true)]
    command: Vec<OsString>,
}

pub fn run(root: &Path, arguments: &Arguments) -> anyhow::Result<()> {
    let folder = root.join(".baleen/record");
    std::fs::create_dir_all(&folder)?;
    let (output, timing) = (folder.join("output"), folder.join("timing"));
    let command: Vec<_> = arguments.command.iter().map(|word| quoted(&word.to_string_lossy())).collect();
    let command = command.join(" ");
    // The terminal that `script` makes has the size of none: the command is told it by `stty`, and by the environment.
    let sized = format!("stty cols {} rows {}; exec {command}", arguments.columns, arguments.lines);
    let mut script = Command::new("script");
    script.current_dir(root).args(["--quiet", "--return", "--flush", "--logging-format", "classic"]);
    script.arg("--log-out").arg(&output).arg("--log-timing").arg(&timing).arg("--command").arg(sized);
    script.env("TERM", "xterm-256color").env("SHELL", "/bin/sh").env_remove("NO_COLOR");
    script.env("COLUMNS", arguments.columns.to_string()).env("LINES", arguments.lines.to_string());
    process::run(&mut script).context("`script` is of the Debian package bsdutils")?;

    let output = std::fs::read(&output)?;
    let timing = std::fs::read_to_string(&timing)?;
    let shown = arguments.shown.clone().unwrap_or(command);
    let size = (arguments.lines, arguments.columns);
    let frames = frames::read(&output, &timing, size, arguments.longest_wait, &shown)?;
    if frames.len() < 2 {
        bail!("the command showed nothing");
    }
    let picture = svg::write(&frames, size);
    std::fs::write(&arguments.out, &picture).with_context(|| format!("cannot write {}", arguments.out.display()))?;
    eprintln!("{}: {} frames, {} KiB", arguments.out.display(), frames.len(), picture.len().div_ceil(1024));
    Ok(())
}

/// Writes a word so that a shell reads it as it is.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,@%+".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}
