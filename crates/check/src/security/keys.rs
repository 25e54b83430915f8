//! Encryption at rest, and the keys for it.

use tree::{Finding, Severity};

use super::buckets::keeps_logs;
use super::others::Others;
use crate::look::{Resource, View};
use crate::rule::Rule;

/// Where a type says that it is encrypted, where nothing said means that it is not.
const FLAGS: [(&str, &str); 9] = [
    ("AWS::AutoScaling::LaunchConfiguration", "BlockDeviceMappings/*/Ebs/Encrypted"),
    ("AWS::DAX::Cluster", "SSESpecification/SSEEnabled"),
    ("AWS::EC2::Instance", "BlockDeviceMappings/*/Ebs/Encrypted"),
    ("AWS::EC2::LaunchTemplate", "LaunchTemplateData/BlockDeviceMappings/*/Ebs/Encrypted"),
    ("AWS::EC2::SpotFleet", "SpotFleetRequestConfigData/LaunchSpecifications/*/BlockDeviceMappings/*/Ebs/Encrypted"),
    ("AWS::EC2::Volume", "Encrypted"),
    ("AWS::EFS::FileSystem", "Encrypted"),
    ("AWS::Kinesis::Stream", "StreamEncryption"),
    ("AWS::SNS::Topic", "KmsMasterKeyId"),
];

/// Where a type names its key, where nothing said means a key of AWS's.
const KEYS: [(&str, &str); 18] = [
    ("AWS::Backup::BackupVault", "EncryptionKeyArn"),
    ("AWS::CloudTrail::Trail", "KMSKeyId"),
    ("AWS::DynamoDB::Table", "SSESpecification/KMSMasterKeyId"),
    ("AWS::ECR::Repository", "EncryptionConfiguration/KmsKey"),
    ("AWS::EFS::FileSystem", "KmsKeyId"),
    ("AWS::Events::EventBus", "KmsKeyIdentifier"),
    ("AWS::Kinesis::Stream", "StreamEncryption/KeyId"),
    ("AWS::Lambda::Function", "KmsKeyArn"),
    ("AWS::Logs::LogGroup", "KmsKeyId"),
    ("AWS::S3::Bucket", "BucketEncryption"),
    ("AWS::SNS::Topic", "KmsMasterKeyId"),
    ("AWS::SQS::Queue", "KmsMasterKeyId"),
    ("AWS::SageMaker::DataQualityJobDefinition", "DataQualityJobOutputConfig/KmsKeyId"),
    ("AWS::SageMaker::Domain", "KmsKeyId"),
    ("AWS::SageMaker::EndpointConfig", "KmsKeyId"),
    ("AWS::SageMaker::NotebookInstance", "KmsKeyId"),
    ("AWS::SecretsManager::Secret", "KmsKeyId"),
    ("AWS::Timestream::Database", "KmsKeyId"),
];

/// Checks that data is encrypted, and by whose key.
pub(super) fn check(resource: &Resource<'_>, others: &Others<'_>, findings: &mut Vec<Finding>) {
    at_rest(resource, findings);
    own_key(resource, others, findings);
    match resource.type_name {
        "AWS::KMS::Key" => rotation(resource, findings),
        "AWS::S3::Bucket" => bucket_key(resource, findings),
        _ => {}
    }
}

fn at_rest(resource: &Resource<'_>, findings: &mut Vec<Finding>) {
    match resource.type_name {
        "AWS::SQS::Queue" => {
            let managed = resource.at("SqsManagedSseEnabled");
            if managed.flag() == Some(false) && resource.at("KmsMasterKeyId").is_absent() {
                findings.push(unencrypted(managed, "messages are"));
            }
            return;
        }
        "AWS::SNS::Topic" => {
            let key = resource.at("KmsMasterKeyId");
            if key.is_absent() {
                findings.push(
                    unencrypted(key, "messages are")
                        .hint("set `KmsMasterKeyId` to a key that may be used by who publishes"),
                );
            }
            return;
        }
        "AWS::S3::Bucket" => {
            let rules = resource
                .properties
                .select("BucketEncryption/ServerSideEncryptionConfiguration/*/ServerSideEncryptionByDefault");
            for algorithm in rules.into_iter().map(|rule| rule.get("SSEAlgorithm")) {
                let known = ["AES256", "aws:kms", "aws:kms:dsse"];
                if algorithm.text().is_some_and(|name| !known.contains(&name.as_ref())) {
                    findings.push(unencrypted(algorithm, "objects are"));
                }
            }
            return;
        }
        "AWS::EC2::LaunchTemplate" => images(resource.at("LaunchTemplateData"), findings),
        // An instance of a template has the volumes that are checked there.
        "AWS::EC2::Instance" if resource.at("LaunchTemplate").is_absent() => images(resource.properties, findings),
        "AWS::AutoScaling::LaunchConfiguration" => images(resource.properties, findings),
        _ => {}
    }
    let Some((_, path)) = FLAGS.iter().find(|(type_name, _)| *type_name == resource.type_name) else { return };
    let (holder, flag) = path.rsplit_once('/').unwrap_or(("", path));
    let holders = if holder.is_empty() { vec![resource.properties] } else { resource.properties.select(holder) };
    for holder in holders {
        let value = holder.get(flag);
        if super::is_off(value) {
            findings.push(unencrypted(value, "data is").hint(format!("turn encryption on by `{flag}`")));
        }
    }
}

/// Reports volumes that are as the image has them.
fn images(data: View<'_>, findings: &mut Vec<Finding>) {
    let mappings = data.get("BlockDeviceMappings");
    if mappings.is_absent() || (mappings.is_closed() && mappings.is_known() && mappings.items().next().is_none()) {
        let message = "`BlockDeviceMappings` is empty or absent: the root volume is encrypted only if the image or \
             the account's default says so";
        let hint = "name the volume in `BlockDeviceMappings` with `Ebs: {Encrypted: true}`";
        findings.push(mappings.finding(&AT_REST, message).hint(hint));
    }
}

fn unencrypted(place: View<'_>, noun: &str) -> Finding {
    place
        .finding(&AT_REST, format!("encryption at rest is off ({}): {noun} stored unencrypted", super::state(place)))
        .hint(format!("turn encryption on by `{}`", place.name()))
}

/// Reports what is encrypted by a key of AWS's, where one's own could be.
fn own_key(resource: &Resource<'_>, others: &Others<'_>, findings: &mut Vec<Finding>) {
    let Some((type_name, path)) = KEYS.iter().find(|(type_name, _)| *type_name == resource.type_name) else { return };
    let key = resource.at(path);
    let lacks = match *type_name {
        // Only variables are encrypted by this key.
        "AWS::Lambda::Function" => key.is_absent() && resource.at("Environment/Variables").entries().next().is_some(),
        // S3 delivers access logs only to buckets with keys of its own.
        "AWS::S3::Bucket" if keeps_logs(resource, others) => false,
        "AWS::S3::Bucket" => {
            let rules = key.get("ServerSideEncryptionConfiguration");
            let defaults = || rules.items().map(|rule| rule.get("ServerSideEncryptionByDefault"));
            key.is_absent() || defaults().any(|default| default.get("SSEAlgorithm").is("AES256"))
        }
        // The other rule says it.
        "AWS::EFS::FileSystem" => key.is_absent() && resource.at("Encrypted").flag() == Some(true),
        "AWS::Kinesis::Stream" => key.is_absent() && !resource.at("StreamEncryption").is_absent(),
        "AWS::SNS::Topic" => false,
        "AWS::ECR::Repository" => {
            let kind = resource.at("EncryptionConfiguration/EncryptionType");
            key.is_absent() && !kind.is("KMS") && !kind.is("KMS_DSSE") && !kind.is_unknown()
        }
        _ => key.is_absent(),
    };
    let is_of_aws = key.text().is_some_and(|name| name.starts_with("alias/aws/") || name.contains(":alias/aws/"));
    if lacks || is_of_aws {
        let message = format!(
            "no customer managed key ({}): data is encrypted with a key of AWS, whose policy nobody here decides",
            key_state(key)
        );
        findings.push(key.finding(&CUSTOMER_KEY, message).hint("name a key of your own, where one is worth its price"));
    }
}

/// Says which key is used, for a bucket by its algorithm.
fn key_state(key: View<'_>) -> String {
    let rules = key.get("ServerSideEncryptionConfiguration");
    let algorithms = rules.items().map(|rule| rule.at("ServerSideEncryptionByDefault/SSEAlgorithm"));
    super::state(algorithms.into_iter().find(|algorithm| algorithm.is("AES256")).unwrap_or(key))
}

fn rotation(key: &Resource<'_>, findings: &mut Vec<Finding>) {
    let is_symmetric = key.at("KeySpec").is_absent() || key.at("KeySpec").is("SYMMETRIC_DEFAULT");
    // What is imported or in a key store of one's own cannot be rotated.
    let is_of_kms = key.at("Origin").is_absent() || key.at("Origin").is("AWS_KMS");
    let rotation = key.at("EnableKeyRotation");
    if is_symmetric && is_of_kms && super::is_off(rotation) {
        let message = format!(
            "automatic key rotation is off ({}): one key protects the data of all years",
            super::state(rotation)
        );
        findings.push(rotation.finding(&KEY_ROTATION, message).hint("set `EnableKeyRotation: true`"));
    }
}

fn bucket_key(bucket: &Resource<'_>, findings: &mut Vec<Finding>) {
    for rule in bucket.at("BucketEncryption/ServerSideEncryptionConfiguration").items() {
        let enabled = rule.get("BucketKeyEnabled");
        if rule.at("ServerSideEncryptionByDefault/SSEAlgorithm").is("aws:kms") && super::is_off(enabled) {
            let message = format!(
                "the S3 Bucket Key is off ({}): every object is a call to KMS, which is billed and throttled",
                super::state(enabled)
            );
            findings.push(enabled.finding(&BUCKET_KEY, message).hint("set `BucketKeyEnabled: true`"));
        }
    }
}

pub(crate) static AT_REST: Rule = Rule {
    id: "security/encryption-at-rest",
    severity: Severity::Warning,
    statement: "volumes, file systems, topics and queues are encrypted",
    why: "snapshots are copied and disks are discarded; what is encrypted stays unreadable",
    page: "https://docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption.html",
    bad: r#"{"Resources": {"Work": {"Type": "AWS::EC2::Volume",
        "Properties": {"AvailabilityZone": "eu-west-1a", "Size": 100}}}}"#,
    good: r#"{"Resources": {"Work": {"Type": "AWS::EC2::Volume",
        "Properties": {"AvailabilityZone": "eu-west-1a", "Size": 100, "Encrypted": true}}}}"#,
};

pub(crate) static CUSTOMER_KEY: Rule = Rule {
    id: "security/customer-managed-key",
    severity: Severity::Info,
    statement: "data is encrypted with a customer managed key",
    why: "a key of one's own has a policy, can be disabled, and its use is in the trail; AWS's keys have none of that",
    page: "https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html",
    bad: r#"{"Resources": {"Log": {"Type": "AWS::Logs::LogGroup", "Properties": {"RetentionInDays": 30}}}}"#,
    good: r#"{"Resources": {"Log": {"Type": "AWS::Logs::LogGroup", "Properties": {"RetentionInDays": 30,
        "KmsKeyId": "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"}}}}"#,
};

pub(crate) static BUCKET_KEY: Rule = Rule {
    id: "security/bucket-key",
    severity: Severity::Info,
    statement: "a bucket that is encrypted by KMS has a bucket key",
    why: "without it each object is a call to KMS, and a busy pipeline is throttled there",
    page: "https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-key.html",
    bad: r#"{"Resources": {"Videos": {"Type": "AWS::S3::Bucket", "Properties": {"BucketEncryption": {
        "ServerSideEncryptionConfiguration": [{"ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}]}}}}}"#,
    good: r#"{"Resources": {"Videos": {"Type": "AWS::S3::Bucket", "Properties": {"BucketEncryption": {
        "ServerSideEncryptionConfiguration": [{"BucketKeyEnabled": true,
            "ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}]}}}}}"#,
};

pub(crate) static KEY_ROTATION: Rule = Rule {
    id: "security/key-rotation",
    severity: Severity::Warning,
    statement: "KMS keys have automatic rotation",
    why: "the longer a key is used, the more is lost with it; rotation costs nothing to do",
    page: "https://docs.aws.amazon.com/kms/latest/developerguide/rotate-keys.html",
    bad: r#"{"Resources": {"Key": {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": {"Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"AWS": {"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:root"}},
            "Action": "kms:*", "Resource": "*"}]}}}}}"#,
    good: r#"{"Resources": {"Key": {"Type": "AWS::KMS::Key", "Properties": {"EnableKeyRotation": true,
        "KeyPolicy": {"Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"AWS": {"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:root"}},
            "Action": "kms:*", "Resource": "*"}]}}}}}"#,
};
