//! Object keys that would like to be something else.

use serde_json::{Value, json};

use crate::instance::{Instance, base64url, bluewhale, sample};
use crate::publishing::{JOB, metadata};

const HOSTILE: [&str; 22] = [
    "a key with spaces .mp4",
    "it's \"quoted\"\\.mp4",
    "$(touch canary).mp4",
    "`touch canary`.mp4",
    "${IFS}; touch canary; #",
    "' || touch canary || '",
    "a\nb\n\n",
    "\n",
    "tab\tand\rreturn",
    "-rf",
    "--query",
    "--debug=true",
    "../../../etc/passwd",
    "/absolute",
    "folder/",
    "file:///etc/passwd",
    "fileb:///etc/passwd",
    "https://127.0.0.1:1/x",
    "{{ SourceKey }} <%= unit %> %s {}",
    "영화 제목 e\u{301}\u{2028}.mp4",
    "*?[a-z]~!&|<>",
    "\u{1}\u{7f}\\n\\u0041",
];

/// The keys that were given to the AWS CLI itself, and how many came by way of a file. That is gone with the run's
/// folder, but the stand-in has read it.
fn keys(instance: &Instance) -> (Vec<String>, usize) {
    let calls = instance.calls();
    let keys = calls.iter().flatten().filter_map(|argument| argument.strip_prefix("--key="));
    let (files, keys): (Vec<_>, Vec<_>) = keys.map(str::to_owned).partition(|key| key.starts_with("file://"));
    (keys, files.len())
}

#[test]
fn every_source_key_arrives_as_it_is_and_nothing_executes() {
    for hostile in HOSTILE {
        let instance = Instance::new();
        instance.put("sources", hostile, b"no video", &Value::Null);
        let encoded = base64url(hostile);
        // The canary would appear where the script was started, or in its folder, which is gone as a whole.
        let ended = instance.run("enhance-bluewhale", &bluewhale([("SSM_SourceKey", encoded.as_str())]));
        // It was found, and fetched.
        ended.failed("input", "the source is no video that can be opened");
        let expected = if hostile.contains("://") { (vec![], 2) } else { (vec![hostile.to_owned(); 2], 0) };
        assert_eq!(keys(&instance), expected);
    }
}

#[test]
fn every_output_key_arrives_as_it_is_and_nothing_executes() {
    for hostile in HOSTILE {
        let instance = Instance::new();
        instance.put("enhanced", hostile, b"verified", &metadata(JOB, "bluewhale"));
        let encoded = base64url(hostile);
        let variables = bluewhale([("SSM_OutputKey", encoded.as_str()), ("SSM_Job", JOB)]);
        assert_eq!(instance.run("enhance-bluewhale", &variables).report().key, hostile);
        let expected = if hostile.contains("://") { (vec![], 1) } else { (vec![hostile.to_owned()], 0) };
        assert_eq!(keys(&instance), expected);
    }
}

#[test]
fn a_key_of_all_of_them_goes_the_whole_way() {
    for beginning in ["-", "file://"] {
        let source = format!("{beginning}{}\n", HOSTILE.concat().replace('\r', ""));
        let output = format!("{source}_sr_2x/0123456789ab.mp4\n");
        let instance = Instance::new();
        instance.put("sources", &source, &sample(), &Value::Null);
        let (source_key, output_key) = (base64url(&source), base64url(&output));
        let variables = bluewhale([
            ("SSM_SourceKey", source_key.as_str()),
            ("SSM_OutputKey", output_key.as_str()),
            ("BALEEN_PART_BYTES", if beginning == "-" { "5000" } else { "500000" }),
        ]);
        assert_eq!(instance.run("enhance-bluewhale", &variables).report().key, output);
        let published = instance.bucket("enhanced");
        assert_eq!(published.len(), 1);
        assert_eq!(published[0]["key"], json!(output));
        assert_eq!(keys(&instance).0.is_empty(), beginning == "file://");
    }
}

#[test]
fn padding_makes_no_difference() {
    let instance = Instance::new();
    instance.put("sources", "abcd", &sample(), &Value::Null);
    let ended = instance.run("enhance-bluewhale", &bluewhale([("SSM_SourceKey", "YWJjZA==")]));
    assert_eq!(ended.report().frames, 10);
}

#[test]
fn what_is_no_key_is_refused_before_anything_is_called() {
    let long = base64url(&"x".repeat(1025));
    for (encoded, words) in [
        ("", "allowed: base64url"),
        ("a+b/", "allowed: base64url"),
        ("$(id)", "allowed: base64url"),
        ("YWJj\n", "allowed: base64url"),
        ("YWJjZ", "is no base64url"),
        ("_w", "no key"),
        ("YQBi", "a NUL in it"),
        (long.as_str(), "1025 bytes"),
    ] {
        let instance = Instance::new();
        let ended = instance.run("enhance-bluewhale", &bluewhale([("SSM_SourceKey", encoded)]));
        ended.failed("internal", "parameter SourceKey");
        assert!(ended.errors.contains(words), "{encoded:?}: {}", ended.errors);
        assert_eq!(instance.operations(), [] as [String; 0]);
    }
}

#[test]
fn a_key_that_the_cli_would_change_is_refused() {
    let instance = Instance::new();
    let key = base64url("file://a\r\nb");
    let ended = instance.run("enhance-bluewhale", &bluewhale([("SSM_SourceKey", key.as_str())]));
    ended.failed("input", "carriage return");
}
