//! Checks template files together, and writes the findings as lines of JSON; then says how long it took:
//! `cargo run --release -p check --example findings -- FILE…`

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "an example speaks to whoever runs it")]
#![expect(clippy::disallowed_types, reason = "the crate is pure, its measurement is not")]

use std::time::Instant;

use check::{Surroundings, Template, check_within, syntax};
use serde_json::json;

fn main() -> std::io::Result<()> {
    let started = Instant::now();
    let mut documents = Vec::new();
    let mut findings = Vec::new();
    for path in std::env::args().skip(1) {
        let bytes = std::fs::read(&path)?;
        match tree::decode(&bytes).and_then(tree::read) {
            Ok(document) => documents.push((path, document)),
            Err(error) => findings.push(syntax(&path, &error)),
        }
    }
    let reading = started.elapsed();
    let started = Instant::now();
    let templates: Vec<_> =
        documents.iter().map(|(path, document)| Template { name: path, tree: &document.tree }).collect();
    let remarks = documents.iter().map(|(path, document)| (path.as_str(), document.remarks.as_slice()));
    let surroundings = Surroundings { remarks: remarks.collect(), ..Surroundings::default() };
    findings.extend(check_within(&templates, &surroundings));
    let checking = started.elapsed();
    for finding in findings {
        let line = finding.origin.position().map(|(line, _)| line);
        println!(
            "{}",
            json!({
                "file": finding.template, "line": line, "rule": finding.rule, "severity": finding.severity,
                "path": finding.path.to_string(), "message": finding.message,
            })
        );
    }
    eprintln!("reading {reading:?}, checking {checking:?}");
    Ok(())
}
