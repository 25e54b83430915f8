use cloud::cloud_formation::StackDescription;
use cloud::workflows::ExecutionStatus;
use cloud::{Cloud, ErrorKind};
use serde_json::Value;

use crate::{queues, until};

pub(crate) async fn check(cloud: &Cloud, stack: &StackDescription) {
    let machine = stack.output("Patient").expect("a state machine");
    let tasks = stack.output("Tasks").expect("a queue");
    success(cloud, machine, tasks).await;
    failure(cloud, machine, tasks).await;
    timeout(cloud, stack.output("Hasty").expect("a state machine"), tasks).await;
    let none = format!("{}:none", machine.replace("stateMachine", "execution"));
    let error = cloud.workflows.describe_execution(&none).await.expect_err("no such execution");
    assert_eq!(error.kind, ErrorKind::NotFound, "{error}");
}

async fn success(cloud: &Cloud, machine: &str, tasks: &str) {
    let workflows = cloud.workflows.as_ref();
    let execution = workflows.start_execution(machine, "one", "{}").await.expect("started");
    let token = token(cloud, tasks).await;
    workflows.task_heartbeat(&token).await.expect("the token is alive");
    assert_eq!(workflows.describe_execution(&execution).await.expect("described").status, ExecutionStatus::Running);
    workflows.task_success(&token, r#"{"frames": 75}"#).await.expect("taken");

    let ended = ended(cloud, &execution).await;
    assert_eq!(ended.status, ExecutionStatus::Succeeded);
    assert_eq!((ended.name.as_str(), ended.output.as_deref().map(parse)), ("one", Some(parse(r#"{"frames": 75}"#))));
    for dead in [
        workflows.task_heartbeat(&token).await,
        workflows.task_success(&token, "{}").await,
        workflows.task_failure(&token, "Late", "too late").await,
        workflows.task_heartbeat("not a token").await,
    ] {
        assert_eq!(dead.expect_err("a dead token").kind, ErrorKind::TokenDead);
    }
    let again = workflows.start_execution(machine, "one", "[]").await.expect_err("the name is used");
    assert_eq!(again.kind, ErrorKind::AlreadyExists, "{again}");
}

async fn failure(cloud: &Cloud, machine: &str, tasks: &str) {
    let workflows = cloud.workflows.as_ref();
    let execution = workflows.start_execution(machine, "two", "{}").await.expect("started");
    let token = token(cloud, tasks).await;
    workflows.task_failure(&token, "input", "it is not a video").await.expect("taken");
    let ended = ended(cloud, &execution).await;
    assert_eq!(ended.status, ExecutionStatus::Failed);
    assert_eq!((ended.error.as_deref(), ended.cause.as_deref()), (Some("input"), Some("it is not a video")));

    let execution = workflows.start_execution(machine, "three", "{}").await.expect("started");
    workflows.stop_execution(&execution, "Cancelled", "by a test").await.expect("stopped");
    assert_eq!(self::ended(cloud, &execution).await.status, ExecutionStatus::Aborted);
    // The message may have been sent before the execution was stopped.
    while queues::receive(cloud.queues.as_ref(), tasks).await.is_some() {}
}

async fn timeout(cloud: &Cloud, machine: &str, tasks: &str) {
    let workflows = cloud.workflows.as_ref();
    let execution = workflows.start_execution(machine, "four", "{}").await.expect("started");
    let token = token(cloud, tasks).await;
    let ended = ended(cloud, &execution).await;
    assert_eq!(ended.error.as_deref(), Some("States.Timeout"), "{ended:?}");
    let dead = workflows.task_heartbeat(&token).await.expect_err("the task has timed out");
    assert_eq!(dead.kind, ErrorKind::TokenDead);
}

async fn token(cloud: &Cloud, tasks: &str) -> String {
    let message = until("the task arrives", async || queues::receive(cloud.queues.as_ref(), tasks).await).await;
    cloud.queues.delete(tasks, &message.receipt).await.expect("deleted");
    parse(&message.body)["token"].as_str().expect("a token").to_owned()
}

async fn ended(cloud: &Cloud, execution: &str) -> cloud::workflows::Execution {
    until("the execution ends", async || {
        let execution = cloud.workflows.describe_execution(execution).await.expect("described");
        (execution.status != ExecutionStatus::Running).then_some(execution)
    })
    .await
}

fn parse(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}
