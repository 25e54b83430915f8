//! What checkov and cdk-nag find in templates, and which of it `baleen check` finds, too.
//!
//! `docs/security-rules.md` says which of our rules is about what one of theirs is about, or why none is.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};
use serde::Deserialize;

use crate::{process, setup};

const TABLE: &str = "docs/security-rules.md";
const NAG: &str = include_str!("recall/nag.js");

/// Compares what checkov, cdk-nag and `baleen check` find in templates.
#[derive(clap::Args)]
pub struct Arguments {
    /// Folders of templates, without folders in them; by default the examples of our own rules
    folders: Vec<PathBuf>,
    /// A folder whose `node_modules` has aws-cdk-lib and cdk-nag 3.0.2; without it, checkov alone is asked
    #[arg(long, value_name = "FOLDER")]
    nag: Option<PathBuf>,
    /// Prints each finding of theirs that is not ours
    #[arg(long)]
    all: bool,
}

/// Which rules of ours find what a rule of theirs finds; none where the table says why there is none.
type Table = BTreeMap<String, BTreeSet<String>>;

/// A finding of theirs: the rule, the template's file, and the logical id.
type Found = (String, String, String);

pub fn run(root: &Path, arguments: &Arguments) -> anyhow::Result<()> {
    let text = std::fs::read_to_string(root.join(TABLE)).with_context(|| format!("cannot read {TABLE}"))?;
    let table = table(&text);
    let mut folders = arguments.folders.clone();
    if folders.is_empty() {
        folders.push(examples(root)?);
    }
    let mut output = String::new();
    for folder in &folders {
        let folder = folder.canonicalize().with_context(|| format!("there is no folder {}", folder.display()))?;
        let ours = ours(&folder)?;
        let mut theirs = vec![("checkov", checkov(root, &folder)?)];
        if let Some(modules) = &arguments.nag {
            theirs.push(("cdk-nag", nag(modules, &folder)?));
        }
        for (tool, found) in theirs {
            let tally = tally(&table, &ours, &found);
            writeln!(output, "{} · {tool}: {tally}", folder.display())?;
            if arguments.all {
                tally
                    .missed
                    .iter()
                    .try_for_each(|(rule, file, id)| writeln!(output, "  missed: {rule} {file} {id}"))?;
            }
        }
    }
    std::io::stdout().write_all(output.as_bytes())?;
    Ok(())
}

/// Reads rows such as ``| CKV_AWS_18 | … | `security/access-logs` |``.
fn table(text: &str) -> Table {
    let row = |line: &str| {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [id, _, ours] = cells.as_slice() else { return None };
        let is_rule = id.starts_with("CKV") || id.starts_with("AwsSolutions-");
        let named = ours.split('`').filter(|word| word.starts_with("security/")).map(str::to_owned);
        let named = if ours.starts_with("none:") { BTreeSet::new() } else { named.collect() };
        is_rule.then(|| ((*id).to_owned(), named))
    };
    text.lines().filter_map(row).collect()
}

/// Writes the good and the bad example of each rule of security as a template.
fn examples(root: &Path) -> anyhow::Result<PathBuf> {
    let folder = root.join(".baleen/recall");
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    for rule in check::rules() {
        let Some(name) = rule.id.strip_prefix("security/") else { continue };
        for (kind, example) in [("bad", rule.bad), ("good", rule.good)] {
            let file = folder.join(format!("{name}-{kind}.json"));
            std::fs::write(&file, example).with_context(|| format!("cannot write {}", file.display()))?;
        }
    }
    Ok(folder)
}

/// What is found in a template, by resource.
type Ours = BTreeMap<String, BTreeMap<String, BTreeSet<&'static str>>>;

fn ours(folder: &Path) -> anyhow::Result<Ours> {
    let mut found = Ours::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let Ok(document) =
            std::fs::read_to_string(&path).map_err(drop).and_then(|text| tree::read(&text).map_err(drop))
        else {
            continue;
        };
        let template = check::Template { name: &name, tree: &document.tree };
        let report = check::report(&[template], &check::Surroundings::default());
        let all = report.findings.into_iter().chain(report.suppressed.into_iter().map(|one| one.finding));
        let by_resource = found.entry(name.clone()).or_default();
        for finding in all {
            by_resource.entry(finding.resource.unwrap_or_default()).or_default().insert(finding.rule);
        }
    }
    Ok(found)
}

#[derive(Deserialize)]
struct Checkov {
    results: CheckovResults,
}

#[derive(Deserialize)]
struct CheckovResults {
    failed_checks: Vec<CheckovCheck>,
}

#[derive(Deserialize)]
struct CheckovCheck {
    check_id: String,
    file_path: String,
    resource: String,
}

fn checkov(root: &Path, folder: &Path) -> anyhow::Result<BTreeSet<Found>> {
    let programs = setup::auditors(root)?;
    let mut command = Command::new(programs.join("checkov"));
    command.current_dir(&programs).env("CKV_SKIP_PACKAGE_UPDATE_CHECK", "true");
    command.args(["--framework", "cloudformation", "--skip-download", "--skip-results-upload", "--quiet", "--compact"]);
    command.args(["--soft-fail", "--output", "json", "--directory"]).arg(folder);
    let report: Checkov =
        serde_json::from_str(&process::output(&mut command)?).context("cannot read checkov's report")?;
    let found = report.results.failed_checks.into_iter().filter_map(|check| {
        let (type_name, id) = check.resource.split_once('.')?;
        // What the macro of serverless applications makes of them is known to nobody here.
        let file = check.file_path.rsplit('/').next()?.to_owned();
        (!type_name.starts_with("AWS::Serverless::")).then(|| (check.check_id, file, id.to_owned()))
    });
    Ok(found.collect())
}

#[derive(Deserialize)]
struct NagTemplate {
    file: String,
    findings: Vec<NagFinding>,
}

#[derive(Deserialize)]
struct NagFinding {
    rule: String,
    resource: String,
    detail: Option<Vec<String>>,
}

impl NagFinding {
    /// The rule's id; of wildcards in policies, those that stand behind a named resource are told apart.
    fn id(&self) -> String {
        let is_part = |detail: &String| detail.starts_with("Resource::") && detail != "Resource::*";
        match &self.detail {
            Some(details) if details.iter().all(is_part) => format!("{} (parts)", self.rule),
            _ => self.rule.clone(),
        }
    }
}

fn nag(modules: &Path, folder: &Path) -> anyhow::Result<BTreeSet<Found>> {
    let modules = modules.canonicalize().with_context(|| format!("there is no folder {}", modules.display()))?;
    if !modules.join("node_modules/cdk-nag").is_dir() {
        bail!("{} has no cdk-nag; run there: npm install aws-cdk-lib cdk-nag@3.0.2 constructs", modules.display());
    }
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<_>>()?;
    files.sort();
    let mut command = Command::new("node");
    command.current_dir(&modules).args(["-e", NAG, "--"]).args(&files);
    let mut found = BTreeSet::new();
    for line in process::output(&mut command)?.lines() {
        let template: NagTemplate = serde_json::from_str(line).context("cannot read what cdk-nag says")?;
        let file = template.file.rsplit('/').next().unwrap_or_default().to_owned();
        found.extend(template.findings.into_iter().map(|one| (one.id(), file.clone(), one.resource)));
    }
    Ok(found)
}

/// How much of theirs is ours.
#[derive(Default)]
struct Tally<'f> {
    /// At the same resource.
    same: usize,
    /// In the same template: they name the group, we the launch template that it uses.
    elsewhere: usize,
    /// Of rules that the table gives a reason not to have.
    none: usize,
    /// Of rules about services that are not in the table.
    beyond: usize,
    missed: Vec<&'f Found>,
}

fn tally<'f>(table: &Table, ours: &Ours, found: &'f BTreeSet<Found>) -> Tally<'f> {
    let mut tally = Tally::default();
    let nothing = BTreeMap::new();
    for one in found {
        let (rule, file, id) = one;
        let template = ours.get(file).unwrap_or(&nothing);
        let is_ours = |wanted: &BTreeSet<String>, found: &BTreeSet<&str>| found.iter().any(|own| wanted.contains(*own));
        match table.get(rule) {
            None => tally.beyond += 1,
            Some(wanted) if wanted.is_empty() => tally.none += 1,
            Some(wanted) if template.get(id).is_some_and(|found| is_ours(wanted, found)) => tally.same += 1,
            Some(wanted) if template.values().any(|found| is_ours(wanted, found)) => tally.elsewhere += 1,
            Some(_) => tally.missed.push(one),
        }
    }
    tally
}

impl std::fmt::Display for Tally<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { same, elsewhere, none, beyond, missed } = self;
        let all = same + elsewhere + missed.len();
        let per_mille = ((same + elsewhere) * 1000).checked_div(all).unwrap_or(1000);
        write!(
            formatter,
            "{}.{} % of {all}: {same} at the same resource, {elsewhere} at another one of the template, {} missed; beside \
             that {none} of rules that we do not want, and {beyond} of other services",
            per_mille / 10,
            per_mille % 10,
            missed.len()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_that_the_table_names_exists() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let text = std::fs::read_to_string(root.join(TABLE)).expect("readable");
        let table = table(&text);
        assert!(table.len() > 130, "{}", table.len());
        for rule in table.values().flatten() {
            assert!(check::rule(rule).is_some(), "{rule}");
        }
        for rule in check::rules().iter().filter(|rule| rule.id.starts_with("security/")) {
            assert!(text.contains(rule.id), "{} is not in {TABLE}", rule.id);
        }
    }
}
