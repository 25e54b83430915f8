//! Holds the roles that deploy to what they promise: enough for each resource, and no way to more.

use std::collections::BTreeSet;

use serde_json::Value;
use stacks::Environment;

use crate::support::{environments, resource, resources};

/// What the provider schemas name for what no stack here has, or what shall not be had.
const UNUSED: [&str; 65] = [
    // Load balancers, other fleets, and refreshes of instances.
    "autoscaling:*InstanceRefresh",
    "autoscaling:*LoadBalancer*",
    "autoscaling:*TrafficSources",
    "cloudwatch:GetMetricData",
    "ec2:Get*",
    "elasticloadbalancing:*",
    "managed-fleets:*",
    "ssm:Get*",
    "vpc-lattice:*",
    "vpce:*",
    // Other gateways, and addresses of version 6.
    "ec2:*SubnetCidrBlock",
    "ec2:*VpcEncryptionControl",
    "ec2:*VpnGateway",
    // Origins in a network, tenants, staging.
    "cloudfront:*ConnectionGroup",
    "cloudfront:*StagingConfig",
    "cloudfront:CreateDistributionWithTags",
    "cloudfront:GetVpcOrigin",
    // Replicas, imports and streams, which read and write items; policies of tables.
    "dynamodb:*Item",
    "dynamodb:*KinesisStreamingDestination",
    "dynamodb:*Replica",
    "dynamodb:*ResourcePolicy",
    "dynamodb:*Import*",
    "dynamodb:Query",
    "dynamodb:Scan",
    "kinesis:*",
    "logs:*LogStream*",
    "logs:PutLogEvents",
    // Roles lose their bounds in no way; there are no groups and no users.
    "iam:*GroupPolicy",
    "iam:*UserPolicy",
    "iam:DeleteRolePermissionsBoundary",
    // Code in buckets, file systems, layers, signatures, versions.
    "elasticfilesystem:*",
    "lambda:*CodeSigningConfig",
    "lambda:*Concurrency",
    "lambda:AssociateRuntimeAlias",
    "lambda:GetLayerVersion",
    "lambda:PassCapacityProvider",
    "lambda:PublishVersion",
    "lambda:PutRuntimeManagementConfig",
    "s3files:*",
    // Deliveries to Firehose, protection of data, tokens.
    "firehose:*",
    "logs:*DataProtectionPolicy",
    "logs:*IndexPolicy",
    "logs:*ResourcePolicy",
    "logs:PutBearerTokenAuthentication",
    "logs:PutLogGroupDeletionProtection",
    "s3:REST.PUT.OBJECT",
    // Objects; replication, sites and tables of metadata.
    "s3:*BucketAbac",
    "s3:*MetadataTableConfiguration",
    "s3:PutAccelerateConfiguration",
    "s3:PutAnalyticsConfiguration",
    "s3:PutBucketCORS",
    "s3:PutBucketObjectLockConfiguration",
    "s3:PutBucketReplication",
    "s3:PutBucketWebsite",
    "s3:PutIntelligentTieringConfiguration",
    "s3:PutInventoryConfiguration",
    "s3:PutMetricsConfiguration",
    "s3:PutReplicationConfiguration",
    "s3:*Object*",
    "s3:DeleteBucket*",
    "s3:ListBucket",
    "s3:UpdateBucketMetadata*",
    "s3tables:*",
    "sns:*DataProtectionPolicy",
    "kms:ListAliases",
];

fn deployed_by_github() -> impl Iterator<Item = Environment> {
    environments().into_iter().filter(|environment| environment.deployer.is_some())
}

fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Array(items) => items.iter().map(|item| item.as_str().unwrap().to_owned()).collect(),
        _ => vec![value.as_str().unwrap().to_owned()],
    }
}

/// The actions that statements of a document allow.
fn allowed(document: &Value) -> Vec<String> {
    let statements = document["Statement"].as_array().unwrap().iter();
    statements
        .filter(|statement| statement["Effect"] == "Allow")
        .flat_map(|statement| texts(&statement["Action"]))
        .collect()
}

/// Tells whether a pattern of actions has an action, in capitals or not.
fn has(pattern: &str, action: &str) -> bool {
    let (pattern, action) = (pattern.to_lowercase(), action.to_lowercase());
    let pieces: Vec<_> = pattern.split('*').collect();
    let [first, middle @ .., last] = &pieces[..] else { return pattern == action };
    let Some(mut rest) = action.strip_prefix(first).and_then(|rest| rest.strip_suffix(last)) else { return false };
    middle.iter().all(|piece| {
        rest.find(piece).is_some_and(|at| {
            rest = &rest[at + piece.len()..];
            true
        })
    })
}

/// What the execution role may do.
fn execution(environment: &Environment) -> Vec<String> {
    let policies =
        resources(environment).into_iter().filter(|(stack, id, _)| stack == "deployer" && id.starts_with("Makes"));
    policies.flat_map(|(_, _, policy)| allowed(&policy["Properties"]["PolicyDocument"])).collect()
}

#[test]
fn execution_may_do_what_each_type_takes() {
    for environment in deployed_by_github() {
        let allowed = execution(&environment);
        let types: BTreeSet<_> = resources(&environment)
            .into_iter()
            .filter(|(stack, ..)| stack != "deployer")
            .map(|(_, _, resource)| resource["Type"].as_str().unwrap().to_owned())
            .collect();
        let mut missing = BTreeSet::new();
        for name in types.iter().filter_map(|name| schemas::schema(name).map(|schema| (name, schema))) {
            for action in
                ["create", "read", "update", "delete"].into_iter().flat_map(|handler| name.1.permissions(handler))
            {
                let known = |patterns: &[String]| patterns.iter().any(|pattern| has(pattern, action));
                // The keys of AWS let whoever uses the service use them.
                let without_keys = environment.keys.is_none() && action.starts_with("kms:");
                if !known(&allowed) && !without_keys && !UNUSED.iter().any(|pattern| has(pattern, action)) {
                    missing.insert(format!("{action} of {}", name.0));
                }
            }
        }
        assert!(missing.is_empty(), "{}: {missing:#?}", environment.name);
    }
}

#[test]
fn execution_reads_nothing_that_resources_hold() {
    for environment in deployed_by_github() {
        let allowed = execution(&environment);
        for action in [
            "s3:GetObject",
            "dynamodb:GetItem",
            "dynamodb:Query",
            "sqs:ReceiveMessage",
            "logs:GetLogEvents",
            "ssm:SendCommand",
            "ssm:StartSession",
            "states:GetExecutionHistory",
            "iam:CreateUser",
            "iam:CreatePolicyVersion",
            "iam:DeleteRolePermissionsBoundary",
            "sts:AssumeRole",
        ] {
            let by = allowed.iter().find(|pattern| has(pattern, action));
            assert_eq!(by, None, "{}: {action}", environment.name);
        }
    }
}

#[test]
fn bounds_have_room_for_each_role() {
    for environment in deployed_by_github() {
        let bounds = allowed(&resource(&environment, "deployer", "Boundary")["Properties"]["PolicyDocument"]);
        let all = resources(&environment);
        let others = all.iter().filter(|(stack, ..)| stack != "deployer");
        for (stack, id, resource) in others {
            let properties = &resource["Properties"];
            match resource["Type"].as_str().unwrap() {
                "AWS::IAM::Role" => {
                    assert_eq!(
                        properties["PermissionsBoundary"],
                        serde_json::json!({ "Ref": "DeployerBoundary" }),
                        "{id}"
                    );
                }
                "AWS::IAM::Policy" => {
                    let within = |action: &String| bounds.iter().any(|pattern| has(pattern, action));
                    let beyond: Vec<_> =
                        allowed(&properties["PolicyDocument"]).into_iter().filter(|action| !within(action)).collect();
                    assert!(beyond.is_empty(), "{}/{stack}/{id}: {beyond:?}", environment.name);
                }
                _ => {}
            }
        }
    }
}

#[test]
fn only_the_repository_is_trusted_and_only_for_one_environment() {
    for environment in deployed_by_github() {
        let trusted = |role: &str| {
            let role = resource(&environment, "deployer", role);
            let statement = &role["Properties"]["AssumeRolePolicyDocument"]["Statement"][0];
            assert_eq!(statement["Action"], "sts:AssumeRoleWithWebIdentity");
            let tests = statement["Condition"].as_object().unwrap();
            assert_eq!(tests.keys().collect::<Vec<_>>(), ["StringEquals"], "no pattern");
            let equal = &tests["StringEquals"];
            assert_eq!(texts(&equal["token.actions.githubusercontent.com:aud"]), ["sts.amazonaws.com"]);
            texts(&equal["token.actions.githubusercontent.com:sub"])
        };
        let name = &environment.name;
        assert_eq!(trusted("Deployer"), [format!("repo:example/baleen:environment:{name}")]);
        assert_eq!(trusted("Reader"), ["repo:example/baleen:pull_request", "repo:example/baleen:ref:refs/heads/main"]);
    }
}

/// A managed policy has 6,144 characters at most, white space aside ("IAM and AWS STS quotas"). References are longer
/// here than what they give.
#[test]
fn policies_are_not_too_long() {
    for environment in deployed_by_github() {
        for (stack, id, policy) in resources(&environment) {
            let length = policy["Properties"]["PolicyDocument"].to_string().len();
            assert!(policy["Type"] != "AWS::IAM::ManagedPolicy" || length <= 6144, "{stack}/{id}: {length}");
        }
    }
}
