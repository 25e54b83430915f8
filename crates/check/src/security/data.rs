//! Data that must not be lost.

use tree::{Finding, Severity};

use crate::look::{Resource, View};
use crate::rule::Rule;
use crate::words::all_of;

/// Types whose resources hold what nothing makes anew.
const STATEFUL: [&str; 8] = [
    "AWS::Backup::BackupVault",
    "AWS::Cognito::UserPool",
    "AWS::DynamoDB::GlobalTable",
    "AWS::DynamoDB::Table",
    "AWS::EC2::Volume",
    "AWS::EFS::FileSystem",
    "AWS::KMS::Key",
    "AWS::S3::Bucket",
];

/// Checks that data outlives mistakes.
pub(super) fn check(resource: &Resource<'_>, findings: &mut Vec<Finding>) {
    retained(resource, findings);
    match resource.type_name {
        "AWS::DynamoDB::Table" => {
            let recovery = resource.at("PointInTimeRecoverySpecification/PointInTimeRecoveryEnabled");
            if super::is_off(recovery) {
                let hint = "set `PointInTimeRecoverySpecification: {PointInTimeRecoveryEnabled: true}`";
                findings.push(recovery.finding(&POINT_IN_TIME, not_recoverable(recovery)).hint(hint));
            }
            let protection = resource.at("DeletionProtectionEnabled");
            if super::is_off(protection) {
                let message = format!(
                    "deletion protection is off ({}): the table can be deleted by mistake",
                    super::state(protection)
                );
                let hint = "set `DeletionProtectionEnabled: true`";
                findings.push(protection.finding(&DELETION_PROTECTION, message).hint(hint));
            }
        }
        "AWS::DynamoDB::GlobalTable" => {
            for replica in resource.at("Replicas").items() {
                let recovery = replica.at("PointInTimeRecoverySpecification/PointInTimeRecoveryEnabled");
                if super::is_off(recovery) {
                    let hint = "set `PointInTimeRecoverySpecification: {PointInTimeRecoveryEnabled: true}`";
                    findings.push(recovery.finding(&POINT_IN_TIME, not_recoverable(recovery)).hint(hint));
                }
            }
        }
        _ => {}
    }
}

fn not_recoverable(recovery: View<'_>) -> String {
    format!(
        "point-in-time recovery is off ({}): items that a faulty program overwrites are lost",
        super::state(recovery)
    )
}

/// Reports data that goes when the stack, or the resource in it, goes.
fn retained(resource: &Resource<'_>, findings: &mut Vec<Finding>) {
    if !STATEFUL.contains(&resource.type_name) {
        return;
    }
    // Who writes `Delete` has decided.
    let missing: Vec<&str> = ["DeletionPolicy", "UpdateReplacePolicy"]
        .into_iter()
        .filter(|name| resource.view.get(name).is_absent())
        .collect();
    let when = match missing.as_slice() {
        [] => return,
        ["DeletionPolicy"] => "removed from the stack",
        ["UpdateReplacePolicy"] => "replaced",
        _ => "removed from the stack or replaced",
    };
    let are = if missing.len() == 1 { "is" } else { "are" };
    let names = all_of(missing);
    let message = format!("{names} {are} absent: the data is deleted when the resource is {when}");
    let hint = format!("set {names} to `Retain`, or to `Delete` if it may go");
    findings.push(resource.finding(&RETAINED, message).hint(hint));
}

pub(crate) static RETAINED: Rule = Rule {
    id: "security/retained-data",
    severity: Severity::Info,
    statement: "resources that hold data have `DeletionPolicy` and `UpdateReplacePolicy`",
    why: "a renamed property replaces a table, and the default deletes the old one with all that was in it",
    page: "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-deletionpolicy.html",
    bad: r#"{"Resources": {"Videos": {"Type": "AWS::S3::Bucket", "DeletionPolicy": "Retain"}}}"#,
    good: r#"{"Resources": {"Videos": {"Type": "AWS::S3::Bucket",
        "DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}}}"#,
};

pub(crate) static POINT_IN_TIME: Rule = Rule {
    id: "security/point-in-time-recovery",
    severity: Severity::Warning,
    statement: "tables have point-in-time recovery",
    why: "programs destroy data more often than disks do",
    page: "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Point-in-time-recovery.html",
    bad: r#"{"Resources": {"Jobs": {"Type": "AWS::DynamoDB::Table", "Properties": {"BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}]}}}}"#,
    good: r#"{"Resources": {"Jobs": {"Type": "AWS::DynamoDB::Table", "Properties": {"BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": true},
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}]}}}}"#,
};

pub(crate) static DELETION_PROTECTION: Rule = Rule {
    id: "security/deletion-protection",
    severity: Severity::Info,
    statement: "tables, user pools, load balancers and single instances are protected from deletion",
    why: "it takes one wrong stack name, and what was deleted cannot be had back",
    page: "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/WorkingWithTables.Basics.html",
    bad: POINT_IN_TIME.good,
    good: r#"{"Resources": {"Jobs": {"Type": "AWS::DynamoDB::Table", "Properties": {"BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}], "DeletionProtectionEnabled": true,
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}]}}}}"#,
};
