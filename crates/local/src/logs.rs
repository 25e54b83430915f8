use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use crate::folder::Folder;
use crate::{Error, Result};

/// A log of the local cloud.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// Whose it is: `emulator`, or `agent-` and the worker's name.
    pub name: String,
    /// The file.
    pub path: PathBuf,
}

/// How much of a log's end is looked at.
const TAIL_BYTES: u64 = 256 * 1024;

/// Lists the logs of the local cloud that there are, by name.
pub fn logs(root: &Path) -> Result<Vec<Log>> {
    let folder = Folder::of(root);
    let mut logs = Vec::new();
    let entries = match std::fs::read_dir(folder.path()) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(logs),
        Err(error) => return Err(Error::file("read", folder.path())(error)),
    };
    for entry in entries {
        let path = entry.map_err(Error::file("read", folder.path()))?.path();
        let is_log = path.extension().is_some_and(|extension| extension == "log");
        if let (true, Some(name)) = (is_log, path.file_stem()) {
            logs.push(Log { name: name.to_string_lossy().into_owned(), path });
        }
    }
    logs.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(logs)
}

/// Returns the last lines of a log, of its last 256 KiB.
pub fn tail(path: &Path, lines: usize) -> Result<String> {
    let mut file = File::open(path).map_err(Error::file("read", path))?;
    let bytes = file.metadata().map_err(Error::file("read", path))?.len();
    file.seek(SeekFrom::Start(bytes.saturating_sub(TAIL_BYTES))).map_err(Error::file("read", path))?;
    let mut end = Vec::new();
    file.read_to_end(&mut end).map_err(Error::file("read", path))?;
    let end = String::from_utf8_lossy(&end);
    let all: Vec<&str> = end.lines().collect();
    Ok(all[all.len().saturating_sub(lines)..].join("\n"))
}

/// Returns the last lines of a log for an error message, or nothing.
pub(crate) fn end_of(path: &Path) -> String {
    tail(path, 15).unwrap_or_default()
}
