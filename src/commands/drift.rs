use serde_json::json;
use toolkit::StackDrift;

use crate::cli::Global;
use crate::cloud_access::{block_on, connect, explain, patience, target};
use crate::error::{Error, Kind, Result};
use crate::printer::Printer;
use crate::render;
use crate::session::Session;

const EXAMPLES: &str = "\
Examples:
  baleen drift --env prod                  all stacks; exit code 2 if something differs
  baleen drift storage --env prod
  baleen drift --env prod --json | jq '.stacks[].resources[] | select(.weight == \"security\")'";

/// Compares what is deployed with what is there, property by property
///
/// CloudFormation looks at each resource and says how it differs from its template. What matters most comes first:
/// deleted resources, then security, protection of data, behaviour, and what is only for people to read. What scaling
/// changes by itself is shown, and is no drift. Exit codes: 0 all is as deployed, 2 something differs, 1 it cannot be told.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The stacks to compare; all that are deployed if none is named
    #[arg(value_name = "STACK")]
    stacks: Vec<String>,
}

pub fn run(args: &Args, global: &Global, printer: &Printer) -> Result<()> {
    let session = Session::open(global)?;
    let assembly = session.assemble(printer)?;
    toolkit::select(&assembly, &args.stacks)?;
    let target = target(&session, printer)?;
    let narrator = render::deploy::Narrator::new(printer);
    let work = async {
        let cloud = connect(&session, &target).await?;
        Ok(toolkit::drift(&assembly, &args.stacks, &cloud, patience(&session), &narrator).await?)
    };
    let drifts = block_on(printer, work).map_err(|error| explain(&session, error))?;
    let drifted = drifts.iter().any(StackDrift::is_drifted);
    if printer.is_json() {
        printer.json(&json!({ "drifted": drifted, "stacks": drifts }))?;
    } else {
        printer.data(&render::drift::text(&drifts))?;
    }
    if drifted { Err(Error::new(Kind::Differs, "")) } else { Ok(()) }
}
