//! Rollback triggers.

use std::time::Duration;

use cloud::alarms::AlarmState;
use cloud::cloud_formation::{ChangeSetRequest, ChangeSetType, RollbackTriggers, StackStatus};
use serde_json::{Value, json};

use crate::client::{Client, request};

const ALARM: &str = "arn:aws:cloudwatch:eu-central-1:111122223333:alarm:failures";

fn template(delay: u32) -> Value {
    json!({"Resources": {"Jobs": {"Type": "AWS::SQS::Queue", "Properties": {"DelaySeconds": delay}}}})
}

fn watched(delay: u32) -> ChangeSetRequest {
    let mut request = request("app", ChangeSetType::Update, &template(delay));
    request.rollback = Some(RollbackTriggers {
        alarms: vec![ALARM.to_owned()],
        monitoring: Duration::from_mins(30),
        ..RollbackTriggers::default()
    });
    request
}

async fn client() -> Client {
    let client = Client::default();
    let alarm = json!({"Resources": {"Failures": {"Type": "AWS::CloudWatch::Alarm", "Properties": {
        "AlarmName": "failures", "ComparisonOperator": "GreaterThanThreshold", "EvaluationPeriods": 1,
        "MetricName": "Failed", "Namespace": "app", "Period": 60, "Statistic": "Sum", "Threshold": 0}}}});
    client.deploy("alarms", &alarm).await;
    client.deploy("app", &template(0)).await;
    client
}

async fn begin(client: &Client, request: &ChangeSetRequest) {
    let made = client.make(request).await.expect("made");
    client.api().execute_change_set("app", &made.id, None).await.expect("begun");
}

#[tokio::test(start_paused = true)]
async fn an_update_is_watched_after_everything_is_changed() {
    let client = client().await;
    let described = client.cloud.alarms.describe(&["failures".to_owned(), "none".to_owned()]).await.expect("described");
    assert_eq!(
        (described.len(), &described[0].state, described[0].arn.as_str()),
        (1, &AlarmState::InsufficientData, ALARM)
    );
    begin(&client, &watched(5)).await;
    tokio::time::sleep(Duration::from_mins(20)).await;
    let stack = client.simulator.stack("app").expect("there");
    assert_eq!(stack.status, StackStatus::UpdateInProgress, "it may still be undone");
    assert_eq!(stack.rollback.alarms, [ALARM]);
    tokio::time::sleep(Duration::from_mins(15)).await;
    assert_eq!(client.simulator.stack("app").expect("there").status, StackStatus::UpdateComplete);
}

#[tokio::test(start_paused = true)]
async fn an_alarm_undoes_it() {
    let client = client().await;
    begin(&client, &watched(5)).await;
    tokio::time::sleep(Duration::from_mins(20)).await;
    client.simulator.set_alarm("failures", AlarmState::InsufficientData);
    assert_eq!(client.simulator.stack("app").expect("there").status, StackStatus::UpdateInProgress);
    client.simulator.set_alarm("failures", AlarmState::Alarm);
    assert_eq!(client.settled("app").await, StackStatus::UpdateRollbackComplete);
    assert_eq!(client.reason("app"), format!("The following rollback trigger(s) were in ALARM state: [{ALARM}]. "));
    assert!(client.simulator.things().iter().any(|thing| thing.properties["DelaySeconds"] == 0));
    client.api().delete_change_set("app", "change").await.expect("deleted");
    begin(&client, &watched(5)).await;
    assert_eq!(client.settled("app").await, StackStatus::UpdateRollbackComplete, "it still rings");
}

#[tokio::test(start_paused = true)]
async fn a_bake_can_be_cancelled_and_an_alarm_that_is_not_there_undoes_it() {
    let client = client().await;
    begin(&client, &watched(5)).await;
    tokio::time::sleep(Duration::from_mins(20)).await;
    client.api().cancel_update("app").await.expect("cancelled");
    assert_eq!(client.settled("app").await, StackStatus::UpdateRollbackComplete);
    client.api().delete_change_set("app", "change").await.expect("deleted");
    let mut missing = watched(6);
    missing.rollback = Some(RollbackTriggers { alarms: vec![format!("{ALARM}-none")], ..RollbackTriggers::default() });
    begin(&client, &missing).await;
    assert_eq!(client.settled("app").await, StackStatus::UpdateRollbackComplete);
    client.api().delete_change_set("app", "change").await.expect("deleted");
    let mut cleared = watched(7);
    cleared.rollback = Some(RollbackTriggers::default());
    begin(&client, &cleared).await;
    assert_eq!(client.settled("app").await, StackStatus::UpdateComplete);
    let mut many = watched(8);
    many.rollback = Some(RollbackTriggers { alarms: vec![ALARM.to_owned(); 6], ..RollbackTriggers::default() });
    many.name = "many".to_owned();
    client.api().create_change_set(&many).await.expect_err("at most five");
}
