//! Turns uploads into jobs, and sees each job to its end.

mod record;
mod sweep;
mod workflow;

use documents::events;
use documents::iam as policy;
use resources::iam;
use resources::sqs::{Queue, QueueRef};
use resources::stepfunctions::{self, StateMachineRef, StateMachineType};
use resources::{events as eventbridge, logs};
use template::{Declare, IntoValue, Json, Stack, aws, sub};

use crate::environment::Environment;
use crate::fleet::Fleet;
use crate::identity::{self, Identity, trusted_service};
use crate::notifications::Notifications;
use crate::storage::Storage;
use crate::{alarms, outputs, queues};

/// How long EventBridge tries to hand an event on, in seconds, and how often: its most patient.
const EVENT_AGE_SECONDS: u32 = 24 * 3600;
const EVENT_ATTEMPTS: u32 = 185;

/// What the two state machines have in common.
struct Machines<'a> {
    environment: &'a Environment,
    storage: &'a Storage,
    topic: &'a resources::sns::TopicRef,
    log: logs::LogGroupRef,
    role: &'a iam::RoleRef,
    may_log: iam::PolicyRef,
}

/// Declares the stack.
pub fn stack(
    stack: &mut Stack,
    environment: &Environment,
    identity: &Identity,
    storage: &Storage,
    notifications: &Notifications,
    fleet: &Fleet,
) {
    stack.description("The workflow of a job, and what starts it");
    let topic = &notifications.topic;
    let machines = Machines {
        environment,
        storage,
        topic,
        log: log(stack, environment),
        role: &identity.workflow_role,
        may_log: let_log(stack, identity),
    };

    let jobs = machines.add(stack, "Workflow", StateMachineType::Standard, workflow::machine(&machines, fleet));
    let sweep = machines.add(stack, "Sweep", StateMachineType::Express, sweep::machine(&machines));

    let ask_after_others = policy::allow(["states:DescribeExecution"]).on([sub!(
        "arn:{}:states:{}:{}:execution:{}:*",
        aws::partition(),
        aws::region(),
        aws::account_id(),
        jobs.name()
    )]);
    identity::let_workflow(stack, identity, "WorkflowAsksAfterOthers", [ask_after_others]);
    let answer = ["states:SendTaskSuccess", "states:SendTaskFailure", "states:SendTaskHeartbeat"];
    identity::let_worker(stack, identity, "WorkerAnswers", policy::allow(answer).on([jobs.arn()]));
    let give_up = policy::allow(["states:SendTaskFailure"]).on([jobs.arn()]);
    identity::grant(stack, &fleet.dead_letter_role.name(), "DeadLettersFailTasks", give_up);

    let undelivered = undelivered_events(stack);
    let deliver = stack.add("DeliveryRole", iam::Role::new(trusted_service("events.amazonaws.com")));
    let start = policy::allow(["states:StartExecution"]).on([jobs.arn(), sweep.arn()]);
    identity::grant(stack, &deliver.name(), "DeliveryStartsMachines", start);
    let to = |machine: &StateMachineRef, id: &str| {
        eventbridge::Target::new(machine.arn(), id)
            .role_arn(deliver.arn())
            .retry_policy(
                eventbridge::RetryPolicy::new()
                    .maximum_event_age_in_seconds(EVENT_AGE_SECONDS)
                    .maximum_retry_attempts(EVENT_ATTEMPTS),
            )
            .dead_letter_config(eventbridge::DeadLetterConfig::new().arn(undelivered.arn()))
    };
    let rule = |pattern: events::Pattern, target| eventbridge::Rule::new().event_pattern(pattern).targets([target]);
    stack.add(
        "Uploaded",
        rule(uploads(environment, storage), to(&jobs, "workflow")).description("A video was uploaded"),
    );
    stack.add("Ended", rule(unhappy_ends(&jobs), to(&sweep, "sweep")).description("A job's execution ended badly"));

    let failed = alarms::on_any("AWS/States", "ExecutionsFailed", ("StateMachineArn", jobs.arn()), topic);
    stack.add("JobFailed", failed.alarm_description("A job failed; the job table has its reason"));
    let timed_out = alarms::on_any("AWS/States", "ExecutionsTimedOut", ("StateMachineArn", jobs.arn()), topic);
    stack.add("JobTimedOut", timed_out.alarm_description("A job took longer than a job may"));
    let waiting = alarms::on_waiting(&undelivered, topic);
    stack
        .add("EventsUndelivered", waiting.alarm_description("Events could not be delivered, and wait to be looked at"));

    stack.output(outputs::STATE_MACHINE.name, jobs.arn());
}

impl Machines<'_> {
    /// Adds a state machine whose executions are logged and traced.
    #[track_caller]
    fn add(
        &self,
        stack: &mut Stack,
        logical_id: &str,
        kind: StateMachineType,
        definition: impl IntoValue<Json>,
    ) -> StateMachineRef {
        let group = stepfunctions::CloudWatchLogsLogGroup::new().log_group_arn(self.log.arn());
        let logging = stepfunctions::LoggingConfiguration::new()
            .destinations([stepfunctions::LogDestination::new().cloud_watch_logs_log_group(group)])
            .include_execution_data(true)
            .level(stepfunctions::LoggingConfigurationLevel::All);
        let machine = stepfunctions::StateMachine::new(self.role.arn())
            .state_machine_type(kind)
            .definition(definition)
            .logging_configuration(logging)
            .tracing_configuration(stepfunctions::TracingConfiguration::new().enabled(true));
        // Step Functions tries out whether the role may write the log when it makes the machine.
        stack.add(logical_id, machine.depends_on(&self.may_log))
    }
}

/// Adds the log of the state machines. Log groups under this prefix share one resource policy, which has a size limit.
fn log(stack: &mut Stack, environment: &Environment) -> logs::LogGroupRef {
    let name = format!("/aws/vendedlogs/states/{}-{}-jobs", environment.app, environment.name);
    let log = logs::LogGroup::new().log_group_name(name).retention_in_days(environment.jobs.log_retention_days);
    stack.add("Log", log)
}

/// Lets the workflow deliver logs and traces. These actions know no resources.
///
/// See "Using CloudWatch Logs to log execution history" and "AWS X-Ray" in the Step Functions developer guide.
fn let_log(stack: &mut Stack, identity: &Identity) -> iam::PolicyRef {
    let deliver = policy::allow([
        "logs:CreateLogDelivery",
        "logs:DeleteLogDelivery",
        "logs:DescribeLogGroups",
        "logs:DescribeResourcePolicies",
        "logs:GetLogDelivery",
        "logs:ListLogDeliveries",
        "logs:PutResourcePolicy",
        "logs:UpdateLogDelivery",
    ]);
    let trace = policy::allow([
        "xray:GetSamplingRules",
        "xray:GetSamplingTargets",
        "xray:PutTelemetryRecords",
        "xray:PutTraceSegments",
    ]);
    identity::grant(stack, &identity.workflow_role.name(), "WorkflowLogs", [deliver.on_any(), trace.on_any()])
}

/// Adds the queue of events that could not be delivered.
fn undelivered_events(stack: &mut Stack) -> QueueRef {
    queues::add(stack, "UndeliveredEvents", Queue::new(), |queue| {
        let from_rules = policy::allow(["sqs:SendMessage"])
            .on([queue.arn()])
            .principal(policy::service("events.amazonaws.com"))
            .when(policy::string_equals("aws:SourceAccount", [aws::account_id()]));
        vec![from_rules]
    })
}

/// Every way in which a video comes into the bucket of sources, with one of the environment's endings.
fn uploads(environment: &Environment, storage: &Storage) -> events::Pattern {
    let endings: Vec<_> =
        environment.jobs.suffixes.iter().map(|suffix| events::suffix_ignoring_case(suffix.as_str())).collect();
    events::pattern()
        .source(["aws.s3"])
        .detail_type(["Object Created"])
        .detail("bucket.name", [storage.sources.name()])
        .detail("object.key", endings)
}

/// Executions of the workflow that may not have recorded how they ended.
fn unhappy_ends(jobs: &StateMachineRef) -> events::Pattern {
    events::pattern()
        .source(["aws.states"])
        .detail_type(["Step Functions Execution Status Change"])
        .detail("stateMachineArn", [jobs.arn()])
        .detail("status", ["FAILED", "TIMED_OUT", "ABORTED"])
}
