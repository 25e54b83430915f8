//! The rules about EventBridge.

use tree::Severity;

use crate::rule::Rule;

pub(super) static PATTERN: Rule = Rule {
    id: "events/pattern",
    severity: Severity::Error,
    statement: "a pattern has lists of values below keys that events have",
    why: "EventBridge refuses the pattern, or it never matches and nothing says so",
    page: "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern.html",
    bad: r#"{"Resources": {"Rule": {"Type": "AWS::Events::Rule", "Properties": {"EventPattern": {"source": ["aws.s3"],
        "detailtype": ["Object Created"]}}}}}"#,
    good: r#"{"Resources": {"Rule": {"Type": "AWS::Events::Rule", "Properties": {"EventPattern": {"source": ["aws.s3"],
        "detail-type": ["Object Created"]}}}}}"#,
};

pub(super) static DETAIL: Rule = Rule {
    id: "events/detail",
    severity: Severity::Error,
    statement: "a pattern asks for fields that such events have, and for values that these can have",
    why: "the rule is made, never matches, and nothing says so",
    page: "https://docs.aws.amazon.com/eventbridge/latest/ref/events.html",
    bad: r#"{"Resources": {"Rule": {"Type": "AWS::Events::Rule", "Properties": {"EventPattern": {"source": ["aws.s3"],
        "detail-type": ["Object Created"], "detail": {"key": [{"suffix": ".mp4"}]}}}}}}"#,
    good: r#"{"Resources": {"Rule": {"Type": "AWS::Events::Rule", "Properties": {"EventPattern": {"source": ["aws.s3"],
        "detail-type": ["Object Created"], "detail": {"object": {"key": [{"suffix": ".mp4"}]}}}}}}}"#,
};

pub(super) static BUCKET: Rule = Rule {
    id: "events/bucket",
    severity: Severity::Error,
    statement: "a bucket that a pattern names sends its events to EventBridge",
    why: "the rule is made and never matches: uploads are silently lost",
    page: "https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-event-notifications-eventbridge.html",
    bad: r#"{"Resources": {"Rule": {"Type": "AWS::Events::Rule", "Properties": {"EventPattern": {"source": ["aws.s3"],
        "detail-type": ["Object Created"], "detail": {"bucket": {"name": [{"Ref": "Videos"}]}}}}},
        "Videos": {"Type": "AWS::S3::Bucket"}}}"#,
    good: r#"{"Resources": {"Rule": {"Type": "AWS::Events::Rule", "Properties": {"EventPattern": {"source": ["aws.s3"],
        "detail-type": ["Object Created"], "detail": {"bucket": {"name": [{"Ref": "Videos"}]}}}}},
        "Videos": {"Type": "AWS::S3::Bucket",
        "Properties": {"NotificationConfiguration": {"EventBridgeConfiguration":
        {"EventBridgeEnabled": true}}}}}}"#,
};

pub(super) static SCHEDULE: Rule = Rule {
    id: "events/schedule",
    severity: Severity::Error,
    statement: "a schedule is a rate with the right unit, or a cron expression of six fields with one `?`",
    why: "EventBridge refuses the schedule",
    page: "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html",
    bad: r#"{"Resources": {"Rule": {"Type": "AWS::Events::Rule",
        "Properties": {"ScheduleExpression": "rate(1 minutes)"}}}}"#,
    good: r#"{"Resources": {"Rule": {"Type": "AWS::Events::Rule",
        "Properties": {"ScheduleExpression": "rate(1 minute)"}}}}"#,
};

pub(super) static TARGET: Rule = Rule {
    id: "events/target",
    severity: Severity::Error,
    statement: "a rule has at most five targets with ids of their own, and fills in what it has read",
    why: "EventBridge refuses the target",
    page: "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-targets.html",
    bad: r#"{"Resources": {"Rule": {"Type": "AWS::Events::Rule",
        "Properties": {"EventPattern": {"source": ["aws.ec2"]}, "Targets": [{"Id": "letters",
        "Arn": {"Fn::GetAtt": ["Letters", "Arn"]},
        "InputTransformer": {"InputPathsMap": {"state": "$.detail.state"},
        "InputTemplate": "\"is <status>\""}}]}}, "Letters": {"Type": "AWS::SQS::Queue"},
        "Policy": {"Type": "AWS::SQS::QueuePolicy", "Properties": {"Queues": [{"Ref": "Letters"}],
        "PolicyDocument": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage",
        "Resource": {"Fn::GetAtt": ["Letters", "Arn"]}}]}}}}}"#,
    good: r#"{"Resources": {"Rule": {"Type": "AWS::Events::Rule",
        "Properties": {"EventPattern": {"source": ["aws.ec2"]}, "Targets": [{"Id": "letters",
        "Arn": {"Fn::GetAtt": ["Letters", "Arn"]},
        "InputTransformer": {"InputPathsMap": {"state": "$.detail.state"},
        "InputTemplate": "\"is <state>\""}}]}}, "Letters": {"Type": "AWS::SQS::Queue"},
        "Policy": {"Type": "AWS::SQS::QueuePolicy", "Properties": {"Queues": [{"Ref": "Letters"}],
        "PolicyDocument": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage",
        "Resource": {"Fn::GetAtt": ["Letters", "Arn"]}}]}}}}}"#,
};

pub(super) static PERMISSION: Rule = Rule {
    id: "events/permission",
    severity: Severity::Error,
    statement: "a target allows EventBridge to invoke it",
    why: "the rule matches, the delivery fails, and without a dead-letter queue nobody ever knows",
    page: "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html",
    bad: r#"{"Resources": {"Rule": {"Type": "AWS::Events::Rule",
        "Properties": {"EventPattern": {"source": ["aws.ec2"]}, "Targets": [{"Id": "letters",
        "Arn": {"Fn::GetAtt": ["Letters", "Arn"]}}]}}, "Letters": {"Type": "AWS::SQS::Queue"}}}"#,
    good: r#"{"Resources": {"Rule": {"Type": "AWS::Events::Rule",
        "Properties": {"EventPattern": {"source": ["aws.ec2"]}, "Targets": [{"Id": "letters",
        "Arn": {"Fn::GetAtt": ["Letters", "Arn"]}}]}}, "Letters": {"Type": "AWS::SQS::Queue"},
        "Policy": {"Type": "AWS::SQS::QueuePolicy", "Properties": {"Queues": [{"Ref": "Letters"}],
        "PolicyDocument": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage",
        "Resource": {"Fn::GetAtt": ["Letters", "Arn"]}}]}}}}}"#,
};

/// The rules of this file.
pub(super) static RULES: &[&Rule] = &[&PATTERN, &DETAIL, &BUCKET, &SCHEDULE, &TARGET, &PERMISSION];
