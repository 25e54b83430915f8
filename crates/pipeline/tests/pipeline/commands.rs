//! Commands: what is refused before anything is sent, and what is told until the end.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use cloud::cloud_formation::StackResource;
use cloud::commands::{
    CommandRequest, CommandStatus, Commands, Instance, Instances, Invocation, InvocationResult, PingStatus,
};
use cloud::{Cloud, ErrorKind, Result};
use pipeline::commands::{self, Document, Error, Event, Outcome, Sent, Target};
use serde_json::json;

use crate::Fake;

const NEW: &str = "3.3.2746.0";
const COMMAND: &str = "11111111-2222-3333-4444-555555555555";

/// Instances, and where the command stands on them.
type Look = Option<Vec<(&'static str, &'static str)>>;

/// Systems Manager, with just what a test scripts.
#[derive(Default)]
struct Manager {
    instances: Vec<Instance>,
    asked: Mutex<Vec<Instances>>,
    /// What sending answers, try by try, before it succeeds.
    refusals: Mutex<VecDeque<ErrorKind>>,
    sent: Mutex<Vec<CommandRequest>>,
    /// What each look at the command shows; the last one stays. `None`: the service does not know the command.
    looks: Mutex<VecDeque<Look>>,
    results: BTreeMap<&'static str, InvocationResult>,
    /// For how many calls the service knows no result.
    late: Mutex<u32>,
}

impl Manager {
    fn with(instances: impl IntoIterator<Item = (&'static str, PingStatus, &'static str)>) -> Self {
        let instance = |(id, ping_status, version): (&str, PingStatus, &str)| Instance {
            id: id.to_owned(),
            ping_status,
            last_ping: Some("2026-01-02T03:04:05Z".parse().expect("a time")),
            agent_version: version.to_owned(),
        };
        Self { instances: instances.into_iter().map(instance).collect(), ..Self::default() }
    }

    fn looking(looks: impl IntoIterator<Item = Look>) -> Self {
        Self { looks: Mutex::new(looks.into_iter().collect()), ..Self::default() }
    }

    fn result(mut self, instance: &'static str, status: &str, exit_code: Option<i32>, stdout: &str) -> Self {
        let result = InvocationResult {
            status: status_of(status),
            status_details: status.to_owned(),
            exit_code,
            stdout: stdout.to_owned(),
            stderr: String::new(),
            started: None,
            ended: None,
        };
        self.results.insert(instance, result);
        self
    }
}

/// As the service sorts its details into statuses.
fn status_of(details: &str) -> CommandStatus {
    match details {
        "In Progress" => CommandStatus::InProgress,
        "Delivery Timed Out" | "Execution Timed Out" => CommandStatus::TimedOut,
        "Undeliverable" | "Terminated" => CommandStatus::Failed,
        "Canceled" => CommandStatus::Cancelled,
        other => CommandStatus::from(other),
    }
}

#[async_trait]
impl Commands for Manager {
    async fn instances(&self, which: &Instances) -> Result<Vec<Instance>> {
        self.asked.lock().expect("not poisoned").push(which.clone());
        Ok(self.instances.clone())
    }

    async fn send_command(&self, request: &CommandRequest) -> Result<String> {
        self.sent.lock().expect("not poisoned").push(request.clone());
        match self.refusals.lock().expect("not poisoned").pop_front() {
            Some(kind) => Err(cloud::Error::new(kind, "ssm:SendCommand", "not now")),
            None => Ok(COMMAND.to_owned()),
        }
    }

    async fn list_invocations(&self, command: &str) -> Result<Vec<Invocation>> {
        assert_eq!(command, COMMAND);
        let mut looks = self.looks.lock().expect("not poisoned");
        let look = if looks.len() > 1 { looks.pop_front().flatten() } else { looks.front().cloned().flatten() };
        let missing = || cloud::Error::new(ErrorKind::NotFound, "ssm:ListCommandInvocations", "not known");
        let invocation = |(instance, details): (&str, &str)| Invocation {
            instance: instance.to_owned(),
            status: status_of(details),
            status_details: details.to_owned(),
            document: "baleen-dev-diagnostics".to_owned(),
            log_group: Some("/baleen/dev/commands".to_owned()),
        };
        Ok(look.ok_or_else(missing)?.into_iter().map(invocation).collect())
    }

    async fn invocation(&self, _: &str, instance: &str) -> Result<InvocationResult> {
        let missing = || cloud::Error::new(ErrorKind::NotFound, "ssm:GetCommandInvocation", "not known");
        let mut late = self.late.lock().expect("not poisoned");
        if *late > 0 {
            *late -= 1;
            return Err(missing());
        }
        self.results.get(instance).cloned().ok_or_else(missing)
    }
}

fn cloud_with(manager: &Arc<Manager>) -> Cloud {
    Cloud { commands: Arc::clone(manager) as _, ..Fake::default().cloud() }
}

/// A stack of commands, as it is synthesized.
fn template() -> serde_json::Value {
    let text =
        |description: &str| json!({"type": "String", "description": description, "interpolationType": "ENV_VAR"});
    let with = |mut parameter: serde_json::Value, name: &str, value: serde_json::Value| {
        parameter[name] = value;
        parameter
    };
    let key = with(text("The key of the source, as base64url"), "allowedPattern", json!("^[A-Za-z0-9_-]+={0,2}$"));
    let parameters = json!({
        "SourceBucket": with(text("The bucket of the source"), "allowedPattern", json!("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")),
        "SourceKey": with(key, "maxChars", json!(1368)),
        "Model": with(with(text("Which model"), "allowedValues", json!(["a", "b"])), "default", json!("a")),
        "Times": {"type": "Integer", "description": "How often", "default": 1},
        "Paths": {"type": "StringList", "description": "Which files", "default": []},
    });
    let document = |name: &str, content: &serde_json::Value| json!({"Type": "AWS::SSM::Document", "Properties": {"DocumentType": "Command", "Name": name, "Content": content}});
    let enhance = json!({"schemaVersion": "2.2", "description": "Enhances one video", "parameters": parameters});
    json!({"Resources": {
        "Log": {"Type": "AWS::Logs::LogGroup"},
        "EnhanceBluewhale": document("baleen-dev-enhance-bluewhale", &enhance),
        "Restart": document("baleen-dev-restart", &json!({"schemaVersion": "2.2", "description": "Restarts it"})),
        "Rotate": {"Type": "AWS::SSM::Document", "Properties": {"DocumentType": "Automation", "Content": {}}},
    }})
}

fn documents() -> Vec<Document> {
    commands::documents(&template())
}

fn enhance() -> Document {
    documents().swap_remove(0)
}

fn target(document: Document, instances: Instances) -> Target {
    Target {
        document,
        document_version: None,
        parameters: BTreeMap::new(),
        instances,
        log_group: Some("/baleen/dev/commands".to_owned()),
        comment: "a test".to_owned(),
    }
}

fn ids(ids: &[&str]) -> Instances {
    Instances::Ids(ids.iter().map(|id| (*id).to_owned()).collect())
}

fn tags() -> Instances {
    Instances::Tags(BTreeMap::from([("colour".to_owned(), "blue".to_owned())]))
}

async fn send(manager: Manager, target: Target) -> (std::result::Result<Sent, Error>, Arc<Manager>, Vec<Event>) {
    let manager = Arc::new(manager);
    let events = Mutex::new(Vec::new());
    let log = |event: Event| events.lock().expect("not poisoned").push(event);
    let sent = commands::send(&cloud_with(&manager), &target, Duration::from_secs(10), &log).await;
    (sent, manager, events.into_inner().expect("not poisoned"))
}

async fn refused(manager: Manager, target: Target) -> String {
    let (sent, manager, _) = send(manager, target).await;
    assert_eq!(*manager.sent.lock().expect("not poisoned"), [], "nothing may be sent");
    sent.expect_err("refused").to_string()
}

async fn follow(manager: Manager, expected: &[&str]) -> (std::result::Result<Vec<Outcome>, Error>, Vec<Event>) {
    let manager = Arc::new(manager);
    let expected: Vec<_> = expected.iter().map(|id| (*id).to_owned()).collect();
    let events = Mutex::new(Vec::new());
    let log = |event: Event| events.lock().expect("not poisoned").push(event);
    let end = commands::follow(&cloud_with(&manager), COMMAND, &expected, Duration::from_secs(10), &log).await;
    (end, events.into_inner().expect("not poisoned"))
}

fn statuses(events: &[Event]) -> Vec<(&str, &str)> {
    let mut statuses = Vec::new();
    for event in events {
        if let Event::Status { instance, status, .. } = event {
            statuses.push((instance.as_str(), status.as_str()));
        }
    }
    statuses
}

#[test]
fn a_document_has_several_names() {
    let documents = documents();
    assert_eq!(documents.len(), 2, "{documents:?}");
    for name in ["EnhanceBluewhale", "enhance-bluewhale", "baleen-dev-enhance-bluewhale"] {
        assert_eq!(commands::find(&documents, name).expect("found").logical_id, "EnhanceBluewhale", "{name}");
    }
    let error = commands::find(&documents, "AWS-RunShellScript").expect_err("not one of ours");
    assert_eq!(error.to_string(), "there is no document `AWS-RunShellScript`; there are EnhanceBluewhale, Restart");
}

#[tokio::test(start_paused = true)]
async fn what_is_deployed_is_read_from_the_stack() {
    let resource = |logical_id: &str, physical_id: Option<&str>, resource_type: &str| StackResource {
        logical_id: logical_id.to_owned(),
        physical_id: physical_id.map(str::to_owned),
        resource_type: resource_type.to_owned(),
        status: "CREATE_COMPLETE".to_owned(),
        reason: None,
    };
    let resources = vec![
        resource("Log", Some("/baleen/dev/commands"), "AWS::Logs::LogGroup"),
        resource("EnhanceBluewhale", Some("enhance-1"), "AWS::SSM::Document"),
        resource("Restart", None, "AWS::SSM::Document"),
    ];
    let read = async |template: Option<String>| {
        let cloud = Fake { template, resources: resources.clone(), ..Fake::default() }.cloud();
        commands::deployed(&cloud, "baleen-dev-commands", Duration::ZERO, &|_| {}).await
    };
    let deployed = read(Some(template().to_string())).await.expect("deployed");
    let names: Vec<_> = deployed.documents.iter().map(|document| document.name.as_deref()).collect();
    assert_eq!(names, [Some("enhance-1")], "the other one was never created");
    assert_eq!(deployed.log_group.as_deref(), Some("/baleen/dev/commands"));
    assert_eq!(read(None).await.expect_err("absent").to_string(), "stack baleen-dev-commands is not deployed");
}

fn given(values: &[(&str, &str)]) -> std::result::Result<BTreeMap<String, Vec<String>>, String> {
    let values: Vec<_> = values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    commands::values(&enhance(), &values).map_err(|error| error.to_string())
}

#[test]
fn keys_are_encoded_and_lists_are_collected() {
    let hostile = "a b/$(reboot) 'é'\n.mp4";
    let values = [("SourceBucket", "sources"), ("SourceKey", hostile), ("Paths", "/a"), ("Paths", "/b=c")];
    let values = given(&values).expect("allowed");
    assert_eq!(values["SourceKey"], ["YSBiLyQocmVib290KSAnw6knCi5tcDQ"]);
    assert_eq!(values["Paths"], ["/a", "/b=c"]);
    assert_eq!(values.len(), 3, "defaults are the document's: {values:?}");
}

#[test]
fn every_mistake_in_the_parameters_is_told_at_once() {
    let values = [("SourceBucket", "$(reboot)"), ("Model", "c"), ("Times", "often"), ("Times", "2"), ("Modell", "a")];
    assert_eq!(
        given(&values).expect_err("refused"),
        "EnhanceBluewhale: 5 mistakes\n  \
         `SourceBucket` cannot be \"$(reboot)\"; it must match ^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$\n  \
         `Model` cannot be \"c\"; allowed are a, b\n  \
         `Times` must be a whole number, not \"often\"\n  \
         `Modell` is not one of its parameters; those are SourceBucket, SourceKey, Model, Times, Paths\n  \
         `SourceKey` is missing: The key of the source, as base64url"
    );
    let values = [("SourceBucket", "sources"), ("SourceKey", ""), ("Times", "1"), ("Times", "2")];
    assert_eq!(
        given(&values).expect_err("refused"),
        "EnhanceBluewhale: 2 mistakes\n  `SourceKey` is empty\n  `Times` is given twice"
    );
    let long = "x".repeat(1027);
    assert_eq!(
        given(&[("SourceBucket", "sources"), ("SourceKey", &long)]).expect_err("refused"),
        "EnhanceBluewhale: `SourceKey` has 1370 characters as base64url; allowed are at most 1368"
    );
}

#[tokio::test(start_paused = true)]
async fn an_old_agent_gets_nothing() {
    let instances =
        [("i-1", PingStatus::Online, NEW), ("i-2", PingStatus::Online, "3.3.987.0"), ("i-3", PingStatus::Online, "")];
    assert_eq!(
        refused(Manager::with(instances.clone()), target(enhance(), tags())).await,
        "the SSM agent is older than 3.3.2746.0 on i-2 (3.3.987.0), i-3 (): it does not hand on parameters as environment \
         variables, and nothing else keeps a value from becoming a command"
    );
    // Without parameters, there is nothing to hand on.
    let restart = documents().swap_remove(1);
    let (sent, ..) = send(Manager::with(instances), target(restart, tags())).await;
    assert_eq!(sent.expect("sent").instances, ["i-1", "i-2", "i-3"]);
    for newer in ["3.3.2746.1", "3.3.3572.0", "3.10.1.0", "4.0.0.0"] {
        let manager = Manager::with([("i-1", PingStatus::Online, newer)]);
        send(manager, target(enhance(), ids(&["i-1"]))).await.0.expect("new enough");
    }
}

#[tokio::test(start_paused = true)]
async fn instances_that_cannot_run_it_are_refused() {
    let online = [("i-1", PingStatus::Online, NEW)];
    let gone = [("i-1", PingStatus::Online, NEW), ("i-2", PingStatus::ConnectionLost, NEW)];
    assert_eq!(
        refused(Manager::default(), target(enhance(), tags())).await,
        "Systems Manager manages no instance with the tags colour=blue"
    );
    assert_eq!(
        refused(Manager::with(online), target(enhance(), ids(&["i-2", "i-1", "i-3"]))).await,
        "Systems Manager does not manage i-2, i-3"
    );
    assert_eq!(
        refused(Manager::with(gone.clone()), target(enhance(), ids(&["i-1", "i-2"]))).await,
        "not online: i-2 (last heard of 2026-01-02T03:04:05Z)"
    );
    assert_eq!(
        refused(Manager::with([gone[1].clone()]), target(enhance(), tags())).await,
        "not online: i-2 (last heard of 2026-01-02T03:04:05Z)"
    );
    let many = std::iter::repeat_n(("i-1", PingStatus::Online, NEW), 51);
    assert_eq!(
        refused(Manager::with(many), target(enhance(), tags())).await,
        "51 instances are too many for one command; allowed are 50"
    );
}

#[tokio::test(start_paused = true)]
async fn a_tag_stands_for_the_instances_that_were_checked() {
    let instances =
        [("i-2", PingStatus::Online, NEW), ("i-9", PingStatus::ConnectionLost, NEW), ("i-1", PingStatus::Online, NEW)];
    let (sent, manager, events) = send(Manager::with(instances), target(enhance(), tags())).await;
    let sent = sent.expect("sent");
    assert_eq!((sent.command.as_str(), &sent.left_out[..]), (COMMAND, &["i-9".to_owned()][..]));
    assert!(matches!(&events[0], Event::LeftOut { instance, .. } if instance == "i-9"), "{events:?}");
    let requests = manager.sent.lock().expect("not poisoned");
    let [request] = requests.as_slice() else { panic!("{requests:?}") };
    assert_eq!(request.instances, ["i-1", "i-2"]);
    assert_eq!(request.document, "baleen-dev-enhance-bluewhale");
    assert_eq!(request.log_group.as_deref(), Some("/baleen/dev/commands"));
    assert_eq!(*manager.asked.lock().expect("not poisoned"), [tags()]);
}

#[tokio::test(start_paused = true)]
async fn a_command_is_sent_again_only_if_it_was_not_sent() {
    let scripted = |kinds: &[ErrorKind]| Manager {
        refusals: Mutex::new(kinds.iter().copied().collect()),
        ..Manager::with([("i-1", PingStatus::Online, NEW)])
    };
    let busy = scripted(&[ErrorKind::Throttled, ErrorKind::Unreachable]);
    let (sent, manager, _) = send(busy, target(enhance(), ids(&["i-1"]))).await;
    sent.expect("the third try");
    assert_eq!(manager.sent.lock().expect("not poisoned").len(), 3);

    for kind in [ErrorKind::Timeout, ErrorKind::Unavailable] {
        let (sent, manager, events) = send(scripted(&[kind]), target(enhance(), ids(&["i-1"]))).await;
        let error = sent.expect_err("nobody knows");
        assert!(matches!(error, Error::SentOrNot { .. }), "{error}");
        assert_eq!(manager.sent.lock().expect("not poisoned").len(), 1, "not a second time");
        assert!(!events.iter().any(|event| matches!(event, Event::Sent { .. })), "{events:?}");
    }
    let (sent, ..) = send(scripted(&[ErrorKind::AccessDenied]), target(enhance(), ids(&["i-1"]))).await;
    assert!(matches!(sent, Err(Error::Cloud(error)) if error.kind == ErrorKind::AccessDenied));
}

#[tokio::test(start_paused = true)]
async fn a_command_is_followed_to_its_end() {
    let looks = [
        None,
        Some(vec![]),
        Some(vec![("i-1", "Pending")]),
        Some(vec![("i-1", "In Progress"), ("i-2", "Delayed")]),
        Some(vec![("i-1", "In Progress"), ("i-2", "Delayed")]),
        Some(vec![("i-1", "Success"), ("i-2", "In Progress")]),
        Some(vec![("i-1", "Success"), ("i-2", "Failed")]),
    ];
    let manager =
        Manager::looking(looks).result("i-1", "Success", Some(0), "{}\n").result("i-2", "Failed", Some(12), "");
    let manager = Manager { late: Mutex::new(3), ..manager };
    let (end, events) = follow(manager, &["i-1", "i-2"]).await;
    let outcomes = end.expect("ended");
    let seen: Vec<_> = outcomes.iter().map(|one| (one.instance.as_str(), one.succeeded, one.exit_code)).collect();
    assert_eq!(seen, [("i-1", true, Some(0)), ("i-2", false, Some(12))]);
    assert_eq!((outcomes[0].stdout.as_str(), outcomes[0].stdout_is_cut), ("{}\n", false));
    assert_eq!(
        statuses(&events),
        [
            ("i-1", "Pending"),
            ("i-1", "In Progress"),
            ("i-2", "Delayed"),
            ("i-1", "Success"),
            ("i-2", "In Progress"),
            ("i-2", "Failed"),
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn every_status_is_waited_for_or_an_end() {
    for passing in ["Pending", "In Progress", "Delayed", "Cancelling", "SomethingNew"] {
        let looks = [Some(vec![("i-1", passing)]), Some(vec![("i-1", "Success")])];
        let manager = Manager::looking(looks).result("i-1", "Success", Some(0), "");
        let (end, events) = follow(manager, &["i-1"]).await;
        assert!(end.expect("ended")[0].succeeded, "{passing}");
        assert_eq!(statuses(&events), [("i-1", passing), ("i-1", "Success")]);
    }
    for bad in ["Canceled", "Delivery Timed Out", "Execution Timed Out", "Failed", "Undeliverable", "Terminated"] {
        let manager = Manager::looking([Some(vec![("i-1", bad)])]).result("i-1", bad, None, "");
        let outcomes = follow(manager, &["i-1"]).await.0.expect("ended");
        assert_eq!((outcomes[0].succeeded, outcomes[0].status.as_str()), (false, bad));
    }
}

#[tokio::test(start_paused = true)]
async fn what_systems_manager_never_knows_of_is_not_waited_for_for_ever() {
    let (end, _) = follow(Manager::looking([None]), &["i-1"]).await;
    assert!(matches!(end, Err(Error::NoSuchCommand { .. })));

    let manager = Manager::looking([Some(vec![("i-1", "Success")])]).result("i-1", "Success", Some(0), "");
    let outcomes = follow(manager, &["i-1", "i-2"]).await.0.expect("ended");
    assert_eq!((outcomes[1].succeeded, outcomes[1].status.as_str()), (false, "not listed by Systems Manager"));

    // Its end is known, its output is not.
    let outcomes = follow(Manager::looking([Some(vec![("i-1", "Success")])]), &["i-1"]).await.0.expect("ended");
    assert_eq!((outcomes[0].succeeded, outcomes[0].exit_code, outcomes[0].stdout.as_str()), (true, None, ""));
}

#[tokio::test(start_paused = true)]
async fn of_long_output_it_is_said_where_the_rest_is() {
    let long = "é".repeat(24_000);
    let marked = "short\n--output truncated--\n";
    for (stdout, is_cut) in [(long.as_str(), true), (&long[2..], false), (marked, true)] {
        let manager = Manager::looking([Some(vec![("i-1", "Success")])]).result("i-1", "Success", Some(0), stdout);
        let outcomes = follow(manager, &["i-1"]).await.0.expect("ended");
        assert_eq!(outcomes[0].stdout_is_cut, is_cut);
        let rest = outcomes[0].rest.as_ref().expect("it is logged");
        assert_eq!(rest.log_group, "/baleen/dev/commands");
        assert_eq!(rest.log_stream_prefix, format!("{COMMAND}/i-1/"));
    }
}
