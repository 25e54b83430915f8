use clap::builder::NonEmptyStringValueParser;

use crate::cli::Global;
use crate::cloud_access::{block_on, connect, explain, places, target};
use crate::error::Result;
use crate::printer::Printer;
use crate::render;
use crate::session::Session;

const EXAMPLES: &str = "\
Examples:
  baleen jobs --env dev
  baleen jobs 0f3a --env dev                                one job, by the beginning of its id
  baleen jobs --env dev --json | jq '.jobs[] | select(.state == \"failed\")'";

/// Lists the jobs, the newest first, or shows one
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The id of a job, or its beginning
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    id: Option<String>,
}

pub fn run(args: &Args, global: &Global, printer: &Printer) -> Result<()> {
    let session = Session::open(global)?;
    let assembly = session.assemble(printer)?;
    let target = target(&session, printer)?;
    let work = async {
        let cloud = connect(&session, &target).await?;
        let table = places(&session, &assembly, &cloud).await?.job_table;
        if let Some(id) = &args.id {
            let job = pipeline::find(&cloud, &table, id).await?;
            return if printer.is_json() { printer.json(&job) } else { printer.data(&render::jobs::details(&job)) };
        }
        let listing = pipeline::list(&cloud, &table).await?;
        if printer.is_json() { printer.json(&listing) } else { printer.data(&render::jobs::listing(&listing)) }
    };
    block_on(printer, work).map_err(|error| explain(&session, error))
}
