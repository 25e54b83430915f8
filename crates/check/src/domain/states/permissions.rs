//! Whether the role of a state machine may do what the machine does.

use tree::Finding;

use super::integration::{Call, call};
use super::rules::PERMISSION;
use super::{Machine, State};
use crate::domain::Shared;
use crate::look::{Resource, Target, View};
use crate::words::all_of;

/// Services of `aws-sdk` whose actions are called as IAM calls them: the service, and its prefix in IAM.
static SDK: [(&str, &str); 16] = [
    ("autoscaling", "autoscaling"),
    ("batch", "batch"),
    ("cloudwatch", "cloudwatch"),
    ("cloudwatchlogs", "logs"),
    ("dynamodb", "dynamodb"),
    ("ec2", "ec2"),
    ("ecs", "ecs"),
    ("eventbridge", "events"),
    ("mediaconvert", "mediaconvert"),
    ("rekognition", "rekognition"),
    ("secretsmanager", "secretsmanager"),
    ("sfn", "states"),
    ("sns", "sns"),
    ("sqs", "sqs"),
    ("ssm", "ssm"),
    ("transcribe", "transcribe"),
];

/// What integrations of their own need: service, action, and what IAM calls it.
static OWN: [(&str, &str, &str); 15] = [
    ("athena", "startQueryExecution", "athena:StartQueryExecution"),
    ("batch", "submitJob", "batch:SubmitJob"),
    ("codebuild", "startBuild", "codebuild:StartBuild"),
    ("dynamodb", "deleteItem", "dynamodb:DeleteItem"),
    ("dynamodb", "getItem", "dynamodb:GetItem"),
    ("dynamodb", "putItem", "dynamodb:PutItem"),
    ("dynamodb", "updateItem", "dynamodb:UpdateItem"),
    ("ecs", "runTask", "ecs:RunTask"),
    ("events", "putEvents", "events:PutEvents"),
    ("glue", "startJobRun", "glue:StartJobRun"),
    ("lambda", "invoke", "lambda:InvokeFunction"),
    ("mediaconvert", "createJob", "mediaconvert:CreateJob"),
    ("sns", "publish", "sns:Publish"),
    ("sqs", "sendMessage", "sqs:SendMessage"),
    ("states", "startExecution", "states:StartExecution"),
];

/// What waiting with `.sync` needs in addition, and creating the machine without it fails.
static WAITING: [(&str, &[&str]); 6] = [
    ("batch", &["events:DescribeRule", "events:PutRule", "events:PutTargets"]),
    ("codebuild", &["events:DescribeRule", "events:PutRule", "events:PutTargets"]),
    ("ecs", &["events:DescribeRule", "events:PutRule", "events:PutTargets"]),
    ("glue", &["glue:GetJobRun"]),
    ("mediaconvert", &["events:DescribeRule", "events:PutRule", "events:PutTargets"]),
    ("states", &["events:DescribeRule", "events:PutRule", "events:PutTargets"]),
];

/// What a machine needs to deliver its logs.
static LOGS: [&str; 8] = [
    "logs:CreateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:DescribeLogGroups",
    "logs:DescribeResourcePolicies",
    "logs:GetLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:UpdateLogDelivery",
];

/// The arguments that name what a call is about.
static ABOUT: [&str; 7] =
    ["FunctionName", "FunctionName.$", "QueueUrl", "StateMachineArn", "TableName", "TopicArn", "JobQueue"];

fn role<'a>(machine: &Machine<'_, 'a>) -> Option<Resource<'a>> {
    machine.resource.at("RoleArn").target().map(|target| target.resource)
}

/// Checks what a machine does as a whole.
pub(super) fn of_machine(shared: &Shared<'_>, machine: &Machine<'_, '_>, findings: &mut Vec<Finding>) {
    let level = machine.resource.at("LoggingConfiguration/Level");
    let Some(role) = role(machine) else { return };
    if level.text().is_none_or(|level| level == "OFF") {
        return;
    }
    let lacking: Vec<&str> = LOGS.iter().copied().filter(|action| shared.lacks(&role, action, None)).collect();
    report(level, &role, "the machine writes logs", &lacking, findings);
}

/// Checks what a task calls.
pub(super) fn of_task(shared: &Shared<'_>, machine: &Machine<'_, '_>, state: State<'_>, findings: &mut Vec<Finding>) {
    let Some(role) = role(machine) else { return };
    // With credentials a task takes another role.
    if !state.view.get("Credentials").is_absent() {
        return;
    }
    let resource = state.view.get("Resource");
    if let Some(Target { resource: function, .. }) =
        resource.target().filter(|target| target.resource.type_name == "AWS::Lambda::Function")
    {
        if shared.lacks(&role, "lambda:InvokeFunction", Some(&function)) {
            report(resource, &role, &format!("the task calls `{}`", function.id), &["lambda:InvokeFunction"], findings);
        }
        return;
    }
    let Some(call) = call(state) else { return };
    let Some(action) = action(&call) else { return };
    let arguments = ["Arguments", "Parameters"].map(|key| state.view.get(key));
    let about = arguments.into_iter().flat_map(|view| ABOUT.map(|key| view.get(key))).find_map(View::mentioned);
    let about = about.map(|target| target.resource);
    let mut lacking = Vec::new();
    if shared.lacks(&role, &action, about.as_ref()) {
        lacking.push(action.as_str());
    }
    if call.pattern.as_deref().is_some_and(|pattern| pattern.starts_with("sync"))
        && let Some((_, needed)) = WAITING.iter().find(|(service, _)| *service == call.service)
    {
        lacking.extend(needed.iter().copied().filter(|action| shared.lacks(&role, action, None)));
    }
    report(
        resource,
        &role,
        if call.pattern.is_some() { "the task calls and waits" } else { "the task calls it" },
        &lacking,
        findings,
    );
}

/// Checks what a distributed map does: it starts executions of its own machine.
pub(super) fn of_map(shared: &Shared<'_>, machine: &Machine<'_, '_>, state: State<'_>, findings: &mut Vec<Finding>) {
    let mode = state.view.at("ItemProcessor/ProcessorConfig/Mode");
    let Some(role) = role(machine).filter(|_| mode.is("DISTRIBUTED")) else { return };
    if shared.lacks(&role, "states:StartExecution", None) {
        report(mode, &role, "a distributed map starts executions", &["states:StartExecution"], findings);
    }
}

/// Says what IAM calls a call, if that is certain.
fn action(call: &Call) -> Option<String> {
    if call.service == "aws-sdk" {
        let (service, name) = call.action.split_once(':')?;
        let (_, prefix) = SDK.iter().find(|(own, _)| *own == service)?;
        let mut letters = name.chars();
        let first = letters.next()?.to_ascii_uppercase();
        return Some(format!("{prefix}:{first}{}", letters.as_str()));
    }
    let found = OWN.iter().find(|(service, action, _)| *service == call.service && *action == call.action);
    found.map(|(.., action)| (*action).to_owned())
}

fn report(place: View<'_>, role: &Resource<'_>, what: &str, lacking: &[&str], findings: &mut Vec<Finding>) {
    if !lacking.is_empty() {
        let message = format!("{what}, but role `{}` is not allowed {}", role.id, all_of(lacking.iter().copied()));
        let hint = format!("allow it in a policy of `{}`", role.id);
        findings.push(place.finding(&PERMISSION, message).hint(hint));
    }
}
