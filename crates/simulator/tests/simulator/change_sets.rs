//! Change sets: what they say, and what becomes of them.

use cloud::ErrorKind;
use cloud::cloud_formation::{
    ChangeSetStatus, ChangeSetType, DeleteStackRequest, ExecutionStatus, Replacement, StackStatus,
};
use serde_json::{Value, json};

use crate::client::{Client, request};

fn template(hash: &str, delay: u32) -> Value {
    json!({"Resources": {
        "Items": {"Type": "AWS::DynamoDB::Table", "Properties": {
            "KeySchema": [{"AttributeName": hash, "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": hash, "AttributeType": "S"}]}},
        "Jobs": {"Type": "AWS::SQS::Queue", "Properties": {"DelaySeconds": delay}},
        "Name": {"Type": "AWS::SSM::Parameter", "Properties": {"Name": {"Ref": "Items"}, "Type": "String", "Value": {"Fn::GetAtt": ["Jobs", "Arn"]}}}
    }})
}

#[tokio::test(start_paused = true)]
async fn a_new_stack_waits_under_review() {
    let client = Client::default();
    let made = client.make(&request("app", ChangeSetType::Create, &template("id", 0))).await.expect("made");
    assert_eq!(client.simulator.stack("app").expect("there").status, StackStatus::ReviewInProgress);
    assert_eq!(made.changes.len(), 3);
    assert!(made.changes.iter().all(|change| change.action.as_str() == "Add" && change.replacement.is_none()));
    assert!(client.things().is_empty(), "nothing is made");
    client.api().delete_stack(&DeleteStackRequest::new("app")).await.expect("deleted");
    assert!(client.simulator.stack("app").is_none());
}

#[tokio::test(start_paused = true)]
async fn changes_say_what_and_why() {
    let client = Client::default();
    client.deploy("app", &template("id", 0)).await;
    let mut new = template("key", 5);
    new["Resources"]["More"] = json!({"Type": "AWS::SNS::Topic"});
    let made = client.make(&request("app", ChangeSetType::Update, &new)).await.expect("made");
    let changes: Vec<_> = made
        .changes
        .iter()
        .map(|change| {
            let replacement = change.replacement.as_ref().map(Replacement::as_str);
            (change.action.as_str(), change.logical_id.as_str(), replacement, change.policy_action.as_deref())
        })
        .collect();
    assert_eq!(
        changes,
        [
            ("Modify", "Items", Some("Conditional"), Some("ReplaceAndDelete")),
            ("Modify", "Jobs", Some("False"), None),
            ("Add", "More", None, None),
            ("Modify", "Name", Some("Conditional"), Some("ReplaceAndDelete")),
        ]
    );
    let detail = |index: usize, name: &str| {
        let details = &made.changes[index].details;
        details.iter().find(|detail| detail.name.as_deref() == Some(name)).expect("it changes").clone()
    };
    let keys = detail(0, "KeySchema");
    assert_eq!(keys.requires_recreation.as_deref(), Some("Conditionally"));
    assert_eq!(keys.evaluation.as_deref(), Some("Static"));
    assert_eq!(keys.change_source.as_deref(), Some("DirectModification"));
    assert_eq!(keys.path.as_deref(), Some("/Properties/KeySchema"));
    let delay = detail(1, "DelaySeconds");
    assert_eq!((delay.before.as_deref(), delay.after.as_deref()), (Some("0"), Some("5")));
    let name = detail(3, "Name");
    assert_eq!(name.change_source.as_deref(), Some("ResourceReference"));
    assert_eq!(name.causing_entity.as_deref(), Some("Items"));
    assert_eq!(name.evaluation.as_deref(), Some("Dynamic"));
    assert_eq!(name.after.as_deref(), Some("{{changeSet:KNOWN_AFTER_APPLY}}"));
    let value = detail(3, "Value");
    assert_eq!(value.causing_entity.as_deref(), Some("Jobs.Arn"));
}

#[tokio::test(start_paused = true)]
async fn what_is_only_set_at_creation_makes_a_resource_anew_for_sure() {
    let client = Client::default();
    let template =
        |fifo: bool| json!({"Resources": {"Jobs": {"Type": "AWS::SQS::Queue", "Properties": {"FifoQueue": fifo}}}});
    client.deploy("app", &template(false)).await;
    let made = client.make(&request("app", ChangeSetType::Update, &template(true))).await.expect("made");
    assert_eq!(made.changes[0].replacement, Some(Replacement::True));
    assert_eq!(made.changes[0].details[0].requires_recreation.as_deref(), Some("Always"));
}

#[tokio::test(start_paused = true)]
async fn a_parameter_is_named_as_the_cause() {
    let client = Client::default();
    let template = json!({"Parameters": {"Delay": {"Type": "Number", "Default": 0}},
        "Resources": {"Jobs": {"Type": "AWS::SQS::Queue", "Properties": {"DelaySeconds": {"Ref": "Delay"}}}}});
    client.deploy("app", &template).await;
    let mut request = request("app", ChangeSetType::Update, &template);
    request.parameters.insert("Delay".to_owned(), cloud::cloud_formation::ParameterValue::Value("3".to_owned()));
    let made = client.make(&request).await.expect("made");
    let detail = &made.changes[0].details[0];
    assert_eq!(detail.change_source.as_deref(), Some("ParameterReference"));
    assert_eq!(detail.causing_entity.as_deref(), Some("Delay"));
}

#[tokio::test(start_paused = true)]
async fn without_changes_it_fails_and_with_other_outputs_it_does_not() {
    let client = Client::default();
    client.deploy("app", &template("id", 0)).await;
    let made = client.make(&request("app", ChangeSetType::Update, &template("id", 0))).await.expect("made");
    assert!(made.is_without_changes(), "{:?}", made.reason);
    assert_eq!(made.execution_status, ExecutionStatus::Unavailable);
    let error = client.api().execute_change_set("app", "change", None).await.expect_err("it failed");
    assert_eq!(error.code.as_deref(), Some("InvalidChangeSetStatus"));
    client.api().delete_change_set("app", "change").await.expect("deleted");
    let mut output = template("id", 0);
    output["Outputs"] = json!({"Jobs": {"Value": {"Ref": "Jobs"}}});
    let made = client.make(&request("app", ChangeSetType::Update, &output)).await.expect("made");
    assert_eq!((made.status.clone(), made.changes.len()), (ChangeSetStatus::CreateComplete, 0));
    assert_eq!(client.execute(&made).await, StackStatus::UpdateComplete);
}

#[tokio::test(start_paused = true)]
async fn a_removed_resource_says_what_becomes_of_it() {
    let client = Client::default();
    let mut old = template("id", 0);
    old["Resources"]["Kept"] = json!({"Type": "AWS::SQS::Queue", "DeletionPolicy": "Retain"});
    old["Resources"]["Gone"] = json!({"Type": "AWS::SQS::Queue"});
    client.deploy("app", &old).await;
    let made = client.make(&request("app", ChangeSetType::Update, &template("id", 0))).await.expect("made");
    let removed: Vec<_> =
        made.changes.iter().map(|change| (change.logical_id.as_str(), change.policy_action.as_deref())).collect();
    assert_eq!(removed, [("Gone", Some("Delete")), ("Kept", Some("Retain"))]);
    let kept = client.physical("app", "Kept");
    assert_eq!(client.execute(&made).await, StackStatus::UpdateComplete);
    assert!(client.things().iter().any(|(_, name)| *name == kept));
}

#[tokio::test(start_paused = true)]
async fn another_one_is_obsolete_and_then_gone() {
    let client = Client::default();
    client.deploy("app", &template("id", 0)).await;
    let mut other = request("app", ChangeSetType::Update, &template("id", 7));
    "other".clone_into(&mut other.name);
    let other = client.make(&other).await.expect("made");
    let made = client.make(&request("app", ChangeSetType::Update, &template("id", 5))).await.expect("made");
    client.api().execute_change_set("app", &made.id, Some("token")).await.expect("begun");
    client.api().execute_change_set("app", &made.id, Some("token")).await.expect("the same call again");
    let error = client.api().execute_change_set("app", &other.id, None).await.expect_err("obsolete");
    assert!(error.message.ends_with("cannot be executed in its current execution status of [OBSOLETE]"), "{error}");
    let error = client.api().execute_change_set("app", &other.id, Some("token")).await.expect_err("used");
    assert_eq!(error.code.as_deref(), Some("TokenAlreadyExistsException"));
    let events = || {
        client
            .simulator
            .events("app")
            .into_iter()
            .filter(|event| event.client_token.as_deref() == Some("token"))
            .count()
    };
    client.settled("app").await;
    assert!(events() > 0, "events carry the token");
    let error = client.api().describe_change_set("app", &other.id).await.expect_err("gone");
    assert_eq!((error.kind, error.code.as_deref()), (ErrorKind::NotFound, Some("ChangeSetNotFound")));
    let executed = client.api().describe_change_set("app", &made.id).await.expect("a record");
    assert_eq!(executed.execution_status, ExecutionStatus::Complete);
}

#[tokio::test(start_paused = true)]
async fn names_and_states_are_checked() {
    let client = Client::default();
    client.deploy("app", &template("id", 0)).await;
    client.make(&request("app", ChangeSetType::Update, &template("id", 5))).await.expect("made");
    let error = client.make(&request("app", ChangeSetType::Update, &template("id", 6))).await.expect_err("taken");
    assert_eq!((error.kind, error.code.as_deref()), (ErrorKind::AlreadyExists, Some("AlreadyExistsException")));
    let error = client.make(&request("none", ChangeSetType::Update, &template("id", 6))).await.expect_err("no stack");
    assert_eq!(error.message, "Stack [none] does not exist");
    let mut bare = request(
        "roles",
        ChangeSetType::Create,
        &json!({"Resources": {"R": {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "r"}}}}),
    );
    bare.capabilities.clear();
    let error = client.make(&bare).await.expect_err("not acknowledged");
    assert_eq!(error.code.as_deref(), Some("InsufficientCapabilitiesException"));
    assert_eq!(error.message, "Requires capabilities : [CAPABILITY_NAMED_IAM]");
    let changed = json!({"Resources": {"Jobs": {"Type": "AWS::SNS::Topic"}}});
    client.api().delete_change_set("app", "change").await.expect("deleted");
    let error = client.make(&request("app", ChangeSetType::Update, &changed)).await.expect_err("another type");
    assert!(error.message.starts_with("Update of resource type is not permitted."), "{error}");
}

#[tokio::test(start_paused = true)]
async fn the_same_call_with_the_same_token_is_one_change_set() {
    let client = Client::default();
    let mut request = request("app", ChangeSetType::Create, &template("id", 0));
    request.client_token = Some("once".to_owned());
    let one = client.api().create_change_set(&request).await.expect("made");
    assert_eq!(client.api().create_change_set(&request).await.expect("the same"), one);
}
