//! Exports, and who uses them.

use cloud::cloud_formation::{ChangeSetStatus, ChangeSetType, StackStatus};
use serde_json::{Value, json};

use crate::client::{Client, request};

fn exporting(value: &str) -> Value {
    json!({"Resources": {"Films": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": value}}},
        "Outputs": {"Films": {"Value": {"Ref": "Films"}, "Export": {"Name": {"Fn::Sub": "${AWS::StackName}-films"}}}}})
}

fn importing() -> Value {
    json!({"Resources": {"Reader": {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": {"Fn::ImportValue": "storage-films"}}}}})
}

fn plain(value: &str) -> Value {
    let mut template = exporting(value);
    template.as_object_mut().expect("an object").remove("Outputs");
    template
}

async fn both() -> Client {
    let client = Client::default();
    client.deploy("storage", &exporting("films")).await;
    assert_eq!(client.deploy("jobs", &importing()).await, StackStatus::CreateComplete);
    client
}

#[tokio::test(start_paused = true)]
async fn a_value_passes_from_stack_to_stack() {
    let client = both().await;
    let exports = client.api().exports().await.expect("listed");
    assert_eq!((exports[0].name.as_str(), exports[0].value.as_str()), ("storage-films", "films"));
    assert_eq!(client.api().importing_stacks("storage-films").await.expect("listed"), ["jobs"]);
    assert!(client.api().importing_stacks("nothing").await.expect("listed").is_empty());
    assert!(client.simulator.things().iter().any(|thing| thing.properties["Value"] == "films"));
}

#[tokio::test(start_paused = true)]
async fn the_deadlock_of_exports() {
    let client = both().await;
    assert_eq!(client.deploy("storage", &exporting("other")).await, StackStatus::UpdateRollbackComplete);
    assert_eq!(client.reason("storage"), "Export storage-films cannot be updated as it is in use by jobs");
    assert_eq!(client.deploy("storage", &plain("films")).await, StackStatus::UpdateRollbackComplete);
    assert_eq!(client.reason("storage"), "Export storage-films cannot be deleted as it is in use by jobs");
    assert_eq!(client.simulator.stack("storage").expect("there").output("Films"), Some("films"));
    client.delete("jobs").await;
    assert_eq!(client.deploy("storage", &plain("films")).await, StackStatus::UpdateComplete);
    assert!(client.api().exports().await.expect("listed").is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_stack_whose_exports_are_used_stays() {
    let client = both().await;
    assert_eq!(client.delete("storage").await, StackStatus::CreateComplete, "not even DELETE_FAILED");
    assert_eq!(client.reason("storage"), "Export storage-films cannot be deleted as it is in use by jobs");
    assert_eq!(client.things().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn names_are_unique_and_must_be_there() {
    let client = Client::default();
    let made = client.make(&request("jobs", ChangeSetType::Create, &importing())).await.expect("answered");
    assert_eq!(made.status, ChangeSetStatus::Failed);
    assert_eq!(made.reason.as_deref(), Some("No export named storage-films found."));
    client.deploy("storage", &exporting("films")).await;
    let mut same = exporting("other");
    same["Outputs"]["Films"]["Export"]["Name"] = json!("storage-films");
    assert_eq!(client.deploy("copy", &same).await, StackStatus::RollbackComplete);
    assert!(client.reason("copy").starts_with("Export with name storage-films is already exported by stack storage"));
}
