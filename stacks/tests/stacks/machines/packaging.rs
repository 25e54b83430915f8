//! The workflow where streams are made: the test is MediaConvert.

use job::{ErrorKind, JobState};
use serde_json::{Value, json};

use super::emulator::{Emulator, until};
use super::system::Answer::{Returns, Throws};
use super::system::{System, upload};
use super::{report, task};
use crate::support::environment;

#[test]
fn streams_are_made_of_what_was_enhanced() {
    let emulator = Emulator::start();
    let system = System::deploy(&emulator, &environment("dev"), &[]);
    every_track_becomes_a_stream(&system);
    a_silent_title_has_a_picture_only(&system);
    what_mediaconvert_cannot_do_is_told(&system);
    tracks_are_not_lost(&system);
}

/// Has a title enhanced that has so many audio and subtitle tracks; returns its job and its execution.
fn enhanced(system: &System<'_>, key: &str, audio: u32, subtitle: u32) -> (String, String) {
    let execution = system.start(&upload(key));
    let task = task(&system.blue);
    let mut report = report(&task.job);
    report["streams"] = json!({ "video": 1, "audio": audio, "subtitle": subtitle });
    system.succeed(&task, &report);
    (task.job, execution)
}

fn every_track_becomes_a_stream(system: &System<'_>) {
    let (job, execution) = enhanced(system, "tracks.mp4", 2, 1);
    let mut request = Value::Null;
    let end = system.answering(&execution, |call, arguments| {
        assert_eq!(call, "mediaconvert:createJob.sync");
        assert_eq!(system.item(&job).state, JobState::Packaging);
        request = arguments.clone();
        Returns(json!({ "Job": { "Status": "COMPLETE" } }))
    });
    assert_eq!(end["status"], "SUCCEEDED", "{end}");

    let input = &request["Settings"]["Inputs"][0];
    assert_eq!(input["FileInput"], format!("s3://enhanced/clip_sr_2x/{}.mp4", &job[..12]));
    let names = |map: &Value| map.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&input["AudioSelectors"]), ["Audio Selector 1", "Audio Selector 2"]);
    assert_eq!(input["AudioSelectors"]["Audio Selector 2"]["Tracks"], json!([2]));
    assert_eq!(names(&input["CaptionSelectors"]), ["Captions Selector 1"]);
    let group = &request["Settings"]["OutputGroups"][0];
    let settings = &group["OutputGroupSettings"]["CmafGroupSettings"];
    assert_eq!(settings["Destination"], format!("s3://storage-deliverybucket/{job}/cmaf/index"));
    assert_eq!(modifiers(group), ["_video", "_audio1", "_audio2", "_subtitles1"]);
    assert_eq!(request["Tags"]["job"], job);
    let token = request["ClientRequestToken"].as_str().unwrap();
    assert!(token.len() <= 64 && token.starts_with(&job), "{token}");

    let item = system.item(&job);
    let package = item.output.unwrap().package.unwrap();
    assert_eq!(package.hls, Some(format!("{job}/cmaf/index.m3u8")));
    assert_eq!(package.dash, Some(format!("{job}/cmaf/index.mpd")));
    assert_eq!(package.url, Some(format!("https://delivery-domain/{job}/cmaf/index.m3u8")));
    let told = until("it is told", || system.told.take());
    assert_eq!(told["package"]["url"], format!("https://delivery-domain/{job}/cmaf/index.m3u8"));
}

fn a_silent_title_has_a_picture_only(system: &System<'_>) {
    let (_, execution) = enhanced(system, "silent.mp4", 0, 0);
    let mut request = Value::Null;
    let end = system.answering(&execution, |_, arguments| {
        request = arguments.clone();
        Returns(json!({ "Job": { "Status": "COMPLETE" } }))
    });
    assert_eq!(end["status"], "SUCCEEDED", "{end}");
    let input = &request["Settings"]["Inputs"][0];
    assert_eq!((&input["AudioSelectors"], &input["CaptionSelectors"]), (&json!({}), &json!({})));
    let group = &request["Settings"]["OutputGroups"][0];
    assert_eq!(modifiers(group), ["_video"]);
    // What names a group of audio tracks must have one.
    assert_eq!(group["Outputs"][0]["ContainerSettings"]["CmfcSettings"], json!({}));
    until("it is told", || system.told.take());
}

fn what_mediaconvert_cannot_do_is_told(system: &System<'_>) {
    let (job, execution) = enhanced(system, "broken.mp4", 1, 0);
    let mut tries = 0;
    let end = system.answering(&execution, |_, _| {
        tries += 1;
        Throws("States.TaskFailed")
    });
    assert_eq!((&end["status"], tries), (&json!("FAILED"), 2));
    let item = system.item(&job);
    assert_eq!(item.state, JobState::Failed);
    let error = item.error.unwrap();
    assert_eq!((error.kind, error.message.as_str()), (ErrorKind::Internal, "MediaConvert: 1040: no picture"));
    until("it is told", || system.told.take());
}

fn tracks_are_not_lost(system: &System<'_>) {
    let (job, execution) = enhanced(system, "many.mp4", 17, 0);
    assert_eq!(system.end_of(&execution)["status"], "FAILED");
    let message = system.item(&job).error.unwrap().message;
    assert!(message.contains("the title has 17 audio tracks, and no more than 16 can be packaged"), "{message}");
    until("it is told", || system.told.take());
}

/// What the files of each output of a group are called.
fn modifiers(group: &Value) -> Vec<&str> {
    group["Outputs"].as_array().unwrap().iter().map(|output| output["NameModifier"].as_str().unwrap()).collect()
}
