//! Agents as on an instance: what the instance and its group say to each other, drains, and metrics.

use std::path::Path;

use super::cloud::{Halted, LocalCloud, kill, terminate};
use super::front::{Front, INSTANCE, metric_sum};
use super::video;
use crate::harness::Running;

/// Starts an agent of the blue fleet.
fn agent(cloud: &LocalCloud, endpoint_url: &str, name: &str, more: &[&str]) -> Running {
    let queue = cloud.output("fleet-blue", "TaskQueue");
    let table = cloud.output("storage", "JobTable");
    let work = cloud.path().join("work");
    let arguments = [
        "agent",
        "--queue",
        &queue,
        "--table",
        &table,
        "--work-folder",
        work.to_str().expect("a text"),
        "--colour",
        "blue",
        "--name",
        name,
        "--region",
        "ap-northeast-2",
        "--endpoint-url",
        endpoint_url,
        "--visibility-seconds",
        "15",
        "--renewal-seconds",
        "4",
        "--poll-seconds",
        "0",
        "--app",
        "baleen",
        "--environment",
        "local",
    ];
    cloud.start(&[&arguments, more].concat())
}

fn in_group(cloud: &LocalCloud, front: &Front) -> Running {
    agent(cloud, &front.endpoint_url, "i-1", &["--fleet", "auto-scaling", "--protect-after-seconds", "1"])
}

fn protection(protected: bool) -> String {
    format!(
        "AutoScalingGroupName=baleen-local-blue&InstanceIds.member.1={INSTANCE}&ProtectedFromScaleIn={protected}\
         &Action=SetInstanceProtection&Version=2011-01-01"
    )
}

fn farewell() -> String {
    format!(
        "AutoScalingGroupName=baleen-local-blue&LifecycleHookName=farewell&InstanceId={INSTANCE}\
         &LifecycleActionResult=CONTINUE&Action=CompleteLifecycleAction&Version=2011-01-01"
    )
}

#[test]
fn an_instance_that_is_terminated_gives_its_task_to_another_one() {
    let cloud = LocalCloud::deployed();
    // One that is gone would be started anew.
    let _worker = Halted::new(cloud.worker());
    let emulator_url = cloud.emulator_url();
    let front = Front::of(&emulator_url);
    video::make_long(&cloud.path().join("long.mp4"));
    cloud.run(&["submit", "long.mp4", "--env", "local"]).success();

    // One that is killed ends nothing; the next one of the instance does.
    let killed = in_group(&cloud, &front);
    killed.wait_until_it_says("protected this instance from scale-in");
    assert_eq!(front.told(), [protection(true)]);
    kill(killed.pid());
    killed.finish();

    let next = in_group(&cloud, &front);
    next.wait_until_it_says("protected this instance from scale-in");
    assert!(!cloud.processes().is_empty());
    front.say("autoscaling/target-lifecycle-state", "Terminated");
    next.wait_until_it_says("the group may terminate this instance now");
    assert_eq!(cloud.processes(), Vec::<String>::new(), "first the task, then the instance");
    assert_eq!(front.told(), [protection(true), protection(true), farewell()]);
    cloud.wait_for_job("long.mp4", |job| job["attempt"] == 1);
    assert_eq!(metric_sum(&emulator_url, "TasksReleased"), "0", "not yet");
    terminate(next.pid());
    let output = next.finish().success();
    assert!(output.stderr.contains("idle; takes no further task: the instance goes"), "{output}");
    assert_eq!(metric_sum(&emulator_url, "TasksReleased"), "1", "{output}");

    // Another one has it at once; its attempt is the second, after that of the one that was killed.
    let another = agent(&cloud, &emulator_url, "i-2", &[]);
    cloud.wait_for_job("long.mp4", |job| job["state"] == "done" && job["attempt"] == 2);
    terminate(another.pid());
    another.finish().success();
    assert_eq!(metric_sum(&emulator_url, "TasksSucceeded"), "1");
    assert_eq!(metric_sum(&emulator_url, "FramesEnhanced"), "500");
    assert_eq!(front.told().len(), 3, "an agent in no group tells none anything");
}

#[test]
fn a_drained_agent_finishes_takes_nothing_and_works_on_when_it_is_over() {
    let cloud = LocalCloud::deployed();
    // One that is gone would be started anew.
    let _worker = Halted::new(cloud.worker());
    let drain = cloud.path().join("drain");
    let options = ["--drain-file", drain.to_str().expect("a text")];
    let running = agent(&cloud, &cloud.emulator_url(), "i-1", &options);
    let submit = |key: &str| {
        let path = cloud.path().join(key);
        if !path.exists() {
            video::make(&path, 2);
        }
        cloud.run(&["submit", key, "--env", "local"]).success();
    };
    video::make_long(&cloud.path().join("held.mp4"));
    submit("held.mp4");
    running.wait_until_it_says("attempt 1");
    // As the drain command does: again and again.
    let draining = Draining::begin(&drain);
    submit("waits.mp4");
    running.wait_until_it_says("idle; takes no further task: it is drained");
    let held = cloud.wait_for_job("held.mp4", |job| job["state"] == "done");
    assert_eq!(held["attempt"], 1, "what is held is finished");
    let waits = cloud.wait_for_job("waits.mp4", |_| true);
    assert_eq!((waits["state"].as_str(), waits["attempt"].as_u64()), (Some("enhancing"), Some(0)), "{waits}");
    draining.end();
    cloud.wait_for_job("waits.mp4", |job| job["state"] == "done");
    terminate(running.pid());
    let output = running.finish().success();
    assert!(output.stderr.contains("takes tasks again"), "{output}");
}

/// Writes the drain file each second, until told to end.
struct Draining {
    stop: std::sync::mpsc::Sender<()>,
    writer: std::thread::JoinHandle<()>,
}

impl Draining {
    fn begin(file: &Path) -> Self {
        std::fs::write(file, "draining\n").expect("written");
        let file = file.to_owned();
        let (stop, stopped) = std::sync::mpsc::channel();
        let writer = std::thread::spawn(move || {
            let second = std::time::Duration::from_secs(1);
            while stopped.recv_timeout(second).is_err() {
                std::fs::write(&file, "draining\n").expect("written");
            }
            std::fs::remove_file(&file).expect("removed");
        });
        Self { stop, writer }
    }

    fn end(self) {
        self.stop.send(()).expect("it listens");
        self.writer.join().expect("it ends");
    }
}
