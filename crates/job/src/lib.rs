//! Says what workers, workflow and command line tell each other.
//!
//! Job states, task messages and reports, kinds of failure, recipes, the identity of a job, object keys, engine
//! command lines, metric names, times, and the job table's item. Nothing here does I/O; a change to anything here
//! is a change of a contract, and contracts change in two phases: read both forms first, write the new one later.

pub mod command;
pub mod engine;
pub mod event;
mod failure;
pub mod group;
pub mod identity;
pub mod item;
pub mod keys;
pub mod metrics;
mod recipe;
mod report;
mod state;
mod task;
mod times;

pub use failure::{ErrorKind, Failure};
pub use identity::job_id;
pub use item::JobItem;
pub use recipe::{
    BluewhaleModel, Codec, Container, Encoding, Engine, Gamma, PixelFormat, Preset, Recipe, RecipeError, Scale,
    WalrusPrompt,
};
pub use report::{StreamCounts, TaskReport};
pub use state::{Colour, JobState, TaskKind};
pub use task::{Chunk, MessageError, ObjectLocation, Source, TASK_MESSAGE_VERSION, TaskMessage, TaskToken};
pub use times::Times;
