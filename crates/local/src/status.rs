use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::folder::Folder;
use crate::state::{State, since};
use crate::{Result, emulator, health};

/// How the local cloud of a checkout stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// Where its files are.
    pub folder: PathBuf,
    /// The emulator.
    pub emulator: EmulatorStatus,
    /// The workers that were started, by name.
    pub workers: Vec<WorkerStatus>,
}

/// How the emulator stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EmulatorStatus {
    /// It does not run.
    Stopped {
        /// Whether the next start finds what was deployed.
        has_state: bool,
    },
    /// It runs.
    Running {
        /// Its process id.
        pid: u32,
        /// Its port on 127.0.0.1.
        port: u16,
        /// Where its services are.
        endpoint_url: String,
        /// Its version.
        version: String,
        /// How long it has been running.
        uptime: Duration,
        /// Whether it answers.
        answers: bool,
    },
    /// It was started, not stopped, and is not there any more: it was killed, or it crashed. What was deployed there
    /// is lost.
    Lost {
        /// Its process id.
        pid: u32,
        /// What it said last.
        log: PathBuf,
    },
}

/// How a worker stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkerStatus {
    /// Its name, such as `blue-1`.
    pub name: String,
    /// Its process id.
    pub pid: u32,
    /// Whether it runs; `false` if it was killed or crashed.
    pub is_alive: bool,
    /// How long ago it was started.
    pub uptime: Duration,
    /// Its log.
    pub log: PathBuf,
}

/// Looks at the local cloud, and changes nothing.
pub fn status(root: &Path) -> Result<Status> {
    let folder = Folder::of(root);
    let state = State::read(&folder)?;
    let worker = |(name, started): (&String, &crate::state::StartedWorker)| WorkerStatus {
        name: name.clone(),
        pid: started.process.pid,
        is_alive: started.process.is_alive(),
        uptime: since(started.since),
        log: folder.worker_log(name),
    };
    Ok(Status {
        folder: folder.path().to_owned(),
        emulator: emulator_status(&folder, &state),
        workers: state.workers.iter().map(worker).collect(),
    })
}

fn emulator_status(folder: &Folder, state: &State) -> EmulatorStatus {
    let Some(started) = &state.emulator else {
        return EmulatorStatus::Stopped { has_state: emulator::has_state(folder) };
    };
    let pid = started.process.pid;
    if !started.process.is_alive() {
        return EmulatorStatus::Lost { pid, log: folder.emulator_log() };
    }
    EmulatorStatus::Running {
        pid,
        port: started.port,
        endpoint_url: emulator::endpoint_url(started.port),
        version: started.version.clone(),
        uptime: since(started.since),
        answers: health::version(started.port).is_some(),
    }
}
