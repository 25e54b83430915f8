use serde_json::json;
use toolkit::{ResourceName, RollbackOptions};

use super::deploy::Asker;
use crate::cli::Global;
use crate::cloud_access::{block_on, connect, explain, patience, run_id, target};
use crate::error::Result;
use crate::lock::{self, LockArgs};
use crate::printer::Printer;
use crate::render;
use crate::session::Session;

const EXAMPLES: &str = "\
Examples:
  baleen rollback --env dev                       whatever can be rolled back: shows it, and asks
  baleen rollback storage --env dev               one stack
  baleen rollback jobs --env dev --skip jobs.Api  leaves Api as it is, where it cannot be rolled back";

/// Leads stacks back to how they last stood
///
/// What that takes depends on the stack's status: an update under way is cancelled, one that failed and was left as it
/// was is undone, and a rollback that failed is continued. What would be done is shown and approved before. A resource
/// that cannot be rolled back can be skipped: CloudFormation then takes it for rolled back without touching it.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The stacks to roll back; by default all that have something to roll back
    #[arg(value_name = "STACK")]
    stacks: Vec<String>,
    /// Approves without asking
    #[arg(long, short)]
    yes: bool,
    /// Leaves a resource as it is, which failed while it was rolled back
    #[arg(long, value_name = "STACK.LOGICAL_ID", value_parser = parse_resource)]
    skip: Vec<ResourceName>,
    #[command(flatten)]
    lock: LockArgs,
}

pub fn run(args: &Args, global: &Global, printer: &Printer) -> Result<()> {
    let session = Session::open(global)?;
    let assembly = session.assemble(printer)?;
    toolkit::select(&assembly, &args.stacks)?;
    let target = target(&session, printer)?;
    let options = RollbackOptions { run: run_id(), skip: args.skip.clone(), patience: patience(&session) };
    let lock = lock::options(&args.lock, &session, &options.run, "rollback");
    let asker = Asker::new(args.yes, printer);
    let narrator = render::deploy::Narrator::new(printer);
    let work = async {
        let cloud = connect(&session, &target).await?;
        toolkit::locked(&assembly, &cloud, &lock, &narrator, async |lock| {
            Ok(toolkit::rollback(&assembly, &args.stacks, lock.cloud(), &options, &asker, &narrator).await?)
        })
        .await
    };
    let rolled_back = block_on(printer, work).map_err(|error| asker.explain(explain(&session, error)))?;
    if printer.is_json() {
        return printer.json(&json!({ "stacks": rolled_back }));
    }
    if rolled_back.is_empty() {
        printer.line("nothing to roll back");
    }
    Ok(())
}

/// Reads the name of a resource of a stack.
pub fn parse_resource(text: &str) -> std::result::Result<ResourceName, String> {
    let parsed = text.split_once('.').filter(|(stack, logical_id)| !stack.is_empty() && !logical_id.is_empty());
    parsed
        .map(|(stack, logical_id)| ResourceName { stack: stack.to_owned(), logical_id: logical_id.to_owned() })
        .ok_or_else(|| "write it as STACK.LOGICAL_ID, such as `storage.Sources`".to_owned())
}
