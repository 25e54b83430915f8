//! What cfn-lint finds in its own fixture templates, and what `baleen check` finds there.
//!
//! The fixtures are in cfn-lint's source distribution (MIT-0), pinned by hash. `tests/parity/rules.toml` says which of
//! its rules are about schemas and references, and which of ours find the same; `tests/parity/explained.toml` explains
//! each finding that only one of the two has.

mod compare;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::{process, setup};
use compare::{Comparison, Ours, Theirs};

const VERSION: &str = "1.58.0";
const ADDRESS: &str = "https://files.pythonhosted.org/packages/10/7e/d9395fa56b9f0f014e9e319daca03dd53133abefc2451b85f06ae4dc61dc/cfn_lint-1.58.0.tar.gz";
const HASH: &str = "ba02cd7f7e06c8bc160936051a03ec931af52943fcc9cc72ad2748caa0f2a103";
/// Those with templates that are checked as they are; the others are for options of cfn-lint.
const FOLDERS: [&str; 6] = ["bad", "good", "integration", "issues", "public", "quickstart"];
/// The least share of cfn-lint's findings that ours must have, in percent.
const BAR: f64 = 95.0;

/// Compares what cfn-lint and `baleen check` find in cfn-lint's fixture templates.
#[derive(Default, clap::Args)]
pub struct Arguments {
    /// Prints each finding that only one of the two has.
    #[arg(long)]
    all: bool,
}

pub fn run(root: &Path, arguments: &Arguments) -> anyhow::Result<()> {
    let folder = fetch(root)?;
    let files = templates(&folder)?;
    let theirs = theirs(root, &folder, &files)?;
    let ours = ours(&folder, &files)?;
    let rules: Rules = read(root, "rules.toml")?;
    let explained: Explained = read(root, "explained.toml")?;
    let comparison = compare::compare(&theirs, &ours, &rules.same);
    std::io::stdout().write_all(comparison.table(files.len()).as_bytes())?;
    judge(&comparison, &explained, arguments.all)
}

/// Which of our rules find what one of cfn-lint's finds.
#[derive(Deserialize)]
struct Rules {
    same: BTreeMap<String, Vec<String>>,
}

#[derive(Deserialize)]
struct Explained {
    #[serde(default)]
    missed: Vec<Explanation>,
    #[serde(default)]
    ours: Vec<Explanation>,
}

/// Why only one of the two finds something.
#[derive(Deserialize)]
struct Explanation {
    rule: String,
    /// The template, or all templates.
    file: Option<String>,
    why: String,
}

impl Explanation {
    fn is_about(&self, rule: &str, file: &str) -> bool {
        self.rule == rule && self.file.as_deref().is_none_or(|own| own == file)
    }
}

/// Fails below the bar, at what is not explained, and at explanations of nothing.
fn judge(comparison: &Comparison<'_>, explained: &Explained, all: bool) -> anyhow::Result<()> {
    let mut faults = Vec::new();
    let mut used = BTreeSet::new();
    let sides = [
        (
            "missed",
            comparison.missed.iter().map(|one| (&one.rule, &one.file, one.to_string())).collect::<Vec<_>>(),
            &explained.missed,
        ),
        (
            "ours only",
            comparison.only_ours.iter().map(|one| (&one.rule, &one.file, one.to_string())).collect(),
            &explained.ours,
        ),
    ];
    for (side, findings, explanations) in sides {
        for (rule, file, text) in findings {
            let about = explanations.iter().position(|one| one.is_about(rule, file));
            used.extend(about.map(|index| (side, index)));
            match about {
                Some(index) if all => eprintln!("{side}: {text}\n  {}", explanations[index].why),
                Some(_) => {}
                None => faults.push(format!("{side}, unexplained: {text}")),
            }
        }
        let unused = explanations.iter().enumerate().filter(|(index, _)| !used.contains(&(side, *index)));
        faults.extend(unused.map(|(_, one)| format!("{side}: nothing of {} needs to be explained any more", one.rule)));
    }
    let share = comparison.share();
    if share < BAR {
        faults.push(format!("{share:.1} % of cfn-lint's findings are found, and {BAR} % are the aim"));
    }
    if faults.is_empty() {
        return Ok(());
    }
    bail!("{}\nhint: mend the rule, or explain it in tests/parity/explained.toml", faults.join("\n"))
}

fn read<T: serde::de::DeserializeOwned>(root: &Path, name: &str) -> anyhow::Result<T> {
    let path = root.join("tests/parity").join(name);
    let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    toml::from_str(&text).with_context(|| format!("cannot read {}", path.display()))
}

/// Downloads and unpacks the fixtures, unless they are there, and returns the folder of the templates.
fn fetch(root: &Path) -> anyhow::Result<PathBuf> {
    let folder = root.join(".baleen/parity");
    let templates = folder.join(format!("cfn_lint-{VERSION}/test/fixtures/templates"));
    let marker = folder.join("unpacked.txt");
    if std::fs::read_to_string(&marker).is_ok_and(|unpacked| unpacked == HASH) {
        return Ok(templates);
    }
    std::fs::create_dir_all(&folder)?;
    let python = setup::tools(root)?.join("python");
    let archive = folder.join("cfn_lint.tar.gz");
    let download = "import sys, urllib.request; urllib.request.urlretrieve(sys.argv[1], sys.argv[2])";
    process::run(Command::new(&python).args(["-c", download, ADDRESS]).arg(&archive))?;
    let hash: String =
        Sha256::digest(std::fs::read(&archive)?).iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
    if hash != HASH {
        bail!("{ADDRESS} has the hash {hash}, but {HASH} is expected");
    }
    process::run(Command::new(&python).args(["-m", "tarfile", "-e"]).arg(&archive).arg(&folder))?;
    std::fs::write(&marker, HASH)?;
    Ok(templates)
}

/// Lists the templates, relative to their folder, in order.
fn templates(folder: &Path) -> anyhow::Result<Vec<String>> {
    let mut open: Vec<PathBuf> = FOLDERS.iter().map(|name| folder.join(name)).collect();
    let mut files = Vec::new();
    while let Some(path) = open.pop() {
        for entry in std::fs::read_dir(&path).with_context(|| format!("cannot read {}", path.display()))? {
            let path = entry?.path();
            let ends =
                path.extension().is_some_and(|end| ["json", "yaml", "yml", "template"].iter().any(|own| *own == end));
            if path.is_dir() {
                open.push(path);
            } else if let (true, Ok(relative)) = (ends, path.strip_prefix(folder)) {
                files.push(relative.to_string_lossy().into_owned());
            }
        }
    }
    files.sort();
    Ok(files)
}

/// Runs cfn-lint, or reads what it said the last time: both it and the fixtures are pinned.
fn theirs(root: &Path, folder: &Path, files: &[String]) -> anyhow::Result<Vec<Theirs>> {
    let kept = root.join(".baleen/parity/cfn-lint.json");
    if !kept.exists() {
        let tools = setup::tools(root)?;
        let mut command = Command::new(tools.join("cfn-lint"));
        command.current_dir(folder).env_clear().env("HOME", &tools).env("PYTHONUTF8", "1");
        command.args(["--format", "json", "--regions", "us-east-1", "--non-zero-exit-code", "none", "--"]).args(files);
        eprintln!("cfn-lint {VERSION}: {} templates", files.len());
        std::fs::write(&kept, process::output(&mut command)?)?;
    }
    let text = std::fs::read_to_string(&kept)?;
    compare::from_cfn_lint(&text).context("cannot read what cfn-lint says")
}

/// Checks the templates together: nested stacks are among them.
fn ours(folder: &Path, files: &[String]) -> anyhow::Result<Vec<Ours>> {
    let mut documents = Vec::new();
    let mut findings = Vec::new();
    for name in files {
        let bytes = std::fs::read(folder.join(name))?;
        match tree::decode(&bytes).and_then(tree::read) {
            Ok(document) => documents.push((name, document)),
            Err(error) => findings.push(check::syntax(name, &error)),
        }
    }
    let templates: Vec<_> =
        documents.iter().map(|(name, document)| check::Template { name, tree: &document.tree }).collect();
    let remarks = documents.iter().map(|(name, document)| (name.as_str(), document.remarks.as_slice())).collect();
    let surroundings = check::Surroundings { remarks, ..check::Surroundings::default() };
    findings.extend(check::check_within(&templates, &surroundings));
    Ok(findings.iter().map(Ours::from).collect())
}
