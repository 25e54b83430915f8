//! Queues and their dead letters.

use tree::{Finding, Severity};

use crate::look::{Resource, Target, View};
use crate::rule::Rule;

/// How long SQS keeps messages if nothing else is said: four days, in seconds.
const RETENTION: i64 = 345_600;

/// Checks a queue, and its relation to its dead-letter queue.
pub(super) fn check(queue: &Resource<'_>, findings: &mut Vec<Finding>) {
    name(queue, findings);
    let redrive = queue.at("RedrivePolicy");
    if redrive.is_known() {
        shape(redrive, findings);
    }
    if let Some(Target { resource: letters, .. }) = redrive.get("deadLetterTargetArn").target() {
        dead_letters(queue, redrive, &letters, findings);
    }
}

/// Tells whether a queue is a FIFO queue, if that is known.
pub(super) fn is_fifo(queue: &Resource<'_>) -> Option<bool> {
    let flag = queue.at("FifoQueue");
    if flag.is_absent() { Some(false) } else { flag.flag() }
}

fn name(queue: &Resource<'_>, findings: &mut Vec<Finding>) {
    let name = queue.at("QueueName");
    let Some(text) = name.text() else { return };
    let message = match is_fifo(queue) {
        Some(true) if !text.ends_with(".fifo") => {
            format!("the FIFO queue is called `{text}`, but the name of a FIFO queue must end with `.fifo`")
        }
        Some(false) if text.ends_with(".fifo") => {
            format!("the name `{text}` ends with `.fifo`, but `FifoQueue` is not `true`")
        }
        _ => return,
    };
    findings.push(name.finding(&NAME, message));
}

fn shape(redrive: View<'_>, findings: &mut Vec<Finding>) {
    if !redrive.is_closed() {
        return;
    }
    for key in ["deadLetterTargetArn", "maxReceiveCount"] {
        if redrive.get(key).is_absent() {
            let message = format!("the redrive policy has no `{key}`");
            findings.push(
                redrive.finding(&REDRIVE, message).hint("say both which queue it is and after how many receives"),
            );
        }
    }
    let receives = redrive.get("maxReceiveCount");
    if let Some(count) = receives.integer()
        && !(1..=1000).contains(&count)
    {
        let message = format!("`maxReceiveCount` is {count}, but must be from 1 to 1000");
        findings.push(receives.finding(&REDRIVE, message));
    }
}

fn dead_letters(queue: &Resource<'_>, redrive: View<'_>, letters: &Resource<'_>, findings: &mut Vec<Finding>) {
    let place = redrive.get("deadLetterTargetArn");
    if letters.type_name != "AWS::SQS::Queue" {
        let message = format!("the dead letters go to `{}`, which is no queue but {}", letters.id, letters.type_name);
        findings.push(place.finding(&REDRIVE, message));
        return;
    }
    if std::ptr::eq(queue.id, letters.id) {
        findings.push(place.finding(&REDRIVE, "the queue is its own dead-letter queue".to_owned()));
        return;
    }
    if let (Some(own), Some(other)) = (is_fifo(queue), is_fifo(letters))
        && own != other
    {
        let kind = |fifo| if fifo { "a FIFO queue" } else { "a standard queue" };
        let message = format!("this is {}, but its dead-letter queue `{}` is {}", kind(own), letters.id, kind(other));
        findings.push(place.finding(&DEAD_LETTER_KIND, message));
    }
    let keeps = |queue: &Resource<'_>| {
        let period = queue.at("MessageRetentionPeriod");
        if period.is_absent() { Some(RETENTION) } else { period.integer() }
    };
    if let (Some(own), Some(other)) = (keeps(queue), keeps(letters))
        && other < own
    {
        let message = format!(
            "messages are kept {own} s here, but only {other} s in the dead-letter queue `{}`, counted from when they were \
             sent",
            letters.id
        );
        let hint = format!("let `{}` keep them longer than this queue, at best 1209600 s", letters.id);
        findings.push(place.finding(&RETENTION_OF_DEAD_LETTERS, message).hint(hint));
    }
}

pub(super) static NAME: Rule = Rule {
    id: "queue/name",
    severity: Severity::Error,
    statement: "the name of a FIFO queue ends with `.fifo`, and no other name does",
    why: "SQS refuses to make the queue",
    page: "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html",
    bad: r#"{"Resources": {"Tasks": {"Type": "AWS::SQS::Queue", "Properties": {
        "FifoQueue": true, "QueueName": {"Fn::Sub": "tasks"}}}}}"#,
    good: r#"{"Resources": {"Tasks": {"Type": "AWS::SQS::Queue", "Properties": {
        "FifoQueue": true, "QueueName": {"Fn::Sub": "tasks.fifo"}}}}}"#,
};

pub(super) static REDRIVE: Rule = Rule {
    id: "queue/redrive",
    severity: Severity::Error,
    statement: "a redrive policy names another queue and a number of receives from 1 to 1000",
    why: "SQS refuses the policy; the schema of the type does not look inside",
    page: "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html",
    bad: r#"{"Resources": {"Letters": {"Type": "AWS::SQS::Queue"}, "Tasks": {"Type": "AWS::SQS::Queue", "Properties": {
        "RedrivePolicy": {"deadLetterTargetArn": {"Fn::GetAtt": ["Letters", "Arn"]}}}}}}"#,
    good: r#"{"Resources": {"Letters": {"Type": "AWS::SQS::Queue"}, "Tasks": {"Type": "AWS::SQS::Queue", "Properties": {
        "RedrivePolicy": {"deadLetterTargetArn": {"Fn::GetAtt": ["Letters", "Arn"]}, "maxReceiveCount": 5}}}}}"#,
};

pub(super) static DEAD_LETTER_KIND: Rule = Rule {
    id: "queue/dead-letter-kind",
    severity: Severity::Error,
    statement: "the dead-letter queue of a FIFO queue is a FIFO queue, that of a standard queue a standard queue",
    why: "SQS refuses the redrive policy",
    page: "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html",
    bad: r#"{"Resources": {"Letters": {"Type": "AWS::SQS::Queue"},
        "Tasks": {"Type": "AWS::SQS::Queue", "Properties": {"FifoQueue": true,
        "RedrivePolicy": {"deadLetterTargetArn": {"Fn::GetAtt": ["Letters", "Arn"]}, "maxReceiveCount": 5}}}}}"#,
    good: r#"{"Resources": {"Letters": {"Type": "AWS::SQS::Queue", "Properties": {"FifoQueue": true}},
        "Tasks": {"Type": "AWS::SQS::Queue", "Properties": {"FifoQueue": true,
        "RedrivePolicy": {"deadLetterTargetArn": {"Fn::GetAtt": ["Letters", "Arn"]}, "maxReceiveCount": 5}}}}}"#,
};

pub(super) static RETENTION_OF_DEAD_LETTERS: Rule = Rule {
    id: "queue/dead-letter-retention",
    severity: Severity::Warning,
    statement: "a dead-letter queue keeps messages at least as long as the queue that they come from",
    why: "the time counts from when a message was first sent: it can expire on arrival, and nobody learns why it failed",
    page: "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html",
    bad: r#"{"Resources": {"Letters": {"Type": "AWS::SQS::Queue"},
        "Tasks": {"Type": "AWS::SQS::Queue", "Properties": {"MessageRetentionPeriod": 1209600,
        "RedrivePolicy": {"deadLetterTargetArn": {"Fn::GetAtt": ["Letters", "Arn"]}, "maxReceiveCount": 5}}}}}"#,
    good: r#"{"Resources": {"Letters": {"Type": "AWS::SQS::Queue", "Properties": {"MessageRetentionPeriod": 1209600}},
        "Tasks": {"Type": "AWS::SQS::Queue", "Properties": {"MessageRetentionPeriod": 1209600,
        "RedrivePolicy": {"deadLetterTargetArn": {"Fn::GetAtt": ["Letters", "Arn"]}, "maxReceiveCount": 5}}}}}"#,
};

/// The rules of this file.
pub(super) static RULES: &[&Rule] = &[&NAME, &REDRIVE, &DEAD_LETTER_KIND, &RETENTION_OF_DEAD_LETTERS];
