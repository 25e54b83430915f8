//! The rules about names.

use tree::Severity;

use crate::rule::Rule;

pub(super) static LENGTH: Rule = Rule {
    id: "names/length",
    severity: Severity::Error,
    statement: "a computed name stays within the length limit of its service",
    why: "the deployment fails in the one environment or region whose name is long, such as IAM's 64 characters for a role",
    page: "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html",
    bad: r#"{"Resources": {"Thing": {"Type": "AWS::SQS::Queue",
        "Properties": {"QueueName": {"Fn::Sub": "${AWS::StackName}-tasks-of-the-fleet-that-enhances-videos-of-every-kind-and-packages-them-${AWS::Region}"}}}}}"#,
    good: r#"{"Resources": {"Thing": {"Type": "AWS::SQS::Queue",
        "Properties": {"QueueName": {"Fn::Sub": "${AWS::StackName}-tasks-${AWS::Region}"}}}}}"#,
};

pub(super) static CHARACTERS: Rule = Rule {
    id: "names/characters",
    severity: Severity::Error,
    statement: "a computed name has the characters that its service allows",
    why: "the service refuses the name when the stack is deployed",
    page: "https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html",
    bad: r#"{"Resources": {"Thing": {"Type": "AWS::S3::Bucket",
        "Properties": {"BucketName": {"Fn::Sub": "Videos-${AWS::AccountId}"}}}}}"#,
    good: r#"{"Resources": {"Thing": {"Type": "AWS::S3::Bucket",
        "Properties": {"BucketName": {"Fn::Sub": "videos-${AWS::AccountId}"}}}}}"#,
};

/// The rules of this file.
pub(super) static RULES: &[&Rule] = &[&LENGTH, &CHARACTERS];
