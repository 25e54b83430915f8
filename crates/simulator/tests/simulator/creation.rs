//! Creating stacks.

use cloud::ErrorKind;
use cloud::cloud_formation::{ChangeSetType, OnStackFailure, StackStatus};
use serde_json::json;
use simulator::{ResourceFault, Verb};

use crate::client::{Client, request};

fn pair() -> serde_json::Value {
    json!({"Resources": {
        "Films": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "films"}},
        "Access": {"Type": "AWS::S3::BucketPolicy", "Properties": {
            "Bucket": {"Ref": "Films"},
            "PolicyDocument": {"Statement": [{"Resource": {"Fn::GetAtt": ["Films", "Arn"]}}]}}},
        "Jobs": {"Type": "AWS::SQS::Queue"}
    }, "Outputs": {
        "Films": {"Value": {"Ref": "Films"}},
        "Url": {"Value": {"Fn::Sub": "https://${Films.RegionalDomainName}/${AWS::Region}/${!x}"}, "Description": "where"}
    }})
}

#[tokio::test(start_paused = true)]
async fn resources_are_made_at_once_where_nothing_waits_for_another() {
    let client = Client::default();
    assert_eq!(client.deploy("app", &pair()).await, StackStatus::CreateComplete);
    let told = client.told("app");
    let at = |what: &str| told.iter().position(|event| event == what).unwrap_or_else(|| panic!("{what} in {told:#?}"));
    assert_eq!(told[..2], ["app REVIEW_IN_PROGRESS", "app CREATE_IN_PROGRESS"]);
    assert!(at("Jobs CREATE_IN_PROGRESS") < at("Films CREATE_COMPLETE"), "the queue does not wait for the bucket");
    assert!(at("Films CREATE_COMPLETE") < at("Access CREATE_IN_PROGRESS"), "the policy waits for the bucket");
    assert_eq!(told.last().map(String::as_str), Some("app CREATE_COMPLETE"));
    let initiated = client.simulator.events("app");
    let initiated: Vec<_> = initiated.iter().filter(|event| event.logical_id == "Films").collect();
    assert_eq!(initiated.len(), 3);
    assert_eq!((&initiated[0].physical_id, &initiated[0].reason), (&None, &None));
    assert_eq!(initiated[1].physical_id.as_deref(), Some("films"));
    assert_eq!(initiated[1].reason.as_deref(), Some("Resource creation Initiated"));
}

#[tokio::test(start_paused = true)]
async fn outputs_are_what_expressions_give() {
    let client = Client::default();
    client.deploy("app", &pair()).await;
    let stack = client.simulator.stack("app").expect("deployed");
    assert_eq!(stack.output("Films"), Some("films"));
    assert_eq!(stack.output("Url"), Some("https://films.s3.eu-central-1.amazonaws.com/eu-central-1/${x}"));
    assert_eq!(stack.outputs["Url"].description.as_deref(), Some("where"));
}

#[tokio::test(start_paused = true)]
async fn the_same_seed_gives_the_same_run() {
    let mut runs = Vec::new();
    for seed in [5, 5, 6] {
        let client = Client::new(seed);
        client.deploy("app", &pair()).await;
        runs.push(format!("{:#?}", client.simulator.events("app")));
    }
    assert_eq!(runs[0], runs[1]);
    assert_ne!(runs[0], runs[2]);
}

#[tokio::test(start_paused = true)]
async fn a_failure_cancels_what_runs_and_deletes_what_was_made() {
    let client = Client::default();
    client.simulator.fail(ResourceFault::new("Films", Verb::Create, "no more buckets"));
    assert_eq!(client.deploy("app", &pair()).await, StackStatus::RollbackComplete);
    let told = client.told("app");
    assert!(told.contains(&"Films CREATE_FAILED".to_owned()), "{told:#?}");
    assert_eq!(client.failure("app", "Films"), "no more buckets");
    assert_eq!(client.failure("app", "Jobs"), "Resource creation cancelled");
    assert!(!told.iter().any(|event| event.starts_with("Access")), "what waits is never begun");
    assert_eq!(
        client.reason("app"),
        "The following resource(s) failed to create: [Films]. Rollback requested by user."
    );
    assert_eq!(client.things(), []);
    assert_eq!(client.simulator.struck().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_stack_that_was_rolled_back_can_only_be_deleted() {
    let client = Client::default();
    client.simulator.fail(ResourceFault::new("Films", Verb::Create, "no").times(1));
    client.deploy("app", &pair()).await;
    let error = client.make(&request("app", ChangeSetType::Update, &pair())).await.expect_err("refused");
    assert_eq!(error.kind, ErrorKind::Validation);
    assert!(error.message.ends_with("is in ROLLBACK_COMPLETE state and can not be updated."), "{error}");
    let error = client.make(&request("app", ChangeSetType::Create, &pair())).await.expect_err("refused");
    assert_eq!(error.message, "Stack [app] already exists and cannot be created again with the changeSet [change]");
    assert_eq!(client.delete("app").await, StackStatus::DeleteComplete);
    assert_eq!(client.deploy("app", &pair()).await, StackStatus::CreateComplete);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_deleted_stops_the_rollback() {
    let client = Client::default();
    let mut template = pair();
    template["Resources"]["Late"] = json!({"Type": "AWS::SNS::Topic", "DependsOn": ["Access", "Jobs"]});
    client.simulator.fail(ResourceFault::new("Late", Verb::Create, "no"));
    let stuck = ResourceFault::new("Films", Verb::Delete, "not now").during(simulator::During::Rollback).times(1);
    client.simulator.fail(stuck);
    assert_eq!(client.deploy("app", &template).await, StackStatus::RollbackFailed);
    assert_eq!(client.reason("app"), "The following resource(s) failed to delete: [Films]. ");
    assert_eq!(client.things(), [("AWS::S3::Bucket".to_owned(), "films".to_owned())]);
    assert_eq!(client.delete("app").await, StackStatus::DeleteComplete);
    assert_eq!(client.things(), []);
}

#[tokio::test(start_paused = true)]
async fn on_failure_says_what_follows() {
    let client = Client::default();
    client.simulator.fail(ResourceFault::new("Access", Verb::Create, "no"));
    assert_eq!(client.deploy_without_rollback("kept", &pair()).await, StackStatus::CreateFailed);
    assert!(client.things().contains(&("AWS::S3::Bucket".to_owned(), "films".to_owned())));
    client.api().rollback_stack("kept", None).await.expect("begun");
    assert_eq!(client.settled("kept").await, StackStatus::RollbackComplete);
    assert_eq!(client.things(), []);

    let mut gone = request("gone", ChangeSetType::Create, &pair());
    gone.on_stack_failure = Some(OnStackFailure::Delete);
    let made = client.make(&gone).await.expect("made");
    assert_eq!(client.execute(&made).await, StackStatus::DeleteComplete);
    assert!(client.simulator.stack("gone").is_none());
}

#[tokio::test(start_paused = true)]
async fn a_stack_that_failed_and_was_kept_is_mended_by_an_update() {
    let client = Client::default();
    client.simulator.fail(ResourceFault::new("Access", Verb::Create, "no").times(1));
    client.deploy_without_rollback("app", &pair()).await;
    assert_eq!(client.deploy("app", &pair()).await, StackStatus::UpdateComplete);
    assert_eq!(client.things().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn names_are_taken_once() {
    let client = Client::default();
    client.simulator.configure(|settings| settings.early_validation = false);
    client.deploy("one", &pair()).await;
    assert_eq!(client.deploy("two", &pair()).await, StackStatus::RollbackComplete);
    let owner = client.simulator.stack("one").expect("there").id;
    assert_eq!(client.failure("two", "Films"), format!("films already exists in stack {owner}"));
    assert_eq!(client.things().len(), 3, "those of the first one");
}

#[tokio::test(start_paused = true)]
async fn retained_resources_survive_the_rollback_unless_they_were_just_made() {
    let client = Client::default();
    let bucket = |name: &str, policy: &str| json!({"Type": "AWS::S3::Bucket", "DeletionPolicy": policy, "Properties": {"BucketName": name}});
    let template = json!({"Resources": {
        "Kept": bucket("kept", "Retain"),
        "Gone": bucket("gone", "RetainExceptOnCreate"),
        "Late": {"Type": "AWS::SNS::Topic", "DependsOn": ["Kept", "Gone"]}
    }});
    client.simulator.fail(ResourceFault::new("Late", Verb::Create, "no"));
    assert_eq!(client.deploy("app", &template).await, StackStatus::RollbackComplete);
    assert!(client.told("app").contains(&"Kept DELETE_SKIPPED".to_owned()));
    assert_eq!(client.things(), [("AWS::S3::Bucket".to_owned(), "kept".to_owned())]);
    assert_eq!(client.simulator.things()[0].owner, None);
}

#[tokio::test(start_paused = true)]
async fn conditions_leave_resources_out() {
    let client = Client::default();
    let template = json!({
        "Parameters": {"Size": {"Type": "String", "Default": "small"}},
        "Conditions": {"Large": {"Fn::Equals": [{"Ref": "Size"}, "large"]}, "Small": {"Fn::Not": [{"Condition": "Large"}]}},
        "Resources": {
            "Always": {"Type": "AWS::SQS::Queue", "Properties": {"DelaySeconds": {"Fn::If": ["Large", 5, {"Ref": "AWS::NoValue"}]}}},
            "Sometimes": {"Type": "AWS::SQS::Queue", "Condition": "Large"}
        },
        "Outputs": {"Sometimes": {"Condition": "Large", "Value": {"Ref": "Sometimes"}}}
    });
    client.deploy("app", &template).await;
    assert_eq!(client.simulator.resources("app").len(), 1);
    assert!(client.simulator.stack("app").expect("there").outputs.is_empty());
    assert_eq!(client.simulator.things()[0].properties, json!({}));
    assert_eq!(client.deploy_with("app", &template, &[("Size", "large")]).await, StackStatus::UpdateComplete);
    assert_eq!(client.simulator.resources("app").len(), 2);
    assert_eq!(client.deploy_with("app", &template, &[("Size", "small")]).await, StackStatus::UpdateComplete);
    assert_eq!(client.simulator.resources("app").len(), 1);
    assert_eq!(client.things().len(), 1);
}
