//! Starts, watches and stops the local cloud: the emulator, and the workers on this machine.
//!
//! Everything is below `<checkout>/.baleen/local`, and nothing is shared between checkouts:
//!
//! | path | what |
//! | --- | --- |
//! | `venv/` | the emulator (ministack), pinned by version and hash, in a private virtual environment |
//! | `data/` | what is deployed and stored there |
//! | `emulator.log`, `agent-<name>.log` | what they say |
//! | `state.json` | the processes that were started, each by its id and its start time |
//! | `lock` | held while one command starts or stops something; the next one waits |
//!
//! The emulator listens on loopback only, on a port of its own. It keeps its state when it is stopped ([`down`]): the
//! next [`up`] finds the stacks, objects, queues and tables again, but executions that ran have failed
//! (`States.ServiceRestart`). When it is killed or crashes, its state is lost, and the next [`up`] starts with an
//! empty cloud and says so. All functions may be called again after they were interrupted anywhere.
//!
//! What the emulator does otherwise than AWS is known here, and production code does not bend to it:
//! - an "Object Created" event carries the etag and no version id, also in a versioned bucket;
//! - a task token is still alive after `StopExecution`; it is dead after success, failure and timeout, as on AWS;
//! - deleting a message by a stale receipt handle is refused (SQS accepts it, and may not delete);
//! - a visibility beyond twelve hours is accepted;
//! - `AWS::Pipes::Pipe` can be created with a queue as its source, and never moves a message; an event source mapping
//!   to a Lambda function works, and the function runs with the virtual environment's own Python, where boto3 is;
//! - bucket addresses must be in path style.

mod emulator;
mod error;
mod event;
mod folder;
mod health;
mod install;
mod logs;
mod process;
mod state;
mod status;
mod worker;

pub use emulator::{AfterStop, Down, Emulator, Stopped, down, up};
pub use error::Error;
pub use event::{Event, RestartReason};
pub use install::{install, is_installed, python, share_installation};
pub use logs::{Log, logs, tail};
pub use status::{EmulatorStatus, Status, WorkerStatus, status};
pub use worker::{Worker, ensure_workers, stop_workers};

/// The version of the emulator that is installed.
pub const EMULATOR_VERSION: &str = "1.5.33";

/// What an operation on the local cloud returns.
pub type Result<T> = std::result::Result<T, Error>;

/// Is told what happens while a function works.
pub type Report<'a> = &'a mut dyn FnMut(Event);
