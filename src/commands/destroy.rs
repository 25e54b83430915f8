use serde_json::json;
use toolkit::DestroyOptions;

use super::deploy::Asker;
use crate::cli::Global;
use crate::cloud_access::{block_on, connect, explain, patience, run_id, target};
use crate::error::Result;
use crate::local_cloud;
use crate::printer::Printer;
use crate::render;
use crate::session::Session;

const EXAMPLES: &str = "\
Examples:
  baleen destroy --env dev                    shows what would go, and asks
  baleen destroy jobs --env dev               one stack, and those that use it
  baleen destroy --env local --yes";

/// Deletes stacks, those that use others first
///
/// What a template says is to be retained is kept, and listed. Buckets that hold objects and stacks under termination
/// protection are a reason to refuse, before anything is deleted.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The stacks to delete; all if none is named
    #[arg(value_name = "STACK")]
    stacks: Vec<String>,
    /// Approves without asking
    #[arg(long, short)]
    yes: bool,
    /// Deletes the objects in buckets that are deleted; implied for a local environment
    #[arg(long)]
    empty_buckets: bool,
}

pub fn run(args: &Args, global: &Global, printer: &Printer) -> Result<()> {
    let session = Session::open(global)?;
    let assembly = session.assemble(printer)?;
    toolkit::select(&assembly, &args.stacks)?;
    let target = target(&session, printer)?;
    let options = DestroyOptions {
        run: run_id(),
        empty_buckets: args.empty_buckets || session.is_local(),
        patience: patience(&session),
    };
    let asker = Asker::new(args.yes, printer);
    let narrator = render::deploy::Narrator::new(printer);
    let work = async {
        let cloud = connect(&session, &target).await?;
        Ok(toolkit::destroy(&assembly, &args.stacks, &cloud, &options, &asker, &narrator).await?)
    };
    let destroyed = block_on(printer, work).map_err(|error| asker.explain(explain(&session, error)))?;
    if session.is_local() && !destroyed.is_empty() {
        // Their queue may be gone; the next deployment starts those that are needed.
        local_cloud::stop_workers(&session.root, printer)?;
    }
    if printer.is_json() {
        return printer.json(&json!({ "stacks": destroyed }));
    }
    if destroyed.is_empty() {
        printer.line("nothing of it is deployed");
    }
    Ok(())
}
