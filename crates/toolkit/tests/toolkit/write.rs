//! What is written, and what is left alone.

use std::fs;

use serde_json::Value;
use toolkit::{MANIFEST, WriteError, write};

use crate::system::{Variant, assembly};

fn files(folder: &std::path::Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .expect("readable")
        .map(|entry| entry.expect("readable").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn templates_and_manifest_are_written_and_twice_the_same() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("a/b");
    let assembly = assembly(&Variant::default());
    let manifest = write(&assembly, &out).expect("written");
    let names =
        ["bootstrap.template.json", "fleet.template.json", "jobs.template.json", MANIFEST, "storage.template.json"];
    assert_eq!(files(&out), names);
    let first: Vec<_> = names.map(|name| fs::read(out.join(name)).expect("readable")).into();
    write(&assembly, &out).expect("written again");
    assert_eq!(first, names.map(|name| fs::read(out.join(name)).expect("readable")));

    let text = fs::read_to_string(out.join(MANIFEST)).expect("readable");
    let json: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(json["account"], "111122223333");
    assert_eq!(json["stacks"][2]["name"], "fleet");
    assert_eq!(json["stacks"][2]["depends_on"][0], "storage");
    assert_eq!(json["stacks"][2]["parameters"][0]["output"], "SourcesArn");
    assert_eq!(json["stacks"][2]["sha256"].as_str().map(str::len), Some(64));
    assert_eq!(manifest.stacks.len(), 4);
}

#[test]
fn stale_templates_go_and_what_is_not_ours_stays() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut assembly = assembly(&Variant::default());
    write(&assembly, folder.path()).expect("written");
    fs::write(folder.path().join("mine.template.json"), "{}").expect("written");
    assembly.stacks.pop();
    write(&assembly, folder.path()).expect("written");
    let names = files(folder.path());
    assert!(!names.contains(&"jobs.template.json".to_owned()), "{names:?}");
    assert!(names.contains(&"mine.template.json".to_owned()), "{names:?}");
}

#[test]
fn a_foreign_manifest_is_not_overwritten() {
    let folder = tempfile::tempdir().expect("a folder");
    for text in [r#"{"name": "my website"}"#, "hello", r#"{"version":1,"stacks":[{"template":"../x.template.json"}]}"#]
    {
        fs::write(folder.path().join(MANIFEST), text).expect("written");
        let result = write(&assembly(&Variant::default()), folder.path());
        assert!(matches!(result, Err(WriteError::ForeignManifest { .. })), "{text}");
        assert_eq!(files(folder.path()), [MANIFEST]);
    }
}
