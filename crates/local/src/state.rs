use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use crate::folder::Folder;
use crate::process::Process;
use crate::{Error, Result};

/// What was started, as written to `state.json`.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct State {
    /// The emulator; `None` if none was started, or it was stopped.
    pub(crate) emulator: Option<Started>,
    /// The port that the emulator had last: addresses that were written down stay good if it is still free.
    pub(crate) port: Option<u16>,
    /// The workers by name.
    #[serde(default)]
    pub(crate) workers: BTreeMap<String, StartedWorker>,
}

/// An emulator that was started.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Started {
    pub(crate) process: Process,
    pub(crate) port: u16,
    pub(crate) version: String,
    /// Seconds since 1970.
    pub(crate) since: u64,
}

/// A worker that was started.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct StartedWorker {
    pub(crate) process: Process,
    /// Seconds since 1970.
    pub(crate) since: u64,
    /// What it was started with: another command, or a newer program, is another worker.
    pub(crate) command: String,
}

impl State {
    pub(crate) fn read(folder: &Folder) -> Result<Self> {
        let path = folder.state();
        match std::fs::read(&path) {
            Ok(text) => serde_json::from_slice(&text).map_err(|error| Error::State { path, reason: error.to_string() }),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(Error::file("read", &path)(error)),
        }
    }

    /// Writes beside and renames, so that a reader finds the old state or the new one.
    pub(crate) fn write(&self, folder: &Folder) -> Result<()> {
        let path = folder.state();
        let beside = path.with_extension("json.new");
        let text = serde_json::to_vec_pretty(self)
            .map_err(|error| Error::State { path: path.clone(), reason: error.to_string() })?;
        std::fs::write(&beside, text).map_err(Error::file("write", &beside))?;
        std::fs::rename(&beside, &path).map_err(Error::file("write", &path))
    }
}

pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs()
}

pub(crate) fn since(seconds: u64) -> Duration {
    Duration::from_secs(now().saturating_sub(seconds))
}
