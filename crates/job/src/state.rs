//! States of a job, kinds of task, and colours.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// States that a job passes through; only the workflow moves a job from one to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum JobState {
    /// Written into the job table; no work has started.
    Registered,
    /// A worker looks at the source and divides it.
    Planning,
    /// Workers enhance the picture.
    Enhancing,
    /// A worker joins the chunks, and adds audio, subtitles and the rest.
    Assembling,
    /// The result is being made into streams for delivery.
    Packaging,
    /// Finished: the result is published.
    Done,
    /// Ended without a result, for the reason that the item's `error` gives.
    Failed,
    /// Waits for a person to look at the result.
    Held,
    /// Ended by a person.
    Cancelled,
}

impl JobState {
    /// Every state, in the order in which a job passes through them.
    pub const ALL: [Self; 9] = [
        Self::Registered,
        Self::Planning,
        Self::Enhancing,
        Self::Assembling,
        Self::Packaging,
        Self::Done,
        Self::Failed,
        Self::Held,
        Self::Cancelled,
    ];

    /// Tells whether the workflow is finished with the job; a held job waits for a person, and is not final.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::Cancelled)
    }

    /// Returns the state as the job table spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Registered => "registered",
            Self::Planning => "planning",
            Self::Enhancing => "enhancing",
            Self::Assembling => "assembling",
            Self::Packaging => "packaging",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Held => "held",
            Self::Cancelled => "cancelled",
        }
    }
}

impl fmt::Display for JobState {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

/// Kinds of task that one worker does for a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TaskKind {
    /// Looks at the source and divides it into chunks.
    Plan,
    /// Enhances one chunk, or the whole title where the message names no chunk.
    Enhance,
    /// Joins the chunks, and adds audio, subtitles and the rest.
    Assemble,
    /// Makes streams for delivery.
    Package,
}

impl TaskKind {
    /// Returns the kind as messages spell it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Plan => "plan",
            Self::Enhance => "enhance",
            Self::Assemble => "assemble",
            Self::Package => "package",
        }
    }
}

impl fmt::Display for TaskKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

/// The two copies of the swappable stacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Colour {
    /// Live after the first deployment.
    Blue,
    /// Idle after the first deployment.
    Green,
}

impl Colour {
    /// Both colours; the first one is live after the first deployment.
    pub const ALL: [Self; 2] = [Self::Blue, Self::Green];

    /// Returns the colour as stack names and the job table spell it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Blue => "blue",
            Self::Green => "green",
        }
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_of_the_wire() {
        for state in JobState::ALL {
            assert_eq!(serde_json::to_value(state).unwrap(), state.as_str());
        }
        for task in [TaskKind::Plan, TaskKind::Enhance, TaskKind::Assemble, TaskKind::Package] {
            assert_eq!(serde_json::to_value(task).unwrap(), task.as_str());
        }
        for colour in Colour::ALL {
            assert_eq!(serde_json::to_value(colour).unwrap(), colour.as_str());
        }
    }

    #[test]
    fn only_the_three_ends_are_final() {
        let finals: Vec<_> = JobState::ALL.into_iter().filter(|state| state.is_final()).collect();
        assert_eq!(finals, [JobState::Done, JobState::Failed, JobState::Cancelled]);
    }
}
