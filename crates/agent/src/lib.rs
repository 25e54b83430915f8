//! Does the work: takes tasks from a queue, has FFmpeg do them, and tells the workflow how they ended.
//!
//! What it promises:
//! - **A task is done by one worker at a time**, as long as its lease is renewed; work stops before the lease ends.
//! - **Nothing is published that was not verified**, and nothing is overwritten: the upload is conditional.
//! - **An attempt is counted when work starts**, and not counted when the worker was asked to stop.
//! - **No FFmpeg survives its agent**, however the agent ends: each runs under a [supervisor](supervise).
//! - **An instance that works stays**, where a group can be told so, and one that goes is let go as soon as its task is
//!   given back.
//! - **No text from outside becomes part of a command line or a path**: files have fixed names in a folder of their own.
//!
//! It knows `cloud`'s traits only; the command line connects it and runs it as `baleen agent`.

mod attempt;
mod board;
mod error;
mod event;
mod failure;
mod folder;
mod instance;
mod lease;
mod media;
mod metering;
mod pause;
mod process;
mod publish;
mod retry;
mod settings;
mod signs;
mod supervisor;
mod task;
mod worker;

pub use error::Error;
pub use event::{Event, Events, Level, LossReason};
pub use instance::Notice;
pub use pause::PauseReason;
pub use settings::{Deployment, Fleet, Settings};
pub use supervisor::supervise;
pub use worker::{Summary, run};
