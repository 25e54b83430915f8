use serde_json::json;
use stacks::outputs::ARTIFACT_BUCKET;
use toolkit::{Artifacts, ImportOptions, ImportRequest, Imported};

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
  baleen import storage Sources=films-2019 --env dev                 a bucket, by its name
  baleen import storage Jobs=jobs Sources=films-2019 --env dev       two at once
  baleen import api Route=ApiId=a1b2c3,RouteId=x9 --env dev          what two properties identify

Declare the resource in the stack's file first, as it is. Nothing of it changes, and nothing else of the stack.";

/// Takes resources that exist over into a stack
///
/// A bucket or a table that was made by hand, or that belonged to another stack, becomes part of this one, as it is:
/// CloudFormation reads it and changes nothing. What would be taken over is shown and approved before. Then the resource
/// is compared with its template, and what the next deployment would change is listed. The stack may be a new one.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The stack that takes them over
    #[arg(value_name = "STACK")]
    stack: String,
    /// The resources: the logical id in the stack's file, and what identifies it in its service
    #[arg(value_name = "LOGICAL_ID=IDENTIFIER", required = true, value_parser = parse_request)]
    resources: Vec<ImportRequest>,
    /// Approves without asking
    #[arg(long, short)]
    yes: bool,
    #[command(flatten)]
    lock: LockArgs,
}

pub fn run(args: &Args, global: &Global, printer: &Printer) -> Result<()> {
    let session = Session::open(global)?;
    let assembly = session.assemble(printer)?;
    toolkit::select(&assembly, std::slice::from_ref(&args.stack))?;
    let target = target(&session, printer)?;
    let options = ImportOptions {
        run: run_id(),
        artifacts: Some(Artifacts { stack: ARTIFACT_BUCKET.stack.to_owned(), output: ARTIFACT_BUCKET.name.to_owned() }),
        patience: patience(&session),
    };
    let lock = lock::options(&args.lock, &session, &options.run, "import");
    let asker = Asker::new(args.yes, printer);
    let narrator = render::deploy::Narrator::new(printer);
    let work = async {
        let cloud = connect(&session, &target).await?;
        toolkit::locked(&assembly, &cloud, &lock, &narrator, async |lock| {
            let (stack, cloud) = (args.stack.as_str(), lock.cloud());
            Ok(toolkit::import(&assembly, stack, &args.resources, cloud, &options, &asker, &narrator).await?)
        })
        .await
    };
    let imported = block_on(printer, work).map_err(|error| asker.explain(explain(&session, error)))?;
    show(&imported, printer)
}

fn show(imported: &Imported, printer: &Printer) -> Result<()> {
    if printer.is_json() {
        return printer.json(&json!({ "imported": imported }));
    }
    printer.data(&render::import::imported(imported))
}

/// Reads a logical id and what identifies the resource.
fn parse_request(text: &str) -> std::result::Result<ImportRequest, String> {
    let parsed =
        text.split_once('=').filter(|(logical_id, identifier)| !logical_id.is_empty() && !identifier.is_empty());
    parsed
        .map(|(logical_id, identifier)| ImportRequest {
            logical_id: logical_id.to_owned(),
            identifier: identifier.to_owned(),
        })
        .ok_or_else(|| "write it as LOGICAL_ID=IDENTIFIER, such as `Sources=films-2019`".to_owned())
}
