//! The workflow where commands do the work: the test is Systems Manager.

use std::collections::VecDeque;

use job::{ErrorKind, JobState};
use serde_json::{Value, json};

use super::emulator::{Emulator, until};
use super::report;
use super::system::Answer::{Never, Returns, Throws};
use super::system::{Answer, System, upload};
use crate::support::environment;

/// An SSM agent that is new enough.
const NEW: &str = "3.3.2746.0";

#[test]
fn enhance_titles() {
    let emulator = Emulator::start();
    let system = System::deploy(&emulator, &environment("run-command"), &["FindLeases"]);
    a_command_is_followed_to_its_end(&system);
    failures_are_retried_by_their_kind(&system);
    what_a_command_says_of_its_failure_is_recorded(&system);
    a_title_whose_instance_is_lost_goes_to_another(&system);
    a_refused_call_is_tried_again(&system);
    of_two_one_gets_the_instance(&system);
    a_title_that_is_stopped_frees_its_instance(&system);
}

#[test]
fn go_to_instances_that_are_free() {
    let emulator = Emulator::start();
    let system = System::deploy(&emulator, &environment("run-command"), &[]);
    an_instance_has_one_title_at_a_time(&system);
    a_title_waits_for_an_instance(&system);
    old_agents_are_refused(&system);
}

#[test]
fn have_so_much_time() {
    let emulator = Emulator::start();
    let mut environment = environment("run-command");
    environment.times.title_timeout_seconds = 1;
    let system = System::deploy(&emulator, &environment, &[]);

    let mut none = Instances::new(&[], []);
    let (job, error) = failed(&system, "none.mp4", &mut none);
    assert_eq!(error, "resource");
    assert_eq!(system.item(&job).error.unwrap().message, "no instance was free within 1 seconds");

    let for_ever = std::iter::repeat_n(shows("InProgress", -1, "", ""), 10_000);
    let mut slow = Instances::new(&[("i-1", "Online", NEW)], for_ever);
    let (job, error) = failed(&system, "slow.mp4", &mut slow);
    assert_eq!(error, "resource");
    assert_eq!(system.item(&job).error.unwrap().kind, ErrorKind::Resource);
    assert_eq!(slow.of("cancelCommand"), [&json!({ "CommandId": "command-1", "InstanceIds": ["i-1"] })]);
    assert_eq!(system.raw_item("instance/i-1"), None);
}

fn a_command_is_followed_to_its_end(system: &System<'_>) {
    let key = "films/한글 'q' \"d\" $(x) a\nb.v1.MP4";
    let missing = Throws("Ssm.InvocationDoesNotExistException");
    let going = ["Pending", "InProgress", "Delayed", "InProgress"].map(|status| shows(status, -1, "", ""));
    let success = shows("Success", 0, &format!("{}\n", report(&"0".repeat(32))), "downloading\n");
    let looks = [missing].into_iter().chain(going).chain([success]);
    let mut instances = Instances::new(&[("i-1", "Online", NEW)], looks);
    succeeded(system, key, &mut instances);

    let sent = instances.of("sendCommand");
    let [sent] = sent.as_slice() else { panic!("{sent:?}") };
    assert_eq!(sent["DocumentName"], "commands-enhancewalrus");
    assert_eq!(sent["DocumentVersion"], "7");
    assert_eq!(sent["InstanceIds"], json!(["i-1"]));
    let parameter = |name: &str| sent["Parameters"][name][0].as_str().unwrap();
    assert_eq!(decoded(parameter("SourceKey")), key);
    let job = parameter("Job");
    assert_eq!(decoded(parameter("OutputKey")), format!("films/한글 'q' \"d\" $(x) a\nb.v1_sr_2x/{}.mp4", &job[..12]));
    assert_eq!(parameter("SourceVersion"), "v1");
    assert_eq!(parameter("SourceBytes"), "12");
    assert_eq!((parameter("Gamma"), parameter("Prompt")), ("0.5", "generate"));
    assert_eq!(parameter("Quality"), "13");

    let item = system.item(job);
    assert_eq!((item.state, item.attempt), (JobState::Done, 1));
    assert_eq!(item.output.unwrap().frames, 250);
    assert_eq!(system.raw_item("instance/i-1"), None);
    assert_eq!(protections(&instances), [("i-1", true), ("i-1", false)]);
    assert_eq!(instances.of("setInstanceProtection")[0]["AutoScalingGroupName"], "baleen-run-command-blue");
    let counted = &instances.of("putMetricData")[0]["MetricData"];
    let names: Vec<_> = counted.as_array().unwrap().iter().map(|datum| &datum["MetricName"]).collect();
    assert_eq!(names, ["TasksStarted", "TasksSucceeded", "TaskSeconds"]);
}

fn failures_are_retried_by_their_kind(system: &System<'_>) {
    let success = || shows("Success", 0, &report(&"0".repeat(32)).to_string(), "");
    let passing = [
        shows("Failed", 11, "", "error: transient: throttled\n"),
        shows("Cancelled", -1, "", ""),
        looks_like("TimedOut", "DeliveryTimedOut", -1, "", ""),
        success(),
    ];
    let mut instances = Instances::new(&[("i-1", "Online", NEW)], passing);
    succeeded(system, "passing.mp4", &mut instances);
    assert_eq!(instances.of("sendCommand").len(), 4);
    let attempts: Vec<_> =
        instances.of("sendCommand").iter().map(|sent| sent["Parameters"]["Attempt"][0].clone()).collect();
    assert_eq!(attempts, ["1", "2", "3", "4"]);

    for (number, (look, error, commands)) in [
        (shows("Failed", 10, "", ""), "input", 1),
        (shows("Failed", 12, "", ""), "engine", 2),
        (shows("Failed", 137, "", ""), "engine", 2),
        (shows("Failed", 15, "", ""), "internal", 1),
        (looks_like("Failed", "Undeliverable", -1, "", ""), "transient", 4),
        (looks_like("TimedOut", "ExecutionTimedOut", 137, "", ""), "resource", 1),
        (shows("Exotic", -1, "", ""), "internal", 1),
    ]
    .into_iter()
    .enumerate()
    {
        let looks = vec![look; commands];
        let mut instances = Instances::new(&[("i-1", "Online", NEW)], looks.clone());
        assert_eq!(failed(system, &format!("failure-{number}.mp4"), &mut instances).1, error, "{looks:?}");
        assert_eq!(instances.of("sendCommand").len(), commands, "{looks:?}");
        assert_eq!(system.raw_item("instance/i-1"), None, "{looks:?}");
    }
}

fn what_a_command_says_of_its_failure_is_recorded(system: &System<'_>) {
    let said = "downloading s3://b/'error: x'\nerror: input: the source is truncated: 3 of 5\nhint: upload it again\n";
    let mut instances = Instances::new(&[("i-1", "Online", NEW)], [shows("Failed", 10, "", said)]);
    let (job, _) = failed(system, "said.mp4", &mut instances);
    let error = system.item(&job).error.unwrap();
    assert_eq!((error.kind, error.message.as_str()), (ErrorKind::Input, "the source is truncated: 3 of 5"));
    assert_eq!(error.hint.as_deref(), Some("upload it again"));

    let mut silent = Instances::new(&[("i-1", "Online", NEW)], [shows("Success", 0, "no report", "")]);
    let (job, error) = failed(system, "silent.mp4", &mut silent);
    assert_eq!(error, "internal");
    assert_eq!(system.item(&job).state, JobState::Failed);
}

fn a_title_whose_instance_is_lost_goes_to_another(system: &System<'_>) {
    let going = std::iter::repeat_n(shows("InProgress", -1, "", ""), 3);
    let success = shows("Success", 0, &report(&"0".repeat(32)).to_string(), "");
    let mut instances = Instances::new(&[("i-lost", "Online", NEW)], going.chain([success]));
    instances.lost_once_sent = Some(("i-lost", ("i-other", "Online", NEW)));
    succeeded(system, "lost.mp4", &mut instances);
    let sent: Vec<_> = instances.of("sendCommand").iter().map(|sent| sent["InstanceIds"][0].clone()).collect();
    assert_eq!(sent, ["i-lost", "i-other"]);
    assert_eq!(instances.of("cancelCommand").len(), 1);
    // What the lost instance still does, nobody knows: nobody gets it until its lease has run out.
    assert!(system.raw_item("instance/i-lost").is_some());
    assert_eq!(system.raw_item("instance/i-other"), None);
    let expected = [("i-lost", true), ("i-lost", false), ("i-other", true), ("i-other", false)];
    assert_eq!(protections(&instances), expected);
}

fn a_refused_call_is_tried_again(system: &System<'_>) {
    let success = shows("Success", 0, &report(&"0".repeat(32)).to_string(), "");
    let mut instances = Instances::new(&[("i-1", "Online", NEW)], [success]);
    instances.refused = 1;
    succeeded(system, "refused.mp4", &mut instances);
    assert_eq!(instances.of("sendCommand").len(), 2);
    assert_eq!(system.raw_item("instance/i-1"), None);
}

fn an_instance_has_one_title_at_a_time(system: &System<'_>) {
    lease(system, "i-busy", 4_000_000_000);
    lease(system, "i-left", 1);
    let mut instances = Instances::new(&[("i-busy", "Online", NEW), ("i-left", "Online", NEW)], [success()]);
    succeeded(system, "one.mp4", &mut instances);
    assert_eq!(instances.of("sendCommand")[0]["InstanceIds"], json!(["i-left"]));
    assert_eq!(system.raw_item("instance/i-busy").unwrap()["holder"], "someone");
}

fn a_title_waits_for_an_instance(system: &System<'_>) {
    let mut instances = Instances::new(&[("i-busy", "Online", NEW)], [success()]);
    instances.on_the_next_page = vec![("i-busy", "Online", NEW)];
    instances.later = Some((4, ("i-new", "Online", NEW)));
    succeeded(system, "waits.mp4", &mut instances);
    assert_eq!(instances.of("sendCommand")[0]["InstanceIds"], json!(["i-new"]));
    let asked: Vec<_> =
        instances.of("describeInstanceInformation").iter().map(|asked| asked.get("NextToken").is_some()).collect();
    assert_eq!(asked[..4], [false, true, false, true]);
}

fn old_agents_are_refused(system: &System<'_>) {
    let known =
        [("i-old", "Online", "3.3.2745.9"), ("i-older", "Online", "2.9.9999.0"), ("i-new", "Online", "3.10.0.0")];
    let mut instances = Instances::new(&known, [success()]);
    succeeded(system, "old.mp4", &mut instances);
    assert_eq!(instances.of("sendCommand")[0]["InstanceIds"], json!(["i-new"]));
}

fn of_two_one_gets_the_instance(system: &System<'_>) {
    // Both are said to be free; someone is faster at one of them.
    lease(system, "i-fast", 4_000_000_000);
    for number in 0..4 {
        let mut instances = Instances::new(&[("i-fast", "Online", NEW), ("i-free", "Online", NEW)], [success()]);
        succeeded(system, &format!("race-{number}.mp4"), &mut instances);
        assert_eq!(instances.of("sendCommand")[0]["InstanceIds"], json!(["i-free"]));
    }
}

fn a_title_that_is_stopped_frees_its_instance(system: &System<'_>) {
    let event = upload("stopped.mp4");
    let mut instances = Instances::new(&[("i-1", "Online", NEW)], []);
    let execution = system.start(&event);
    let end = system.answering(&execution, |call, arguments| {
        if call.ends_with("getCommandInvocation") {
            system.stop(&execution);
            return Never;
        }
        instances.answer(call, arguments)
    });
    assert_eq!(end["status"], "ABORTED");
    assert!(system.raw_item("instance/i-1").is_some());

    let ended = json!({ "detail": { "status": "ABORTED", "executionArn": execution, "input": event.to_string() } });
    let sweep = system.start_machine(&system.machine("Sweep", &[]), &ended);
    assert_eq!(instances.until_end(system, &sweep)["status"], "SUCCEEDED");
    assert_eq!(instances.of("cancelCommand"), [&json!({ "CommandId": "command-1", "InstanceIds": ["i-1"] })]);
    assert_eq!(system.raw_item("instance/i-1"), None);
    assert_eq!(protections(&instances), [("i-1", true), ("i-1", false)]);
    let job = until("it is told", || system.told.take())["job"].as_str().unwrap().to_owned();
    assert_eq!(system.item(&job).state, JobState::Cancelled);
    assert_eq!(system.raw_item(&job).unwrap().get("demand"), None);
}

/// Which instances were protected from scale-in, and which were let go, in turn.
fn protections(instances: &Instances) -> Vec<(&str, bool)> {
    let calls = instances.of("setInstanceProtection").into_iter();
    calls.map(|call| (call["InstanceIds"][0].as_str().unwrap(), call["ProtectedFromScaleIn"] == true)).collect()
}

fn lease(system: &System<'_>, instance: &str, until: u64) {
    system.put_item(&json!({
        "id": { "S": format!("instance/{instance}") }, "holder": { "S": "someone" }, "until": { "N": until.to_string() },
    }));
}

/// Has a title succeed.
fn succeeded(system: &System<'_>, key: &str, instances: &mut Instances) {
    let execution = system.start(&upload(key));
    let end = instances.until_end(system, &execution);
    assert_eq!(end["status"], "SUCCEEDED", "{end}");
    assert_eq!(until("it is told", || system.told.take())["state"], "done");
}

/// Has a title fail; returns its job and the kind of the failure.
fn failed(system: &System<'_>, key: &str, instances: &mut Instances) -> (String, String) {
    let execution = system.start(&upload(key));
    let end = instances.until_end(system, &execution);
    assert_eq!(end["status"], "FAILED", "{end}");
    let told = until("it is told", || system.told.take());
    (told["job"].as_str().unwrap().to_owned(), end["error"].as_str().unwrap().to_owned())
}

fn success() -> Answer {
    shows("Success", 0, &report(&"0".repeat(32)).to_string(), "")
}

fn shows(status: &str, code: i32, output: &str, errors: &str) -> Answer {
    looks_like(status, status, code, output, errors)
}

fn looks_like(status: &str, details: &str, code: i32, output: &str, errors: &str) -> Answer {
    Returns(json!({
        "Status": status, "StatusDetails": details, "ResponseCode": code, "StandardOutputContent": output,
        "StandardErrorContent": errors,
    }))
}

/// The bytes of base64url, as text.
fn decoded(text: &str) -> String {
    let digits = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let value = |letter| u32::try_from(digits.iter().position(|digit| *digit == letter).unwrap()).unwrap();
    let (mut bits, mut count, mut bytes) = (0, 0, vec![]);
    for letter in text.bytes() {
        bits = bits << 6 | value(letter);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from(bits >> count & 0xff).unwrap());
        }
    }
    String::from_utf8(bytes).unwrap()
}

/// An instance: its id, its state, and the version of its SSM agent.
type Instance = (&'static str, &'static str, &'static str);

/// What stands in for Systems Manager.
struct Instances {
    known: Vec<Instance>,
    /// What is listed when the list is asked to go on.
    on_the_next_page: Vec<Instance>,
    /// What comes up after so many lists.
    later: Option<(usize, Instance)>,
    /// Which instance does not answer any more once it got a command, and which one takes its place.
    lost_once_sent: Option<(&'static str, Instance)>,
    /// How many commands are refused.
    refused: usize,
    /// What each look at a command shows, in turn.
    looks: VecDeque<Answer>,
    /// All calls, with their arguments.
    calls: Vec<(String, Value)>,
}

impl Instances {
    fn new(known: &[Instance], looks: impl IntoIterator<Item = Answer>) -> Self {
        let (known, looks) = (known.to_vec(), looks.into_iter().collect());
        let (on_the_next_page, calls) = (vec![], vec![]);
        Self { known, on_the_next_page, later: None, lost_once_sent: None, refused: 0, looks, calls }
    }

    /// Answers until an execution has ended; returns its description.
    fn until_end(&mut self, system: &System<'_>, execution: &str) -> Value {
        system.answering(execution, |call, arguments| self.answer(call, arguments))
    }

    fn answer(&mut self, call: &str, arguments: &Value) -> Answer {
        let (_, action) = call.rsplit_once(':').unwrap();
        self.calls.push((action.to_owned(), arguments.clone()));
        match action {
            "describeDocument" => Returns(json!({ "Document": { "DefaultVersion": "7" } })),
            "describeInstanceInformation" => self.list(arguments),
            "sendCommand" if self.of(action).len() <= self.refused => Throws("Ssm.InvalidInstanceIdException"),
            "sendCommand" => {
                if let Some((id, other)) = self.lost_once_sent.take() {
                    self.known.retain(|known| known.0 != id);
                    self.known.extend([(id, "ConnectionLost", NEW), other]);
                }
                Returns(json!({ "Command": { "CommandId": format!("command-{}", self.of(action).len()) } }))
            }
            "getCommandInvocation" => self.looks.pop_front().unwrap(),
            "cancelCommand" | "putMetricData" | "setInstanceProtection" => Returns(json!({})),
            "batchGetItem" => Returns(json!({ "Responses": { "jobs": [] } })),
            _ => panic!("nobody answers {call}"),
        }
    }

    fn list(&mut self, arguments: &Value) -> Answer {
        if let Some((_, instance)) =
            self.later.filter(|(lists, _)| self.of("describeInstanceInformation").len() > *lists)
        {
            self.known.push(instance);
            self.later = None;
        }
        let asked = &arguments["Filters"][0];
        let asked = (asked["Key"] == "InstanceIds").then(|| asked["Values"][0].as_str().unwrap());
        let is_next = arguments.get("NextToken").is_some();
        let listed = if is_next { &self.on_the_next_page } else { &self.known };
        let listed: Vec<_> = listed
            .iter()
            .filter(|(id, ..)| asked.is_none_or(|asked| asked == *id))
            .map(|(id, ping, version)| json!({ "InstanceId": id, "PingStatus": ping, "AgentVersion": version }))
            .collect();
        let mut page = json!({ "InstanceInformationList": listed });
        if asked.is_none() && !is_next && !self.on_the_next_page.is_empty() {
            page["NextToken"] = "more".into();
        }
        Returns(page)
    }

    fn of(&self, action: &str) -> Vec<&Value> {
        self.calls.iter().filter(|(called, _)| called == action).map(|(_, arguments)| arguments).collect()
    }
}
