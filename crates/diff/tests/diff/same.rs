//! What is written otherwise but means the same is no change.

use serde_json::{Value, json};

use crate::{diff_of, diff_of_properties};

#[track_caller]
fn assert_same(resource_type: &str, one: &Value, other: &Value) {
    for (old, new) in [(one, other), (other, one)] {
        let diff = diff_of_properties(resource_type, old, new);
        assert!(diff.is_empty(), "{:#?}", crate::lines(&diff));
    }
}

#[test]
fn order_of_keys_and_resources() {
    let one = json!({"Resources": {"A": {"Type": "T", "Properties": {"x": 1, "y": 2}}, "B": {"Type": "T"}}});
    let other = json!({"Resources": {"B": {"Type": "T"}, "A": {"Properties": {"y": 2, "x": 1}, "Type": "T"}}});
    assert!(diff_of(&one, &other).is_empty());
}

#[test]
fn order_of_keys_in_the_expressions_of_a_script() {
    let script = |argument: &str| -> Value {
        let argument: Value = serde_json::from_str(argument).expect("JSON");
        json!({"runCommand": [{"Fn::Base64": [argument]}]})
    };
    assert_same("T", &script(r#"{"Id": "a", "Name": "a"}"#), &script(r#"{"Name": "a", "Id": "a"}"#));
}

#[test]
fn spellings_of_scalars_and_expressions() {
    assert_same("AWS::SQS::Queue", &json!({"DelaySeconds": 5}), &json!({"DelaySeconds": "5"}));
    assert_same("AWS::SQS::Queue", &json!({"FifoQueue": true}), &json!({"FifoQueue": "true"}));
    let arn = |value: Value| json!({ "QueueName": value });
    assert_same(
        "AWS::SQS::Queue",
        &arn(json!({"Fn::Join": ["-", [{"Ref": "A"}, "x"]]})),
        &arn(json!({"Fn::Sub": "${A}-x"})),
    );
    assert_same("AWS::SQS::Queue", &arn(json!({"Ref": "AWS::NoValue"})), &json!({}));
}

#[test]
fn order_and_number_of_strings_in_policies() {
    let policy = |statement: Value| json!({"PolicyName": "p", "PolicyDocument": {"Version": "2012-10-17", "Statement": statement}});
    let one = json!({"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"});
    let two = json!({"Effect": "Deny", "Action": ["s3:Put*", "s3:Delete*"], "Resource": ["a", "b"],
        "Condition": {"StringEquals": {"k": ["v"]}}});
    let one_again = json!({"Action": ["s3:getobject"], "Effect": "Allow", "Resource": ["*"]});
    let two_again = json!({"Effect": "Deny", "Action": ["s3:Delete*", "s3:Put*"], "Resource": ["b", "a"],
        "Condition": {"StringEquals": {"k": "v"}}});
    assert_same("AWS::IAM::Policy", &policy(json!([one, two])), &policy(json!([two_again, one_again])));
    assert_same("AWS::IAM::Policy", &policy(json!(one)), &policy(json!([one_again])));
}

#[test]
fn order_of_tags_and_sets() {
    let tags = |names: [&str; 2]| json!({"Tags": names.map(|name| json!({"Key": name, "Value": "v"}))});
    assert_same("AWS::SQS::Queue", &tags(["a", "b"]), &tags(["b", "a"]));
    let alarm = |names: [&str; 2]| json!({"Dimensions": names.map(|name| json!({"Name": name, "Value": "v"}))});
    assert_same("AWS::CloudWatch::Alarm", &alarm(["a", "b"]), &alarm(["b", "a"]));
    let actions = |names: [&str; 2]| json!({"EventPattern": {"source": names}});
    assert_same("AWS::Events::Rule", &actions(["a", "b"]), &actions(["b", "a"]));
}

#[test]
fn white_space_and_keys_of_embedded_documents() {
    let one = json!({"DashboardBody": r#"{"widgets": [], "start": "-PT3H"}"#});
    let other = json!({"DashboardBody": {"Fn::Sub": "{\n \"start\":\"-PT3H\",\"widgets\":[]}"}});
    assert_same("AWS::CloudWatch::Dashboard", &one, &other);
}
