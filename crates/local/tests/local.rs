//! Starts the real emulator and real processes, each test in a checkout of its own.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use local::{AfterStop, EmulatorStatus, Event, Stopped, Worker, WorkerStatus};

/// A checkout for one test, which leaves no process behind.
struct Checkout {
    root: tempfile::TempDir,
    events: Vec<Event>,
}

impl Checkout {
    fn new() -> Self {
        let root = tempfile::tempdir().expect("a folder");
        Self { root, events: Vec::new() }
    }

    fn with_emulator() -> Self {
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        assert!(local::is_installed(&workspace), "the local cloud is not installed: run `cargo xtask setup`");
        let checkout = Self::new();
        local::share_installation(checkout.root(), &workspace).expect("shared");
        checkout
    }

    fn root(&self) -> &Path {
        self.root.path()
    }

    fn up(&mut self) -> local::Emulator {
        let events = &mut self.events;
        local::up(self.root.path(), &mut |event| events.push(event)).expect("the emulator starts")
    }

    fn down(&mut self, after: AfterStop) -> local::Down {
        let events = &mut self.events;
        local::down(self.root.path(), after, &mut |event| events.push(event)).expect("the emulator stops")
    }

    fn ensure(&mut self, workers: &[Worker]) -> Vec<String> {
        let events = &mut self.events;
        local::ensure_workers(self.root.path(), workers, &mut |event| events.push(event)).expect("the workers start")
    }

    fn emulator(&self) -> EmulatorStatus {
        local::status(self.root()).expect("a status").emulator
    }

    fn workers(&self) -> Vec<WorkerStatus> {
        local::status(self.root()).expect("a status").workers
    }
}

impl Drop for Checkout {
    fn drop(&mut self) {
        // A test that failed already says why.
        drop(local::down(self.root.path(), AfterStop::Wipe, &mut |_| {}));
    }
}

fn kill(pid: u32) {
    let status = Command::new("kill").args(["-9", &pid.to_string()]).status().expect("kill");
    assert!(status.success());
}

fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_mins(1);
    while !is_so() {
        assert!(Instant::now() < deadline, "not within a minute: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Sends a request to S3, which the emulator serves without a signature, and returns the status.
fn s3(port: u16, method: &str, path: &str, body: &str) -> u16 {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("a connection");
    let credential =
        "AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0";
    let request = format!(
        "{method} {path} HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\nAuthorization: {credential}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("answered");
    answer.split_whitespace().nth(1).expect("a status").parse().expect("a number")
}

#[test]
fn what_was_stored_is_there_after_down_and_up() {
    let mut checkout = Checkout::with_emulator();
    assert_eq!(checkout.emulator(), EmulatorStatus::Stopped { has_state: false });
    let first = checkout.up();
    assert!(first.is_new);
    assert_eq!(s3(first.port, "PUT", "/videos", ""), 200);
    assert_eq!(s3(first.port, "PUT", "/videos/clip.mp4", "frames"), 200);

    let again = checkout.up();
    assert!(!again.is_new);
    assert_eq!((again.pid, again.port), (first.pid, first.port));

    assert_eq!(checkout.down(AfterStop::KeepState).emulator, Some(Stopped::StateKept));
    assert_eq!(checkout.emulator(), EmulatorStatus::Stopped { has_state: true });
    assert_eq!(checkout.down(AfterStop::KeepState).emulator, None);

    let second = checkout.up();
    assert!(second.is_new);
    assert_eq!(second.port, first.port);
    assert_eq!(s3(second.port, "GET", "/videos/clip.mp4", ""), 200);
    assert!(matches!(checkout.events.last(), Some(Event::Started { with_state: true, .. })), "{:?}", checkout.events);

    assert_eq!(checkout.down(AfterStop::Wipe).emulator, Some(Stopped::StateGone));
    let third = checkout.up();
    assert_eq!(s3(third.port, "GET", "/videos/clip.mp4", ""), 404);
}

#[test]
fn a_killed_emulator_is_reported_and_the_next_one_starts_empty() {
    let mut checkout = Checkout::with_emulator();
    let first = checkout.up();
    assert_eq!(s3(first.port, "PUT", "/videos", ""), 200);
    kill(first.pid);
    wait_until(
        "the status says that the emulator is lost",
        || matches!(checkout.emulator(), EmulatorStatus::Lost { pid, .. } if pid == first.pid),
    );

    let second = checkout.up();
    assert!(second.is_new);
    let lost = |event: &Event| matches!(event, Event::EmulatorWasLost { pid, .. } if *pid == first.pid);
    assert!(checkout.events.iter().any(lost), "{:?}", checkout.events);
    assert_eq!(s3(second.port, "HEAD", "/videos", ""), 404);
}

#[test]
fn an_emulator_killed_before_down_is_not_an_error() {
    let mut checkout = Checkout::with_emulator();
    let emulator = checkout.up();
    kill(emulator.pid);
    wait_until("the emulator is lost", || matches!(checkout.emulator(), EmulatorStatus::Lost { .. }));
    assert_eq!(checkout.down(AfterStop::KeepState).emulator, Some(Stopped::StateGone));
    assert_eq!(checkout.emulator(), EmulatorStatus::Stopped { has_state: false });
}

#[test]
fn two_checkouts_do_not_meet() {
    let (mut one, mut other) = (Checkout::with_emulator(), Checkout::with_emulator());
    let (here, there) = (one.up(), other.up());
    assert_ne!(here.port, there.port);
    assert_eq!(s3(here.port, "PUT", "/videos", ""), 200);
    assert_eq!(s3(there.port, "HEAD", "/videos", ""), 404);
    one.down(AfterStop::KeepState);
    assert_eq!(s3(there.port, "HEAD", "/videos", ""), 404);
    assert!(matches!(other.emulator(), EmulatorStatus::Running { answers: true, .. }));
}

#[test]
fn two_commands_at_once_start_one_emulator() {
    let checkout = Checkout::with_emulator();
    let root = checkout.root();
    let start = || local::up(root, &mut |_| {}).expect("the emulator starts");
    let (one, other) = std::thread::scope(|scope| {
        let (one, other) = (scope.spawn(start), scope.spawn(start));
        (one.join().expect("no panic"), other.join().expect("no panic"))
    });
    assert_eq!(one.pid, other.pid);
    assert!(one.is_new ^ other.is_new);
}

#[test]
fn an_emulator_that_nobody_wrote_down_is_ended() {
    let mut checkout = Checkout::with_emulator();
    let first = checkout.up();
    // As if the command that started it had been killed before it could write that down.
    std::fs::remove_file(checkout.root().join(".baleen/local/state.json")).expect("removed");
    let second = checkout.up();
    assert_ne!(first.pid, second.pid);
    assert!(checkout.events.contains(&Event::StateLost), "{:?}", checkout.events);
    wait_until("the first one is gone", || !Path::new(&format!("/proc/{}/exe", first.pid)).exists());
}

#[test]
fn it_listens_on_loopback_only_and_knows_no_credentials() {
    let mut checkout = Checkout::with_emulator();
    let emulator = checkout.up();
    let environment = std::fs::read(format!("/proc/{}/environ", emulator.pid)).expect("Linux");
    let environment = String::from_utf8_lossy(&environment);
    assert!(environment.contains("BIND_HOST=127.0.0.1"), "{environment}");
    assert!(!environment.contains("AWS_") && !environment.contains("CARGO"), "{environment}");
}

fn worker(name: &str, script: &str) -> Worker {
    Worker {
        name: name.to_owned(),
        program: PathBuf::from("sh"),
        arguments: vec!["-c".into(), script.into()],
        environment: BTreeMap::from([("COLOUR".to_owned(), "blue".into())]),
    }
}

const WORK: &str = "echo \"$COLOUR $AWS_PROFILE\"; while :; do sleep 0.05; done";

#[test]
fn workers_are_started_kept_and_started_again() {
    let mut checkout = Checkout::new();
    let workers = [worker("blue-1", WORK), worker("blue-2", WORK)];
    assert_eq!(checkout.ensure(&workers), ["blue-1", "blue-2"]);
    assert!(checkout.ensure(&workers).is_empty());

    let before = checkout.workers();
    kill(before[0].pid);
    wait_until("the worker is dead", || !checkout.workers()[0].is_alive);
    assert_eq!(checkout.ensure(&workers), ["blue-1"]);
    let lost = |event: &Event| matches!(event, Event::WorkerWasLost { name, .. } if name == "blue-1");
    assert!(checkout.events.iter().any(lost), "{:?}", checkout.events);
    let after = checkout.workers();
    assert!(after.iter().all(|worker| worker.is_alive));
    assert_eq!(after[1].pid, before[1].pid);

    let log = &after[0].log;
    wait_until("the worker has said something", || !local::tail(log, 1).expect("a log").is_empty());
    assert_eq!(local::tail(log, 1).expect("a log").trim_end(), "blue");
    let names: Vec<_> = local::logs(checkout.root()).expect("logs").into_iter().map(|log| log.name).collect();
    assert_eq!(names, ["agent-blue-1", "agent-blue-2"]);
}

#[test]
fn a_worker_with_another_command_is_another_worker() {
    let mut checkout = Checkout::new();
    checkout.ensure(&[worker("blue-1", WORK), worker("blue-2", WORK)]);
    let before = checkout.workers();
    assert_eq!(checkout.ensure(&[worker("blue-1", "while :; do sleep 0.1; done")]), ["blue-1"]);
    let after = checkout.workers();
    assert_eq!(after.len(), 1);
    assert_ne!(after[0].pid, before[0].pid);

    let stopped = local::stop_workers(checkout.root(), &mut |_| {}).expect("stopped");
    assert_eq!(stopped, ["blue-1"]);
    assert!(checkout.workers().is_empty());
}

#[test]
fn a_program_that_is_not_there_is_named() {
    let checkout = Checkout::new();
    let missing = Worker { program: "/no/such/program".into(), ..worker("blue-1", WORK) };
    let error = local::ensure_workers(checkout.root(), &[missing], &mut |_| {}).expect_err("it is not there");
    let message = error.to_string();
    assert!(message.starts_with("cannot start worker blue-1 (`/no/such/program`): "), "{message}");
}

#[test]
fn a_state_that_cannot_be_read_is_an_error_with_a_way_out() {
    let checkout = Checkout::new();
    let folder = checkout.root().join(".baleen/local");
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(folder.join("state.json"), "{").expect("written");
    let error = local::status(checkout.root()).expect_err("it is not JSON");
    assert!(error.to_string().contains("state.json cannot be understood"), "{error}");
    assert!(error.hint().is_some_and(|hint| hint.contains("remove the folder")));
    std::fs::remove_file(folder.join("state.json")).expect("removed");
}
