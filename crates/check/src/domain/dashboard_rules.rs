//! The rules about dashboards.

use tree::Severity;

use crate::rule::Rule;

pub(super) static BODY: Rule = Rule {
    id: "dashboard/body",
    severity: Severity::Error,
    statement: "the body of a dashboard is JSON with a list of at most 500 widgets",
    why: "CloudWatch refuses the dashboard",
    page: "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html",
    bad: r#"{"Resources": {"Dashboard": {"Type": "AWS::CloudWatch::Dashboard",
        "Properties": {"DashboardBody": "{\"widgets\": [}"}}}}"#,
    good: r#"{"Resources": {"Dashboard": {"Type": "AWS::CloudWatch::Dashboard",
        "Properties": {"DashboardBody": {"Fn::Sub": "{\"widgets\": [{\"type\": \"metric\", \"x\": 0, \"y\": 0, \"width\": 12, \"height\": 6, \"properties\": {\"region\": \"${AWS::Region}\", \"metrics\": [[\"AWS/SQS\", \"ApproximateNumberOfMessagesVisible\", \"QueueName\", \"tasks\"]]}}]}"}}}}}"#,
};

pub(super) static GRID: Rule = Rule {
    id: "dashboard/grid",
    severity: Severity::Error,
    statement: "a widget is within the 24 units of a dashboard",
    why: "CloudWatch refuses the dashboard",
    page: "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html",
    bad: r#"{"Resources": {"Dashboard": {"Type": "AWS::CloudWatch::Dashboard",
        "Properties": {"DashboardBody": {"Fn::Sub": "{\"widgets\": [{\"type\": \"metric\", \"x\": 18, \"y\": 0, \"width\": 12, \"height\": 6, \"properties\": {\"region\": \"${AWS::Region}\", \"metrics\": [[\"AWS/SQS\", \"ApproximateNumberOfMessagesVisible\", \"QueueName\", \"tasks\"]]}}]}"}}}}}"#,
    good: r#"{"Resources": {"Dashboard": {"Type": "AWS::CloudWatch::Dashboard",
        "Properties": {"DashboardBody": {"Fn::Sub": "{\"widgets\": [{\"type\": \"metric\", \"x\": 12, \"y\": 0, \"width\": 12, \"height\": 6, \"properties\": {\"region\": \"${AWS::Region}\", \"metrics\": [[\"AWS/SQS\", \"ApproximateNumberOfMessagesVisible\", \"QueueName\", \"tasks\"]]}}]}"}}}}}"#,
};

pub(super) static WIDGET: Rule = Rule {
    id: "dashboard/widget",
    severity: Severity::Error,
    statement: "a widget has a type that there is, and what the type needs",
    why: "CloudWatch refuses the dashboard, or shows an empty widget",
    page: "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html",
    bad: r#"{"Resources": {"Dashboard": {"Type": "AWS::CloudWatch::Dashboard",
        "Properties": {"DashboardBody": {"Fn::Sub": "{\"widgets\": [{\"type\": \"metrics\", \"x\": 0, \"y\": 0, \"width\": 12, \"height\": 6, \"properties\": {\"region\": \"${AWS::Region}\", \"metrics\": [[\"AWS/SQS\", \"ApproximateNumberOfMessagesVisible\", \"QueueName\", \"tasks\"]]}}]}"}}}}}"#,
    good: r#"{"Resources": {"Dashboard": {"Type": "AWS::CloudWatch::Dashboard",
        "Properties": {"DashboardBody": {"Fn::Sub": "{\"widgets\": [{\"type\": \"metric\", \"x\": 0, \"y\": 0, \"width\": 12, \"height\": 6, \"properties\": {\"region\": \"${AWS::Region}\", \"metrics\": [[\"AWS/SQS\", \"ApproximateNumberOfMessagesVisible\", \"QueueName\", \"tasks\"]]}}]}"}}}}}"#,
};

pub(super) static METRICS: Rule = Rule {
    id: "dashboard/metrics",
    severity: Severity::Error,
    statement: "a metric is a namespace, a name, and dimensions with values; an expression names ids beside it",
    why: "CloudWatch refuses the dashboard, or shows an empty widget",
    page: "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html",
    bad: r#"{"Resources": {"Dashboard": {"Type": "AWS::CloudWatch::Dashboard",
        "Properties": {"DashboardBody": {"Fn::Sub": "{\"widgets\": [{\"type\": \"metric\", \"x\": 0, \"y\": 0, \"width\": 12, \"height\": 6, \"properties\": {\"region\": \"${AWS::Region}\", \"metrics\": [[\"AWS/SQS\", \"ApproximateNumberOfMessagesVisible\", \"QueueName\"]]}}]}"}}}}}"#,
    good: r#"{"Resources": {"Dashboard": {"Type": "AWS::CloudWatch::Dashboard",
        "Properties": {"DashboardBody": {"Fn::Sub": "{\"widgets\": [{\"type\": \"metric\", \"x\": 0, \"y\": 0, \"width\": 12, \"height\": 6, \"properties\": {\"region\": \"${AWS::Region}\", \"metrics\": [[\"AWS/SQS\", \"ApproximateNumberOfMessagesVisible\", \"QueueName\", \"tasks\"]]}}]}"}}}}}"#,
};

/// The rules of this file.
pub(super) static RULES: &[&Rule] = &[&BODY, &GRID, &WIDGET, &METRICS];
