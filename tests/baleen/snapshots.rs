//! The templates of every environment, byte by byte: what a reviewer reads.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::harness::{Checkout, repository};

/// Environments that are there to be tested only, and the stacks of them that nobody deploys, and reviewers read
/// nevertheless. The others would repeat what dev and prod show; `snapshots/README.md` says what each is kept for.
const TEST_ONLY: [(&str, &[&str]); 5] = [
    ("existing-network", &["identity", "network"]),
    // What the last of them imports is exported by the others.
    ("exports", &["bootstrap", "fleet-blue", "identity", "keys", "notifications", "storage"]),
    ("instance", &["fleet-blue", "network"]),
    ("run-command", &["fleet-blue", "jobs"]),
    ("spot-fleet", &["fleet-blue", "keys", "network"]),
];

/// Where environments are that are there to be tested only.
fn test_only() -> PathBuf {
    repository().join("stacks/tests/environments")
}

/// A checkout in which every environment can be synthesized.
fn checkout() -> Checkout {
    let checkout = Checkout::new();
    for (environment, _) in TEST_ONLY {
        let file = format!("{environment}.toml");
        fs::copy(test_only().join(&file), checkout.path().join("environments").join(&file)).expect("copied");
    }
    checkout
}

/// Synthesizes an environment, and returns the files of its snapshot.
fn synthesize(checkout: &Checkout, environment: &str, out: &str) -> BTreeMap<String, Vec<u8>> {
    checkout.run(&["synth", "--env", environment, "--out", out]).success();
    let stacks = TEST_ONLY.iter().find(|(name, _)| *name == environment).map(|(_, stacks)| *stacks);
    let mut files = BTreeMap::new();
    for (file, bytes) in read(&checkout.path().join(out)) {
        let Some(stack) = file.strip_suffix(".template.json") else { continue };
        if stacks.is_none_or(|stacks| stacks.contains(&stack)) {
            files.insert(format!("{stack}.json"), bytes);
        }
    }
    assert!(stacks.is_none_or(|stacks| stacks.len() == files.len()), "{environment} lacks one of {stacks:?}");
    files
}

fn read(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let Ok(entries) = fs::read_dir(folder) else { return BTreeMap::new() };
    let paths = entries.map(|entry| entry.expect("readable").path());
    let file = |path: &Path| path.file_name().expect("a name").to_string_lossy().into_owned();
    paths.map(|path| (file(&path), fs::read(&path).expect("readable"))).collect()
}

fn environments() -> Vec<String> {
    let deployed = stacks::environment::names(&repository().join("environments")).expect("readable");
    deployed.into_iter().chain(TEST_ONLY.map(|(environment, _)| environment.to_owned())).collect()
}

#[test]
fn templates_are_as_they_were_reviewed() {
    let checkout = checkout();
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
        let known = known.contains(&name) || name.starts_with('.') || name == "README.md";
        assert!(known, "snapshots/{name} is of no environment; remove it");
    }
}

#[test]
fn every_environment_for_tests_has_its_snapshots() {
    let there = stacks::environment::names(&test_only()).expect("readable");
    assert_eq!(there, TEST_ONLY.map(|(environment, _)| environment));
    let said = fs::read_to_string(repository().join("snapshots/README.md")).expect("readable");
    for (environment, stacks) in TEST_ONLY {
        let row = said.lines().find(|line| line.starts_with(&format!("| `{environment}` |")));
        let row = row.unwrap_or_else(|| panic!("snapshots/README.md does not say what `{environment}` is kept for"));
        let named: Vec<_> = row.rsplit_once(" | ").expect("a cell").1.split('`').skip(1).step_by(2).collect();
        assert_eq!(named, stacks, "{environment}");
    }
}

#[test]
fn twice_gives_the_same_bytes() {
    let (one, two) = (checkout(), checkout());
    for environment in environments() {
        assert_eq!(
            synthesize(&one, &environment, &environment),
            synthesize(&two, &environment, &format!("other-{environment}")),
            "in another folder, by another process"
        );
    }
}
