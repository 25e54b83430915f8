//! Early validation.

use cloud::cloud_formation::{ChangeSetStatus, ChangeSetType};
use cloud::objects::PutTarget;
use serde_json::{Value, json};

use crate::client::{Client, request};

fn films(properties: &Value) -> Value {
    json!({"Resources": {"Films": {"Type": "AWS::S3::Bucket", "Properties": properties}, "Jobs": {"Type": "AWS::SQS::Queue"}}})
}

#[tokio::test(start_paused = true)]
async fn properties_are_held_against_the_schema() {
    let client = Client::default();
    let wrong = films(&json!({"BucketNam": "films"}));
    let made = client.make(&request("app", ChangeSetType::Create, &wrong)).await.expect("answered");
    assert_eq!(made.status, ChangeSetStatus::Failed);
    assert!(made.reason.expect("it says why").contains("[AWS::EarlyValidation::PropertyValidation]"));
    let failures = client.api().validation_failures("app", "change").await.expect("told");
    assert_eq!(failures.len(), 1);
    assert_eq!((failures[0].logical_id.as_str(), failures[0].name.as_str()), ("Films", "PROPERTY_VALIDATION"));
    assert_eq!(failures[0].path.as_deref(), Some("/Resources/Films/Properties/BucketNam"));
}

#[tokio::test(start_paused = true)]
async fn a_name_that_is_taken_is_found_before_anything_happens() {
    let client = Client::default();
    let named = films(&json!({"BucketName": "films"}));
    client.deploy("one", &named).await;
    let made = client.make(&request("two", ChangeSetType::Create, &named)).await.expect("answered");
    assert_eq!(made.status, ChangeSetStatus::Failed);
    let failures = client.api().validation_failures("two", "change").await.expect("told");
    assert_eq!(failures[0].name, "NAME_CONFLICT_VALIDATION");
    assert_eq!(failures[0].reason, "Resource of type 'AWS::S3::Bucket' with identifier 'films' already exists.");
}

#[tokio::test(start_paused = true)]
async fn a_full_bucket_that_would_be_deleted_is_a_warning() {
    let client = Client::default();
    client.deploy("app", &films(&json!({"BucketName": "films"}))).await;
    client.cloud.objects.put(&PutTarget::new("films", "a"), b"x").await.expect("put");
    let without = json!({"Resources": {"Jobs": {"Type": "AWS::SQS::Queue"}}});
    let made = client.make(&request("app", ChangeSetType::Update, &without)).await.expect("made");
    assert_eq!(made.status, ChangeSetStatus::CreateComplete);
    let failures = client.api().validation_failures("app", "change").await.expect("told");
    assert!(failures[0].is_warning, "{failures:?}");
    client.execute(&made).await;
    assert_eq!(client.reason("app"), "Update successful. One or more resources could not be deleted.");
    assert!(client.things().iter().any(|(_, name)| name == "films"), "it belongs to nobody now");
}
