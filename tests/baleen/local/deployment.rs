//! Deploying, changing and destroying.

use serde_json::Value;

use super::cloud::LocalCloud;
use super::video;

/// The outcomes of a deployment, by stack.
fn outcomes(deployed: &Value) -> Vec<(&str, &str)> {
    let stacks = deployed["stacks"].as_array().expect("a list");
    stacks
        .iter()
        .map(|stack| (stack["stack"].as_str().expect("a text"), stack["outcome"].as_str().expect("a text")))
        .collect()
}

const STACKS: [&str; 8] =
    ["bootstrap", "identity", "storage", "notifications", "fleet-blue", "fleet-green", "router", "jobs"];

#[test]
fn a_second_deployment_changes_nothing_and_a_change_reaches_what_it_changes() {
    let cloud = LocalCloud::new();
    let first = cloud.json(&["deploy", "--env", "local", "--yes"]);
    assert_eq!(outcomes(&first), STACKS.map(|stack| (stack, "created")));

    let second = cloud.run(&["deploy", "--env", "local"]).success();
    // The live colour is not looked at: a swap brings what is new there.
    let idle = || STACKS.into_iter().filter(|stack| *stack != "fleet-blue");
    let nothing = format!("nothing to change: {}\n", idle().collect::<Vec<_>>().join(", "));
    assert!(second.stderr.contains(&nothing), "success, and nobody is asked: {second}");

    cloud.edit("local", |text| text.replace("versioned = false", "versioned = false\nenhanced_expiry_days = 40"));
    let third = cloud.run(&["deploy", "--env", "local", "--yes", "--json"]).success();
    let deployed: Value = serde_json::from_str(&third.stdout).expect("JSON");
    let expected = idle().map(|stack| (stack, if stack == "storage" { "updated" } else { "unchanged" }));
    assert_eq!(outcomes(&deployed), expected.collect::<Vec<_>>());
    let events = third.stderr.lines().map(|line| serde_json::from_str::<Value>(line).expect("an event a line"));
    let plans: Vec<_> = events.filter(|event| event["event"] == "planned").collect();
    let [plan] = plans.as_slice() else { panic!("one plan, not {plans:?}") };
    // What only follows from another change is marked with what it follows from.
    assert_eq!(plan["steps"].as_array().expect("a list").len(), 1, "{plan:#}");
    let changes = plan["steps"][0]["changes"].as_array().expect("a list").iter();
    let caused_by_author = changes.flat_map(|change| {
        let properties = change["properties"].as_array().expect("a list").iter();
        let own = properties.filter(|property| property["causing_entity"].is_null());
        own.map(|property| (change["action"].as_str(), change["logical_id"].as_str(), property["name"].as_str()))
    });
    let expected = [(Some("Modify"), Some("Enhanced"), Some("LifecycleConfiguration"))];
    assert_eq!(caused_by_author.collect::<Vec<_>>(), expected);
    assert_eq!(deployed["stacks"][2]["outputs"], first["stacks"][2]["outputs"], "it is the same bucket");
}

#[test]
fn without_a_word_nothing_is_deployed() {
    let cloud = LocalCloud::new();
    let output = cloud.run(&["deploy", "bootstrap", "--env", "local"]);
    assert_eq!(output.code, Some(4), "{output}");
    assert!(output.stderr.contains("+ Artifacts AWS::S3::Bucket"), "the change is shown: {output}");
    assert!(output.stderr.ends_with("hint: there is nobody to ask here: approve with `--yes`\n"), "{output}");
    let stacks = cloud.json(&["outputs", "--env", "local"]);
    assert!(stacks.as_array().expect("a list").iter().all(|stack| stack["status"].is_null()), "{stacks:#}");
}

#[test]
fn one_stack_brings_what_it_needs() {
    let cloud = LocalCloud::new();
    let deployed = cloud.json(&["deploy", "storage", "--env", "local", "--yes"]);
    assert_eq!(outcomes(&deployed), [("identity", "created"), ("storage", "created")]);
    let submitted = cloud.run(&["jobs", "--env", "local"]);
    assert_eq!(submitted.code, Some(1), "{submitted}");
    assert!(
        submitted.stderr.contains("environment `local` is not deployed: stack `fleet-blue` does not exist"),
        "{submitted}"
    );
}

#[test]
fn destroy_leaves_nothing_and_can_be_run_again() {
    let cloud = LocalCloud::deployed();
    video::make(&cloud.path().join("clip.mp4"), 1);
    cloud.run(&["submit", "clip.mp4", "--env", "local", "--wait"]).success();

    let refused = cloud.run(&["destroy", "--env", "local"]);
    assert_eq!(refused.code, Some(4), "{refused}");
    assert!(refused.stderr.contains("1 object version of "), "what would be lost is shown: {refused}");

    let users_first = cloud.json(&["destroy", "fleet-blue", "--env", "local", "--yes"]);
    let names: Vec<_> = users_first["stacks"].as_array().expect("a list").iter().map(|stack| &stack["stack"]).collect();
    assert_eq!(names, ["jobs", "fleet-blue"]);
    let status = cloud.json(&["local", "status"]);
    assert_eq!(status["workers"], serde_json::json!([]), "no worker is left without a queue");

    cloud.run(&["destroy", "--env", "local", "--yes"]).success();
    let again = cloud.run(&["destroy", "--env", "local", "--yes"]).success();
    assert!(again.stderr.contains("nothing of it is deployed"), "{again}");
    cloud.run(&["deploy", "--env", "local", "--yes"]).success();
}

#[test]
fn the_local_cloud_keeps_what_is_deployed_when_it_is_stopped() {
    let cloud = LocalCloud::deployed();
    video::make(&cloud.path().join("clip.mp4"), 1);
    let submitted = cloud.json(&["submit", "clip.mp4", "--env", "local", "--wait"]);
    let down = cloud.run(&["local", "down"]).success();
    assert!(down.stderr.contains("stopped; what is deployed there is kept"), "{down}");
    let status = cloud.json(&["local", "status"]);
    assert_eq!(status["emulator"], serde_json::json!({ "state": "stopped", "has_state": true }));

    let up = cloud.run(&["local", "up"]).success();
    assert!(up.stderr.contains("with what was deployed before") && up.stderr.contains("worker blue-1 runs"), "{up}");
    assert_eq!(cloud.jobs()[0]["id"], submitted["job"]);
    cloud.run(&["submit", "clip.mp4", "--key", "second.mp4", "--env", "local", "--wait"]).success();
    assert!(cloud.run(&["local", "logs", "emulator"]).success().stdout.lines().count() > 1);
    let unknown = cloud.run(&["local", "logs", "nobody"]);
    assert_eq!(unknown.stderr, "error: there is no log `nobody`; there are agent-blue-1, emulator\n");
}

#[test]
fn a_failure_says_its_cause_first_and_the_next_deployment_goes_on() {
    let cloud = LocalCloud::new();
    let role = "\n[identity]\nworker_role = \"existing\"\nworker_role_name = \"missing\"\n";
    cloud.edit("local", |text| format!("{text}{role}"));
    let failed = cloud.run(&["deploy", "--env", "local", "--yes"]);
    let error = "error: WorkerPolicy (AWS::IAM::Policy) CREATE_FAILED: The role with name missing cannot be found; \
                 creating stack `identity` failed, and it is in ROLLBACK_COMPLETE now\n\
                 hint: nothing of `identity` was kept; correct the cause and deploy again, which creates it anew\n";
    assert!(failed.code == Some(1) && failed.stderr.ends_with(error), "{failed}");

    cloud.edit("local", |text| text.replace(role, ""));
    let next = cloud.run(&["deploy", "identity", "--env", "local", "--yes"]).success();
    assert!(next.stderr.contains("earlier: `identity` is in ROLLBACK_COMPLETE: WorkerPolicy"), "{next}");
}
