//! What a change does elsewhere.

use diff::{Cause, Diff, Impact};
use serde_json::{Value, json};

use crate::{diff_of, diff_of_stacks, lines};

/// What happens to which resource.
fn impacts(diff: &Diff) -> Vec<(String, Impact)> {
    diff.resources().map(|change| (format!("{}/{}", change.stack, change.logical_id), change.impact)).collect()
}

fn pairs(wanted: &[(&str, Impact)]) -> Vec<(String, Impact)> {
    wanted.iter().map(|(name, impact)| ((*name).to_owned(), *impact)).collect()
}

/// A subnet in a network: a chain of properties that are set at creation.
fn network(cidr: &str) -> Value {
    json!({"Resources": {
        "Alarm": {"Type": "AWS::CloudWatch::Alarm", "Properties": {
            "Dimensions": [{"Name": "Instance", "Value": {"Fn::Sub": "${Worker}"}}], "ComparisonOperator": "x", "EvaluationPeriods": 1}},
        "Worker": {"Type": "AWS::EC2::Instance", "Properties": {"SubnetId": {"Ref": "Subnet"}}},
        "Subnet": {"Type": "AWS::EC2::Subnet", "Properties": {"VpcId": {"Ref": "Network"}, "CidrBlock": "10.0.0.0/24"}},
        "Network": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": cidr}},
    }})
}

#[test]
fn replacement_goes_on_to_whatever_cannot_be_updated_and_ends_at_what_can() {
    let diff = diff_of(&network("10.0.0.0/16"), &network("10.0.0.0/8"));
    let wanted = [
        ("stack/Alarm", Impact::Update),
        ("stack/Worker", Impact::Replace),
        ("stack/Subnet", Impact::Replace),
        ("stack/Network", Impact::Replace),
    ];
    assert_eq!(impacts(&diff), pairs(&wanted));
    let alarm = diff.resources().next().unwrap();
    assert_eq!(alarm.causes, [Cause::Resource { stack: "stack".to_owned(), logical_id: "Worker".to_owned() }]);
    assert_eq!(alarm.changes[0].path.to_string(), "Properties/Dimensions/[0]/Value");
    assert_eq!(alarm.changes[0].old, alarm.changes[0].new, "it is written the same");
}

#[test]
fn circles_come_to_an_end() {
    let template = |cidr: &str| {
        let mut template = network(cidr);
        template["Resources"]["Network"]["Properties"]["Tags"] = json!([{"Key": "k", "Value": {"Ref": "Worker"}}]);
        template
    };
    assert_eq!(diff_of(&template("10.0.0.0/16"), &template("10.0.0.0/8")).resources().count(), 4);
}

/// A queue in one stack, whose address another one takes by a parameter and a third one by an import.
fn three_stacks(name: &str) -> [(&'static str, Value); 3] {
    let alarm = |value: Value| json!({"Type": "AWS::CloudWatch::Alarm", "Properties": {"ComparisonOperator": "x", "EvaluationPeriods": 1, "AlarmActions": [value]}});
    let parameter = json!({"Type": "String", "Description": "Output QueueArn of stack queues"});
    let export =
        json!({"Value": {"Fn::GetAtt": ["Queue", "Arn"]}, "Export": {"Name": {"Fn::Sub": "${AWS::Region}-queue"}}});
    let import = json!({"Fn::ImportValue": {"Fn::Join": ["", [{"Ref": "AWS::Region"}, "-queue"]]}});
    [
        ("import", json!({"Resources": {"Alarm": alarm(import)}})),
        (
            "queues",
            json!({
                "Resources": {"Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": name}}},
                "Outputs": {"QueueArn": export},
            }),
        ),
        (
            "weak",
            json!({"Parameters": {"QueuesArn": parameter}, "Resources": {"Alarm": alarm(json!({"Ref": "QueuesArn"}))}}),
        ),
    ]
}

#[test]
fn it_goes_through_outputs_into_other_stacks() {
    let diff = diff_of_stacks(&three_stacks("a"), &three_stacks("b"));
    let wanted = [("import/Alarm", Impact::Update), ("queues/Queue", Impact::Replace), ("weak/Alarm", Impact::Update)];
    assert_eq!(impacts(&diff), pairs(&wanted));
    let cause = Cause::Output { stack: "queues".to_owned(), name: "QueueArn".to_owned() };
    assert!(
        diff.stacks
            .iter()
            .filter(|stack| stack.name != "queues")
            .all(|stack| stack.resources[0].causes == [cause.clone()])
    );
}

#[test]
fn a_default_may_not_be_what_is_used() {
    let template = |default: &str| {
        json!({"Parameters": {"Name": {"Type": "String", "Default": default}}, "Resources": {
            "A": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Ref": "Name"}}},
            "B": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Ref": "Name"}}},
            "C": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": "c"}},
        }})
    };
    let diff = diff_of(&template("a"), &template("b"));
    assert_eq!(impacts(&diff), pairs(&[("stack/A", Impact::MayReplace), ("stack/B", Impact::MayUpdate)]));
}

#[test]
fn mappings_reach_only_what_uses_the_value_that_differs() {
    let template = |size: &str| {
        json!({"Mappings": {"Sizes": {"prod": {"size": size, "other": "x"}, "dev": {"size": "s"}}}, "Resources": {
            "Hit": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Fn::FindInMap": ["Sizes", "prod", "size"]}}},
            "Miss": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Fn::FindInMap": ["Sizes", "dev", "size"]}}},
            "Perhaps": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Fn::FindInMap": ["Sizes", {"Ref": "Stage"}, "size"]}}},
        }})
    };
    let diff = diff_of(&template("l"), &template("xl"));
    assert_eq!(impacts(&diff), pairs(&[("stack/Hit", Impact::Update), ("stack/Perhaps", Impact::MayUpdate)]));
}

#[test]
fn a_condition_that_is_defined_otherwise_reaches_what_depends_on_it() {
    let template = |stage: &str| {
        json!({"Conditions": {
            "Wanted": {"Fn::Equals": [{"Ref": "Stage"}, stage]},
            "Both": {"Fn::And": [{"Condition": "Wanted"}, {"Condition": "Other"}]},
            "Other": {"Fn::Equals": [{"Ref": "Stage"}, "other"]},
        }, "Resources": {
            "There": {"Type": "AWS::SNS::Topic", "Condition": "Both"},
            "Value": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Fn::If": ["Wanted", "a", "b"]}}},
            "Rest": {"Type": "AWS::SNS::Topic", "Condition": "Other"},
        }})
    };
    let diff = diff_of(&template("dev"), &template("prod"));
    assert_eq!(impacts(&diff), pairs(&[("stack/There", Impact::MayDelete), ("stack/Value", Impact::MayUpdate)]));
}

#[test]
fn a_new_version_of_a_launch_template_reaches_the_instances() {
    let template = |size: &str| {
        json!({"Resources": {
            "Group": {"Type": "AWS::AutoScaling::AutoScalingGroup", "Properties": {"MinSize": 0, "MaxSize": 1, "LaunchTemplate": {
                "LaunchTemplateId": {"Ref": "Template"}, "Version": {"Fn::GetAtt": ["Template", "LatestVersionNumber"]}}}},
            "Template": {"Type": "AWS::EC2::LaunchTemplate", "Properties": {"LaunchTemplateData": {"InstanceType": size}}},
        }})
    };
    let diff = diff_of(&template("g6e.xlarge"), &template("g6e.2xlarge"));
    assert_eq!(impacts(&diff), pairs(&[("stack/Group", Impact::Update), ("stack/Template", Impact::Update)]));
    assert_eq!(lines(&diff).len(), 2, "only the version is another one: {:?}", lines(&diff));
}

#[test]
fn a_name_that_stays_hinders_a_replacement() {
    let template = |attribute: &str| {
        json!({"Resources": {"T": {"Type": "AWS::DynamoDB::Table", "Properties": {
            "TableName": "jobs", "LocalSecondaryIndexes": [{"IndexName": attribute, "KeySchema": [], "Projection": {}}]}}}})
    };
    let diff = diff_of(&template("a"), &template("b"));
    let table = diff.resources().next().unwrap();
    assert!(
        table.notes.iter().any(|note| note.contains("TableName jobs")) || table.impact != Impact::Replace,
        "{table:?}"
    );
}
