//! Gives answers that no emulator gives, from a server that speaks just enough HTTP.

mod account;
mod commands;
mod instance;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws::{Settings, Target};
use cloud::objects::{ObjectVersion, PutTarget, unwatched};
use cloud::{Cloud, Error, ErrorKind};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What the server does with one request.
#[derive(Clone)]
enum Answer {
    /// Sends a status, headers and a body.
    Send(u16, &'static str, String),
    /// Says that more bytes follow than it sends, and closes.
    Cut(usize, &'static str),
    /// Closes without a word: the request may have taken effect.
    Close,
}

/// A server that gives its answers in turn and remembers the requests.
struct Server {
    cloud: Cloud,
    requests: Arc<Mutex<Vec<Request>>>,
}

/// What came in.
#[derive(Clone)]
struct Request {
    /// The first line.
    line: String,
    /// It and the headers, whose names are in lowercase.
    head: String,
    /// The operation, as the services say that speak JSON: `AmazonSSM.SendCommand`.
    operation: String,
    body: String,
}

impl Server {
    async fn start(answers: Vec<Answer>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let endpoint_url = format!("http://{}", listener.local_addr().expect("an address"));
        let requests: Arc<Mutex<Vec<Request>>> = Arc::default();
        let seen = Arc::clone(&requests);
        tokio::spawn(async move {
            let mut answers = answers.into_iter();
            while let Ok((stream, _)) = listener.accept().await {
                let answer = answers.next().unwrap_or(Answer::Close);
                if let Some(request) = serve(stream, answer).await {
                    seen.lock().expect("no panic").push(request);
                }
            }
        });
        Self { cloud: connect(endpoint_url).await, requests }
    }

    /// The requests.
    fn all(&self) -> Vec<Request> {
        self.requests.lock().expect("no panic").clone()
    }

    /// The first lines of the requests.
    fn requests(&self) -> Vec<String> {
        self.requests.lock().expect("no panic").iter().map(|request| request.line.clone()).collect()
    }
}

async fn connect(endpoint_url: String) -> Cloud {
    let target = Target::Local { endpoint_url };
    aws::connect(&Settings { region: None, target, application: None }).await.expect("connected")
}

/// Reads one request, answers it and closes the connection.
async fn serve(mut stream: TcpStream, answer: Answer) -> Option<Request> {
    let mut request = Vec::new();
    let head = loop {
        let mut buffer = vec![0; 65536];
        let count = stream.read(&mut buffer).await.ok().filter(|count| *count > 0)?;
        request.extend_from_slice(&buffer[..count]);
        if let Some(end) = request.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
    };
    let text = String::from_utf8_lossy(&request[..head]).to_lowercase();
    let length = text
        .lines()
        .find_map(|line| line.strip_prefix("content-length:"))
        .and_then(|length| length.trim().parse().ok());
    let expects = text.contains("expect: 100-continue");
    if expects {
        stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await.ok()?;
    }
    let mut missing = length.unwrap_or(0_usize).saturating_sub(request.len() - head);
    let mut buffer = vec![0; 65536];
    while missing > 0 {
        let count = stream.read(&mut buffer).await.ok().filter(|count| *count > 0)?;
        missing = missing.saturating_sub(count);
        request.extend_from_slice(&buffer[..count]);
    }
    let (head, body) = request.split_at(head);
    let head = String::from_utf8_lossy(head);
    let operation = head.lines().find_map(|line| line.strip_prefix("x-amz-target: "));
    let request = Request {
        line: head.lines().next().unwrap_or_default().to_owned(),
        head: head.clone().into_owned(),
        operation: operation.unwrap_or_default().to_owned(),
        body: String::from_utf8_lossy(body).into_owned(),
    };
    let answer = match answer {
        Answer::Send(status, headers, body) => {
            format!("HTTP/1.1 {status} X\r\nConnection: close\r\n{headers}Content-Length: {}\r\n\r\n{body}", body.len())
        }
        Answer::Cut(length, body) => {
            format!("HTTP/1.1 200 OK\r\nConnection: close\r\nETag: \"e\"\r\nContent-Length: {length}\r\n\r\n{body}")
        }
        Answer::Close => String::new(),
    };
    stream.write_all(answer.as_bytes()).await.ok()?;
    stream.shutdown().await.ok()?;
    Some(request)
}

fn s3_error(status: u16, code: &str) -> Answer {
    let body = format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>said S3</Message></Error>");
    Answer::Send(status, "x-amz-request-id: R1\r\n", body)
}

fn ok(headers: &'static str, body: &str) -> Answer {
    Answer::Send(200, headers, body.to_owned())
}

async fn put(answers: Vec<Answer>) -> (Result<cloud::objects::Written, Error>, Vec<String>) {
    let server = Server::start(answers).await;
    let outcome = server.cloud.objects.put(&PutTarget::new("b", "k").if_absent(), b"body").await;
    (outcome, server.requests())
}

#[tokio::test]
async fn nobody_listening_is_unreachable_and_named() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    let cloud = connect(format!("http://{address}")).await;
    let errors = [
        cloud.identity.caller().await.expect_err("refused"),
        cloud.cloud_formation.describe_stack("a").await.expect_err("refused"),
        cloud.objects.head(&ObjectVersion::newest("b", "k")).await.expect_err("refused"),
        cloud.queues.counts("http://q/1/a").await.expect_err("refused"),
        cloud.workflows.task_heartbeat("t").await.expect_err("refused"),
        cloud.auto_scaling.set_protection("g", "i-1", true).await.expect_err("refused"),
    ];
    for error in errors {
        assert_eq!(error.kind, ErrorKind::Unreachable, "{error}");
        assert!(error.message.starts_with(&format!("cannot connect to http://{address}: ")), "{error}");
        assert!(!error.may_have_taken_effect());
    }
}

#[tokio::test]
async fn a_conditional_write_tells_412_from_409() {
    let (outcome, requests) = put(vec![s3_error(412, "PreconditionFailed")]).await;
    let error = outcome.expect_err("it exists");
    assert_eq!((error.kind, requests.len()), (ErrorKind::PreconditionFailed, 1));
    assert_eq!(error.to_string(), "s3:PutObject: s3://b/k: said S3 (PreconditionFailed, request R1)");

    let (outcome, _) = put(vec![s3_error(409, "ConditionalRequestConflict"); 3]).await;
    let error = outcome.expect_err("another write is under way");
    assert_eq!(error.kind, ErrorKind::Conflict);
    assert!(error.is_transient());
}

#[tokio::test]
async fn a_lost_answer_is_tried_again_and_then_may_have_taken_effect() {
    let (outcome, requests) = put(vec![Answer::Close, ok("ETag: \"e\"\r\n", "")]).await;
    assert_eq!(outcome.expect("the second try").etag, "e");
    assert_eq!(requests.len(), 2);

    let (outcome, requests) = put(vec![Answer::Close; 3]).await;
    let error = outcome.expect_err("no try was answered");
    assert_eq!((error.kind, requests.len()), (ErrorKind::Timeout, 3), "{error}");
    assert!(error.may_have_taken_effect());

    // The first try was served, its answer lost; the second finds what the first wrote.
    let (outcome, _) = put(vec![Answer::Close, s3_error(412, "PreconditionFailed")]).await;
    assert_eq!(outcome.expect_err("it exists").kind, ErrorKind::PreconditionFailed);
}

#[tokio::test]
async fn a_busy_service_is_tried_again() {
    let busy = s3_error(503, "SlowDown");
    let (outcome, requests) = put(vec![busy.clone(), ok("ETag: \"e\"\r\n", "")]).await;
    assert_eq!((outcome.expect("the second try").etag.as_str(), requests.len()), ("e", 2));
    let (outcome, _) = put(vec![busy; 3]).await;
    assert_eq!(outcome.expect_err("still busy").kind, ErrorKind::Throttled);
    let (outcome, _) = put(vec![s3_error(500, "InternalError"); 3]).await;
    assert_eq!(outcome.expect_err("out of order").kind, ErrorKind::Unavailable);
}

/// Uploads 17 MiB, in two parts; `completions` are the answers to completing the upload.
async fn upload(completions: Vec<Answer>) -> (Result<cloud::objects::Written, Error>, Vec<String>) {
    let started = "<InitiateMultipartUploadResult><UploadId>U1</UploadId></InitiateMultipartUploadResult>";
    let mut answers = vec![ok("", started), ok("ETag: \"p\"\r\n", ""), ok("ETag: \"p\"\r\n", "")];
    answers.extend(completions);
    let server = Server::start(answers).await;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("large.bin");
    std::fs::write(&path, vec![7; 17 * 1024 * 1024]).expect("written");
    let outcome = server.cloud.objects.upload(&PutTarget::new("b", "k").if_absent(), &path, &unwatched).await;
    (outcome, server.requests())
}

#[tokio::test]
async fn an_error_inside_a_200_is_an_error_and_the_parts_are_removed() {
    let error_in_200 = s3_error(200, "InternalError");
    let aborted = Answer::Send(204, "", String::new());
    let (outcome, requests) = upload(vec![error_in_200.clone(), error_in_200.clone(), error_in_200, aborted]).await;
    let error = outcome.expect_err("an error inside");
    assert_eq!((error.kind, error.code.as_deref()), (ErrorKind::Unavailable, Some("InternalError")), "{error}");
    let last = requests.last().expect("requests");
    assert!(last.starts_with("DELETE /b/k?") && last.contains("uploadId=U1"), "{requests:#?}");
}

#[tokio::test]
async fn losing_the_race_removes_the_parts() {
    let aborted = Answer::Send(204, "", String::new());
    let (outcome, requests) = upload(vec![s3_error(412, "PreconditionFailed"), aborted]).await;
    assert_eq!(outcome.expect_err("another one was first").kind, ErrorKind::PreconditionFailed);
    assert!(requests.last().expect("requests").starts_with("DELETE "), "{requests:#?}");
}

#[tokio::test]
async fn an_upload_that_is_gone_may_have_been_completed() {
    let (outcome, _) = upload(vec![Answer::Close, s3_error(404, "NoSuchUpload"), Answer::Close]).await;
    let error = outcome.expect_err("it is gone");
    assert_eq!(error.kind, ErrorKind::Unavailable);
    assert!(error.may_have_taken_effect());
    assert!(error.message.contains("an earlier try may have completed it"), "{error}");
}

#[tokio::test]
async fn versions_are_listed_page_by_page() {
    let page = |rest: &str| format!("<ListVersionsResult><EncodingType>url</EncodingType>{rest}</ListVersionsResult>");
    let first = page(concat!(
        "<IsTruncated>true</IsTruncated><NextKeyMarker>a+b</NextKeyMarker><NextVersionIdMarker>v1</NextVersionIdMarker>",
        "<Version><Key>a+b</Key><VersionId>v1</VersionId><Size>3</Size></Version>",
    ));
    let second = page("<DeleteMarker><Key>c%0A</Key><VersionId>null</VersionId></DeleteMarker>");
    let server = Server::start(vec![ok("", &first), ok("", &second)]).await;
    let versions = server.cloud.objects.list_versions("b", "").await.expect("versions");
    let seen: Vec<_> = versions.iter().map(|version| (version.key.as_str(), version.version.as_deref())).collect();
    assert_eq!(seen, [("a b", Some("v1")), ("c\n", Some("null"))]);
    assert_eq!(versions.iter().map(|version| version.is_delete_marker).collect::<Vec<_>>(), [false, true]);
    let requests = server.requests();
    assert!(requests[1].contains("key-marker=a%20b") && requests[1].contains("version-id-marker=v1"), "{requests:#?}");
}

#[tokio::test]
async fn half_a_download_leaves_no_file() {
    let server = Server::start(vec![Answer::Cut(100, "only this")]).await;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("copy.bin");
    let outcome = server.cloud.objects.download(&ObjectVersion::newest("b", "k"), &path, &unwatched).await;
    let error = outcome.expect_err("it was cut");
    assert!(error.is_transient(), "{error}");
    assert!(!path.exists());
}

#[tokio::test]
async fn other_bytes_than_were_written_are_corrupted() {
    // This is the CRC-32 of "frames".
    let headers = "ETag: \"e\"\r\nx-amz-checksum-crc32: /m6JOg==\r\nx-amz-checksum-type: FULL_OBJECT\r\n";
    let server = Server::start(vec![ok(headers, "frames"), ok(headers, "flames")]).await;
    let source = ObjectVersion::newest("b", "k");
    assert_eq!(server.cloud.objects.get(&source, 100).await.expect("the same bytes").body, b"frames");
    let error = server.cloud.objects.get(&source, 100).await.expect_err("other bytes");
    assert_eq!(error.kind, ErrorKind::Corrupted, "{error}");
}

#[tokio::test]
async fn a_service_that_never_answers_times_out() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let cloud = connect(format!("http://{}", listener.local_addr().expect("an address"))).await;
    // Nobody accepts: the system completes the connection, and the request waits in its buffer.
    tokio::time::pause();
    let beat = tokio::spawn(async move { cloud.workflows.task_heartbeat("t").await });
    let outcome = tokio::time::timeout(Duration::from_mins(5), beat).await.expect("it gives up");
    let error = outcome.expect("no panic").expect_err("no answer");
    assert_eq!(error.kind, ErrorKind::Timeout, "{error}");
}
