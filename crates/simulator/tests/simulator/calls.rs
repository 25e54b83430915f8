//! What stands before every call.

use cloud::ErrorKind;
use cloud::cloud_formation::{ChangeSetType, StackStatus};
use serde_json::json;

use crate::client::{Client, request};

#[tokio::test(start_paused = true)]
async fn too_many_calls_are_throttled_and_later_served() {
    let client = Client::default();
    client.simulator.configure(|settings| (settings.calls_per_second, settings.burst) = (Some(2.0), 3));
    for _ in 0..3 {
        client.api().list_stacks("").await.expect("served");
    }
    let error = client.api().list_stacks("").await.expect_err("too many");
    assert_eq!(
        (error.kind, error.code.as_deref(), error.message.as_str()),
        (ErrorKind::Throttled, Some("Throttling"), "Rate exceeded")
    );
    client.cloud.identity.caller().await.expect("another class");
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    client.api().list_stacks("").await.expect("served");
    assert_eq!(client.simulator.calls("cloudformation:DescribeStacks"), 5);
}

#[tokio::test(start_paused = true)]
async fn somebody_else_acts_just_before_a_call() {
    let client = Client::default();
    let template =
        |delay: u32| json!({"Resources": {"Jobs": {"Type": "AWS::SQS::Queue", "Properties": {"DelaySeconds": delay}}}});
    client.deploy("app", &template(0)).await;
    let made = client.make(&request("app", ChangeSetType::Update, &template(1))).await.expect("made");
    let theirs = {
        let mut theirs = request("app", ChangeSetType::Update, &template(2));
        "theirs".clone_into(&mut theirs.name);
        client.make(&theirs).await.expect("made")
    };
    client.simulator.before_call("cloudformation:ExecuteChangeSet", 2, |cloud| async move {
        cloud.cloud_formation.execute_change_set("app", &theirs.id, None).await.expect("executed");
    });
    let error = client.api().execute_change_set("app", &made.id, None).await.expect_err("too late");
    assert_eq!(error.code.as_deref(), Some("InvalidChangeSetStatus"));
    assert_eq!(client.settled("app").await, StackStatus::UpdateComplete);
    assert_eq!(client.simulator.things()[0].properties["DelaySeconds"], 2);
}
