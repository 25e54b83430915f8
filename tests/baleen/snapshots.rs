//! The templates of every environment, byte by byte: what a reviewer reads.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::harness::{Checkout, repository};

/// Synthesizes an environment, and returns the files of its snapshot.
fn synthesize(checkout: &Checkout, environment: &str, out: &str) -> BTreeMap<String, Vec<u8>> {
    checkout.run(&["synth", "--env", environment, "--out", out]).success();
    let files = read(&checkout.path().join(out));
    let name = |file: &str| file.replace(".template.json", ".json");
    files.into_iter().filter(|(file, _)| file != "manifest.json").map(|(file, bytes)| (name(&file), bytes)).collect()
}

fn read(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let Ok(entries) = fs::read_dir(folder) else { return BTreeMap::new() };
    let paths = entries.map(|entry| entry.expect("readable").path());
    let file = |path: &Path| path.file_name().expect("a name").to_string_lossy().into_owned();
    paths.map(|path| (file(&path), fs::read(&path).expect("readable"))).collect()
}

fn environments() -> Vec<String> {
    stacks::environment::names(&repository().join("environments")).expect("readable")
}

#[test]
fn templates_are_as_they_were_reviewed() {
    let checkout = Checkout::new();
    let mut differing = Vec::new();
    for environment in environments() {
        let folder = repository().join("snapshots").join(&environment);
        let (synthesized, reviewed) = (synthesize(&checkout, &environment, &environment), read(&folder));
        if synthesized == reviewed {
            continue;
        }
        if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
            write(&folder, &synthesized, &reviewed);
            continue;
        }
        let names = synthesized.keys().chain(reviewed.keys());
        let names = names.filter(|name| synthesized.get(*name) != reviewed.get(*name));
        differing.extend(names.map(|name| format!("snapshots/{environment}/{name}")));
    }
    differing.sort();
    differing.dedup();
    assert!(
        differing.is_empty(),
        "these templates are not as they were reviewed: {}\nif they are meant to be so, write them with \
         `cargo xtask snapshots`, and read their diff",
        differing.join(", ")
    );
}

fn write(folder: &Path, synthesized: &BTreeMap<String, Vec<u8>>, reviewed: &BTreeMap<String, Vec<u8>>) {
    fs::create_dir_all(folder).expect("created");
    for (name, bytes) in synthesized {
        fs::write(folder.join(name), bytes).expect("written");
    }
    for name in reviewed.keys().filter(|name| !synthesized.contains_key(*name)) {
        fs::remove_file(folder.join(name)).expect("removed");
    }
}

#[test]
fn snapshots_are_of_environments_that_there_are() {
    let known = environments();
    for entry in fs::read_dir(repository().join("snapshots")).expect("readable") {
        let name = entry.expect("readable").file_name().to_string_lossy().into_owned();
        assert!(known.contains(&name) || name.starts_with('.'), "snapshots/{name} is of no environment; remove it");
    }
}

#[test]
fn twice_gives_the_same_bytes() {
    let (one, two) = (Checkout::new(), Checkout::new());
    for environment in environments() {
        assert_eq!(
            synthesize(&one, &environment, &environment),
            synthesize(&two, &environment, &format!("other-{environment}")),
            "in another folder, by another process"
        );
    }
}
