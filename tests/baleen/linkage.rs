//! The offline tool links no AWS SDK.

use std::process::Command;

use crate::harness::repository;

/// Lists the packages that are linked into the tool.
fn packages(arguments: &[&str]) -> Vec<String> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["tree", "--package", "baleen", "--edges", "normal,build", "--prefix", "none", "--locked"]);
    let output = cargo.args(arguments).current_dir(repository()).output().expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    text.lines().filter_map(|line| Some(line.split_whitespace().next()?.to_owned())).collect()
}

#[test]
fn without_default_features_no_crate_of_the_sdk_is_linked() {
    let is_of_sdk = |package: &String| package == "aws" || package.starts_with("aws-");
    let offline = packages(&["--no-default-features"]);
    assert!(offline.contains(&"toolkit".to_owned()), "{offline:?}");
    let found: Vec<_> = offline.iter().filter(|package| is_of_sdk(package)).collect();
    assert!(found.is_empty(), "{found:?}");
    assert!(packages(&[]).iter().any(|package| package == "aws-sdk-cloudformation"), "the test can tell");
}
