//! What one run of a command takes.

use std::ffi::OsString;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, bail};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeVal;
use serde::{Deserialize, Serialize};

use super::Subject;
use crate::process;

/// Runs a command once and prints what it took, as JSON.
///
/// It is a process of its own, because the system tells the peak of memory only of all children together.
#[derive(clap::Args)]
pub struct Arguments {
    #[arg(long, value_delimiter = ',')]
    exit_codes: Vec<i32>,
    #[arg(trailing_var_arg = true, required = true)]
    command: Vec<OsString>,
}

/// What a run took.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub struct Measurement {
    /// User and system time of all processes, in seconds.
    pub cpu: f64,
    /// Time on the clock, in seconds.
    pub wall: f64,
    /// The most memory of the largest process, in MiB.
    pub peak: f64,
}

pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let Some((program, rest)) = arguments.command.split_first() else { bail!("no command is given") };
    let mut command = Command::new(program);
    command.args(rest).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let start = Instant::now();
    let status = command.status().with_context(|| format!("cannot run {}", program.display()))?;
    let wall = start.elapsed().as_secs_f64();
    if status.code().is_none_or(|code| !arguments.exit_codes.contains(&code)) {
        bail!("`{}` failed: {status}", program.display());
    }
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let cpu = seconds(usage.user_time()) + seconds(usage.system_time());
    #[expect(clippy::cast_precision_loss, reason = "memory is far below 2^52 KiB")]
    let peak = usage.max_rss() as f64 / if cfg!(target_os = "macos") { 1024.0 * 1024.0 } else { 1024.0 };
    #[expect(clippy::print_stdout, reason = "read by the process that started this one")]
    {
        println!("{}", serde_json::to_string(&Measurement { cpu, wall, peak })?);
    }
    Ok(())
}

/// Runs a command once, in a process that does nothing else.
pub fn of(subject: &Subject) -> anyhow::Result<Measurement> {
    let mut command = Command::new(std::env::current_exe()?);
    let exit_codes: Vec<_> = subject.exit_codes.iter().map(ToString::to_string).collect();
    command
        .args(["measure", "--exit-codes", &exit_codes.join(","), "--"])
        .args(&subject.command)
        .current_dir(&subject.folder);
    // Where this is set, Python compiles its packages anew in each run, which is not what a peer takes.
    command.env_remove("PYTHONDONTWRITEBYTECODE");
    command.envs(subject.environment.iter().map(|(name, value)| (name, value)));
    Ok(serde_json::from_str(&process::output(&mut command)?)?)
}

/// Takes the median of each figure by itself.
pub fn median(runs: &mut [Measurement]) -> Measurement {
    let mut middle = |figure: fn(&Measurement) -> f64| {
        runs.sort_by(|one, other| figure(one).total_cmp(&figure(other)));
        runs.get(runs.len() / 2).map_or(f64::NAN, figure)
    };
    Measurement { cpu: middle(|run| run.cpu), wall: middle(|run| run.wall), peak: middle(|run| run.peak) }
}

#[expect(clippy::cast_precision_loss, reason = "a run takes far less than 2^52 seconds")]
fn seconds(time: TimeVal) -> f64 {
    time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6
}
