//! The most that a role of the environment may do, whatever its policies say.
//!
//! Whoever makes roles could make one that may do anything. Who makes them here must bind each to this policy, which names
//! the actions of all roles of the system, and nothing of what decides who may do what.

use documents::iam as policy;
use template::{aws, sub};

use crate::environment::{Environment, FleetKind};

/// What roles do that store, move and tell: none of it gives anybody rights.
const WORK: [&str; 51] = [
    "autoscaling:CompleteLifecycleAction",
    "autoscaling:RecordLifecycleActionHeartbeat",
    "autoscaling:SetInstanceProtection",
    "cloudwatch:PutMetricData",
    "dynamodb:*Item",
    "dynamodb:Query",
    "ec2:DescribeSecurityGroupRules",
    "ec2:RevokeSecurityGroup*",
    "ec2messages:*",
    "events:DescribeRule",
    "events:PutRule",
    "events:PutTargets",
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:Encrypt",
    "kms:GenerateDataKey*",
    "kms:ReEncrypt*",
    "logs:*LogDelivery",
    "logs:CreateLogStream",
    "logs:Describe*",
    "logs:ListLogDeliveries",
    "logs:PutLogEvents",
    "logs:PutResourcePolicy",
    "mediaconvert:*Job",
    "mediaconvert:TagResource",
    "s3:*MultipartUpload*",
    "s3:GetBucketLocation",
    "s3:GetObject*",
    "s3:ListBucket",
    "s3:PutObject",
    "sns:Publish",
    "sqs:*Message",
    "sqs:ChangeMessageVisibility",
    "sqs:GetQueueAttributes",
    "ssm:CancelCommand",
    "ssm:Describe*",
    "ssm:Get*",
    "ssm:List*",
    "ssm:Put*Item*",
    "ssm:PutConfigurePackageResult",
    "ssm:PutInventory",
    "ssm:SendCommand",
    "ssm:Update*Association*",
    "ssm:UpdateInstanceInformation",
    "ssmmessages:*Channel",
    "states:DescribeExecution",
    "states:SendTask*",
    "states:StartExecution",
    "xray:GetSampling*",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
];

/// What AWS's policy for the role of a Spot Fleet allows (`AmazonEC2SpotFleetTaggingRole`), load balancers aside.
const SPOT_FLEET: [&str; 7] = [
    "ec2:CreateTags",
    "ec2:DescribeImages",
    "ec2:DescribeInstanceStatus",
    "ec2:DescribeSubnets",
    "ec2:RequestSpotInstances",
    "ec2:RunInstances",
    "ec2:TerminateInstances",
];

/// Says the most that roles may do.
pub(super) fn statements(environment: &Environment) -> Vec<policy::Statement> {
    let roles = sub!("arn:{}:iam::{}:role/*", aws::partition(), aws::account_id());
    let pass_to = |services: &[&str]| {
        policy::allow(["iam:PassRole"]).on([&roles]).when(policy::string_equals("iam:PassedToService", services))
    };
    let mut statements = vec![policy::allow(WORK).on_any(), pass_to(&["mediaconvert.amazonaws.com"])];
    if environment.fleet.instances.is_some() && environment.fleet.kind == FleetKind::SpotFleet {
        statements.extend([policy::allow(SPOT_FLEET).on_any(), pass_to(&["ec2.amazonaws.com"])]);
    }
    statements
}
