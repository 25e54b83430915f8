//! `CreationPolicy` and `UpdatePolicy`, which belong to CloudFormation and so have no provider schema.

use crate::expression::Expression;

/// What CloudFormation waits for before a resource counts as created.
#[derive(Clone, Debug)]
pub struct CreationPolicy(pub(crate) Expression);

impl CreationPolicy {
    /// Waits until `count` signals have arrived, at most `timeout` (ISO 8601, such as `PT15M`; up to 12 hours).
    pub fn resource_signal(count: u32, timeout: &str) -> Self {
        let signal = [("Count", Expression::integer(count.into())), ("Timeout", Expression::string(timeout))];
        Self(Expression::map([("ResourceSignal", Expression::map(signal))]))
    }
}

/// How CloudFormation updates an Auto Scaling group.
#[derive(Clone, Debug)]
pub struct UpdatePolicy(pub(crate) Expression);

impl UpdatePolicy {
    /// Replaces the instances of an Auto Scaling group in batches.
    pub fn rolling(update: RollingUpdate) -> Self {
        Self(Expression::map([("AutoScalingRollingUpdate", Expression::map(update.0))]))
    }

    /// Replaces the whole Auto Scaling group: the new one must be complete before the old one goes.
    pub fn replacing() -> Self {
        let replace = Expression::map([("WillReplace", Expression::bool(true))]);
        Self(Expression::map([("AutoScalingReplacingUpdate", replace)]))
    }

    /// Keeps the group's present size when scheduled actions are about.
    pub fn ignoring_unmodified_group_size_properties() -> Self {
        let ignore = Expression::map([("IgnoreUnmodifiedGroupSizeProperties", Expression::bool(true))]);
        Self(Expression::map([("AutoScalingScheduledAction", ignore)]))
    }
}

/// The settings of a rolling update, named as in CloudFormation's `AutoScalingRollingUpdate`.
#[derive(Clone, Debug, Default)]
pub struct RollingUpdate(Vec<(&'static str, Expression)>);

impl RollingUpdate {
    /// Takes CloudFormation's defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets how many instances are replaced at once (default 1).
    pub fn max_batch_size(self, instances: u32) -> Self {
        self.set("MaxBatchSize", Expression::integer(instances.into()))
    }

    /// Sets how many instances stay in service meanwhile (default 0).
    pub fn min_instances_in_service(self, instances: u32) -> Self {
        self.set("MinInstancesInService", Expression::integer(instances.into()))
    }

    /// Sets the share of new instances that must signal success, in percent (default 100).
    pub fn min_successful_instances_percent(self, percent: u32) -> Self {
        self.set("MinSuccessfulInstancesPercent", Expression::integer(percent.into()))
    }

    /// Sets how long to wait after a batch, or for its signals (ISO 8601, such as `PT10M`).
    pub fn pause_time(self, duration: &str) -> Self {
        self.set("PauseTime", Expression::string(duration))
    }

    /// Waits for a signal of each new instance.
    pub fn wait_on_resource_signals(self, wait: bool) -> Self {
        self.set("WaitOnResourceSignals", Expression::bool(wait))
    }

    /// Suspends Auto Scaling processes meanwhile, such as `AZRebalance`.
    pub fn suspend_processes<const N: usize>(self, processes: [&str; N]) -> Self {
        self.set("SuspendProcesses", Expression::list(processes.map(Expression::string)))
    }

    fn set(mut self, name: &'static str, value: Expression) -> Self {
        self.0.push((name, value));
        self
    }
}
