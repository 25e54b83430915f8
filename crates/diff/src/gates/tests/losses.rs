#![expect(clippy::needless_pass_by_value, reason = "`json!(…)` reads better than `&json!(…)`")]

use serde_json::{Value, json};

use super::{found, harmless, kinds, one_way, told};
use crate::Gate;

fn pair(kind: &str, old: Value, new: Value) -> (Value, Value) {
    let one = |properties: Value| json!({"It": {"Type": kind, "Properties": properties}});
    (one(old), one(new))
}

fn bucket(rules: Value) -> Value {
    json!({"Sources": {"Type": "AWS::S3::Bucket", "Properties": {"LifecycleConfiguration": {"Rules": rules}}}})
}

#[test]
fn safeguards_against_loss_that_are_weakened_are_told() {
    let recovery = |on: bool| json!({"PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": on}});
    let locked = |days: u32| json!({"ObjectLockConfiguration": {"Rule": {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": days}}}});
    let rows = [
        (
            "AWS::S3::Bucket",
            json!({"VersioningConfiguration": {"Status": "Enabled"}}),
            json!({"VersioningConfiguration": {"Status": "Suspended"}}),
            "versioning-suspended",
        ),
        (
            "AWS::S3::Bucket",
            json!({"VersioningConfiguration": {"Status": "Enabled"}}),
            json!({}),
            "versioning-suspended",
        ),
        ("AWS::S3::Bucket", locked(30), locked(10), "object-lock-weakened"),
        (
            "AWS::S3::Bucket",
            json!({"ReplicationConfiguration": {"Role": "r", "Rules": []}}),
            json!({}),
            "replication-removed",
        ),
        ("AWS::Logs::LogGroup", json!({}), json!({"RetentionInDays": 30}), "retention-shortened"),
        (
            "AWS::Logs::LogGroup",
            json!({"RetentionInDays": 90}),
            json!({"RetentionInDays": "30"}),
            "retention-shortened",
        ),
        ("AWS::SQS::Queue", json!({"MessageRetentionPeriod": 1_209_600}), json!({}), "retention-shortened"),
        ("AWS::DynamoDB::Table", recovery(true), recovery(false), "recovery-off"),
        ("AWS::DynamoDB::Table", recovery(true), json!({}), "recovery-off"),
        ("AWS::DynamoDB::Table", json!({"DeletionProtectionEnabled": true}), json!({}), "deletion-protection-off"),
        (
            "AWS::DynamoDB::Table",
            json!({}),
            json!({"TimeToLiveSpecification": {"Enabled": true, "AttributeName": "expires"}}),
            "time-to-live",
        ),
        (
            "AWS::RDS::DBInstance",
            json!({"BackupRetentionPeriod": 7}),
            json!({"BackupRetentionPeriod": 0}),
            "backups-shortened",
        ),
        ("AWS::KMS::Key", json!({}), json!({"PendingWindowInDays": 7}), "key-gone-sooner"),
        ("AWS::Kinesis::Stream", json!({"RetentionPeriodHours": 48}), json!({}), "retention-shortened"),
    ];
    for (kind, old, new, name) in rows {
        let (old, new) = pair(kind, old, new);
        one_way(Gate::DataLoss, &old, &new, name);
    }
}

#[test]
fn policies_of_deletion_are_compared_with_the_defaults_of_their_types() {
    let with = |kind: &str, policy: Option<&str>| {
        let mut resource = json!({"Type": kind});
        if let Some(policy) = policy {
            resource["DeletionPolicy"] = json!(policy);
        }
        json!({ "It": resource })
    };
    let bucket = |policy| with("AWS::S3::Bucket", policy);
    one_way(Gate::DataLoss, &bucket(Some("Retain")), &bucket(Some("Delete")), "deletion-policy-weakened");
    one_way(Gate::DataLoss, &bucket(Some("RetainExceptOnCreate")), &bucket(None), "deletion-policy-weakened");
    harmless(&bucket(None), &bucket(Some("Delete")));
    harmless(&bucket(Some("Retain")), &bucket(Some("RetainExceptOnCreate")));
    let cluster = |policy| with("AWS::RDS::DBCluster", policy);
    harmless(&cluster(None), &cluster(Some("Snapshot")));
    one_way(Gate::DataLoss, &cluster(None), &cluster(Some("Delete")), "deletion-policy-weakened");
    assert_eq!(
        told(Gate::DataLoss, &bucket(Some("Retain")), &bucket(None)),
        "It, with objects, is deleted when it is removed from the template; before it was kept"
    );
    let replaced = |policy: &str| json!({"It": {"Type": "AWS::S3::Bucket", "UpdateReplacePolicy": policy}});
    one_way(Gate::DataLoss, &replaced("Retain"), &replaced("Delete"), "replace-policy-weakened");
}

#[test]
fn objects_that_are_deleted_sooner_are_told() {
    let expire = |prefix: &str, days: u32| json!({"Status": "Enabled", "Prefix": prefix, "ExpirationInDays": days});
    let one = |old: Value, new: Value| one_way(Gate::DataLoss, &bucket(old), &bucket(new), "expiry-shortened");
    one(json!([]), json!([expire("", 30)]));
    one(json!([expire("", 90)]), json!([expire("", 30)]));
    one(json!([expire("in/", 30)]), json!([expire("", 30)]));
    let mut disabled = expire("", 30);
    disabled["Status"] = json!("Disabled");
    one(json!([disabled]), json!([expire("", 30)]));
    harmless(&bucket(json!([expire("", 30)])), &bucket(json!([expire("", 30), expire("in/", 30)])));
    let former = |days: u32| json!([{"Status": "Enabled", "NoncurrentVersionExpiration": {"NoncurrentDays": days}}]);
    one_way(Gate::DataLoss, &bucket(former(30)), &bucket(former(7)), "version-expiry-shortened");
    assert_eq!(
        told(Gate::DataLoss, &bucket(json!([expire("in/", 90)])), &bucket(json!([expire("in/", 30)]))),
        "objects under in/ of Sources are deleted after 30 days; before after 90 days"
    );
}

#[test]
fn backups_that_are_no_longer_made_are_told() {
    let plan = json!({"Nightly": {"Type": "AWS::Backup::BackupPlan", "Properties": {"BackupPlan": {
        "BackupPlanName": "n", "BackupPlanRule": []
    }}}});
    assert_eq!(kinds(Gate::DataLoss, &found(&plan, &json!({}))), ["backups-removed"]);
}
