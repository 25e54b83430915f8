//! Installing, upgrading and draining the agent.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::instance::{Instance, base64url, variables, wait_until, write_program};

/// A program that stands in for the agent.
fn program(version: &str) -> String {
    format!("#!/usr/bin/env bash\necho 'baleen-agent {version}'\n")
}

/// A bundle with that program.
fn bundle(text: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    write_program(&folder.path().join("baleen-agent"), text);
    let mut tar = Command::new("tar");
    tar.current_dir(folder.path()).args(["--create", "--gzip", "--file=bundle.tar.gz", "baleen-agent"]);
    assert!(tar.status().unwrap().success());
    fs::read(folder.path().join("bundle.tar.gz")).unwrap()
}

fn sha256(bytes: &[u8]) -> String {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("file"), bytes).unwrap();
    let output = Command::new("sha256sum").arg(folder.path().join("file")).output().unwrap();
    String::from_utf8(output.stdout).unwrap()[..64].to_owned()
}

/// Uploads a bundle, and makes the parameters that name it.
fn upload(instance: &Instance, body: &[u8]) -> BTreeMap<String, String> {
    let key = "agent/0.1.0/it's the agent.tar.gz";
    instance.put("artifacts", key, body, &Value::Null);
    let (key, sha256) = (base64url(key), sha256(body));
    variables([
        ("SSM_ArtifactBucket", "artifacts"),
        ("SSM_AgentKey", &key),
        ("SSM_AgentSha256", &sha256),
        ("SSM_App", "baleen"),
        ("SSM_Environment", "prod"),
        ("SSM_Colour", "blue"),
        ("SSM_TaskQueue", "https://sqs.ap-northeast-2.amazonaws.com/111122223333/tasks"),
        ("SSM_JobTable", "jobs"),
        ("SSM_DrainSeconds", "60"),
        ("BALEEN_SETTLE_SECONDS", "1"),
    ])
}

fn instance() -> Instance {
    let instance = Instance::new();
    fs::write(instance.stand_in("enabled"), "enabled\n").unwrap();
    instance
}

fn install(instance: &Instance, version: &str) {
    let variables = upload(instance, &bundle(&program(version)));
    let ended = instance.run("install-agent", &variables);
    assert_eq!(ended.code, Some(0), "{}", ended.errors);
}

fn current(instance: &Instance) -> String {
    let output = Command::new(instance.root("usr/local/bin/baleen-agent")).arg("--version").output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[test]
fn the_agent_is_installed_and_started() {
    for body in [bundle(&program("1")), program("1").into_bytes()] {
        let instance = instance();
        let variables = upload(&instance, &body);
        let ended = instance.run("install-agent", &variables);
        assert_eq!(ended.code, Some(0), "{}", ended.errors);
        let told: Value = serde_json::from_str(&ended.output).unwrap();
        assert_eq!((&told["version"], &told["changed"]), (&json!("baleen-agent 1"), &json!(true)));
        assert_eq!(current(&instance), "baleen-agent 1");

        let settings = fs::read_to_string(instance.root("etc/baleen/agent.env")).unwrap();
        assert_eq!(
            settings,
            "AWS_REGION=ap-northeast-2\nBALEEN_APP=baleen\nBALEEN_ENVIRONMENT=prod\nBALEEN_COLOUR=blue\n\
             BALEEN_TASK_QUEUE=https://sqs.ap-northeast-2.amazonaws.com/111122223333/tasks\nBALEEN_JOB_TABLE=jobs\n"
        );
        let unit = Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets/baleen-agent.service");
        let installed = fs::read_to_string(instance.root("etc/systemd/system/baleen-agent.service")).unwrap();
        assert_eq!(installed, fs::read_to_string(unit).unwrap());
        let calls = instance.recorded("systemctl");
        let expected = ["daemon-reload", "enable baleen-agent.service", "restart baleen-agent.service"];
        assert_eq!(calls[1..4], expected, "{calls:?}");
    }
}

#[test]
fn a_bundle_that_is_not_what_was_asked_for_is_not_installed() {
    let other = "0".repeat(64);
    let cases: [(&[u8], Option<&str>, &str); 4] = [
        (&bundle(&program("1")), Some(&other), "has checksum"),
        (b"\x1f\x8b no gzip", None, "does not run here"),
        (b"#!/nowhere\n", None, "does not run here"),
        (&bundle("#!/usr/bin/env bash\necho 'no such library' >&2\nexit 1\n"), None, "no such library"),
    ];
    for (body, sha256, words) in cases {
        let instance = instance();
        let mut variables = upload(&instance, body);
        variables.extend(sha256.map(|sha256| ("SSM_AgentSha256".to_owned(), sha256.to_owned())));
        instance.run("install-agent", &variables).failed("internal", words);
        assert!(!instance.root("usr/local/bin/baleen-agent").exists());
        assert!(fs::read_dir(instance.root("opt/baleen/agent")).into_iter().flatten().next().is_none());
    }
    let instance = instance();
    let mut variables = upload(&instance, b"");
    variables.insert("SSM_AgentKey".to_owned(), base64url("elsewhere"));
    instance.run("install-agent", &variables).failed("input", "NoSuchKey");
}

#[test]
fn a_masked_unit_stays_masked() {
    let instance = instance();
    fs::write(instance.stand_in("enabled"), "masked\n").unwrap();
    let variables = upload(&instance, &bundle(&program("1")));
    instance.run("install-agent", &variables).failed("internal", "this fleet works by Run Command");
    assert_eq!(instance.operations(), [] as [String; 0]);
}

#[test]
fn settings_cannot_smuggle_a_line() {
    for (name, value) in [("SSM_App", "a\nLD_PRELOAD=/tmp/x"), ("SSM_TaskQueue", "https://a b"), ("SSM_Colour", "red")]
    {
        let instance = instance();
        let mut parameters = upload(&instance, &bundle(&program("1")));
        parameters.extend(variables([(name, value)]));
        instance.run("install-agent", &parameters).failed("internal", name.trim_start_matches("SSM_"));
    }
}

#[test]
fn an_upgrade_takes_the_place_of_the_version_before() {
    let instance = instance();
    install(&instance, "1");
    let variables = upload(&instance, &bundle(&program("2")));

    let ended = instance.run("upgrade-agent", &variables);

    assert_eq!(ended.code, Some(0), "{}", ended.errors);
    assert_eq!(current(&instance), "baleen-agent 2");
    let calls = instance.recorded("systemctl");
    let position = |call| calls.iter().rposition(|known| known == call).unwrap();
    assert!(position("stop baleen-agent.service while draining") < position("restart baleen-agent.service"));
    assert!(!instance.root("run/baleen/drain").exists());

    let again: Value = serde_json::from_str(&instance.run("upgrade-agent", &variables).output).unwrap();
    assert_eq!(again["changed"], json!(false));
}

#[test]
fn the_program_that_the_instance_started_with_is_upgraded_too() {
    let instance = instance();
    write_program(&instance.root("usr/local/bin/baleen-agent"), &program("0"));
    fs::write(instance.stand_in("active"), "").unwrap();
    let broken = upload(&instance, &bundle(&program("broken")));
    instance.run("upgrade-agent", &broken).failed("internal", "has taken its place again");
    assert_eq!(current(&instance), "baleen-agent 0");
    let good = upload(&instance, &bundle(&program("1")));
    assert_eq!(instance.run("upgrade-agent", &good).code, Some(0));
    assert_eq!(current(&instance), "baleen-agent 1");
}

#[test]
fn an_upgrade_that_does_not_stay_up_is_taken_back() {
    let instance = instance();
    install(&instance, "1");
    let variables = upload(&instance, &bundle(&program("broken")));
    instance.run("upgrade-agent", &variables).failed("internal", "does not stay up");
    assert_eq!(current(&instance), "baleen-agent 1");
    assert!(instance.stand_in("active").exists(), "the version before runs again");
}

#[test]
fn nothing_is_upgraded_that_is_not_there() {
    let instance = instance();
    let variables = upload(&instance, &bundle(&program("2")));
    instance.run("upgrade-agent", &variables).failed("internal", "there is no agent at");
}

#[test]
fn draining_waits_for_the_task_at_hand() {
    let instance = instance();
    install(&instance, "1");
    let attempt = instance.root("var/lib/baleen/i-0123/attempt-x");
    fs::create_dir_all(&attempt).unwrap();
    let running = instance.start("drain-agent", &variables([("SSM_DrainSeconds", "600")]));
    let flag = instance.root("run/baleen/drain");
    wait_until(|| flag.exists());
    assert!(instance.stand_in("active").exists(), "the agent goes on working");
    fs::remove_dir(&attempt).unwrap();

    let ended = running.ended();

    assert_eq!(ended.code, Some(0), "{}", ended.errors);
    assert_eq!(serde_json::from_str::<Value>(&ended.output).unwrap()["finished"], json!(true));
    assert!(!instance.stand_in("active").exists());
    assert!(!flag.exists());
}

#[test]
fn draining_ends_at_its_deadline() {
    let instance = instance();
    install(&instance, "1");
    fs::create_dir_all(instance.root("var/lib/baleen/i-0123/attempt-x")).unwrap();
    let ended = instance.run("drain-agent", &variables([("SSM_DrainSeconds", "0")]));
    assert_eq!(ended.code, Some(0), "{}", ended.errors);
    assert_eq!(serde_json::from_str::<Value>(&ended.output).unwrap()["finished"], json!(false));
    assert!(!instance.stand_in("active").exists());
}

#[test]
fn draining_that_is_interrupted_lets_the_agent_go_on() {
    let instance = instance();
    install(&instance, "1");
    fs::create_dir_all(instance.root("var/lib/baleen/i-0123/attempt-x")).unwrap();
    let running = instance.start("drain-agent", &variables([("SSM_DrainSeconds", "600")]));
    let flag = instance.root("run/baleen/drain");
    wait_until(|| flag.exists());
    running.signal("TERM");
    running.ended().failed("interrupted", "asked to stop");
    assert!(!flag.exists());
    assert!(instance.stand_in("active").exists());
}
