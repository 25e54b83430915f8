//! Queues and topics, and where things go that failed.

use tree::{Finding, Severity};

use super::others::{Others, Use, is_always_beside};
use super::policy::each;
use crate::look::Resource;
use crate::rule::Rule;

/// Checks a queue.
pub(super) fn queue(queue: &Resource<'_>, others: &Others<'_>, findings: &mut Vec<Finding>) {
    let redrive = queue.at("RedrivePolicy");
    // Who may send dead letters here says that this is where they go.
    let takes_them = others.has(Use::DeadLetters, queue) || !queue.at("RedriveAllowPolicy").is_absent();
    if redrive.is_absent() && !takes_them {
        let message = "no dead-letter queue (`RedrivePolicy` is absent): a message that cannot be handled is \
             received again until it expires, and is lost";
        let hint = "set `RedrivePolicy` with a dead-letter queue, and an alarm on that";
        findings.push(redrive.finding(&DEAD_LETTER_QUEUE, message).hint(hint));
    }
}

/// Checks what rules and schedules do with events that do not arrive.
pub(super) fn targets(resource: &Resource<'_>, findings: &mut Vec<Finding>) {
    let targets = match resource.type_name {
        "AWS::Events::Rule" => resource.at("Targets").items().collect(),
        _ => vec![resource.at("Target")],
    };
    for target in targets.into_iter().filter(|target| target.is_known()) {
        let letters = target.get("DeadLetterConfig");
        if letters.is_absent() {
            let message = "no dead-letter queue (`DeadLetterConfig` is absent): an event that cannot be delivered is \
                 dropped after its retries";
            findings.push(letters.finding(&FAILED_EVENTS, message).hint("set `DeadLetterConfig` with a queue"));
        }
    }
}

/// Checks what becomes of asynchronous calls of a function that fail.
///
/// What a mapping polls stays in its queue or stream, and CloudFormation waits for custom resources to answer; such
/// functions have no asynchronous calls to lose.
pub(super) fn function(function: &Resource<'_>, others: &Others<'_>, findings: &mut Vec<Finding>) {
    let letters = function.at("DeadLetterConfig");
    let is_polled = others.has(Use::EventSource, function) && !others.has(Use::Permission, function);
    let is_awaited = others.has(Use::CustomResource, function);
    let has_destination = others
        .users(Use::FailedEvents, function)
        .iter()
        .any(|config| !config.at("DestinationConfig/OnFailure").is_absent());
    if letters.is_absent() && !is_polled && !is_awaited && !has_destination {
        let message = "no dead-letter queue and no failure destination (`DeadLetterConfig` is absent): an event of \
             an asynchronous invocation that fails three times is dropped";
        let hint = "set `DeadLetterConfig`, or a destination in `AWS::Lambda::EventInvokeConfig`";
        findings.push(letters.finding(&FAILED_EVENTS, message).hint(hint));
    }
}

/// Checks that a bucket, queue or topic refuses what does not come by TLS.
pub(super) fn tls(resource: &Resource<'_>, others: &Others<'_>, findings: &mut Vec<Finding>) {
    let policies = others.users(Use::Policy, resource);
    let mut refuses = false;
    for policy in policies.iter().filter(|policy| is_always_beside(policy, resource)) {
        let document = policy.at("PolicyDocument");
        refuses |= document.is_unknown();
        each(document, |statement| {
            let is_deny = statement.view.get("Effect").is("Deny") && statement.everyone().is_some();
            let is_tls = |(operator, key, value): &(String, String, crate::look::View<'_>)| match key.as_str() {
                "aws:securetransport" => {
                    operator.starts_with("bool") && value.one_or_more().iter().any(|value| value.flag() == Some(false))
                }
                "s3:tlsversion" => operator.starts_with("numericlessthan"),
                _ => false,
            };
            refuses |= is_deny && statement.conditions().iter().any(is_tls);
        });
    }
    if !refuses {
        let noun = match resource.type_name {
            "AWS::S3::Bucket" => "bucket",
            "AWS::SNS::Topic" => "topic",
            _ => "queue",
        };
        let message =
            format!("no policy denies requests without TLS (`aws:SecureTransport` is `false`) to this {noun}");
        let hint = "add a policy with a Deny for everyone under `\"Bool\": {\"aws:SecureTransport\": \"false\"}`";
        findings.push(resource.finding(&TLS_ONLY, message).hint(hint));
    }
}

pub(crate) static DEAD_LETTER_QUEUE: Rule = Rule {
    id: "security/dead-letter-queue",
    severity: Severity::Warning,
    statement: "a queue has a dead-letter queue, unless it is one",
    why: "one poisonous message is handled again and again, and its loss goes unnoticed",
    page: "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html",
    bad: r#"{"Resources": {"Tasks": {"Type": "AWS::SQS::Queue"}}}"#,
    good: r#"{"Resources": {"DeadLetters": {"Type": "AWS::SQS::Queue", "Properties": {"MessageRetentionPeriod": 1209600}},
        "Tasks": {"Type": "AWS::SQS::Queue", "Properties": {"RedrivePolicy": {
            "deadLetterTargetArn": {"Fn::GetAtt": ["DeadLetters", "Arn"]}, "maxReceiveCount": 5}}}}}"#,
};

pub(crate) static FAILED_EVENTS: Rule = Rule {
    id: "security/failed-events",
    severity: Severity::Info,
    statement: "events and asynchronous calls that fail go to a queue",
    why: "what is dropped leaves no trace: the video that was uploaded is never enhanced, and nobody knows",
    page: "https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html",
    bad: r#"{"Resources": {"Nightly": {"Type": "AWS::Events::Rule", "Properties": {"ScheduleExpression": "rate(1 day)",
        "Targets": [{"Id": "report", "Arn": "arn:aws:sqs:eu-west-1:123456789012:report"}]}}}}"#,
    good: r#"{"Resources": {"Nightly": {"Type": "AWS::Events::Rule", "Properties": {"ScheduleExpression": "rate(1 day)",
        "Targets": [{"Id": "report", "Arn": "arn:aws:sqs:eu-west-1:123456789012:report",
            "DeadLetterConfig": {"Arn": "arn:aws:sqs:eu-west-1:123456789012:undelivered"}}]}}}}"#,
};

pub(crate) static TLS_ONLY: Rule = Rule {
    id: "security/tls-only",
    severity: Severity::Warning,
    statement: "buckets, queues and topics refuse requests without TLS",
    why: "their endpoints still answer without it, and then credentials' signatures and data can be read on the way",
    page: "https://docs.aws.amazon.com/AmazonS3/latest/userguide/security-best-practices.html",
    bad: r#"{"Resources": {"Videos": {"Type": "AWS::S3::Bucket"}}}"#,
    good: r#"{"Resources": {"Videos": {"Type": "AWS::S3::Bucket"},
        "OnlyTls": {"Type": "AWS::S3::BucketPolicy", "Properties": {"Bucket": {"Ref": "Videos"},
            "PolicyDocument": {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "s3:*",
                "Resource": [{"Fn::GetAtt": ["Videos", "Arn"]}, {"Fn::Sub": "${Videos.Arn}/*"}],
                "Condition": {"Bool": {"aws:SecureTransport": "false"}}}]}}}}}"#,
};
