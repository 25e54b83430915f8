//! Resources against the schemas of their types.

use serde_json::{Value, json};

use super::{NOTHING, findings, of_resource, with_resource};

#[test]
fn strings_numbers_and_booleans_are_converted() {
    let queue = |properties| of_resource("AWS::SQS::Queue", properties);
    assert_eq!(
        queue(json!({"VisibilityTimeout": "120", "DelaySeconds": 5.0, "QueueName": 7, "SqsManagedSseEnabled": "true"})),
        NOTHING
    );
    assert_eq!(
        queue(json!({"VisibilityTimeout": "two", "DelaySeconds": 1.5, "FifoQueue": "maybe", "QueueName": ["a"]})),
        [
            "schema/type Resources/It/Properties/VisibilityTimeout: `VisibilityTimeout` is `two` (a string), but must be an integer",
            "schema/type Resources/It/Properties/DelaySeconds: `DelaySeconds` is `1.5` (a number), but must be an integer",
            "schema/type Resources/It/Properties/FifoQueue: `FifoQueue` is `maybe` (a string), but must be `true` or `false`",
            "schema/type Resources/It/Properties/QueueName: `QueueName` is a list, but must be a string",
        ]
    );
}

#[test]
fn limits_hold_for_numbers_in_strings_too() {
    assert_eq!(
        of_resource("AWS::KMS::Key", json!({"PendingWindowInDays": "31"})),
        [
            "schema/range Resources/It/Properties/PendingWindowInDays: `PendingWindowInDays` is `31`, but must be from 7 to 30"
        ]
    );
}

#[test]
fn a_misspelt_property_gets_a_suggestion_and_its_key_is_the_place() {
    let rule = json!({"Status": "Enabled", "ExpirationInDay": 7});
    assert_eq!(
        of_resource("AWS::S3::Bucket", json!({"LifecycleConfiguration": {"Rules": [rule]}}))[0],
        "schema/unknown-property Resources/It/Properties/LifecycleConfiguration/Rules/0/ExpirationInDay: \
         `Rules[0]` has no property `ExpirationInDay`; did you mean `ExpirationInDays`?"
    );
}

#[test]
fn what_is_missing_is_named_and_asked_for() {
    assert_eq!(
        findings(with_resource(json!({"Type": "AWS::KMS::Alias"}))),
        [
            "schema/required Resources/It/Properties: `AWS::KMS::Alias` lacks `AliasName`, which is required; add `AliasName`, a string",
            "schema/required Resources/It/Properties: `AWS::KMS::Alias` lacks `TargetKeyId`, which is required; add `TargetKeyId`, a string",
        ]
    );
}

#[test]
fn what_a_function_will_give_is_let_pass() {
    let properties = json!({
        "VisibilityTimeout": {"Ref": "Name"},
        "QueueName": {"Fn::Sub": "${Name}-tasks"},
        "Tags": {"Fn::FindInMap": ["Tags", {"Ref": "Stage"}, "All"]}
    });
    let mut template = with_resource(json!({"Type": "AWS::SQS::Queue", "Properties": properties}));
    template["Mappings"] = json!({"Tags": {"dev": {"All": ["a"]}}});
    assert_eq!(findings(template), NOTHING);
}

#[test]
fn the_kind_of_what_a_function_gives_is_known() {
    assert_eq!(
        of_resource(
            "AWS::AutoScaling::AutoScalingGroup",
            json!({
                "MinSize": "0", "MaxSize": "1", "LaunchTemplate": {"LaunchTemplateName": "worker", "Version": "1"},
                "VPCZoneIdentifier": {"Ref": "Name"}, "HealthCheckType": {"Ref": "Names"}
            })
        ),
        [
            "schema/type Resources/It/Properties/VPCZoneIdentifier: `VPCZoneIdentifier` must be a list, but `Ref` of `Name` gives a string",
            "schema/type Resources/It/Properties/HealthCheckType: `HealthCheckType` must be a string, but `Ref` of `Names` gives a list",
        ]
    );
    let lists =
        json!({"VPCZoneIdentifier": {"Ref": "Names"}, "MinSize": "0", "MaxSize": "1", "InstanceId": {"Ref": "Name"}});
    assert_eq!(of_resource("AWS::AutoScaling::AutoScalingGroup", lists), NOTHING);
}

#[test]
fn dynamic_references_are_left_alone() {
    let properties = json!({"PendingWindowInDays": "{{resolve:ssm:/days}}", "KeySpec": "{{resolve:ssm:/spec:1}}"});
    assert_eq!(of_resource("AWS::KMS::Key", properties), NOTHING);
}

#[test]
fn both_branches_of_a_choice_are_checked() {
    let days = json!({"Fn::If": ["IsProd", 30, {"Fn::If": ["IsDev", 3, 7]}]});
    assert_eq!(
        of_resource("AWS::KMS::Key", json!({"PendingWindowInDays": days})),
        ["schema/range Resources/It/Properties/PendingWindowInDays/Fn::If/2/Fn::If/1: \
          `PendingWindowInDays` is `3`, but must be from 7 to 30, when `IsDev` is true"]
    );
}

#[test]
fn no_value_removes() {
    let nothing = json!({"Ref": "AWS::NoValue"});
    let alias = |target| of_resource("AWS::KMS::Alias", json!({"AliasName": "alias/a", "TargetKeyId": target}));
    assert_eq!(alias(nothing.clone()).len(), 1);
    assert_eq!(
        alias(json!({"Fn::If": ["IsProd", "key", nothing]})),
        ["schema/required Resources/It/Properties: `AWS::KMS::Alias` lacks `TargetKeyId`, which is required, \
          when `IsProd` is false; add `TargetKeyId`, a string"]
    );
    let roles = json!([{"Fn::If": ["IsProd", "one", nothing]}, {"Fn::If": ["IsProd", nothing, "two"]}]);
    assert_eq!(of_resource("AWS::IAM::InstanceProfile", json!({"Roles": roles})), NOTHING);
}

#[test]
fn conditions_that_cannot_hold_together_are_not_combined() {
    let nothing = json!({"Ref": "AWS::NoValue"});
    let otherwise = json!({"Fn::If": ["IsDev", nothing, "Sum"]});
    let (one, other) = (json!({"Fn::If": ["IsProd", "Sum", otherwise]}), json!({"Fn::If": ["IsDev", "p99", nothing]}));
    let alarm = |statistic, extended| {
        of_resource(
            "AWS::CloudWatch::Alarm",
            json!({
                "ComparisonOperator": "GreaterThanThreshold", "EvaluationPeriods": 1, "Threshold": 1,
                "MetricName": "Errors", "Namespace": "Videos", "Period": 60,
                "Statistic": statistic, "ExtendedStatistic": extended
            }),
        )
    };
    assert_eq!(alarm(one, other.clone()), NOTHING);
    let one = json!({"Fn::If": ["IsProd", "Sum", nothing]});
    assert_eq!(alarm(one, json!({"Fn::If": ["IsNotProd", "p99", nothing]})), NOTHING);
    assert_eq!(alarm(json!("Sum"), other).len(), 1);
}

#[test]
fn the_condition_of_a_resource_holds_in_its_properties() {
    let alias = |condition| {
        let target = json!({"Fn::If": ["IsProd", "key", {"Ref": "AWS::NoValue"}]});
        let properties = json!({"AliasName": "alias/a", "TargetKeyId": target});
        findings(with_resource(json!({"Type": "AWS::KMS::Alias", "Condition": condition, "Properties": properties})))
    };
    assert_eq!(alias("IsProd"), NOTHING);
    assert_eq!(alias("IsDev").len(), 1);
}

#[test]
fn alternatives_that_only_ask_for_properties_are_listed() {
    let group = |properties: Value| {
        let mut all = json!({"MinSize": "0", "MaxSize": "1"});
        let map = all.as_object_mut().expect("an object");
        map.extend(properties.as_object().expect("an object").clone());
        of_resource("AWS::AutoScaling::AutoScalingGroup", all)
    };
    assert_eq!(
        group(json!({})),
        ["schema/one-of Resources/It/Properties: `AWS::AutoScaling::AutoScalingGroup` needs `InstanceId`, \
          `LaunchConfigurationName`, `LaunchTemplate` or `MixedInstancesPolicy`, but has none of them"]
    );
    assert_eq!(
        group(json!({"InstanceId": "i-1", "LaunchConfigurationName": "a"})),
        ["schema/exclusive Resources/It/Properties: `AWS::AutoScaling::AutoScalingGroup` has `InstanceId` and \
          `LaunchConfigurationName`, which exclude each other; keep one of them"]
    );
}

#[test]
fn of_several_forms_the_nearest_one_is_explained() {
    let topic = json!({"KmsKeyId": "no key", "EncryptionConfigurationType": "CUSTOMER_MANAGED_KMS_KEY"});
    assert_eq!(
        of_resource("AWS::AIOps::InvestigationGroup", json!({"Name": "videos", "EncryptionConfig": topic})),
        [
            "schema/form Resources/It/Properties/EncryptionConfig/KmsKeyId: `KmsKeyId` is `no key`, but must be the ARN of a key, \
          such as `arn:aws:kms:eu-west-1:111122223333:key/1`, or the id of a key, or an alias, such as `alias/videos`"
        ]
    );
    let keys = json!([{"AttributeName": "id", "KeyType": "RANGE"}]);
    assert_eq!(
        of_resource(
            "AWS::DynamoDB::Table",
            json!({
                "BillingMode": "PAY_PER_REQUEST", "KeySchema": keys,
                "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}]
            })
        ),
        ["schema/enum Resources/It/Properties/KeySchema/0/KeyType: `KeyType` is `RANGE`, but must be `HASH`"]
    );
}

#[test]
fn what_aws_sets_cannot_be_given_however_deep() {
    let found = of_resource(
        "AWS::RDS::DBInstance",
        json!({
            "Endpoint": {"Address": "db"}, "DBInstanceClass": "db.m7g.large",
            "AdditionalStorageVolumes": [{"VolumeName": "rdsdbdata2", "StorageOperationStatus": "done"}]
        }),
    );
    let volume = "Resources/It/Properties/AdditionalStorageVolumes/0/StorageOperationStatus";
    assert_eq!(
        found,
        [
            "schema/read-only Resources/It/Properties/Endpoint: \
             `Endpoint` is set by AWS, and can only be read; leave it out"
                .to_owned(),
            format!(
                "schema/read-only {volume}: `StorageOperationStatus` is set by AWS, and can only be read; leave it out"
            ),
        ]
    );
}

#[test]
fn only_types_of_aws_are_known_to_all() {
    let it =
        |name: &str| findings(with_resource(json!({"Type": name, "Properties": {"ServiceToken": "t", "Any": [1]}})));
    for name in
        ["Custom::Anything", "AWS::CloudFormation::CustomResource", "Some::Other::Vendor", "My::Own::Thing::MODULE"]
    {
        assert_eq!(it(name), NOTHING, "{name}");
    }
    assert_eq!(
        it("AWS::S3::Buckt"),
        [
            "schema/resource-type Resources/It/Type: there is no resource type `AWS::S3::Buckt`; did you mean `AWS::S3::Bucket`?"
        ]
    );
    assert_eq!(
        it("AWS::Nothing::Like::This"),
        ["schema/resource-type Resources/It/Type: there is no resource type `AWS::Nothing::Like::This`"]
    );
}

#[test]
fn a_custom_resource_needs_somebody_who_makes_it() {
    let found = findings(with_resource(json!({"Type": "Custom::Thing", "Properties": {"Any": 1}})));
    assert_eq!(
        found,
        [
            "schema/required Resources/It/Properties: `Custom::Thing` lacks `ServiceToken`, which is required; add `ServiceToken`, a string"
        ]
    );
}

#[test]
fn serverless_types_need_their_transform() {
    let resource = json!({"Type": "AWS::Serverless::Api", "Properties": {"StageName": "a"}});
    let mut template = with_resource(resource);
    assert_eq!(findings(template.clone()).len(), 1);
    template["Transform"] = json!("AWS::Serverless-2016-10-31");
    assert_eq!(findings(template), NOTHING);
}

#[test]
fn macros_and_loops_add_what_nobody_sees_here() {
    let include = json!({"AliasName": "alias/a", "Fn::Transform": {"Name": "AWS::Include", "Parameters": {"Location": "s3://b/k"}}});
    assert_eq!(of_resource("AWS::KMS::Alias", include), NOTHING);
}

#[test]
fn two_resources_cannot_have_one_name_unless_they_exclude_each_other() {
    let named = |first, second| {
        let group = |condition| json!({"Type": "AWS::Logs::LogGroup", "Condition": condition, "Properties": {"LogGroupName": "/a"}});
        let mut template = with_resource(group(first));
        template["Resources"]["Other"] = group(second);
        findings(template)
    };
    assert_eq!(named("IsProd", "IsNotProd"), NOTHING);
    assert_eq!(
        named("IsProd", "IsProd"),
        [
            "schema/identifier Resources/Other/Properties/LogGroupName: `It` and `Other` are the same `AWS::Logs::LogGroup`: \
          both have `LogGroupName` `/a`; give one of them another name, or leave the name to CloudFormation"
        ]
    );
}

#[test]
fn references_give_what_the_property_wants() {
    let mut template = with_resource(json!({"Type": "AWS::EC2::Instance", "Properties": {
        "ImageId": "ami-0123456789abcdef0", "SubnetId": {"Ref": "Subnet"}, "SecurityGroupIds": [{"Fn::GetAtt": ["Guard", "GroupId"]}]
    }}));
    template["Resources"]["Network"] = json!({"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}});
    template["Resources"]["Subnet"] = json!({"Type": "AWS::EC2::Subnet", "Properties": {
        "CidrBlock": "10.0.1.0/24", "VpcId": {"Ref": "Network"}
    }});
    template["Resources"]["Guard"] = json!({"Type": "AWS::EC2::SecurityGroup", "Properties": {
        "GroupDescription": "Guards.", "VpcId": {"Fn::GetAtt": ["Network", "VpcId"]}
    }});
    assert_eq!(findings(template.clone()), NOTHING);
    template["Resources"]["It"]["Properties"]["SubnetId"] = json!({"Ref": "Network"});
    assert_eq!(
        findings(template),
        ["schema/reference Resources/It/Properties/SubnetId: `SubnetId` must be the id of a subnet, such as \
          `subnet-0123456789abcdef0`, but `Ref` of `Network` gives the id of a VPC, such as `vpc-0123456789abcdef0`"]
    );
}

#[test]
fn what_conditions_choose_may_be_the_same_resource() {
    let bucket = |name: Value| json!({"Type": "AWS::S3::Bucket", "Properties": {"BucketName": name}});
    let either = |then: &str, otherwise: &str| json!({"Fn::If": ["IsProd", then, otherwise]});
    let mut template = with_resource(bucket(either("films", "clips")));
    template["Resources"]["Other"] = bucket(either("clips", "films"));
    assert_eq!(findings(template.clone()), NOTHING, "never both at the same time");
    template["Resources"]["Other"] = bucket(either("films", "shorts"));
    let found = findings(template);
    assert!(found.len() == 1 && found[0].starts_with("schema/identifier Resources/Other/"), "{found:#?}");
}
