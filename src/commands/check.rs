use serde_json::json;

use crate::cli::Global;
use crate::error::{Error, Result};
use crate::printer::Printer;
use crate::render::findings::{counts, plural, to_json};
use crate::session::Session;

use super::list::resources;

const EXAMPLES: &str = "\
Examples:
  baleen check --env dev
  baleen check --env dev --json | jq '.findings[].message'";

/// Checks the templates of an environment: references, and each resource against its schema
///
/// Every error is reported at once, with the line that it comes from. Nothing is sent anywhere. `deploy` and `synth`
/// check too.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {}

pub fn run(_args: &Args, global: &Global, printer: &Printer) -> Result<()> {
    let session = Session::open(global)?;
    let name = &session.environment.name;
    match toolkit::assemble(&stacks::app(&session.environment)) {
        Ok(checked) => {
            let stacks = checked.assembly.stacks.len();
            let resources: usize = checked.assembly.stacks.iter().map(resources).sum();
            if printer.is_json() {
                let findings: Vec<_> = checked.remarks.iter().map(to_json).collect();
                return printer.json(&json!({
                    "environment": name, "stacks": stacks, "resources": resources, "findings": findings,
                }));
            }
            for remark in &checked.remarks {
                crate::render::findings::print(printer, remark);
            }
            let (stacks, resources) = (plural(stacks, "stack"), plural(resources, "resource"));
            printer.data(&format!("{name}: {stacks}, {resources}: {}\n", counts(&checked.remarks)))
        }
        Err(findings) => {
            let message = format!("{} in the templates of environment `{name}`", counts(&findings));
            if printer.is_json() {
                let findings: Vec<_> = findings.iter().map(to_json).collect();
                printer.json(&json!({ "environment": name, "findings": findings }))?;
                // They are on standard output already.
                return Err(Error::findings(message, Vec::new()));
            }
            Err(Error::findings(message, findings))
        }
    }
}
