use std::fs::File;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::event::RestartReason;
use crate::folder::{Folder, remove};
use crate::install::{install_locked, is_installed, isolate, python_of, remove_unfinished};
use crate::process::Process;
use crate::state::{Started, State, now, since};
use crate::{EMULATOR_VERSION, Error, Event, Report, Result, health, logs, worker};

/// How long the emulator may take to answer. It takes half a second on an idle machine.
const START_PATIENCE: Duration = Duration::from_mins(1);

/// How long an emulator that has been running for a while may take to answer.
const ANSWER_PATIENCE: Duration = Duration::from_secs(10);

/// How long the emulator may take to write its state and end.
const STOP_PATIENCE: Duration = Duration::from_secs(30);

/// A running emulator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Emulator {
    /// Its process id.
    pub pid: u32,
    /// Its port on 127.0.0.1.
    pub port: u16,
    /// Where its services are: `http://127.0.0.1:<port>`.
    pub endpoint_url: String,
    /// Whether this call started it; `false` if it ran already.
    pub is_new: bool,
}

/// What becomes of the state of an emulator that is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AfterStop {
    /// The next start finds it again.
    KeepState,
    /// It is removed, and the next start finds an empty cloud.
    Wipe,
}

/// What was stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Down {
    /// The workers, by name.
    pub workers: Vec<String>,
    /// The emulator; `None` if none ran.
    pub emulator: Option<Stopped>,
}

/// How an emulator ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// It ended when asked, and its state is kept.
    StateKept,
    /// Its state is lost, or was to be: it had to be killed, was dead already, or did not write its state.
    StateGone,
}

/// Starts the emulator, unless it runs, and waits until it answers. Installs it first where that is needed.
pub fn up(root: &Path, report: Report<'_>) -> Result<Emulator> {
    let folder = Folder::of(root);
    let _lock = folder.lock(report)?;
    let mut state = State::read(&folder)?;
    if let Some(running) = still_good(&folder, &mut state, report)? {
        return Ok(running);
    }
    if !is_installed(root) {
        report(Event::Installing { version: EMULATOR_VERSION, folder: folder.venv() });
        install_locked(root, &folder)?;
    }
    remove_unfinished(&folder);
    sweep(&folder, report)?;
    start(&folder, &mut state, report)
}

/// Stops the workers and the emulator.
pub fn down(root: &Path, after: AfterStop, report: Report<'_>) -> Result<Down> {
    let folder = Folder::of(root);
    let _lock = folder.lock(report)?;
    let mut state = State::read(&folder)?;
    let workers = worker::stop_all(&folder, &mut state, report)?;
    let mut emulator = match state.emulator.clone() {
        Some(started) => Some(stop(&folder, &mut state, &started, report)?),
        None => None,
    };
    if after == AfterStop::Wipe {
        remove(&folder.data())?;
        emulator = emulator.map(|_| Stopped::StateGone);
    }
    Ok(Down { workers, emulator })
}

/// Returns the emulator if it runs, answers and is of the pinned version; stops or forgets it otherwise.
fn still_good(folder: &Folder, state: &mut State, report: Report<'_>) -> Result<Option<Emulator>> {
    let Some(started) = state.emulator.clone() else { return Ok(None) };
    if !started.process.is_alive() {
        report(Event::EmulatorWasLost { pid: started.process.pid, log: folder.emulator_log() });
        // What the workers work on is gone.
        worker::stop_all(folder, state, report)?;
        forget(folder, state)?;
        return Ok(None);
    }
    let reason = match answer(&started) {
        Some(version) if version == EMULATOR_VERSION => return Ok(Some(emulator(&started, false))),
        Some(_) => RestartReason::OtherVersion,
        None => RestartReason::NoAnswer,
    };
    report(Event::Restarting { pid: started.process.pid, reason });
    if stop(folder, state, &started, report)? == Stopped::StateGone {
        worker::stop_all(folder, state, report)?;
    }
    Ok(None)
}

/// Asks for the version. The emulator may be starting still, when the command that started it was interrupted.
fn answer(started: &Started) -> Option<String> {
    let deadline = Instant::now() + START_PATIENCE.saturating_sub(since(started.since)).max(ANSWER_PATIENCE);
    loop {
        let version = health::version(started.port);
        if version.is_some() || !started.process.is_alive() || Instant::now() >= deadline {
            return version;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn start(folder: &Folder, state: &mut State, report: Report<'_>) -> Result<Emulator> {
    let port = choose_port(state.port)?;
    report(Event::Starting { port });
    for path in [folder.services(), folder.objects(), folder.temporary()] {
        std::fs::create_dir_all(&path).map_err(Error::file("create", &path))?;
    }
    let with_state = has_state(folder);
    let mut child = spawn(folder, port)?;
    // Written before anything else can go wrong: whoever comes next finds the process.
    let Some(process) = Process::running(child.id()) else { return Err(ended(folder, &mut child)) };
    let started = Started { process, port, version: EMULATOR_VERSION.to_owned(), since: now() };
    state.emulator = Some(started.clone());
    state.port = Some(port);
    state.write(folder)?;

    let deadline = Instant::now() + START_PATIENCE;
    while health::version(port).is_none() {
        if child.try_wait().map_err(Error::file("watch", &folder.emulator_log()))?.is_some() {
            // What was deployed is as it was: nothing has touched it.
            state.emulator = None;
            state.write(folder)?;
            return Err(ended(folder, &mut child));
        }
        if Instant::now() >= deadline {
            let log = folder.emulator_log();
            return Err(Error::NoAnswer { seconds: START_PATIENCE.as_secs(), output: logs::end_of(&log), log });
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    report(Event::Started { pid: started.process.pid, port, with_state });
    Ok(emulator(&started, true))
}

fn spawn(folder: &Folder, port: u16) -> Result<Child> {
    let log_path = folder.emulator_log();
    let log = File::create(&log_path).map_err(Error::file("write", &log_path))?;
    let errors = log.try_clone().map_err(Error::file("write", &log_path))?;
    let mut command = Command::new(python_of(&folder.venv()));
    command.args(["-m", "ministack"]);
    // Nothing of the user's environment but what programs need to run: no credentials, no proxy, no Docker.
    command.env_clear();
    command
        .envs(["PATH", "HOME", "LANG", "LC_ALL"].into_iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
    isolate(&mut command)
        .env("PYTHONUNBUFFERED", "1")
        .env("BIND_HOST", "127.0.0.1")
        .env("GATEWAY_PORT", port.to_string())
        .env("MINISTACK_HOST", "127.0.0.1")
        .env("PERSIST_STATE", "1")
        .env("STATE_DIR", folder.services())
        .env("S3_PERSIST", "1")
        .env("S3_DATA_DIR", folder.objects())
        .env("TMPDIR", folder.temporary())
        .env("DOCKER_HOST", format!("unix://{}", folder.path().join("no-docker").display()))
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .stdout(log)
        .stderr(errors)
        // A group of its own: Ctrl-C in the terminal is for the command that started it, not for the cloud.
        .process_group(0);
    command.spawn().map_err(Error::file("start", &python_of(&folder.venv())))
}

fn stop(folder: &Folder, state: &mut State, started: &Started, report: Report<'_>) -> Result<Stopped> {
    let process = &started.process;
    if !process.is_alive() {
        report(Event::EmulatorWasLost { pid: process.pid, log: folder.emulator_log() });
        forget(folder, state)?;
        return Ok(Stopped::StateGone);
    }
    report(Event::Stopping { pid: process.pid });
    // What an earlier stop wrote is old; what is there afterwards was written now.
    remove(&folder.services())?;
    process.ask_to_end();
    if !process.has_ended_within(STOP_PATIENCE) {
        process.kill_group()?;
    }
    if has_state(folder) {
        state.emulator = None;
        state.write(folder)?;
        return Ok(Stopped::StateKept);
    }
    report(Event::StateLost);
    forget(folder, state)?;
    Ok(Stopped::StateGone)
}

/// Removes the state of an emulator that did not end well: what its services keep is older than its objects.
fn forget(folder: &Folder, state: &mut State) -> Result<()> {
    remove(&folder.data())?;
    state.emulator = None;
    state.write(folder)
}

/// Says whether a stopped emulator has left its state.
pub(crate) fn has_state(folder: &Folder) -> bool {
    // One file for each service that was used.
    std::fs::read_dir(folder.services()).is_ok_and(|mut entries| entries.next().is_some())
}

/// Ends an emulator that was started by a command that was killed before it could write that down. The emulator
/// itself writes its process id into its folder for temporary files.
fn sweep(folder: &Folder, report: Report<'_>) -> Result<()> {
    let python = python_of(&folder.venv());
    let entries = std::fs::read_dir(folder.temporary()).into_iter().flatten().flatten();
    let pid_files = entries.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|end| end == "pid"));
    for path in pid_files {
        let pid = std::fs::read_to_string(&path).ok().and_then(|pid| pid.trim().parse().ok());
        if let Some(process) = pid.and_then(Process::running)
            && process.was_started_with(&python.to_string_lossy())
        {
            process.kill_group()?;
            remove(&folder.data())?;
            report(Event::StateLost);
        }
    }
    remove(&folder.temporary())
}

/// Chooses a free port of 127.0.0.1: the one that it had last, if it is free.
fn choose_port(last: Option<u16>) -> Result<u16> {
    let free = |port: u16| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).and_then(|listener| listener.local_addr());
    if let Some(Ok(address)) = last.map(free) {
        return Ok(address.port());
    }
    let address = free(0).map_err(Error::file("listen on", Path::new("127.0.0.1")))?;
    Ok(address.port())
}

fn ended(folder: &Folder, child: &mut Child) -> Error {
    let status = child.wait().map_or_else(|error| error.to_string(), |status| status.to_string());
    let log = folder.emulator_log();
    Error::Ended { status, output: logs::end_of(&log), log }
}

fn emulator(started: &Started, is_new: bool) -> Emulator {
    Emulator { pid: started.process.pid, port: started.port, endpoint_url: endpoint_url(started.port), is_new }
}

pub(crate) fn endpoint_url(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}
