//! Functions that take their work from queues and streams.

use tree::{Finding, Severity};

use super::{Shared, queue};
use crate::look::{Resource, Target};
use crate::rule::Rule;
use crate::words::all_of;

/// How long a message is hidden if nothing else is said, in seconds.
const VISIBILITY: i64 = 30;
/// How long a function may run if nothing else is said, in seconds.
const TIMEOUT: i64 = 3;

/// Checks the mapping from a queue of the templates to a function of the templates.
pub(super) fn check(shared: &Shared<'_>, mapping: &Resource<'_>, findings: &mut Vec<Finding>) {
    let source = mapping.at("EventSourceArn");
    let function = mapping.at("FunctionName");
    let Some(Target { resource: source, .. }) = source.target() else { return };
    let function = function.mentioned().map(|target| target.resource);
    let function = function.filter(|function| function.type_name == "AWS::Lambda::Function");
    if source.type_name == "AWS::SQS::Queue" {
        batch(mapping, &source, findings);
        if let Some(function) = &function {
            visibility(mapping, &source, function, findings);
        }
    }
    if let Some(function) = &function {
        permission(shared, mapping, &source, function, findings);
    }
}

fn batch(mapping: &Resource<'_>, source: &Resource<'_>, findings: &mut Vec<Finding>) {
    let (size, window) = (mapping.at("BatchSize"), mapping.at("MaximumBatchingWindowInSeconds"));
    let Some(number) = size.integer().filter(|number| *number > 10) else { return };
    let message = match queue::is_fifo(source) {
        Some(true) => format!("`BatchSize` is {number}, but a FIFO queue gives at most 10 messages at once"),
        _ if window.is_absent() || window.integer() == Some(0) => {
            format!("`BatchSize` is {number}, but more than 10 need a `MaximumBatchingWindowInSeconds` of at least 1")
        }
        _ => return,
    };
    findings.push(size.finding(&BATCH, message));
}

fn visibility(mapping: &Resource<'_>, source: &Resource<'_>, function: &Resource<'_>, findings: &mut Vec<Finding>) {
    let (visibility, timeout) = (source.at("VisibilityTimeout"), function.at("Timeout"));
    let hidden = if visibility.is_absent() { Some(VISIBILITY) } else { visibility.integer() };
    let runs = if timeout.is_absent() { Some(TIMEOUT) } else { timeout.integer() };
    let (Some(hidden), Some(runs)) = (hidden, runs) else { return };
    let window = mapping.at("MaximumBatchingWindowInSeconds");
    let Some(window) = (if window.is_absent() { Some(0) } else { window.integer() }) else { return };
    let names = (source.id, function.id);
    if hidden < runs {
        let message = format!(
            "`VisibilityTimeout` of queue `{}` is {hidden} s, but `Timeout` of function `{}` is {runs} s",
            names.0, names.1
        );
        let hint = format!("set `VisibilityTimeout` of `{}` to at least {}", names.0, 6 * runs + window);
        findings.push(mapping.at("EventSourceArn").finding(&TOO_SHORT, message).hint(hint));
    } else if hidden < 6 * runs + window {
        let message = format!(
            "`VisibilityTimeout` of queue `{}` is {hidden} s, which is less than six times the {runs} s that function \
             `{}` may run{}",
            names.0,
            names.1,
            if window > 0 { format!(", and the {window} s that a batch is waited for") } else { String::new() }
        );
        let hint = format!("set `VisibilityTimeout` of `{}` to at least {}", names.0, 6 * runs + window);
        findings.push(mapping.at("EventSourceArn").finding(&SHORT, message).hint(hint));
    }
}

/// What the role of a function must be allowed to take from a source.
static NEEDED: [(&str, &[&str]); 3] = [
    ("AWS::DynamoDB::Table", &["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"]),
    ("AWS::Kinesis::Stream", &["kinesis:GetRecords", "kinesis:GetShardIterator"]),
    ("AWS::SQS::Queue", &["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"]),
];

fn permission(
    shared: &Shared<'_>,
    mapping: &Resource<'_>,
    source: &Resource<'_>,
    function: &Resource<'_>,
    findings: &mut Vec<Finding>,
) {
    let Some((_, needed)) = NEEDED.iter().find(|(type_name, _)| *type_name == source.type_name) else { return };
    let Some(Target { resource: role, .. }) = function.at("Role").target() else { return };
    // A table's stream is another resource than the table.
    let on = (source.type_name != "AWS::DynamoDB::Table").then_some(source);
    let lacking: Vec<&str> = needed.iter().copied().filter(|action| shared.lacks(&role, action, on)).collect();
    if !lacking.is_empty() {
        let message = format!(
            "function `{}` takes from `{}`, but its role `{}` is not allowed {}",
            function.id,
            source.id,
            role.id,
            all_of(lacking)
        );
        let hint = format!("allow it on `{}` in a policy of `{}`", source.id, role.id);
        findings.push(mapping.at("EventSourceArn").finding(&PERMISSION, message).hint(hint));
    }
}

pub(super) static BATCH: Rule = Rule {
    id: "lambda/batch",
    severity: Severity::Error,
    statement: "a function takes at most 10 messages at once from a FIFO queue, or without a batching window",
    why: "Lambda refuses the event source mapping",
    page: "https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html",
    bad: r#"{"Parameters": {"Function": {"Type": "String"}}, "Resources": {
        "Tasks": {"Type": "AWS::SQS::Queue"},
        "Mapping": {"Type": "AWS::Lambda::EventSourceMapping", "Properties": {"FunctionName": {"Ref": "Function"},
            "EventSourceArn": {"Fn::GetAtt": ["Tasks", "Arn"]}, "BatchSize": 100}}}}"#,
    good: r#"{"Parameters": {"Function": {"Type": "String"}}, "Resources": {
        "Tasks": {"Type": "AWS::SQS::Queue"},
        "Mapping": {"Type": "AWS::Lambda::EventSourceMapping", "Properties": {"FunctionName": {"Ref": "Function"},
            "EventSourceArn": {"Fn::GetAtt": ["Tasks", "Arn"]}, "BatchSize": 100,
            "MaximumBatchingWindowInSeconds": 5}}}}"#,
};

pub(super) static TOO_SHORT: Rule = Rule {
    id: "queue/visibility",
    severity: Severity::Error,
    statement: "the visibility timeout of a queue is at least the timeout of its function",
    why: "Lambda refuses the event source mapping, because messages would be worked on twice",
    page: "https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html",
    bad: r#"{"Parameters": {"Role": {"Type": "String"}}, "Resources": {
        "Tasks": {"Type": "AWS::SQS::Queue"},
        "Worker": {"Type": "AWS::Lambda::Function", "Properties": {"Role": {"Ref": "Role"}, "Timeout": 60,
            "Code": {"S3Bucket": "code", "S3Key": "worker.zip"}, "Runtime": "python3.13", "Handler": "worker.run"}},
        "Mapping": {"Type": "AWS::Lambda::EventSourceMapping", "Properties": {"FunctionName": {"Ref": "Worker"},
            "EventSourceArn": {"Fn::GetAtt": ["Tasks", "Arn"]}}}}}"#,
    good: r#"{"Parameters": {"Role": {"Type": "String"}}, "Resources": {
        "Tasks": {"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeout": 360}},
        "Worker": {"Type": "AWS::Lambda::Function", "Properties": {"Role": {"Ref": "Role"}, "Timeout": 60,
            "Code": {"S3Bucket": "code", "S3Key": "worker.zip"}, "Runtime": "python3.13", "Handler": "worker.run"}},
        "Mapping": {"Type": "AWS::Lambda::EventSourceMapping", "Properties": {"FunctionName": {"Ref": "Worker"},
            "EventSourceArn": {"Fn::GetAtt": ["Tasks", "Arn"]}}}}}"#,
};

pub(super) static SHORT: Rule = Rule {
    id: "queue/visibility-margin",
    severity: Severity::Warning,
    statement: "the visibility timeout of a queue is six times the timeout of its function",
    why: "Lambda tries a throttled batch again; with less time, messages come back meanwhile and are worked on twice",
    page: "https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html",
    bad: r#"{"Parameters": {"Role": {"Type": "String"}}, "Resources": {
        "Tasks": {"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeout": 90}},
        "Worker": {"Type": "AWS::Lambda::Function", "Properties": {"Role": {"Ref": "Role"}, "Timeout": 60,
            "Code": {"S3Bucket": "code", "S3Key": "worker.zip"}, "Runtime": "python3.13", "Handler": "worker.run"}},
        "Mapping": {"Type": "AWS::Lambda::EventSourceMapping", "Properties": {"FunctionName": {"Ref": "Worker"},
            "EventSourceArn": {"Fn::GetAtt": ["Tasks", "Arn"]}}}}}"#,
    good: r#"{"Parameters": {"Role": {"Type": "String"}}, "Resources": {
        "Tasks": {"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeout": 360}},
        "Worker": {"Type": "AWS::Lambda::Function", "Properties": {"Role": {"Ref": "Role"}, "Timeout": 60,
            "Code": {"S3Bucket": "code", "S3Key": "worker.zip"}, "Runtime": "python3.13", "Handler": "worker.run"}},
        "Mapping": {"Type": "AWS::Lambda::EventSourceMapping", "Properties": {"FunctionName": {"Ref": "Worker"},
            "EventSourceArn": {"Fn::GetAtt": ["Tasks", "Arn"]}}}}}"#,
};

pub(super) static PERMISSION: Rule = Rule {
    id: "lambda/permission",
    severity: Severity::Error,
    statement: "the role of a function may read the queue or stream of its event source mapping",
    why: "Lambda refuses the event source mapping, and the stack rolls back",
    page: "https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html",
    bad: r#"{"Resources": {
        "Tasks": {"Type": "AWS::SQS::Queue"},
        "Role": {"Type": "AWS::IAM::Role", "Properties": {
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
                "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]},
            "Policies": [{"PolicyName": "tasks", "PolicyDocument": {"Version": "2012-10-17", "Statement": [
                {"Effect": "Allow", "Action": ["sqs:ReceiveMessage"], "Resource": {"Fn::GetAtt": ["Tasks", "Arn"]}}]}}]}},
        "Worker": {"Type": "AWS::Lambda::Function", "Properties": {"Role": {"Fn::GetAtt": ["Role", "Arn"]},
            "Code": {"S3Bucket": "code", "S3Key": "worker.zip"}, "Runtime": "python3.13", "Handler": "worker.run"}},
        "Mapping": {"Type": "AWS::Lambda::EventSourceMapping", "Properties": {"FunctionName": {"Ref": "Worker"},
            "EventSourceArn": {"Fn::GetAtt": ["Tasks", "Arn"]}}}}}"#,
    good: r#"{"Resources": {
        "Tasks": {"Type": "AWS::SQS::Queue"},
        "Role": {"Type": "AWS::IAM::Role", "Properties": {
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
                "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]},
            "Policies": [{"PolicyName": "tasks", "PolicyDocument": {"Version": "2012-10-17", "Statement": [
                {"Effect": "Allow", "Action": ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"],
                 "Resource": {"Fn::GetAtt": ["Tasks", "Arn"]}}]}}]}},
        "Worker": {"Type": "AWS::Lambda::Function", "Properties": {"Role": {"Fn::GetAtt": ["Role", "Arn"]},
            "Code": {"S3Bucket": "code", "S3Key": "worker.zip"}, "Runtime": "python3.13", "Handler": "worker.run"}},
        "Mapping": {"Type": "AWS::Lambda::EventSourceMapping", "Properties": {"FunctionName": {"Ref": "Worker"},
            "EventSourceArn": {"Fn::GetAtt": ["Tasks", "Arn"]}}}}}"#,
};

/// The rules of this file.
pub(super) static RULES: &[&Rule] = &[&BATCH, &TOO_SHORT, &SHORT, &PERMISSION];
