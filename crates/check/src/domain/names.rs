//! Names that are put together: whether they stay within what services allow.
//!
//! Literal names are the schemas' matter. Here the constant parts of a name are counted, and what is known of the rest.

use tree::Finding;

use super::name_rules::{CHARACTERS, LENGTH};
use crate::look::{Part, Resource, shortest};
use crate::words::quoted;

/// Type, property, how many characters at most, and which characters beside letters and digits.
static NAMES: [(&str, &str, usize, &str); 30] = [
    ("AWS::AutoScaling::AutoScalingGroup", "AutoScalingGroupName", 255, ANY),
    ("AWS::CloudWatch::Alarm", "AlarmName", 255, ANY),
    ("AWS::CloudWatch::CompositeAlarm", "AlarmName", 255, ANY),
    ("AWS::CloudWatch::Dashboard", "DashboardName", 255, "-_"),
    ("AWS::DynamoDB::Table", "TableName", 255, "-_."),
    ("AWS::EC2::LaunchTemplate", "LaunchTemplateName", 128, "-_.()/"),
    ("AWS::ECS::Cluster", "ClusterName", 255, "-_"),
    ("AWS::ElasticLoadBalancingV2::LoadBalancer", "Name", 32, "-"),
    ("AWS::ElasticLoadBalancingV2::TargetGroup", "Name", 32, "-"),
    ("AWS::Events::EventBus", "Name", 256, "-_./"),
    ("AWS::Events::Rule", "Name", 64, "-_."),
    ("AWS::IAM::Group", "GroupName", 128, "+=,.@_-"),
    ("AWS::IAM::InstanceProfile", "InstanceProfileName", 128, "+=,.@_-"),
    ("AWS::IAM::ManagedPolicy", "ManagedPolicyName", 128, "+=,.@_-"),
    ("AWS::IAM::Policy", "PolicyName", 128, "+=,.@_-"),
    ("AWS::IAM::Role", "RoleName", 64, "+=,.@_-"),
    ("AWS::IAM::User", "UserName", 64, "+=,.@_-"),
    ("AWS::KMS::Alias", "AliasName", 256, "-_/:"),
    ("AWS::Kinesis::Stream", "Name", 128, "-_."),
    ("AWS::Lambda::Function", "FunctionName", 64, "-_"),
    ("AWS::Logs::LogGroup", "LogGroupName", 512, "-_./#"),
    ("AWS::Pipes::Pipe", "Name", 64, "-_."),
    ("AWS::RDS::DBInstance", "DBInstanceIdentifier", 63, "-"),
    ("AWS::S3::Bucket", "BucketName", 63, "-."),
    ("AWS::SNS::Topic", "TopicName", 256, "-_."),
    ("AWS::SQS::Queue", "QueueName", 80, "-_."),
    ("AWS::SSM::Document", "Name", 128, "-_."),
    ("AWS::SSM::Parameter", "Name", 1011, "-_./"),
    ("AWS::Scheduler::Schedule", "Name", 64, "-_."),
    ("AWS::StepFunctions::StateMachine", "StateMachineName", 80, "-_."),
];

/// Where every character is allowed that can be seen.
const ANY: &str = "*";

/// Checks the name of a resource, if it is put together.
pub(super) fn check(resource: &Resource<'_>, findings: &mut Vec<Finding>) {
    let Some((_, property, most, others)) = NAMES.iter().find(|(type_name, ..)| *type_name == resource.type_name)
    else {
        return;
    };
    let view = resource.at(property);
    if !view.is_unknown() {
        return;
    }
    let parts = view.parts();
    if matches!(parts.as_slice(), [Part::Hole(_)] | []) {
        return;
    }
    let least = shortest(&parts);
    if least > *most {
        let message = format!("the name has at least {least} characters, but at most {most} are allowed");
        findings.push(
            view.finding(&LENGTH, message).hint("shorten the constant part, or leave the name to CloudFormation"),
        );
    }
    let is_bucket = resource.type_name == "AWS::S3::Bucket";
    for part in &parts {
        let Part::Text(text) = part else { continue };
        let fits = |character: char| {
            *others == ANY
                || (character.is_ascii_alphanumeric() && !(is_bucket && character.is_ascii_uppercase()))
                || others.contains(character)
        };
        // Dynamic references are filled in later.
        if text.contains("{{resolve:") {
            return;
        }
        if let Some(odd) = text.chars().find(|character| !fits(*character)) {
            let message =
                format!("the name has {} in {}, which is not allowed", quoted(&odd.to_string()), quoted(text));
            findings
                .push(view.finding(&CHARACTERS, message).hint(format!("letters, digits and {} are", quoted(others))));
            return;
        }
    }
}
