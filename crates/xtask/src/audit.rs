//! What reviewers' tools find in the templates, compared with what is known and accepted.
//!
//! The lists in `tests/audit/` name every finding that stays, with the reason why it does. A finding that they do not
//! name fails, and so does a name that nothing is found for: the lists themselves are compared, not their lengths.

mod accepted;
mod finding;
mod literals;
mod policies;
mod tools;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::Path;
use std::thread;

use anyhow::{Context, anyhow, bail};

use crate::setup;
use accepted::Comparison;
use tools::Templates;

/// Runs cfn-lint, checkov and parliament on every template, and compares what they find with `tests/audit/`.
#[derive(Default, clap::Args)]
pub struct Arguments {
    /// Prints entries for `tests/audit/` that accept what is new, once their reasons are written.
    #[arg(long)]
    accept: bool,
}

pub fn run(root: &Path, arguments: &Arguments) -> anyhow::Result<()> {
    let templates = templates(root)?;
    let (accepted, faults) = accepted::read(root)?;
    let findings = audit(root, &templates)?;
    let comparison = accepted::compare(&findings, &accepted);
    if arguments.accept {
        let stacks = |(environment, stacks): (&String, &BTreeMap<String, _>)| {
            stacks.keys().map(|stack| (environment.clone(), stack.clone())).collect::<Vec<_>>()
        };
        let stacks: BTreeSet<_> = templates.iter().flat_map(stacks).collect();
        std::io::stdout().write_all(accepted::stubs(&comparison.new, &stacks).as_bytes())?;
        return Ok(());
    }
    report(&comparison, &faults)?;
    eprintln!("audit: {} findings, each accepted with its reason in {}", findings.len(), accepted::FOLDER);
    Ok(())
}

fn templates(root: &Path) -> anyhow::Result<Templates> {
    let mut templates = Templates::new();
    let read = |path: &Path| -> anyhow::Result<_> {
        let text = std::fs::read_to_string(path)?;
        Ok(serde_json::from_str(&text)?)
    };
    for environment in std::fs::read_dir(root.join("snapshots")).context("cannot read the folder `snapshots`")? {
        let environment = environment?;
        if !environment.file_type()?.is_dir() {
            continue;
        }
        let stacks = templates.entry(environment.file_name().to_string_lossy().into_owned()).or_default();
        for file in std::fs::read_dir(environment.path())? {
            let file = file?.path();
            let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            if file.extension().is_some_and(|extension| extension == "json") && name != "manifest" {
                let template = read(&file).with_context(|| format!("cannot read {}", file.display()))?;
                stacks.insert(name, template);
            }
        }
    }
    templates.retain(|_, stacks| !stacks.is_empty());
    if templates.is_empty() {
        bail!("there are no templates under snapshots/; write them with `cargo xtask snapshots`");
    }
    Ok(templates)
}

/// Runs the three tools at once.
fn audit(root: &Path, templates: &Templates) -> anyhow::Result<finding::Findings> {
    let linters = setup::tools(root)?;
    let auditors = setup::auditors(root)?;
    let stacks: usize = templates.values().map(BTreeMap::len).sum();
    eprintln!("cfn-lint, checkov, parliament: {stacks} templates of {} environments", templates.len());
    let results = thread::scope(|scope| {
        let threads = [
            scope.spawn(|| tools::checkov(root, &auditors)),
            scope.spawn(|| tools::cfn_lint(root, &linters, templates)),
            scope.spawn(|| tools::parliament(&auditors, templates)),
        ];
        threads.map(|thread| thread.join().unwrap_or_else(|_| Err(anyhow!("a tool's thread panicked"))))
    });
    let mut findings = finding::Findings::new();
    for result in results {
        findings.extend(result?);
    }
    Ok(findings)
}

fn report(comparison: &Comparison<'_>, faults: &[String]) -> anyhow::Result<()> {
    let Comparison { new, stale, twice } = comparison;
    for (finding, message) in new {
        eprintln!("new: {finding} ({message})");
    }
    for accepted in stale {
        eprintln!("stale: {} is accepted in {}, but no longer found", accepted.finding, accepted.file);
    }
    for (finding, [first, second]) in twice {
        eprintln!(
            "twice: {finding} is accepted as `{}` in {} and as `{}` in {}",
            first.finding.place, first.file, second.finding.place, second.file
        );
    }
    for fault in faults {
        eprintln!("fault: {fault}");
    }
    let mut wrong = Vec::new();
    let mut remedies = Vec::new();
    if !new.is_empty() {
        wrong.push(format!("new findings: {}", new.len()));
        remedies.push(format!(
            "hint: mend the stack; or, where it is right as it is, accept the finding in {} with the reason why: \
             `cargo xtask audit --accept` prints the entries to complete",
            accepted::FOLDER
        ));
    }
    if !stale.is_empty() {
        wrong.push(format!("accepted, but gone: {}", stale.len()));
        remedies.push(format!("hint: remove what is gone from {}", accepted::FOLDER));
    }
    if !twice.is_empty() {
        wrong.push(format!("accepted twice: {}", twice.len()));
    }
    if !faults.is_empty() {
        wrong.push(format!("faults in {}: {}", accepted::FOLDER, faults.len()));
    }
    if wrong.is_empty() {
        return Ok(());
    }
    bail!("{}\n{}", wrong.join("; "), remedies.join("\n"))
}
