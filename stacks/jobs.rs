//! Turns uploads into jobs, and sees each job to its end.

mod agent;
mod backlog;
mod base64url;
mod leases;
mod outcome;
mod ownership;
mod package;
mod record;
mod run_command;
mod sweep;
mod workflow;

use documents::events;
use documents::iam as policy;
use documents::object;
use job::Colour;
use resources::cloudwatch::AlarmRef;
use resources::events as eventbridge;
use resources::iam;
use resources::logs::LogGroupRef;
use resources::sns::TopicRef;
use resources::sqs::{Queue, QueueRef};
use resources::ssm::DocumentRef;
use resources::stepfunctions::{self, StateMachineRef, StateMachineType};
use template::{Declare, IntoValue, Json, Stack, Value, aws, sub};

use crate::commands::Commands;
use crate::delivery::Delivery;
use crate::deployer::Bounds;
use crate::environment::{Environment, Executor, FleetKind};
use crate::fleet::{self, Fleet};
use crate::identity::{self, Identity, trusted_service};
use crate::keys::Keys;
use crate::notifications::Notifications;
use crate::packaging::Packaging;
use crate::router::Router;
use crate::storage::{DEMAND, Storage};
use crate::{alarms, logs, outputs, queues};

/// How long EventBridge tries to hand an event on, in seconds, and how often: its most patient.
const EVENT_AGE_SECONDS: u32 = 24 * 3600;
const EVENT_ATTEMPTS: u32 = 185;

/// The stacks that the workflow builds upon.
#[derive(Clone, Copy, Debug)]
pub struct Shared<'a> {
    /// Bound the roles.
    pub bounds: &'a Bounds,
    /// Encrypt queues and logs.
    pub keys: &'a Keys,
    /// Says who works here.
    pub identity: &'a Identity,
    /// Holds the videos and the job table.
    pub storage: &'a Storage,
    /// Is told of jobs and alarms.
    pub notifications: &'a Notifications,
    /// Says which colour gets new work.
    pub router: &'a Router,
    /// Do the work: blue and green.
    pub fleets: [&'a Fleet; 2],
    /// Can be sent to instances, where there are any.
    pub commands: Option<&'a Commands>,
    /// Makes streams, where the environment says so.
    pub packaging: Option<&'a Packaging>,
    /// Brings streams to viewers, where the environment says so.
    pub delivery: Option<&'a Delivery>,
}

/// What later stacks use of it.
#[derive(Debug)]
pub struct Jobs {
    /// Takes a job from its upload to its end.
    pub workflow: StateMachineRef,
    /// Ring when jobs fail, or do not begin.
    pub alarms: Vec<AlarmRef>,
}

/// What the state machines have in common.
struct Machines<'a> {
    environment: &'a Environment,
    identity: &'a Identity,
    storage: &'a Storage,
    notifications: &'a Notifications,
    router: &'a Router,
    fleets: [&'a Fleet; 2],
    commands: Option<&'a Commands>,
    packaging: Option<&'a Packaging>,
    delivery: Option<&'a Delivery>,
    log: LogGroupRef,
    may_log: iam::PolicyRef,
}

/// Declares the stack.
pub fn stack(stack: &mut Stack, environment: &Environment, shared: &Shared<'_>) -> Jobs {
    stack.description("The workflow of a job, and what starts it");
    let Shared { keys, identity, storage, notifications, router, fleets, commands, packaging, delivery, .. } = *shared;
    let commands = commands.filter(|_| environment.jobs.executor == Executor::RunCommand);
    let machines = Machines {
        environment,
        identity,
        storage,
        notifications,
        router,
        fleets,
        commands,
        packaging,
        delivery,
        log: log(stack, environment, keys),
        may_log: let_log(stack, identity),
    };

    let jobs = machines.add(stack, "Workflow", StateMachineType::Standard, workflow::machine(&machines));
    let sweep = machines.add(stack, "Sweep", StateMachineType::Express, sweep::machine(&machines));

    let_ask_and_answer(stack, identity, fleets, &jobs);
    if let Some(commands) = commands {
        let_run(stack, environment, identity, machines.document(commands));
    }
    let uncounted = environment.fleet.instances.as_ref().map(|_| {
        let count = machines.add(stack, "Count", StateMachineType::Express, backlog::machine(&machines));
        backlog::start(stack, environment, shared, &count)
    });
    let undelivered = deliver(stack, environment, shared, &jobs, &sweep);
    let alarms = ring(stack, &jobs, &sweep, &undelivered, &notifications.alarms);

    stack.output(outputs::STATE_MACHINE.name, jobs.arn());
    stack.output(outputs::RECIPE.name, environment.recipe.identity());
    Jobs { workflow: jobs, alarms: alarms.into_iter().chain(uncounted).collect() }
}

impl Machines<'_> {
    /// Makes an object of what each fleet has, by colour.
    fn by_colour<T: IntoValue<Json>>(&self, what: impl Fn(&Fleet) -> T) -> Value<Json> {
        let [blue, green] = self.fleets;
        object! { (Colour::Blue.as_str()): what(blue), (Colour::Green.as_str()): what(green) }
    }

    /// Adds to an update of an item that nobody wants an instance for it any more.
    fn unwanted(&self, update: &str) -> String {
        match self.commands {
            None => update.to_owned(),
            Some(_) => format!("{update} REMOVE {DEMAND}"),
        }
    }

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
        let is_express = matches!(kind, StateMachineType::Express);
        let (level, has_data) = match kind {
            // There is no history, and no token.
            StateMachineType::Express => (stepfunctions::LoggingConfigurationLevel::Error, true),
            // A message holds its task's token, which is nobody else's business; the execution's history has the data.
            _ => (stepfunctions::LoggingConfigurationLevel::All, false),
        };
        let logging = stepfunctions::LoggingConfiguration::new()
            .destinations([stepfunctions::LogDestination::new().cloud_watch_logs_log_group(group)])
            .include_execution_data(has_data)
            .level(level);
        let machine = stepfunctions::StateMachine::new(self.identity.workflow_role.arn())
            .state_machine_type(kind)
            .definition(definition)
            .logging_configuration(logging)
            .tracing_configuration(stepfunctions::TracingConfiguration::new().enabled(true));
        // Step Functions tries out whether the role may write the log when it makes the machine.
        let machine = machine.depends_on(&self.may_log).accept_if(
            is_express,
            "security/workflow-logs",
            "It runs often and does one small thing; its errors are logged with all their data, and what went well is in the \
             job table and in metrics",
        );
        stack.add(logical_id, machine)
    }
}

/// Adds the log of the state machines. Log groups under this prefix share one resource policy, which has a size limit.
fn log(stack: &mut Stack, environment: &Environment, keys: &Keys) -> LogGroupRef {
    let name = format!("/aws/vendedlogs/states/{}-{}-jobs", environment.app, environment.name);
    logs::add(stack, keys, "Log", Some(name), environment.jobs.log_retention_days)
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

/// Lets the workflow ask after its other executions, and lets workers, and what deals with dead letters, answer it.
fn let_ask_and_answer(stack: &mut Stack, identity: &Identity, fleets: [&Fleet; 2], jobs: &StateMachineRef) {
    let (partition, region, account) = (aws::partition(), aws::region(), aws::account_id());
    let executions = sub!("arn:{}:states:{}:{}:execution:{}:*", partition, region, account, jobs.name());
    let ask = policy::allow(["states:DescribeExecution"]).on([executions]);
    identity::let_workflow(stack, identity, "WorkflowAsksAfterOthers", ask);
    let answer = ["states:SendTaskSuccess", "states:SendTaskFailure", "states:SendTaskHeartbeat"];
    identity::let_worker(stack, identity, "WorkerAnswers", policy::allow(answer).on([jobs.arn()]));
    for fleet in fleets {
        let logical_id = match fleet.colour {
            Colour::Blue => "BlueDeadLettersFailTasks",
            Colour::Green => "GreenDeadLettersFailTasks",
        };
        let give_up = policy::allow(["states:SendTaskFailure"]).on([jobs.arn()]);
        identity::grant(stack, &fleet.dead_letter_role.name(), logical_id, give_up);
    }
}

/// Lets the workflow send commands to the instances of the environment, and look after them.
fn let_run(stack: &mut Stack, environment: &Environment, identity: &Identity, document: &DocumentRef) {
    let (partition, region, account) = (aws::partition(), aws::region(), aws::account_id());
    let document = sub!("arn:{}:ssm:{}:{}:document/{}", &partition, &region, &account, document.name());
    let instances = sub!("arn:{}:ec2:{}:{}:instance/*", &partition, &region, &account);
    let send = policy::allow(["ssm:DescribeDocument", "ssm:SendCommand"]).on([document]);
    let send_to = policy::allow(["ssm:SendCommand"])
        .on([instances])
        .when(policy::string_equals("ssm:resourceTag/app", [environment.app.as_str()]))
        .when(policy::string_equals("ssm:resourceTag/environment", [environment.name.as_str()]));
    let groups = fleet::name(environment, "*");
    let groups =
        sub!("arn:{}:autoscaling:{}:{}:autoScalingGroup:*:autoScalingGroupName/{}", partition, region, account, groups);
    let keep = (environment.fleet.kind == FleetKind::AutoScaling)
        .then(|| policy::allow(["autoscaling:SetInstanceProtection"]).on([groups]));
    // These know no resources.
    let follow = ["ssm:CancelCommand", "ssm:DescribeInstanceInformation", "ssm:GetCommandInvocation"];
    let follow = policy::allow(follow).on_any();
    let statements: Vec<_> = [send, send_to, follow].into_iter().chain(keep).collect();
    identity::let_workflow(stack, identity, "WorkflowRunsCommands", statements);
}

/// Adds the rules that start the state machines; returns the queue of events that could not be delivered.
fn deliver(
    stack: &mut Stack,
    environment: &Environment,
    shared: &Shared<'_>,
    jobs: &StateMachineRef,
    sweep: &StateMachineRef,
) -> QueueRef {
    let Shared { bounds, keys, storage, .. } = *shared;
    let undelivered = undelivered_events(stack, keys);
    let role = stack.add("DeliveryRole", bounds.role(trusted_service("events.amazonaws.com")));
    let start = policy::allow(["states:StartExecution"]).on([jobs.arn(), sweep.arn()]);
    identity::grant(stack, &role.name(), "DeliveryStartsMachines", start);

    let starting = |pattern: events::Pattern, machine: &StateMachineRef, target: &str| {
        let patience = eventbridge::RetryPolicy::new()
            .maximum_event_age_in_seconds(EVENT_AGE_SECONDS)
            .maximum_retry_attempts(EVENT_ATTEMPTS);
        let target = eventbridge::Target::new(machine.arn(), target)
            .role_arn(role.arn())
            .retry_policy(patience)
            .dead_letter_config(eventbridge::DeadLetterConfig::new().arn(undelivered.arn()));
        eventbridge::Rule::new().event_pattern(pattern).targets([target])
    };
    let uploaded = starting(uploads(environment, storage), jobs, "workflow");
    stack.add("Uploaded", uploaded.description("A video was uploaded"));
    let ended = starting(unhappy_ends(jobs), sweep, "sweep");
    stack.add("Ended", ended.description("An execution of the workflow ended badly"));
    undelivered
}

/// Adds the alarms.
fn ring(
    stack: &mut Stack,
    jobs: &StateMachineRef,
    sweep: &StateMachineRef,
    undelivered: &QueueRef,
    topic: &TopicRef,
) -> [AlarmRef; 4] {
    let executions = |machine: &StateMachineRef, metric| {
        alarms::on_any("AWS/States", metric, ("StateMachineArn", machine.arn()), topic)
    };
    let failed = executions(jobs, "ExecutionsFailed").alarm_description("A job failed; the job table has its reason");
    let timed_out = executions(jobs, "ExecutionsTimedOut").alarm_description("A job took longer than a job may");
    let unswept = executions(sweep, "ExecutionsFailed")
        .alarm_description("A job whose workflow ended could not be closed: it looks as if it went on");
    let waiting = alarms::on_waiting(undelivered, topic)
        .alarm_description("Events could not be delivered, and wait to be looked at");
    [
        stack.add("JobFailed", failed),
        stack.add("JobTimedOut", timed_out),
        stack.add("SweepFailed", unswept),
        stack.add("EventsUndelivered", waiting),
    ]
}

/// Adds the queue of events that could not be delivered.
fn undelivered_events(stack: &mut Stack, keys: &Keys) -> QueueRef {
    queues::add(stack, keys, "UndeliveredEvents", Queue::new(), |queue| {
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
