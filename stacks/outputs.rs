//! Names the outputs that the command line reads from deployed stacks.

use job::Colour;

/// An output of a stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Output {
    /// The stack's name within the app.
    pub stack: &'static str,
    /// The output's name.
    pub name: &'static str,
}

/// The name of the bucket for templates that are too large to be sent, and for what instances fetch.
pub const ARTIFACT_BUCKET: Output = Output { stack: "bootstrap", name: "ArtifactBucket" };

/// The name of the table of locks.
pub const LOCK_TABLE: Output = Output { stack: "bootstrap", name: "LockTable" };

/// The ARN of the role by which GitHub's workflows see what is deployed; of environments that they deploy.
pub const READER_ROLE: Output = Output { stack: "deployer", name: "ReaderRole" };

/// The ARN of the role by which GitHub's workflows drive CloudFormation.
pub const DEPLOYER_ROLE: Output = Output { stack: "deployer", name: "DeployerRole" };

/// The ARN of the role by which CloudFormation works for them.
pub const EXECUTION_ROLE: Output = Output { stack: "deployer", name: "ExecutionRole" };

/// The name of the bucket that videos are uploaded to.
pub const SOURCE_BUCKET: Output = Output { stack: "storage", name: "SourceBucket" };

/// The name of the bucket of what jobs make on their way.
pub const WORK_BUCKET: Output = Output { stack: "storage", name: "WorkBucket" };

/// The name of the bucket of enhanced videos.
pub const ENHANCED_BUCKET: Output = Output { stack: "storage", name: "EnhancedBucket" };

/// The name of the bucket of packaged streams.
pub const DELIVERY_BUCKET: Output = Output { stack: "storage", name: "DeliveryBucket" };

/// The name of the job table.
pub const JOB_TABLE: Output = Output { stack: "storage", name: "JobTable" };

/// The ARN of the topic of jobs that are done.
pub const DONE_TOPIC: Output = Output { stack: "notifications", name: "DoneTopic" };

/// The ARN of the topic of jobs that failed or were cancelled.
pub const FAILED_TOPIC: Output = Output { stack: "notifications", name: "FailedTopic" };

/// The ARN of the topic of alarms.
pub const ALARM_TOPIC: Output = Output { stack: "notifications", name: "AlarmTopic" };

/// The stack of the weights.
pub const ROUTER: &str = "router";

/// The URL of the blue fleet's queue of tasks.
pub const TASK_QUEUE: Output = task_queue(Colour::Blue);

/// The URL of the queue of messages that the blue fleet's workers could not deal with.
pub const DEAD_LETTER_QUEUE: Output = Output { stack: "fleet-blue", name: "DeadLetterQueue" };

/// Where streams are, for viewers; of environments that deliver them.
pub const STREAMS_URL: Output = Output { stack: "delivery", name: "Url" };

/// The name that the record of a domain of one's own must point to; of environments that deliver streams.
pub const STREAMS_DOMAIN: Output = Output { stack: "delivery", name: "Domain" };

/// The ARN of the workflow.
pub const STATE_MACHINE: Output = Output { stack: "jobs", name: "StateMachine" };

/// The identity of the recipe by which the workflow enhances.
pub const RECIPE: Output = Output { stack: "jobs", name: "Recipe" };

/// Names the stack of a colour.
pub const fn fleet(colour: Colour) -> &'static str {
    match colour {
        Colour::Blue => "fleet-blue",
        Colour::Green => "fleet-green",
    }
}

/// The URL of a colour's queue of tasks.
pub const fn task_queue(colour: Colour) -> Output {
    Output { stack: fleet(colour), name: "TaskQueue" }
}

/// The ARNs of the alarms on a colour's queues, with commas between them.
pub const fn fleet_alarms(colour: Colour) -> Output {
    Output { stack: fleet(colour), name: "Alarms" }
}

/// The ARN of the alarm that says that a colour works badly; of environments that are watched.
pub const fn colour_alarm(colour: Colour) -> Output {
    match colour {
        Colour::Blue => Output { stack: "observability", name: "BlueAlarm" },
        Colour::Green => Output { stack: "observability", name: "GreenAlarm" },
    }
}

/// Every output that the command line reads.
pub const ALL: [Output; 14] = [
    ARTIFACT_BUCKET,
    LOCK_TABLE,
    SOURCE_BUCKET,
    WORK_BUCKET,
    ENHANCED_BUCKET,
    DELIVERY_BUCKET,
    JOB_TABLE,
    DONE_TOPIC,
    FAILED_TOPIC,
    ALARM_TOPIC,
    TASK_QUEUE,
    DEAD_LETTER_QUEUE,
    STATE_MACHINE,
    RECIPE,
];
