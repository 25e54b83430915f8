//! Runs that are stopped in the middle, and runs that meet.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::instance::{Instance, bluewhale, sample, wait_until};

fn instance() -> Instance {
    let instance = Instance::new();
    instance.put("sources", "source", &sample(), &Value::Null);
    instance
}

#[test]
fn a_run_that_is_asked_to_stop_leaves_nothing_behind() {
    for name in ["TERM", "INT", "HUP"] {
        let instance = instance();
        let running = instance.start("enhance-bluewhale", &bluewhale([("FFMPEG_FAULT", "hang")]));
        let hanging = instance.stand_in("hanging");
        wait_until(|| hanging.exists());
        assert_eq!(instance.left_behind().len(), 1, "it works in a folder of its own");
        running.signal(name);

        running.ended().failed("interrupted", "asked to stop");

        instance.assert_clean();
        let engine = fs::read_to_string(hanging).unwrap();
        assert!(!Path::new("/proc").join(engine).exists(), "the engine went with it");
        assert_eq!(instance.bucket("enhanced"), [] as [Value; 0]);
    }
}

#[test]
fn a_download_that_is_stopped_leaves_nothing_behind() {
    let instance = instance();
    let running = instance.start("enhance-bluewhale", &bluewhale([("AWS_FAULTS", "get-object:hang")]));
    wait_until(|| instance.stand_in("hanging").exists());
    running.signal("TERM");
    running.ended().failed("interrupted", "asked to stop");
    instance.assert_clean();
}

/// The SSM agent ends a command by SIGKILL, which leaves no time for anything.
#[test]
fn what_a_killed_run_has_left_is_removed_by_the_next() {
    let instance = instance();
    let running = instance.start("enhance-bluewhale", &bluewhale([("FFMPEG_FAULT", "hang")]));
    wait_until(|| instance.stand_in("hanging").exists());
    running.signal_group("KILL");
    assert_eq!(running.ended().code, None);
    assert_eq!(instance.left_behind().len(), 1);

    instance.run("enhance-bluewhale", &bluewhale([])).report();

    assert_eq!(instance.left_behind(), [] as [String; 0]);
}

#[test]
fn two_runs_never_share_a_gpu() {
    let instance = instance();
    let first = instance.start("enhance-bluewhale", &bluewhale([("FFMPEG_FAULT", "gate")]));
    wait_until(|| instance.stand_in("hanging").exists());
    let key = crate::instance::base64url("second");
    let second = instance.start("enhance-bluewhale", &bluewhale([("FFMPEG_FAULT", "gate"), ("SSM_OutputKey", &key)]));
    // The second has begun, and neither removes the first one's folder nor gets beyond the lock.
    wait_until(|| instance.left_behind().len() == 2);
    fs::write(instance.stand_in("open"), "").unwrap();

    first.ended().report();
    let second = second.ended();

    assert_eq!(second.report().key, "second");
    assert!(!instance.stand_in("overlap").exists());
    instance.assert_clean();
}

#[test]
fn a_run_does_not_wait_for_ever() {
    let instance = instance();
    let first = instance.start("enhance-bluewhale", &bluewhale([("FFMPEG_FAULT", "gate")]));
    wait_until(|| instance.stand_in("hanging").exists());

    let second = instance.start("enhance-bluewhale", &bluewhale([("BALEEN_GPU_PATIENCE", "0")])).ended();

    second.failed("resource", "another run has gpu-0");
    fs::write(instance.stand_in("open"), "").unwrap();
    first.ended().report();
    instance.assert_clean();
}

#[test]
fn runs_share_an_instance_with_several_gpus() {
    let instance = instance();
    let gpus = ("GPUS", "0\n1");
    let first = instance.start("enhance-bluewhale", &bluewhale([("FFMPEG_FAULT", "gate"), gpus]));
    wait_until(|| instance.stand_in("hanging").exists());
    let key = crate::instance::base64url("second");

    let second = instance.start("enhance-bluewhale", &bluewhale([("SSM_OutputKey", key.as_str()), gpus]));

    assert_eq!(second.ended().report().key, "second");
    let environment = fs::read_to_string(instance.stand_in("environment")).unwrap();
    assert!(environment.contains("\0CUDA_VISIBLE_DEVICES=1\0"), "{environment}");
    fs::write(instance.stand_in("open"), "").unwrap();
    first.ended().report();
    instance.assert_clean();
}
