//! What a swap has written down: read by whoever goes on with it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::machine::Phase;
use super::{Colours, Settings};
use crate::Error;

/// How a swap stands, as it is written down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Journal {
    /// The version of this shape.
    pub version: u32,
    /// The swap's own name.
    pub id: String,
    /// The colour that was live before.
    pub old: String,
    /// The colour that is to be live.
    pub new: String,
    /// Their versions when it began.
    pub versions: Colours<String>,
    /// The settings that it began with.
    pub settings: Settings,
    /// How many instances, or workers, the old colour had at least.
    pub minimum: u32,
    /// When it began: seconds since 1970.
    pub began: u64,
    /// Where it stands.
    pub phase: Phase,
    /// Which step of the settings, from 0.
    pub step: usize,
    /// When it came there: seconds since 1970.
    pub entered: u64,
    /// Why it goes back, or why it did not wait for a colour's titles.
    pub because: Option<String>,
    /// The change of a stack that was begun last.
    pub attempt: Option<Attempt>,
    /// How many changes were begun in this phase.
    pub tries: u32,
}

/// A change of a stack that is begun, or was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// The stack's name within the app.
    pub stack: String,
    /// The phase that it was begun in.
    pub phase: Phase,
    /// The stack's last event before.
    pub after: Option<String>,
}

impl Journal {
    /// The version of the shape that is written and understood here.
    pub const VERSION: u32 = 1;

    /// Reads a journal.
    pub(crate) fn read(value: Value) -> Result<Self, Error> {
        let unreadable = |reason: String| Error::SwapJournal { reason };
        let journal: Self = serde_json::from_value(value).map_err(|error| unreadable(error.to_string()))?;
        if journal.version != Self::VERSION {
            return Err(unreadable(format!("it is of version {}", journal.version)));
        }
        Ok(journal)
    }

    /// Writes a journal.
    pub(crate) fn write(&self) -> Result<Value, Error> {
        serde_json::to_value(self).map_err(|error| Error::SwapJournal { reason: error.to_string() })
    }

    /// Returns the new colour's share of new work in this step, in percent.
    pub(crate) fn share(&self) -> u32 {
        self.settings.steps.get(self.step).copied().unwrap_or(100).min(100)
    }

    /// Returns how long this step lasts at least, in minutes.
    pub(crate) fn least_minutes(&self) -> u32 {
        let is_last = self.step + 1 >= self.settings.steps.len();
        if is_last { self.settings.bake_minutes } else { self.settings.step_minutes }
    }

    /// Returns how many instances a colour has at least before it gets work.
    pub(crate) fn warm_minimum(&self) -> u32 {
        self.minimum.max(self.settings.warm)
    }

    /// Returns the phase in which a change of a stack was begun last.
    pub(crate) fn attempt_of(&self) -> Option<Phase> {
        self.attempt.as_ref().map(|attempt| attempt.phase)
    }

    /// Names the change of a stack that is begun.
    pub(crate) fn attempt_name(&self) -> String {
        format!("{}-{}-{}", self.phase, self.step + 1, self.tries)
    }

    /// Returns what the weights are said to be set by.
    pub(crate) fn mark(&self) -> String {
        format!("{}/{}", self.id, self.attempt_name())
    }

    /// Returns the entry that says that the swap is somewhere else now.
    pub(crate) fn entered(&self, phase: Phase, step: usize, because: Option<String>, now: u64) -> Self {
        // Who goes back wants to know of what was begun on the way forward: it may have to be cancelled.
        let attempt = self.attempt.clone().filter(|_| phase == Phase::Reverting);
        let because = because.or_else(|| self.because.clone());
        Self { phase, step, entered: now, because, attempt, tries: 0, ..self.clone() }
    }
}
