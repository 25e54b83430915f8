//! What reviewers read, written anew: the templates, the environments' schema, and what the command line says.

use std::path::Path;
use std::process::Command;

use crate::process::{self, works};

pub fn run(root: &Path) -> anyhow::Result<()> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let cargo = || {
        let mut command = Command::new(&cargo);
        command.current_dir(root);
        command
    };
    let mut tests = cargo();
    tests.env("UPDATE_SNAPSHOTS", "1").env("INSTA_UPDATE", "new").env("INSTA_FORCE_PASS", "1");
    process::run(tests.args([
        "test",
        "--quiet",
        "--test",
        "baleen",
        "--",
        "cli::",
        "environment_files::",
        "help::",
        "snapshots::",
    ]))?;
    if works("cargo", &["insta", "--version"]) {
        process::run(cargo().args(["insta", "accept"]))?;
    } else {
        eprintln!("what the command line says is accepted by `cargo insta review` (`cargo install cargo-insta`)");
    }
    eprintln!("read the changes: git diff snapshots environments tests");
    Ok(())
}
