//! The instance and its group: protected while it works, let go when it goes, drained when somebody says so. Time is
//! simulated.

use std::sync::Arc;
use std::time::Duration;

use agent::{Deployment, Event, Fleet, Notice, PauseReason};
use cloud::recording::Recording;
use cloud::{Cloud, Error, ErrorKind};
use job::{Colour, Container, TaskMessage, metrics};
use tokio::time::{Instant, sleep};

use crate::bench::{Bench, recipe};
use crate::hooks::{hooked, with};
use crate::leases::{bench as bench_with_work, hours};
use crate::memory::{GROUP, Token};

const PROTECTION: &str = "autoscaling:SetInstanceProtection";
const FAREWELL: &str = "autoscaling:CompleteLifecycleAction";
const TARGET: &str = "autoscaling/target-lifecycle-state";

/// A bench in an Auto Scaling group, with work of so long.
fn bench(work: Duration) -> (Bench, TaskMessage, Cloud) {
    let (mut bench, task, cloud) = bench_with_work(work);
    bench.settings.fleet = Fleet::AutoScaling { group: GROUP.to_owned() };
    (bench, task, cloud)
}

/// Is ready once the agent has had so long for its work.
async fn after(bench: &Bench, time: Duration) {
    until(bench, |event| matches!(event, Event::TaskStarted { .. })).await;
    sleep(time).await;
}

/// Is ready once something was said.
async fn until(bench: &Bench, is_meant: impl Fn(&Event) -> bool) {
    while bench.events.count(&is_meant) == 0 {
        // Paused time would stand still if this did not wait for anything.
        tokio::task::yield_now().await;
        if bench.events.count(|event| matches!(event, Event::Started { .. })) > 0 {
            sleep(Duration::from_millis(500)).await;
        }
    }
}

async fn run_until(bench: &Bench, cloud: Cloud, shutdown: impl Future<Output = ()>) -> agent::Summary {
    let settings = agent::Settings { max_tasks: None, ..bench.settings.clone() };
    agent::run(settings, cloud, shutdown, &*bench.events).await.unwrap()
}

#[tokio::test]
async fn an_instance_that_works_is_protected_until_it_was_idle_for_a_while() {
    let (bench, _, cloud) = bench(hours(1));
    let ended = |event: &Event| matches!(event, Event::TaskFailed { .. });
    let shutdown = async {
        until(&bench, ended).await;
        assert_eq!(bench.memory.group.protections(), [true]);
        sleep(Duration::from_secs(110)).await;
        assert_eq!(bench.memory.group.protections(), [true], "another task may come");
        sleep(Duration::from_secs(20)).await;
        assert_eq!(bench.memory.group.protections(), [true, false]);
        sleep(Duration::from_mins(20)).await;
    };
    run_until(&bench, cloud, shutdown).await;
    assert_eq!(bench.memory.group.protections(), [true, false], "once is enough");
}

#[tokio::test]
async fn short_tasks_trouble_nobody() {
    let (bench, _, cloud) = bench(Duration::from_secs(10));
    for index in 0..20 {
        bench.submit(&format!("{index}.mp4"), vec![1], recipe(Container::Mp4));
    }
    let shutdown = async {
        while bench.memory.queues.len() > 0 {
            sleep(Duration::from_millis(100)).await;
        }
    };
    run_until(&bench, cloud, shutdown).await;
    // At the end: an agent that was killed before may have left the instance protected.
    assert_eq!(bench.memory.group.protections(), [false]);
}

#[tokio::test]
async fn tasks_that_follow_each_other_are_one_work() {
    let (bench, _, cloud) = bench(Duration::from_mins(5));
    for index in 0..20 {
        bench.submit(&format!("{index}.mp4"), vec![1], recipe(Container::Mp4));
    }
    let shutdown = async {
        while bench.memory.queues.len() > 0 {
            sleep(Duration::from_millis(100)).await;
        }
    };
    run_until(&bench, cloud, shutdown).await;
    assert_eq!(bench.memory.group.protections(), [true, false]);
}

#[tokio::test]
async fn what_a_killed_agent_left_protected_is_let_go() {
    let (mut bench, ..) = bench(hours(1));
    let cloud = hooked(&bench.memory.cloud(), |call| async move {
        if call.operation == "sqs:ReceiveMessage" && call.number == 1 {
            tokio::time::pause();
        }
        Ok(())
    });
    bench.memory.queues = Arc::default();
    let cloud = Cloud { queues: Arc::clone(&bench.memory.queues) as _, ..cloud };
    let shutdown = async {
        until(&bench, |event| matches!(event, Event::Started { .. })).await;
        tokio::time::pause();
        sleep(Duration::from_secs(130)).await;
        assert_eq!(bench.memory.group.protections(), [false]);
    };
    run_until(&bench, cloud, shutdown).await;
    assert_eq!(bench.memory.group.protections(), [false]);
}

#[tokio::test]
async fn a_group_that_refuses_is_told_again_and_the_work_goes_on() {
    let (bench, task, cloud) = bench(hours(1));
    let cloud = hooked(&cloud, |call| async move {
        match (call.operation, call.number) {
            (PROTECTION, 1) => Err(Error::new(ErrorKind::Validation, PROTECTION, "i-1 is not in InService state")),
            (PROTECTION, 2) => std::future::pending().await,
            (PROTECTION, 3..6) => Err(Error::new(ErrorKind::Throttled, PROTECTION, "Rate exceeded")),
            _ => Ok(()),
        }
    });
    let recording = Arc::new(Recording::default());
    let shutdown = until(&bench, |event| matches!(event, Event::TaskFailed { .. }));
    run_until(&bench, with(&cloud, &recording), shutdown).await;
    assert!(bench.failure(&task).message.contains("the work has ended"));
    assert_eq!(bench.memory.group.protections(), [true, false]);
    assert_eq!(recording.count(PROTECTION), 6, "the call that hung has no end to record");
    let told = bench.events.count(|event| matches!(event, Event::ProtectionFailed { .. }));
    assert_eq!(told, 1, "{:#?}", bench.events.all());
}

#[tokio::test]
async fn an_instance_that_is_terminated_gives_its_task_back_and_is_let_go() {
    let (bench, task, cloud) = bench(hours(1));
    let metadata = Arc::clone(&bench.memory.metadata);
    metadata.set(TARGET, "InService");
    let shutdown = async {
        after(&bench, Duration::from_mins(3)).await;
        let said = Instant::now();
        metadata.set(TARGET, "Terminated");
        until(&bench, |event| matches!(event, Event::Farewell)).await;
        // Simulated time: the next look, and what giving back takes.
        assert!(said.elapsed() <= Duration::from_secs(15), "{:?}", said.elapsed());
        assert_eq!(bench.memory.queues.visible_after(), Duration::ZERO, "first the task, then the instance");
        assert_eq!(bench.memory.tables.attempts(&task.job), 0);
        sleep(Duration::from_mins(10)).await;
    };
    let summary = run_until(&bench, cloud, shutdown).await;
    assert_eq!((summary.released, summary.failed), (1, 0), "nothing is taken any more");
    assert_eq!(bench.memory.group.farewells(), 1);
    assert_eq!(bench.token(&task), Token::Waiting);
    assert_eq!(bench.memory.group.protections(), [true], "nobody asks for what is going anyway");
    let leaving = |event: &Event| matches!(event, Event::Paused { reason: PauseReason::Leaving });
    assert_eq!(bench.events.count(leaving), 1);
    bench.assert_clean();
}

#[tokio::test]
async fn letting_go_is_tried_again_and_a_hook_that_holds_nothing_is_no_trouble() {
    for (failures, kind) in [(3, ErrorKind::Throttled), (1, ErrorKind::Validation)] {
        let (bench, _, cloud) = bench(hours(1));
        let cloud = hooked(&cloud, move |call| async move {
            if call.operation == FAREWELL && call.number <= failures {
                return Err(Error::new(kind, FAREWELL, "no"));
            }
            Ok(())
        });
        let recording = Arc::new(Recording::default());
        let shutdown = async {
            after(&bench, Duration::from_mins(1)).await;
            bench.memory.metadata.set(TARGET, "Terminated");
            until(&bench, |event| matches!(event, Event::Farewell)).await;
        };
        run_until(&bench, with(&cloud, &recording), shutdown).await;
        let calls = if kind == ErrorKind::Validation { 1 } else { 4 };
        assert_eq!(recording.count(FAREWELL), calls, "{kind:?}");
        assert_eq!(bench.events.count(|event| matches!(event, Event::FarewellFailed { .. })), 0, "{kind:?}");
        // The next one has real processes to wait for.
        tokio::time::resume();
    }
}

#[tokio::test]
async fn an_agent_that_is_stopped_lets_a_terminated_instance_go() {
    let (bench, _, cloud) = bench(hours(1));
    let shutdown = async {
        after(&bench, Duration::from_mins(3)).await;
        // The system stops its services before anybody has looked.
        bench.memory.metadata.set(TARGET, "Terminated");
    };
    run_until(&bench, cloud, shutdown).await;
    assert_eq!(bench.memory.group.farewells(), 1);
    assert_eq!(bench.memory.queues.visible_after(), Duration::ZERO);
}

#[tokio::test]
async fn spot_s_notice_has_the_task_given_back() {
    for fleet in [Fleet::Spot, Fleet::AutoScaling { group: GROUP.to_owned() }] {
        let (mut bench, task, cloud) = bench(hours(1));
        bench.settings.fleet = fleet;
        let shutdown = async {
            after(&bench, Duration::from_mins(1)).await;
            let notice = r#"{"action": "terminate", "time": "2026-11-20T16:00:00Z"}"#;
            bench.memory.metadata.set("spot/instance-action", notice);
            let said = Instant::now();
            until(&bench, |event| matches!(event, Event::TaskReleased { .. })).await;
            assert!(said.elapsed() <= Duration::from_secs(10), "{:?}", said.elapsed());
            sleep(Duration::from_mins(1)).await;
        };
        let summary = run_until(&bench, cloud, shutdown).await;
        assert_eq!(summary.released, 1);
        assert_eq!(bench.memory.tables.attempts(&task.job), 0);
        assert_eq!(bench.memory.group.farewells(), 0, "the group has not asked");
        let noticed = |event: &Event| matches!(event, Event::Noticed { notice: Notice::Interruption });
        assert_eq!(bench.events.count(noticed), 1);
        // The next one has real processes to wait for.
        tokio::time::resume();
    }
}

#[tokio::test]
async fn a_recommendation_to_replace_ends_no_work_and_no_instance_idles_by_it_for_ever() {
    let (bench, task, cloud) = bench(Duration::from_mins(5));
    let second = bench.submit("second.mp4", vec![1], recipe(Container::Mp4));
    let shutdown = async {
        after(&bench, Duration::from_mins(1)).await;
        bench.memory.metadata.set("events/recommendations/rebalance", r#"{"noticeTime": "2026-11-20T16:00:00Z"}"#);
        until(&bench, |event| matches!(event, Event::Paused { reason: PauseReason::Replacing })).await;
        assert!(bench.failure(&task).message.contains("the work has ended"), "what is held is finished");
        sleep(Duration::from_mins(4)).await;
        assert_eq!(bench.token(&second), Token::Waiting);
        assert_eq!(bench.memory.tables.attempts(&second.job), 0);
        until(&bench, |event| matches!(event, Event::Resumed)).await;
        sleep(Duration::from_mins(6)).await;
    };
    run_until(&bench, cloud, shutdown).await;
    assert!(bench.failure(&second).message.contains("the work has ended"), "nobody has replaced it");
}

#[tokio::test]
async fn an_instance_that_does_not_answer_is_told_of_once() {
    let (bench, task, cloud) = bench(hours(1));
    let cloud = hooked(&cloud, |call| async move {
        if call.operation == "metadata" {
            return Err(Error::new(ErrorKind::Unreachable, "metadata", "no route"));
        }
        Ok(())
    });
    run_until(&bench, cloud, until(&bench, |event| matches!(event, Event::TaskFailed { .. }))).await;
    assert_eq!(bench.events.count(|event| matches!(event, Event::MetadataUnreachable { .. })), 1);
    assert!(bench.failure(&task).message.contains("the work has ended"));
}

#[tokio::test]
async fn an_agent_in_no_fleet_asks_neither_instance_nor_group() {
    let (mut bench, _, cloud) = bench(hours(1));
    bench.settings.fleet = Fleet::None;
    let recording = Arc::new(Recording::default());
    bench.work_on(with(&cloud, &recording)).await;
    let others = ["sqs:", "states:", "dynamodb:", "s3:"];
    let strange = recording.operations().into_iter().find(|name| !others.iter().any(|other| name.starts_with(other)));
    assert_eq!(strange, None);
}

#[tokio::test]
async fn a_drained_agent_finishes_what_it_holds_and_takes_nothing_more() {
    let (mut bench, task, cloud) = bench(hours(1));
    let file = bench.folder.path().join("drain");
    bench.settings.drain_file = Some(file.clone());
    let second = bench.submit("second.mp4", vec![1], recipe(Container::Mp4));
    let shutdown = async {
        after(&bench, Duration::from_mins(1)).await;
        std::fs::write(&file, "draining\n").unwrap();
        until(&bench, |event| matches!(event, Event::Paused { reason: PauseReason::Draining })).await;
        assert!(bench.failure(&task).message.contains("the work has ended"));
        sleep(hours(1)).await;
        assert_eq!(bench.token(&second), Token::Waiting);
        assert_eq!(bench.memory.queues.visible_after(), Duration::ZERO, "others may take it");

        // Who drains takes the file away; who dies leaves an old one.
        let old = std::time::SystemTime::now() - Duration::from_secs(61);
        std::fs::File::options().write(true).open(&file).unwrap().set_modified(old).unwrap();
        until(&bench, |event| matches!(event, Event::TaskFailed { job, .. } if *job == second.job)).await;
    };
    let summary = run_until(&bench, cloud, shutdown).await;
    assert_eq!((summary.failed, summary.released), (2, 0));
    assert_eq!(bench.events.count(|event| matches!(event, Event::Resumed)), 1);
}

#[tokio::test]
async fn what_arrives_while_the_drain_begins_is_given_back() {
    let (mut bench, task, cloud) = bench(hours(1));
    let file = bench.folder.path().join("drain");
    bench.settings.drain_file = Some(file.clone());
    // After the agent has looked, and before the queue answers.
    let cloud = hooked(&cloud, move |call| {
        if call.operation == "sqs:ReceiveMessage" {
            std::fs::write(&file, "draining\n").unwrap();
        }
        std::future::ready(Ok(()))
    });
    let shutdown = async {
        until(&bench, |event| matches!(event, Event::Paused { .. })).await;
    };
    run_until(&bench, cloud, shutdown).await;
    assert_eq!(bench.memory.queues.visible_after(), Duration::ZERO);
    assert_eq!(bench.memory.tables.attempts(&task.job), 0);
    assert_eq!(bench.events.count(|event| matches!(event, Event::TaskStarted { .. })), 0);
}

fn measured() -> Deployment {
    Deployment { app: "baleen".to_owned(), environment: "test".to_owned() }
}

#[tokio::test]
async fn metrics_are_published_each_minute_and_at_the_end() {
    let (mut bench, _, cloud) = bench(Duration::from_mins(5));
    bench.settings.deployment = Some(measured());
    bench.submit("second.mp4", vec![1], recipe(Container::Mp4));
    bench.settings.max_tasks = Some(2);
    let recording = Arc::new(Recording::default());
    bench.work_on(with(&cloud, &recording)).await;
    let sum = |name| bench.memory.metrics.sum(name);
    assert_eq!((sum(metrics::TASKS_STARTED), sum(metrics::TASKS_FAILED)), ("2".to_owned(), "2".to_owned()));
    // The first start, the first end with the second start, the second end; nothing in between.
    assert_eq!(recording.count("cloudwatch:PutMetricData"), 3);
    for datum in bench.memory.metrics.data() {
        let dimensions = [("App", "baleen"), ("Environment", "test"), ("Colour", Colour::Blue.as_str())];
        let dimensions = dimensions.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!((datum.dimensions, datum.unit), (dimensions.to_vec(), "Count"));
    }
}

#[tokio::test]
async fn metrics_that_cannot_be_published_are_told_of_once_and_hold_nothing_up() {
    let (mut bench, task, cloud) = bench(Duration::from_mins(5));
    bench.settings.deployment = Some(measured());
    bench.settings.max_tasks = Some(4);
    for key in ["2.mp4", "3.mp4", "4.mp4"] {
        bench.submit(key, vec![1], recipe(Container::Mp4));
    }
    let cloud = hooked(&cloud, |call| async move {
        match (call.operation, call.number) {
            ("cloudwatch:PutMetricData", 1) => std::future::pending().await,
            ("cloudwatch:PutMetricData", 2 | 3) => {
                Err(Error::new(ErrorKind::AccessDenied, "cloudwatch:PutMetricData", "no"))
            }
            _ => Ok(()),
        }
    });
    let start = Instant::now();
    let summary = bench.work_on(cloud).await;
    assert_eq!(summary.failed, 4);
    assert!(start.elapsed() < Duration::from_mins(21), "{:?}", start.elapsed());
    assert_eq!(bench.events.count(|event| matches!(event, Event::MetricsLost { .. })), 1);
    assert_eq!(bench.events.count(|event| matches!(event, Event::MetricsKept)), 1);
    assert_eq!(bench.memory.metrics.sum(metrics::TASKS_FAILED), "2", "what was lost stays lost");
    assert!(bench.failure(&task).message.contains("the work has ended"));
}
