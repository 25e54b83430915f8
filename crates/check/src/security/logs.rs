//! What is logged, traced and alarmed, and for how long it is kept.

use tree::{Finding, Severity};

use crate::look::Resource;
use crate::rule::Rule;

/// Checks logs, trails, workflows and alarms.
pub(super) fn check(resource: &Resource<'_>, findings: &mut Vec<Finding>) {
    match resource.type_name {
        "AWS::Logs::LogGroup" => {
            let days = resource.at("RetentionInDays");
            if days.is_absent() {
                let message = "`RetentionInDays` is absent: log events never expire, and are billed for ever";
                findings.push(days.finding(&RETENTION, message).hint("set `RetentionInDays`"));
            }
        }
        "AWS::CloudTrail::Trail" => trail(resource, findings),
        "AWS::StepFunctions::StateMachine" => workflow(resource, findings),
        "AWS::CloudWatch::Alarm" | "AWS::CloudWatch::CompositeAlarm" => alarm(resource, findings),
        _ => {}
    }
}

fn trail(trail: &Resource<'_>, findings: &mut Vec<Finding>) {
    let wanted = [
        ("IsMultiRegionTrail", "the trail records one region only"),
        ("EnableLogFileValidation", "log file validation is off, so changes of the files go unnoticed"),
    ];
    for (property, consequence) in wanted {
        let flag = trail.at(property);
        if super::is_off(flag) {
            let message = format!("{}: {consequence}", super::state(flag));
            findings.push(flag.finding(&TRAIL, message).hint(format!("set `{property}: true`")));
        }
    }
    let logging = trail.at("IsLogging");
    if logging.flag() == Some(false) {
        let message = "`IsLogging` is `false`: the trail records nothing";
        findings.push(logging.finding(&TRAIL, message).hint("set `IsLogging: true`"));
    }
}

fn workflow(workflow: &Resource<'_>, findings: &mut Vec<Finding>) {
    let level = workflow.at("LoggingConfiguration/Level");
    if level.is_absent() || level.text().is_some_and(|level| level != "ALL") {
        let message = format!(
            "execution logging is not complete ({}, not `ALL`): events of executions are missing from the log",
            super::state(level)
        );
        findings.push(level.finding(&WORKFLOW_LOGS, message).hint("set `LoggingConfiguration` with `Level: ALL`"));
    }
    let tracing = workflow.at("TracingConfiguration/Enabled");
    if super::is_off(tracing) {
        let hint = "set `TracingConfiguration: {Enabled: true}`";
        let message = "X-Ray tracing is off (`TracingConfiguration` does not enable it)";
        findings.push(tracing.finding(&TRACING, message).hint(hint));
    }
}

fn alarm(alarm: &Resource<'_>, findings: &mut Vec<Finding>) {
    let enabled = alarm.at("ActionsEnabled");
    if enabled.flag() == Some(false) {
        let message = "`ActionsEnabled` is `false`: nobody is told when the alarm changes its state";
        findings.push(enabled.finding(&ALARM, message).hint("set `ActionsEnabled: true`"));
        return;
    }
    let kinds = ["AlarmActions", "OKActions", "InsufficientDataActions"];
    let acts = |kind: &&str| {
        let actions = alarm.at(kind);
        actions.is_unknown() || actions.items().next().is_some()
    };
    if !kinds.iter().any(acts) {
        let message = "no action is set (`AlarmActions`, `OKActions`, `InsufficientDataActions`): nobody is told \
             when the alarm changes its state";
        findings.push(alarm.at("AlarmActions").finding(&ALARM, message).hint("set `AlarmActions` with a topic"));
    }
}

pub(crate) static ACCESS_LOGS: Rule = Rule {
    id: "security/access-logs",
    severity: Severity::Warning,
    statement: "buckets, distributions, load balancers and APIs have access logs",
    why: "after a leak these logs are the only record of what was read, and by whom",
    page: "https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerLogs.html",
    bad: r#"{"Resources": {"Videos": {"Type": "AWS::S3::Bucket"}}}"#,
    good: r#"{"Resources": {"Logs": {"Type": "AWS::S3::Bucket"}, "Videos": {"Type": "AWS::S3::Bucket",
        "Properties": {"LoggingConfiguration": {"DestinationBucketName": {"Ref": "Logs"}}}}}}"#,
};

pub(crate) static RETENTION: Rule = Rule {
    id: "security/log-retention",
    severity: Severity::Warning,
    statement: "a log group has a retention period",
    why: "what is kept for ever costs for ever, and names of people must not be kept longer than needed",
    page: "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/Working-with-log-groups-and-streams.html",
    bad: r#"{"Resources": {"Log": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "agent"}}}}"#,
    good: r#"{"Resources": {"Log": {"Type": "AWS::Logs::LogGroup", "Properties": {"RetentionInDays": 90}}}}"#,
};

pub(crate) static TRAIL: Rule = Rule {
    id: "security/trail",
    severity: Severity::Warning,
    statement: "a trail records all regions, and has log file validation",
    why: "intruders work in regions where nobody looks, and change the record of it",
    page: "https://docs.aws.amazon.com/awscloudtrail/latest/userguide/best-practices-security.html",
    bad: r#"{"Resources": {"Trail": {"Type": "AWS::CloudTrail::Trail", "Properties": {"IsLogging": true,
        "S3BucketName": "trail-of-ours"}}}}"#,
    good: r#"{"Resources": {"Trail": {"Type": "AWS::CloudTrail::Trail", "Properties": {"IsLogging": true,
        "S3BucketName": "trail-of-ours", "IsMultiRegionTrail": true, "EnableLogFileValidation": true}}}}"#,
};

pub(crate) static WORKFLOW_LOGS: Rule = Rule {
    id: "security/workflow-logs",
    severity: Severity::Warning,
    statement: "a state machine logs all events",
    why: "history is gone after ninety days, and of Express workflows at once",
    page: "https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html",
    bad: r#"{"Resources": {"Jobs": {"Type": "AWS::StepFunctions::StateMachine", "Properties": {
        "RoleArn": "arn:aws:iam::123456789012:role/jobs",
        "Definition": {"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}}}}}"#,
    good: r#"{"Resources": {"Jobs": {"Type": "AWS::StepFunctions::StateMachine", "Properties": {
        "RoleArn": "arn:aws:iam::123456789012:role/jobs", "LoggingConfiguration": {"Level": "ALL", "Destinations": [
            {"CloudWatchLogsLogGroup": {"LogGroupArn": "arn:aws:logs:eu-west-1:123456789012:log-group:jobs:*"}}]},
        "Definition": {"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}}}}}"#,
};

pub(crate) static TRACING: Rule = Rule {
    id: "security/tracing",
    severity: Severity::Info,
    statement: "state machines and APIs are traced by X-Ray",
    why: "a trace shows in one picture what called what, and where it stopped",
    page: "https://docs.aws.amazon.com/step-functions/latest/dg/concepts-xray-tracing.html",
    bad: WORKFLOW_LOGS.good,
    good: r#"{"Resources": {"Jobs": {"Type": "AWS::StepFunctions::StateMachine", "Properties": {
        "RoleArn": "arn:aws:iam::123456789012:role/jobs", "TracingConfiguration": {"Enabled": true},
        "Definition": {"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}}}}}"#,
};

pub(crate) static ALARM: Rule = Rule {
    id: "security/alarm-actions",
    severity: Severity::Warning,
    statement: "an alarm has actions, and they are enabled",
    why: "an alarm without an action is a colour on a page that nobody looks at",
    page: "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html",
    bad: r#"{"Resources": {"Late": {"Type": "AWS::CloudWatch::Alarm", "Properties": {
        "Namespace": "AWS/SQS", "MetricName": "ApproximateAgeOfOldestMessage", "Statistic": "Maximum", "Period": 300,
        "Dimensions": [{"Name": "QueueName", "Value": "tasks"}],
        "EvaluationPeriods": 1, "Threshold": 3600, "ComparisonOperator": "GreaterThanThreshold"}}}}"#,
    good: r#"{"Resources": {"Late": {"Type": "AWS::CloudWatch::Alarm", "Properties": {
        "Namespace": "AWS/SQS", "MetricName": "ApproximateAgeOfOldestMessage", "Statistic": "Maximum", "Period": 300,
        "Dimensions": [{"Name": "QueueName", "Value": "tasks"}],
        "AlarmActions": ["arn:aws:sns:eu-west-1:123456789012:alarms"],
        "EvaluationPeriods": 1, "Threshold": 3600, "ComparisonOperator": "GreaterThanThreshold"}}}}"#,
};
