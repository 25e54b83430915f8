use crate::cli::Global;
use crate::cloud_access::{block_on, connect, explain, patience, target};
use crate::error::Result;
use crate::printer::Printer;
use crate::session::Session;
use crate::table::table;

const EXAMPLES: &str = "\
Examples:
  baleen outputs --env dev
  baleen outputs storage --env dev --json | jq -r '.[].outputs.SourceBucket'";

/// Shows what the deployed stacks put out
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The stacks; all if none is named
    #[arg(value_name = "STACK")]
    stacks: Vec<String>,
}

pub fn run(args: &Args, global: &Global, printer: &Printer) -> Result<()> {
    let session = Session::open(global)?;
    let assembly = session.assemble(printer)?;
    toolkit::select(&assembly, &args.stacks)?;
    let target = target(&session, printer)?;
    let work = async {
        let cloud = connect(&session, &target).await?;
        Ok(toolkit::outputs(&assembly, &args.stacks, &cloud, patience(&session)).await?)
    };
    let stacks = block_on(printer, work).map_err(|error| explain(&session, error))?;
    if printer.is_json() {
        return printer.json(&stacks);
    }
    for stack in stacks.iter().filter(|stack| stack.status.is_none()) {
        printer.note(&format!("`{}` is not deployed", stack.stack));
    }
    let outputs = stacks.iter().flat_map(|stack| stack.outputs.iter().map(|(name, value)| (&stack.stack, name, value)));
    let rows: Vec<_> = outputs.map(|(stack, name, value)| [stack.clone(), name.clone(), value.clone()]).collect();
    if rows.is_empty() {
        return Ok(());
    }
    printer.data(&table(["STACK", "OUTPUT", "VALUE"], &rows))
}
