//! Leases: kept for as long as they can be, and work stops before they end. Time is simulated: no process runs here.

use std::sync::Arc;
use std::time::Duration;

use agent::{Event, LossReason};
use cloud::faults::{Fault, Faults, Moment};
use cloud::recording::Recording;
use cloud::{Cloud, Error, ErrorKind};
use job::{Container, TaskMessage};
use tokio::time::{Instant, sleep};

use crate::bench::{Bench, recipe};
use crate::hooks::{hooked, with};
use crate::memory::Token;

const RENEWAL: &str = "sqs:ChangeMessageVisibility";

/// A bench whose work is a download of so long, which then fails for good.
pub fn bench(work: Duration) -> (Bench, TaskMessage, Cloud) {
    let mut bench = Bench::new();
    // Nothing moves in the download.
    bench.settings.stall = Duration::from_hours(48);
    let task = bench.submit("clip.mp4", vec![1], recipe(Container::Mp4));
    let cloud = hooked(&bench.memory.cloud(), move |call| async move {
        match call.operation {
            // Until here the agent had real processes to wait for.
            "sqs:ReceiveMessage" if call.number == 1 => tokio::time::pause(),
            "s3:GetObject" => {
                sleep(work).await;
                return Err(Error::new(ErrorKind::Validation, "s3:GetObject", "the work has ended"));
            }
            _ => {}
        }
        Ok(())
    });
    (bench, task, cloud)
}

pub fn hours(hours: u64) -> Duration {
    Duration::from_secs(hours * 3600)
}

/// The workflow was told that the work ended as it did, and the message is gone.
fn assert_worked_to_the_end(bench: &Bench, task: &TaskMessage) {
    assert!(bench.failure(task).message.contains("the work has ended"));
    assert_eq!(bench.memory.queues.len(), 0);
    assert_eq!(bench.events.count(|event| matches!(event, Event::LeaseLost { .. })), 0);
}

/// The work was stopped while the lease still held, and the message left alone.
fn assert_lost_in_time(bench: &Bench, task: &TaskMessage, reason: LossReason) {
    let lost = |event: &Event| matches!(event, Event::LeaseLost { reason: found, .. } if *found == reason);
    assert_eq!(bench.events.count(lost), 1, "{:#?}", bench.events.all());
    assert!(bench.memory.queues.visible_after() > Duration::ZERO, "the lease had ended before");
    assert_eq!(bench.token(task), Token::Waiting);
    // Like a crash: it counts.
    assert_eq!(bench.memory.tables.attempts(&task.job), 1);
    bench.assert_clean();
}

#[tokio::test]
async fn a_lease_is_kept_for_hours() {
    let (bench, task, cloud) = bench(hours(5));
    let recording = Arc::new(Recording::default());
    bench.work_on(with(&cloud, &recording)).await;
    assert_worked_to_the_end(&bench, &task);
    // Every 40 seconds.
    let renewals = recording.count(RENEWAL);
    assert!((448..=450).contains(&renewals), "{renewals}");
}

#[tokio::test]
async fn a_failed_renewal_after_a_success_abandons_nothing() {
    let (bench, task, cloud) = bench(hours(1));
    let faults = Arc::new(Faults::planned([3, 4, 9].map(|call| Fault {
        operation: RENEWAL,
        call,
        moment: Moment::Before,
        kind: ErrorKind::Unreachable,
    })));
    bench.work_on(with(&cloud, &faults)).await;
    assert_eq!(faults.fired().len(), 3);
    assert_eq!(bench.events.count(|event| matches!(event, Event::RenewalFailed { .. })), 3);
    assert_worked_to_the_end(&bench, &task);
}

#[tokio::test]
async fn throttled_renewals_that_took_effect_are_no_trouble() {
    let (bench, task, cloud) = bench(hours(1));
    let faults = Arc::new(Faults::planned([2, 3].map(|call| Fault {
        operation: RENEWAL,
        call,
        moment: Moment::After,
        kind: ErrorKind::Timeout,
    })));
    bench.work_on(with(&cloud, &faults)).await;
    assert_eq!(faults.fired().len(), 2);
    assert_worked_to_the_end(&bench, &task);
}

#[tokio::test]
async fn work_stops_before_a_lease_ends_that_cannot_be_renewed() {
    let (bench, task, cloud) = bench(hours(1));
    let cloud = hooked(&cloud, |call| async move {
        if call.operation == RENEWAL && call.number > 2 {
            return Err(Error::new(ErrorKind::Unreachable, RENEWAL, "no route"));
        }
        Ok(())
    });
    let summary = bench.work_on(cloud).await;
    assert_eq!(summary.lost, 1);
    assert_lost_in_time(&bench, &task, LossReason::NotRenewed);
    // It was tried again and again until then.
    assert!(bench.events.count(|event| matches!(event, Event::RenewalFailed { .. })) > 5);
}

#[tokio::test]
async fn work_stops_before_a_lease_ends_whose_renewals_hang() {
    let (bench, task, cloud) = bench(hours(1));
    let cloud = hooked(&cloud, |call| async move {
        if call.operation == RENEWAL {
            std::future::pending::<()>().await;
        }
        Ok(())
    });
    bench.work_on(cloud).await;
    assert_lost_in_time(&bench, &task, LossReason::NotRenewed);
}

#[tokio::test]
async fn work_stops_when_someone_else_has_the_message() {
    let (bench, task, cloud) = bench(hours(1));
    let queues = Arc::clone(&bench.memory.queues);
    let cloud = hooked(&cloud, move |call| {
        if call.operation == RENEWAL && call.number == 2 {
            queues.take_over();
        }
        std::future::ready(Ok(()))
    });
    bench.work_on(cloud).await;
    assert_lost_in_time(&bench, &task, LossReason::TakenOver);
    assert_eq!(bench.memory.queues.len(), 1, "the message is the other worker's to delete");
}

#[tokio::test]
async fn the_ceiling_of_twelve_hours_ends_a_task_as_failed() {
    let (bench, task, cloud) = bench(hours(20));
    let start = Instant::now();
    bench.work_on(cloud).await;
    let failure = bench.failure(&task);
    assert_eq!(failure.kind, job::ErrorKind::Engine);
    assert!(failure.message.contains("12 hours"), "{failure}");
    assert_eq!(bench.memory.queues.len(), 0);
    // The queue never had to refuse an extension, and most of the time was used.
    assert_eq!(bench.events.count(|event| matches!(event, Event::RenewalFailed { .. })), 0);
    assert!(start.elapsed() > hours(11) && start.elapsed() < hours(12), "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_token_that_dies_during_the_work_deletes_the_message() {
    let (bench, task, cloud) = bench(hours(1));
    let (workflows, token) = (Arc::clone(&bench.memory.workflows), task.token.as_str().to_owned());
    let cloud = hooked(&cloud, move |call| {
        if call.operation == "s3:GetObject" {
            workflows.time_out(&token);
        }
        std::future::ready(Ok(()))
    });
    let summary = bench.work_on(cloud).await;
    assert_eq!(summary.abandoned, 1);
    assert_eq!(bench.memory.queues.len(), 0);
    assert_eq!(bench.events.count(|event| matches!(event, Event::TokenDead { worked: true, .. })), 1);
}

#[tokio::test]
async fn an_agent_that_is_asked_to_stop_gives_its_task_back_uncounted() {
    let (bench, task, cloud) = bench(hours(1));
    let shutdown = async {
        // Paused time stands still until the work waits.
        while bench.events.count(|event| matches!(event, Event::TaskStarted { .. })) == 0 {
            tokio::task::yield_now().await;
        }
        sleep(Duration::from_secs(100)).await;
    };
    let stopped = agent::run(bench.settings.clone(), cloud, shutdown, &*bench.events).await.unwrap();
    assert_eq!(stopped.released, 1);
    assert_eq!(bench.memory.tables.attempts(&task.job), 0);
    assert_eq!(bench.memory.queues.visible_after(), Duration::ZERO);
    assert_eq!(bench.token(&task), Token::Waiting);
    bench.assert_clean();
}

#[tokio::test]
async fn an_outcome_that_is_just_being_told_is_told() {
    let (bench, task, cloud) = bench(hours(1));
    let telling = Arc::new(tokio::sync::Notify::new());
    let told = Arc::clone(&telling);
    let cloud = hooked(&cloud, move |call| {
        let told = Arc::clone(&told);
        async move {
            if call.operation == "states:SendTaskFailure" {
                told.notify_one();
                sleep(Duration::from_secs(2)).await;
            }
            Ok(())
        }
    });
    let shutdown = telling.notified();
    let summary = agent::run(bench.settings.clone(), cloud, shutdown, &*bench.events).await.unwrap();
    assert_eq!((summary.failed, summary.released), (1, 0));
    assert_worked_to_the_end(&bench, &task);
    assert_eq!(bench.memory.tables.attempts(&task.job), 1);
}

#[tokio::test]
async fn release_takes_ten_seconds_at_most_when_services_hang() {
    let (bench, task, cloud) = bench(hours(1));
    let asked = Arc::new(std::sync::OnceLock::new());
    let hang = Arc::clone(&asked);
    let cloud = hooked(&cloud, move |call| {
        let hang = Arc::clone(&hang);
        async move {
            if hang.get().is_some() && ["dynamodb:UpdateItem", RENEWAL].contains(&call.operation) {
                std::future::pending::<()>().await;
            }
            Ok(())
        }
    });
    let shutdown = async {
        while bench.events.count(|event| matches!(event, Event::TaskStarted { .. })) == 0 {
            tokio::task::yield_now().await;
        }
        sleep(Duration::from_secs(100)).await;
        asked.set(Instant::now()).unwrap();
    };
    agent::run(bench.settings.clone(), cloud, shutdown, &*bench.events).await.unwrap();
    // Simulated time, not the wall's.
    assert!(asked.get().unwrap().elapsed() <= Duration::from_secs(10));
    assert_eq!(bench.events.count(|event| matches!(event, Event::CleanupFailed { .. })), 2);
    assert_eq!(bench.memory.tables.attempts(&task.job), 1);
    assert_eq!(bench.memory.queues.len(), 1);
}

#[tokio::test]
async fn a_queue_that_does_not_answer_is_told_of_once() {
    let bench = Bench::new();
    bench.memory.queues.push("no task message");
    let recording = Arc::new(Recording::default());
    let cloud = hooked(&bench.memory.cloud(), |call| async move {
        if call.operation == "sqs:ReceiveMessage" {
            if call.number == 1 {
                tokio::time::pause();
            }
            if call.number <= 50 {
                return Err(Error::new(ErrorKind::Unreachable, "sqs:ReceiveMessage", "connection refused"));
            }
        }
        Ok(())
    });
    let start = Instant::now();
    let summary = bench.work_on(with(&cloud, &recording)).await;
    assert_eq!(summary.unreadable, 1);
    assert_eq!(recording.count("sqs:ReceiveMessage"), 51);
    assert_eq!(bench.events.count(|event| matches!(event, Event::QueueUnreachable { .. })), 1);
    assert_eq!(bench.events.count(|event| matches!(event, Event::QueueReachable)), 1);
    // Ever more seldom: 50 tries take much longer than 50 seconds of simulated time.
    assert!(start.elapsed() > Duration::from_mins(10));
}

#[tokio::test]
async fn a_workflow_that_does_not_answer_leaves_the_task_to_others() {
    let (bench, task, cloud) = bench(hours(1));
    let cloud = hooked(&cloud, |call| async move {
        if call.operation == "states:SendTaskHeartbeat" {
            return Err(Error::new(ErrorKind::Unavailable, "states:SendTaskHeartbeat", "503"));
        }
        Ok(())
    });
    let summary = bench.work_on(cloud).await;
    assert_eq!(summary.released, 1);
    assert_eq!(bench.memory.tables.attempts(&task.job), 0);
    let after = bench.memory.queues.visible_after();
    assert!(after > Duration::ZERO && after <= bench.settings.pause, "{after:?}");
}
