//! The rules about alarms.

use tree::Severity;

use crate::rule::Rule;

pub(super) static PERIOD: Rule = Rule {
    id: "alarm/period",
    severity: Severity::Error,
    statement: "an alarm has a period that CloudWatch has, and looks at a day or, by the hour, at a week",
    why: "CloudWatch refuses the alarm",
    page: "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html",
    bad: r#"{"Resources": {"Alarm": {"Type": "AWS::CloudWatch::Alarm",
        "Properties": {"ComparisonOperator": "GreaterThanThreshold", "Threshold": 5,
        "EvaluationPeriods": 3, "Namespace": "Fleet", "MetricName": "TasksFailed", "Period": 90,
        "Statistic": "Sum"}}}}"#,
    good: r#"{"Resources": {"Alarm": {"Type": "AWS::CloudWatch::Alarm",
        "Properties": {"ComparisonOperator": "GreaterThanThreshold", "Threshold": 5,
        "EvaluationPeriods": 3, "Namespace": "Fleet", "MetricName": "TasksFailed", "Period": 300,
        "Statistic": "Sum"}}}}"#,
};

pub(super) static STATISTIC: Rule = Rule {
    id: "alarm/statistic",
    severity: Severity::Error,
    statement: "an alarm has one statistic that there is, and words that CloudWatch knows",
    why: "CloudWatch refuses the alarm",
    page: "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html",
    bad: r#"{"Resources": {"Alarm": {"Type": "AWS::CloudWatch::Alarm",
        "Properties": {"ComparisonOperator": "GreaterThanThreshold", "Threshold": 5,
        "EvaluationPeriods": 3, "Namespace": "Fleet", "MetricName": "TasksFailed", "Period": 300,
        "ExtendedStatistic": "p999"}}}}"#,
    good: r#"{"Resources": {"Alarm": {"Type": "AWS::CloudWatch::Alarm",
        "Properties": {"ComparisonOperator": "GreaterThanThreshold", "Threshold": 5,
        "EvaluationPeriods": 3, "Namespace": "Fleet", "MetricName": "TasksFailed", "Period": 300,
        "ExtendedStatistic": "p99.9"}}}}"#,
};

pub(super) static METRICS: Rule = Rule {
    id: "alarm/metrics",
    severity: Severity::Error,
    statement: "the queries of an alarm have ids of their own, and exactly one gives data",
    why: "CloudWatch refuses the alarm",
    page: "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Create-alarm-on-metric-math-expression.html",
    bad: r#"{"Resources": {"Alarm": {"Type": "AWS::CloudWatch::Alarm",
        "Properties": {"ComparisonOperator": "GreaterThanThreshold", "Threshold": 5,
        "EvaluationPeriods": 3, "Metrics": [{"Id": "failed", "MetricStat": {"Period": 300, "Stat": "Sum",
        "Metric": {"Namespace": "Fleet", "MetricName": "TasksFailed"}}}, {"Id": "started",
        "MetricStat": {"Period": 300, "Stat": "Sum", "Metric": {"Namespace": "Fleet",
        "MetricName": "TasksStarted"}}, "ReturnData": false}, {"Id": "share",
        "Expression": "failed / started"}]}}}}"#,
    good: r#"{"Resources": {"Alarm": {"Type": "AWS::CloudWatch::Alarm",
        "Properties": {"ComparisonOperator": "GreaterThanThreshold", "Threshold": 5,
        "EvaluationPeriods": 3, "Metrics": [{"Id": "failed", "MetricStat": {"Period": 300, "Stat": "Sum",
        "Metric": {"Namespace": "Fleet", "MetricName": "TasksFailed"}}, "ReturnData": false},
        {"Id": "started", "MetricStat": {"Period": 300, "Stat": "Sum", "Metric": {"Namespace": "Fleet",
        "MetricName": "TasksStarted"}}, "ReturnData": false}, {"Id": "share",
        "Expression": "failed / started", "ReturnData": true}]}}}}"#,
};

pub(super) static EXPRESSION: Rule = Rule {
    id: "alarm/expression",
    severity: Severity::Error,
    statement: "an expression names ids of queries beside it",
    why: "CloudWatch refuses the alarm",
    page: "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html",
    bad: r#"{"Resources": {"Alarm": {"Type": "AWS::CloudWatch::Alarm",
        "Properties": {"ComparisonOperator": "GreaterThanThreshold", "Threshold": 5,
        "EvaluationPeriods": 3, "Metrics": [{"Id": "failed", "MetricStat": {"Period": 300, "Stat": "Sum",
        "Metric": {"Namespace": "Fleet", "MetricName": "TasksFailed"}}, "ReturnData": false},
        {"Id": "started", "MetricStat": {"Period": 300, "Stat": "Sum", "Metric": {"Namespace": "Fleet",
        "MetricName": "TasksStarted"}}, "ReturnData": false}, {"Id": "share",
        "Expression": "failed / starts"}]}}}}"#,
    good: r#"{"Resources": {"Alarm": {"Type": "AWS::CloudWatch::Alarm",
        "Properties": {"ComparisonOperator": "GreaterThanThreshold", "Threshold": 5,
        "EvaluationPeriods": 3, "Metrics": [{"Id": "failed", "MetricStat": {"Period": 300, "Stat": "Sum",
        "Metric": {"Namespace": "Fleet", "MetricName": "TasksFailed"}}, "ReturnData": false},
        {"Id": "started", "MetricStat": {"Period": 300, "Stat": "Sum", "Metric": {"Namespace": "Fleet",
        "MetricName": "TasksStarted"}}, "ReturnData": false}, {"Id": "share",
        "Expression": "failed / started"}]}}}}"#,
};

pub(super) static METRIC: Rule = Rule {
    id: "alarm/metric",
    severity: Severity::Warning,
    statement: "a metric of AWS has a namespace, a name and dimensions that there are",
    why: "the alarm never gets data, and stays as it is whatever happens",
    page: "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/aws-services-cloudwatch-metrics.html",
    bad: r#"{"Resources": {"Alarm": {"Type": "AWS::CloudWatch::Alarm",
        "Properties": {"ComparisonOperator": "GreaterThanThreshold", "Threshold": 5,
        "EvaluationPeriods": 3, "Namespace": "AWS/SQS", "MetricName": "ApproximateNumberOfMessageVisible",
        "Period": 300, "Statistic": "Maximum"}}}}"#,
    good: r#"{"Resources": {"Alarm": {"Type": "AWS::CloudWatch::Alarm",
        "Properties": {"ComparisonOperator": "GreaterThanThreshold", "Threshold": 5,
        "EvaluationPeriods": 3, "Namespace": "AWS/SQS", "MetricName": "ApproximateNumberOfMessagesVisible",
        "Period": 300, "Statistic": "Maximum"}}}}"#,
};

pub(super) static COMPOSITE: Rule = Rule {
    id: "alarm/composite",
    severity: Severity::Error,
    statement: "the rule of a composite alarm names alarms that there are, and closes its parentheses",
    why: "CloudWatch refuses the alarm",
    page: "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Create_Composite_Alarm.html",
    bad: r#"{"Resources": {"Waits": {"Type": "AWS::CloudWatch::Alarm",
        "Properties": {"ComparisonOperator": "GreaterThanThreshold", "Threshold": 5,
        "EvaluationPeriods": 3, "Namespace": "Fleet", "MetricName": "TasksFailed", "Period": 300,
        "Statistic": "Sum", "AlarmName": "tasks-wait"}}, "Any": {"Type": "AWS::CloudWatch::CompositeAlarm",
        "Properties": {"AlarmRule": "ALARM(\"task-wait\")"}}}}"#,
    good: r#"{"Resources": {"Waits": {"Type": "AWS::CloudWatch::Alarm",
        "Properties": {"ComparisonOperator": "GreaterThanThreshold", "Threshold": 5,
        "EvaluationPeriods": 3, "Namespace": "Fleet", "MetricName": "TasksFailed", "Period": 300,
        "Statistic": "Sum", "AlarmName": "tasks-wait"}}, "Any": {"Type": "AWS::CloudWatch::CompositeAlarm",
        "Properties": {"AlarmRule": "ALARM(\"tasks-wait\")"}}}}"#,
};

/// The rules of this file.
pub(super) static RULES: &[&Rule] = &[&PERIOD, &STATISTIC, &METRICS, &EXPRESSION, &METRIC, &COMPOSITE];
