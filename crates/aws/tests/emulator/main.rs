//! Calls every operation of every trait on the real emulator. One test, so that all of it shares one process.

mod cloud_formation;
mod comparison;
mod instance;
mod objects;
mod queues;
mod tables;
mod workflows;

use std::path::Path;
use std::time::Duration;

use aws::{Settings, Target};
use cloud::Cloud;
use cloud::cloud_formation::{
    Capability, ChangeSetRequest, ChangeSetStatus, ChangeSetType, StackDescription, TemplateSource,
};
use serde_json::{Value, json};

/// Stops the emulator however the test ends.
struct Emulator {
    root: tempfile::TempDir,
}

impl Emulator {
    fn start() -> (Self, String) {
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        assert!(local::is_installed(&workspace), "the local cloud is not installed: run `cargo xtask setup`");
        let root = tempfile::tempdir().expect("a folder");
        local::share_installation(root.path(), &workspace).expect("shared");
        let this = Self { root };
        let endpoint_url = local::up(this.root.path(), &mut |_| {}).expect("the emulator starts").endpoint_url;
        (this, endpoint_url)
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        drop(local::down(self.root.path(), local::AfterStop::Wipe, &mut |_| {}));
    }
}

#[tokio::test]
async fn every_operation_works() {
    let (_emulator, endpoint_url) = Emulator::start();
    let settings = Settings {
        region: Some("eu-central-1".to_owned()),
        target: Target::Local { endpoint_url },
        application: Some("baleen-test".to_owned()),
    };
    let cloud = aws::connect(&settings).await.expect("connected");
    assert_eq!(cloud.region, "eu-central-1");
    let caller = cloud.identity.caller().await.expect("a caller");
    assert_eq!(caller.account, "000000000000");
    assert!(caller.arn.starts_with("arn:aws:"), "{caller:?}");

    let stack = deploy(&cloud, "services", &services()).await;
    queues::check(&cloud, stack.output("Queue").expect("a queue")).await;
    objects::check(&cloud, stack.output("Bucket").expect("a bucket")).await;
    tables::check(&cloud, stack.output("Table").expect("a table")).await;
    workflows::check(&cloud, &stack).await;
    instance::check(&cloud).await;
    cloud_formation::check(&cloud).await;
}

/// What the checks of the other services work on.
fn services() -> Value {
    let wait = |seconds: u32| {
        json!({
            "QueryLanguage": "JSONata",
            "StartAt": "Wait",
            "States": { "Wait": {
                "Type": "Task",
                "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
                "Arguments": {
                    "QueueUrl": "${Tasks}",
                    "MessageBody": "{% { 'token': $states.context.Task.Token } %}",
                },
                "TimeoutSeconds": seconds,
                "End": true,
            } },
        })
    };
    let trust = json!({
        "Version": "2012-10-17",
        "Statement": [{ "Effect": "Allow", "Principal": { "Service": "states.amazonaws.com" }, "Action": "sts:AssumeRole" }],
    });
    let machine = |definition: Value| {
        json!({
            "Type": "AWS::StepFunctions::StateMachine",
            "Properties": {
                "RoleArn": { "Fn::GetAtt": ["Role", "Arn"] },
                "DefinitionString": { "Fn::Sub": definition.to_string() },
            },
        })
    };
    json!({
        "Resources": {
            "Bucket": {
                "Type": "AWS::S3::Bucket",
                "Properties": { "VersioningConfiguration": { "Status": "Enabled" } },
            },
            "Queue": { "Type": "AWS::SQS::Queue", "Properties": { "VisibilityTimeout": 60 } },
            "Tasks": { "Type": "AWS::SQS::Queue" },
            "Table": {
                "Type": "AWS::DynamoDB::Table",
                "Properties": {
                    "BillingMode": "PAY_PER_REQUEST",
                    "AttributeDefinitions": [
                        { "AttributeName": "id", "AttributeType": "S" },
                        { "AttributeName": "owner", "AttributeType": "S" },
                        { "AttributeName": "created", "AttributeType": "S" },
                    ],
                    "KeySchema": [{ "AttributeName": "id", "KeyType": "HASH" }],
                    "GlobalSecondaryIndexes": [{
                        "IndexName": "by-owner",
                        "KeySchema": [
                            { "AttributeName": "owner", "KeyType": "HASH" },
                            { "AttributeName": "created", "KeyType": "RANGE" },
                        ],
                        "Projection": { "ProjectionType": "ALL" },
                    }],
                },
            },
            "Role": { "Type": "AWS::IAM::Role", "Properties": { "AssumeRolePolicyDocument": trust } },
            "Patient": machine(wait(600)),
            "Hasty": machine(wait(2)),
        },
        "Outputs": {
            "Bucket": { "Value": { "Ref": "Bucket" } },
            "Queue": { "Value": { "Ref": "Queue" } },
            "Tasks": { "Value": { "Ref": "Tasks" } },
            "Table": { "Value": { "Ref": "Table" } },
            "Patient": { "Value": { "Ref": "Patient" } },
            "Hasty": { "Value": { "Ref": "Hasty" } },
        },
    })
}

/// Makes a stack by a change set and waits for it.
async fn deploy(cloud: &Cloud, stack: &str, template: &Value) -> StackDescription {
    let template = TemplateSource::Body(template.to_string());
    let mut request = ChangeSetRequest::new(stack, "first", ChangeSetType::Create, template);
    request.capabilities = vec![Capability::Iam];
    cloud.cloud_formation.create_change_set(&request).await.expect("a change set");
    execute(cloud, stack, "first").await
}

async fn execute(cloud: &Cloud, stack: &str, change_set: &str) -> StackDescription {
    let formation = &cloud.cloud_formation;
    let made = until("the change set is made", async || {
        let change_set = formation.describe_change_set(stack, change_set).await.expect("a change set");
        (change_set.status != ChangeSetStatus::CreateInProgress && change_set.status != ChangeSetStatus::CreatePending)
            .then_some(change_set)
    });
    assert_eq!(made.await.status, ChangeSetStatus::CreateComplete);
    formation.execute_change_set(stack, change_set, Some("token-1")).await.expect("executed");
    let settled = until("the stack settles", async || {
        let stack = formation.describe_stack(stack).await.expect("an answer").expect("a stack");
        (!stack.status.is_in_progress() && stack.status.as_str() != "REVIEW_IN_PROGRESS").then_some(stack)
    });
    let stack = settled.await;
    assert!(stack.status.is_success(), "{stack:?}");
    stack
}

/// Polls until there is an answer, at most a minute.
async fn until<T>(what: &str, mut poll: impl AsyncFnMut() -> Option<T>) -> T {
    for _ in 0..600 {
        if let Some(answer) = poll().await {
            return answer;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("not within a minute: {what}");
}
