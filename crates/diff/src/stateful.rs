//! Which resources hold something that cannot be made again.

/// Names what a resource of this type holds that is gone with it, such as `objects`; nothing if it can be made again.
///
/// These are the types whose documentation says that deletion removes what users stored there, together with those
/// that have a key, an address or an identity that others rely on and that no template brings back.
pub fn holds(resource_type: &str) -> Option<&'static str> {
    let holding = HOLDINGS.binary_search_by_key(&resource_type, |(name, _)| name).ok()?;
    HOLDINGS.get(holding).map(|(_, what)| *what)
}

const HOLDINGS: &[(&str, &str)] = &[
    ("AWS::APS::Workspace", "metrics"),
    ("AWS::Backup::BackupVault", "backups"),
    ("AWS::Backup::LogicallyAirGappedBackupVault", "backups"),
    ("AWS::Cassandra::Keyspace", "tables"),
    ("AWS::Cassandra::Table", "rows"),
    ("AWS::CertificateManager::Certificate", "a validated certificate"),
    ("AWS::CloudTrail::EventDataStore", "events"),
    ("AWS::CodeCommit::Repository", "commits"),
    ("AWS::Cognito::IdentityPool", "identities"),
    ("AWS::Cognito::UserPool", "users"),
    ("AWS::DAX::Cluster", "cached items"),
    ("AWS::DSQL::Cluster", "data"),
    ("AWS::DocDB::DBCluster", "data"),
    ("AWS::DocDB::DBInstance", "data"),
    ("AWS::DynamoDB::GlobalTable", "items"),
    ("AWS::DynamoDB::Table", "items"),
    ("AWS::EC2::EIP", "a public address"),
    ("AWS::EC2::Volume", "data"),
    ("AWS::ECR::PublicRepository", "images"),
    ("AWS::ECR::Repository", "images"),
    ("AWS::EFS::FileSystem", "files"),
    ("AWS::ElastiCache::CacheCluster", "data"),
    ("AWS::ElastiCache::ReplicationGroup", "data"),
    ("AWS::ElastiCache::ServerlessCache", "data"),
    ("AWS::Elasticsearch::Domain", "documents"),
    ("AWS::FSx::FileSystem", "files"),
    ("AWS::FSx::Volume", "files"),
    ("AWS::HealthLake::FHIRDatastore", "records"),
    ("AWS::KMS::Key", "the key to encrypted data"),
    ("AWS::KMS::ReplicaKey", "the key to encrypted data"),
    ("AWS::Kinesis::Stream", "records"),
    ("AWS::Lightsail::Bucket", "objects"),
    ("AWS::Lightsail::Database", "data"),
    ("AWS::Lightsail::Disk", "data"),
    ("AWS::Logs::LogGroup", "logs"),
    ("AWS::MSK::Cluster", "records"),
    ("AWS::MSK::ServerlessCluster", "records"),
    ("AWS::MemoryDB::Cluster", "data"),
    ("AWS::Neptune::DBCluster", "data"),
    ("AWS::Neptune::DBInstance", "data"),
    ("AWS::NeptuneGraph::Graph", "data"),
    ("AWS::OpenSearchServerless::Collection", "documents"),
    ("AWS::OpenSearchService::Domain", "documents"),
    ("AWS::QLDB::Ledger", "records"),
    ("AWS::RDS::DBCluster", "data"),
    ("AWS::RDS::DBInstance", "data"),
    ("AWS::RDS::GlobalCluster", "data"),
    ("AWS::Redshift::Cluster", "data"),
    ("AWS::RedshiftServerless::Namespace", "data"),
    ("AWS::Route53::HostedZone", "name servers that a registrar points to"),
    ("AWS::S3::Bucket", "objects"),
    ("AWS::S3Express::DirectoryBucket", "objects"),
    ("AWS::S3Tables::Table", "rows"),
    ("AWS::S3Tables::TableBucket", "tables"),
    ("AWS::S3Vectors::Index", "vectors"),
    ("AWS::S3Vectors::VectorBucket", "vectors"),
    ("AWS::SDB::Domain", "items"),
    ("AWS::SQS::Queue", "messages"),
    ("AWS::SecretsManager::Secret", "a secret"),
    ("AWS::Timestream::Database", "records"),
    ("AWS::Timestream::InfluxDBCluster", "data"),
    ("AWS::Timestream::InfluxDBInstance", "data"),
    ("AWS::Timestream::Table", "records"),
    ("AWS::WorkSpaces::Workspace", "a user's files"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_can_be_searched_by_halving_and_names_types_that_exist() {
        assert!(HOLDINGS.is_sorted_by_key(|(name, _)| name));
        let unknown: Vec<_> = HOLDINGS.iter().filter(|(name, _)| !schemas::exists(name)).collect();
        assert!(unknown.is_empty(), "{unknown:?}");
    }
}
