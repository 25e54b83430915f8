//! What is killed, and what becomes of it.

use super::cloud::{LocalCloud, kill};
use super::video::{self, Video};

#[test]
fn a_killed_worker_costs_nothing_but_time() {
    let cloud = LocalCloud::deployed();
    let clip = cloud.path().join("long.mp4");
    video::make_long(&clip);
    let submission = cloud.start(&["submit", "long.mp4", "--env", "local", "--output", "enhanced.mp4"]);
    cloud.wait_for_job("long.mp4", |job| job["attempt"] == 1);
    let killed = cloud.worker();
    kill(killed);
    let output = submission.finish().success();
    assert!(output.stderr.contains("worker blue-1 has gone without being stopped"), "it is said: {output}");
    let job = cloud.wait_for_job("long.mp4", |job| job["state"] == "done");
    assert_eq!(job["attempt"], 2, "it was in the middle of its work");
    assert_ne!(cloud.worker(), killed);
    let expected = Video { width: 1920, height: 1080, frames: 500, sounds: 0 };
    assert_eq!(video::probe(&cloud.path().join("enhanced.mp4")), expected);
}

#[test]
fn no_ffmpeg_survives_its_agent() {
    let cloud = LocalCloud::deployed();
    video::make_long(&cloud.path().join("long.mp4"));
    let submission = cloud.start(&["submit", "long.mp4", "--env", "local"]);
    submission.finish().success();
    cloud.wait_for_job("long.mp4", |job| job["attempt"] == 1);
    let deadline = std::time::Instant::now() + std::time::Duration::from_mins(1);
    while cloud.processes().is_empty() {
        assert!(std::time::Instant::now() < deadline, "FFmpeg never ran");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    kill(cloud.worker());
    while !cloud.processes().is_empty() {
        assert!(std::time::Instant::now() < deadline, "{:?}", cloud.processes());
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
}

#[test]
fn a_killed_emulator_is_explained_and_the_next_deployment_works() {
    let cloud = LocalCloud::deployed();
    video::make_long(&cloud.path().join("long.mp4"));
    let submission = cloud.start(&["submit", "long.mp4", "--env", "local", "--wait"]);
    cloud.wait_for_job("long.mp4", |job| job["attempt"] == 1);
    kill(cloud.emulator());
    let output = submission.finish();
    assert_eq!(output.code, Some(1), "{output}");
    assert!(output.stderr.contains("error: the local cloud has gone: "), "{output}");
    assert!(output.stderr.contains("baleen deploy --env local"), "{output}");

    let next = cloud.run(&["deploy", "--env", "local", "--yes"]).success();
    assert!(next.stderr.contains("has gone without being stopped, and what was deployed there with it"), "{next}");
    video::make(&cloud.path().join("clip.mp4"), 1);
    cloud.run(&["submit", "clip.mp4", "--env", "local", "--wait"]).success();
}

#[test]
fn a_killed_deployment_is_completed_by_the_next_one() {
    let cloud = LocalCloud::new();
    cloud.run(&["local", "up"]).success();
    for words in [
        "8 steps:",
        "[1/8]",
        "CREATE_COMPLETE WorkerRole",
        "CREATE_COMPLETE Sources",
        "CREATE_COMPLETE TaskQueue",
        "CREATE_COMPLETE Workflow",
    ] {
        cloud.start(&["deploy", "--env", "local", "--yes"]).kill_when_it_says(words);
    }
    cloud.run(&["deploy", "--env", "local", "--yes"]).success();
    let stacks = cloud.json(&["outputs", "--env", "local"]);
    assert!(stacks.as_array().expect("a list").iter().all(|stack| stack["status"] == "CREATE_COMPLETE"), "{stacks:#}");
}

#[test]
fn two_checkouts_do_not_collide() {
    let (one, two) = (LocalCloud::deployed(), LocalCloud::deployed());
    assert_ne!(one.emulator(), two.emulator());
    video::make(&one.path().join("clip.mp4"), 1);
    one.run(&["submit", "clip.mp4", "--env", "local", "--wait"]).success();
    assert_eq!((one.jobs().len(), two.jobs().len()), (1, 0));
    two.run(&["local", "down"]).success();
    one.run(&["submit", "clip.mp4", "--key", "second.mp4", "--env", "local", "--wait"]).success();
}
