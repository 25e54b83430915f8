//! Actions that a handler calls only for a property, and a resource without that property does not need.

use tree::Tree;

/// Type (or its beginning), action (or its beginning, before `*`), and the properties of which one makes it necessary.
///
/// Read off the types' documentation: each of these actions serves only what the properties configure.
const ONLY_WITH: &[(&str, &str, &[&str])] = &[
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

/// Tells whether a resource with these properties does not need an action that its type's handlers call.
pub(super) fn is_unused(resource_type: &str, action: &str, properties: Option<&Tree>) -> bool {
    let rules: Vec<_> = ONLY_WITH
        .iter()
        .filter(|(own, pattern, _)| *own == resource_type && matches(pattern, action))
        // A read is part of every update, whatever the resource has.
        .filter(|_| {
            !action.split(':').nth(1).is_some_and(|name| name.starts_with("Get") || name.starts_with("List"))
                || resource_type == "AWS::IAM::Policy"
        })
        .collect();
    !rules.is_empty() && rules.iter().all(|(_, _, needing)| !needing.iter().any(|path| has(properties, path)))
}

fn has(properties: Option<&Tree>, path: &str) -> bool {
    properties.and_then(|tree| tree.find(path.split('/'))).is_some()
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
    use serde_json::json;
    use tree::Origin;

    use super::*;

    #[test]
    fn an_action_is_needed_with_its_property_only() {
        let policy = |roles: serde_json::Value| Tree::from_json(roles, Origin::Unknown);
        let with_roles = policy(json!({"Roles": ["a"]}));
        assert!(is_unused("AWS::IAM::Policy", "iam:PutUserPolicy", Some(&with_roles)));
        assert!(!is_unused("AWS::IAM::Policy", "iam:PutRolePolicy", Some(&with_roles)));
        assert!(!is_unused("AWS::SQS::Queue", "sqs:CreateQueue", None));
    }

    #[test]
    fn every_entry_is_of_a_type_that_has_the_property_and_calls_the_action() {
        for (resource_type, pattern, properties) in ONLY_WITH {
            let schema = schemas::schema(resource_type).unwrap_or_else(|| panic!("no {resource_type}"));
            for path in *properties {
                assert!(schema.at(path).is_some(), "{resource_type} has no {path}");
            }
            let mut called = super::super::HANDLERS.into_iter().flat_map(|handler| schema.permissions(handler));
            assert!(called.any(|action| matches(pattern, action)), "{resource_type} does not call {pattern}");
        }
    }
}
