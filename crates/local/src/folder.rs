use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use crate::{Error, Event, Report, Result};

/// The folder of a checkout's local cloud.
#[derive(Clone, Debug)]
pub(crate) struct Folder(PathBuf);

/// Is held while processes are started or stopped. The system gives it up when the process ends, however it ends.
pub(crate) struct Lock {
    _file: File,
}

impl Folder {
    pub(crate) fn of(root: &Path) -> Self {
        // Absolute, because the emulator and the workers have working folders of their own.
        let root = std::path::absolute(root).unwrap_or_else(|_| root.to_owned());
        Self(root.join(".baleen").join("local"))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn venv(&self) -> PathBuf {
        self.0.join("venv")
    }

    pub(crate) fn state(&self) -> PathBuf {
        self.0.join("state.json")
    }

    pub(crate) fn emulator_log(&self) -> PathBuf {
        self.0.join("emulator.log")
    }

    pub(crate) fn worker_log(&self, name: &str) -> PathBuf {
        self.0.join(format!("agent-{name}.log"))
    }

    /// All that the emulator keeps.
    pub(crate) fn data(&self) -> PathBuf {
        self.0.join("data")
    }

    /// What the services of the emulator keep, written when it stops.
    pub(crate) fn services(&self) -> PathBuf {
        self.data().join("services")
    }

    /// The contents of objects, written as they come.
    pub(crate) fn objects(&self) -> PathBuf {
        self.data().join("objects")
    }

    /// The emulator's own place for temporary files: its process id, and the code of Lambda functions.
    pub(crate) fn temporary(&self) -> PathBuf {
        self.0.join("tmp")
    }

    /// Waits until no other command works on this local cloud.
    pub(crate) fn lock(&self, report: Report<'_>) -> Result<Lock> {
        std::fs::create_dir_all(&self.0).map_err(Error::file("create", &self.0))?;
        let path = self.0.join("lock");
        let file = File::options().create(true).truncate(false).write(true).open(&path);
        let file = file.map_err(Error::file("open", &path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                report(Event::Waiting);
                file.lock().map_err(Error::file("lock", &path))?;
            }
            Err(TryLockError::Error(error)) => return Err(Error::file("lock", &path)(error)),
        }
        Ok(Lock { _file: file })
    }
}

/// Removes a folder with all that is in it; one that is not there is fine.
pub(crate) fn remove(path: &Path) -> Result<()> {
    match std::fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::file("remove", path)(error)),
        _ => Ok(()),
    }
}
