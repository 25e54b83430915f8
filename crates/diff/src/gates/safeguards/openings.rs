//! Safeguards against those who should not get in, or see.
//!
//! The values that hold when a property is absent are those of the type's page in the CloudFormation template reference.

use super::Order::{Absent, Flags, Less, Level, More, Present, Ranked};
use super::{Order, Safeguard, levels};

pub(super) const TABLES: &[&[Safeguard]] = &[STORAGE, COMPUTE, DATABASES, MESSAGES, EDGE, OBSERVED, PEOPLE];

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
const OFF: Order = Ranked(&["false|", "true"]);
const BLOCKS: Order = Flags(&["BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"]);
const OWN_KEY: &str = "the data is no longer encrypted with a KMS key of your own, whose policy says who may read it";
const BY_OWN_KEY: &str = "it was";
const PLAIN: &str = "the data is no longer encrypted at rest";
const PUBLIC: &str = "it may be reached from the internet";

#[rustfmt::skip]
const STORAGE: &[Safeguard] = &[
    row("public-access-unblocked", &["AWS::S3::Bucket", "AWS::S3::AccessPoint"], "PublicAccessBlockConfiguration", BLOCKS,
        "a policy or an access control list may now open it to everybody ({now})", "that was blocked"),
    row("public-acl", &["AWS::S3::Bucket"], "AccessControl",
        Ranked(&["|Private|BucketOwnerRead|BucketOwnerFullControl|LogDeliveryWrite|AwsExecRead", "AuthenticatedRead", "PublicRead", "PublicReadWrite"]),
        "its access control list opens it ({now})", "it was {was}"),
    row("object-ownership", &["AWS::S3::Bucket"], "OwnershipControls/Rules/*/ObjectOwnership",
        Ranked(&["BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter"]),
        "access control lists of single objects count ({now})", "only policies did ({was})"),
    row("encryption-weakened", &["AWS::S3::Bucket"], "BucketEncryption", Level(levels::bucket_encryption),
        "objects are encrypted with {now}", "with {was}"),
    row("access-logging-off", &["AWS::S3::Bucket"], "LoggingConfiguration", Present,
        "nobody records who reads and writes objects", "access was logged"),
    row("encryption-weakened", &["AWS::EFS::FileSystem", "AWS::EC2::Volume"], "Encrypted", ON, PLAIN, BY_OWN_KEY),
    row("own-key-dropped", &["AWS::EFS::FileSystem", "AWS::EC2::Volume", "AWS::SecretsManager::Secret", "AWS::Logs::LogGroup",
        "AWS::FSx::FileSystem"], "KmsKeyId", Present, OWN_KEY, BY_OWN_KEY),
    row("encryption-weakened", &["AWS::ECR::Repository"], "EncryptionConfiguration/EncryptionType",
        Ranked(&["KMS_DSSE", "KMS", "AES256|"]), "images are encrypted with {now}", "with {was}"),
    row("image-tags-mutable", &["AWS::ECR::Repository"], "ImageTagMutability", Ranked(&["IMMUTABLE", "MUTABLE|"]),
        "whoever may push can put another image under a tag that is in use", "tags were immutable"),
    row("image-scanning-off", &["AWS::ECR::Repository"], "ImageScanningConfiguration/ScanOnPush", ON,
        "images are not scanned when they are pushed", "they were"),
];

#[rustfmt::skip]
const COMPUTE: &[Safeguard] = &[
    row("imds-v1", &["AWS::EC2::LaunchTemplate"], "LaunchTemplateData/MetadataOptions/HttpTokens", Ranked(&["required", "optional|"]),
        "instances give their role's credentials without a session token (IMDSv1), so that a request forged through an application reaches them",
        "a token was required"),
    row("imds-v1", &["AWS::EC2::Instance", "AWS::AutoScaling::LaunchConfiguration"], "MetadataOptions/HttpTokens", Ranked(&["required", "optional|"]),
        "the instance gives its role's credentials without a session token (IMDSv1), so that a request forged through an application reaches them",
        "a token was required"),
    row("imds-hops", &["AWS::EC2::LaunchTemplate"], "LaunchTemplateData/MetadataOptions/HttpPutResponseHopLimit", Less(1.0, "hops"),
        "credentials of instances can be had from {now} away, such as from containers", "from {was}"),
    row("imds-hops", &["AWS::EC2::Instance", "AWS::AutoScaling::LaunchConfiguration"], "MetadataOptions/HttpPutResponseHopLimit", Less(1.0, "hops"),
        "credentials of the instance can be had from {now} away, such as from containers", "from {was}"),
    row("public-address", &["AWS::EC2::LaunchTemplate"], "LaunchTemplateData/NetworkInterfaces/*/AssociatePublicIpAddress", Level(levels::public_address),
        "instances have public addresses", "they had none"),
    row("public-address", &["AWS::EC2::Instance"], "NetworkInterfaces/*/AssociatePublicIpAddress", Level(levels::public_address),
        "the instance has a public address", "it had none"),
    row("public-address", &["AWS::AutoScaling::LaunchConfiguration"], "AssociatePublicIpAddress", OFF,
        "instances have public addresses", "they had none"),
    row("public-address", &["AWS::EC2::Subnet"], "MapPublicIpOnLaunch", OFF,
        "instances in it get public addresses", "they got none"),
    row("public-address", &["AWS::ECS::Service"], "NetworkConfiguration/AwsvpcConfiguration/AssignPublicIp", Ranked(&["DISABLED|", "ENABLED"]),
        "tasks have public addresses", "they had none"),
    row("encryption-weakened", &["AWS::EC2::LaunchTemplate"], "LaunchTemplateData/BlockDeviceMappings/*/Ebs/Encrypted", ON,
        "a volume of the instances is not encrypted", "all were"),
    row("encryption-weakened", &["AWS::EC2::Instance", "AWS::AutoScaling::LaunchConfiguration"], "BlockDeviceMappings/*/Ebs/Encrypted", ON,
        "a volume of the instance is not encrypted", "all were"),
    row("own-key-dropped", &["AWS::EC2::LaunchTemplate"], "LaunchTemplateData/BlockDeviceMappings/*/Ebs/KmsKeyId", Present, OWN_KEY, BY_OWN_KEY),
    row("function-url-open", &["AWS::Lambda::Url"], "AuthType", Ranked(&["AWS_IAM", "NONE"]),
        "anybody on the internet may call the function", "only who may lambda:InvokeFunctionUrl"),
    row("cors-open", &["AWS::Lambda::Url"], "Cors/AllowOrigins", Level(levels::url_origins),
        "pages of {now} may call the function from a browser", "of {was}"),
    row("own-key-dropped", &["AWS::Lambda::Function", "AWS::Scheduler::Schedule"], "KmsKeyArn", Present, OWN_KEY, BY_OWN_KEY),
    row("code-signing-off", &["AWS::Lambda::Function"], "CodeSigningConfigArn", Present,
        "code that nobody signed may be deployed to it", "it had to be signed"),
    row("container-privileged", &["AWS::ECS::TaskDefinition"], "ContainerDefinitions/*/Privileged", OFF,
        "a container is root on its host", "none was"),
    row("container-writable", &["AWS::ECS::TaskDefinition"], "ContainerDefinitions/*/ReadonlyRootFilesystem", ON,
        "a container may change its own files", "none might"),
    row("remote-commands", &["AWS::ECS::Service"], "EnableExecuteCommand", OFF,
        "commands may be run inside of its containers", "none might"),
    row("public-endpoint", &["AWS::EKS::Cluster"], "ResourcesVpcConfig/EndpointPublicAccess", Ranked(&["false", "true|"]), PUBLIC, "only from the network"),
    row("direct-internet", &["AWS::SageMaker::NotebookInstance"], "DirectInternetAccess", Ranked(&["Disabled", "Enabled|"]),
        "it reaches the internet by a way that the network does not see", "only through the network"),
];

#[rustfmt::skip]
const DATABASES: &[Safeguard] = &[
    row("encryption-weakened", &["AWS::RDS::DBInstance", "AWS::RDS::DBCluster", "AWS::DocDB::DBCluster", "AWS::Neptune::DBCluster"],
        "StorageEncrypted", ON, PLAIN, BY_OWN_KEY),
    row("own-key-dropped", &["AWS::RDS::DBInstance", "AWS::RDS::DBCluster", "AWS::DocDB::DBCluster", "AWS::Neptune::DBCluster",
        "AWS::Redshift::Cluster", "AWS::ElastiCache::ReplicationGroup"], "KmsKeyId", Present, OWN_KEY, BY_OWN_KEY),
    row("public-endpoint", &["AWS::RDS::DBInstance", "AWS::RDS::DBCluster", "AWS::Redshift::Cluster"], "PubliclyAccessible", OFF, PUBLIC, "only from the network"),
    row("encryption-weakened", &["AWS::Redshift::Cluster"], "Encrypted", ON, PLAIN, BY_OWN_KEY),
    row("encryption-weakened", &["AWS::ElastiCache::ReplicationGroup"], "AtRestEncryptionEnabled", ON, PLAIN, BY_OWN_KEY),
    row("tls-weakened", &["AWS::ElastiCache::ReplicationGroup"], "TransitEncryptionEnabled", ON,
        "data passes the network in plain text", "it was encrypted"),
    row("authentication-weakened", &["AWS::ElastiCache::ReplicationGroup"], "AuthToken", Present,
        "no token is needed to connect", "one was"),
    row("encryption-weakened", &["AWS::DynamoDB::Table"], "SSESpecification/SSEEnabled", ON,
        "items are encrypted with a key of DynamoDB, whose use nobody sees", "with a KMS key"),
    row("own-key-dropped", &["AWS::DynamoDB::Table"], "SSESpecification/KMSMasterKeyId", Present, OWN_KEY, BY_OWN_KEY),
    row("encryption-weakened", &["AWS::OpenSearchService::Domain"], "EncryptionAtRestOptions/Enabled", ON, PLAIN, BY_OWN_KEY),
    row("tls-weakened", &["AWS::OpenSearchService::Domain"], "NodeToNodeEncryptionOptions/Enabled", ON,
        "data passes between nodes in plain text", "it was encrypted"),
    row("tls-weakened", &["AWS::OpenSearchService::Domain"], "DomainEndpointOptions/EnforceHTTPS", ON,
        "requests may come in plain text", "only by HTTPS"),
    row("tls-weakened", &["AWS::OpenSearchService::Domain"], "DomainEndpointOptions/TLSSecurityPolicy",
        Ranked(&["Policy-Min-TLS-1-2-PFS-2023-10", "Policy-Min-TLS-1-2-2019-07", "Policy-Min-TLS-1-0-2019-07|"]),
        "clients may use {now}", "at least {was}"),
];

#[rustfmt::skip]
const MESSAGES: &[Safeguard] = &[
    row("encryption-weakened", &["AWS::SQS::Queue"], "KmsMasterKeyId", Level(levels::queue_encryption),
        "messages are encrypted with {now}", "with {was}"),
    row("encryption-weakened", &["AWS::SNS::Topic"], "KmsMasterKeyId", Present, "messages are not encrypted with a KMS key", "they were"),
    row("encryption-weakened", &["AWS::Kinesis::Stream"], "StreamEncryption", Present, PLAIN, BY_OWN_KEY),
    row("tls-weakened", &["AWS::MSK::Cluster"], "EncryptionInfo/EncryptionInTransit/ClientBroker", Ranked(&["TLS|", "TLS_PLAINTEXT", "PLAINTEXT"]),
        "data may pass the network in plain text", "only encrypted"),
    row("encryption-weakened", &["AWS::StepFunctions::StateMachine"], "EncryptionConfiguration/Type",
        Ranked(&["CUSTOMER_MANAGED_KMS_KEY", "AWS_OWNED_KEY|"]), "executions are encrypted with {now}", "with {was}"),
    row("key-rotation-off", &["AWS::KMS::Key"], "EnableKeyRotation", ON, "its material stays the same for ever", "it was rotated"),
    row("key-rotation-slower", &["AWS::KMS::Key"], "RotationPeriodInDays", Less(365.0, "days"),
        "its material is rotated every {now}", "every {was}"),
];

const VIEWERS_TLS: Order = Ranked(&[
    "TLSv1.3_2025",
    "TLSv1.2_2025",
    "TLSv1.2_2021",
    "TLSv1.2_2019",
    "TLSv1.2_2018",
    "TLSv1.1_2016",
    "TLSv1_2016",
    "TLSv1|",
    "SSLv3",
]);

#[rustfmt::skip]
const EDGE: &[Safeguard] = &[
    row("tls-weakened", &["AWS::CloudFront::Distribution"], "DistributionConfig/ViewerCertificate/MinimumProtocolVersion", VIEWERS_TLS,
        "viewers may use {now}", "at least {was}"),
    row("tls-weakened", &["AWS::CloudFront::Distribution"], "DistributionConfig/DefaultCacheBehavior/ViewerProtocolPolicy",
        Ranked(&["https-only|redirect-to-https", "allow-all"]), "viewers may use plain HTTP", "only HTTPS"),
    row("tls-weakened", &["AWS::CloudFront::Distribution"], "DistributionConfig/CacheBehaviors/*/ViewerProtocolPolicy",
        Ranked(&["https-only|redirect-to-https", "allow-all"]), "viewers may use plain HTTP", "only HTTPS"),
    row("tls-weakened", &["AWS::CloudFront::Distribution"], "DistributionConfig/Origins/*/CustomOriginConfig/OriginProtocolPolicy",
        Ranked(&["https-only|", "match-viewer", "http-only"]), "origins are asked by plain HTTP", "only by HTTPS"),
    row("access-logging-off", &["AWS::CloudFront::Distribution"], "DistributionConfig/Logging", Present,
        "nobody records the viewers' requests", "they were logged"),
    row("firewall-removed", &["AWS::CloudFront::Distribution"], "DistributionConfig/WebACLId", Present,
        "no web application firewall looks at requests", "one did"),
    row("signatures-not-needed", &["AWS::CloudFront::Distribution"], "DistributionConfig/DefaultCacheBehavior/TrustedKeyGroups", Present,
        "viewers need no signed address or cookie", "they did"),
    row("origin-access-open", &["AWS::CloudFront::Distribution"], "DistributionConfig/Origins/*/OriginAccessControlId", Present,
        "requests to an origin are not signed, so that it has to be open to others", "they were"),
    row("tls-weakened", &["AWS::ElasticLoadBalancingV2::Listener"], "SslPolicy", Level(levels::listener_tls),
        "clients may use {now}", "at least {was}"),
    row("internet-facing", &["AWS::ElasticLoadBalancingV2::LoadBalancer"], "Scheme", Ranked(&["internal", "internet-facing|"]), PUBLIC, "only from the network"),
    row("access-logging-off", &["AWS::ElasticLoadBalancingV2::LoadBalancer"], "LoadBalancerAttributes/*[Key=access_logs.s3.enabled]/Value", ON,
        "nobody records requests", "they were logged"),
    row("headers-not-dropped", &["AWS::ElasticLoadBalancingV2::LoadBalancer"],
        "LoadBalancerAttributes/*[Key=routing.http.drop_invalid_header_fields.enabled]/Value", ON,
        "invalid headers are passed on to targets", "they were dropped"),
    row("authentication-weakened", &["AWS::ApiGateway::Method"], "AuthorizationType",
        Ranked(&["AWS_IAM|COGNITO_USER_POOLS|CUSTOM", "NONE|"]), "anybody may call it", "only who {was} lets in"),
    row("authentication-weakened", &["AWS::ApiGatewayV2::Route"], "AuthorizationType", Ranked(&["AWS_IAM|JWT|CUSTOM", "NONE|"]),
        "anybody may call it", "only who {was} lets in"),
    row("tls-weakened", &["AWS::ApiGateway::DomainName"], "SecurityPolicy", Ranked(&["TLS_1_2", "TLS_1_0|"]), "clients may use {now}", "at least {was}"),
    row("access-logging-off", &["AWS::ApiGateway::Stage"], "AccessLogSetting", Present, "nobody records requests", "they were logged"),
    row("access-logging-off", &["AWS::ApiGatewayV2::Stage"], "AccessLogSettings", Present, "nobody records requests", "they were logged"),
    row("geography-unrestricted", &["AWS::CloudFront::Distribution"], "DistributionConfig/Restrictions/GeoRestriction/RestrictionType",
        Ranked(&["whitelist|blacklist", "none|"]), "viewers of every country are let in", "some were not"),
    row("shared-outside", &["AWS::RAM::ResourceShare"], "AllowExternalPrincipals", Ranked(&["false", "true|"]),
        "it may be shared with accounts outside of the organization", "only within"),
    row("auto-accept", &["AWS::EC2::TransitGateway"], "AutoAcceptSharedAttachments", Ranked(&["disable|", "enable"]),
        "other accounts may attach their networks unasked", "each one had to be accepted"),
];

#[rustfmt::skip]
const OBSERVED: &[Safeguard] = &[
    row("logging-weakened", &["AWS::StepFunctions::StateMachine"], "LoggingConfiguration/Level", Ranked(&["ALL", "ERROR", "FATAL", "OFF|"]),
        "executions log {now}", "they logged {was}"),
    row("trail-weakened", &["AWS::CloudTrail::Trail"], "IsLogging", Ranked(&["true", "false"]), "nobody records what is done in the account", "it was recorded"),
    row("trail-weakened", &["AWS::CloudTrail::Trail"], "IsMultiRegionTrail", ON, "what is done in other regions is not recorded", "it was"),
    row("trail-weakened", &["AWS::CloudTrail::Trail"], "EnableLogFileValidation", ON, "a change of the records is not noticed", "it was"),
    row("own-key-dropped", &["AWS::CloudTrail::Trail"], "KMSKeyId", Present, OWN_KEY, BY_OWN_KEY),
    row("trail-weakened", &["AWS::CloudTrail::Trail"], "CloudWatchLogsLogGroupArn", Present, "alarms no longer see what is recorded", "they did"),
    row("detector-off", &["AWS::GuardDuty::Detector"], "Enable", Ranked(&["true", "false"]), "nobody looks for intruders", "GuardDuty did"),
    row("masking-off", &["AWS::Logs::LogGroup"], "DataProtectionPolicy", Present, "sensitive values in log events are no longer masked", "they were"),
];

#[rustfmt::skip]
const PEOPLE: &[Safeguard] = &[
    row("mfa-weakened", &["AWS::Cognito::UserPool"], "MfaConfiguration", Ranked(&["ON", "OPTIONAL", "OFF|"]),
        "users may sign in with a password alone", "a second factor was {was}"),
    row("password-weakened", &["AWS::Cognito::UserPool"], "Policies/PasswordPolicy/MinimumLength", More(8.0, "characters"),
        "passwords may have {now}", "at least {was}"),
    row("password-weakened", &["AWS::Cognito::UserPool"], "Policies/PasswordPolicy",
        Flags(&["RequireLowercase", "RequireNumbers", "RequireSymbols", "RequireUppercase"]), "passwords may be simpler ({now})", "{was}"),
    row("threat-protection-weakened", &["AWS::Cognito::UserPool"], "UserPoolAddOns/AdvancedSecurityMode", Ranked(&["ENFORCED", "AUDIT", "OFF|"]),
        "suspicious sign-ins are not stopped ({now})", "{was}"),
    row("sign-up-open", &["AWS::Cognito::UserPool"], "AdminCreateUserConfig/AllowAdminCreateUserOnly", ON,
        "anybody may make a user for themselves", "only administrators"),
    row("guests-let-in", &["AWS::Cognito::IdentityPool"], "AllowUnauthenticatedIdentities", OFF,
        "whoever has not signed in gets credentials of the guests' role", "nobody did"),
    row("user-existence-told", &["AWS::Cognito::UserPoolClient"], "PreventUserExistenceErrors", Ranked(&["ENABLED", "LEGACY|"]),
        "errors tell whether a user exists", "they did not"),
    row("password-login", &["AWS::IAM::User"], "LoginProfile", Absent, "the user may sign in to the console with a password", "not at all"),
];
