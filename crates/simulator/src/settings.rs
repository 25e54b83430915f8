//! How the simulated cloud behaves.

use std::collections::BTreeMap;
use std::time::Duration;

/// How the simulated cloud behaves.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The account that the credentials are of.
    pub account: String,
    /// The user that the credentials are of.
    pub caller: String,
    /// The region.
    pub region: String,
    /// How long a stack goes on showing its old status, at most, after an operation on it was accepted.
    pub lag: Duration,
    /// How long a change set is in the making, at most.
    pub change_set: Duration,
    /// Of a thousand creations, updates and deletions of resources, how many fail by chance.
    pub failures_per_thousand: u16,
    /// How many calls a second each class of operations allows in the long run; none: as many as there are.
    pub calls_per_second: Option<f64>,
    /// How many calls it allows at once.
    pub burst: u32,
    /// Whether change sets are validated before they can be executed: properties, and names that are taken.
    pub early_validation: bool,
    /// What the account may have, by the codes of the service and of the quota.
    pub quotas: BTreeMap<(String, String), f64>,
    /// How many stacks there may be.
    pub most_stacks: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            account: "111122223333".to_owned(),
            caller: "arn:aws:iam::111122223333:user/someone".to_owned(),
            region: "eu-central-1".to_owned(),
            lag: Duration::from_millis(1500),
            change_set: Duration::from_secs(6),
            failures_per_thousand: 0,
            calls_per_second: None,
            burst: 10,
            early_validation: true,
            quotas: BTreeMap::new(),
            // AWS page "CloudFormation quotas".
            most_stacks: 2000,
        }
    }
}

/// What CloudFormation does to a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verb {
    /// It is made, also to replace another.
    Create,
    /// It is changed in place.
    Update,
    /// It is deleted.
    Delete,
}

/// Whether something happens on the way forward or on the way back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum During {
    /// Both.
    Any,
    /// While a stack is created, updated, cleaned up or deleted.
    Forward,
    /// While a stack is rolled back.
    Rollback,
}

/// A resource that fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceFault {
    /// The name of the stack; any if empty.
    pub stack: String,
    /// The logical id.
    pub logical_id: String,
    /// What fails.
    pub verb: Verb,
    /// When it fails.
    pub during: During,
    /// What the service says.
    pub reason: String,
    /// How often it fails before it succeeds.
    pub times: u32,
}

impl ResourceFault {
    /// Makes a resource of any stack fail for good on the way forward.
    pub fn new(logical_id: impl Into<String>, verb: Verb, reason: impl Into<String>) -> Self {
        Self {
            stack: String::new(),
            logical_id: logical_id.into(),
            verb,
            during: During::Forward,
            reason: reason.into(),
            times: u32::MAX,
        }
    }

    /// Lets it fail so often only.
    pub fn times(mut self, times: u32) -> Self {
        self.times = times;
        self
    }

    /// Lets it fail on the way back.
    pub fn during(mut self, during: During) -> Self {
        self.during = during;
        self
    }

    /// Lets it fail in one stack only.
    pub fn in_stack(mut self, stack: impl Into<String>) -> Self {
        self.stack = stack.into();
        self
    }
}
