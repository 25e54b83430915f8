//! The user's side of the running system: [`submit`] a video, [`follow`] its job, [`list`] and [`find`] jobs,
//! [`download`] the result. [`commands`] are run on instances. [`Smoke`] tries out a colour, and [`work()`] counts each one's jobs.
//!
//! Nothing here prints: what happens is told to an [`Events`] sink. Nothing here knows a stack: the caller says where
//! things are ([`Places`]). Only the workflow changes jobs; this crate reads them, and uploads.

mod call;
pub mod commands;
mod destination;
mod download;
mod error;
mod event;
mod follow;
mod jobs;
mod media_type;
mod smoke;
mod submit;
mod work;

pub use destination::destination;
pub use download::download;
pub use error::Error;
pub use event::{Event, Events, silent};
pub use follow::{Follow, follow};
pub use jobs::{Listing, Unreadable, find, list};
pub use smoke::{Smoke, SmokeState};
pub use submit::{Submitted, Upload, has_suffix, submit};
pub use work::{Work, work};

use std::collections::BTreeMap;

use job::Colour;

/// Where the running system keeps what this crate uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Places {
    /// The name of the bucket that videos are uploaded to.
    pub source_bucket: String,
    /// The name of the job table.
    pub job_table: String,
    /// The URL of each colour's queue of tasks.
    pub task_queues: BTreeMap<Colour, String>,
}
