//! Where an agent keeps the files of the task that it works on.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::{Error, Settings};

/// The folder of one agent, locked for as long as this lives.
#[derive(Debug)]
pub(crate) struct WorkFolder {
    path: PathBuf,
    /// The system unlocks it when the process ends, however it ends.
    _lock: File,
}

impl WorkFolder {
    /// Opens the agent's folder, and removes what an earlier agent of the same name left there. Returns how many
    /// entries that were.
    pub(crate) fn open(settings: &Settings) -> Result<(Self, usize), Error> {
        let path = settings.work_folder.join(&settings.worker);
        let lock_path = settings.work_folder.join(format!("{}.lock", settings.worker));
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |error| Error::WorkFolder { path, error }
        };

        fs::create_dir_all(&path).map_err(failed(&path))?;
        let lock = File::create(&lock_path).map_err(failed(&lock_path))?;
        lock.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => {
                Error::NameTaken { worker: settings.worker.clone(), folder: settings.work_folder.clone() }
            }
            TryLockError::Error(error) => Error::WorkFolder { path: lock_path, error },
        })?;
        let leftovers = clear(&path).map_err(failed(&path))?;
        // Processes run inside, where a relative path would lead elsewhere.
        let path = path.canonicalize().map_err(failed(&path))?;
        Ok((Self { path, _lock: lock }, leftovers))
    }

    /// Makes a folder for one attempt; it and all it holds are removed when it is dropped.
    pub(crate) fn attempt(&self) -> io::Result<TempDir> {
        tempfile::Builder::new().prefix("attempt-").tempdir_in(&self.path)
    }

    /// Returns how many bytes of the file system are free for this user.
    pub(crate) fn free_bytes(&self) -> io::Result<u64> {
        let status = nix::sys::statvfs::statvfs(&self.path)?;
        #[expect(clippy::useless_conversion, reason = "the widths differ from system to system")]
        let (blocks, size) = (u64::from(status.blocks_available()), u64::from(status.fragment_size()));
        Ok(blocks.saturating_mul(size))
    }
}

fn clear(folder: &Path) -> io::Result<usize> {
    let mut entries = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            fs::remove_dir_all(entry.path())?;
        } else {
            fs::remove_file(entry.path())?;
        }
        entries += 1;
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;
    use job::Colour;

    fn settings(folder: &Path) -> Settings {
        Settings::new("queue", "table", folder, Colour::Blue, "worker-1", vec!["supervisor".into()])
    }

    #[test]
    fn leftovers_are_removed_and_neighbours_kept() {
        let folder = tempfile::tempdir().unwrap();
        let own = folder.path().join("worker-1");
        fs::create_dir_all(own.join("attempt-x/deep")).unwrap();
        fs::write(own.join("file"), "x").unwrap();
        std::os::unix::fs::symlink("/nowhere", own.join("link")).unwrap();
        fs::create_dir_all(folder.path().join("worker-2/attempt-y")).unwrap();

        let (work, leftovers) = WorkFolder::open(&settings(folder.path())).unwrap();

        assert_eq!(leftovers, 3);
        assert_eq!(fs::read_dir(&own).unwrap().count(), 0);
        assert!(folder.path().join("worker-2/attempt-y").exists());
        assert!(work.free_bytes().unwrap() > 0);
    }

    #[test]
    fn an_attempt_s_folder_goes_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let (work, _) = WorkFolder::open(&settings(folder.path())).unwrap();
        let attempt = work.attempt().unwrap();
        let path = attempt.path().to_owned();
        fs::write(path.join("source"), "x").unwrap();
        drop(attempt);
        assert!(!path.exists());
    }

    #[test]
    fn two_agents_of_one_name_do_not_share_a_folder() {
        let folder = tempfile::tempdir().unwrap();
        let first = WorkFolder::open(&settings(folder.path())).unwrap();
        let error = WorkFolder::open(&settings(folder.path())).unwrap_err();
        assert!(matches!(error, Error::NameTaken { .. }), "{error}");
        drop(first);
        assert!(WorkFolder::open(&settings(folder.path())).is_ok());
    }
}
