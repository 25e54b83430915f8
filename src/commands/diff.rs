use std::path::PathBuf;

use clap::ValueEnum;
use diff::cost::{Prices, estimate};
use diff::render::{Page, TextOptions, count, html, text};
use diff::{Diff, Gate, Template};

use crate::cli::Global;
use crate::error::{Error, Kind, Result};
use crate::printer::Printer;
use crate::session::Session;
use crate::templates::{Named, Source, deployed, of_assembly, read_set};

const EXAMPLES: &str = "\
Examples:
  baleen diff --env prod                                 what a deployment would change
  baleen diff --env prod --against git:main              against the snapshots of a branch; offline
  baleen diff old.yaml new.yaml                          any two templates
  baleen diff before/ after/ --fail-on destructive       all templates of two folders, by file name
  baleen diff --env prod --against git:main --json | jq .gates
  baleen diff --env prod --against git:main --format html --out diff.html

Exit codes:
    0  nothing differs
    1  failed: a file cannot be read, the templates have errors, the command line is wrong
    2  something differs
    3  a gate of `--fail-on` has findings";

/// What things cost, with the month in which they did.
const PRICES: &str = include_str!("../../assets/prices.json");

/// The width of lines where no terminal says another one.
const WIDTH: u16 = 120;

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
    /// For scripts; `baleen schema diff` describes it
    Json,
    /// A page to look at: graph of the stacks, gates, each change side by side
    Html,
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
    for name in &args.stacks {
        if !sides.old.iter().chain(&sides.new).any(|own| own.name == *name) {
            return Err(Error::usage(format!("there is no stack `{name}` on either side")));
        }
    }
    for set in [&mut sides.old, &mut sides.new] {
        set.retain(|named| args.stacks.is_empty() || args.stacks.contains(&named.name));
    }
    let diff = diff::diff(&views(&sides.old), &views(&sides.new));
    let outcome = outcome(&diff, &args.fail_on);
    write(args, &sides, diff, printer)?;
    outcome
}

fn views(set: &[Named]) -> Vec<Template<'_>> {
    set.iter().map(|named| Template { name: &named.name, tree: &named.tree }).collect()
}

/// What is compared.
struct Sides {
    old: Vec<Named>,
    new: Vec<Named>,
    /// What the page calls the comparison, the old and the new side.
    names: [String; 3],
    /// The stacks with those that they use, where that is known.
    stacks: Vec<(String, Vec<String>)>,
    /// Where it is deployed, where that is known.
    region: Option<String>,
}

/// Reads the old and the new templates.
fn sides(args: &Args, global: &Global, printer: &Printer) -> Result<Sides> {
    if let (Some(old), Some(new)) = (&args.old, &args.new) {
        let (mut old_set, new_set) = (read_set(old)?, read_set(new)?);
        // Two files are two versions of one template, whatever their names.
        if let ([one], [other], false, false) = (old_set.as_mut_slice(), new_set.as_slice(), old.is_dir(), new.is_dir())
        {
            one.name.clone_from(&other.name);
        }
        let names = ["templates".to_owned(), old.display().to_string(), new.display().to_string()];
        let stacks = new_set.iter().map(|named| (named.name.clone(), Vec::new())).collect();
        return Ok(Sides { old: old_set, new: new_set, names, stacks, region: None });
    }
    let session = Session::open(global)?;
    let assembly = session.assemble(printer)?;
    let old = match &args.against {
        Source::Deployed => deployed(&session, &assembly, printer)?,
        Source::Revision(revision) => {
            crate::templates::snapshots_of(&session.root, &session.environment.name, revision)?
        }
        Source::Path(path) => read_set(path)?,
    };
    let against = match &args.against {
        Source::Deployed => "deployed".to_owned(),
        Source::Revision(revision) => revision.clone(),
        Source::Path(path) => path.display().to_string(),
    };
    Ok(Sides {
        old,
        names: [format!("{} {}", assembly.app, assembly.environment), against, "sources".to_owned()],
        stacks: assembly.stacks.iter().map(|stack| (stack.name.clone(), stack.depends_on.clone())).collect(),
        region: Some(assembly.region.clone()),
        new: of_assembly(assembly),
    })
}

/// Writes the page, with what the changes cost where the region is known.
fn page(diff: &Diff, sides: &Sides) -> Result<String> {
    let broken = |what: String| Error::new(Kind::Failed, format!("cannot make the page: {what}"));
    let prices: Prices = serde_json::from_str(PRICES).map_err(|error| broken(error.to_string()))?;
    let estimate = |region: &String| estimate(&prices, region, &views(&sides.old), &views(&sides.new));
    let cost = sides.region.as_ref().map(estimate);
    let [title, old, new] = &sides.names;
    let page = Page { title, old, new, stacks: &sides.stacks, cost: cost.as_ref() };
    html(diff, &page).map_err(|error| broken(error.to_string()))
}

fn write(args: &Args, sides: &Sides, diff: Diff, printer: &Printer) -> Result<()> {
    let format = if printer.is_json() { Format::Json } else { args.format };
    let written = match format {
        Format::Text => {
            let width = terminal_size::terminal_size().map_or(WIDTH, |(width, _)| width.0.max(60));
            text(&diff, TextOptions { width: width.into(), all: args.all })
        }
        Format::Html => page(&diff, sides)?,
        Format::Json => {
            let report = diff::report(diff);
            let json = serde_json::to_string_pretty(&report);
            json.map_err(|error| Error::new(Kind::Failed, format!("cannot write JSON: {error}")))? + "\n"
        }
    };
    let Some(file) = &args.out else { return printer.data(&written) };
    // A file has no colours; in pages, nothing is one.
    let plain = anstream::adapter::strip_str(&written).to_string();
    std::fs::write(file, plain)
        .map_err(|error| Error::new(Kind::Failed, format!("cannot write {}: {error}", file.display())))
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
