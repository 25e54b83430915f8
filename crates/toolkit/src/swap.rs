//! Swaps the two copies of a system: new work goes, step by step, from the old colour to the new one, and back by itself
//! when the new one is ill.
//!
//! [`machine`] decides what is next, from the [journal](Journal) and from what is seen; `drive` does it. The caller names the
//! stacks ([`Names`]) and says what only the running system knows ([`System`]).

mod change;
mod drive;
mod journal;
mod machine;
mod observe;
mod plan;
mod status;
mod versions;

use std::fmt;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::{Error, LockTable, Patience};

pub use drive::{Swapped, back, swap};
pub use journal::{Attempt, Journal};
pub use machine::{Phase, Role};
pub use observe::{SeenColour, SwapSeen};
pub use plan::{PlannedShare, SwapPlan, swap_plan};
pub use status::{AlarmStatus, ColourStatus, RouterStanding, Standing, SwapStatus, standing, swap_status};

/// Something of the old colour, and the same of the new one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Colours<T> {
    /// Of the one that was live before.
    pub old: T,
    /// Of the one that is to be live.
    pub new: T,
}

impl<T> Colours<T> {
    /// Returns that of one of the two.
    pub fn of(&self, role: Role) -> &T {
        match role {
            Role::Old => &self.old,
            Role::New => &self.new,
        }
    }
}

/// How a swap goes. A swap keeps the settings that it began with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// The new colour's shares of new work, one after the other, in percent; the last one is 100.
    pub steps: Vec<u32>,
    /// How long each step but the last lasts at least, in minutes.
    pub step_minutes: u32,
    /// How long the last step lasts at least, in minutes.
    pub bake_minutes: u32,
    /// How many jobs with a verified result end a step.
    pub verified_jobs: u32,
    /// How long the job that tries out the new colour may take, and its capacity before that, in minutes.
    pub smoke_minutes: u32,
    /// How long a colour is waited for to finish its titles, in hours.
    pub drain_hours: u32,
    /// How many instances, or workers, a colour has at least before it gets work.
    pub warm: u32,
}

/// How to swap.
#[derive(Clone, Debug)]
pub struct SwapOptions {
    /// Tells this run from all others: letters, digits and hyphens, at most 60.
    pub run: String,
    /// The settings of a swap that begins; one that goes on keeps its own.
    pub settings: Settings,
    /// The ARN of the role by which CloudFormation works; with the one that each stack has where absent.
    pub role: Option<String>,
    /// How long a cloud that does not answer is borne with.
    pub patience: Patience,
    /// How long to wait between two looks.
    pub pause: std::time::Duration,
}

/// Names an output of a stack of the app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputName {
    /// The stack's name within the app.
    pub stack: String,
    /// The output.
    pub output: String,
}

/// Names what a swap works with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names {
    /// The stack whose parameters share out new work.
    pub router: String,
    /// Its parameter that says which colour is live.
    pub live: String,
    /// Its parameter that says what set the others last.
    pub set_by: String,
    /// The two colours; the first one is live after the first deployment.
    pub colours: [ColourNames; 2],
    /// The table of locks, which also holds the journal.
    pub locks: LockTable,
}

/// Names what belongs to a colour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColourNames {
    /// The colour, as the router's parameter spells it.
    pub name: String,
    /// Its stack.
    pub stack: String,
    /// The router's parameter for its share.
    pub weight: String,
    /// The parameter of its stack for how many instances there are at least; where absent, the system gives it capacity.
    pub minimum: Option<String>,
    /// Its queue's URL.
    pub queue: OutputName,
    /// The ARNs of its alarms, with commas between them; CloudFormation watches these.
    pub alarms: OutputName,
    /// The ARN of the composite alarm that says that it works badly, where there is one.
    pub ill: Option<OutputName>,
}

impl Names {
    pub(crate) fn colour(&self, name: &str) -> Result<&ColourNames, Error> {
        let found = self.colours.iter().find(|colour| colour.name == name);
        found.ok_or_else(|| Error::SwapJournal { reason: format!("there is no colour `{name}`") })
    }

    /// Returns the other colour.
    pub(crate) fn other(&self, name: &str) -> Result<&ColourNames, Error> {
        let found = self.colours.iter().find(|colour| colour.name != name);
        found.ok_or_else(|| Error::SwapJournal { reason: format!("there is no colour but `{name}`") })
    }
}

/// What is asked of the running system, of which nothing is known here.
#[async_trait]
pub trait System: Send + Sync {
    /// Returns the time, in seconds since 1970.
    fn now(&self) -> u64;

    /// Lists why the account cannot bear both colours, such as a quota: lowercase, no final full stop.
    async fn obstacles(&self, old: &str, new: &str, warm: u32) -> Result<Vec<String>, SystemError>;

    /// Counts the jobs of both colours.
    async fn work(&self, question: &WorkQuestion<'_>) -> Result<Work, SystemError>;

    /// Says whether a colour has so many instances, or workers, that can work.
    async fn is_ready(&self, colour: &str, minimum: u32) -> Result<bool, SystemError>;

    /// Returns how many workers a colour has, unless others look after that; only asked where no parameter of its stack says it.
    async fn capacity(&self, colour: &str) -> Result<Option<u32>, SystemError>;

    /// Has a colour have so many workers; only asked where no parameter of its stack says it. Asked twice, it does nothing
    /// the second time.
    async fn set_capacity(&self, colour: &str, workers: u32) -> Result<(), SystemError>;

    /// Has a colour work on the sample clip, by its own queue, for the swap of this name. Asked twice, it is one job.
    async fn start_smoke(&self, colour: &str, swap: &str) -> Result<(), SystemError>;

    /// Says how that job stands.
    async fn smoke(&self, colour: &str, swap: &str) -> Result<SmokeStatus, SystemError>;
}

/// What the running system could not do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SystemError {
    /// What went wrong: lowercase, no final full stop.
    pub message: String,
    /// What to do about it.
    pub hints: Vec<String>,
}

impl fmt::Display for SystemError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

/// Which jobs to count.
#[derive(Clone, Copy, Debug)]
pub struct WorkQuestion<'a> {
    /// The colours.
    pub colours: Colours<&'a str>,
    /// Since when finished jobs count: seconds since 1970.
    pub since: u64,
}

/// The jobs of both colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// How many jobs each colour works on, or is to.
    pub unfinished: Colours<u64>,
    /// How many jobs each colour has finished since then, with a verified result.
    pub verified: Colours<u32>,
    /// How many jobs began before then, or hardly later, and have no colour yet.
    pub undecided: u64,
}

/// How the job stands that tries out a colour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SmokeStatus {
    /// There is none.
    Missing,
    /// It is on its way.
    Running,
    /// It is done, by that colour, and its result is right.
    Verified,
    /// It failed, or its result is wrong, or another colour made it.
    Failed {
        /// Why: lowercase, no final full stop.
        reason: String,
    },
}
