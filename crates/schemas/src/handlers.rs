//! What CloudFormation calls to create, read, update and delete a resource, with the permissions of whoever deploys.
//!
//! A provider schema lists the actions of each handler. Some are for a property alone, and a resource without it does not
//! need them.

use std::collections::BTreeSet;

use crate::actions;

/// The handlers that a deployment calls.
const HANDLERS: [&str; 4] = ["create", "read", "update", "delete"];

/// Type (or its beginning), action (or its beginning, before `*`), and the properties of which one makes it necessary.
///
/// Read off the types' documentation: each of these actions serves only what the properties configure.
const ONLY_WITH: &[(&str, &str, &[&str])] = &[
    ("AWS::ApplicationAutoScaling::ScalableTarget", "application-autoscaling:*ScheduledAction", &["ScheduledActions"]),
    (
        "AWS::AutoScaling::AutoScalingGroup",
        "elasticloadbalancing:*",
        &["LoadBalancerNames", "TargetGroupARNs", "TrafficSources"],
    ),
    ("AWS::AutoScaling::AutoScalingGroup", "autoscaling:*LoadBalancers", &["LoadBalancerNames"]),
    ("AWS::AutoScaling::AutoScalingGroup", "autoscaling:*LoadBalancerTargetGroups", &["TargetGroupARNs"]),
    ("AWS::AutoScaling::AutoScalingGroup", "autoscaling:*TrafficSources", &["TrafficSources"]),
    ("AWS::AutoScaling::AutoScalingGroup", "vpc-lattice:*", &["TrafficSources"]),
    ("AWS::Budgets::Budget", "billing:*", &["Budget/BillingViewArn"]),
    ("AWS::DynamoDB::Table", "dynamodb:ImportTable", &["ImportSourceSpecification"]),
    ("AWS::DynamoDB::Table", "dynamodb:DescribeImport", &["ImportSourceSpecification"]),
    ("AWS::DynamoDB::Table", "s3:*", &["ImportSourceSpecification"]),
    ("AWS::DynamoDB::Table", "kinesis:*", &["KinesisStreamSpecification"]),
    ("AWS::DynamoDB::Table", "dynamodb:EnableKinesis*", &["KinesisStreamSpecification"]),
    ("AWS::DynamoDB::Table", "dynamodb:DisableKinesis*", &["KinesisStreamSpecification"]),
    ("AWS::EC2::VPCEndpoint", "vpc-lattice:*", &["ServiceNetworkArn", "ResourceConfigurationArn"]),
    ("AWS::EC2::VPCEndpoint", "vpce:AllowMultiRegion", &["ServiceRegion"]),
    ("AWS::IAM::Policy", "iam:*GroupPolicy", &["Groups"]),
    ("AWS::IAM::Policy", "iam:*UserPolicy", &["Users"]),
    ("AWS::IAM::Policy", "iam:*RolePolicy", &["Roles"]),
    ("AWS::IAM::Role", "iam:*PermissionsBoundary", &["PermissionsBoundary"]),
    ("AWS::Lambda::Function", "elasticfilesystem:*", &["FileSystemConfigs"]),
    ("AWS::Lambda::Function", "s3files:*", &["FileSystemConfigs"]),
    ("AWS::Lambda::Function", "lambda:PassCapacityProvider", &["CapacityProviderConfig"]),
    ("AWS::Lambda::Function", "lambda:*CodeSigningConfig", &["CodeSigningConfigArn"]),
    ("AWS::Lambda::Function", "lambda:GetLayerVersion", &["Layers"]),
    ("AWS::Lambda::Function", "s3:*", &["Code/S3Bucket"]),
    ("AWS::S3::Bucket", "s3tables:*", &["MetadataTableConfiguration", "MetadataConfiguration"]),
    ("AWS::S3::Bucket", "s3:*MetadataTableConfiguration", &["MetadataTableConfiguration", "MetadataConfiguration"]),
    ("AWS::S3::Bucket", "s3:*ReplicationConfiguration", &["ReplicationConfiguration"]),
    ("AWS::S3::Bucket", "s3:*BucketReplication", &["ReplicationConfiguration"]),
    ("AWS::S3::Bucket", "s3:*BucketWebsite", &["WebsiteConfiguration"]),
    ("AWS::S3::Bucket", "iam:PassRole", &["ReplicationConfiguration"]),
];

/// Lists the actions that the handlers of a type call for a resource, without those for properties that it does not have.
///
/// Properties are asked for by paths such as `Code/S3Bucket`. Some actions are patterns, such as `ec2:Get*`.
pub fn called(type_name: &str, has: impl Fn(&str) -> bool) -> BTreeSet<String> {
    if type_name.starts_with("Custom::") || type_name == "AWS::CloudFormation::CustomResource" {
        // The function behind it is called with the permissions of whoever deploys.
        return BTreeSet::from(["lambda:InvokeFunction".to_owned()]);
    }
    let Some(schema) = crate::schema(type_name) else { return BTreeSet::new() };
    let called = HANDLERS.into_iter().flat_map(|handler| schema.permissions(handler));
    let used = |action: &&str| !is_unused(type_name, action, &has);
    called.filter(|action| exists(action)).filter(used).map(str::to_owned).collect()
}

/// Tells whether there is such an action, or one that fits such a pattern: schemas name some that IAM does not know.
fn exists(action: &str) -> bool {
    let Some((prefix, name)) = action.split_once(':') else { return false };
    let is_one = |service: actions::Service| service.action(name).is_some();
    let is_pattern = |service: actions::Service| name.contains('*') && service.matching(name).next().is_some();
    actions::service(prefix).is_some_and(|service| is_one(service) || is_pattern(service))
}

/// Tells whether a resource with these properties does not need an action that its type's handlers call.
fn is_unused(type_name: &str, action: &str, has: &impl Fn(&str) -> bool) -> bool {
    let rules: Vec<_> = ONLY_WITH
        .iter()
        .filter(|(own, pattern, _)| *own == type_name && matches(pattern, action))
        // A read is part of every update, whatever the resource has.
        .filter(|_| {
            !action.split(':').nth(1).is_some_and(|name| name.starts_with("Get") || name.starts_with("List"))
                || type_name == "AWS::IAM::Policy"
        })
        .collect();
    !rules.is_empty() && rules.iter().all(|(_, _, needing)| !needing.iter().any(|path| has(path)))
}

/// A pattern has at most one `*`.
fn matches(pattern: &str, action: &str) -> bool {
    match pattern.split_once('*') {
        Some((start, end)) => {
            action.len() >= start.len() + end.len() && action.starts_with(start) && action.ends_with(end)
        }
        None => pattern == action,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_is_needed_with_its_property_only() {
        let with_roles = called("AWS::IAM::Policy", |path| path == "Roles");
        assert!(with_roles.contains("iam:PutRolePolicy") && !with_roles.contains("iam:PutUserPolicy"));
        assert!(called("AWS::SQS::Queue", |_| false).contains("sqs:CreateQueue"));
        assert!(called("Custom::Whatever", |_| false).contains("lambda:InvokeFunction"));
    }

    #[test]
    fn every_entry_is_of_a_type_that_has_the_property_and_calls_the_action() {
        for (type_name, pattern, properties) in ONLY_WITH {
            let schema = crate::schema(type_name).unwrap_or_else(|| panic!("no {type_name}"));
            for path in *properties {
                assert!(schema.at(path).is_some(), "{type_name} has no {path}");
            }
            let mut called = HANDLERS.into_iter().flat_map(|handler| schema.permissions(handler));
            assert!(called.any(|action| matches(pattern, action)), "{type_name} does not call {pattern}");
        }
    }
}
