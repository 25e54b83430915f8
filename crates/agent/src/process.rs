//! Runs programs so that none outlives its agent.

use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};

use crate::signs::Signs;
use crate::supervisor::{NOT_STARTED, SIGNALLED};

/// How much of a program's standard error is kept, from its start and from its end each.
const KEPT_ERRORS: usize = 8 * 1024;

/// Variables that a program inherits. Credentials are not among them, nor what changes FFmpeg's ways, as `FFREPORT`.
const INHERITED: [&str; 9] = [
    "PATH",
    "HOME",
    "TMPDIR",
    "LANG",
    "LD_LIBRARY_PATH",
    "CUDA_VISIBLE_DEVICES",
    "CUDA_CACHE_PATH",
    "NVIDIA_VISIBLE_DEVICES",
    "NVIDIA_DRIVER_CAPABILITIES",
];

/// A program to be run.
pub(crate) struct Invocation<'a> {
    /// What runs it; see [`crate::supervise`].
    pub(crate) supervisor: &'a [OsString],
    /// The program.
    pub(crate) program: &'a Path,
    /// Its arguments.
    pub(crate) arguments: &'a [String],
    /// The folder where it runs.
    pub(crate) folder: &'a Path,
    /// What an engine adds to its environment.
    pub(crate) variables: &'a [job::engine::Variable],
}

/// How a program ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finished {
    pub(crate) end: End,
    /// What it wrote to standard error; the middle is left out where it is long.
    pub(crate) errors: String,
}

/// How a program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// With this exit code.
    Code(i32),
    /// By a signal that this agent did not send.
    Signal(i32),
}

/// Why a program did not come to an end.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProcessError {
    #[error("cannot start {program}: {reason}")]
    Start { program: String, reason: String },
    #[error("no progress for {} s", .0.as_secs())]
    Stalled(Duration),
    #[error("cannot read what it writes: {0}")]
    Read(#[from] io::Error),
}

/// Runs a program and hands each line of its standard output to `on_line`, which touches `signs` where a line means
/// progress. The program is killed once there was none for `stall`, and when the future is dropped.
pub(crate) async fn run(
    invocation: &Invocation<'_>,
    signs: &Signs,
    stall: Duration,
    mut on_line: impl FnMut(&str),
) -> Result<Finished, ProcessError> {
    let mut running = Running::start(invocation)?;
    let (output, errors) = running.take_pipes()?;
    let reading = async {
        let mut lines = BufReader::new(output).lines();
        while let Some(line) = lines.next_line().await? {
            on_line(&line);
        }
        Ok::<_, io::Error>(())
    };
    let ending = async { tokio::try_join!(reading, read_errors(errors), running.wait()) };
    tokio::select! {
        ended = ending => {
            let ((), errors, status) = ended?;
            finished(invocation, status, errors)
        }
        () = signs.silence(stall) => Err(ProcessError::Stalled(stall)),
    }
}

/// Runs a program that takes at most `limit`, and returns what it wrote to standard output, as far as `most` bytes.
pub(crate) async fn capture(
    invocation: &Invocation<'_>,
    limit: Duration,
    most: u64,
) -> Result<(Finished, Vec<u8>), ProcessError> {
    let mut running = Running::start(invocation)?;
    let (output, errors) = running.take_pipes()?;
    let reading = async {
        let mut bytes = Vec::new();
        output.take(most).read_to_end(&mut bytes).await?;
        Ok::<_, io::Error>(bytes)
    };
    let ending = async { tokio::try_join!(reading, read_errors(errors), running.wait()) };
    let ended = tokio::time::timeout(limit, ending).await.map_err(|_| ProcessError::Stalled(limit))?;
    let (bytes, errors, status) = ended?;
    Ok((finished(invocation, status, errors)?, bytes))
}

fn finished(invocation: &Invocation<'_>, status: ExitStatus, errors: String) -> Result<Finished, ProcessError> {
    use std::os::unix::process::ExitStatusExt;
    let end = match (status.code(), status.signal()) {
        (Some(code), _) if code == i32::from(NOT_STARTED) => {
            let program = invocation.program.display().to_string();
            return Err(ProcessError::Start { program, reason: errors.trim().to_owned() });
        }
        // Signals are numbered from 1 to 64; FFmpeg's own codes are above.
        (Some(code), _) if (1..=64).contains(&(code - i32::from(SIGNALLED))) => {
            End::Signal(code - i32::from(SIGNALLED))
        }
        (Some(code), _) => End::Code(code),
        (None, signal) => End::Signal(signal.unwrap_or_default()),
    };
    Ok(Finished { end, errors })
}

/// A running program; it and all its descendants are killed when this is dropped.
struct Running {
    child: Child,
    group: Option<Pid>,
    /// The supervisor kills the program once this end of the pipe is closed.
    _lifeline: Option<ChildStdin>,
}

impl Running {
    fn start(invocation: &Invocation<'_>) -> Result<Self, ProcessError> {
        let failed = |reason: String| {
            let program = invocation.supervisor.first().map(|program| program.to_string_lossy().into_owned());
            ProcessError::Start { program: program.unwrap_or_default(), reason }
        };
        let (supervisor, first) = invocation.supervisor.split_first().ok_or_else(|| failed("not given".to_owned()))?;
        let mut child = Command::new(supervisor)
            .args(first)
            .arg(invocation.program)
            .args(invocation.arguments)
            .current_dir(invocation.folder)
            .env_clear()
            .envs(environment(invocation.variables))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // A group of its own: what a terminal sends to the agent's group is the agent's to deal with.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| failed(error.to_string()))?;
        let group = child.id().and_then(|id| i32::try_from(id).ok()).map(Pid::from_raw);
        let lifeline = child.stdin.take();
        Ok(Self { child, group, _lifeline: lifeline })
    }

    fn take_pipes(&mut self) -> io::Result<(ChildStdout, ChildStderr)> {
        let missing = || io::Error::other("a pipe is missing");
        let output = self.child.stdout.take().ok_or_else(missing)?;
        Ok((output, self.child.stderr.take().ok_or_else(missing)?))
    }

    async fn wait(&mut self) -> io::Result<ExitStatus> {
        let status = self.child.wait().await?;
        if status.code().is_some() {
            // The supervisor ended by itself, so its program has ended; the group's number may be given to others.
            self.group = None;
        } else {
            self.kill();
        }
        Ok(status)
    }

    fn kill(&mut self) {
        if let Some(group) = self.group.take() {
            // It fails if the group is gone, which is what is wanted.
            let _ = killpg(group, Signal::SIGKILL);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
    }
}

fn environment(variables: &[job::engine::Variable]) -> Vec<(OsString, OsString)> {
    use job::engine::Merge;
    let mut environment: Vec<(OsString, OsString)> =
        INHERITED.iter().filter_map(|name| Some((OsString::from(name), std::env::var_os(name)?))).collect();
    for variable in variables {
        let present = environment.iter().position(|(name, _)| name == variable.name);
        let Some(present) = present else {
            environment.push((variable.name.into(), variable.value.into()));
            continue;
        };
        let old = std::mem::take(&mut environment[present].1);
        environment[present].1 = match variable.merge {
            Merge::Replace => variable.value.into(),
            Merge::Prepend => joined(variable.value.into(), &old),
            Merge::Append => joined(old, variable.value.as_ref()),
        };
    }
    environment
}

fn joined(mut first: OsString, second: &std::ffi::OsStr) -> OsString {
    first.push(":");
    first.push(second);
    first
}

/// Reads all of a program's standard error, and keeps its start and its end.
async fn read_errors(mut errors: impl AsyncRead + Unpin) -> io::Result<String> {
    let mut start = Vec::new();
    let mut end: Vec<u8> = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let count = errors.read(&mut buffer).await?;
        if count == 0 {
            break;
        }
        let to_start = count.min(KEPT_ERRORS - start.len());
        start.extend_from_slice(&buffer[..to_start]);
        end.extend_from_slice(&buffer[to_start..count]);
        end.drain(..end.len().saturating_sub(KEPT_ERRORS));
    }
    if !end.is_empty() {
        start.extend_from_slice(b"\n");
        start.extend_from_slice(&end);
    }
    Ok(String::from_utf8_lossy(&start).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use job::engine::{Merge, Variable};

    #[tokio::test]
    async fn long_errors_keep_their_start_and_end() {
        let text = format!("first\n{}\nlast", "x".repeat(100_000));
        let kept = read_errors(text.as_bytes()).await.unwrap();
        assert!(kept.starts_with("first\n") && kept.ends_with("\nlast"), "{kept}");
        assert_eq!(kept.len(), 2 * KEPT_ERRORS + 1);
    }

    #[test]
    fn credentials_are_not_passed_on_and_engines_add_theirs() {
        let variables = [
            Variable { name: "PATH", value: "/engine/first", merge: Merge::Prepend },
            Variable { name: "PATH", value: "/engine/last", merge: Merge::Append },
            Variable { name: "MODELS", value: "/models", merge: Merge::Replace },
        ];
        let environment = environment(&variables);
        let value = |name: &str| {
            environment.iter().find(|(found, _)| found == name).map(|(_, value)| value.to_string_lossy().into_owned())
        };
        let path = value("PATH").unwrap();
        assert!(path.starts_with("/engine/first:") && path.ends_with(":/engine/last"), "{path}");
        assert_eq!(value("MODELS").as_deref(), Some("/models"));
        // Set by cargo for every test.
        assert!(std::env::var_os("CARGO_MANIFEST_DIR").is_some());
        assert_eq!(value("CARGO_MANIFEST_DIR"), None);
    }
}
