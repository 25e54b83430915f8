//! Updating stacks.

use cloud::cloud_formation::{ChangeSetType, StackStatus};
use serde_json::{Value, json};
use simulator::{During, ResourceFault, Verb};

use crate::client::{Client, request};

fn table(hash: &str, capacity: &str) -> Value {
    json!({"Type": "AWS::DynamoDB::Table", "Properties": {
        "BillingMode": capacity,
        "KeySchema": [{"AttributeName": hash, "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": hash, "AttributeType": "S"}]}})
}

fn template(hash: &str, capacity: &str, delay: u32) -> Value {
    json!({"Resources": {
        "Items": table(hash, capacity),
        "Jobs": {"Type": "AWS::SQS::Queue", "Properties": {"DelaySeconds": delay}},
        "Reader": {"Type": "AWS::SSM::Parameter", "Properties": {"Name": "/reader", "Type": "String", "Value": {"Ref": "Items"}}}
    }})
}

fn base() -> Value {
    template("id", "PROVISIONED", 0)
}

#[tokio::test(start_paused = true)]
async fn only_what_changes_is_touched() {
    let client = Client::default();
    client.deploy("app", &base()).await;
    let before = client.told("app").len();
    assert_eq!(client.deploy("app", &template("id", "PAY_PER_REQUEST", 0)).await, StackStatus::UpdateComplete);
    let told = client.told("app")[before..].to_vec();
    assert_eq!(
        told,
        [
            "app UPDATE_IN_PROGRESS",
            "Items UPDATE_IN_PROGRESS",
            "Items UPDATE_COMPLETE",
            "app UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
            "app UPDATE_COMPLETE"
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_replacement_is_made_first_and_the_old_one_deleted_last() {
    let client = Client::default();
    client.deploy("app", &base()).await;
    let (old, before) = (client.physical("app", "Items"), client.told("app").len());
    assert_eq!(client.deploy("app", &template("key", "PROVISIONED", 0)).await, StackStatus::UpdateComplete);
    let new = client.physical("app", "Items");
    assert_ne!(old, new);
    let told = client.told("app")[before..].to_vec();
    assert_eq!(
        told,
        [
            "app UPDATE_IN_PROGRESS",
            "Items UPDATE_IN_PROGRESS",
            "Items UPDATE_IN_PROGRESS",
            "Items UPDATE_COMPLETE",
            "Reader UPDATE_IN_PROGRESS",
            "Reader UPDATE_COMPLETE",
            "app UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
            "Items DELETE_IN_PROGRESS",
            "Items DELETE_COMPLETE",
            "app UPDATE_COMPLETE"
        ],
        "what refers to it follows"
    );
    let events = client.simulator.events("app");
    let reason = "Requested update requires the creation of a new physical resource; hence creating one.";
    assert!(events.iter().any(|event| event.reason.as_deref() == Some(reason)));
    let deleted = events.iter().find(|event| event.status == "DELETE_COMPLETE").expect("deleted");
    assert_eq!(deleted.physical_id.as_deref(), Some(old.as_str()));
    let reader = client.simulator.things().into_iter().find(|thing| thing.physical_id == "/reader").expect("there");
    assert_eq!(reader.properties["Value"], new);
}

#[tokio::test(start_paused = true)]
async fn what_is_replaced_is_kept_by_policy() {
    let client = Client::default();
    let keeping = |hash: &str| {
        let mut template = template(hash, "PROVISIONED", 0);
        template["Resources"]["Items"]["UpdateReplacePolicy"] = json!("Retain");
        template
    };
    client.deploy("app", &keeping("id")).await;
    let old = client.physical("app", "Items");
    client.deploy("app", &keeping("key")).await;
    assert!(client.told("app").contains(&"Items DELETE_SKIPPED".to_owned()));
    let left = client.simulator.things().into_iter().find(|thing| thing.physical_id == old).expect("still there");
    assert_eq!(left.owner, None);
}

#[tokio::test(start_paused = true)]
async fn what_the_template_names_itself_cannot_be_replaced() {
    let client = Client::default();
    let named = |hash: &str| {
        let mut template = template(hash, "PROVISIONED", 0);
        template["Resources"]["Items"]["Properties"]["TableName"] = json!("items");
        template
    };
    client.deploy("app", &named("id")).await;
    assert_eq!(client.deploy("app", &named("key")).await, StackStatus::UpdateRollbackComplete);
    assert_eq!(
        client.failure("app", "Items"),
        "CloudFormation cannot update a stack when a custom-named resource requires replacing. Rename items and update the stack again."
    );
    assert_eq!(client.things().iter().filter(|(_, name)| name == "items").count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_failed_update_is_undone() {
    let client = Client::default();
    client.deploy("app", &base()).await;
    let (old, before) = (client.physical("app", "Items"), client.simulator.things());
    let mut new = template("key", "PROVISIONED", 9);
    new["Resources"]["More"] = json!({"Type": "AWS::SNS::Topic"});
    client.simulator.fail(ResourceFault::new("Reader", Verb::Update, "no"));
    assert_eq!(client.deploy("app", &new).await, StackStatus::UpdateRollbackComplete);
    assert_eq!(client.physical("app", "Items"), old);
    let after = client.simulator.things();
    let plain = |things: &[simulator::Thing]| {
        things.iter().map(|thing| (thing.physical_id.clone(), thing.properties.clone())).collect::<Vec<_>>()
    };
    assert_eq!(plain(&after), plain(&before), "nothing more, nothing less, nothing else");
    let told = client.told("app");
    assert!(told.contains(&"app UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS".to_owned()));
    assert!(told.contains(&"More DELETE_COMPLETE".to_owned()));
    assert_eq!(client.api().template("app").await.expect("there"), base().to_string());
    assert_eq!(
        client.make(&request("app", ChangeSetType::Update, &base())).await.map(|made| made.is_without_changes()),
        Ok(true)
    );
}

#[tokio::test(start_paused = true)]
async fn a_rollback_that_fails_is_continued() {
    let client = Client::default();
    client.deploy("app", &base()).await;
    client.simulator.fail(ResourceFault::new("Reader", Verb::Update, "no"));
    client.simulator.fail(ResourceFault::new("Jobs", Verb::Update, "stuck").during(During::Rollback).times(1));
    let mut new = template("key", "PROVISIONED", 9);
    new["Resources"]["Reader"]["DependsOn"] = json!("Jobs");
    assert_eq!(client.deploy("app", &new).await, StackStatus::UpdateRollbackFailed);
    assert_eq!(client.reason("app"), "The following resource(s) failed to update: [Jobs]. ");
    let error = client.api().rollback_stack("app", None).await.expect_err("not that one");
    assert!(error.message.contains("UPDATE_ROLLBACK_FAILED"), "{error}");
    let error =
        client.api().continue_update_rollback("app", &["Items".to_owned()], None).await.expect_err("it is well");
    assert!(error.message.contains("[Items]"), "{error}");
    client.api().continue_update_rollback("app", &[], None).await.expect("begun");
    assert_eq!(client.settled("app").await, StackStatus::UpdateRollbackComplete);
    let queue =
        client.simulator.things().into_iter().find(|thing| thing.resource_type == "AWS::SQS::Queue").expect("there");
    assert_eq!(queue.properties["DelaySeconds"], 0);
    assert_eq!(client.things().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn what_is_skipped_stays_as_it_is() {
    let client = Client::default();
    client.deploy("app", &base()).await;
    client.simulator.fail(ResourceFault::new("Reader", Verb::Update, "no"));
    client.simulator.fail(ResourceFault::new("Jobs", Verb::Update, "stuck").during(During::Rollback));
    let mut new = template("key", "PROVISIONED", 9);
    new["Resources"]["Reader"]["DependsOn"] = json!("Jobs");
    client.deploy("app", &new).await;
    client.api().continue_update_rollback("app", &["Jobs".to_owned()], None).await.expect("begun");
    assert_eq!(client.settled("app").await, StackStatus::UpdateRollbackComplete);
    let queue =
        client.simulator.things().into_iter().find(|thing| thing.resource_type == "AWS::SQS::Queue").expect("there");
    assert_eq!(queue.properties["DelaySeconds"], 9, "the stack believes otherwise");
}

#[tokio::test(start_paused = true)]
async fn without_rollback_a_failed_update_stays_and_is_mended_or_undone() {
    let client = Client::default();
    client.deploy("app", &base()).await;
    client.simulator.fail(ResourceFault::new("Reader", Verb::Update, "no").times(2));
    let new = template("key", "PROVISIONED", 9);
    assert_eq!(client.deploy_without_rollback("app", &new).await, StackStatus::UpdateFailed);
    assert_eq!(client.reason("app"), "The following resource(s) failed to update: [Reader]. ");
    let error = client.api().continue_update_rollback("app", &[], None).await.expect_err("not that one");
    assert!(error.message.contains("UPDATE_FAILED"), "{error}");
    assert_eq!(client.deploy_without_rollback("app", &new).await, StackStatus::UpdateFailed, "again");
    client.api().rollback_stack("app", None).await.expect("begun");
    assert_eq!(client.settled("app").await, StackStatus::UpdateRollbackComplete);
    assert_eq!(client.things().len(), 3);
    assert_eq!(
        client.make(&request("app", ChangeSetType::Update, &base())).await.map(|made| made.is_without_changes()),
        Ok(true)
    );
    client.api().delete_change_set("app", "change").await.expect("deleted");
    assert_eq!(client.deploy("app", &new).await, StackStatus::UpdateComplete);
    assert_eq!(client.things().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn what_a_failed_update_had_replaced_goes_when_the_next_one_succeeds() {
    let client = Client::default();
    client.deploy("app", &base()).await;
    client.simulator.fail(ResourceFault::new("Reader", Verb::Update, "no").times(1));
    let new = template("key", "PROVISIONED", 9);
    assert_eq!(client.deploy_without_rollback("app", &new).await, StackStatus::UpdateFailed);
    assert_eq!(client.things().len(), 4, "the old table is still needed");
    assert_eq!(client.deploy("app", &new).await, StackStatus::UpdateComplete);
    assert_eq!(client.things().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn an_update_can_be_cancelled_while_it_runs() {
    let client = Client::default();
    client.deploy("app", &base()).await;
    let error = client.api().cancel_update("app").await.expect_err("nothing runs");
    assert_eq!(error.message, "CancelUpdateStack cannot be called from current stack status");
    let made =
        client.make(&request("app", ChangeSetType::Update, &template("id", "PROVISIONED", 9))).await.expect("made");
    client.api().execute_change_set("app", &made.id, None).await.expect("begun");
    tokio::time::sleep(std::time::Duration::from_secs(5)).await;
    client.api().cancel_update("app").await.expect("cancelled");
    assert_eq!(client.settled("app").await, StackStatus::UpdateRollbackComplete);
    assert_eq!(client.failure("app", "Jobs"), "Resource update cancelled");
    let queue =
        client.simulator.things().into_iter().find(|thing| thing.resource_type == "AWS::SQS::Queue").expect("there");
    assert_eq!(queue.properties["DelaySeconds"], 0);
}

#[tokio::test(start_paused = true)]
async fn tags_of_the_stack_reach_what_can_have_tags() {
    let client = Client::default();
    client.deploy("app", &base()).await;
    let mut tagged = request("app", ChangeSetType::Update, &base());
    tagged.tags.insert("owner".to_owned(), "films".to_owned());
    let made = client.make(&tagged).await.expect("made");
    assert!(made.changes.iter().all(|change| change.scope == ["Tags"]), "{:#?}", made.changes);
    assert_eq!(made.changes.len(), 3);
    assert_eq!(client.execute(&made).await, StackStatus::UpdateComplete);
    assert_eq!(client.simulator.stack("app").expect("there").tags["owner"], "films");
}

#[tokio::test(start_paused = true)]
async fn an_attribute_that_counts_updates_goes_on() {
    let client = Client::default();
    let template = |size: &str| {
        json!({"Resources": {"Worker": {"Type": "AWS::EC2::LaunchTemplate", "Properties": {"LaunchTemplateData": {"InstanceType": size}}}},
            "Outputs": {"Version": {"Value": {"Fn::GetAtt": ["Worker", "LatestVersionNumber"]}}}})
    };
    client.deploy("app", &template("g6e.xlarge")).await;
    client.deploy("app", &template("g6e.2xlarge")).await;
    assert_eq!(client.simulator.stack("app").expect("there").output("Version"), Some("2"));
}
