use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::{Value, json};
use tree::{Finding, Severity};

use crate::cli::Global;
use crate::error::{Error, Result};
use crate::files::{Files, Skipped};
use crate::printer::Printer;
use crate::render::excerpt::Lines;
use crate::render::findings::{counts, plural, to_json, to_text_with};
use crate::render::{rules, sarif};
use crate::session::Session;

use super::list::resources;

const EXAMPLES: &str = "\
Examples:
  baleen check template.yaml                   any template, JSON or YAML
  baleen check stacks/ shared.json             all templates below a folder and a file, together
  baleen check --env dev                       what the stacks of an environment become
  baleen check --env dev --json | jq '.findings[].message'
  baleen check . --format sarif > check.sarif  for code scanning
  baleen check --explain reference/unknown     why, and how it is done right";

/// How many skipped files are named.
const MOST_SKIPPED: usize = 5;

/// Checks templates: text, structure, references, and each resource against its schema
///
/// Takes CloudFormation templates of any origin, or those of an environment. Several are checked together, so that one
/// can refer to another. Every error is reported at once, with the line that it comes from. Nothing is sent anywhere.
/// `deploy` and `synth` check too.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Template files, or folders with such; `-` is standard input
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// How the findings are written; `--json` is short for `--format json`
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Explains a rule: why it is one, a template that violates it and one that does not
    #[arg(long, value_name = "RULE", conflicts_with_all = ["paths", "list_rules"])]
    explain: Option<String>,
    /// Lists the rules
    #[arg(long, alias = "rules", conflicts_with = "paths")]
    list_rules: bool,
}

/// How findings are written.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// For scripts; `baleen schema check` describes it.
    Json,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
}

/// What was checked, and what was found.
struct Report {
    /// What the findings are about, in words.
    subject: String,
    findings: Vec<Finding>,
    /// What the templates' author accepts.
    suppressed: Vec<check::Suppressed>,
    files: Files,
    /// What JSON says beside the findings.
    facts: Value,
}

pub fn run(args: &Args, global: &Global, printer: &Printer) -> Result<()> {
    let format = match (args.format, global.json) {
        (Format::Sarif, true) => return Err(Error::usage("`--json` and `--format sarif` exclude each other")),
        (Format::Text, true) => Format::Json,
        (format, _) => format,
    };
    if args.list_rules {
        return list_rules(format, printer);
    }
    if let Some(id) = &args.explain {
        return explain(id, format, printer);
    }
    let report = if args.paths.is_empty() { of_environment(global)? } else { of_files(&args.paths, global)? };
    show(&report, format, printer)
}

fn of_environment(global: &Global) -> Result<Report> {
    if global.env.is_none() {
        let hint = "name template files or folders, or add `--env NAME`";
        return Err(Error::usage("there is nothing to check").hint(hint));
    }
    let session = Session::open(global)?;
    let name = &session.environment.name;
    let (facts, findings, suppressed, subject) = match toolkit::assemble(&stacks::app(&session.environment)) {
        Ok(checked) => {
            let stacks = checked.assembly.stacks.len();
            let resources: usize = checked.assembly.stacks.iter().map(resources).sum();
            let facts = json!({ "environment": name, "stacks": stacks, "resources": resources });
            let subject = format!("{name}: {}, {}", plural(stacks, "stack"), plural(resources, "resource"));
            (facts, checked.remarks, checked.suppressed, subject)
        }
        Err(findings) => (json!({ "environment": name }), findings, Vec::new(), name.clone()),
    };
    Ok(Report { subject, findings, suppressed, files: Files::default(), facts })
}

fn of_files(paths: &[PathBuf], global: &Global) -> Result<Report> {
    // An environment that the shell has set is for other commands.
    if global.env.is_some() && global.env != std::env::var("BALEEN_ENV").ok() {
        let hint = "leave `--env` out to check files, or the files to check what the environment becomes";
        return Err(Error::usage("either files or an environment can be checked").hint(hint));
    }
    let files = Files::read(paths)?;
    let templates: Vec<_> =
        files.templates.iter().map(|file| check::Template { name: &file.name, tree: &file.document.tree }).collect();
    let remarks = files.templates.iter().map(|file| (file.name.as_str(), file.document.remarks.as_slice()));
    let surroundings = check::Surroundings { remarks: remarks.collect(), ..check::Surroundings::default() };
    let mut findings = files.faults.clone();
    let checked = check::report(&templates, &surroundings);
    findings.extend(checked.findings);
    let place = |finding: &Finding| files.names.iter().position(|name| *name == finding.template);
    findings.sort_by_cached_key(place);
    let resources: usize = templates.iter().filter_map(|one| Some(one.tree.get("Resources")?.as_map()?.len())).sum();
    let facts = json!({ "templates": files.names, "resources": resources, "skipped": files.skipped });
    let subject = format!("{}, {}", plural(files.names.len(), "template"), plural(resources, "resource"));
    Ok(Report { subject, findings, suppressed: checked.suppressed, files, facts })
}

fn show(report: &Report, format: Format, printer: &Printer) -> Result<()> {
    let Report { subject, findings, suppressed, files, facts } = report;
    let accepted = if suppressed.is_empty() { String::new() } else { format!(", {} accepted", suppressed.len()) };
    let counted = format!("{subject}: {}{accepted}", counts(findings));
    match format {
        Format::Text => {
            let mut lines = BTreeMap::new();
            let texts = findings.iter().map(|one| {
                let text = files.texts.get(&one.template);
                let text = text.map(|text| &*lines.entry(&one.template).or_insert_with(|| Lines::new(text)));
                format!("{}\n\n", to_text_with(one, text))
            });
            if let Some(note) = skipped(&files.skipped) {
                printer.line(note);
            }
            printer.data(&format!("{}{counted}\n", texts.collect::<Vec<_>>().concat()))?;
        }
        Format::Json => {
            let mut document = facts.clone();
            document["findings"] = findings.iter().map(to_json).collect();
            let accepted = |one: &check::Suppressed| json!({ "finding": to_json(&one.finding), "reason": one.reason });
            document["suppressed"] = suppressed.iter().map(accepted).collect();
            printer.json(&document)?;
        }
        Format::Sarif => printer.json(&sarif::sarif(findings, suppressed))?,
    }
    if findings.iter().any(|finding| finding.severity == Severity::Error) {
        // The findings are on standard output already, and so is their number for those who read text.
        let message = if format == Format::Text { String::new() } else { counted };
        return Err(Error::findings(message, Vec::new()));
    }
    Ok(())
}

/// Says which files of the folders were left out.
fn skipped(skipped: &[Skipped]) -> Option<String> {
    let first = skipped.first()?;
    if let [one] = skipped {
        return Some(format!("skipped {}: {}", one.file, one.why));
    }
    let names: Vec<_> = skipped.iter().take(MOST_SKIPPED).map(|one| one.file.as_str()).collect();
    let more = skipped.len() - names.len();
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let why = if skipped.iter().all(|one| one.why == first.why) { "have no `Resources`" } else { "are no templates" };
    Some(format!("skipped {} that {why}: {}{more}", plural(skipped.len(), "file"), names.join(", ")))
}

fn list_rules(format: Format, printer: &Printer) -> Result<()> {
    match format {
        Format::Text => printer.data(&rules::list()),
        Format::Json => {
            let rules: Vec<_> = check::rules().into_iter().map(rules::to_json).collect();
            printer.json(&json!({ "rules": rules }))
        }
        Format::Sarif => Err(Error::usage("rules alone are not written as SARIF").hint("use `--format json`")),
    }
}

fn explain(id: &str, format: Format, printer: &Printer) -> Result<()> {
    let Some(rule) = check::rule(id) else {
        let similar = check::similar_rule(id).map(|rule| format!("did you mean `{}`?", rule.id));
        let hint = similar.unwrap_or_else(|| "`baleen check --list-rules` lists them".to_owned());
        return Err(Error::usage(format!("there is no rule `{id}`")).hint(hint));
    };
    match format {
        Format::Text => printer.data(&rules::explain(rule)),
        Format::Json => printer.json(&rules::to_json(rule)),
        Format::Sarif => Err(Error::usage("a rule alone is not written as SARIF").hint("use `--format json`")),
    }
}
