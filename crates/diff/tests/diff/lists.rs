//! Lists and embedded documents, compared as what they are.

use diff::{Detail, Line, ValueChange};
use serde_json::{Value, json};

use crate::{diff_of_properties, lines};

fn changes(resource_type: &str, old: &Value, new: &Value) -> Vec<ValueChange> {
    diff_of_properties(resource_type, old, new).resources().flat_map(|change| change.changes.clone()).collect()
}

/// The paths of what differs within the only change.
fn inside(resource_type: &str, old: &Value, new: &Value) -> Vec<String> {
    let changes = changes(resource_type, old, new);
    let [ValueChange { detail: Some(Detail::Document(inner)), .. }] = changes.as_slice() else {
        panic!("{changes:#?}")
    };
    inner.iter().map(|change| change.path.to_string()).collect()
}

#[test]
fn statements_are_told_by_sid_and_else_by_what_they_say() {
    let policy = |statements: Value| json!({"PolicyName": "p", "PolicyDocument": {"Statement": statements}});
    let read = |action: &str| json!({"Sid": "Read", "Effect": "Allow", "Action": [action], "Resource": "a"});
    let write = |resource: &str| json!({"Effect": "Allow", "Action": ["s3:PutObject", "s3:AbortMultipartUpload"], "Resource": resource});
    let send = json!({"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "q"});
    let diff = diff_of_properties(
        "AWS::IAM::Policy",
        &policy(json!([read("s3:GetObject"), write("a"), send])),
        &policy(json!([send, write("b"), read("s3:Get*")])),
    );
    let wanted = [
        r#"It/Properties/PolicyDocument/Statement/[1]/Resource: "a" → "b" (Update)"#,
        r#"It/Properties/PolicyDocument/Statement/[Read]/Action/[0]: "s3:GetObject" → "s3:Get*" (Update)"#,
    ];
    assert_eq!(lines(&diff), wanted);
}

#[test]
fn rules_are_told_by_their_names_wherever_they_stand() {
    let rules = |rules: Value| json!({"LifecycleConfiguration": {"Rules": rules}});
    let rule = |id: &str, days: u32| json!({"Id": id, "Status": "Enabled", "ExpirationInDays": days});
    let old = rules(json!([rule("a", 1), rule("b", 2), rule("c", 3)]));
    let new = rules(json!([rule("c", 3), rule("d", 4), rule("a", 5)]));
    let wanted = [
        r#"It/Properties/LifecycleConfiguration/Rules/[d]: - → {"Id":"d","Status":"Enabled","ExpirationInDays":4} (Update)"#,
        "It/Properties/LifecycleConfiguration/Rules/[a]/ExpirationInDays: 1 → 5 (Update)",
        r#"It/Properties/LifecycleConfiguration/Rules/[b]: {"Id":"b","Status":"Enabled","ExpirationInDays":2} → - (Update)"#,
    ];
    assert_eq!(lines(&diff_of_properties("AWS::S3::Bucket", &old, &new)), wanted);
}

#[test]
fn where_order_matters_another_order_is_a_change() {
    let order = |names: [&str; 2]| json!({"DistributionConfig": {"CacheBehaviors": names.map(|name| json!({"PathPattern": name, "TargetOriginId": "o"}))}});
    let found = changes("AWS::CloudFront::Distribution", &order(["/a", "/b"]), &order(["/b", "/a"]));
    let [change] = found.as_slice() else { panic!("{found:#?}") };
    assert_eq!(change.detail, Some(Detail::Order(vec![Some(1), Some(0)])));
}

#[test]
fn state_machines_are_compared_state_by_state_however_they_are_written() {
    let definition = |seconds: u32| {
        json!({"StartAt": "A", "States": {"A": {"Type": "Task", "TimeoutSeconds": seconds, "End": true}}}).to_string()
    };
    let join = |seconds: u32| json!({"DefinitionString": {"Fn::Join": ["", [definition(seconds)]]}});
    let sub = |seconds: u32| json!({"DefinitionString": {"Fn::Sub": definition(seconds)}});
    let found = inside("AWS::StepFunctions::StateMachine", &join(5), &sub(6));
    assert_eq!(found, ["States/A/TimeoutSeconds"]);
}

#[test]
fn widgets_of_a_dashboard_are_told_by_what_they_show() {
    let widget = |title: &str, period: u32| json!({"type": "metric", "x": 0, "properties": {"title": title, "period": period, "stat": "Sum"}});
    let dashboard = |widgets: Value| json!({"DashboardBody": json!({"widgets": widgets}).to_string()});
    let old = dashboard(json!([widget("Jobs", 60), widget("Failed", 60)]));
    let new = dashboard(json!([widget("New", 300), widget("Jobs", 60), widget("Failed", 300)]));
    assert_eq!(
        inside("AWS::CloudWatch::Dashboard", &old, &new),
        ["widgets/[New]", "widgets/[Failed]/properties/period"]
    );
}

#[test]
fn scripts_are_compared_line_by_line() {
    let user_data = |text: &str| json!({"LaunchTemplateData": {"UserData": {"Fn::Base64": {"Fn::Sub": text}}}});
    let found = changes(
        "AWS::EC2::LaunchTemplate",
        &user_data("#!/bin/sh\nrun ${Queue}\n"),
        &user_data("#!/bin/sh\nrun -v ${Queue}\n"),
    );
    let [ValueChange { detail: Some(Detail::Lines(lines)), .. }] = found.as_slice() else { panic!("{found:#?}") };
    let line = |text: &str| text.to_owned();
    let wanted =
        [Line::Same(line("#!/bin/sh")), Line::Removed(line("run ${Queue}")), Line::Added(line("run -v ${Queue}"))];
    assert_eq!(lines, &wanted);
}

#[test]
fn branches_of_a_condition_are_compared_one_by_one() {
    let queue = |seconds: u32| json!({"DelaySeconds": {"Fn::If": ["IsProd", 5, seconds]}});
    let found = lines(&diff_of_properties("AWS::SQS::Queue", &queue(1), &queue(2)));
    assert_eq!(found, ["It/Properties/DelaySeconds/Fn::If/[2]: 1 → 2 (Update)"]);
}
