//! Deleting stacks.

use cloud::cloud_formation::{DeleteStackRequest, StackStatus};
use cloud::objects::{ObjectVersion, PutTarget};
use serde_json::json;
use simulator::{ResourceFault, Verb};

use crate::client::Client;

fn template() -> serde_json::Value {
    json!({"Resources": {
        "Films": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "films"}},
        "Access": {"Type": "AWS::S3::BucketPolicy", "Properties": {"Bucket": {"Ref": "Films"}, "PolicyDocument": {}}},
        "Kept": {"Type": "AWS::DynamoDB::Table", "DeletionPolicy": "Retain", "Properties": {"TableName": "kept", "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}]}}
    }})
}

#[tokio::test(start_paused = true)]
async fn what_depends_on_another_goes_first_and_policies_hold() {
    let client = Client::default();
    client.simulator.configure(|settings| settings.early_validation = false);
    client.deploy("app", &template()).await;
    let id = client.simulator.stack("app").expect("there").id;
    let before = client.told("app").len();
    assert_eq!(client.delete("app").await, StackStatus::DeleteComplete);
    let told = client.told(&id)[before..].to_vec();
    let at = |what: &str| told.iter().position(|event| event == what).unwrap_or_else(|| panic!("{what} in {told:#?}"));
    assert!(at("Access DELETE_COMPLETE") < at("Films DELETE_IN_PROGRESS"));
    assert!(told.contains(&"Kept DELETE_SKIPPED".to_owned()));
    assert_eq!(client.things(), [("AWS::DynamoDB::Table".to_owned(), "kept".to_owned())]);
    assert!(client.api().describe_stack("app").await.expect("answered").is_none(), "its name is free");
    let gone = client.api().describe_stack(&id).await.expect("answered").expect("its ARN still tells");
    assert_eq!(gone.status, StackStatus::DeleteComplete);
    assert_eq!(client.deploy("app", &template()).await, StackStatus::RollbackComplete, "the table is still there");
    assert_eq!(
        client.failure("app", "Kept"),
        "Resource handler returned message: \"Resource of type 'AWS::DynamoDB::Table' with identifier 'kept' already exists.\" (HandlerErrorCode: AlreadyExists)"
    );
}

#[tokio::test(start_paused = true)]
async fn a_bucket_that_holds_something_stays() {
    let client = Client::default();
    client.deploy("app", &template()).await;
    client.cloud.objects.put(&PutTarget::new("films", "a"), b"x").await.expect("put");
    assert_eq!(client.delete("app").await, StackStatus::DeleteFailed);
    assert!(client.failure("app", "Films").contains("BucketNotEmpty"));
    assert_eq!(client.reason("app"), "The following resource(s) failed to delete: [Films]. ");
    client.cloud.objects.delete(&ObjectVersion::newest("films", "a")).await.expect("deleted");
    assert_eq!(client.delete("app").await, StackStatus::DeleteComplete);
}

#[tokio::test(start_paused = true)]
async fn resources_are_retained_only_after_a_failure() {
    let client = Client::default();
    client.deploy("app", &template()).await;
    let retain = DeleteStackRequest { retain: vec!["Films".to_owned()], ..DeleteStackRequest::new("app") };
    let error = client.api().delete_stack(&retain).await.expect_err("too early");
    assert!(error.message.contains("only when the stack is in the DELETE_FAILED state"), "{error}");
    client.simulator.fail(ResourceFault::new("Films", Verb::Delete, "no"));
    assert_eq!(client.delete("app").await, StackStatus::DeleteFailed);
    assert_eq!(client.delete_retaining("app", &["Films"]).await, StackStatus::DeleteComplete);
    assert!(client.things().contains(&("AWS::S3::Bucket".to_owned(), "films".to_owned())));
}

#[tokio::test(start_paused = true)]
async fn protection_forbids_it_and_so_does_an_update_under_way() {
    let client = Client::default();
    client.deploy("app", &template()).await;
    client.api().update_termination_protection("app", true).await.expect("set");
    let error = client.api().delete_stack(&DeleteStackRequest::new("app")).await.expect_err("protected");
    assert_eq!(error.message, "Stack [app] cannot be deleted while TerminationProtection is enabled");
    client.api().update_termination_protection("app", false).await.expect("set");
    client.api().delete_stack(&DeleteStackRequest::new("nothing")).await.expect("that is no error");
}
