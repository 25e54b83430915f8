//! What is done to the media: probe, decode, enhance, verify.

mod decode;
mod digest;
mod enhance;
mod log;
mod probe;
mod progress;
mod source;
mod verify;

use std::path::Path;
use std::time::Duration;

use job::{ErrorKind, Failure};

pub(crate) use decode::{Decode, decode};
pub(crate) use digest::sha256;
pub(crate) use enhance::enhance;
pub(crate) use probe::probe;
pub(crate) use source::{accept, complete};
pub(crate) use verify::verify;

use crate::Settings;
use crate::process::{Invocation, ProcessError};

/// The file that holds the enhanced video.
pub(crate) const OUTPUT_FILE: &str = "output";

/// What running FFmpeg needs, apart from its arguments.
#[derive(Clone, Copy)]
pub(crate) struct Tools<'a> {
    pub(crate) settings: &'a Settings,
    /// The folder of the attempt, in which everything runs.
    pub(crate) folder: &'a Path,
    /// Is told what was stopped because it made no progress.
    pub(crate) stalled: &'a (dyn Fn(&str) + Sync),
}

impl<'a> Tools<'a> {
    fn invocation(&self, program: &'a Path, arguments: &'a [String]) -> Invocation<'a> {
        let Self { settings, folder, .. } = *self;
        Invocation { supervisor: &settings.supervisor, program, arguments, folder, variables: &[] }
    }

    const fn stall(&self) -> Duration {
        self.settings.stall
    }

    /// Tells what it means for the task that a program did not come to an end. `culprit` is the kind of failure that
    /// a program without progress is.
    fn failure(&self, doing: &str, culprit: ErrorKind, error: &ProcessError) -> Failure {
        let message = format!("{doing}: {error}");
        match error {
            ProcessError::Stalled(_) => {
                (self.stalled)(doing);
                Failure::new(culprit, message)
            }
            ProcessError::Start { .. } => Failure::new(ErrorKind::Internal, message),
            ProcessError::Read(error) => crate::failure::of_file(doing, error.kind(), error),
        }
    }
}
