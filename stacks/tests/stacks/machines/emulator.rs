//! An emulator of a test's own, and what a test needs of AWS's protocols to talk to it.

use std::fs::File;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// The account that the emulator is.
pub const ACCOUNT: &str = "000000000000";
/// The region that tests work in.
pub const REGION: &str = "ap-northeast-2";

/// How long anything may take: far longer than it does, so that only what hangs fails.
const PATIENCE: Duration = Duration::from_mins(2);

/// An emulator, which ends with the test.
pub struct Emulator {
    process: Child,
    port: u16,
    // Held until the emulator has ended.
    _folder: tempfile::TempDir,
}

impl Emulator {
    /// Starts an emulator in which no state waits, and nothing is tried again later rather than at once.
    pub fn start() -> Self {
        let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        local::install(&checkout).unwrap_or_else(|error| panic!("{error}"));
        let folder = tempfile::tempdir().unwrap();
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        let log = File::create(folder.path().join("log")).unwrap();
        let process = Command::new(checkout.join(".baleen/local/venv/bin/python"))
            .args(["-m", "ministack"])
            .env_clear()
            .envs(["PATH", "HOME"].into_iter().filter_map(|name| Some((name, std::env::var_os(name)?))))
            .envs([("BIND_HOST", "127.0.0.1"), ("MINISTACK_HOST", "127.0.0.1"), ("SFN_WAIT_SCALE", "0")])
            .envs([("GATEWAY_PORT", port.to_string()), ("MINISTACK_REGION", REGION.to_owned())])
            .env("TMPDIR", folder.path())
            .env("DOCKER_HOST", "unix:///nowhere")
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut emulator = Self { process, port, _folder: folder };
        until("the emulator answers", || {
            assert!(emulator.process.try_wait().unwrap().is_none(), "the emulator has ended");
            TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok()
        });
        emulator
    }

    /// Calls an operation of a service that speaks JSON, such as `AWSStepFunctions.StartExecution`.
    pub fn call(&self, operation: &str, arguments: &Value) -> Value {
        let service = match operation.split('.').next().unwrap() {
            "AWSStepFunctions" => "states",
            "AmazonSQS" => "sqs",
            "AmazonSSM" => "ssm",
            _ => "dynamodb",
        };
        let headers = format!("X-Amz-Target: {operation}\r\nContent-Type: application/x-amz-json-1.0\r\n");
        let (status, body) = self.post(service, &headers, &arguments.to_string());
        assert_eq!(status, 200, "{operation}: {body}");
        serde_json::from_str(&body).unwrap_or(Value::Null)
    }

    /// Calls an operation of a service that speaks forms and XML.
    pub fn query(&self, service: &str, form: &str) -> String {
        let (status, body) = self.post(service, "Content-Type: application/x-www-form-urlencoded\r\n", form);
        assert_eq!(status, 200, "{form}: {body}");
        body
    }

    fn post(&self, service: &str, headers: &str, body: &str) -> (u16, String) {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        write!(
            stream,
            "POST / HTTP/1.0\r\nHost: 127.0.0.1:{}\r\n{headers}Content-Length: {}\r\nAuthorization: AWS4-HMAC-SHA256 \
             Credential=test/20260101/{REGION}/{service}/aws4_request, SignedHeaders=host, Signature=0\r\n\r\n{body}",
            self.port,
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// Asks again and again, until there is an answer.
pub fn until<T>(what: &str, mut answer: impl FnMut() -> Option<T>) -> T {
    let begin = Instant::now();
    loop {
        if let Some(answer) = answer() {
            return answer;
        }
        assert!(begin.elapsed() < PATIENCE, "it never came to this: {what}");
        std::thread::sleep(Duration::from_millis(4));
    }
}

/// A queue of the emulator.
pub struct Queue<'e> {
    emulator: &'e Emulator,
    pub url: String,
}

impl<'e> Queue<'e> {
    pub fn create(emulator: &'e Emulator, name: &str) -> Self {
        let answer = emulator.call("AmazonSQS.CreateQueue", &json!({ "QueueName": name }));
        Self { emulator, url: answer["QueueUrl"].as_str().unwrap().to_owned() }
    }

    /// Takes the next message off the queue, if there is one: its body.
    pub fn take(&self) -> Option<Value> {
        let message = self.receive()?;
        let receipt = json!({ "QueueUrl": self.url, "ReceiptHandle": message["ReceiptHandle"] });
        self.emulator.call("AmazonSQS.DeleteMessage", &receipt);
        Some(serde_json::from_str(message["Body"].as_str().unwrap()).unwrap())
    }

    /// Receives the next message, if there is one, and leaves it to come again.
    pub fn receive(&self) -> Option<Value> {
        let answer = self.emulator.call("AmazonSQS.ReceiveMessage", &json!({ "QueueUrl": self.url }));
        answer["Messages"].get(0).cloned()
    }
}
