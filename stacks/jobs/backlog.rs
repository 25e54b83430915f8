//! Counts, every minute, how much work each colour has that waits or is worked on, so that fleets follow it from no
//! instance on.
//!
//! The metrics of a queue would not do: those of a queue that idled come up to a quarter of an hour late, which is just
//! when an instance is wanted. See "Available CloudWatch metrics for Amazon SQS" in its developer guide.

use documents::iam as policy;
use documents::states::{self, StateMachine, Task, aws_sdk, jsonata, start_at};
use documents::{array, object};
use job::{Colour, metrics};
use resources::cloudwatch::AlarmRef;
use resources::scheduler::{FlexibleTimeWindow, FlexibleTimeWindowMode, RetryPolicy, Schedule, Target};
use resources::stepfunctions::StateMachineRef;
use template::{Declare, Stack};

use super::record::patiently;
use super::{Machines, Shared};
use crate::alarms;
use crate::environment::Environment;
use crate::fleet::Fleet;
use crate::identity::{self, trusted_service};
use crate::metrics::dimensions;
use crate::storage::DEMAND;

/// What SQS calls the messages that wait, and those that a worker has taken.
const WAITING: &str = "ApproximateNumberOfMessages";
const TAKEN: &str = "ApproximateNumberOfMessagesNotVisible";

/// For how many minutes, of twice as many, the count may be missing before the alarm rings.
const SILENT_MINUTES: u32 = 5;

/// Describes the state machine.
pub(super) fn machine(parts: &Machines<'_>) -> StateMachine {
    let [blue, green] = parts.fleets;
    let datum = |colour: Colour| {
        object! {
            "MetricName": metrics::BACKLOG,
            "Dimensions": array(
                dimensions(parts.environment, colour).map(|(name, value)| object! { "Name": name, "Value": value }),
            ),
            "Unit": "Count",
            "Value": jsonata(format!("${colour}")),
        }
    };
    let publish = aws_sdk("cloudwatch", "putMetricData")
        .argument("Namespace", metrics::NAMESPACE)
        .argument("MetricData", array([datum(blue.colour), datum(green.colour)]))
        .retry([patiently()]);
    let flow =
        start_at("CountBlue", parts.count(blue)).state("CountGreen", parts.count(green)).state("Publish", publish);
    states::machine("Counts the work that waits or is worked on", flow)
}

impl Machines<'_> {
    /// Counts the work of a colour, into the variable that is named like it.
    fn count(&self, fleet: &Fleet) -> Task {
        let colour = fleet.colour.as_str();
        let count = match self.commands {
            None => aws_sdk("sqs", "getQueueAttributes")
                .argument("QueueUrl", fleet.task_queue.url())
                .argument("AttributeNames", array([WAITING, TAKEN]))
                .assign(colour, jsonata(format!("$states.result.Attributes.($number({WAITING}) + $number({TAKEN}))"))),
            Some(_) => aws_sdk("dynamodb", "query")
                .argument("TableName", self.storage.jobs.name())
                .argument("IndexName", DEMAND)
                .argument("KeyConditionExpression", "demand = :colour")
                .argument("ExpressionAttributeValues", object! { ":colour": { "S": colour } })
                .argument("Select", "COUNT")
                .assign(colour, jsonata("$states.result.Count")),
        };
        count.retry([patiently()])
    }
}

/// Has the machine count every minute, and rings where nobody counts any more.
pub(super) fn start(
    stack: &mut Stack,
    environment: &Environment,
    shared: &Shared<'_>,
    machine: &StateMachineRef,
) -> AlarmRef {
    let Shared { bounds, identity, fleets, notifications, .. } = *shared;
    let role = stack.add("CountingRole", bounds.role(trusted_service("scheduler.amazonaws.com")));
    let start = policy::allow(["states:StartExecution"]).on([machine.arn()]);
    let may_start = identity::grant(stack, &role.name(), "CountingStartsMachine", start);
    let target = Target::new(machine.arn(), role.arn())
        // A count that comes late is of no use: the next one is on its way.
        .retry_policy(RetryPolicy::new().maximum_retry_attempts(0));
    let every_minute = Schedule::new("rate(1 minute)", FlexibleTimeWindow::new(FlexibleTimeWindowMode::Off), target)
        .description("Counts the work that waits or is worked on");
    let every_minute = every_minute.depends_on(&may_start).accept(
        "security/failed-events",
        "A count that comes late is of no use: the next one is on its way, and an alarm rings where nobody counts",
    );
    stack.add("Counting", every_minute);

    let publish = policy::allow(["cloudwatch:PutMetricData"])
        .on_any()
        .when(policy::string_equals("cloudwatch:namespace", [metrics::NAMESPACE]));
    let look = policy::allow(["sqs:GetQueueAttributes"]).on(fleets.map(|fleet| fleet.task_queue.arn()));
    identity::let_workflow(stack, identity, "WorkflowCounts", [publish, look]);

    let silent = alarms::on_silence(
        metrics::NAMESPACE,
        metrics::BACKLOG,
        dimensions(environment, Colour::Blue),
        SILENT_MINUTES,
        &notifications.alarms,
    );
    stack.add("WorkUncounted", silent.alarm_description("Nobody counts the work; fleets do not follow it"))
}
