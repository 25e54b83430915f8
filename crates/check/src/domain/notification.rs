//! What buckets tell queues, topics and functions.

use tree::{Finding, Severity, Tree};

use super::receivers::remedy;
use schemas::actions::fits;

use super::{Shared, queue};
use crate::look::{Resource, Target, View};
use crate::rule::Rule;
use crate::words::quoted;

/// The kinds of configuration: property, the key of the destination, the type of the destination.
static KINDS: [(&str, &str, &str); 3] = [
    ("NotificationConfiguration/LambdaConfigurations", "Function", "AWS::Lambda::Function"),
    ("NotificationConfiguration/QueueConfigurations", "Queue", "AWS::SQS::Queue"),
    ("NotificationConfiguration/TopicConfigurations", "Topic", "AWS::SNS::Topic"),
];

/// How many notifications a bucket may have.
const MOST: usize = 100;
/// S3 as a sender.
const S3: &str = "s3.amazonaws.com";

/// Checks the notifications of a bucket.
pub(super) fn check(shared: &Shared<'_>, bucket: &Resource<'_>, findings: &mut Vec<Finding>) {
    let mut told: Vec<View<'_>> = Vec::new();
    for (path, key, type_name) in KINDS {
        for one in bucket.at(path).items() {
            overlap(&told, one, findings);
            if told.len() < MOST {
                told.push(one);
            }
            let place = one.get(key);
            let Some(Target { resource, .. }) = place.target() else { continue };
            if resource.type_name == "AWS::SQS::Queue" && queue::is_fifo(&resource) == Some(true) {
                let message = format!(
                    "`{}` is a FIFO queue, which S3 does not support as a destination of notifications",
                    resource.id
                );
                findings
                    .push(place.finding(&DESTINATION, message).hint("use a standard queue, or a rule of EventBridge"));
            }
            if resource.type_name == type_name && !shared.receivers().let_in(&resource, S3) {
                let message = format!(
                    "no policy or permission of `{}` allows S3 to send it the notifications of the bucket",
                    resource.id
                );
                findings.push(place.finding(&PERMISSION, message).hint(remedy(&resource, S3)));
            } else if let Some(statement) = policy_to_wait_for(shared, bucket, &resource) {
                let message = format!(
                    "the bucket sends notifications to `{}`, but may be created before `{statement}` allows that",
                    resource.id
                );
                let hint = format!("add `\"DependsOn\": \"{statement}\"` to the bucket");
                findings.push(place.finding(&DEPENDS, message).hint(hint));
            }
        }
    }
}

/// Finds the only policy by which the bucket may tell a receiver of the same template, if nothing makes the bucket wait
/// for it.
fn policy_to_wait_for<'s>(shared: &'s Shared<'_>, bucket: &Resource<'_>, receiver: &Resource<'_>) -> Option<&'s str> {
    let [policy] = shared.receivers().policies(receiver) else { return None };
    let is_here = std::ptr::eq(policy.view.outline.tree, bucket.view.outline.tree);
    let waits = bucket.view.get("DependsOn").one_or_more();
    let is_waited_for = waits.iter().any(|view| view.literal() == Some(policy.id));
    // A policy that refers to the bucket waits for it itself: that circle is another rule's.
    let refers = mentions(policy.view.tree()?, bucket.id);
    (is_here && !is_waited_for && !refers).then_some(policy.id)
}

/// Tells whether a tree refers to a logical id anywhere.
fn mentions(tree: &Tree, id: &str) -> bool {
    let text = tree.to_json_compact();
    text.split(|character: char| !character.is_ascii_alphanumeric()).any(|word| word == id)
}

/// Reports two configurations by which S3 would tell of one object twice: it refuses them.
fn overlap(told: &[View<'_>], one: View<'_>, findings: &mut Vec<Finding>) {
    for other in told {
        let (Some(event), Some(known)) = (one.get("Event").text(), other.get("Event").text()) else { continue };
        let is_same_event = fits(&event, &known) || fits(&known, &event);
        let (Some(own), Some(before)) = (filter(one), filter(*other)) else { continue };
        let prefix = own.0.starts_with(&*before.0) || before.0.starts_with(&*own.0);
        let suffix = own.1.ends_with(&*before.1) || before.1.ends_with(&*own.1);
        if is_same_event && prefix && suffix {
            let message = format!(
                "{} is told twice: prefix {} and suffix {} fit objects that prefix {} and suffix {} fit too",
                quoted(&event),
                quoted(&own.0),
                quoted(&own.1),
                quoted(&before.0),
                quoted(&before.1)
            );
            findings.push(
                one.finding(&OVERLAP, message)
                    .hint("send the event to a topic or to EventBridge, which pass it on to several receivers"),
            );
            return;
        }
    }
}

/// Returns the prefix and suffix, if they are known.
fn filter(one: View<'_>) -> Option<(String, String)> {
    let rules = one.at("Filter/S3Key/Rules");
    if rules.is_unknown() || !rules.is_closed() {
        return None;
    }
    let mut found = (String::new(), String::new());
    for rule in rules.items() {
        let value = rule.get("Value").text()?.into_owned();
        match rule.get("Name").text()?.to_ascii_lowercase().as_str() {
            "prefix" => found.0 = value,
            _ => found.1 = value,
        }
    }
    Some(found)
}

pub(super) static DESTINATION: Rule = Rule {
    id: "notification/destination",
    severity: Severity::Error,
    statement: "a bucket sends no notifications to a FIFO queue",
    why: "S3 refuses the configuration",
    page: "https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-event-types-and-destinations.html",
    bad: r#"{"Resources": {"Tasks": {"Type": "AWS::SQS::Queue", "Properties": {"FifoQueue": true}},
        "Policy": {"Type": "AWS::SQS::QueuePolicy", "Properties": {"Queues": [{"Ref": "Tasks"}],
            "PolicyDocument": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sqs:SendMessage",
                "Principal": {"Service": "s3.amazonaws.com"}, "Resource": {"Fn::GetAtt": ["Tasks", "Arn"]}}]}}},
        "Videos": {"Type": "AWS::S3::Bucket", "DependsOn": "Policy", "Properties": {"NotificationConfiguration": {
            "QueueConfigurations": [{"Event": "s3:ObjectCreated:*", "Queue": {"Fn::GetAtt": ["Tasks", "Arn"]}}]}}}}}"#,
    good: GOOD,
};

pub(super) static PERMISSION: Rule = Rule {
    id: "notification/permission",
    severity: Severity::Error,
    statement: "the destination of a bucket's notifications allows S3 to send them",
    why: "S3 tries the destination when the bucket is made: \"unable to validate the following destination configurations\"",
    page: "https://docs.aws.amazon.com/AmazonS3/latest/userguide/grant-destinations-permissions-to-s3.html",
    bad: r#"{"Resources": {"Tasks": {"Type": "AWS::SQS::Queue"},
        "Videos": {"Type": "AWS::S3::Bucket", "Properties": {"NotificationConfiguration": {
            "QueueConfigurations": [{"Event": "s3:ObjectCreated:*", "Queue": {"Fn::GetAtt": ["Tasks", "Arn"]}}]}}}}}"#,
    good: GOOD,
};

pub(super) static DEPENDS: Rule = Rule {
    id: "notification/order",
    severity: Severity::Error,
    statement: "a bucket depends on the permission to send its notifications",
    why: "CloudFormation makes both at once; when the bucket is first, S3 refuses the destination, and the stack rolls back",
    page: "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-s3-bucket-notificationconfiguration.html",
    bad: r#"{"Resources": {"Tasks": {"Type": "AWS::SQS::Queue"},
        "Policy": {"Type": "AWS::SQS::QueuePolicy", "Properties": {"Queues": [{"Ref": "Tasks"}],
            "PolicyDocument": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sqs:SendMessage",
                "Principal": {"Service": "s3.amazonaws.com"}, "Resource": {"Fn::GetAtt": ["Tasks", "Arn"]}}]}}},
        "Videos": {"Type": "AWS::S3::Bucket", "Properties": {"NotificationConfiguration": {
            "QueueConfigurations": [{"Event": "s3:ObjectCreated:*", "Queue": {"Fn::GetAtt": ["Tasks", "Arn"]}}]}}}}}"#,
    good: GOOD,
};

pub(super) static OVERLAP: Rule = Rule {
    id: "notification/overlap",
    severity: Severity::Error,
    statement: "no object fits two notifications of the same event",
    why: "S3 refuses configurations that overlap in event, prefix and suffix",
    page: "https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html",
    bad: r#"{"Parameters": {"Topic": {"Type": "String"}},
        "Resources": {"Videos": {"Type": "AWS::S3::Bucket", "Properties": {"NotificationConfiguration": {
            "TopicConfigurations": [
                {"Event": "s3:ObjectCreated:*", "Topic": {"Ref": "Topic"},
                    "Filter": {"S3Key": {"Rules": [{"Name": "prefix", "Value": "in/"}]}}},
                {"Event": "s3:ObjectCreated:Put", "Topic": {"Ref": "Topic"},
                    "Filter": {"S3Key": {"Rules": [{"Name": "suffix", "Value": ".mp4"}]}}}]}}}}}"#,
    good: r#"{"Parameters": {"Topic": {"Type": "String"}},
        "Resources": {"Videos": {"Type": "AWS::S3::Bucket", "Properties": {"NotificationConfiguration": {
            "TopicConfigurations": [
                {"Event": "s3:ObjectCreated:*", "Topic": {"Ref": "Topic"},
                    "Filter": {"S3Key": {"Rules": [{"Name": "suffix", "Value": ".mov"}]}}},
                {"Event": "s3:ObjectCreated:*", "Topic": {"Ref": "Topic"},
                    "Filter": {"S3Key": {"Rules": [{"Name": "suffix", "Value": ".mp4"}]}}}]}}}}}"#,
};

const GOOD: &str = r#"{"Resources": {"Tasks": {"Type": "AWS::SQS::Queue"},
    "Policy": {"Type": "AWS::SQS::QueuePolicy", "Properties": {"Queues": [{"Ref": "Tasks"}],
        "PolicyDocument": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sqs:SendMessage",
            "Principal": {"Service": "s3.amazonaws.com"}, "Resource": {"Fn::GetAtt": ["Tasks", "Arn"]}}]}}},
    "Videos": {"Type": "AWS::S3::Bucket", "DependsOn": "Policy", "Properties": {"NotificationConfiguration": {
        "QueueConfigurations": [{"Event": "s3:ObjectCreated:*", "Queue": {"Fn::GetAtt": ["Tasks", "Arn"]}}]}}}}}"#;

/// The rules of this file.
pub(super) static RULES: &[&Rule] = &[&DESTINATION, &PERMISSION, &DEPENDS, &OVERLAP];
