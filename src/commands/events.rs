use toolkit::StackHistory;

use crate::cli::Global;
use crate::cloud_access::{block_on, connect, explain, patience, target};
use crate::error::Result;
use crate::printer::Printer;
use crate::render;
use crate::session::Session;

const EXAMPLES: &str = "\
Examples:
  baleen events --env dev                  the last operation on each stack
  baleen events jobs --env dev --failed    what went wrong: the root cause first, and what to do
  baleen events --env dev --follow         what is under way, to its end";

/// Shows what happened to stacks
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The stacks; all if none is named
    #[arg(value_name = "STACK")]
    stacks: Vec<String>,
    /// Shows only the failures of the last operation, with their cause
    #[arg(long)]
    failed: bool,
    /// Shows all that CloudFormation remembers, not only the last operation
    #[arg(long, conflicts_with = "failed")]
    all: bool,
    /// Follows what is under way, to its end
    #[arg(long, conflicts_with_all = ["failed", "all"])]
    follow: bool,
}

pub fn run(args: &Args, global: &Global, printer: &Printer) -> Result<()> {
    let session = Session::open(global)?;
    let assembly = session.assemble(printer)?;
    toolkit::select(&assembly, &args.stacks)?;
    let target = target(&session, printer)?;
    if args.follow {
        let narrator = render::deploy::Narrator::new(printer);
        let work = async {
            let cloud = connect(&session, &target).await?;
            Ok(toolkit::watch(&assembly, &args.stacks, &cloud, patience(&session), &narrator).await?)
        };
        let ended = block_on(printer, work).map_err(|error| explain(&session, error))?;
        return followed(&ended, printer);
    }
    let work = async {
        let cloud = connect(&session, &target).await?;
        Ok(toolkit::history(&assembly, &args.stacks, &cloud, args.all, patience(&session)).await?)
    };
    let read = block_on(printer, work).map_err(|error| explain(&session, error))?;
    show(args, &read, printer)
}

fn followed(ended: &[(String, String)], printer: &Printer) -> Result<()> {
    if printer.is_json() {
        let stacks = ended.iter().map(|(stack, status)| serde_json::json!({ "stack": stack, "status": status }));
        return printer.json(&stacks.collect::<Vec<_>>());
    }
    if ended.is_empty() {
        printer.line("nothing is under way");
    }
    for (stack, status) in ended {
        printer.line(format_args!("`{stack}` is in {status}"));
    }
    Ok(())
}

fn show(args: &Args, read: &[StackHistory], printer: &Printer) -> Result<()> {
    if printer.is_json() {
        return printer.json(&read);
    }
    if args.failed {
        return printer.data(&render::history::causes(read));
    }
    printer.data(&render::history::events(read))
}
