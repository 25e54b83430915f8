use std::fmt::Write as _;
use std::path::PathBuf;

use clap::ValueEnum;
use diff::cost::{Estimate, Prices, estimate};
use diff::render::{Comment, LONGEST_COMMENT, Page, TextOptions, count, html, markdown, text};
use diff::{Diff, Gate, Template};

use crate::cli::Global;
use crate::error::{Error, Kind, Result};
use crate::printer::Printer;
use crate::session::Session;
use crate::templates::{Named, Parser, Source, deployed, of_assembly, read_set};

const EXAMPLES: &str = "\
Examples:
  baleen diff --env prod                                 what a deployment would change
  baleen diff --env prod --against git:main              against the snapshots of a branch; offline
  baleen diff old.yaml new.yaml                          any two templates
  baleen diff before/ after/ --fail-on destructive       all templates of two folders, by file name
  baleen diff --env prod --against git:main --json | jq .gates
  baleen diff --env prod --against git:main --format markdown > comment.md
  baleen diff --env prod --against git:main --format html --out diff.html

Exit codes:
    0  nothing differs
    1  failed: a file cannot be read, the templates have errors, the command line is wrong
    2  something differs
    3  a gate of `--fail-on` has findings";

/// The width of lines where no terminal says another one.
const WIDTH: u16 = 120;

/// What things cost, with the month in which they did.
const PRICES: &str = include_str!("../../assets/prices.json");

/// Compares templates: what changes, and what that does to what is deployed
///
/// With `--env`, what the sources synthesize is compared with what is deployed, or with `--against`. With OLD and NEW,
/// any two templates are compared, JSON or YAML, or the templates of two folders by file name.
///
/// Impacts come from the provider schemas, and spread along references, also from stack to stack. `git:REV` reads the
/// snapshots of that revision: they are what its reviewers approved, and reading them builds nothing.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The old template, or a folder of templates
    #[arg(requires = "new", conflicts_with = "against")]
    old: Option<PathBuf>,
    /// The new template, or a folder of templates
    new: Option<PathBuf>,
    /// What to compare the environment with: `deployed`, `git:REV`, a folder or a template
    #[arg(long, value_name = "WHAT", default_value = "deployed")]
    against: Source,
    /// Compares these stacks only
    #[arg(long = "stack", value_name = "NAME")]
    stacks: Vec<String>,
    /// How to write it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Writes it into this file instead of standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// The gates whose findings make it exit with 3
    #[arg(long, value_enum, value_delimiter = ',', value_name = "GATES", default_value = "any")]
    fail_on: Vec<FailOn>,
    /// Folds nothing: all properties of new resources, long values whole
    #[arg(long)]
    all: bool,
}

/// How a diff is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For a terminal
    Text,
    /// For a comment on a pull request; it fits GitHub's 65,536 characters
    Markdown,
    /// For scripts; `baleen schema diff` describes it
    Json,
    /// One page to look at, which needs nothing else
    Html,
}

/// What is compared.
struct Sides {
    /// What it is about, such as the environment.
    title: String,
    old: Vec<Named>,
    new: Vec<Named>,
    /// Where they are from, in words.
    old_name: String,
    new_name: String,
    /// The region, for prices.
    region: String,
    /// The new stacks in order of deployment, each with those that it uses.
    stacks: Vec<(String, Vec<String>)>,
}

/// What makes the command fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum FailOn {
    /// Something is replaced or deleted
    Destructive,
    /// Something may do more, or be reached by more, than before
    Broadening,
    /// Data is less protected against loss
    DataLoss,
    /// Any of these
    Any,
    /// None of these
    None,
}

/// Exits by codes of its own, which scripts tell apart: see the help.
pub fn run(args: &Args, global: &Global, printer: &Printer) -> Result<()> {
    compare(args, global, printer).map_err(|error| match error.kind {
        Kind::Usage | Kind::Findings => Error { kind: Kind::Failed, ..error },
        _ => error,
    })
}

fn compare(args: &Args, global: &Global, printer: &Printer) -> Result<()> {
    let mut sides = sides(args, global, printer)?;
    select(&mut sides.old, &args.stacks);
    select(&mut sides.new, &args.stacks);
    let is_known = |name: &String| sides.old.iter().chain(&sides.new).any(|own| own.name == *name);
    if let Some(name) = args.stacks.iter().find(|name| !is_known(name)) {
        return Err(Error::usage(format!("there is no stack `{name}` on either side")));
    }
    let (old, new) = (views(&sides.old), views(&sides.new));
    let diff = diff::diff(&old, &new);
    let cost = estimate(&prices()?, &sides.region, &old, &new);
    let outcome = outcome(&diff, &args.fail_on);
    write(args, diff, &sides, &cost, printer)?;
    // The program ends here, and to free a million nodes one by one takes as long as to compare them.
    std::mem::forget(sides);
    outcome
}

/// Reads the table of prices that is part of the program.
fn prices() -> Result<Prices> {
    serde_json::from_str(PRICES).map_err(|error| Error::new(Kind::Failed, format!("assets/prices.json: {error}")))
}

fn views(set: &[Named]) -> Vec<Template<'_>> {
    set.iter().map(|named| Template { name: &named.name, tree: &named.tree }).collect()
}

/// Reads the old and the new templates.
fn sides(args: &Args, global: &Global, printer: &Printer) -> Result<Sides> {
    if let (Some(old), Some(new)) = (&args.old, &args.new) {
        let mut parser = Parser::default();
        let mut old_set = read_set(old, &mut parser)?;
        let new_set = read_set(new, &mut parser.last())?;
        // Two files are two versions of one template, whatever their names.
        if let ([one], [other], false, false) = (old_set.as_mut_slice(), new_set.as_slice(), old.is_dir(), new.is_dir())
        {
            one.name.clone_from(&other.name);
        }
        return Ok(Sides {
            title: new.display().to_string(),
            stacks: new_set.iter().map(|named| (named.name.clone(), Vec::new())).collect(),
            old: old_set,
            new: new_set,
            old_name: old.display().to_string(),
            new_name: new.display().to_string(),
            region: String::new(),
        });
    }
    let session = Session::open(global)?;
    let assembly = session.assemble(printer)?;
    let environment = &session.environment.name;
    let (old, old_name) = match &args.against {
        Source::Deployed => (deployed(&session, &assembly, printer)?, "what is deployed".to_owned()),
        Source::Revision(revision) => {
            (crate::templates::snapshots_of(&session.root, environment, revision)?, revision.clone())
        }
        Source::Path(path) => (read_set(path, &mut Parser::default())?, path.display().to_string()),
    };
    Ok(Sides {
        title: environment.clone(),
        old,
        old_name,
        new_name: "the sources".to_owned(),
        region: assembly.region.clone(),
        stacks: assembly.stacks.iter().map(|stack| (stack.name.clone(), stack.depends_on.clone())).collect(),
        new: of_assembly(assembly),
    })
}

fn select(set: &mut Vec<Named>, stacks: &[String]) {
    set.retain(|named| stacks.is_empty() || stacks.contains(&named.name));
}

fn write(args: &Args, diff: Diff, sides: &Sides, cost: &Estimate, printer: &Printer) -> Result<()> {
    let format = if printer.is_json() { Format::Json } else { args.format };
    let failed =
        |what: &str, error: &dyn std::fmt::Display| Error::new(Kind::Failed, format!("cannot write {what}: {error}"));
    let (old, new) = (sides.old_name.as_str(), sides.new_name.as_str());
    let written = match format {
        Format::Text => {
            let width = terminal_size::terminal_size().map_or(WIDTH, |(width, _)| width.0.max(60));
            let mut text = text(&diff, TextOptions { width: width.into(), all: args.all });
            if !cost.lines.is_empty() {
                let _ = writeln!(text, "{}", cost.note());
            }
            text
        }
        Format::Markdown => {
            let command = command(args, &sides.title);
            let title = &sides.title;
            markdown(&diff, &Comment { title, old, new, cost: Some(cost), command: &command, longest: LONGEST_COMMENT })
        }
        Format::Json => {
            let report = diff::report(diff, cost);
            serde_json::to_string_pretty(&report).map_err(|error| failed("JSON", &error))? + "\n"
        }
        Format::Html => {
            let page = Page { title: &sides.title, old, new, stacks: &sides.stacks, cost: Some(cost) };
            html(&diff, &page).map_err(|error| failed("the page", &error))?
        }
    };
    let Some(file) = &args.out else { return printer.data(&written) };
    let plain = if format == Format::Text { anstream::adapter::strip_str(&written).to_string() } else { written };
    std::fs::write(file, plain).map_err(|error| failed(&file.display().to_string(), &error))
}

/// Returns the command that shows all of a diff.
fn command(args: &Args, title: &str) -> String {
    match (&args.old, &args.new, &args.against) {
        (Some(old), Some(new), _) => format!("baleen diff {} {}", old.display(), new.display()),
        (_, _, Source::Revision(revision)) => format!("baleen diff --env {title} --against git:{revision}"),
        (_, _, Source::Path(path)) => format!("baleen diff --env {title} --against {}", path.display()),
        (_, _, Source::Deployed) => format!("baleen diff --env {title}"),
    }
}

/// Says by the exit code what was found.
fn outcome(diff: &Diff, fail_on: &[FailOn]) -> Result<()> {
    let fails = |gate: Gate| {
        fail_on.iter().any(|own| match own {
            FailOn::Any => true,
            FailOn::None => false,
            FailOn::Destructive => gate == Gate::Destructive,
            FailOn::Broadening => gate == Gate::Broadening,
            FailOn::DataLoss => gate == Gate::DataLoss,
        })
    };
    let counts = Gate::ALL.map(|gate| (gate, diff.findings(gate).count()));
    let failed: Vec<_> = counts.iter().filter(|(gate, found)| *found > 0 && fails(*gate)).collect();
    if !failed.is_empty() {
        let words: Vec<_> = failed
            .iter()
            .map(|(gate, found)| format!("{} of gate `{}`", count(*found, "finding"), gate.name()))
            .collect();
        return Err(Error::new(Kind::Gate, words.join(", ")));
    }
    if diff.is_empty() { Ok(()) } else { Err(Error::new(Kind::Differs, "")) }
}
