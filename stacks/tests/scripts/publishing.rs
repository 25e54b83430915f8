//! The result gets into its bucket once, whatever happens.

use std::fs;

use serde_json::{Value, json};

use crate::instance::{Instance, bluewhale, sample};

/// A job's id.
pub const JOB: &str = "0123456789abcdef0123456789abcdef";

fn instance() -> Instance {
    let instance = Instance::new();
    instance.put("sources", "source", &sample(), &Value::Null);
    instance
}

/// What an object in the result's place says of itself, as the agent writes it too.
pub fn metadata(job: &str, engine: &str) -> Value {
    json!({
        "job": job, "attempt": "1", "sha256": "a".repeat(64), "frames": "10", "width": "128", "height": "96",
        "duration-seconds": "0.4", "streams": "1 2 1", "engine": engine,
    })
}

#[test]
fn the_object_says_what_it_is() {
    let instance = instance();
    let report = instance.run("enhance-bluewhale", &bluewhale([("SSM_Job", JOB), ("SSM_Attempt", "3")])).report();
    let published = instance.bucket("enhanced").remove(0);
    assert_eq!(published["content_type"], "video/mp4");
    assert_eq!(
        published["metadata"],
        json!({
            "sha256": report.sha256, "engine": "bluewhale", "attempt": "3", "frames": "10", "width": "128",
            "height": "96", "duration-seconds": format!("{:.6}", report.duration_seconds), "streams": "1 2 1",
            "job": JOB,
        })
    );
    let body = fs::read(published["body"].as_str().unwrap()).unwrap();
    assert_eq!(report.bytes, body.len() as u64);
    assert_eq!(report.bucket, "enhanced");
}

#[test]
fn only_the_instance_s_role_is_used() {
    let instance = instance();
    instance.run("enhance-bluewhale", &bluewhale([("AWS_SESSION_TOKEN", "x"), ("AWS_PROFILE", "x")])).report();
    let calls = instance.calls();
    let operations: Vec<_> = calls.iter().map(|arguments| arguments[1].as_str()).collect();
    assert_eq!(operations, ["head-object", "get-object", "put-object"]);
}

#[test]
fn what_is_there_is_never_replaced() {
    let other_job = metadata(&JOB.replace('0', "f"), "bluewhale");
    let cases =
        [(json!({}), "536870912"), (json!({}), "5000"), (other_job, "5000"), (metadata(JOB, "walrus"), "536870912")];
    for (metadata, part_bytes) in cases {
        let instance = instance();
        instance.put("enhanced", "result", b"somebody else's", &metadata);
        let variables = bluewhale([("SSM_Job", JOB), ("BALEEN_PART_BYTES", part_bytes)]);
        instance.run("enhance-bluewhale", &variables).failed("internal", "exists, and is not a result of this job");
        assert_eq!(instance.bucket("enhanced").len(), 1);
    }
}

#[test]
fn an_earlier_result_of_the_job_spares_the_work() {
    let instance = instance();
    instance.put("enhanced", "result", b"verified", &metadata(JOB, "bluewhale"));
    let report = instance.run("enhance-bluewhale", &bluewhale([("SSM_Job", JOB)])).report();
    assert_eq!(instance.operations(), ["head-object"]);
    assert_eq!((report.bytes, report.frames, report.width, report.height), (8, 10, 128, 96));
    assert_eq!((report.sha256, report.streams.audio, report.streams.subtitle), ("a".repeat(64), 2, 1));
    assert!((report.duration_seconds - 0.4).abs() < f64::EPSILON);
}

#[test]
fn a_lost_answer_is_no_failure() {
    for job in ["", JOB] {
        let instance = instance();
        // The AWS CLI itself asks again, and hears that there is an object.
        let first =
            instance.run("enhance-bluewhale", &bluewhale([("SSM_Job", job), ("AWS_FAULTS", "put-object:lost")]));
        first.failed("transient", "Connection was closed");
        let second = instance.run("enhance-bluewhale", &bluewhale([("SSM_Job", job)])).report();
        assert_eq!(instance.bucket("enhanced").len(), 1);
        assert_eq!(instance.bucket("enhanced")[0]["metadata"]["sha256"], json!(second.sha256));
    }
}

#[test]
fn a_conflict_starts_the_upload_again() {
    let instance = instance();
    let faults = "put-object:ConditionalRequestConflict:2";
    instance.run("enhance-bluewhale", &bluewhale([("AWS_FAULTS", faults)])).report();
    assert_eq!(instance.operations().iter().filter(|name| *name == "put-object").count(), 3);
    let instance = self::instance();
    let faults = "put-object:ConditionalRequestConflict";
    let ended = instance.run("enhance-bluewhale", &bluewhale([("AWS_FAULTS", faults)]));
    ended.failed("transient", "3 times");
}

#[test]
fn a_large_result_goes_up_in_parts() {
    let instance = instance();
    let report = instance.run("enhance-bluewhale", &bluewhale([("BALEEN_PART_BYTES", "5000")])).report();
    let parts = instance.operations().iter().filter(|name| *name == "upload-part").count();
    assert_eq!(parts as u64, report.bytes.div_ceil(5000));
    assert!(parts > 1);
    let published = instance.bucket("enhanced").remove(0);
    let body = fs::read(published["body"].as_str().unwrap()).unwrap();
    let whole = self::instance();
    whole.run("enhance-bluewhale", &bluewhale([])).report();
    assert_eq!(body, fs::read(whole.bucket("enhanced").remove(0)["body"].as_str().unwrap()).unwrap());
    assert_eq!(published["metadata"]["sha256"], json!(report.sha256));
}

#[test]
fn an_upload_in_parts_that_fails_is_taken_back() {
    for fault in ["upload-part:SlowDown", "complete-multipart-upload:InternalError"] {
        let instance = instance();
        let variables = bluewhale([("BALEEN_PART_BYTES", "5000"), ("AWS_FAULTS", fault)]);
        instance.run("enhance-bluewhale", &variables).failed("transient", "uploading");
        assert!(instance.stand_in("aborted").exists());
        assert_eq!(instance.bucket("enhanced"), [] as [Value; 0]);
    }
}
