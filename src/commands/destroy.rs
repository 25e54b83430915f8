use serde_json::json;
use stacks::outputs::{ARTIFACT_BUCKET, LOCK_TABLE};
use toolkit::{DeployOptions, DestroyOptions, ResourceName};

use super::deploy::{Asker, confirmed};
use super::rollback::parse_resource;
use crate::cli::Global;
use crate::cloud_access::{block_on, connect, explain, patience, run_id, target};
use crate::error::Result;
use crate::local_cloud;
use crate::lock::{self, LockArgs};
use crate::printer::Printer;
use crate::render;
use crate::session::Session;

const EXAMPLES: &str = "\
Examples:
  baleen destroy --env dev                    shows what would go, and asks
  baleen destroy jobs --env dev               one stack, and those that use it
  baleen destroy storage --env dev --retain storage.Work    leaves Work behind, which cannot be deleted
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
    /// With `--yes`, where an environment asks for its name: that name
    #[arg(long, value_name = "NAME", requires = "yes")]
    confirm: Option<String>,
    /// Deletes the objects in buckets that are deleted; implied for a local environment
    #[arg(long)]
    empty_buckets: bool,
    /// Leaves a resource behind that could not be deleted, of a stack in `DELETE_FAILED`
    #[arg(long, value_name = "STACK.LOGICAL_ID", value_parser = parse_resource)]
    retain: Vec<ResourceName>,
    #[command(flatten)]
    lock: LockArgs,
}

pub fn run(args: &Args, global: &Global, printer: &Printer) -> Result<()> {
    let session = Session::open(global)?;
    let assembly = session.assemble(printer)?;
    toolkit::select(&assembly, &args.stacks)?;
    let name = confirmed(args.confirm.as_deref(), args.yes, &session)?;
    let target = target(&session, printer)?;
    let options = DestroyOptions {
        run: run_id(),
        empty_buckets: args.empty_buckets || session.is_local(),
        retain: args.retain.clone(),
        // What deploying itself needs.
        last: vec![ARTIFACT_BUCKET.stack.to_owned(), LOCK_TABLE.stack.to_owned()],
        concurrency: DeployOptions::CONCURRENCY,
        patience: patience(&session),
    };
    let lock = lock::options(&args.lock, &session, &options.run, "destroy");
    let asker = Asker::new(args.yes, printer).by_name(name);
    let narrator = render::deploy::Narrator::new(printer);
    let work = async {
        let cloud = connect(&session, &target).await?;
        toolkit::locked(&assembly, &cloud, &lock, &narrator, async |lock| {
            Ok(toolkit::destroy(&assembly, &args.stacks, lock.cloud(), &options, &asker, &narrator).await?)
        })
        .await
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
