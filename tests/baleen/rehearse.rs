//! Rehearsals: whole deployments, on a simulated account.

use serde_json::Value;

use crate::harness::{Checkout, repository};

/// The snapshots of an environment, as a folder of templates that are deployed before.
fn snapshots(environment: &str) -> String {
    repository().join("snapshots").join(environment).display().to_string()
}

fn names(value: &Value) -> Vec<&str> {
    value.as_array().into_iter().flatten().filter_map(|stack| stack["stack"].as_str()).collect()
}

#[test]
fn production_is_deployed_from_nothing_without_an_account() {
    let rehearsal = Checkout::new().json(&["rehearse", "--env", "prod"]);
    let run = &rehearsal["runs"][0];
    assert_eq!(run["error"], Value::Null, "{run:#}");
    let stacks = run["stacks"].as_array().expect("stacks");
    assert!(stacks.iter().all(|stack| stack["status"] == "CREATE_COMPLETE"), "{stacks:#?}");
    let begins = |name: &str| stacks.iter().find(|stack| stack["stack"] == name).expect(name)["begins"].as_f64();
    assert!(begins("storage") < begins("jobs"), "what is needed comes first");
    assert!(run["longest"].as_array().expect("a chain").len() > 2);
    assert_eq!(rehearsal, Checkout::new().json(&["rehearse", "--env", "prod"]), "the seed repeats it");
}

#[test]
fn what_is_deployed_already_is_left_alone() {
    let rehearsal = Checkout::new().json(&["rehearse", "--env", "prod", "--from", &snapshots("prod")]);
    let run = &rehearsal["runs"][0];
    assert_eq!(run["error"], Value::Null, "{run:#}");
    assert_eq!(names(&run["stacks"]), Vec::<&str>::new(), "{run:#}");
}

#[test]
fn a_deployment_that_is_killed_is_continued() {
    let rehearsal = Checkout::new().json(&["rehearse", "--env", "prod", "--fault", "killed"]);
    let [first, next] = rehearsal["runs"].as_array().expect("two runs").as_slice() else { panic!("{rehearsal:#}") };
    assert_eq!(first["killed"], true);
    assert_eq!((&next["killed"], &next["error"]), (&Value::Bool(false), &Value::Null), "{next:#}");
}

#[test]
fn a_resource_that_fails_is_named_and_the_next_deployment_mends_it() {
    let output =
        Checkout::new().run(&["rehearse", "--env", "prod", "--fault", "creation-fails", "--at", "storage.Sources"]);
    assert_eq!(output.code, Some(0), "{output}");
    for expected in
        ["fault: storage.Sources (AWS::S3::Bucket) cannot be made", "ROLLBACK_COMPLETE", "The next deployment succeeds"]
    {
        assert!(output.stdout.contains(expected), "{expected} in {output}");
    }
}

#[test]
fn what_does_not_happen_cannot_fail() {
    let output = Checkout::new().run(&["rehearse", "--env", "prod", "--fault", "quota", "--at", "storage.Nothing"]);
    assert_eq!(output.code, Some(2), "{output}");
    assert!(output.stderr.contains("the deployment does not make or change storage.Nothing"), "{output}");
    let output = Checkout::new().run(&["rehearse", "--env", "prod", "--from", "deployed"]);
    assert!(output.stderr.contains("a rehearsal does not read what is deployed"), "{output}");
}
