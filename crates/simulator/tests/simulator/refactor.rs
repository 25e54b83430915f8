//! Stack refactoring.

use cloud::cloud_formation::{
    RefactorDescription, RefactorExecutionStatus, RefactorRequest, RefactorStatus, RefactoredStack, ResourceLocation,
    ResourceMove, StackStatus, TemplateSource,
};
use serde_json::{Value, json};

use crate::client::Client;

fn queue(delay: u32) -> Value {
    json!({"Type": "AWS::SQS::Queue", "Properties": {"DelaySeconds": delay}})
}

fn location(stack: &str, logical_id: &str) -> ResourceLocation {
    ResourceLocation { stack: stack.to_owned(), logical_id: logical_id.to_owned() }
}

fn stack(name: &str, template: &Value) -> RefactoredStack {
    RefactoredStack { stack: name.to_owned(), template: TemplateSource::Body(template.to_string()) }
}

async fn settled(client: &Client, id: &str) -> RefactorDescription {
    tokio::time::sleep(std::time::Duration::from_secs(10)).await;
    client.api().describe_stack_refactor(id).await.expect("known")
}

#[tokio::test(start_paused = true)]
async fn a_resource_gets_another_name_and_stays_the_same_thing() {
    let client = Client::default();
    client.deploy("app", &json!({"Resources": {"Old": queue(1)}})).await;
    let physical = client.physical("app", "Old");
    let request = RefactorRequest {
        stacks: vec![stack("app", &json!({"Resources": {"New": queue(1)}}))],
        moves: vec![ResourceMove { from: location("app", "Old"), to: location("app", "New") }],
        ..RefactorRequest::default()
    };
    let id = client.api().create_stack_refactor(&request).await.expect("begun");
    let prepared = settled(&client, &id).await;
    assert_eq!(
        (prepared.status, prepared.execution_status),
        (RefactorStatus::CreateComplete, RefactorExecutionStatus::Available)
    );
    assert_eq!(client.physical("app", "Old"), physical, "nothing has happened yet");
    client.api().execute_stack_refactor(&id).await.expect("begun");
    assert_eq!(settled(&client, &id).await.execution_status, RefactorExecutionStatus::Complete);
    assert_eq!(client.physical("app", "New"), physical);
    assert_eq!(client.things().len(), 1);
    assert_eq!(client.deploy("app", &json!({"Resources": {"New": queue(2)}})).await, StackStatus::UpdateComplete);
    assert_eq!(client.physical("app", "New"), physical);
}

#[tokio::test(start_paused = true)]
async fn a_resource_moves_to_a_stack_that_is_made() {
    let client = Client::default();
    client.deploy("app", &json!({"Resources": {"Jobs": queue(1), "Films": {"Type": "AWS::S3::Bucket"}}})).await;
    let physical = client.physical("app", "Films");
    let mut request = RefactorRequest {
        stacks: vec![
            stack("app", &json!({"Resources": {"Jobs": queue(1)}})),
            stack("storage", &json!({"Resources": {"Sources": {"Type": "AWS::S3::Bucket"}}})),
        ],
        moves: vec![ResourceMove { from: location("app", "Films"), to: location("storage", "Sources") }],
        ..RefactorRequest::default()
    };
    let error = client.api().create_stack_refactor(&request).await.expect_err("there is no such stack");
    assert_eq!(error.message, "Stack [storage] does not exist");
    request.creates_stacks = true;
    let id = client.api().create_stack_refactor(&request).await.expect("begun");
    settled(&client, &id).await;
    client.api().execute_stack_refactor(&id).await.expect("begun");
    assert_eq!(settled(&client, &id).await.execution_status, RefactorExecutionStatus::Complete);
    assert_eq!(client.physical("storage", "Sources"), physical);
    assert_eq!(client.simulator.resources("app").len(), 1);
    assert_eq!(client.simulator.stack("storage").expect("made").status, StackStatus::CreateComplete);
    let bucket = client.simulator.things().into_iter().find(|thing| thing.physical_id == physical).expect("there");
    assert_eq!(bucket.owner.expect("owned").logical_id, "Sources");
    client.delete("app").await;
    assert_eq!(client.things().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn nothing_else_may_change() {
    let client = Client::default();
    client.deploy("app", &json!({"Resources": {"Old": queue(1), "Other": queue(1)}})).await;
    let cases = [
        (json!({"New": queue(2), "Other": queue(1)}), "modifying property DelaySeconds of resource New in stack app"),
        (json!({"New": queue(1), "Other": queue(7)}), "modifying property DelaySeconds of resource Other in stack app"),
        (json!({"New": queue(1)}), "deleting resource Other of stack app"),
        (json!({"New": queue(1), "Other": queue(1), "More": queue(1)}), "adding resource More to stack app"),
        (json!({"New": {"Type": "AWS::SNS::Topic"}, "Other": queue(1)}), "changing the type of resource New"),
    ];
    for (resources, reason) in cases {
        let request = RefactorRequest {
            stacks: vec![stack("app", &json!({"Resources": resources}))],
            moves: vec![ResourceMove { from: location("app", "Old"), to: location("app", "New") }],
            ..RefactorRequest::default()
        };
        let id = client.api().create_stack_refactor(&request).await.expect("begun");
        let failed = settled(&client, &id).await;
        assert_eq!(failed.status, RefactorStatus::CreateFailed);
        assert_eq!(failed.reason, Some(format!("Stack Refactor does not support {reason}")));
        client.api().execute_stack_refactor(&id).await.expect_err("it failed");
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_prepared_before_an_update_is_obsolete() {
    let client = Client::default();
    client.deploy("app", &json!({"Resources": {"Old": queue(1)}})).await;
    let request = RefactorRequest {
        stacks: vec![stack("app", &json!({"Resources": {"New": queue(1)}}))],
        moves: vec![ResourceMove { from: location("app", "Old"), to: location("app", "New") }],
        ..RefactorRequest::default()
    };
    let id = client.api().create_stack_refactor(&request).await.expect("begun");
    settled(&client, &id).await;
    client.deploy("app", &json!({"Resources": {"Old": queue(3)}})).await;
    let error = client.api().execute_stack_refactor(&id).await.expect_err("obsolete");
    assert!(error.message.ends_with("current execution status of [OBSOLETE]"), "{error}");
}
