//! Safeguards against loss of data.
//!
//! The values that hold when a property is absent are those of the type's page in the CloudFormation template reference.

use super::Order::{Absent, Level, More, Present, Ranked};
use super::{Order, Safeguard, levels};

pub(super) const TABLES: &[&[Safeguard]] = &[KEPT, RECOVERED, PROTECTED];

const fn row(
    kind: &'static str,
    types: &'static [&'static str],
    path: &'static str,
    order: Order,
    now: &'static str,
    before: &'static str,
) -> Safeguard {
    Safeguard { kind, types, path, order, now, before }
}

const ON: Order = Ranked(&["true", "false|"]);
const FOR_EVER: f64 = f64::INFINITY;

#[rustfmt::skip]
const KEPT: &[Safeguard] = &[
    row("retention-shortened", &["AWS::Logs::LogGroup"], "RetentionInDays", More(FOR_EVER, "days"), "log events are kept for {now}", "for {was}"),
    row("retention-shortened", &["AWS::SQS::Queue"], "MessageRetentionPeriod", More(345_600.0, "seconds"),
        "messages that nobody takes are kept for {now}", "for {was}"),
    row("dead-letters-dropped", &["AWS::SQS::Queue"], "RedrivePolicy", Present,
        "messages that cannot be handled are lost when their time is up", "they went to another queue"),
    row("retention-shortened", &["AWS::Kinesis::Stream"], "RetentionPeriodHours", More(24.0, "hours"), "records are kept for {now}", "for {was}"),
    row("retention-shortened", &["AWS::Events::Archive"], "RetentionDays", More(FOR_EVER, "days"), "events are kept for {now}", "for {was}"),
    row("retention-shortened", &["AWS::CloudTrail::EventDataStore"], "RetentionPeriod", More(2_557.0, "days"), "events are kept for {now}", "for {was}"),
    row("retention-shortened", &["AWS::Backup::BackupPlan"], "BackupPlan/BackupPlanRule/*/Lifecycle/DeleteAfterDays", More(FOR_EVER, "days"),
        "backups are kept for {now}", "for {was}"),
    row("archive-removed", &["AWS::SNS::Topic"], "ArchivePolicy", Present, "messages can no longer be replayed", "they were kept"),
    row("images-expire", &["AWS::ECR::Repository"], "LifecyclePolicy", Absent, "images are deleted by a lifecycle policy", "they were kept"),
];

#[rustfmt::skip]
const RECOVERED: &[Safeguard] = &[
    row("versioning-suspended", &["AWS::S3::Bucket"], "VersioningConfiguration/Status", Ranked(&["Enabled", "Suspended|"]),
        "objects that are overwritten or deleted are gone", "their former versions were kept"),
    row("replication-removed", &["AWS::S3::Bucket"], "ReplicationConfiguration", Present, "there is no copy in another bucket of new objects", "there was one"),
    row("recovery-off", &["AWS::DynamoDB::Table"], "PointInTimeRecoverySpecification/PointInTimeRecoveryEnabled", ON,
        "the table cannot be restored to a point in time", "it could"),
    row("recovery-shortened", &["AWS::DynamoDB::Table"], "PointInTimeRecoverySpecification/RecoveryPeriodInDays", More(35.0, "days"),
        "the table can be restored to the last {now}", "to {was}"),
    row("recovery-off", &["AWS::DynamoDB::GlobalTable"], "Replicas/*/PointInTimeRecoverySpecification/PointInTimeRecoveryEnabled", ON,
        "a replica cannot be restored to a point in time", "each one could"),
    row("backups-shortened", &["AWS::RDS::DBInstance", "AWS::RDS::DBCluster", "AWS::DocDB::DBCluster", "AWS::Neptune::DBCluster"],
        "BackupRetentionPeriod", More(1.0, "days"), "backups are kept for {now}", "for {was}"),
    row("backups-deleted-with", &["AWS::RDS::DBInstance", "AWS::RDS::DBCluster"], "DeleteAutomatedBackups", Ranked(&["false", "true|"]),
        "backups are deleted with the database", "they were kept"),
    row("backups-shortened", &["AWS::Redshift::Cluster"], "AutomatedSnapshotRetentionPeriod", More(1.0, "days"), "snapshots are kept for {now}", "for {was}"),
    row("backups-shortened", &["AWS::ElastiCache::ReplicationGroup", "AWS::MemoryDB::Cluster"], "SnapshotRetentionLimit", More(0.0, "days"),
        "snapshots are kept for {now}", "for {was}"),
    row("backups-off", &["AWS::EFS::FileSystem"], "BackupPolicy/Status", Ranked(&["ENABLED", "DISABLED|"]), "files are not backed up", "they were"),
];

#[rustfmt::skip]
const PROTECTED: &[Safeguard] = &[
    row("deletion-protection-off", &["AWS::DynamoDB::Table"], "DeletionProtectionEnabled", ON, "it can be deleted", "that was refused"),
    row("deletion-protection-off", &["AWS::RDS::DBInstance", "AWS::RDS::DBCluster", "AWS::RDS::GlobalCluster", "AWS::DocDB::DBCluster",
        "AWS::Neptune::DBCluster", "AWS::QLDB::Ledger"], "DeletionProtection", ON, "it can be deleted", "that was refused"),
    row("deletion-protection-off", &["AWS::Cognito::UserPool"], "DeletionProtection", Ranked(&["ACTIVE", "INACTIVE|"]),
        "it can be deleted", "that was refused"),
    row("deletion-protection-off", &["AWS::ElasticLoadBalancingV2::LoadBalancer"], "LoadBalancerAttributes/*[Key=deletion_protection.enabled]/Value", ON,
        "it can be deleted", "that was refused"),
    row("deletion-protection-off", &["AWS::CloudTrail::EventDataStore"], "TerminationProtectionEnabled", Ranked(&["true|", "false"]),
        "it can be deleted", "that was refused"),
    row("deletion-protection-off", &["AWS::Logs::LogGroup"], "DeletionProtectionEnabled", ON, "it can be deleted", "that was refused"),
    row("object-lock-weakened", &["AWS::S3::Bucket"], "ObjectLockConfiguration/Rule/DefaultRetention/Mode",
        Ranked(&["COMPLIANCE", "GOVERNANCE", ""]), "locked objects can be deleted by more people ({now})", "{was}"),
    row("object-lock-weakened", &["AWS::S3::Bucket"], "ObjectLockConfiguration/Rule/DefaultRetention", Level(levels::lock_retention),
        "new objects can be deleted after {now}", "after {was}"),
    row("vault-unlocked", &["AWS::Backup::BackupVault"], "LockConfiguration", Present, "backups can be deleted before their time", "that was refused"),
    row("key-gone-sooner", &["AWS::KMS::Key"], "PendingWindowInDays", More(30.0, "days"),
        "a deleted key is gone, and what it encrypted, after {now}", "after {was}"),
    row("key-disabled", &["AWS::KMS::Key"], "Enabled", Ranked(&["true|", "false"]), "what it encrypted cannot be read", "it could"),
];
