use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use crate::{Artifacts, Asset, Stop};

/// How to deploy.
#[derive(Clone, Debug)]
pub struct DeployOptions {
    /// Tells this run from all others: letters, digits and hyphens, at most 60. Client tokens are made of it.
    pub run: String,
    /// Where templates go that are too large to be sent along.
    pub artifacts: Option<Artifacts>,
    /// The files that resources fetch from there.
    pub assets: Vec<Asset>,
    /// Values for the author's parameters, by stack and parameter. Those left out keep the value that the stack has,
    /// or take their default.
    pub parameters: BTreeMap<String, BTreeMap<String, String>>,
    /// The ARN of the role by which CloudFormation works; with the caller's rights where absent, or with those of the role
    /// that the stack already has.
    pub role: Option<String>,
    /// How long a cloud that does not answer is borne with.
    pub patience: Patience,
    /// The stacks that are left alone: only their outputs are read.
    pub keep: Vec<Kept>,
    /// The stateful resources that may be replaced or deleted: `LOGICAL_ID`, or `STACK.LOGICAL_ID` where two stacks have
    /// one of that name.
    pub allow_data_loss: Vec<String>,
    /// How many stacks are worked on at once, at most.
    pub concurrency: usize,
    /// How many calls of CloudFormation are made a second, at most, before it says that this is too many.
    pub calls_per_second: f64,
    /// What stack policies are set; they stay what they are where absent.
    pub stack_policy: Option<StackPolicy>,
    /// Asks the deployment to stop.
    pub stop: Stop,
}

/// What later updates of a stack may do to its resources, whoever makes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StackPolicy {
    /// Everything.
    AllowAll,
    /// They may not replace or delete what holds something that cannot be made again. A deployment that is allowed to lose
    /// something excepts that for as long as it takes.
    ProtectData,
}

impl DeployOptions {
    /// How many stacks are worked on at once where nothing else is said.
    pub const CONCURRENCY: usize = 4;

    /// How many calls a second AWS bears usually; where it does not, the rate is halved.
    pub const CALLS_PER_SECOND: f64 = 20.0;

    /// Starts with what suits most deployments.
    pub fn new(run: impl Into<String>) -> Self {
        Self {
            run: run.into(),
            artifacts: None,
            assets: Vec::new(),
            parameters: BTreeMap::new(),
            role: None,
            patience: Patience::default(),
            keep: Vec::new(),
            allow_data_loss: Vec::new(),
            concurrency: Self::CONCURRENCY,
            calls_per_second: Self::CALLS_PER_SECOND,
            stack_policy: None,
            stop: Stop::default(),
        }
    }
}

/// A stack that a deployment leaves alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Kept {
    /// The stack's name within the app.
    pub stack: String,
    /// Why: lowercase, no final full stop.
    pub reason: String,
}

/// How to destroy.
#[derive(Clone, Debug)]
pub struct DestroyOptions {
    /// Tells this run from all others: letters, digits and hyphens, at most 60.
    pub run: String,
    /// Whether buckets that hold objects are emptied; otherwise they are a reason to refuse.
    pub empty_buckets: bool,
    /// What of stacks in `DELETE_FAILED` is left behind, because it cannot be deleted.
    pub retain: Vec<ResourceName>,
    /// The stacks, by their name within the app, that go after all others: what deploying itself needs.
    pub last: Vec<String>,
    /// How many stacks are deleted at once, at most.
    pub concurrency: usize,
    /// How long a cloud that does not answer is borne with.
    pub patience: Patience,
}

/// How to roll back.
#[derive(Clone, Debug)]
pub struct RollbackOptions {
    /// Tells this run from all others: letters, digits and hyphens, at most 60.
    pub run: String,
    /// What cannot be rolled back, and is left as it is.
    pub skip: Vec<ResourceName>,
    /// How long a cloud that does not answer is borne with.
    pub patience: Patience,
}

/// Names a resource of a stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceName {
    /// The stack's name within the app.
    pub stack: String,
    /// The resource's name in its template.
    pub logical_id: String,
}

/// How long a cloud that does not answer is asked again, before its last error counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience(pub Duration);

/// Two minutes: closing a laptop's lid for a moment should not lose sight of a deployment.
impl Default for Patience {
    fn default() -> Self {
        Self(Duration::from_mins(2))
    }
}
