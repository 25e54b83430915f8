//! The DSL's promises that the compiler keeps.
//!
//! Each file under `must_not_compile/` breaks promises; a line that must be refused ends with `//~` and the compiler's
//! error code. Codes and lines are compared, never the compiler's words. `compiles.rs` holds the right form of each:
//! it proves that the wrong ones fail for what they say and not for something else.

#![expect(clippy::disallowed_methods, reason = "the cases are files; the crate itself does no I/O")]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use serde_json::Value;

/// File, line, error code.
type Refusal = (String, u64, String);

#[test]
fn broken_promises_are_refused() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/must_not_compile");
    let expected = expected_refusals(&cases);
    assert!(expected.len() > 5, "the cases are there: {expected:?}");
    assert_eq!(actual_refusals(&cases), expected);
}

fn expected_refusals(cases: &Path) -> BTreeSet<Refusal> {
    let mut expected = BTreeSet::new();
    for file in files(cases) {
        let text = fs::read_to_string(&file).expect("a case can be read");
        for (line, number) in text.lines().zip(1..) {
            if let Some((_, code)) = line.split_once("//~ ") {
                expected.insert((name(&file), number, code.trim().to_owned()));
            }
        }
    }
    expected
}

fn actual_refusals(cases: &Path) -> BTreeSet<Refusal> {
    let package = Path::new(env!("CARGO_TARGET_TMPDIR")).join("must-not-compile");
    let output = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["check", "--offline", "--keep-going", "--quiet", "--message-format=json", "--manifest-path"])
        .arg(write_package(&package, cases))
        .env("CARGO_TARGET_DIR", package.join("target"))
        .env_remove("RUSTFLAGS")
        .output()
        .expect("cargo runs");
    let messages = String::from_utf8_lossy(&output.stdout);
    let mut checked = BTreeSet::new();
    let mut actual = BTreeSet::new();
    for message in messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()) {
        let target = message["target"]["name"].as_str().unwrap_or_default().to_owned();
        if message["reason"] == "compiler-artifact" {
            checked.insert(target);
        } else if message["message"]["level"] == "error"
            && let Some(code) = message["message"]["code"]["code"].as_str()
        {
            actual.insert((target, line_in_case(&message["message"]), code.to_owned()));
        }
    }
    let why = String::from_utf8_lossy(&output.stderr);
    assert!(checked.contains("compiles"), "what is right compiles; else nothing is proved:\n{messages}\n{why}");
    actual
}

/// The line of the case that the error is about: where the outermost macro was called.
fn line_in_case(message: &Value) -> u64 {
    let spans = message["spans"].as_array().into_iter().flatten();
    let primary = spans.filter(|span| span["is_primary"] == true).map(|span| {
        let mut outermost = span;
        while outermost["expansion"].is_object() {
            outermost = &outermost["expansion"]["span"];
        }
        outermost["line_start"].as_u64().unwrap_or_default()
    });
    primary.min().unwrap_or_default()
}

/// Writes a package with one program per case, and returns its manifest.
fn write_package(package: &Path, cases: &Path) -> PathBuf {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate has a folder of crates above it");
    let mut manifest = String::from(
        "[package]\nname = \"must-not-compile\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies]\n",
    );
    for dependency in ["documents", "template", "resources"] {
        let _ = writeln!(manifest, "{dependency} = {{ path = '{}' }}", crates.join(dependency).display());
    }
    for file in files(cases) {
        let _ = write!(manifest, "\n[[bin]]\nname = '{}'\npath = '{}'\n", name(&file), file.display());
    }
    fs::create_dir_all(package).expect("the package has a folder");
    // The versions that the workspace has are downloaded already.
    fs::copy(crates.join("../Cargo.lock"), package.join("Cargo.lock")).expect("the workspace has a lock file");
    let path = package.join("Cargo.toml");
    fs::write(&path, manifest).expect("the manifest can be written");
    path
}

fn files(cases: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(cases).expect("there are cases").flatten().map(|entry| entry.path()).collect();
    files.sort();
    files
}

fn name(file: &Path) -> String {
    file.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}
