//! Says how much a difference matters.

use serde::Serialize;

/// How much a difference between a resource and its template matters, the least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Weight {
    /// Services change it by themselves, such as the size of a fleet.
    Expected,
    /// It changes nothing that runs: tags, descriptions.
    Cosmetic,
    /// Something works otherwise than the template says.
    Behaviour,
    /// Data may be lost sooner, or be harder to get back.
    Data,
    /// Others may do more, or less, than the template says.
    Security,
    /// The resource was deleted: what uses it fails, and so does its next update.
    Gone,
}

/// What scaling changes, by type.
const EXPECTED: [(&str, &str); 6] = [
    ("AWS::AutoScaling::AutoScalingGroup", "DesiredCapacity"),
    ("AWS::ApplicationAutoScaling::ScalableTarget", "SuspendedState"),
    ("AWS::DynamoDB::Table", "ReadCapacityUnits"),
    ("AWS::DynamoDB::Table", "WriteCapacityUnits"),
    ("AWS::EC2::SpotFleet", "TargetCapacity"),
    ("AWS::ECS::Service", "DesiredCount"),
];

/// Words in the names of properties, by what they decide.
const WORDS: [(Weight, &[&str]); 3] = [
    (Weight::Cosmetic, &["Tags", "TagSet", "Description", "Comment", "DisplayName"]),
    (
        Weight::Security,
        &[
            "Acl",
            "AllowedOrigins",
            "BlockPublic",
            "Certificate",
            "Cidr",
            "Egress",
            "Encrypt",
            "HttpTokens",
            "Ingress",
            "KeyId",
            "Kms",
            "MetadataOptions",
            "Permission",
            "Policy",
            "Policies",
            "Principal",
            "Public",
            "RestrictPublic",
            "Role",
            "SSE",
            "SecurityGroup",
            "Ssl",
            "Tls",
            "Ownership",
            "ViewerProtocol",
        ],
    ),
    (
        Weight::Data,
        &[
            "Backup",
            "DeletionProtection",
            "Expiration",
            "KeySchema",
            "Lifecycle",
            "ObjectLock",
            "PointInTimeRecovery",
            "Replication",
            "Retention",
            "TimeToLive",
            "Versioning",
        ],
    ),
];

/// Weighs a difference by the names in its path.
pub(super) fn of(resource_type: &str, path: &str) -> Weight {
    let names = || path.split('/').filter(|name| !name.is_empty());
    if EXPECTED.iter().any(|(expected, name)| resource_type == *expected && names().any(|part| part == *name)) {
        return Weight::Expected;
    }
    // These are called policies, and decide nothing about who may do what.
    let is_harmless = |name: &str| {
        ["ScalingPolicy", "TerminationPolic", "CachePolicy", "RedrivePolicy"].iter().any(|word| name.contains(word))
    };
    let found = WORDS
        .iter()
        .find(|(_, words)| names().any(|name| !is_harmless(name) && words.iter().any(|word| name.contains(word))));
    found.map_or(Weight::Behaviour, |(weight, _)| *weight)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_difference_touches_decides() {
        for (resource_type, path, expected) in [
            ("AWS::AutoScaling::AutoScalingGroup", "/DesiredCapacity", Weight::Expected),
            ("AWS::AutoScaling::AutoScalingGroup", "/MaxSize", Weight::Behaviour),
            ("AWS::S3::Bucket", "/Tags/0/Value", Weight::Cosmetic),
            ("AWS::S3::Bucket", "/VersioningConfiguration/Status", Weight::Data),
            ("AWS::S3::Bucket", "/PublicAccessBlockConfiguration/BlockPublicAcls", Weight::Security),
            ("AWS::IAM::Role", "/AssumeRolePolicyDocument/Statement/0/Principal", Weight::Security),
            ("AWS::SQS::Queue", "/RedrivePolicy/maxReceiveCount", Weight::Behaviour),
            ("AWS::SQS::Queue", "/KmsMasterKeyId", Weight::Security),
            ("AWS::SQS::Queue", "/VisibilityTimeout", Weight::Behaviour),
            ("AWS::Logs::LogGroup", "/RetentionInDays", Weight::Data),
            ("AWS::EC2::SecurityGroup", "/SecurityGroupIngress/0/CidrIp", Weight::Security),
        ] {
            assert_eq!(of(resource_type, path), expected, "{resource_type} {path}");
        }
    }
}
