//! Parameters, and what is refused before anything happens.

use cloud::ErrorKind;
use cloud::cloud_formation::{ChangeSetType, ParameterValue, StackStatus};
use serde_json::{Value, json};

use crate::client::{Client, request};

fn with_parameter(declaration: &Value) -> Value {
    json!({"Parameters": {"Delay": declaration},
        "Resources": {"Jobs": {"Type": "AWS::SQS::Queue", "Properties": {"DelaySeconds": {"Ref": "Delay"}}}}})
}

async fn refusal(template: &Value, parameters: &[(&str, &str)]) -> String {
    let client = Client::default();
    let mut request = request("app", ChangeSetType::Create, template);
    let value = |value: &str| ParameterValue::Value(value.to_owned());
    request.parameters = parameters.iter().map(|(name, text)| ((*name).to_owned(), value(text))).collect();
    let error = client.api().create_change_set(&request).await.expect_err("refused");
    assert_eq!(error.kind, ErrorKind::Validation);
    assert_eq!(error.code.as_deref(), Some("ValidationError"));
    assert!(client.simulator.stacks().is_empty(), "nothing was made");
    error.message
}

#[tokio::test(start_paused = true)]
async fn values_are_held_against_their_declaration() {
    let number = with_parameter(&json!({"Type": "Number", "MinValue": 0, "MaxValue": 4}));
    assert_eq!(refusal(&number, &[]).await, "Parameters: [Delay] must have values");
    assert_eq!(refusal(&number, &[("Delay", "1"), ("X", "2")]).await, "Parameters: [X] do not exist in the template");
    assert_eq!(refusal(&number, &[("Delay", "x")]).await, "Parameter 'Delay' must be a number.");
    assert_eq!(refusal(&number, &[("Delay", "5")]).await, "Parameter 'Delay' must be a number not greater than 4.");
    let one_of = with_parameter(&json!({"Type": "String", "AllowedValues": ["1", "2"]}));
    assert_eq!(refusal(&one_of, &[("Delay", "3")]).await, "Parameter 'Delay' must be one of AllowedValues: [1, 2]");
    let pattern =
        with_parameter(&json!({"Type": "String", "AllowedPattern": "[0-9]+", "ConstraintDescription": "digits"}));
    assert_eq!(refusal(&pattern, &[("Delay", "1x")]).await, "Parameter Delay failed to satisfy constraint: digits");
}

#[tokio::test(start_paused = true)]
async fn values_are_kept_hidden_and_looked_up() {
    let client = Client::default();
    let template = with_parameter(&json!({"Type": "String", "NoEcho": true}));
    client.deploy_with("app", &template, &[("Delay", "3")]).await;
    assert_eq!(client.simulator.stack("app").expect("there").parameters["Delay"], "****");
    let mut again = request("app", ChangeSetType::Update, &template);
    again.parameters.insert("Delay".to_owned(), ParameterValue::Previous);
    assert!(client.make(&again).await.expect("made").is_without_changes());

    let stored = json!({"Resources": {"Image": {"Type": "AWS::SSM::Parameter", "Properties": {"Name": "/image", "Type": "String", "Value": "ami-1"}}}});
    client.deploy("images", &stored).await;
    let template = json!({"Parameters": {"Image": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/image"}},
        "Resources": {"Copy": {"Type": "AWS::SSM::Parameter", "Properties": {"Name": "/copy", "Type": "String", "Value": {"Ref": "Image"}}}}});
    assert_eq!(client.deploy("user", &template).await, StackStatus::CreateComplete);
    let copy = client.simulator.things().into_iter().find(|thing| thing.physical_id == "/copy").expect("there");
    assert_eq!(copy.properties["Value"], "ami-1");
}

#[tokio::test(start_paused = true)]
async fn templates_are_refused_in_the_service_s_words() {
    let queue = |properties: Value| json!({"Type": "AWS::SQS::Queue", "Properties": properties});
    let cases = [
        (json!({"Resources": {}}), "Template format error: At least one Resources member must be defined."),
        (json!({"Resources": {"A": queue(json!({}))}, "Extra": 1}), "Invalid template property or properties [Extra]"),
        (
            json!({"Resources": {"A": {"Type": "AWS::SQS::Que"}}}),
            "Template format error: Unrecognized resource types: [AWS::SQS::Que]",
        ),
        (
            json!({"Resources": {"A": queue(json!({"QueueName": {"Ref": "B"}}))}}),
            "Template format error: Unresolved resource dependencies [B] in the Resources block of the template",
        ),
        (
            json!({"Resources": {"A": queue(json!({"QueueName": {"Fn::GetAtt": ["A", "Nothing"]}}))}}),
            "Template error: resource A does not support attribute type Nothing in Fn::GetAtt",
        ),
        (
            json!({"Resources": {"A": queue(json!({"QueueName": {"Ref": "B"}})), "B": queue(json!({"QueueName": {"Ref": "A"}}))}}),
            "Circular dependency between resources: [A, B]",
        ),
    ];
    for (template, message) in cases {
        assert_eq!(refusal(&template, &[]).await, message);
    }
    let many: serde_json::Map<_, _> = (0..501).map(|number| (format!("Q{number}"), queue(json!({})))).collect();
    assert_eq!(
        refusal(&json!({"Resources": many}), &[]).await,
        "Template format error: Number of resources, 501, is greater than maximum allowed, 500"
    );
    let long = json!({"Description": "x".repeat(52_000), "Resources": {"A": queue(json!({}))}});
    assert!(refusal(&long, &[]).await.contains("less than or equal to 51200"));
}

#[tokio::test(start_paused = true)]
async fn expressions_give_what_the_documentation_says() {
    let client = Client::default();
    let value = |value: Value| json!({"Value": value});
    let template = json!({
        "Parameters": {"Names": {"Type": "CommaDelimitedList", "Default": "a, b"}},
        "Mappings": {"Sizes": {"eu-central-1": {"small": "1"}}},
        "Resources": {"A": {"Type": "AWS::SQS::Queue"}},
        "Outputs": {
            "Join": value(json!({"Fn::Join": ["-", {"Ref": "Names"}]})),
            "Select": value(json!({"Fn::Select": [1, {"Fn::Split": [":", "x:y"]}]})),
            "Map": value(json!({"Fn::FindInMap": ["Sizes", {"Ref": "AWS::Region"}, "small"]})),
            "Base": value(json!({"Fn::Base64": "hello"})),
            "Cidr": value(json!({"Fn::Select": [1, {"Fn::Cidr": ["10.0.0.0/16", 2, 8]}]})),
            "Zone": value(json!({"Fn::Select": ["0", {"Fn::GetAZs": ""}]})),
            "Length": value(json!({"Fn::Length": {"Ref": "Names"}})),
            "Json": value(json!({"Fn::ToJsonString": {"a": {"Ref": "AWS::AccountId"}}})),
            "Sub": value(json!({"Fn::Sub": ["${Own}-${AWS::Partition}-${Names2}", {"Own": {"Ref": "AWS::StackName"}, "Names2": "n"}]}))
        }
    });
    client.deploy("app", &template).await;
    let stack = client.simulator.stack("app").expect("there");
    let expected = [
        ("Join", "a-b"),
        ("Select", "y"),
        ("Map", "1"),
        ("Base", "aGVsbG8="),
        ("Cidr", "10.0.1.0/24"),
        ("Zone", "eu-central-1a"),
        ("Length", "2"),
        ("Json", r#"{"a":"111122223333"}"#),
        ("Sub", "app-aws-n"),
    ];
    for (name, value) in expected {
        assert_eq!(stack.output(name), Some(value), "{name}");
    }
}
