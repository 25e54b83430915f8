//! Names of the metrics that workers, and what looks after them, write.

/// The namespace of every metric here.
pub const NAMESPACE: &str = "Baleen";

/// The dimension that names the application.
pub const APP: &str = "App";

/// The dimension that names the environment.
pub const ENVIRONMENT: &str = "Environment";

/// The dimension that names the colour.
pub const COLOUR: &str = "Colour";

/// Tasks that a worker began to work on; counted attempts.
pub const TASKS_STARTED: &str = "TasksStarted";

/// Tasks that ended with a verified, published output.
pub const TASKS_SUCCEEDED: &str = "TasksSucceeded";

/// Tasks that a worker reported as failed.
pub const TASKS_FAILED: &str = "TasksFailed";

/// Tasks that a worker gave back to the queue: interrupted, or for a pause.
pub const TASKS_RELEASED: &str = "TasksReleased";

/// Messages of a version that the worker does not know.
pub const UNKNOWN_MESSAGE_VERSIONS: &str = "UnknownMessageVersions";

/// Messages that are no task messages; they end in the dead-letter queue.
pub const UNREADABLE_MESSAGES: &str = "UnreadableMessages";

/// Leases that could not be renewed in time, so that the work was abandoned.
pub const LEASES_LOST: &str = "LeasesLost";

/// Engine processes that were killed because they made no progress.
pub const STALLS: &str = "Stalls";

/// Tasks released because disk, memory or GPU ran out.
pub const RESOURCES_EXHAUSTED: &str = "ResourcesExhausted";

/// Video frames enhanced and published.
pub const FRAMES_ENHANCED: &str = "FramesEnhanced";

/// How long a successful task took, in seconds.
pub const TASK_SECONDS: &str = "TaskSeconds";

/// Work of a colour that waits or is worked on: tasks, or whole titles where commands do the work. Counted by the
/// workflow's side every minute, so that fleets know how many instances they need, from none on.
pub const BACKLOG: &str = "Backlog";

/// Returns the unit of a metric, in CloudWatch's words.
pub fn unit(name: &str) -> &'static str {
    if name == TASK_SECONDS { "Seconds" } else { "Count" }
}

/// Every metric that workers write, in the order of this page.
pub const ALL: [&str; 11] = [
    TASKS_STARTED,
    TASKS_SUCCEEDED,
    TASKS_FAILED,
    TASKS_RELEASED,
    UNKNOWN_MESSAGE_VERSIONS,
    UNREADABLE_MESSAGES,
    LEASES_LOST,
    STALLS,
    RESOURCES_EXHAUSTED,
    FRAMES_ENHANCED,
    TASK_SECONDS,
];
