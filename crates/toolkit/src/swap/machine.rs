//! What a swap does next: a pure function of what its journal says and what is seen.
//!
//! A step is written into the journal before it is taken, and it is done when that is seen, not when a call for it returned.
//! So whoever is killed anywhere is followed by one who reads the journal, looks, and goes on.

use serde::{Deserialize, Serialize};

use super::journal::Journal;

/// How often a change is tried again that CloudFormation undid, where there is no other way than this one.
pub(crate) const TRIES: u32 = 3;

/// Where a swap stands. [`Phase::ALL`] has the order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// The new colour gets capacity.
    Warming,
    /// A job is worked on by the new colour, by its own queue; nobody else's goes there.
    Trying,
    /// The new colour has a share of new work, step by step.
    Shifting,
    /// The new colour becomes the live one.
    Switching,
    /// The old colour finishes its titles.
    Draining,
    /// The old colour's capacity goes.
    Lowering,
    /// The new colour does all the work.
    Swapped,
    /// The old colour gets its capacity again.
    Restoring,
    /// All new work goes to the old colour again, and it is the live one.
    Reverting,
    /// The new colour finishes its titles.
    Emptying,
    /// The new colour's capacity goes.
    Cooling,
    /// The old colour does all the work, as before.
    Returned,
}

impl Phase {
    /// Every phase: first the way forward, then the way back.
    pub const ALL: [Self; 12] = [
        Self::Warming,
        Self::Trying,
        Self::Shifting,
        Self::Switching,
        Self::Draining,
        Self::Lowering,
        Self::Swapped,
        Self::Restoring,
        Self::Reverting,
        Self::Emptying,
        Self::Cooling,
        Self::Returned,
    ];

    /// Returns the phase as the journal spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Warming => "warming",
            Self::Trying => "trying",
            Self::Shifting => "shifting",
            Self::Switching => "switching",
            Self::Draining => "draining",
            Self::Lowering => "lowering",
            Self::Swapped => "swapped",
            Self::Restoring => "restoring",
            Self::Reverting => "reverting",
            Self::Emptying => "emptying",
            Self::Cooling => "cooling",
            Self::Returned => "returned",
        }
    }

    /// Says whether there is nothing left to do.
    pub const fn is_end(self) -> bool {
        matches!(self, Self::Swapped | Self::Returned)
    }

    /// Says whether the swap is on its way back, or has come back.
    pub const fn is_return(self) -> bool {
        matches!(self, Self::Restoring | Self::Reverting | Self::Emptying | Self::Cooling | Self::Returned)
    }

    /// Says whether an alarm of the new colour returns all work to the old one by itself.
    pub const fn is_watched(self) -> bool {
        matches!(self, Self::Warming | Self::Trying | Self::Shifting | Self::Switching)
    }

    /// Says what a phase does, what ends it, and what ends it badly: the table of `docs/swap.md`.
    pub const fn meaning(self) -> [&'static str; 3] {
        match self {
            Self::Warming => {
                ["gives the new colour capacity", "it is ready → `trying`", "an alarm, too long → `reverting`"]
            }
            Self::Trying => [
                "has the new colour enhance the sample clip, by its own queue",
                "the result is verified → `shifting`",
                "it fails, an alarm, too long → `reverting`",
            ],
            Self::Shifting => [
                "gives the new colour the step's share of new work; CloudFormation watches its alarms meanwhile",
                "enough verified jobs and the least time → next step, after the last one `switching`",
                "an alarm, CloudFormation undoes it → `reverting`",
            ],
            Self::Switching => [
                "makes the new colour the live one, and has CloudFormation watch no alarms any more",
                "it is → `draining`",
                "an alarm, CloudFormation undoes it → `reverting`",
            ],
            Self::Draining => {
                ["waits for the old colour to finish its titles", "none is left, or the deadline → `lowering`", "–"]
            }
            Self::Lowering => ["takes the old colour's capacity away", "it is gone → `swapped`", "–"],
            Self::Swapped => ["nothing: the new colour does all the work", "–", "–"],
            Self::Restoring => ["gives the old colour its capacity again", "it is ready → `reverting`", "–"],
            Self::Reverting => [
                "cancels the update of the weights where one is under way, and gives all new work to the old colour",
                "it is the live one and has all of it → `emptying`",
                "–",
            ],
            Self::Emptying => {
                ["waits for the new colour to finish its titles", "none is left, or the deadline → `cooling`", "–"]
            }
            Self::Cooling => ["takes the new colour's capacity away", "it is gone → `returned`", "–"],
            Self::Returned => ["nothing: the old colour does all the work, as before", "–", "–"],
        }
    }
}

impl std::fmt::Display for Phase {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.pad(self.as_str())
    }
}

/// One of the two colours, by its part in a swap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The one that was live before.
    Old,
    /// The one that is to be live.
    New,
}

/// What the user wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    /// To go on, in whichever direction it goes.
    Go,
    /// To have all work on the old colour again.
    Back,
}

/// A stack that a swap changes, as it is seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Update {
    /// Nothing is under way.
    Settled,
    /// Something is under way.
    UnderWay {
        /// Whether it is what this swap began last, and can be cancelled.
        cancellable: bool,
    },
    /// What this swap began last was undone.
    Undone {
        /// Why.
        reason: String,
    },
    /// It is in a state that only a person leads out of.
    Stuck {
        /// What is wrong, and what leads out.
        reason: String,
    },
}

/// The weights, as they are seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Router {
    pub update: Update,
    /// The share of new work of the old colour and of the new one.
    pub weights: [u32; 2],
    /// Which colour is live.
    pub live: Role,
    /// Whether CloudFormation would undo a change of the stack for an alarm.
    pub is_guarded: bool,
}

/// A colour, as it is seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Side {
    pub update: Update,
    /// How many instances, or workers, there are at least; nothing where others look after that.
    pub minimum: Option<u32>,
    /// Whether that many are there, and can work.
    pub is_ready: bool,
    /// What it has not finished: titles, and messages about them.
    pub unfinished: u64,
    /// Its alarms that ring.
    pub ringing: Vec<String>,
}

/// What became of the job that tries out the new colour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Smoke {
    /// There is none yet.
    Missing,
    /// It is on its way.
    Running,
    /// It is done, and its result is right.
    Verified,
    /// It failed, or its result is wrong.
    Failed {
        /// Why.
        reason: String,
    },
}

/// All that is seen at one time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Observation {
    /// When: seconds since 1970.
    pub now: u64,
    pub router: Router,
    pub old: Side,
    pub new: Side,
    pub smoke: Smoke,
    /// How many jobs the new colour has finished since the journal's last entry, each with a verified result.
    pub verified: u32,
    /// How many jobs may have drawn their colour by earlier weights, and do not say so yet.
    pub undecided: u64,
}

/// What is to be done next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Look again a little later.
    Wait,
    /// Write into the journal that the swap is here now.
    Enter {
        phase: Phase,
        step: usize,
        /// Why, where the way is not the usual one.
        because: Option<String>,
    },
    /// Give a colour this many instances at least.
    SetCapacity { role: Role, minimum: u32 },
    /// Start the job that tries out the new colour.
    StartSmoke,
    /// Share out new work, in percent for the old colour and the new one.
    SetRouter {
        weights: [u32; 2],
        live: Role,
        /// For how many minutes CloudFormation watches the new colour's alarms; not at all where absent.
        guard_minutes: Option<u32>,
    },
    /// Cancel the update of the weights.
    CancelRouter,
    /// It is over.
    End,
    /// No step of a swap leads on: a person must look.
    Stop { reason: String },
}

/// Decides what is to be done next.
pub(crate) fn next(journal: &Journal, seen: &Observation, wish: Wish) -> Action {
    if wish == Wish::Back && !journal.phase.is_return() {
        return turn_back(journal, "it was asked for");
    }
    if journal.phase.is_watched()
        && let Some(alarm) = seen.new.ringing.first()
    {
        return turn_back(journal, &format!("alarm {alarm} of {} rings", journal.new));
    }
    match journal.phase {
        Phase::Warming => warm(journal, seen),
        Phase::Trying => try_out(journal, seen),
        Phase::Shifting => shift(journal, seen),
        Phase::Switching => switch(journal, seen),
        Phase::Draining => drain(journal, seen, &seen.old, Phase::Lowering),
        Phase::Lowering => set_capacities(journal, seen, [0, journal.minimum], Phase::Swapped),
        Phase::Restoring => restore(journal, seen),
        Phase::Reverting => revert(journal, seen),
        Phase::Emptying => drain(journal, seen, &seen.new, Phase::Cooling),
        Phase::Cooling => set_capacities(journal, seen, [journal.minimum, 0], Phase::Returned),
        Phase::Swapped | Phase::Returned => Action::End,
    }
}

/// Goes back: at once where the old colour has not lost its capacity, which it otherwise gets first.
fn turn_back(journal: &Journal, because: &str) -> Action {
    let has_lost = matches!(journal.phase, Phase::Lowering | Phase::Swapped);
    let phase = if has_lost { Phase::Restoring } else { Phase::Reverting };
    Action::Enter { phase, step: journal.step, because: Some(because.to_owned()) }
}

fn warm(journal: &Journal, seen: &Observation) -> Action {
    match capacity(journal, seen, Role::New, journal.warm_minimum()) {
        Err(Trouble::Undone(reason)) => turn_back(journal, &reason),
        Err(Trouble::Stuck(reason)) => Action::Stop { reason },
        Ok(Some(action)) if action != Action::Wait => action,
        Ok(None) if seen.new.is_ready => enter(Phase::Trying, 0),
        Ok(_) if is_over(journal, seen, journal.settings.smoke_minutes) => {
            turn_back(journal, &format!("{} was not ready in {} minutes", journal.new, journal.settings.smoke_minutes))
        }
        Ok(_) => Action::Wait,
    }
}

fn try_out(journal: &Journal, seen: &Observation) -> Action {
    let minutes = journal.settings.smoke_minutes;
    match &seen.smoke {
        Smoke::Missing => Action::StartSmoke,
        Smoke::Verified => enter(Phase::Shifting, 0),
        Smoke::Failed { reason } => turn_back(journal, &format!("the sample clip failed on {}: {reason}", journal.new)),
        Smoke::Running if is_over(journal, seen, minutes) => {
            turn_back(journal, &format!("the sample clip was not done on {} in {minutes} minutes", journal.new))
        }
        Smoke::Running => Action::Wait,
    }
}

fn shift(journal: &Journal, seen: &Observation) -> Action {
    let share = journal.share();
    let wanted =
        Wanted { weights: [100 - share, share], live: Role::Old, guard_minutes: Some(journal.least_minutes()) };
    match router(journal, &seen.router, &wanted) {
        Err(Trouble::Undone(reason)) => turn_back(journal, &reason),
        Err(Trouble::Stuck(reason)) => Action::Stop { reason },
        Ok(Some(action)) => action,
        Ok(None) => {
            let is_enough = seen.verified >= journal.settings.verified_jobs;
            if !is_enough || !is_over(journal, seen, journal.least_minutes()) {
                return Action::Wait;
            }
            match journal.step + 1 {
                next if next < journal.settings.steps.len() => enter(Phase::Shifting, next),
                _ => enter(Phase::Switching, journal.step),
            }
        }
    }
}

fn switch(journal: &Journal, seen: &Observation) -> Action {
    let wanted = Wanted { weights: [0, 100], live: Role::New, guard_minutes: None };
    match router(journal, &seen.router, &wanted) {
        Err(Trouble::Undone(reason)) => turn_back(journal, &reason),
        Err(Trouble::Stuck(reason)) => Action::Stop { reason },
        Ok(Some(action)) => action,
        Ok(None) => enter(Phase::Draining, journal.step),
    }
}

fn revert(journal: &Journal, seen: &Observation) -> Action {
    // What the way forward began: it must not come to its end any more.
    if seen.router.update == (Update::UnderWay { cancellable: true }) && journal.attempt_of() != Some(Phase::Reverting)
    {
        return Action::CancelRouter;
    }
    let wanted = Wanted { weights: [100, 0], live: Role::Old, guard_minutes: None };
    match router(journal, &seen.router, &wanted) {
        Err(Trouble::Undone(_)) if journal.attempt_of() != Some(Phase::Reverting) => wanted.action(),
        Err(Trouble::Undone(_)) if journal.tries < TRIES => wanted.action(),
        Err(Trouble::Undone(reason) | Trouble::Stuck(reason)) => Action::Stop { reason },
        Ok(Some(action)) => action,
        Ok(None) => enter(Phase::Emptying, journal.step),
    }
}

fn restore(journal: &Journal, seen: &Observation) -> Action {
    match capacity(journal, seen, Role::Old, journal.warm_minimum()) {
        Err(Trouble::Undone(_)) if journal.tries < TRIES => {
            Action::SetCapacity { role: Role::Old, minimum: journal.warm_minimum() }
        }
        Err(Trouble::Undone(reason) | Trouble::Stuck(reason)) => Action::Stop { reason },
        Ok(Some(action)) => action,
        Ok(None) if seen.old.is_ready => enter(Phase::Reverting, journal.step),
        Ok(None) => Action::Wait,
    }
}

fn drain(journal: &Journal, seen: &Observation, side: &Side, then: Phase) -> Action {
    let hours = journal.settings.drain_hours;
    if side.unfinished == 0 && seen.undecided == 0 {
        return enter(then, journal.step);
    }
    if is_over(journal, seen, hours * 60) {
        let left = side.unfinished + seen.undecided;
        let because = Some(format!("{left} titles were not finished in {hours} hours"));
        return Action::Enter { phase: then, step: journal.step, because };
    }
    Action::Wait
}

/// Gives the old colour and the new one these least numbers, one after the other.
fn set_capacities(journal: &Journal, seen: &Observation, [old, new]: [u32; 2], then: Phase) -> Action {
    for (role, minimum) in [(Role::Old, old), (Role::New, new)] {
        match capacity(journal, seen, role, minimum) {
            Ok(None) => {}
            Ok(Some(action)) => return action,
            Err(Trouble::Undone(_)) if journal.tries < TRIES => return Action::SetCapacity { role, minimum },
            Err(Trouble::Undone(reason) | Trouble::Stuck(reason)) => return Action::Stop { reason },
        }
    }
    enter(then, journal.step)
}

/// Why a stack is not as it should be.
enum Trouble {
    Undone(String),
    Stuck(String),
}

/// What the weights are to be.
struct Wanted {
    weights: [u32; 2],
    live: Role,
    guard_minutes: Option<u32>,
}

impl Wanted {
    fn action(&self) -> Action {
        Action::SetRouter { weights: self.weights, live: self.live, guard_minutes: self.guard_minutes }
    }

    fn is(&self, router: &Router) -> bool {
        // Alarms that nobody wants watched any more would undo the next deployment.
        let is_unguarded = self.guard_minutes.is_some() || !router.is_guarded;
        router.weights == self.weights && router.live == self.live && is_unguarded
    }
}

/// Returns what leads to the weights wanted; nothing where they are so.
fn router(journal: &Journal, router: &Router, wanted: &Wanted) -> Result<Option<Action>, Trouble> {
    match &router.update {
        Update::UnderWay { .. } => Ok(Some(Action::Wait)),
        Update::Stuck { reason } => Err(Trouble::Stuck(reason.clone())),
        _ if wanted.is(router) => Ok(None),
        Update::Undone { reason } => Err(Trouble::Undone(reason.clone())),
        Update::Settled if journal.tries >= TRIES => {
            Err(Trouble::Stuck("the weights do not stay as they are set: does someone else set them?".to_owned()))
        }
        Update::Settled => Ok(Some(wanted.action())),
    }
}

/// Returns what leads to a colour's least number; nothing where it is so.
fn capacity(journal: &Journal, seen: &Observation, role: Role, minimum: u32) -> Result<Option<Action>, Trouble> {
    let side = match role {
        Role::Old => &seen.old,
        Role::New => &seen.new,
    };
    match &side.update {
        Update::UnderWay { .. } => Ok(Some(Action::Wait)),
        Update::Stuck { reason } => Err(Trouble::Stuck(reason.clone())),
        _ if side.minimum.is_none_or(|present| present == minimum) => Ok(None),
        Update::Undone { reason } => Err(Trouble::Undone(reason.clone())),
        Update::Settled if journal.tries >= 2 * TRIES => {
            Err(Trouble::Stuck("the capacity does not stay as it is set: does someone else set it?".to_owned()))
        }
        Update::Settled => Ok(Some(Action::SetCapacity { role, minimum })),
    }
}

fn is_over(journal: &Journal, seen: &Observation, minutes: u32) -> bool {
    seen.now >= journal.entered.saturating_add(u64::from(minutes) * 60)
}

fn enter(phase: Phase, step: usize) -> Action {
    Action::Enter { phase, step, because: None }
}

#[cfg(test)]
mod tests;
