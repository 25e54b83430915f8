use std::path::{Path, PathBuf};

/// Reports that the local cloud could not be installed, started or stopped.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no Python.
    #[error("the local cloud needs Python 3.10 or newer, and there is no `python3` on the PATH")]
    NoPython,
    /// There is only a Python that is too old.
    #[error("the local cloud needs Python 3.10 or newer, and `{program}` is {version}")]
    OldPython {
        /// The newest one found.
        program: String,
        /// Its version.
        version: String,
    },
    /// Python is there without the modules that make virtual environments: Debian and Ubuntu package them apart.
    #[error(
        "the local cloud is installed into a virtual environment, and `{program}` ({version}) lacks the module for that"
    )]
    NoVenv {
        /// The Python found.
        program: String,
        /// Its version.
        version: String,
    },
    /// A step of the installation failed.
    #[error("cannot install the local cloud: `{step}` failed:\n{output}")]
    Install {
        /// The command.
        step: String,
        /// The end of what it said.
        output: String,
    },
    /// The emulator ended while it started.
    #[error("the local cloud ended while it started ({status}); the end of {}:\n{output}", log.display())]
    Ended {
        /// How it ended.
        status: String,
        /// Its log.
        log: PathBuf,
        /// The end of its log.
        output: String,
    },
    /// The emulator did not answer in time.
    #[error("the local cloud did not answer within {seconds} seconds of its start; the end of {}:\n{output}", log.display())]
    NoAnswer {
        /// How long it was waited for.
        seconds: u64,
        /// Its log.
        log: PathBuf,
        /// The end of its log.
        output: String,
    },
    /// The emulator has to run first.
    #[error("the local cloud does not run")]
    NotRunning,
    /// A process does not end, although it was killed.
    #[error("process {pid} does not end, although it was killed")]
    Unkillable {
        /// Its id.
        pid: u32,
    },
    /// The state file is not what was written.
    #[error("{} cannot be understood: {reason}", path.display())]
    State {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A worker cannot be started.
    #[error("cannot start worker {name} (`{}`): {source}", program.display())]
    Worker {
        /// Its name.
        name: String,
        /// The program.
        program: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file or folder cannot be used.
    #[error("cannot {action} {}: {source}", path.display())]
    File {
        /// What was tried: `read`, `write` …
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

impl Error {
    /// Returns what the user can do about it.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NoPython | Self::OldPython { .. } => {
                "install Python: `sudo apt-get install python3 python3-venv` (Debian, Ubuntu), `brew install python3` (macOS)"
            }
            Self::NoVenv { .. } => "install it: `sudo apt-get install python3-venv` (Debian, Ubuntu)",
            Self::Install { .. } => {
                "the packages come from PyPI, or from where pip's own settings point; what was half installed is removed by the next try"
            }
            Self::Ended { .. } | Self::NoAnswer { .. } => {
                "try again; if it fails again, `baleen local down --wipe` removes its state"
            }
            Self::NotRunning => "start it: `baleen local up`",
            Self::State { path, .. } => {
                return Some(format!(
                    "end the processes that it names, if they run, then remove the folder {}",
                    path.parent().unwrap_or(Path::new(".")).display()
                ));
            }
            Self::Unkillable { .. } | Self::Worker { .. } | Self::File { .. } => return None,
        };
        Some(hint.to_owned())
    }

    pub(crate) fn file(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::File { action, path: path.to_owned(), source }
    }
}
