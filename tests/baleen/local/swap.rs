//! Swapping the colours while videos come: with real workers, killed at each step, and back by itself.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::Value;

use super::cloud::LocalCloud;
use super::front::set_alarm;
use super::video;
use crate::harness::Output;

/// The phases of a swap that goes well, in which it is killed.
const PHASES: [&str; 6] = ["warming", "trying", "shifting", "switching", "draining", "lowering"];

/// How many jobs are on their way at once: enough for both colours to have some.
const AT_ONCE: usize = 4;

/// How unlikely a draw must be, if the weights are followed, to be taken for a fault.
const UNLIKELY: f64 = 1e-6;

/// Submits videos, few at a time, until it is told to stop; returns their keys.
fn stream(cloud: &LocalCloud, stop: &AtomicBool) -> Vec<String> {
    let mut keys = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let unfinished = cloud.jobs().iter().filter(|job| job["state"] != "done").count();
        for _ in unfinished..AT_ONCE {
            let key = format!("stream/{}.mp4", keys.len());
            cloud.run(&["submit", "clip.mp4", "--key", &key, "--env", "local"]).success();
            keys.push(key);
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    keys
}

/// Runs something while videos come; returns their keys.
fn while_videos_come(cloud: &LocalCloud, work: impl FnOnce()) -> Vec<String> {
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let streaming = scope.spawn(|| stream(cloud, &stop));
        let worked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
        stop.store(true, Ordering::Relaxed);
        let keys = streaming.join().expect("they come");
        worked.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        keys
    })
}

/// Makes sure that each video was enhanced, once.
fn none_is_lost_and_none_doubled(cloud: &LocalCloud, keys: &[String]) -> Vec<Value> {
    for key in keys {
        cloud.wait_for_job(key, |job| job["state"] == "done");
    }
    let jobs = cloud.jobs();
    let of_stream: Vec<_> = jobs
        .into_iter()
        .filter(|job| job["source"]["key"].as_str().is_some_and(|key| key.starts_with("stream/")))
        .collect();
    assert_eq!(of_stream.len(), keys.len(), "one job for each video");
    for job in &of_stream {
        assert_eq!((job["state"].as_str(), job["attempt"].as_u64()), (Some("done"), Some(1)), "{job:#}");
    }
    of_stream
}

/// A version of the fleets that differs from the one that is live.
fn change_fleets(cloud: &LocalCloud, seconds: u32) {
    cloud.edit("local", |text| format!("{text}\n[fleet]\nwaiting_alarm_seconds = {seconds}\n"));
}

fn status(cloud: &LocalCloud) -> Value {
    cloud.json(&["swap", "--status", "--env", "local"])
}

fn colour<'a>(status: &'a Value, name: &str) -> &'a Value {
    let colours = status["colours"].as_array().expect("a list");
    colours.iter().find(|colour| colour["colour"] == name).expect("it is there")
}

/// Which colour is live, and the weights of blue and green.
fn shares(cloud: &LocalCloud) -> (String, u64, u64) {
    let status = status(cloud);
    let weight = |name| colour(&status, name)["weight"].as_u64().expect("a number");
    (status["live"].as_str().expect("a text").to_owned(), weight("blue"), weight("green"))
}

fn events(output: &Output) -> Vec<Value> {
    output.stderr.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

#[test]
fn new_work_moves_step_by_step_and_no_video_is_lost_or_doubled() {
    let cloud = LocalCloud::deployed();
    video::make(&cloud.path().join("clip.mp4"), 1);
    change_fleets(&cloud, 7200);
    let stale = cloud.run(&["swap", "--env", "local", "--dry-run"]);
    assert!(stale.code == Some(1) && stale.stderr.contains("green is not deployed as these sources say"), "{stale}");

    // What is new goes to the colour that idles, and the other one is left alone.
    let deployed = cloud.run(&["deploy", "--env", "local", "--yes"]).success();
    let left = "left alone: `fleet-blue`, because blue is live; a swap brings Resources.TasksWaitLong";
    assert!(deployed.stderr.contains(left), "{deployed}");
    let before = status(&cloud);
    assert_eq!(
        (colour(&before, "blue")["is_current"].as_bool(), colour(&before, "green")["is_current"].as_bool()),
        (Some(false), Some(true))
    );
    let named = cloud.run(&["deploy", "fleet-blue", "--env", "local", "--yes"]);
    assert!(named.code == Some(1) && named.stderr.contains("`--in-place` changes it at once"), "{named}");

    let steps = "steps = [30, 70, 100]\nverified_jobs = 4";
    cloud.edit("local", |text| text.replace("verified_jobs = 2", steps));
    let mut swapped = None;
    let keys = while_videos_come(&cloud, || {
        swapped = Some(cloud.run(&["swap", "--env", "local", "--yes", "--json"]).success());
    });
    let events = events(&swapped.expect("it ran"));
    assert_eq!(shares(&cloud), ("green".to_owned(), 0, 100));
    assert_eq!(cloud.workers(), ["green-1"]);
    let jobs = none_is_lost_and_none_doubled(&cloud, &keys);
    weights_were_followed(&events, &jobs, &[30, 70, 100]);

    // Now green is live, and the same deployment brings blue what is new.
    let again = cloud.run(&["deploy", "--env", "local", "--yes"]).success();
    assert!(again.stderr.contains("left alone: `fleet-green`, because green is live\n"), "{again}");
    let after = status(&cloud);
    assert_eq!(colour(&after, "blue")["version"], colour(&after, "green")["version"]);
    let back = cloud.run(&["swap", "--back", "--env", "local", "--yes"]);
    assert!(back.code == Some(1) && back.stderr.contains("blue has been deployed since the swap"), "{back}");
}

/// Compares which colour the jobs drew with the weights at that time.
fn weights_were_followed(events: &[Value], jobs: &[Value], steps: &[u64]) {
    let at = |event: &Value| event["at"].as_u64().expect("a time");
    for step in steps {
        let is_step = |event: &&Value| event["phase"] == "shifting" && event["new"]["weight"].as_u64() == Some(*step);
        let begins = events.iter().find(is_step).map(at).expect("the step comes");
        let ends = events.iter().filter(|event| event["event"] == "swap-entered").map(at).find(|end| *end > begins);
        let ends = ends.expect("the step ends");
        // The times of both are whole seconds.
        let within = |job: &&Value| {
            let created: jiff::Timestamp = job["created"].as_str().expect("a text").parse().expect("a time");
            let created = u64::try_from(created.as_second()).expect("after 1970");
            created > begins && created < ends
        };
        let drawn: Vec<_> = jobs.iter().filter(within).map(|job| job["colour"] == "green").collect();
        let green = drawn.iter().filter(|green| **green).count();
        let chance = chance_of(green, drawn.len(), *step);
        assert!(chance > UNLIKELY, "{green} of {} drew green at {step} %: that has a chance of {chance}", drawn.len());
    }
}

/// How likely a draw is that is at least as far off as this one, by the binomial distribution.
fn chance_of(hits: usize, draws: usize, percent: u64) -> f64 {
    let share = f64::from(u32::try_from(percent).expect("small")) / 100.0;
    let mut probability = vec![1.0];
    for _ in 0..draws {
        let mut next = vec![0.0; probability.len() + 1];
        for (count, chance) in probability.iter().enumerate() {
            next[count] += chance * (1.0 - share);
            next[count + 1] += chance * share;
        }
        probability = next;
    }
    probability.iter().filter(|chance| **chance <= probability[hits] * 1.000_001).sum()
}

#[test]
fn a_swap_that_is_killed_at_each_step_goes_on() {
    let cloud = LocalCloud::deployed();
    video::make(&cloud.path().join("clip.mp4"), 1);
    cloud.edit("local", |text| text.replace("verified_jobs = 2", "steps = [100]\nverified_jobs = 2"));
    let swap = ["swap", "--env", "local", "--yes"];
    let keys = while_videos_come(&cloud, || {
        for phase in PHASES {
            cloud.start(&swap).kill_when_it_says(&format!("{phase}:"));
        }
        let last = cloud.run(&swap).success();
        assert!(last.stderr.contains("green is live, blue idles"), "{last}");
    });
    assert_eq!(shares(&cloud), ("green".to_owned(), 0, 100));
    assert_eq!(cloud.workers(), ["green-1"]);
    none_is_lost_and_none_doubled(&cloud, &keys);

    // Back again, killed at each step: both colours are of the version that they were of.
    for phase in ["restoring", "reverting", "emptying", "cooling"] {
        cloud.start(&["swap", "--back", "--env", "local", "--yes"]).kill_when_it_says(&format!("{phase}:"));
    }
    cloud.run(&["swap", "--back", "--env", "local", "--yes"]).success();
    assert_eq!(shares(&cloud), ("blue".to_owned(), 100, 0));
    assert_eq!(cloud.workers(), ["blue-1"]);
    cloud.run(&["submit", "clip.mp4", "--key", "after.mp4", "--env", "local", "--wait"]).success();
}

#[test]
fn an_alarm_during_a_bake_returns_all_work_to_the_old_colour() {
    let cloud = LocalCloud::deployed();
    video::make(&cloud.path().join("clip.mp4"), 1);
    cloud.edit("local", |text| text.replace("verified_jobs = 2", "steps = [50, 100]\nverified_jobs = 1000"));
    let alarms = cloud.output("fleet-green", "Alarms");
    let alarm = alarms.split(',').next().and_then(|arn| arn.split_once(":alarm:")).expect("an alarm").1.to_owned();
    let emulator_url = cloud.emulator_url();
    let mut ended = None;
    let keys = while_videos_come(&cloud, || {
        let swap = cloud.start(&["swap", "--env", "local", "--yes"]);
        swap.wait_until_it_says("1 of 1000 jobs verified on green");
        let refused = cloud.run(&["deploy", "--env", "local", "--yes"]);
        assert!(refused.code == Some(1) && refused.stderr.contains("`swap` by"), "someone swaps: {refused}");
        set_alarm(&emulator_url, &alarm, "ALARM");
        ended = Some(swap.finish());
    });
    let ended = ended.expect("it ran");
    assert_eq!(ended.code, Some(1), "{ended}");
    assert!(
        ended.stderr.contains(&format!("error: returned to blue, because alarm {alarm} of green rings")),
        "{ended}"
    );
    assert_eq!(shares(&cloud), ("blue".to_owned(), 100, 0));
    assert_eq!(cloud.workers(), ["blue-1"]);
    let jobs = none_is_lost_and_none_doubled(&cloud, &keys);
    assert!(jobs.iter().any(|job| job["colour"] == "green"), "green had some, and finished them");

    let again = cloud.run(&["swap", "--env", "local", "--yes"]);
    assert!(again.code == Some(1) && again.stderr.contains("rings already"), "{again}");
    set_alarm(&emulator_url, &alarm, "OK");
    cloud.run(&["swap", "--env", "local", "--dry-run"]).success();
}
