//! Which planted faults Baleen finds, and which cfn-lint: `docs/faults.md`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, anyhow};
use check::Template;
use serde::Deserialize;
use serde_json::Value;
use tree::{Origin, Tree};

use crate::{process, setup};

#[path = "../../check/tests/faults/plant.rs"]
mod plant;

/// Where the templates with the faults are written, for cfn-lint to read.
const FOLDER: &str = ".baleen/faults";
/// The file of the good template among them.
const GOOD: &str = "good.json";
/// Where the table is.
const TABLE: &str = "docs/faults.md";

/// What a checker says of one template: rule, and the rest of the finding.
type Found = BTreeSet<(String, String)>;

pub fn run(root: &Path) -> anyhow::Result<()> {
    let good = plant::pipeline().map_err(|error| anyhow!(error))?;
    let faults = plant::faults().map_err(|error| anyhow!(error))?;
    let folder = root.join(FOLDER);
    std::fs::create_dir_all(&folder)?;
    let mut templates = vec![(GOOD.to_owned(), good.clone())];
    for (number, fault) in faults.iter().enumerate() {
        let mut template = good.clone();
        fault.plant(&mut template).map_err(|error| anyhow!("{}: {error}", fault.title))?;
        templates.push((format!("{number:03}.json"), template));
    }
    for (name, template) in &templates {
        std::fs::write(folder.join(name), serde_json::to_string_pretty(template)?)?;
    }
    let theirs = cfn_lint(root, &templates)?;
    let ours: BTreeMap<String, Found> =
        templates.iter().map(|(name, template)| (name.clone(), baleen(template))).collect();
    let table = table(&faults, &ours, &theirs)?;
    std::fs::write(root.join(TABLE), table).with_context(|| format!("cannot write {TABLE}"))?;
    eprintln!("{TABLE} is written");
    Ok(())
}

fn baleen(template: &Value) -> Found {
    let tree = Tree::from_json(template.clone(), Origin::Unknown);
    let findings = check::check(&[Template { name: "pipeline", tree: &tree }]);
    findings.into_iter().map(|finding| (finding.rule.to_owned(), finding.to_string())).collect()
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Match {
    filename: String,
    message: String,
    rule: MatchRule,
    location: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct MatchRule {
    id: String,
}

fn cfn_lint(root: &Path, templates: &[(String, Value)]) -> anyhow::Result<BTreeMap<String, Found>> {
    let mut command = Command::new(setup::tools(root)?.join("cfn-lint"));
    // Everything that it has, and nothing that is set elsewhere on this machine.
    command.current_dir(root.join(FOLDER)).args(["--include-checks", "I", "--format", "json"]);
    command.args(["--non-zero-exit-code", "none", "--"]).args(templates.iter().map(|(name, _)| name));
    let matches: Vec<Match> =
        serde_json::from_str(&process::output(&mut command)?).context("cannot read what cfn-lint says")?;
    let mut found: BTreeMap<String, Found> = BTreeMap::new();
    for Match { filename, message, rule, location } in matches {
        // Lines move when something is taken out, paths do not.
        let place = location.get("Path").map(Value::to_string).unwrap_or_default();
        found.entry(filename).or_default().insert((rule.id, format!("{place} {message}")));
    }
    Ok(found)
}

/// Lists the rules that find something that is not found in the good template.
fn new(found: &BTreeMap<String, Found>, name: &str) -> BTreeSet<String> {
    let nothing = Found::new();
    let known = found.get(GOOD).unwrap_or(&nothing);
    let all = found.get(name).unwrap_or(&nothing);
    all.difference(known).map(|(rule, _)| rule.clone()).collect()
}

fn table(
    faults: &[plant::Fault],
    ours: &BTreeMap<String, Found>,
    theirs: &BTreeMap<String, Found>,
) -> anyhow::Result<String> {
    let mut rows = String::new();
    let (mut own, mut other) = (0, 0);
    for (number, fault) in faults.iter().enumerate() {
        let name = format!("{number:03}.json");
        let found = new(ours, &name).contains(&fault.rule);
        let lint: Vec<String> = new(theirs, &name).into_iter().collect();
        own += usize::from(found);
        other += usize::from(!lint.is_empty());
        let mark = if found { format!("`{}`", fault.rule) } else { "–".to_owned() };
        let lint = if lint.is_empty() { "–".to_owned() } else { lint.join(", ") };
        writeln!(rows, "| {} | {mark} | {lint} |", fault.title)?;
    }
    let all = faults.len();
    Ok(format!(
        "# Planted faults\n\n\
         One good template of a pipeline (`crates/check/tests/faults/pipeline.json`), {all} faults, each planted alone \
         (`faults.json` beside it). `baleen check` finds {own}, cfn-lint with all its rules, the informational ones too, \
         {other}. What a checker already says of the good template does not count. \
         The state machine and the dashboard stand in `Fn::Sub`, as they mostly do, and cfn-lint does not look there.\n\n\
         Whoever plants faults finds what they had in mind: this says that the rules work, and which ground nobody else \
         covers, not how many of all possible faults are found. cfn-lint finds much that is not planted here; on its own \
         fixtures the two are compared elsewhere.\n\n\
         Made by `cargo xtask faults`; the version of cfn-lint is the one in `crates/xtask/tools.txt`. The tests assert \
         that each fault is found by the rule named here.\n\n\
         | fault | Baleen | cfn-lint |\n| --- | --- | --- |\n{rows}"
    ))
}
