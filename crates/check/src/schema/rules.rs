//! The rules that provider schemas stand for.

use tree::Severity;

use crate::rule::Rule;

/// The weight of a value of the wrong kind: nothing of it fits.
pub(super) const MISTYPED: u32 = 100;
/// The weight of a property that is not there.
pub(super) const ABSENT: u32 = 2;

pub(crate) static RESOURCE_TYPE: Rule = Rule {
    id: "schema/resource-type",
    severity: Severity::Error,
    statement: "a resource has a type that exists",
    why: "CloudFormation refuses the template: `Unrecognized resource types`",
    page: "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html",
    bad: r#"{"Resources": {"Topic": {"Type": "AWS::SNS::Topics"}}}"#,
    good: r#"{"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}"#,
};

pub(crate) static UNKNOWN_PROPERTY: Rule = Rule {
    id: "schema/unknown-property",
    severity: Severity::Error,
    statement: "a resource has only properties that its type knows",
    why: "CloudFormation refuses the resource when it comes to making it",
    page: "https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html",
    bad: r#"{"Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicNam": "done"}}}}"#,
    good: r#"{"Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "done"}}}}"#,
};

pub(crate) static REQUIRED: Rule = Rule {
    id: "schema/required",
    severity: Severity::Error,
    statement: "a property that a resource cannot do without is given, whatever the conditions are",
    why: "CloudFormation refuses the resource when it comes to making it",
    page: "https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html",
    bad: r#"{"Resources": {"Read": {"Type": "AWS::SQS::QueuePolicy", "Properties": {"Queues": ["https://queue"]}}}}"#,
    good: r#"{"Resources": {"Read": {"Type": "AWS::SQS::QueuePolicy", "Properties": {"Queues": ["https://queue"],
        "PolicyDocument": {"Statement": []}}}}}"#,
};

pub(crate) static TYPE: Rule = Rule {
    id: "schema/type",
    severity: Severity::Error,
    statement: "a property is of the kind that it must be, or can be converted",
    why: "CloudFormation refuses the resource; it converts only between strings, numbers and booleans",
    page: "https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html",
    bad: r#"{"Resources": {"Queue": {"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeout": "two minutes"}}}}"#,
    good: r#"{"Resources": {"Queue": {"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeout": "120"}}}}"#,
};

pub(crate) static ENUM: Rule = Rule {
    id: "schema/enum",
    severity: Severity::Error,
    statement: "a property with a fixed set of values has one of them",
    why: "the service refuses other words, mostly in the middle of a deployment",
    page: "https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html",
    bad: r#"{"Resources": {"Bucket": {"Type": "AWS::S3::Bucket", "Properties": {
        "VersioningConfiguration": {"Status": "enabled"}}}}}"#,
    good: r#"{"Resources": {"Bucket": {"Type": "AWS::S3::Bucket", "Properties": {
        "VersioningConfiguration": {"Status": "Enabled"}}}}}"#,
};

pub(crate) static PATTERN: Rule = Rule {
    id: "schema/pattern",
    severity: Severity::Error,
    statement: "a text has the form that its pattern describes",
    why: "the service refuses it, mostly in the middle of a deployment",
    page: "https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html",
    bad: r#"{"Resources": {"Alias": {"Type": "AWS::KMS::Alias", "Properties": {
        "AliasName": "videos", "TargetKeyId": "1234abcd-12ab-34cd-56ef-1234567890ab"}}}}"#,
    good: r#"{"Resources": {"Alias": {"Type": "AWS::KMS::Alias", "Properties": {
        "AliasName": "alias/videos", "TargetKeyId": "1234abcd-12ab-34cd-56ef-1234567890ab"}}}}"#,
};

pub(crate) static LENGTH: Rule = Rule {
    id: "schema/length",
    severity: Severity::Error,
    statement: "a text is neither too short nor too long",
    why: "the service refuses it, mostly in the middle of a deployment",
    page: "https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html",
    bad: r#"{"Resources": {"Alias": {"Type": "AWS::KMS::Alias", "Properties": {
        "AliasName": "alias/videos", "TargetKeyId": ""}}}}"#,
    good: r#"{"Resources": {"Alias": {"Type": "AWS::KMS::Alias", "Properties": {
        "AliasName": "alias/videos", "TargetKeyId": "1234abcd-12ab-34cd-56ef-1234567890ab"}}}}"#,
};

pub(crate) static RANGE: Rule = Rule {
    id: "schema/range",
    severity: Severity::Error,
    statement: "a number is within the limits of its property",
    why: "the service refuses it, mostly in the middle of a deployment",
    page: "https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html",
    bad: r#"{"Resources": {"Key": {"Type": "AWS::KMS::Key", "Properties": {"PendingWindowInDays": 3}}}}"#,
    good: r#"{"Resources": {"Key": {"Type": "AWS::KMS::Key", "Properties": {"PendingWindowInDays": 7}}}}"#,
};

pub(crate) static ITEMS: Rule = Rule {
    id: "schema/items",
    severity: Severity::Error,
    statement: "a list or an object has neither too few nor too many parts",
    why: "the service refuses it, mostly in the middle of a deployment",
    page: "https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html",
    bad: r#"{"Resources": {"Profile": {"Type": "AWS::IAM::InstanceProfile", "Properties": {"Roles": ["one", "two"]}}}}"#,
    good: r#"{"Resources": {"Profile": {"Type": "AWS::IAM::InstanceProfile", "Properties": {"Roles": ["one"]}}}}"#,
};

pub(crate) static UNIQUE: Rule = Rule {
    id: "schema/unique",
    severity: Severity::Error,
    statement: "a list of different things has nothing twice",
    why: "CloudFormation refuses the resource",
    page: "https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html",
    bad: r#"{"Resources": {"Rule": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {},
        "ManagedPolicyArns": ["arn:aws:iam::aws:policy/Read", "arn:aws:iam::aws:policy/Read"]}}}}"#,
    good: r#"{"Resources": {"Rule": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {},
        "ManagedPolicyArns": ["arn:aws:iam::aws:policy/Read"]}}}}"#,
};

pub(crate) static IDENTIFIER: Rule = Rule {
    id: "schema/identifier",
    severity: Severity::Error,
    statement: "two resources of one type differ in what identifies them",
    why: "the second one fails because it exists already, or silently replaces the first",
    page: "https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html",
    bad: r#"{"Resources": {
        "One": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/videos"}},
        "Two": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/videos"}}}}"#,
    good: r#"{"Resources": {
        "One": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/videos/one"}},
        "Two": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/videos/two"}}}}"#,
};

pub(crate) static READ_ONLY: Rule = Rule {
    id: "schema/read-only",
    severity: Severity::Error,
    statement: "what AWS sets is not given",
    why: "the value is ignored or refused, and the stack drifts from its template",
    page: "https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html",
    bad: r#"{"Resources": {"Queue": {"Type": "AWS::SQS::Queue", "Properties": {"Arn": "arn:aws:sqs:eu-west-1:1:q"}}}}"#,
    good: r#"{"Resources": {"Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "q"}}}}"#,
};

pub(crate) static EXCLUSIVE: Rule = Rule {
    id: "schema/exclusive",
    severity: Severity::Error,
    statement: "properties that exclude each other are not given together",
    why: "the service refuses both, or silently takes one",
    page: "https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html",
    bad: r#"{"Resources": {"Rule": {"Type": "AWS::CloudWatch::Alarm", "Properties": {
        "ComparisonOperator": "GreaterThanThreshold", "EvaluationPeriods": 1, "Threshold": 1, "Namespace": "AWS/SQS",
        "MetricName": "NumberOfMessagesSent", "Period": 60, "Statistic": "Sum", "ExtendedStatistic": "p99"}}}}"#,
    good: r#"{"Resources": {"Rule": {"Type": "AWS::CloudWatch::Alarm", "Properties": {
        "ComparisonOperator": "GreaterThanThreshold", "EvaluationPeriods": 1, "Threshold": 1, "Namespace": "AWS/SQS",
        "MetricName": "NumberOfMessagesSent", "Period": 60, "Statistic": "Sum"}}}}"#,
};

pub(crate) static TOGETHER: Rule = Rule {
    id: "schema/together",
    severity: Severity::Error,
    statement: "properties that need others come with them",
    why: "the service refuses the one without the other",
    page: "https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html",
    bad: r#"{"Resources": {"Table": {"Type": "AWS::DynamoDB::Table", "Properties": {"BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "SSESpecification": {"SSEEnabled": true, "KMSMasterKeyId": "alias/videos"}}}}}"#,
    good: r#"{"Resources": {"Table": {"Type": "AWS::DynamoDB::Table", "Properties": {"BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "SSESpecification": {"SSEEnabled": true, "SSEType": "KMS", "KMSMasterKeyId": "alias/videos"}}}}}"#,
};

pub(crate) static ONE_OF: Rule = Rule {
    id: "schema/one-of",
    severity: Severity::Error,
    statement: "where one of several properties is needed, one is given",
    why: "the service refuses the resource without it",
    page: "https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html",
    bad: r#"{"Resources": {"Rule": {"Type": "AWS::Events::Rule", "Properties": {"Name": "uploads"}}}}"#,
    good: r#"{"Resources": {"Rule": {"Type": "AWS::Events::Rule", "Properties": {"Name": "uploads",
        "EventPattern": {"source": ["aws.s3"]}}}}}"#,
};

pub(crate) static CHOICE: Rule = Rule {
    id: "schema/form",
    severity: Severity::Error,
    statement: "a property that may take several forms has one of them",
    why: "the service refuses anything else",
    page: "https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html",
    bad: r#"{"Resources": {"Group": {"Type": "AWS::AIOps::InvestigationGroup", "Properties": {"Name": "videos",
        "EncryptionConfig": {"KmsKeyId": "no key"}}}}}"#,
    good: r#"{"Resources": {"Group": {"Type": "AWS::AIOps::InvestigationGroup", "Properties": {"Name": "videos",
        "EncryptionConfig": {
            "KmsKeyId": "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"}}}}}"#,
};

pub(crate) static REFERENCE: Rule = Rule {
    id: "schema/reference",
    severity: Severity::Error,
    statement: "a reference gives the kind of id or ARN that its property wants",
    why: "the service finds nothing by the id of something else, when the stack is half made",
    page: "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-ref.html",
    bad: r#"{"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}, "Subnet": {"Type": "AWS::EC2::Subnet",
        "Properties": {"CidrBlock": "10.0.1.0/24", "VpcId": {"Ref": "Topic"}}}}}"#,
    good: r#"{"Resources": {"Network": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}},
        "Subnet": {"Type": "AWS::EC2::Subnet", "Properties": {"CidrBlock": "10.0.1.0/24", "VpcId": {"Ref": "Network"}}}}}"#,
};
