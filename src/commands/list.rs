use serde::Serialize;
use stacks::Environment;
use template::{Assembly, StackTemplate};
use tree::Tree;

use crate::cli::Global;
use crate::error::{Error, Result};
use crate::printer::Printer;
use crate::session::{self, Session};
use crate::table::table;

const EXAMPLES: &str = "\
Examples:
  baleen list              the environments
  baleen list --env dev    the stacks of one, in the order in which they are deployed";

/// Lists the environments, or the stacks of one
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {}

pub fn run(_args: &Args, global: &Global, printer: &Printer) -> Result<()> {
    if global.env.is_none() {
        return environments(global, printer);
    }
    let assembly = Session::open(global)?.assemble(printer)?;
    stacks(&assembly, printer)
}

#[derive(Serialize)]
struct ListedEnvironment {
    name: String,
    kind: stacks::environment::Kind,
    account: String,
    region: String,
}

fn environments(global: &Global, printer: &Printer) -> Result<()> {
    let folder = session::folder(&session::root(global)?);
    let mut listed = Vec::new();
    let mut wrong = Vec::new();
    for name in stacks::environment::names(&folder)? {
        match Environment::load(&folder, &name) {
            Ok(Environment { name, kind, account, region, .. }) => {
                listed.push(ListedEnvironment { name, kind, account: account.to_string(), region: region.to_string() });
            }
            Err(error) => wrong.push((name, Error::from(error))),
        }
    }
    show(listed, printer)?;
    // As `ls` does: what can be shown is shown, and then what cannot.
    match all_of(wrong) {
        Some(error) => Err(error),
        None => Ok(()),
    }
}

/// Makes one error of those of several environments.
fn all_of(wrong: Vec<(String, Error)>) -> Option<Error> {
    let (_, first) = wrong.first()?;
    if wrong.len() == 1 && first.findings.is_empty() {
        return wrong.into_iter().next().map(|(_, error)| error);
    }
    let names: Vec<_> = wrong.iter().map(|(name, _)| format!("`{name}`")).collect();
    let mut error = Error::usage(format!("not listed: {}", names.join(", ")));
    for (_, one) in wrong {
        error.findings.extend(one.findings);
        error.hints.extend(Some(one.message).filter(|message| !message.is_empty()));
    }
    Some(error)
}

fn show(listed: Vec<ListedEnvironment>, printer: &Printer) -> Result<()> {
    if printer.is_json() {
        return printer.json(&listed);
    }
    let kind = |kind| if kind == stacks::environment::Kind::Local { "local" } else { "aws" }.to_owned();
    let rows: Vec<_> = listed
        .into_iter()
        .map(|environment| [environment.name, kind(environment.kind), environment.account, environment.region])
        .collect();
    printer.data(&table(["ENVIRONMENT", "KIND", "ACCOUNT", "REGION"], &rows))
}

#[derive(Serialize)]
struct ListedStack<'a> {
    name: &'a str,
    stack_name: &'a str,
    resources: usize,
    depends_on: &'a [String],
}

fn stacks(assembly: &Assembly, printer: &Printer) -> Result<()> {
    let listed: Vec<_> = assembly
        .stacks
        .iter()
        .map(|stack| ListedStack {
            name: &stack.name,
            stack_name: &stack.stack_name,
            resources: resources(stack),
            depends_on: &stack.depends_on,
        })
        .collect();
    if printer.is_json() {
        return printer.json(&listed);
    }
    let rows: Vec<_> = listed
        .iter()
        .map(|stack| {
            let ListedStack { name, stack_name, resources, depends_on } = stack;
            [(*name).to_owned(), (*stack_name).to_owned(), resources.to_string(), depends_on.join(", ")]
        })
        .collect();
    printer.data(&table(["STACK", "NAME", "RESOURCES", "DEPENDS ON"], &rows))
}

/// Counts the resources of a stack.
pub fn resources(stack: &StackTemplate) -> usize {
    stack.template.get("Resources").and_then(Tree::as_map).map_or(0, tree::Map::len)
}
