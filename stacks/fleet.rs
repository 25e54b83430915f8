//! Works on the tasks of one colour: a queue, what becomes of messages that nobody can deal with, and the instances.

mod auto_scaling;
mod instances;
mod launch_template;
mod scaling;
mod single;
mod spot_fleet;
mod user_data;

use std::fmt::Display;

use documents::iam as policy;
use job::Colour;
use resources::cloudwatch::AlarmRef;
use resources::kms::KeyRef;
use resources::lambda::{self, FunctionArchitecture, FunctionRuntime};
use resources::sqs::{Queue, QueueRef, RedrivePolicy};
use resources::{iam, sns};
use template::{Declare, Stack, join};

use crate::bootstrap::Bootstrap;
use crate::deployer::Bounds;
use crate::environment::Environment;
use crate::identity::{self, Identity};
use crate::keys::{Keys, Service};
use crate::network::Network;
use crate::notifications::Notifications;
use crate::storage::Storage;
use crate::{alarms, logs, outputs, queues};

use instances::Instances;
pub use instances::MINIMUM_INSTANCES;
pub use user_data::{AGENT_SHA256, agent_key};

/// The error by which a task fails whose message ended in the dead-letter queue: nothing is to be tried again.
pub const DEAD_LETTER_ERROR: &str = "dead-letter";

/// How long a receive call waits for a message, in seconds: the longest that SQS allows.
const RECEIVE_WAIT_SECONDS: u32 = 20;
/// How long failing a batch of tasks may take, in seconds.
const FAILING_SECONDS: u32 = 20;

/// The stacks that a fleet builds upon.
#[derive(Clone, Copy, Debug)]
pub struct Shared<'a> {
    /// Holds the agent.
    pub bootstrap: &'a Bootstrap,
    /// Bound the roles.
    pub bounds: &'a Bounds,
    /// Encrypt queues, logs and disks.
    pub keys: &'a Keys,
    /// Connects the instances; there wherever there are any.
    pub network: Option<&'a Network>,
    /// Says who works here.
    pub identity: &'a Identity,
    /// Holds the videos and the job table.
    pub storage: &'a Storage,
    /// Is told of alarms.
    pub notifications: &'a Notifications,
}

/// What later stacks use of it.
#[derive(Debug)]
pub struct Fleet {
    /// Which of the two copies it is.
    pub colour: Colour,
    /// Takes the tasks.
    pub task_queue: QueueRef,
    /// The role of what fails the tasks of dead letters.
    pub dead_letter_role: iam::RoleRef,
    /// Ring when tasks are not worked on as they should be.
    pub alarms: [AlarmRef; 3],
}

/// Declares the stack.
pub fn stack(stack: &mut Stack, environment: &Environment, colour: Colour, shared: &Shared<'_>) -> Fleet {
    stack.description(format!("The {colour} fleet: its queue and its instances"));
    let topic = &shared.notifications.alarms;
    let times = &environment.times;
    let keys = shared.keys;

    // Its visibility is a multiple of the time that failing a batch takes, as "Using Lambda with Amazon SQS" advises.
    let dead_letters = Queue::new().visibility_timeout(6 * FAILING_SECONDS);
    let dead_letters = queues::add(stack, keys, "DeadLetterQueue", dead_letters, |_| vec![]);
    let tasks = Queue::new()
        .visibility_timeout(times.visibility_seconds)
        .receive_message_wait_time_seconds(RECEIVE_WAIT_SECONDS)
        .redrive_policy(RedrivePolicy::new(dead_letters.arn(), times.receives));
    let task_queue = queues::add(stack, keys, "TaskQueue", tasks, |_| vec![]);

    let send = policy::allow(["sqs:SendMessage"]).on([task_queue.arn()]);
    identity::let_workflow(stack, shared.identity, "WorkflowSendsTasks", send);
    let work = ["sqs:ReceiveMessage", "sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes"];
    identity::let_worker(stack, shared.identity, "WorkerTakesTasks", policy::allow(work).on([task_queue.arn()]));

    let dead_letter_role = fail_dead_letters(stack, environment, shared, &dead_letters);
    let alarms = ring(stack, environment, &task_queue, &dead_letters, topic);
    if let (Some(settings), Some(network)) = (&environment.fleet.instances, shared.network) {
        Instances { environment, settings, colour, shared, network, task_queue: &task_queue }.add(stack);
    }

    stack.output(outputs::TASK_QUEUE.name, task_queue.url());
    stack.output(outputs::DEAD_LETTER_QUEUE.name, dead_letters.url());
    // In one, as every output that another stack may use has a place of its own in two templates.
    stack.output(outputs::fleet_alarms(colour).name, join(",", alarms.each_ref().map(AlarmRef::arn)));
    Fleet { colour, task_queue, dead_letter_role, alarms }
}

/// Returns what the instances of a colour, and the group of them, are called.
pub fn name(environment: &Environment, colour: impl Display) -> String {
    job::group::name(environment.app.as_str(), environment.name.as_str(), colour)
}

/// Adds what fails the tasks of dead letters, so that no workflow waits for them; returns its role.
fn fail_dead_letters(
    stack: &mut Stack,
    environment: &Environment,
    shared: &Shared<'_>,
    dead_letters: &QueueRef,
) -> iam::RoleRef {
    let Shared { bounds, keys, .. } = *shared;
    let log = logs::add(stack, keys, "DeadLetterLog", None, environment.jobs.log_retention_days);
    let role = stack.add("DeadLetterRole", bounds.role(policy::trust(policy::service("lambda.amazonaws.com"))));
    let take = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"];
    let take = policy::allow(take).on([dead_letters.arn()]);
    let write = policy::allow(["logs:CreateLogStream", "logs:PutLogEvents"]).on([log.arn()]);
    let grant = identity::grant(stack, &role.name(), "DeadLettersAreTaken", [take, write]);
    let decrypt = keys.let_use(stack, &role.name(), "DeadLettersUseKeys", [Service::Lambda, Service::Sqs]);

    let receives = environment.times.receives.to_string();
    let function =
        lambda::Function::new(role.arn(), lambda::Code::new().zip_file(include_str!("../assets/fail_dead_letters.py")))
            .description("Fails the tasks whose messages ended in the dead-letter queue")
            .runtime(FunctionRuntime::Python3_14)
            .architectures([FunctionArchitecture::Arm64])
            .handler("index.handler")
            .timeout(FAILING_SECONDS)
            .environment(
                lambda::Environment::new().variables([("RECEIVES", receives), ("ERROR", DEAD_LETTER_ERROR.to_owned())]),
            )
            .kms_key_arn(keys.data.as_ref().map(KeyRef::arn))
            .logging_config(lambda::LoggingConfig::new().log_group(log.name()));
    let function = function
        .accept(
            "security/concurrency",
            "The mapping of its queue runs two at once at most. What is reserved is taken from the account's others, and \
             Lambda refuses it in new accounts, whose whole pool is ten",
        )
        .accept_if(
            keys.data.is_none(),
            "security/customer-managed-key",
            "The variables hold a count and the name of an error, both in this template; Lambda's own key encrypts them",
        );
    let function = stack.add("DeadLetterFunction", function);
    let mapping = lambda::EventSourceMapping::new(function.name())
        .event_source_arn(dead_letters.arn())
        .batch_size(10)
        .function_response_types([lambda::EventSourceMappingFunctionResponseType::ReportBatchItemFailures])
        .scaling_config(lambda::event_source_mapping::ScalingConfig::new().maximum_concurrency(2));
    // Lambda tries out whether the function may read the queue when it makes the mapping.
    let mapping = mapping.depends_on(&grant);
    let mapping = decrypt.iter().fold(mapping, |mapping, decrypt| mapping.depends_on(decrypt));
    stack.add("DeadLetterMapping", mapping);
    role
}

/// Adds the alarms of the two queues.
fn ring(
    stack: &mut Stack,
    environment: &Environment,
    tasks: &QueueRef,
    dead_letters: &QueueRef,
    topic: &sns::TopicRef,
) -> [AlarmRef; 3] {
    // Dead letters leave the queue at once, so that what counts them is how many were taken from it.
    let dimension = ("QueueName", queues::name(dead_letters));
    let arrived = alarms::on_any("AWS/SQS", "NumberOfMessagesReceived", dimension, topic)
        .alarm_description("No worker could finish a task; its job failed");
    let waiting = alarms::on_waiting(dead_letters, topic)
        .alarm_description("Dead letters wait whose task cannot be failed; look at them");
    let waiting_long = alarms::on_waiting_for(tasks, environment.fleet.waiting_alarm_seconds, topic)
        .alarm_description("Tasks wait long: is there an instance, and does it take them?");
    [
        stack.add("DeadLetterArrived", arrived),
        stack.add("DeadLettersWait", waiting),
        stack.add("TasksWaitLong", waiting_long),
    ]
}
