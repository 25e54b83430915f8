//! What is watched, and when it is told.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::rules::{Problem, within};

/// What is watched, and from when on people are told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Observability {
    /// Which share of a colour's tasks may fail within an hour, in percent.
    #[schemars(range(max = 100))]
    pub failed_tasks_percent: u32,
    /// How long nine of ten tasks may take to be worked on, in seconds.
    #[schemars(range(min = 1, max = 1_209_600))]
    pub task_seconds: u32,
    /// How many tasks of a colour may wait.
    #[schemars(range(min = 1))]
    pub waiting_tasks: u32,
    /// Below which use a GPU idles, in percent, though there is work.
    #[schemars(range(max = 100))]
    pub idle_gpu_percent: u32,
    /// How full a GPU's memory may be, in percent.
    #[schemars(range(min = 1, max = 100))]
    pub gpu_memory_percent: u32,
    /// How busy the processors of an instance may be, in percent.
    #[schemars(range(min = 1, max = 100))]
    pub cpu_percent: u32,
    /// Which share of its disks an instance must have free, in percent.
    #[schemars(range(min = 1, max = 99))]
    pub free_disk_percent: u32,
    /// What the environment may cost in a month, in dollars; nobody watches it where absent. Costs are found by the tag
    /// `environment`, which must be activated as a cost allocation tag.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub monthly_dollars: Option<u32>,
    /// What an instance costs in an hour, in cents: the dashboard shows what that comes to.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub instance_hour_cents: Option<u32>,
}

impl Observability {
    /// Collects what is wrong with the section.
    pub(super) fn problems(&self, problems: &mut Vec<Problem>) {
        within(problems, "observability.failed_tasks_percent", self.failed_tasks_percent, 0..=100);
        within(problems, "observability.task_seconds", self.task_seconds, 1..=1_209_600);
        within(problems, "observability.waiting_tasks", self.waiting_tasks, 1..=u32::MAX);
        within(problems, "observability.idle_gpu_percent", self.idle_gpu_percent, 0..=100);
        within(problems, "observability.gpu_memory_percent", self.gpu_memory_percent, 1..=100);
        within(problems, "observability.cpu_percent", self.cpu_percent, 1..=100);
        within(problems, "observability.free_disk_percent", self.free_disk_percent, 1..=99);
        within(problems, "observability.monthly_dollars", self.monthly_dollars.unwrap_or(1), 1..=u32::MAX);
        within(problems, "observability.instance_hour_cents", self.instance_hour_cents.unwrap_or(1), 1..=u32::MAX);
    }
}

impl Default for Observability {
    fn default() -> Self {
        Self {
            failed_tasks_percent: 5,
            task_seconds: 4 * 3600,
            waiting_tasks: 100,
            idle_gpu_percent: 5,
            gpu_memory_percent: 95,
            cpu_percent: 80,
            free_disk_percent: 20,
            monthly_dollars: None,
            instance_hour_cents: None,
        }
    }
}
