//! Makes buckets that are encrypted, private, and reachable by TLS only.

use documents::iam;
use resources::s3;
use template::{Declaration, Declare, ResourcePolicy, Stack, sub};

use crate::environment::Environment;
use crate::keys::Keys;

/// Starts a private bucket: encrypted, owned by the account alone, public in no way, versioned unless the environment
/// says otherwise.
pub fn private(environment: &Environment, keys: &Keys) -> s3::Bucket {
    owned(environment, keys, s3::OwnershipControlsRuleObjectOwnership::BucketOwnerEnforced)
}

/// Starts such a bucket for a service that can write only where an access control list lets it; what it writes is the
/// account's nevertheless.
pub fn private_with_lists(environment: &Environment, keys: &Keys) -> s3::Bucket {
    owned(environment, keys, s3::OwnershipControlsRuleObjectOwnership::BucketOwnerPreferred)
}

fn owned(environment: &Environment, keys: &Keys, owner: s3::OwnershipControlsRuleObjectOwnership) -> s3::Bucket {
    let versioning = s3::VersioningConfiguration::new(s3::VersioningConfigurationStatus::Enabled);
    s3::Bucket::new()
        .bucket_encryption([encryption(keys)])
        .ownership_controls([s3::OwnershipControlsRule::new().object_ownership(owner)])
        .public_access_block_configuration(
            s3::PublicAccessBlockConfiguration::new()
                .block_public_acls(true)
                .block_public_policy(true)
                .ignore_public_acls(true)
                .restrict_public_buckets(true),
        )
        .versioning_configuration(environment.storage.versioned.then_some(versioning))
}

/// Encrypts by the key of data; one call to KMS serves many objects.
fn encryption(keys: &Keys) -> s3::ServerSideEncryptionRule {
    let by = |algorithm| s3::ServerSideEncryptionByDefault::new(algorithm);
    match &keys.data {
        None => s3::ServerSideEncryptionRule::new()
            .server_side_encryption_by_default(by(s3::ServerSideEncryptionByDefaultSSEAlgorithm::Aes256)),
        Some(key) => s3::ServerSideEncryptionRule::new()
            .server_side_encryption_by_default(
                by(s3::ServerSideEncryptionByDefaultSSEAlgorithm::AwsKms).kms_master_key_id(key.arn()),
            )
            .bucket_key_enabled(true),
    }
}

/// Lets objects expire after some days, or never, and removes what nobody sees: old versions, marks of deletion that hide
/// nothing any more, and the parts of uploads that were not completed.
pub fn lifecycle(environment: &Environment, expiry_days: Option<u32>) -> Vec<s3::Rule> {
    rules(environment, expiry_days, environment.storage.noncurrent_expiry_days)
}

/// Lets objects that nobody wants back expire after some days: what is no longer current, or has expired, goes the next
/// day.
pub fn passing_lifecycle(environment: &Environment, expiry_days: u32) -> Vec<s3::Rule> {
    rules(environment, Some(expiry_days), 1)
}

fn rules(environment: &Environment, expiry_days: Option<u32>, noncurrent_expiry_days: u32) -> Vec<s3::Rule> {
    let storage = &environment.storage;
    let enabled = |id: &str| s3::Rule::new(s3::RuleStatus::Enabled).id(id);
    let expiry = expiry_days.map(|days| enabled("expiry").expiration_in_days(days));
    let old_versions = s3::NoncurrentVersionExpiration::new(noncurrent_expiry_days);
    let parts = s3::AbortIncompleteMultipartUpload::new(storage.incomplete_upload_expiry_days);
    let unseen = enabled("unseen")
        .noncurrent_version_expiration(old_versions)
        .expired_object_delete_marker(true)
        .abort_incomplete_multipart_upload(parts);
    expiry.into_iter().chain([unseen]).collect()
}

/// Adds a bucket whose policy refuses whatever does not come by TLS, and says what else the statements do.
///
/// It is `logical_id`, and its policy `logical_id` with `Policy` behind.
#[track_caller]
pub fn add(
    stack: &mut Stack,
    environment: &Environment,
    logical_id: &str,
    bucket: impl Declare<Resource = s3::Bucket>,
    statements: impl FnOnce(&s3::BucketRef) -> Vec<iam::Statement<ResourcePolicy>>,
) -> (s3::BucketRef, s3::BucketPolicyRef) {
    let bucket = stack.add(logical_id, kept(environment, bucket));
    let policy = add_policy(stack, logical_id, &bucket, statements(&bucket));
    (bucket, policy)
}

/// Says what becomes of a bucket in the end.
#[track_caller]
pub fn kept(environment: &Environment, bucket: impl Declare<Resource = s3::Bucket>) -> Declaration<s3::Bucket> {
    let unversioned = "Versions are off in this environment (storage.versioned): its clips are made by tests, and the \
        emulator's events name no version";
    bucket.on_removal(environment.on_destroy.policy()).accept_if(
        !environment.storage.versioned,
        "security/versioning",
        unversioned,
    )
}

/// Adds the policy of a bucket, which refuses whatever does not come by TLS, and says what else the statements do.
///
/// It is the bucket's logical id with `Policy` behind.
#[track_caller]
pub fn add_policy(
    stack: &mut Stack,
    logical_id: &str,
    bucket: &s3::BucketRef,
    statements: Vec<iam::Statement<ResourcePolicy>>,
) -> s3::BucketPolicyRef {
    let only_tls = iam::deny(["s3:*"])
        .on((bucket.arn(), sub!("{}/*", bucket.arn())))
        .principal(iam::anyone())
        .when(iam::bool("aws:SecureTransport", false));
    let policy: Vec<_> = [only_tls].into_iter().chain(statements).collect();
    stack.add(&format!("{logical_id}Policy"), s3::BucketPolicy::new(bucket.name(), policy))
}
