//! Importing what exists.

use std::collections::BTreeMap;

use cloud::cloud_formation::{ChangeSetRequest, ChangeSetStatus, ChangeSetType, ImportedResource, StackStatus};
use serde_json::{Value, json};
use simulator::{ResourceFault, Verb};

use crate::client::{Client, request};

fn bucket(name: &str) -> Value {
    json!({"Type": "AWS::S3::Bucket", "DeletionPolicy": "Retain", "Properties": {"BucketName": name}})
}

fn import(template: &Value, name: &str) -> ChangeSetRequest {
    let mut request = request("app", ChangeSetType::Import, template);
    request.import = vec![ImportedResource {
        logical_id: "Films".to_owned(),
        resource_type: "AWS::S3::Bucket".to_owned(),
        identifier: BTreeMap::from([("BucketName".to_owned(), name.to_owned())]),
    }];
    request
}

/// An account with a bucket that a deleted stack has left behind.
async fn left_behind() -> Client {
    let client = Client::default();
    client.deploy("old", &json!({"Resources": {"Films": bucket("films")}})).await;
    client.delete("old").await;
    client
}

#[tokio::test(start_paused = true)]
async fn a_new_stack_takes_over_what_exists() {
    let client = left_behind().await;
    let template = json!({"Resources": {"Films": bucket("films")}});
    let made = client.make(&import(&template, "films")).await.expect("made");
    assert_eq!((made.changes[0].action.as_str(), made.changes[0].physical_id.as_deref()), ("Import", Some("films")));
    assert_eq!(client.execute(&made).await, StackStatus::ImportComplete);
    assert_eq!(
        client.told("app"),
        [
            "app REVIEW_IN_PROGRESS",
            "app IMPORT_IN_PROGRESS",
            "Films IMPORT_IN_PROGRESS",
            "Films IMPORT_COMPLETE",
            "app IMPORT_COMPLETE"
        ]
    );
    assert_eq!(client.simulator.things()[0].owner.as_ref().map(|owner| owner.logical_id.as_str()), Some("Films"));
    assert_eq!(
        client
            .deploy("app", &json!({"Resources": {"Films": bucket("films"), "Jobs": {"Type": "AWS::SQS::Queue"}}}))
            .await,
        StackStatus::UpdateComplete
    );
}

#[tokio::test(start_paused = true)]
async fn an_import_does_nothing_else() {
    let client = left_behind().await;
    let jobs = json!({"Type": "AWS::SQS::Queue"});
    client.deploy("app", &json!({"Resources": {"Jobs": jobs}})).await;
    let refused =
        async |template: Value, name: &str| client.make(&import(&template, name)).await.expect_err("refused").message;
    let both = json!({"Resources": {"Jobs": jobs, "Films": bucket("films"), "More": jobs}});
    assert_eq!(refused(both, "films").await, "Resources [More] is missing from ResourcesToImport list");
    let output = json!({"Resources": {"Jobs": jobs, "Films": bucket("films")}, "Outputs": {"A": {"Value": "b"}}});
    assert_eq!(refused(output, "films").await, "As part of the import operation, you cannot modify or add [Outputs]");
    let mut bare = json!({"Resources": {"Jobs": jobs, "Films": bucket("films")}});
    bare["Resources"]["Films"].as_object_mut().expect("an object").remove("DeletionPolicy");
    assert_eq!(
        refused(bare, "films").await,
        "Resources [Films] must have a DeletionPolicy attribute specified in the template"
    );
    let good = json!({"Resources": {"Jobs": jobs, "Films": bucket("films")}});
    let made = client.make(&import(&good, "nothing")).await.expect("answered");
    assert_eq!(made.status, ChangeSetStatus::Failed);
    assert_eq!(
        made.reason.as_deref(),
        Some("Resource of type 'AWS::S3::Bucket' with identifier 'nothing' was not found.")
    );
    client.api().delete_change_set("app", "change").await.expect("deleted");

    client.simulator.fail(ResourceFault::new("Films", Verb::Create, "no").times(1));
    let made = client.make(&import(&good, "films")).await.expect("made");
    assert_eq!(client.execute(&made).await, StackStatus::ImportRollbackComplete);
    assert!(client.simulator.things().iter().any(|thing| thing.physical_id == "films" && thing.owner.is_none()));
    let made = client.make(&import(&good, "films")).await.expect("made");
    assert_eq!(client.execute(&made).await, StackStatus::ImportComplete);
    let mut other = import(&json!({"Resources": {"Films": bucket("films")}}), "films");
    "other".clone_into(&mut other.stack);
    let made = client.make(&other).await.expect("answered");
    let owner = client.simulator.stack("app").expect("there").id;
    assert_eq!(made.reason, Some(format!("films already exists in stack {owner}")));
}
