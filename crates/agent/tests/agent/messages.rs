//! Messages that are not for this worker, or for nobody.

use std::time::Duration;

use agent::Event;
use job::Container;
use serde_json::json;

use crate::bench::{Bench, recipe};
use crate::memory::Token;

/// Changes the only message of a submitted task before the agent sees it.
fn bench_with(change: impl FnOnce(&mut serde_json::Value)) -> (Bench, job::TaskMessage) {
    let bench = Bench::new();
    let task = bench.submit("clip.mp4", vec![1], recipe(Container::Mp4));
    let mut body = serde_json::to_value(&task).unwrap();
    change(&mut body);
    bench.memory.queues.clear();
    bench.memory.queues.push(body.to_string());
    (bench, task)
}

#[tokio::test]
async fn another_version_rests_uncounted_until_a_worker_knows_it() {
    let (bench, task) = bench_with(|body| body["version"] = json!(2));
    let summary = bench.work().await;
    assert_eq!(summary.released, 1);
    assert_eq!(bench.memory.tables.attempts(&task.job), 0);
    assert_eq!(bench.token(&task), Token::Waiting);
    let after = bench.memory.queues.visible_after();
    assert!(after > Duration::from_secs(50) && after <= Duration::from_mins(1), "{after:?}");
    assert_eq!(bench.events.count(|event| matches!(event, Event::MessageUnknown { .. })), 1);
}

#[tokio::test]
async fn a_task_of_another_kind_rests_too() {
    for change in [
        |body: &mut serde_json::Value| body["task"] = json!("plan"),
        |body: &mut serde_json::Value| body["chunk"] = json!({ "number": 0, "first_frame": 0, "frames": 10 }),
    ] {
        let (bench, task) = bench_with(change);
        bench.work().await;
        assert_eq!(bench.memory.tables.attempts(&task.job), 0);
        assert_eq!(bench.token(&task), Token::Waiting);
        assert_eq!(bench.events.count(|event| matches!(event, Event::MessageUnknown { .. })), 1);
    }
}

#[tokio::test]
async fn what_is_no_message_is_left_to_the_dead_letter_queue() {
    for body in ["", "{", "null", r#"{"version":1}"#] {
        let bench = Bench::new();
        bench.memory.queues.push(body);
        let summary = bench.work().await;
        assert_eq!(summary.unreadable, 1);
        assert_eq!(bench.events.count(|event| matches!(event, Event::MessageUnreadable { .. })), 1);
        // Neither deleted nor hurried: the queue counts its receives.
        assert!(bench.memory.queues.visible_after() > Duration::from_secs(110));
    }
}

#[tokio::test]
async fn a_dead_token_deletes_its_message_before_any_work() {
    let bench = Bench::new();
    let task = bench.submit("clip.mp4", vec![1], recipe(Container::Mp4));
    bench.memory.workflows.time_out(task.token.as_str());
    let summary = bench.work().await;
    assert_eq!(summary.abandoned, 1);
    assert_eq!(bench.memory.queues.len(), 0);
    assert_eq!(bench.memory.tables.attempts(&task.job), 0);
    assert_eq!(bench.events.count(|event| matches!(event, Event::TokenDead { worked: false, .. })), 1);
}
