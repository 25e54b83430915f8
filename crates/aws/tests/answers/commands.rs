//! Run Command: the emulator has no documents, and knows no lists of invocations.

use std::collections::BTreeMap;
use std::time::Duration;

use cloud::ErrorKind;
use cloud::commands::{CommandRequest, CommandStatus, Instances, PingStatus};
use serde_json::{Value, json};

use crate::{Answer, Request, Server};

/// A server that answers so, in turn.
async fn server(answers: &[Value]) -> Server {
    Server::start(answers.iter().map(|answer| Answer::Send(200, JSON, answer.to_string())).collect()).await
}

const JSON: &str = "Content-Type: application/x-amz-json-1.1\r\nx-amzn-RequestId: R1\r\n";

fn refusal(status: u16, code: &str) -> Answer {
    Answer::Send(status, JSON, json!({"__type": code, "message": "said SSM"}).to_string())
}

/// What was asked, as operations and their arguments.
fn asked(server: &Server) -> Vec<(String, Value)> {
    let requests = server.requests.lock().expect("no panic").clone();
    let parse = |Request { operation, body, .. }| (operation, serde_json::from_str(&body).expect("JSON"));
    requests.into_iter().map(parse).collect()
}

#[tokio::test]
async fn instances_are_found_by_id_and_by_tag_page_by_page() {
    let first = json!({"NextToken": "more", "InstanceInformationList": [
        {"InstanceId": "i-1", "PingStatus": "Online", "AgentVersion": "3.3.2746.0", "LastPingDateTime": 1_767_323_045.0},
    ]});
    let second = json!({"InstanceInformationList": [{"InstanceId": "i-2", "PingStatus": "ConnectionLost"}]});
    let server = server(&[first, second, json!({})]).await;
    let tags = BTreeMap::from([("app".to_owned(), "baleen".to_owned()), ("colour".to_owned(), "blue".to_owned())]);
    let commands = &server.cloud.commands;
    let instances = commands.instances(&Instances::Tags(tags)).await.expect("instances");
    let seen: Vec<_> =
        instances.iter().map(|one| (one.id.as_str(), &one.ping_status, one.agent_version.as_str())).collect();
    assert_eq!(seen, [("i-1", &PingStatus::Online, "3.3.2746.0"), ("i-2", &PingStatus::ConnectionLost, "")]);
    assert_eq!(instances[0].last_ping.map(|time| time.to_string()).as_deref(), Some("2026-01-02T03:04:05Z"));
    assert_eq!(commands.instances(&Instances::Ids(vec!["i-3".to_owned()])).await.expect("none"), []);

    let operation = "AmazonSSM.DescribeInstanceInformation".to_owned();
    let by_tags = json!([{"Key": "tag:app", "Values": ["baleen"]}, {"Key": "tag:colour", "Values": ["blue"]}]);
    let by_id = json!([{"Key": "InstanceIds", "Values": ["i-3"]}]);
    assert_eq!(
        asked(&server),
        [
            (operation.clone(), json!({"Filters": by_tags})),
            (operation.clone(), json!({"Filters": by_tags, "NextToken": "more"})),
            (operation, json!({"Filters": by_id})),
        ]
    );
}

fn request() -> CommandRequest {
    CommandRequest {
        document: "baleen-dev-diagnostics".to_owned(),
        instances: vec!["i-1".to_owned()],
        ..CommandRequest::default()
    }
}

#[tokio::test]
async fn a_command_is_sent_with_all_that_it_needs() {
    let answer = json!({"Command": {"CommandId": "c-1", "Status": "Pending"}});
    let server = server(&[answer.clone(), answer]).await;
    let full = CommandRequest {
        document_version: Some("7".to_owned()),
        parameters: BTreeMap::from([("Lines".to_owned(), vec!["50".to_owned()])]),
        delivery_timeout: Some(Duration::from_mins(10)),
        log_group: Some("/baleen/dev/commands".to_owned()),
        comment: Some("é".repeat(101)),
        ..request()
    };
    assert_eq!(server.cloud.commands.send_command(&full).await.expect("sent"), "c-1");
    assert_eq!(server.cloud.commands.send_command(&request()).await.expect("sent"), "c-1");

    let expected = json!({
        "DocumentName": "baleen-dev-diagnostics",
        "DocumentVersion": "7",
        "InstanceIds": ["i-1"],
        "Parameters": {"Lines": ["50"]},
        "TimeoutSeconds": 600,
        "Comment": "é".repeat(100),
        "CloudWatchOutputConfig": {"CloudWatchLogGroupName": "/baleen/dev/commands", "CloudWatchOutputEnabled": true},
    });
    let least = json!({"DocumentName": "baleen-dev-diagnostics", "InstanceIds": ["i-1"], "Parameters": {}});
    let operation = "AmazonSSM.SendCommand".to_owned();
    assert_eq!(asked(&server), [(operation.clone(), expected), (operation, least)]);
}

#[tokio::test]
async fn a_command_is_never_sent_twice() {
    let sent = || Answer::Send(200, JSON, json!({"Command": {"CommandId": "c-1"}}).to_string());
    let cases = [
        (refusal(500, "InternalServerError"), ErrorKind::Unavailable, true),
        (Answer::Close, ErrorKind::Timeout, true),
        (Answer::Send(200, JSON, "{}".to_owned()), ErrorKind::Unavailable, true),
        (refusal(400, "ThrottlingException"), ErrorKind::Throttled, false),
        (refusal(400, "InvalidDocument"), ErrorKind::NotFound, false),
        (refusal(400, "InvalidInstanceId"), ErrorKind::Validation, false),
    ];
    for (answer, kind, may_run) in cases {
        let server = Server::start(vec![answer, sent()]).await;
        let error = server.cloud.commands.send_command(&request()).await.expect_err("no second try");
        assert_eq!((error.kind, error.may_have_taken_effect()), (kind, may_run), "{error}");
        assert_eq!(server.requests().len(), 1, "{error}");
    }
}

#[tokio::test]
async fn where_a_command_stands_is_listed_page_by_page() {
    let log = json!({"CloudWatchLogGroupName": "/baleen/dev/commands", "CloudWatchOutputEnabled": true});
    let first = json!({"NextToken": "more", "CommandInvocations": [{
        "InstanceId": "i-1", "Status": "TimedOut", "StatusDetails": "Delivery Timed Out",
        "DocumentName": "baleen-dev-diagnostics", "CloudWatchOutputConfig": log,
    }]});
    let second = json!({"CommandInvocations": [{
        "InstanceId": "i-2", "Status": "InProgress", "CloudWatchOutputConfig": {"CloudWatchOutputEnabled": false},
    }]});
    let server = server(&[first, second]).await;
    let listed = server.cloud.commands.list_invocations("c-1").await.expect("listed");
    let seen: Vec<_> =
        listed.iter().map(|one| (&one.status, one.status_details.as_str(), one.log_group.as_deref())).collect();
    assert_eq!(
        seen,
        [
            (&CommandStatus::TimedOut, "Delivery Timed Out", Some("/baleen/dev/commands")),
            (&CommandStatus::InProgress, "InProgress", None),
        ]
    );
    let operation = "AmazonSSM.ListCommandInvocations".to_owned();
    assert_eq!(
        asked(&server),
        [
            (operation.clone(), json!({"CommandId": "c-1"})),
            (operation, json!({"CommandId": "c-1", "NextToken": "more"})),
        ]
    );
}

#[tokio::test]
async fn what_a_command_said_is_read() {
    let ended = json!({
        "CommandId": "c-1", "InstanceId": "i-1", "Status": "Failed", "StatusDetails": "Failed", "ResponseCode": 12,
        "StandardOutputContent": "out\n", "StandardErrorContent": "error: engine: é\n",
        "ExecutionStartDateTime": "2026-01-02T03:04:05.678Z", "ExecutionEndDateTime": "2026-01-02T03:04:06Z",
    });
    let waiting = json!({
        "Status": "Pending", "ResponseCode": -1, "ExecutionStartDateTime": "", "ExecutionEndDateTime": "",
    });
    let ready = |answer: Value| Answer::Send(200, JSON, answer.to_string());
    let server = Server::start(vec![ready(ended), ready(waiting), refusal(400, "InvocationDoesNotExist")]).await;
    let invocation = async || server.cloud.commands.invocation("c-1", "i-1").await;

    let ended = invocation().await.expect("ended");
    assert_eq!((ended.status, ended.exit_code), (CommandStatus::Failed, Some(12)));
    assert_eq!((ended.stdout.as_str(), ended.stderr.as_str()), ("out\n", "error: engine: é\n"));
    let times = [ended.started, ended.ended].map(|time| time.map(|time| time.to_string()).unwrap_or_default());
    assert_eq!(times, ["2026-01-02T03:04:05.678Z", "2026-01-02T03:04:06Z"]);

    let waiting = invocation().await.expect("known");
    assert_eq!((waiting.status, waiting.exit_code, waiting.started), (CommandStatus::Pending, None, None));
    let error = invocation().await.expect_err("not known yet");
    assert_eq!(error.kind, ErrorKind::NotFound);
    assert_eq!(
        error.to_string(),
        "ssm:GetCommandInvocation: c-1 on i-1: said SSM (InvocationDoesNotExist, request R1)"
    );
    let asked = asked(&server);
    let expected = json!({"CommandId": "c-1", "InstanceId": "i-1"});
    assert_eq!(asked[0], ("AmazonSSM.GetCommandInvocation".to_owned(), expected));
}
