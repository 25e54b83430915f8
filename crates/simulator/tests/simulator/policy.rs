//! Stack policies.

use cloud::cloud_formation::StackStatus;
use serde_json::{Value, json};

use crate::client::Client;

fn template(delay: u32, fifo: bool) -> Value {
    json!({"Resources": {
        "Jobs": {"Type": "AWS::SQS::Queue", "Properties": {"DelaySeconds": delay, "FifoQueue": fifo}},
        "Topic": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": delay.to_string()}}
    }})
}

#[tokio::test(start_paused = true)]
async fn a_policy_forbids_what_it_says() {
    let client = Client::default();
    client.deploy("app", &template(0, false)).await;
    assert_eq!(client.api().stack_policy("app").await.expect("answered"), None);
    let policy = json!({"Statement": [
        {"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"},
        {"Effect": "Deny", "Action": ["Update:Replace", "Update:Delete"], "Principal": "*", "Resource": "*",
            "Condition": {"StringEquals": {"ResourceType": ["AWS::SQS::Queue"]}}}
    ]});
    client.api().set_stack_policy("app", &policy.to_string()).await.expect("set");
    assert!(client.api().stack_policy("app").await.expect("answered").is_some());
    assert_eq!(client.deploy("app", &template(1, false)).await, StackStatus::UpdateComplete);
    assert_eq!(client.deploy("app", &template(1, true)).await, StackStatus::UpdateRollbackComplete);
    assert_eq!(
        client.failure("app", "Jobs"),
        "Action denied by stack policy: Statement [#2] does not allow [Update:Replace] for resource [Jobs]"
    );
    let without = json!({"Resources": {"Topic": template(1, false)["Resources"]["Topic"]}});
    assert_eq!(client.deploy("app", &without).await, StackStatus::UpdateRollbackComplete);
    assert!(client.reason("app").contains("[Update:Delete]"));
    client.api().set_stack_policy("app", "{}").await.expect("set");
    assert_eq!(
        client.deploy("app", &template(2, false)).await,
        StackStatus::UpdateRollbackComplete,
        "nothing is allowed"
    );
    client.api().set_stack_policy("app", "no JSON").await.expect_err("refused");
}
