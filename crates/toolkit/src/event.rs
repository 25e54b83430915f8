use std::collections::BTreeMap;

use serde::Serialize;

use crate::swap::{Phase, SwapPlan, SwapSeen};
use crate::{Holder, Move, Outcome, Plan, PlannedChange, Retained};

/// Is told what happens.
pub trait Events: Send + Sync {
    /// Takes one event; it should not block.
    fn event(&self, event: Event);
}

impl<F: Fn(Event) + Send + Sync> Events for F {
    fn event(&self, event: Event) {
        self(event);
    }
}

/// Is [`Events`] that nobody watches.
pub fn silent(_event: Event) {}

/// Something that happened. Text and JSON are two renderings of it; `stack` is the stack's name within the app.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// The credentials are those of the environment.
    AccountVerified {
        /// The account, 12 digits.
        account: String,
        /// The region.
        region: String,
        /// The ARN of the caller.
        caller: String,
    },
    /// It is settled which stacks are worked on.
    Selected {
        /// The stacks, in the order in which they are worked on.
        stacks: Vec<SelectedStack>,
        /// The stacks that only lend their outputs.
        read: Vec<ReadStack>,
    },
    /// Work on a stack begins.
    StackStarted {
        /// The stack.
        stack: String,
        /// Its name in CloudFormation.
        stack_name: String,
        /// Its place, from 1.
        position: usize,
        /// How many stacks there are.
        total: usize,
    },
    /// Something else is under way on the stack and is waited for.
    Waiting {
        /// The stack.
        stack: String,
        /// Its status.
        status: String,
    },
    /// An earlier operation that was waited for, or whose remains were found, had failed.
    EarlierFailure {
        /// The stack.
        stack: String,
        /// The status that it led to.
        status: String,
        /// Its cause, where the stack's events still tell.
        reason: Option<String>,
    },
    /// What an interrupted deployment had left behind was deleted.
    LeftoverDeleted {
        /// The stack.
        stack: String,
        /// What it was.
        leftover: String,
    },
    /// The template is too large to be sent along, and was put into the artifact bucket.
    TemplateUploaded {
        /// The stack.
        stack: String,
        /// The bucket.
        bucket: String,
        /// The key, which names the content.
        key: String,
        /// The size in bytes.
        bytes: u64,
    },
    /// The change set of a stack is being made.
    Preparing {
        /// The stack.
        stack: String,
    },
    /// It is known what is going to be done.
    Planned(Plan),
    /// There is nothing to change.
    Unchanged {
        /// The stack.
        stack: String,
    },
    /// A person refused the plan; what had been prepared is deleted.
    Declined {
        /// The stacks.
        stacks: Vec<String>,
    },
    /// CloudFormation has begun.
    Executing {
        /// The stack.
        stack: String,
        /// How many resources are to be changed.
        resources: usize,
        /// How long that is expected to take, in seconds: as long as it took before, where it did.
        estimated_seconds: u64,
    },
    /// CloudFormation told of a resource, or of the stack.
    Progress {
        /// The stack.
        stack: String,
        /// The resource, or the stack's name in CloudFormation.
        logical_id: String,
        /// The type of the resource.
        resource_type: String,
        /// Its status.
        status: String,
        /// Why, where CloudFormation says so.
        reason: Option<String>,
        /// Whether this is a failure.
        failed: bool,
        /// How many resources are finished.
        done: usize,
        /// How many resources are to be changed; 0 where that is unknown.
        total: usize,
    },
    /// The cloud does not answer; it is asked again for a while.
    Unreachable {
        /// What was said last.
        error: String,
    },
    /// Termination protection was switched.
    ProtectionChanged {
        /// The stack.
        stack: String,
        /// Whether the stack now refuses to be deleted.
        protected: bool,
    },
    /// Work on a stack is done.
    StackFinished {
        /// The stack.
        stack: String,
        /// What was done.
        outcome: Outcome,
        /// Its outputs.
        outputs: BTreeMap<String, String>,
    },
    /// A bucket was emptied, so that it can be deleted.
    BucketEmptied {
        /// The stack.
        stack: String,
        /// The bucket.
        bucket: String,
        /// How many objects were deleted.
        objects: usize,
    },
    /// A stack was deleted.
    StackDeleted {
        /// The stack.
        stack: String,
        /// What its template says is to be kept.
        retained: Vec<Retained>,
    },
    /// CloudFormation begins to compare a stack with its template.
    Comparing {
        /// The stack.
        stack: String,
    },
    /// A stack was compared with its template.
    Compared {
        /// The stack.
        stack: String,
        /// How many of its resources differ.
        differing: usize,
    },
    /// A stack is back at how it last stood.
    RolledBack {
        /// The stack.
        stack: String,
        /// The status that it is in now.
        status: String,
        /// What was left as it is.
        skipped: Vec<String>,
    },
    /// Someone else holds the environment's lock; it is watched whether they still work.
    LockMet {
        /// Who does.
        holder: Holder,
        /// Whether their end is waited for.
        waits: bool,
    },
    /// The lock was taken from somebody else.
    LockTaken {
        /// Who had it.
        holder: Holder,
        /// How: `abandoned` or `stolen`.
        how: &'static str,
    },
    /// The table of locks was deleted behind CloudFormation's back: nothing keeps others away.
    NoLockTable {
        /// The table.
        table: String,
    },
    /// The lock could not be given back: it stays until it counts as abandoned.
    LockLeft {
        /// Why.
        error: String,
    },
    /// A stack is left alone; at most its outputs are read.
    LeftAlone {
        /// The stack.
        stack: String,
        /// Why.
        reason: String,
        /// What would have changed, such as `Resources.LaunchTemplate`.
        differs: Vec<String>,
    },
    /// What may be lost by `--allow-data-loss` is not touched.
    AllowanceUnneeded {
        /// The resource: `STACK.LOGICAL_ID`.
        resource: String,
    },
    /// A change set that could only be made now does nothing that was not approved.
    Confirmed {
        /// The stack.
        stack: String,
        /// The changes.
        changes: Vec<PlannedChange>,
    },
    /// The policy of a stack was set.
    PolicySet {
        /// The stack.
        stack: String,
        /// The resources that may not be replaced or deleted.
        protected: Vec<String>,
    },
    /// Work on a stack failed. What runs beside it is followed to its end.
    StackFailed {
        /// The stack.
        stack: String,
        /// Why.
        error: String,
    },
    /// Stacks were not begun, because something failed or the run was asked to stop.
    NotBegun {
        /// The stacks.
        stacks: Vec<String>,
    },
    /// Resources are being moved.
    Moving {
        /// The moves.
        moves: Vec<Move>,
    },
    /// Resources were moved, and are what they were.
    Moved {
        /// The moves.
        moves: Vec<Move>,
    },
    /// A file that resources fetch was put into the artifact bucket.
    AssetUploaded {
        /// What it is.
        name: String,
        /// The bucket.
        bucket: String,
        /// The key, which names the content.
        key: String,
        /// The size in bytes.
        bytes: u64,
    },
    /// Something may be made anew that a stack works with that is left alone.
    MayEndanger {
        /// The stack that is left alone.
        kept: String,
        /// The stack that changes.
        stack: String,
        /// The resource that may be made anew.
        logical_id: String,
    },
    /// It is known what a swap is going to do.
    SwapPlanned(SwapPlan),
    /// A swap that an earlier run has left goes on.
    SwapContinued {
        /// The swap.
        id: String,
        /// The colour that was live before.
        old: String,
        /// The colour that is to be live.
        new: String,
        /// Where it stands.
        phase: Phase,
    },
    /// A swap came somewhere, and has written that down.
    SwapEntered {
        /// When: seconds since 1970.
        at: u64,
        /// The swap.
        id: String,
        /// The colour that was live before.
        old: String,
        /// The colour that is to be live.
        new: String,
        /// Where it stands.
        phase: Phase,
        /// Which step, from 1.
        step: usize,
        /// How many steps there are.
        steps: usize,
        /// The new colour's share of new work in that step, in percent.
        share: u32,
        /// Why it goes back, or did not wait for a colour's titles.
        because: Option<String>,
    },
    /// A swap looked at everything.
    SwapSeen(Box<SwapSeen>),
}

/// A stack that is worked on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SelectedStack {
    /// The stack.
    pub stack: String,
    /// Why, where nobody asked for it.
    pub because: Option<String>,
}

/// A stack that is not worked on, and whose outputs others need.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReadStack {
    /// The stack.
    pub stack: String,
    /// The outputs that are read.
    pub outputs: Vec<String>,
}
