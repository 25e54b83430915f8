//! Buckets.

use tree::{Finding, Severity};

use super::others::{Others, Use};
use crate::look::{Resource, View};
use crate::rule::Rule;
use crate::words::{all_of, quoted};

/// Checks a bucket.
pub(super) fn check(bucket: &Resource<'_>, others: &Others<'_>, findings: &mut Vec<Finding>) {
    blocks(bucket, findings);
    ownership(bucket, findings);
    uploads(bucket, findings);
    let versioning = bucket.at("VersioningConfiguration/Status");
    if versioning.is_absent() || versioning.is("Suspended") {
        let message = format!(
            "versioning is off ({}): objects that are overwritten or deleted are lost",
            super::state(versioning)
        );
        findings
            .push(versioning.finding(&VERSIONING, message).hint("set `VersioningConfiguration: {Status: Enabled}`"));
    }
    let website = bucket.at("WebsiteConfiguration");
    if !website.is_absent() {
        let message = "static website hosting is on (`WebsiteConfiguration` is set): its endpoint needs public \
             objects and has no TLS";
        findings.push(website.finding(&WEBSITE, message).hint("serve it by CloudFront with an origin access control"));
    }
    let logs = bucket.at("LoggingConfiguration");
    if logs.is_absent() && !keeps_logs(bucket, others) {
        let message = "server access logging is off (`LoggingConfiguration` is absent): nobody can tell who read or \
             changed objects";
        findings.push(logs.finding(&super::logs::ACCESS_LOGS, message).hint("set `LoggingConfiguration`"));
    }
}

/// Tells whether the bucket is one into which the access logs of others go.
pub(super) fn keeps_logs(bucket: &Resource<'_>, others: &Others<'_>) -> bool {
    others.has(Use::AccessLogs, bucket) || bucket.at("AccessControl").is("LogDeliveryWrite")
}

const BLOCKS: [&str; 4] = ["BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"];

/// Reports blocks of public access that are not there. Buckets made by CloudFormation have all four by default since April
/// 2023, but not buckets that are older, and who says one thing says nothing about the others.
fn blocks(bucket: &Resource<'_>, findings: &mut Vec<Finding>) {
    let block = bucket.at("PublicAccessBlockConfiguration");
    if block.is_unknown() {
        return;
    }
    let is_off = |name: &&&'static str| super::is_off(block.get(name));
    let missing: Vec<&str> = BLOCKS.iter().filter(is_off).copied().collect();
    if !missing.is_empty() {
        let message = format!(
            "Block Public Access is incomplete ({} not `true`): a policy or an access control list can make the \
             bucket public",
            all_of(missing.iter().copied())
        );
        findings.push(block.finding(&PUBLIC_ACCESS_BLOCK, message).hint("set all four to true"));
    }
}

fn ownership(bucket: &Resource<'_>, findings: &mut Vec<Finding>) {
    for owner in bucket.properties.select("OwnershipControls/Rules/*/ObjectOwnership") {
        if let Some(name) = owner.text().filter(|name| name != "BucketOwnerEnforced") {
            let message = format!(
                "`ObjectOwnership` is {}, so access control lists are on: who writes an object can let others read it",
                quoted(&name)
            );
            findings.push(owner.finding(&OWNERSHIP, message).hint("set it to `BucketOwnerEnforced`"));
        }
    }
}

fn uploads(bucket: &Resource<'_>, findings: &mut Vec<Finding>) {
    let rules = bucket.at("LifecycleConfiguration/Rules");
    let is_given = |abort: &View<'_>| !abort.is_absent();
    let is_open = rules.is_unknown() || rules.items().any(View::is_unknown);
    if is_open || bucket.at("LifecycleConfiguration").is_unknown() {
        return;
    }
    if !rules.items().any(|rule| is_given(&rule.get("AbortIncompleteMultipartUpload"))) {
        let message = "no lifecycle rule has `AbortIncompleteMultipartUpload`: parts of incomplete multipart uploads \
             are kept and billed for ever";
        let hint = "add a lifecycle rule with `AbortIncompleteMultipartUpload`";
        findings.push(rules.finding(&INCOMPLETE_UPLOADS, message).hint(hint));
    }
}

pub(crate) static INCOMPLETE_UPLOADS: Rule = Rule {
    id: "security/incomplete-uploads",
    severity: Severity::Info,
    statement: "a bucket's lifecycle removes incomplete uploads",
    why: "their parts hold data that no listing shows, that no expiry removes, and that costs as much as objects do",
    page: "https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpu-abort-incomplete-mpu-lifecycle-config.html",
    bad: r#"{"Resources": {"Videos": {"Type": "AWS::S3::Bucket", "Properties": {"LifecycleConfiguration": {"Rules": [
        {"Status": "Enabled", "ExpirationInDays": 30}]}}}}}"#,
    good: r#"{"Resources": {"Videos": {"Type": "AWS::S3::Bucket", "Properties": {"LifecycleConfiguration": {"Rules": [
        {"Status": "Enabled", "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7}}]}}}}}"#,
};

pub(crate) static OWNERSHIP: Rule = Rule {
    id: "security/object-ownership",
    severity: Severity::Warning,
    statement: "the owner of a bucket owns its objects, without access control lists",
    why: "lists are per object, so one object can be public or somebody else's and nobody notices",
    page: "https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html",
    bad: r#"{"Resources": {"Videos": {"Type": "AWS::S3::Bucket", "Properties": {
        "OwnershipControls": {"Rules": [{"ObjectOwnership": "ObjectWriter"}]}}}}}"#,
    good: r#"{"Resources": {"Videos": {"Type": "AWS::S3::Bucket", "Properties": {
        "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}}}}}"#,
};

pub(crate) static PUBLIC_ACCESS_BLOCK: Rule = Rule {
    id: "security/public-access-block",
    severity: Severity::Warning,
    statement: "a bucket has all four settings of Block Public Access",
    why: "then no policy or list, by mistake or by an intruder, opens it",
    page: "https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html",
    bad: r#"{"Resources": {"Videos": {"Type": "AWS::S3::Bucket", "Properties": {
        "PublicAccessBlockConfiguration": {"BlockPublicAcls": true, "IgnorePublicAcls": true}}}}}"#,
    good: r#"{"Resources": {"Videos": {"Type": "AWS::S3::Bucket", "Properties": {
        "PublicAccessBlockConfiguration": {"BlockPublicAcls": true, "BlockPublicPolicy": true,
            "IgnorePublicAcls": true, "RestrictPublicBuckets": true}}}}}"#,
};

pub(crate) static VERSIONING: Rule = Rule {
    id: "security/versioning",
    severity: Severity::Warning,
    statement: "a bucket has versioning",
    why: "a wrong command, a faulty program or an extortionist overwrites objects; versions bring them back",
    page: "https://docs.aws.amazon.com/AmazonS3/latest/userguide/Versioning.html",
    bad: r#"{"Resources": {"Videos": {"Type": "AWS::S3::Bucket",
        "Properties": {"VersioningConfiguration": {"Status": "Suspended"}}}}}"#,
    good: r#"{"Resources": {"Videos": {"Type": "AWS::S3::Bucket",
        "Properties": {"VersioningConfiguration": {"Status": "Enabled"}}}}}"#,
};

pub(crate) static WEBSITE: Rule = Rule {
    id: "security/website",
    severity: Severity::Info,
    statement: "pages are served by CloudFront, not by the website of a bucket",
    why: "websites of S3 know neither TLS nor origin access control, so their buckets must be public",
    page: "https://docs.aws.amazon.com/AmazonS3/latest/userguide/WebsiteHosting.html",
    bad: r#"{"Resources": {"Pages": {"Type": "AWS::S3::Bucket",
        "Properties": {"WebsiteConfiguration": {"IndexDocument": "index.html"}}}}}"#,
    good: r#"{"Resources": {"Pages": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "pages-of-ours"}}}}"#,
};
