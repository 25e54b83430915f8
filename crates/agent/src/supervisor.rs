//! The process between an agent and a program that it runs.

use std::ffi::OsString;
use std::io::Read;
use std::process::{Command, ExitCode, ExitStatus, Stdio};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::{Pid, getpgrp, getpid, setpgid};

/// The exit code that says that the program could not be started, as shells use it.
pub(crate) const NOT_STARTED: u8 = 127;

/// What is added to the number of the signal that ended the program, as shells do.
pub(crate) const SIGNALLED: u8 = 128;

/// Runs a program with its arguments, and kills it with all its descendants once standard input ends.
///
/// Standard input is a pipe whose other end the agent holds. However the agent ends, killed on the spot included, the
/// system closes that end; there is no moment at which the program could be left behind. The program gets no standard
/// input; standard output and error are passed on. Returns the program's exit code, or 128 and the number of the
/// signal that ended it.
pub fn supervise(command: impl IntoIterator<Item = OsString>) -> ExitCode {
    match run(command) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            // Standard error is all that this process has.
            #[expect(clippy::print_stderr, reason = "the agent reads it from there")]
            {
                eprintln!("{error}");
            }
            ExitCode::from(NOT_STARTED)
        }
    }
}

#[derive(Debug, thiserror::Error)]
enum SupervisorError {
    #[error("no program given")]
    NoProgram,
    #[error("cannot make a process group: {0}")]
    Group(#[source] nix::Error),
    #[error("cannot start {program}: {error}")]
    Start { program: String, error: std::io::Error },
    #[error("cannot wait for {program}: {error}")]
    Wait { program: String, error: std::io::Error },
}

fn run(command: impl IntoIterator<Item = OsString>) -> Result<u8, SupervisorError> {
    let mut command = command.into_iter();
    let program = command.next().ok_or(SupervisorError::NoProgram)?;
    let name = program.to_string_lossy().into_owned();

    // The group that is killed must be this process's own, never that of whoever started it.
    let group = getpid();
    if getpgrp() != group {
        setpgid(Pid::from_raw(0), Pid::from_raw(0)).map_err(SupervisorError::Group)?;
    }
    let mut child = Command::new(program)
        .args(command)
        .stdin(Stdio::null())
        .spawn()
        .map_err(|error| SupervisorError::Start { program: name.clone(), error })?;
    std::thread::spawn(move || {
        wait_for_end_of_input();
        // This process is in the group too: there is nobody left to tell if it fails.
        let _ = killpg(group, Signal::SIGKILL);
    });
    let status = child.wait().map_err(|error| SupervisorError::Wait { program: name, error })?;
    Ok(exit_code(status))
}

fn wait_for_end_of_input() {
    let mut input = std::io::stdin().lock();
    let mut ignored = [0; 64];
    loop {
        match input.read(&mut ignored) {
            Ok(0) => return,
            Err(error) if error.kind() != std::io::ErrorKind::Interrupted => return,
            _ => {}
        }
    }
}

fn exit_code(status: ExitStatus) -> u8 {
    use std::os::unix::process::ExitStatusExt;
    let code = status.code().or_else(|| status.signal().map(|signal| signal + i32::from(SIGNALLED)));
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(u8::MAX)
}
