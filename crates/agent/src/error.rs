//! Why an agent cannot start.

use std::path::PathBuf;

/// Why an agent cannot start. What goes wrong later is told by events, and to the workflow.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A setting is out of range, or does not go with another.
    #[error("{setting} is {value}; {allowed}")]
    Setting {
        /// The setting's name.
        setting: &'static str,
        /// Its value.
        value: String,
        /// What is allowed.
        allowed: &'static str,
    },
    /// Another agent of the same name works in the same folder.
    #[error("another agent called {worker} works in {}; give each its own name", folder.display())]
    NameTaken {
        /// The name.
        worker: String,
        /// The folder.
        folder: PathBuf,
    },
    /// The work folder cannot be used.
    #[error("cannot use the work folder {}: {error}", path.display())]
    WorkFolder {
        /// The folder, or the file in it that is at fault.
        path: PathBuf,
        /// What the system says.
        #[source]
        error: std::io::Error,
    },
    /// A program is missing, or does not run.
    #[error("{program} does not run: {reason}; install FFmpeg 5.1 or later, or give its path")]
    Program {
        /// The program.
        program: String,
        /// What went wrong.
        reason: String,
    },
}
