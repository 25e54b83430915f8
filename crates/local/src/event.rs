use std::path::PathBuf;

/// Something that happens while the local cloud is started or stopped: for a person who waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Another command is starting or stopping the local cloud of this checkout; this one waits for it.
    Waiting,
    /// The emulator is being installed: the first time, or after a change of its version.
    Installing {
        /// Its version.
        version: &'static str,
        /// The virtual environment.
        folder: PathBuf,
    },
    /// The emulator that was started earlier is not there any more: it was killed, or it crashed, or the machine was
    /// started anew. What was deployed there is lost.
    EmulatorWasLost {
        /// Its process id.
        pid: u32,
        /// What it said last.
        log: PathBuf,
    },
    /// The emulator runs and does not answer, or has another version; it is being stopped and started again.
    Restarting {
        /// Its process id.
        pid: u32,
        /// Why.
        reason: RestartReason,
    },
    /// The emulator is being started.
    Starting {
        /// Its port on 127.0.0.1.
        port: u16,
    },
    /// The emulator answers.
    Started {
        /// Its process id.
        pid: u32,
        /// Its port on 127.0.0.1.
        port: u16,
        /// Whether it has what was deployed before it was last stopped.
        with_state: bool,
    },
    /// The emulator is being asked to stop, and to keep its state.
    Stopping {
        /// Its process id.
        pid: u32,
    },
    /// The emulator has stopped without keeping its state: what was deployed there is lost.
    StateLost,
    /// A worker was started.
    WorkerStarted {
        /// Its name, such as `blue-1`.
        name: String,
        /// Its process id.
        pid: u32,
    },
    /// A worker that was started earlier is not there any more: it was killed, or it crashed.
    WorkerWasLost {
        /// Its name.
        name: String,
        /// What it said last.
        log: PathBuf,
    },
    /// A worker is being asked to give back its task and to stop.
    WorkerStopping {
        /// Its name.
        name: String,
        /// Its process id.
        pid: u32,
    },
    /// A worker did not stop in time and was killed. Its task is given to another one when its lease ends.
    WorkerKilled {
        /// Its name.
        name: String,
    },
}

/// Why an emulator that runs is started again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RestartReason {
    /// It does not answer.
    NoAnswer,
    /// It is not of the version that is pinned now.
    OtherVersion,
}
