//! Submitting, following and listing, and running commands, against services in memory.

mod commands;

use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use cloud::cloud_formation::{
    ChangeSetDescription, ChangeSetIds, ChangeSetRequest, CloudFormation, DeleteStackRequest, StackDescription,
    StackEvent, StackResource, StackSummary,
};
use cloud::commands::{CommandRequest, Commands, Instance, Instances, Invocation, InvocationResult};
use cloud::objects::{Object, ObjectDescription, ObjectSummary, ObjectVersion, Objects, Progress, PutTarget, Written};
use cloud::queues::{Message, QueueCounts, Queues, ReceiveRequest};
use cloud::tables::{Expression, Item, Page, Query, Scan, Tables, Update, item_from_json};
use cloud::workflows::{Execution, ExecutionStatus, Workflows};
use cloud::{Cloud, ErrorKind, Result};
use job::{Codec, Colour, Container, Encoding, Engine, JobState, PixelFormat, Preset, Recipe, Scale};
use pipeline::{Error, Event, Follow, Places, Upload};
use serde_json::{Value, json};

const ID: &str = "0123456789abcdef0123456789abcdef";

/// The services, each with just what the tests script.
#[derive(Default)]
struct Fake {
    /// What the job table answers, look by look; the last answer stays.
    looks: Mutex<VecDeque<Option<Item>>>,
    /// The pages of the job table.
    pages: Vec<Vec<Item>>,
    execution: Option<ExecutionStatus>,
    version: Option<String>,
    object: Vec<u8>,
    uploaded: Mutex<Vec<PutTarget>>,
    /// The template of the only stack, if there is one, and its resources.
    template: Option<String>,
    resources: Vec<StackResource>,
}

fn absent<T>() -> Result<T> {
    Err(cloud::Error::new(ErrorKind::Service, "test", "not part of this fake"))
}

impl Fake {
    fn looking(looks: impl IntoIterator<Item = Option<Value>>) -> Self {
        let looks = looks.into_iter().map(|look| look.and_then(item_from_json)).collect();
        Self { looks: Mutex::new(looks), ..Self::default() }
    }

    fn cloud(self) -> Cloud {
        let this = Arc::new(self);
        Cloud {
            cloud_formation: this.clone(),
            commands: this.clone(),
            objects: this.clone(),
            queues: this.clone(),
            tables: this.clone(),
            workflows: this,
            ..Cloud::absent("eu-central-1")
        }
    }
}

fn places() -> Places {
    Places {
        source_bucket: "sources".to_owned(),
        job_table: "jobs".to_owned(),
        task_queues: [(Colour::Blue, "queue".to_owned())].into(),
    }
}

fn recipe() -> Recipe {
    Recipe {
        engine: Engine::Scale,
        scale: Scale::new(2).expect("allowed"),
        encoding: Encoding {
            codec: Codec::Libx264,
            quality: 18,
            preset: Preset::Veryfast,
            pixel_format: PixelFormat::Yuv420p,
            container: Container::Mp4,
        },
    }
}

fn job(state: &str, more: &Value) -> Value {
    let mut job = json!({
        "id": ID, "state": state, "attempt": 0, "executions": 1,
        "execution": "arn:aws:states:eu-central-1:111122223333:execution:jobs:one",
        "source": {"bucket": "sources", "key": "clip.mp4", "etag": "e", "bytes": 1},
        "recipe": recipe(), "created": "2026-01-01T00:00:00Z", "updated": "2026-01-01T00:00:10.5Z",
    });
    let more = more.as_object().cloned().unwrap_or_default();
    job.as_object_mut().expect("an object").extend(more);
    job
}

fn follow(submitted: Option<&str>) -> Follow {
    Follow {
        job: ID.to_owned(),
        key: "clip.mp4".to_owned(),
        submitted: submitted.map(|time| time.parse().expect("a time")),
        appears_within: Duration::from_mins(1),
        patience: Duration::from_secs(10),
    }
}

/// Follows, and returns the events too.
async fn watch(fake: Fake, submitted: Option<&str>) -> (std::result::Result<job::JobItem, Error>, Vec<Event>) {
    let events = Mutex::new(Vec::new());
    let log = |event: Event| events.lock().expect("not poisoned").push(event);
    let end = pipeline::follow(&fake.cloud(), &places(), &follow(submitted), &log).await;
    let events = events.into_inner().expect("not poisoned");
    (end, events)
}

fn states(events: &[Event]) -> Vec<JobState> {
    let state = |event: &Event| match event {
        Event::State { state, .. } => Some(*state),
        _ => None,
    };
    events.iter().filter_map(state).collect()
}

#[tokio::test(start_paused = true)]
async fn a_job_is_followed_to_its_end() {
    let looks = [
        None,
        Some(job("registered", &json!({}))),
        Some(job("registered", &json!({}))),
        Some(job("enhancing", &json!({"attempt": 1, "tasks": {"done": 0, "total": 1}}))),
        Some(job("done", &json!({"attempt": 1, "tasks": {"done": 1, "total": 1}}))),
    ];
    let (end, events) = watch(Fake::looking(looks), Some("2026-01-01T00:00:00Z")).await;
    assert_eq!(end.expect("done").state, JobState::Done);
    assert_eq!(states(&events), [JobState::Registered, JobState::Enhancing, JobState::Done]);
}

#[tokio::test(start_paused = true)]
async fn an_upload_that_does_not_become_a_job_is_explained() {
    let (end, _) = watch(Fake::looking([None]), None).await;
    let error = end.expect_err("it never appears");
    assert_eq!(error.to_string(), format!("\"clip.mp4\" is uploaded, but job {ID} did not appear within 60 seconds"));
    assert!(error.hints()[0].contains("dead-letter queue"));
}

#[tokio::test(start_paused = true)]
async fn an_earlier_failure_is_not_this_submissions() {
    let earlier =
        job("failed", &json!({"finished": "2026-01-01T00:00:20Z", "error": {"kind": "engine", "message": "old"}}));
    let looks = [Some(earlier.clone()), Some(job("registered", &json!({}))), Some(job("done", &json!({})))];
    let (end, events) = watch(Fake::looking(looks), Some("2026-01-02T00:00:00Z")).await;
    assert_eq!(end.expect("done").state, JobState::Done);
    assert!(matches!(events[0], Event::EarlierEnd { state: JobState::Failed, .. }));

    let (end, _) = watch(Fake::looking([Some(earlier.clone())]), Some("2026-01-02T00:00:00Z")).await;
    assert_eq!(end.expect("the end stays").state, JobState::Failed, "nobody takes it over");

    let (end, events) = watch(Fake::looking([Some(earlier)]), None).await;
    assert_eq!((end.expect("failed").state, states(&events)), (JobState::Failed, vec![JobState::Failed]));
}

#[tokio::test(start_paused = true)]
async fn the_same_video_again_is_done_already() {
    let done = job("done", &json!({"finished": "2026-01-01T00:00:20Z"}));
    let (end, events) = watch(Fake::looking([Some(done)]), Some("2026-01-02T00:00:00Z")).await;
    assert_eq!((end.expect("done").state, states(&events)), (JobState::Done, vec![JobState::Done]));
}

#[tokio::test(start_paused = true)]
async fn a_job_whose_workflow_died_is_not_waited_for_for_ever() {
    let fake = Fake { execution: Some(ExecutionStatus::Failed), ..Fake::looking([Some(job("enhancing", &json!({})))]) };
    let error = watch(fake, None).await.0.expect_err("nobody works on it");
    assert_eq!(
        error.to_string(),
        format!(
            "the workflow of job {ID} ended as FAILED while the job was enhancing: States.ServiceRestart: it was restarted"
        )
    );
}

#[tokio::test(start_paused = true)]
async fn a_job_that_no_worker_takes_is_told_of() {
    let mut looks = vec![Some(job("enhancing", &json!({"colour": "blue"}))); 60];
    looks.push(Some(job("done", &json!({"attempt": 1}))));
    let fake = Fake { execution: Some(ExecutionStatus::Running), ..Fake::looking(looks) };
    let (end, events) = watch(fake, None).await;
    assert_eq!(end.expect("done").state, JobState::Done);
    let told: Vec<_> =
        events.iter().filter(|event| matches!(event, Event::NoWorker { waiting: 3, held: 1, .. })).collect();
    assert!(told.len() > 1, "{events:?}");
}

#[tokio::test]
async fn a_video_is_uploaded_under_its_name_and_its_job_is_known() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("clip $(x) 'é'\n.MP4");
    std::fs::write(&file, b"video").expect("written");
    let fake = Fake { version: Some("v1".to_owned()), ..Fake::default() };
    let upload = Upload { file, key: None, suffixes: vec![".mp4".to_owned()] };
    let submitted = pipeline::submit(&fake.cloud(), "sources", &upload, &recipe(), &pipeline::silent).await;
    let submitted = submitted.expect("submitted");
    assert_eq!(submitted.source.key, "clip $(x) 'é'\n.MP4");
    assert_eq!(submitted.source.etag, "5d41", "without the quotes");
    assert_eq!(submitted.job, job::job_id("sources", "clip $(x) 'é'\n.MP4", "v1", &recipe().identity()));
}

#[tokio::test]
async fn what_would_not_become_a_job_is_not_uploaded() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("clip.txt");
    std::fs::write(&file, b"video").expect("written");
    let suffixes = vec![".mp4".to_owned(), ".mov".to_owned()];
    let refused = async |file: &Path, key: Option<&str>| {
        let upload = Upload { file: file.to_owned(), key: key.map(str::to_owned), suffixes: suffixes.clone() };
        let cloud = Fake::default().cloud();
        pipeline::submit(&cloud, "sources", &upload, &recipe(), &pipeline::silent)
            .await
            .expect_err("refused")
            .to_string()
    };
    assert_eq!(
        refused(&file, None).await,
        "\"clip.txt\" does not become a job: uploads do if they end with .mp4, .mov"
    );
    assert_eq!(refused(&file, Some(&"x".repeat(1025))).await, "the key has 1025 bytes; allowed are 1 to 1024");
    assert_eq!(
        refused(&file, Some("a/../../b.mp4")).await,
        "the key \"a/../../b.mp4\" leads out of the bucket: S3 refuses a `..` that goes above its beginning"
    );
    assert_eq!(
        refused(&file, Some("\u{1b}[31m.mp4")).await,
        "the key \"\\u{1b}[31m.mp4\" has the character U+001B, which XML cannot carry: S3 could not list it"
    );
    let long = format!("{}.mp4", "x".repeat(1015));
    assert_eq!(refused(&file, Some(&long)).await, "the key of the result would have 1038 bytes; allowed are 1 to 1024");
    let missing = folder.path().join("missing.mp4");
    assert!(refused(&missing, None).await.ends_with("missing.mp4: No such file or directory (os error 2)"));
    assert!(refused(folder.path(), None).await.ends_with(" is not a file"));
}

#[tokio::test]
async fn jobs_are_listed_over_pages_and_what_is_unreadable_is_not_hidden() {
    let item = |value: Value| item_from_json(value).expect("an object");
    let newer = job("done", &json!({"id": "b".repeat(32), "created": "2026-01-02T00:00:00Z"}));
    let strange = json!({"id": "c".repeat(32), "state": "dancing"});
    let lease = json!({"id": "instance/i-0123", "holder": "someone"});
    let pages = vec![vec![item(job("failed", &json!({}))), item(lease)], vec![], vec![item(newer), item(strange)]];
    let cloud = Fake { pages, ..Fake::default() }.cloud();
    let listing = pipeline::list(&cloud, "jobs").await.expect("listed");
    let ids: Vec<_> = listing.jobs.iter().map(|job| job.id.as_str()).collect();
    assert_eq!(ids, ["b".repeat(32).as_str(), ID]);
    let unreadable: Vec<_> = listing.unreadable.iter().map(|item| item.id.as_str()).collect();
    assert_eq!(unreadable, ["c".repeat(32)], "a lease is no job");

    assert_eq!(pipeline::find(&cloud, "jobs", "bbb").await.expect("one").state, JobState::Done);
    let error = pipeline::find(&cloud, "jobs", "d").await.expect_err("none");
    assert_eq!(error.to_string(), "there is no job d");
    let error = pipeline::find(&cloud, "jobs", "").await.expect_err("several");
    assert!(matches!(error, Error::Ambiguous { ids, .. } if ids.len() == 3));
}

#[tokio::test]
async fn a_result_appears_only_if_it_is_right() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = |sha256: &str| {
        let output = json!({"bucket": "enhanced", "key": "clip_sr_2x/0123.mp4", "sha256": sha256, "frames": 1, "width": 2, "height": 2});
        serde_json::from_value::<job::JobItem>(job("done", &json!({"output": output}))).expect("a job")
    };
    let right = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
    let fake = || Fake { object: b"hello".to_vec(), ..Fake::default() }.cloud();
    let file = folder.path().join("enhanced.mp4");
    pipeline::download(&fake(), &output(right), &file, &pipeline::silent).await.expect("right");
    assert_eq!(std::fs::read(&file).expect("readable"), b"hello");

    let other = folder.path().join("other.mp4");
    let wrong = pipeline::download(&fake(), &output(&"0".repeat(64)), &other, &pipeline::silent).await;
    assert!(matches!(wrong, Err(Error::Corrupted { .. })));
    assert_eq!(std::fs::read_dir(folder.path()).expect("readable").count(), 1, "nothing of it stays");

    let unfinished: job::JobItem = serde_json::from_value(job("enhancing", &json!({}))).expect("a job");
    let error = pipeline::download(&fake(), &unfinished, &other, &pipeline::silent).await.expect_err("none");
    assert_eq!(error.to_string(), format!("job {ID} has no result: it is enhancing"));
}

#[tokio::test]
async fn a_result_that_cannot_be_written_is_no_matter_of_the_cloud() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = json!({"bucket": "enhanced", "key": "k", "sha256": "0", "frames": 1, "width": 2, "height": 2});
    let job: job::JobItem = serde_json::from_value(job("done", &json!({"output": output}))).expect("a job");
    let file = folder.path().join("gone/enhanced.mp4");
    let error =
        pipeline::download(&Fake::default().cloud(), &job, &file, &pipeline::silent).await.expect_err("no folder");
    assert!(matches!(error, Error::Unwritable { .. }), "{error}");
}

#[test]
fn a_result_replaces_files_only_and_never_its_source() {
    use std::os::unix::fs::symlink;
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    for name in ["clip.mp4", "old.mp4", "clip_sr_2x_sr_2x.mp4"] {
        std::fs::write(at(name), name).expect("written");
    }
    std::fs::hard_link(at("clip.mp4"), at("linked.mp4")).expect("linked");
    symlink(at("clip.mp4"), at("pointer.mp4")).expect("linked");
    // Stands for a device: it is there, and is no regular file.
    let socket = std::os::unix::net::UnixListener::bind(at("device")).expect("bound");
    symlink(at("device"), at("to-device")).expect("linked");
    std::fs::create_dir(at("folder")).expect("created");

    let destination = |path: &Path, key: &str| {
        let upload = Upload { file: at("clip.mp4"), key: Some(key.to_owned()), suffixes: Vec::new() };
        pipeline::destination(path, &upload, &recipe())
    };
    for path in ["new.mp4", "old.mp4"] {
        assert_eq!(destination(&at(path), "clip.mp4").expect("allowed"), at(path));
    }
    assert_eq!(destination(&at("folder"), "in/clip.mov").expect("allowed"), at("folder/clip_sr_2x.mp4"));
    assert_eq!(destination(&at("folder"), "a\\b\n.mov").expect("allowed"), at("folder/a_b__sr_2x.mp4"));

    let refused = |path: &str| destination(&at(path), "clip.mp4").expect_err(path);
    for path in ["clip.mp4", "linked.mp4", "pointer.mp4"] {
        assert!(matches!(refused(path), Error::ReplacesSource { .. }), "{path}");
    }
    for path in ["device", "to-device"] {
        assert!(matches!(refused(path), Error::NotReplaceable { .. }), "{path}");
    }
    for path in ["none/new.mp4", "none/"] {
        assert!(matches!(refused(path), Error::NoFolder { .. }), "{path}");
    }
    assert!(matches!(destination(Path::new("-"), "clip.mp4"), Err(Error::StandardOutput)));
    assert!(matches!(refused(&"x".repeat(300)), Error::Unwritable { .. }));
    drop(socket);

    // The video itself may be called as the result of another key would be.
    std::fs::rename(at("clip.mp4"), at("clip_sr_2x.mp4")).expect("renamed");
    let upload = Upload { file: at("clip_sr_2x.mp4"), key: Some("clip.mp4".to_owned()), suffixes: Vec::new() };
    let error = pipeline::destination(folder.path(), &upload, &recipe()).expect_err("the video itself");
    assert!(matches!(error, Error::ReplacesSource { .. }), "{error}");
    let left = std::fs::read_dir(folder.path()).expect("readable").map(|entry| entry.expect("readable").file_name());
    assert!(left.into_iter().all(|name| !name.to_string_lossy().ends_with(".part")), "nothing is left behind");
}

#[async_trait]
impl Tables for Fake {
    async fn get(&self, _: &str, _: &Item) -> Result<Option<Item>> {
        let mut looks = self.looks.lock().expect("not poisoned");
        Ok(if looks.len() > 1 { looks.pop_front().flatten() } else { looks.front().cloned().flatten() })
    }
    async fn put(&self, _: &str, _: &Item, _: Option<&Expression>) -> Result<()> {
        absent()
    }
    async fn update(&self, _: &str, _: &Update) -> Result<Item> {
        absent()
    }
    async fn delete(&self, _: &str, _: &Item, _: Option<&Expression>) -> Result<()> {
        absent()
    }
    async fn query(&self, _: &str, _: &Query) -> Result<Page> {
        absent()
    }
    async fn scan(&self, _: &str, scan: &Scan) -> Result<Page> {
        let page = scan.start.as_ref().map_or(0, |start| start["page"].as_u64().expect("a number"));
        let items = self.pages[usize::try_from(page).expect("small")].clone();
        let is_last = usize::try_from(page).expect("small") + 1 == self.pages.len();
        Ok(Page { items, next: (!is_last).then(|| Item::from([("page".to_owned(), (page + 1).into())])) })
    }
}

#[async_trait]
impl Objects for Fake {
    async fn head(&self, _: &ObjectVersion) -> Result<Option<ObjectDescription>> {
        absent()
    }
    async fn get(&self, _: &ObjectVersion, _: u64) -> Result<Object> {
        absent()
    }
    async fn download(&self, _: &ObjectVersion, path: &Path, _: Progress<'_>) -> Result<ObjectDescription> {
        std::fs::write(path, &self.object).expect("writable");
        Ok(ObjectDescription { bytes: self.object.len() as u64, ..ObjectDescription::default() })
    }
    async fn put(&self, _: &PutTarget, _: &[u8]) -> Result<Written> {
        absent()
    }
    async fn upload(&self, target: &PutTarget, path: &Path, progress: Progress<'_>) -> Result<Written> {
        let bytes = std::fs::metadata(path).expect("there").len();
        progress(bytes);
        self.uploaded.lock().expect("not poisoned").push(target.clone());
        Ok(Written { etag: "\"5d41\"".to_owned(), version: self.version.clone(), bytes })
    }
    async fn list(&self, _: &str, _: &str) -> Result<Vec<ObjectSummary>> {
        absent()
    }
    async fn delete(&self, _: &ObjectVersion) -> Result<()> {
        absent()
    }
}

#[async_trait]
impl Queues for Fake {
    async fn send(&self, _: &str, _: &str, _: Option<&str>) -> Result<String> {
        absent()
    }
    async fn receive(&self, _: &str, _: &ReceiveRequest) -> Result<Vec<Message>> {
        absent()
    }
    async fn change_visibility(&self, _: &str, _: &str, _: Duration) -> Result<()> {
        absent()
    }
    async fn delete(&self, _: &str, _: &str) -> Result<()> {
        absent()
    }
    async fn counts(&self, _: &str) -> Result<QueueCounts> {
        Ok(QueueCounts { visible: 2, in_flight: 1, delayed: 1 })
    }
}

#[async_trait]
impl Workflows for Fake {
    async fn task_success(&self, _: &str, _: &str) -> Result<()> {
        absent()
    }
    async fn task_failure(&self, _: &str, _: &str, _: &str) -> Result<()> {
        absent()
    }
    async fn task_heartbeat(&self, _: &str) -> Result<()> {
        absent()
    }
    async fn start_execution(&self, _: &str, _: &str, _: &str) -> Result<String> {
        absent()
    }
    async fn describe_execution(&self, execution: &str) -> Result<Execution> {
        Ok(Execution {
            arn: execution.to_owned(),
            name: "one".to_owned(),
            state_machine: "jobs".to_owned(),
            status: self.execution.clone().expect("scripted"),
            started: None,
            stopped: None,
            input: None,
            output: None,
            error: Some("States.ServiceRestart".to_owned()),
            cause: Some("it was restarted".to_owned()),
        })
    }
    async fn stop_execution(&self, _: &str, _: &str, _: &str) -> Result<()> {
        absent()
    }
}

#[async_trait]
impl CloudFormation for Fake {
    async fn describe_stack(&self, _: &str) -> Result<Option<StackDescription>> {
        absent()
    }
    async fn list_stacks(&self, _: &str) -> Result<Vec<StackSummary>> {
        absent()
    }
    async fn stack_resources(&self, _: &str) -> Result<Vec<StackResource>> {
        Ok(self.resources.clone())
    }
    async fn stack_events(&self, _: &str, _: Option<&str>) -> Result<Vec<StackEvent>> {
        absent()
    }
    async fn template(&self, stack: &str) -> Result<String> {
        let missing = || cloud::Error::new(ErrorKind::NotFound, "cloudformation:GetTemplate", stack);
        self.template.clone().ok_or_else(missing)
    }
    async fn create_change_set(&self, _: &ChangeSetRequest) -> Result<ChangeSetIds> {
        absent()
    }
    async fn describe_change_set(&self, _: &str, _: &str) -> Result<ChangeSetDescription> {
        absent()
    }
    async fn execute_change_set(&self, _: &str, _: &str, _: Option<&str>) -> Result<()> {
        absent()
    }
    async fn delete_change_set(&self, _: &str, _: &str) -> Result<()> {
        absent()
    }
    async fn delete_stack(&self, _: &DeleteStackRequest) -> Result<()> {
        absent()
    }
    async fn cancel_update(&self, _: &str) -> Result<()> {
        absent()
    }
    async fn update_termination_protection(&self, _: &str, _: bool) -> Result<()> {
        absent()
    }
}

#[async_trait]
impl Commands for Fake {
    async fn instances(&self, _: &Instances) -> Result<Vec<Instance>> {
        absent()
    }
    async fn send_command(&self, _: &CommandRequest) -> Result<String> {
        absent()
    }
    async fn list_invocations(&self, _: &str) -> Result<Vec<Invocation>> {
        absent()
    }
    async fn invocation(&self, _: &str, _: &str) -> Result<InvocationResult> {
        absent()
    }
}
