//! Services that fail, answers that are lost, and others who were there first. Each test proves that its fault struck.

use std::sync::Arc;
use std::time::Duration;

use agent::Event;
use cloud::faults::{Fault, Faults, Moment};
use cloud::objects::PutTarget;
use cloud::recording::Recording;
use cloud::tables::Item;
use cloud::{Error, ErrorKind};
use job::{Container, TaskMessage};

use crate::bench::{Bench, ENHANCED, SOURCES, recipe};
use crate::hooks::{Except, hooked, with};
use crate::memory::Token;
use crate::samples;

fn bench() -> (Bench, TaskMessage) {
    let bench = Bench::new();
    let body = samples::silent(bench.folder.path(), "silent.mp4");
    let task = bench.submit("clip.mp4", body, recipe(Container::Mp4));
    (bench, task)
}

fn fault(operation: &'static str, call: u32, moment: Moment, kind: ErrorKind) -> Arc<Faults> {
    Arc::new(Faults::planned([Fault { operation, call, moment, kind }]))
}

/// Runs the agent with one fault, and asserts that it struck and that the task succeeded all the same.
async fn survives(operation: &'static str, moment: Moment, kind: ErrorKind) -> (Bench, TaskMessage) {
    let (bench, task) = bench();
    let faults = fault(operation, 1, moment, kind);
    bench.work_on(with(&bench.memory.cloud(), &faults)).await;
    assert_eq!(faults.fired().len(), 1, "{operation} was not called");
    assert_eq!(bench.report(&task).frames, 20);
    assert_eq!(bench.memory.objects.writes(ENHANCED), 1, "published once");
    assert_eq!(bench.memory.tables.attempts(&task.job), 1, "counted once");
    assert_eq!(bench.memory.queues.len(), 0);
    bench.assert_clean();
    (bench, task)
}

#[tokio::test]
async fn an_attempt_is_counted_once_though_the_answer_is_lost() {
    survives("dynamodb:UpdateItem", Moment::After, ErrorKind::Timeout).await;
}

#[tokio::test]
async fn so_is_a_later_attempt() {
    let (bench, task) = bench();
    bench.memory.tables.insert(&task.job, Item::from([("attempt".to_owned(), 2_u64.into())]));
    let faults = fault("dynamodb:UpdateItem", 1, Moment::After, ErrorKind::Timeout);
    bench.work_on(with(&bench.memory.cloud(), &faults)).await;
    assert_eq!(faults.fired().len(), 1);
    assert_eq!(bench.memory.tables.attempts(&task.job), 3);
    assert_eq!(bench.report(&task).frames, 20);
}

#[tokio::test]
async fn an_attempt_is_counted_beside_another_worker_s() {
    let (bench, task) = bench();
    // Another worker counts between this one's look and its own count.
    let (tables, job) = (Arc::clone(&bench.memory.tables), task.job.clone());
    let cloud = hooked(&bench.memory.cloud(), move |call| {
        if call.operation == "dynamodb:UpdateItem" && call.number == 1 {
            tables.insert(&job, Item::from([("attempt".to_owned(), 1_u64.into())]));
        }
        std::future::ready(Ok(()))
    });
    bench.work_on(cloud).await;
    assert_eq!(bench.memory.tables.attempts(&task.job), 2);
    assert_eq!(bench.report(&task).frames, 20);
}

#[tokio::test]
async fn a_throttled_table_is_asked_again() {
    survives("dynamodb:GetItem", Moment::Before, ErrorKind::Throttled).await;
}

#[tokio::test]
async fn a_download_that_arrives_damaged_is_repeated() {
    survives("s3:GetObject", Moment::Before, ErrorKind::Corrupted).await;
}

#[tokio::test]
async fn an_upload_whose_answer_is_lost_is_found_again() {
    let (bench, task) = survives("s3:PutObject", Moment::After, ErrorKind::Timeout).await;
    let object = bench.memory.objects.find(ENHANCED, &task.output.key).unwrap();
    assert_eq!(object.description.metadata["sha256"], bench.report(&task).sha256);
    let ours = |event: &Event| matches!(event, Event::OutputPublished { earlier: false, .. });
    assert_eq!(bench.events.count(ours), 1);
}

#[tokio::test]
async fn an_upload_in_conflict_is_begun_again() {
    survives("s3:PutObject", Moment::Before, ErrorKind::Conflict).await;
}

#[tokio::test]
async fn a_report_that_fails_is_repeated() {
    survives("states:SendTaskSuccess", Moment::Before, ErrorKind::Throttled).await;
}

#[tokio::test]
async fn a_report_whose_answer_is_lost_counts() {
    let (bench, _) = survives("states:SendTaskSuccess", Moment::After, ErrorKind::Timeout).await;
    assert_eq!(bench.events.count(|event| matches!(event, Event::TokenDead { worked: true, .. })), 1);
}

#[tokio::test]
async fn a_message_that_cannot_be_deleted_is_deleted_when_it_comes_again() {
    let (mut bench, task) = bench();
    let cloud = hooked(&bench.memory.cloud(), |call| async move {
        if call.operation == "sqs:DeleteMessage" {
            return Err(Error::new(ErrorKind::Validation, "sqs:DeleteMessage", "not now"));
        }
        Ok(())
    });
    bench.work_on(cloud).await;
    assert_eq!(bench.events.count(|event| matches!(event, Event::CleanupFailed { .. })), 1);
    assert_eq!(bench.memory.queues.len(), 1);
    let report = bench.report(&task);

    bench.memory.queues.make_visible();
    bench.settings.max_tasks = Some(1);
    let summary = bench.work().await;
    assert_eq!(summary.abandoned, 1);
    assert_eq!(bench.memory.queues.len(), 0);
    assert_eq!(bench.report(&task), report);
    assert_eq!(bench.memory.tables.attempts(&task.job), 1);
}

#[tokio::test]
async fn a_result_that_an_earlier_attempt_published_is_reported_without_work() {
    let (bench, task) = bench();
    let faults = Arc::new(Faults::planned((1..100).map(|call| Fault {
        operation: "states:SendTaskSuccess",
        call,
        moment: Moment::Before,
        kind: ErrorKind::Validation,
    })));
    let summary = bench.work_on(with(&bench.memory.cloud(), &faults)).await;
    assert_eq!((summary.released, faults.fired().len()), (1, 1));
    assert_eq!(bench.token(&task), Token::Waiting);

    bench.memory.queues.make_visible();
    let recording = Arc::new(Recording::default());
    bench.work_on(with(&bench.memory.cloud(), &recording)).await;
    assert_eq!(recording.count("s3:GetObject"), 0, "nothing is downloaded again");
    let report = bench.report(&task);
    assert_eq!((report.frames, report.width, report.height, report.streams.video), (20, 128, 96, 1));
    assert_eq!(bench.memory.objects.writes(ENHANCED), 1);
    assert_eq!(bench.memory.tables.attempts(&task.job), 2);
}

#[tokio::test]
async fn two_workers_racing_publish_one_object() {
    let (bench, task) = bench();
    // The other worker runs to its end just before this one's upload.
    let other = Bench { memory: bench.memory.clone(), ..Bench::new() };
    let other_task = task.clone();
    let other = Arc::new(other);
    let racing = Arc::clone(&other);
    let cloud = hooked(&bench.memory.cloud(), move |call| {
        let (other, task) = (Arc::clone(&racing), other_task.clone());
        async move {
            if call.operation == "s3:PutObject" && call.number == 1 {
                other.memory.queues.push(serde_json::to_string(&task).unwrap());
                assert_eq!(other.work().await.succeeded, 1);
            }
            Ok(())
        }
    });
    bench.work_on(cloud).await;
    assert_eq!(bench.memory.objects.writes(ENHANCED), 1);
    let found = |event: &Event| matches!(event, Event::OutputPublished { .. });
    assert_eq!((bench.events.count(found), other.events.count(found)), (1, 1));
    assert_eq!(bench.report(&task).frames, 20);
    assert_eq!(bench.memory.queues.len(), 0);
}

#[tokio::test]
async fn an_object_of_someone_else_is_left_alone() {
    let (bench, task) = bench();
    let target = PutTarget::new(ENHANCED, &task.output.key).metadata("job", "another");
    bench.memory.objects.store(&target, b"precious".to_vec()).unwrap();
    bench.work().await;
    let failure = bench.failure(&task);
    assert_eq!(failure.kind, job::ErrorKind::Internal);
    assert!(failure.message.contains("exists, and is not a result of this job"), "{failure}");
    assert_eq!(bench.memory.objects.find(ENHANCED, &task.output.key).unwrap().body, b"precious");
}

#[tokio::test]
async fn a_source_that_was_replaced_or_removed_is_the_source_s_fault() {
    let (bench, task) = bench();
    bench.memory.objects.store(&PutTarget::new(SOURCES, "clip.mp4"), vec![1, 2, 3]).unwrap();
    bench.work().await;
    let failure = bench.assert_input_failure(&task);
    assert!(failure.message.contains("it is not there any more"), "{failure}");

    // Without versions, the entity tag tells.
    let bench = Bench::new();
    let task = bench.submit("clip.mp4", vec![1, 2, 3], recipe(Container::Mp4));
    let mut unversioned = serde_json::to_value(&task).unwrap();
    unversioned["source"].as_object_mut().unwrap().remove("version");
    bench.memory.queues.clear();
    bench.memory.queues.push(unversioned.to_string());
    bench.memory.objects.store(&PutTarget::new(SOURCES, "clip.mp4"), vec![4, 5, 6]).unwrap();
    bench.work().await;
    let failure = bench.assert_input_failure(&task);
    assert!(failure.message.contains("it was replaced since the job was registered"), "{failure}");
}

#[tokio::test]
async fn a_missing_permission_is_named() {
    let (bench, task) = bench();
    let faults = fault("s3:GetObject", 1, Moment::Before, ErrorKind::AccessDenied);
    bench.work_on(with(&bench.memory.cloud(), &faults)).await;
    let failure = bench.failure(&task);
    assert_eq!(failure.kind, job::ErrorKind::Internal);
    assert_eq!(failure.hint.as_deref(), Some("let the worker's role do s3:GetObject"));
}

#[tokio::test]
async fn a_task_that_was_begun_too_often_is_given_up() {
    let (bench, task) = bench();
    bench.memory.tables.insert(&task.job, Item::from([("attempt".to_owned(), 5_u64.into())]));
    bench.work().await;
    let failure = bench.failure(&task);
    assert_eq!(failure.kind, job::ErrorKind::Engine);
    assert_eq!(failure.message, "the task was begun 5 times already, and no attempt came to an end");
    assert_eq!(bench.memory.tables.attempts(&task.job), 5);
    assert_eq!(bench.memory.queues.len(), 0);
}

#[tokio::test]
async fn a_job_that_is_not_in_the_table_fails() {
    let (bench, mut task) = bench();
    task.job = "f".repeat(32);
    bench.memory.queues.clear();
    bench.memory.queues.push(serde_json::to_string(&task).unwrap());
    bench.work().await;
    let failure = bench.failure(&task);
    assert_eq!(failure.kind, job::ErrorKind::Internal);
    assert!(failure.message.contains("is not in the job table"), "{failure}");
}

#[tokio::test]
async fn a_task_without_room_on_the_disk_rests_and_the_last_attempt_fails() {
    let (mut bench, task) = bench();
    bench.settings.disk_reserve_bytes = u64::MAX / 2;
    bench.settings.attempts = 2;
    let recording = Arc::new(Recording::default());
    bench.work_on(with(&bench.memory.cloud(), &recording)).await;
    assert_eq!(recording.count("s3:GetObject"), 0, "nothing is downloaded");
    assert_eq!(bench.token(&task), Token::Waiting);
    let after = bench.memory.queues.visible_after();
    assert!(after > Duration::from_secs(50) && after <= Duration::from_mins(1), "{after:?}");
    let metrics: Vec<_> = bench.events.all().iter().flat_map(Event::metrics).map(|(name, _)| name).collect();
    assert!(metrics.contains(&job::metrics::RESOURCES_EXHAUSTED));

    bench.memory.queues.make_visible();
    bench.work().await;
    let failure = bench.failure(&task);
    assert_eq!(failure.kind, job::ErrorKind::Resource);
    assert!(failure.message.contains("bytes of disk"), "{failure}");
    assert_eq!(bench.memory.queues.len(), 0);
}

/// Whatever fails, and however often: in the end there is one object, one report, and no message.
#[tokio::test]
async fn seeded_faults_lose_nothing_and_double_nothing() {
    let mut struck = 0;
    for seed in 0..6 {
        let (mut bench, task) = bench();
        bench.settings.pause = Duration::ZERO;
        bench.settings.attempts = 50;
        let faults = Arc::new(Faults::drawn(seed, 250));
        // A message whose receipt is lost comes back when its lease ends; there is nothing to see in that wait.
        let except = Except { operation: "sqs:ReceiveMessage", inner: Arc::clone(&faults) };
        let cloud = with(&bench.memory.cloud(), &Arc::new(except));
        for _ in 0..50 {
            if bench.memory.queues.len() == 0 {
                break;
            }
            bench.memory.queues.make_visible();
            bench.work_on(cloud.clone()).await;
        }
        assert_eq!(bench.memory.queues.len(), 0, "seed {seed}: the message is still there");
        assert_eq!(bench.report(&task).frames, 20, "seed {seed}");
        assert_eq!(bench.memory.objects.writes(ENHANCED), 1, "seed {seed}");
        assert_eq!(bench.memory.objects.keys(ENHANCED), [task.output.key.as_str()], "seed {seed}");
        bench.assert_clean();
        struck += faults.fired().len();
    }
    assert!(struck > 10, "{struck} faults struck");
}
