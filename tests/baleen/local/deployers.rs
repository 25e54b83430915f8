//! Several who deploy at once, and what they see of each other and of what is there.

use super::cloud::{Halted, LocalCloud};

/// What a deployment says when it works on the stack that most others need, and so holds the lock.
const AT_WORK: &str = "identity";

#[test]
fn of_two_who_deploy_at_once_one_is_told_of_the_other_and_one_may_wait() {
    let cloud = LocalCloud::new();
    cloud.run(&["deploy", "bootstrap", "--env", "local", "--yes"]).success();
    let first = cloud.start(&["deploy", "--env", "local", "--yes"]);
    first.wait_until_it_says(AT_WORK);
    // It runs, and takes as long as this test needs.
    let halted = Halted::new(first.pid());
    let status = cloud.json(&["status", "--env", "local"]);
    assert_eq!(status["lock"]["holder"]["command"], "deploy", "{status:#}");
    let second = cloud.run(&["deploy", "--env", "local", "--yes"]);
    assert_eq!(second.code, Some(1), "{second}");
    assert!(second.stderr.contains("error: environment `local` is locked: `deploy` by "), "{second}");
    assert!(second.stderr.contains("--wait-lock") && second.stderr.contains("--steal-lock"), "{second}");
    let third = cloud.start(&["deploy", "--env", "local", "--yes", "--wait-lock"]);
    third.wait_until_it_says("waiting for its end");
    drop(halted);
    first.finish().success();
    let third = third.finish().success();
    assert!(third.stderr.contains("nothing to change"), "the first one did it all: {third}");

    let status = cloud.json(&["status", "--env", "local"]);
    assert!(status["lock"]["holder"].is_null(), "{status:#}");
    let stacks = status["stacks"].as_array().expect("a list");
    assert!(stacks.iter().all(|stack| stack["health"] == "standing"), "{status:#}");
}

#[test]
fn the_lock_of_a_killed_deployment_is_taken_at_once_with_a_word() {
    let cloud = LocalCloud::new();
    cloud.run(&["deploy", "bootstrap", "--env", "local", "--yes"]).success();
    cloud.start(&["deploy", "--env", "local", "--yes"]).kill_when_it_says(AT_WORK);
    let next = cloud.run(&["deploy", "--env", "local", "--yes"]).success();
    assert!(next.stderr.contains("lock abandoned: it was held by `deploy` by "), "{next}");
}

#[test]
fn what_happened_can_be_asked_for_and_there_is_nothing_to_roll_back() {
    let cloud = LocalCloud::new();
    cloud.run(&["deploy", "storage", "--env", "local", "--yes"]).success();
    let events = cloud.json(&["events", "storage", "--env", "local"]);
    assert_eq!((events[0]["stack"].as_str(), events[0]["status"].as_str()), (Some("storage"), Some("CREATE_COMPLETE")));
    let told = events[0]["events"].as_array().expect("a list");
    let is_made = |event: &&serde_json::Value| event["logical_id"] == "Sources" && event["status"] == "CREATE_COMPLETE";
    assert!(told.iter().any(|event| is_made(&event)), "{events:#}");
    let failed = cloud.run(&["events", "--failed", "--env", "local"]).success();
    assert_eq!(failed.stdout, "nothing failed in the last operation of any stack\n");
    let status = cloud.run(&["status", "--env", "local"]).success();
    assert!(status.stdout.contains("storage        CREATE_COMPLETE"), "{status}");
    assert!(status.stdout.contains("jobs           not deployed"), "{status}");
    let rollback = cloud.run(&["rollback", "--env", "local"]).success();
    assert!(rollback.stderr.contains("nothing to roll back"), "{rollback}");
}
