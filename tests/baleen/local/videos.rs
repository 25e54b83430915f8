//! Videos on their way.

use std::fs;

use super::cloud::LocalCloud;
use super::video::{self, Video};

#[test]
fn a_video_is_enhanced_once() {
    let cloud = LocalCloud::deployed();
    let clip = cloud.path().join("clip.mp4");
    video::make(&clip, 2);

    let submitted = cloud.json(&["submit", "clip.mp4", "--env", "local", "--output", "enhanced.mp4"]);
    let expected = Video { width: 320, height: 180, frames: 50, sounds: 1 };
    assert_eq!(video::probe(&cloud.path().join("enhanced.mp4")), expected);
    let job = &submitted["item"];
    assert_eq!((job["state"].as_str(), job["attempt"].as_u64()), (Some("done"), Some(1)));
    assert_eq!(job["id"], submitted["job"], "the command line and the workflow compute the same id");
    assert_eq!(job["output"]["bucket"].as_str(), Some(cloud.outputs()["EnhancedBucket"].as_str()));
    let id = job["id"].as_str().expect("a text");
    assert_eq!(job["output"]["key"], format!("clip_sr_2x/{}.mp4", &id[..12]));
    assert_eq!((job["output"]["width"].as_u64(), job["output"]["frames"].as_u64()), (Some(320), Some(50)));

    // The same upload again is the same job: an event that comes twice does nothing.
    let again = cloud.json(&["submit", "clip.mp4", "--env", "local", "--wait"]);
    assert_eq!(again["job"], submitted["job"]);
    // The duplicate's own execution ends, and a job that is submitted after it is done: nothing is on its way any more.
    cloud.run(&["submit", "clip.mp4", "--key", "other.mp4", "--env", "local", "--wait"]).success();
    let jobs = cloud.jobs();
    assert_eq!(jobs.len(), 2, "{jobs:#?}");
    let first = jobs.iter().find(|job| job["id"] == submitted["job"]).expect("there");
    assert_eq!(first, job, "untouched by the duplicate");

    // Another content under the same key is another job.
    video::make(&clip, 1);
    let other = cloud.json(&["submit", "clip.mp4", "--env", "local", "--wait"]);
    assert_ne!(other["job"], submitted["job"]);
    assert_eq!(other["item"]["output"]["frames"].as_u64(), Some(25));
}

#[test]
fn what_would_become_no_job_or_another_is_not_uploaded() {
    let cloud = LocalCloud::deployed();
    video::make(&cloud.path().join("clip.mp4"), 1);
    let submit = || cloud.run(&["submit", "clip.mp4", "--env", "local"]);
    let deployed = fs::read_to_string(cloud.path().join("environments/local.toml")).expect("readable");
    cloud.edit("local", |text| text.replace("quality = 18", "quality = 19"));
    let other = submit();
    assert_eq!(other.code, Some(1), "{other}");
    assert!(other.stderr.contains("the recipe of environment `local` is not the deployed one"), "{other}");

    cloud.edit("local", |_| deployed);
    cloud.run(&["destroy", "jobs", "--env", "local", "--yes"]).success();
    let none = submit();
    assert_eq!(none.code, Some(1), "{none}");
    assert!(none.stderr.contains("stack `jobs` does not exist"), "{none}");
    assert!(![other.stderr, none.stderr].concat().contains("uploaded"), "neither is uploaded");
}

#[test]
fn keys_are_only_names() {
    let cloud = LocalCloud::deployed();
    let clip = cloud.path().join("clip.mp4");
    video::make(&clip, 1);
    let witness = cloud.path().join("executed");
    let command = format!("touch {}", witness.display());
    for key in [
        format!("a b/$({command}) `{command}`; {command} & .mp4"),
        "'single' \"double\" \\ back\\slash.mp4".to_owned(),
        "line\nbreak\ttab.mp4".to_owned(),
        "영화/제목 é 🐋 %20+&=?#.MP4".to_owned(),
        "down/../up.mp4".to_owned(),
        "-i -y {}.mp4".to_owned(),
    ] {
        // With `=`, as a key that begins with a hyphen has to be given.
        let submitted = cloud.json(&["submit", "clip.mp4", &format!("--key={key}"), "--env", "local", "--wait"]);
        assert_eq!(submitted["item"]["state"], "done", "{submitted:#}");
        assert_eq!(submitted["item"]["source"]["key"].as_str(), Some(key.as_str()));
        assert!(!witness.exists(), "{key:?} was executed");
    }
}

#[test]
fn a_bad_video_fails_with_its_reason() {
    let cloud = LocalCloud::deployed();
    let file = |name: &str, bytes: &[u8]| fs::write(cloud.path().join(name), bytes).expect("written");
    let good = cloud.path().join("good.mp4");
    video::make(&good, 2);
    let bytes = fs::read(&good).expect("readable");
    file("empty.mp4", b"");
    file("disguised.mp4", b"ffconcat version 1.0\nfile '/etc/passwd'\n");
    file("noise.mp4", &vec![7; 50_000]);
    file("truncated.mp4", &bytes[..bytes.len() / 2]);
    video::make_sound_only(&cloud.path().join("sound.mp4"));

    for name in ["empty.mp4", "disguised.mp4", "noise.mp4", "truncated.mp4", "sound.mp4"] {
        let output = cloud.run(&["submit", name, "--env", "local", "--wait"]);
        assert_eq!(output.code, Some(5), "{output}");
        assert!(output.stderr.contains(": input: "), "{output}");
        let job = cloud.wait_for_job(name, |_| true);
        assert!(
            output.stderr.contains(&format!("error: job {} failed: input: ", job["id"].as_str().unwrap_or_default())),
            "{output}"
        );
        assert_eq!((job["state"].as_str(), job["error"]["kind"].as_str()), (Some("failed"), Some("input")), "{job:#}");
        let id = job["id"].as_str().expect("a text");
        let shown = cloud.run(&["jobs", &id[..8], "--env", "local"]).success();
        let reason = job["error"]["message"].as_str().expect("a reason");
        assert!(!reason.is_empty() && shown.stdout.contains(reason), "{shown}");
    }
    // And it does not stop the good ones.
    cloud.run(&["submit", "good.mp4", "--env", "local", "--wait"]).success();
}
