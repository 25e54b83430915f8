use std::time::Duration;

use serde_json::json;
use toolkit::Patience;
use toolkit::swap::{SwapOptions, Swapped};

use super::deploy::{Asker, parse_role};
use crate::cli::Global;
use crate::cloud_access::{block_on_unless, connect, explain, patience, run_id, target};
use crate::colours::{self, Running};
use crate::connect::Target;
use crate::error::{Error, Kind, Result};
use crate::local_cloud;
use crate::lock::{self, LockArgs};
use crate::printer::Printer;
use crate::render;
use crate::session::Session;

const EXAMPLES: &str = "\
Examples:
  baleen swap --env prod --dry-run    what would be done, and whether it may be
  baleen swap --env prod              shows it, asks, and follows it; run again, it goes on
  baleen swap --env prod --status     both colours, and where a swap is
  baleen swap --env prod --back       all work back to the old colour

Exit codes:
    0  swapped; with `--back`, returned
    1  failed: stopped, or returned to the old colour by itself";

/// How long a cloud is borne with that does not answer in the middle: a swap takes hours.
const LONG_PATIENCE: Duration = Duration::from_mins(30);

/// Moves new work step by step to the colour that idles, and makes it the live one
///
/// Deploying leaves the live colour alone; this is how a new version comes to do the work. The idle colour gets capacity and
/// enhances the sample clip, by its own queue. Then it gets shares of new work (`[swap]` in the environment's file); each
/// step lasts until enough jobs are done with a verified result. An alarm of the new colour returns all work to the old one
/// by itself. Titles finish on the colour that began them. A swap that was interrupted anywhere goes on when it is run again.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub struct Args {
    /// Returns all new work to the old colour: of the swap under way, or of the last one
    #[arg(long, conflicts_with_all = ["status", "dry_run"])]
    back: bool,
    /// Shows both colours and where a swap is, and changes nothing
    #[arg(long, conflicts_with = "dry_run")]
    status: bool,
    /// Says what would be done, and changes nothing
    #[arg(long)]
    dry_run: bool,
    /// Approves without asking
    #[arg(long, short)]
    yes: bool,
    /// Has CloudFormation work by this role; by default by the one that each stack has
    #[arg(long, value_name = "ARN", value_parser = parse_role)]
    role: Option<String>,
    #[command(flatten)]
    lock: LockArgs,
}

pub fn run(args: &Args, global: &Global, printer: &Printer) -> Result<()> {
    let session = Session::open(global)?;
    let assembly = session.assemble(printer)?;
    if session.is_local() {
        local_cloud::require_ffmpeg()?;
    }
    let target = target(&session, printer)?;
    let names = colours::names(&session);
    let options = SwapOptions {
        run: run_id(),
        settings: colours::settings(&session),
        role: args.role.clone(),
        patience: if session.is_local() { patience(&session) } else { Patience(LONG_PATIENCE) },
        pause: if session.is_local() { Duration::from_millis(250) } else { Duration::from_secs(15) },
    };
    let asker = Asker::new(args.yes, printer);
    let narrator = render::swap::Narrator::new(printer);
    let lock = lock::options(&args.lock, &session, &options.run, "swap");
    let endpoint_url = match &target {
        Target::Local { endpoint_url } => Some(endpoint_url.as_str()),
        Target::Aws { .. } => None,
    };
    let work = async {
        let cloud = connect(&session, &target).await?;
        let system = Running::find(&session, &assembly, &cloud, endpoint_url, printer).await?;
        if args.status {
            let status = toolkit::swap::swap_status(&assembly, &names, &cloud, &system, patience(&session)).await?;
            return if printer.is_json() {
                printer.json(&status)
            } else {
                printer.data(&render::swap::status(&status))
            };
        }
        if args.dry_run {
            let plan = toolkit::swap::swap_plan(&assembly, &names, &cloud, &system, &options, &narrator).await?;
            if printer.is_json() {
                return printer.json(&plan);
            }
            render::swap::plan(printer, &plan);
            return Ok(());
        }
        let swapped = toolkit::locked(&assembly, &cloud, &lock, &narrator, async |lock| {
            let swapped = if args.back {
                toolkit::swap::back(&assembly, &names, lock, &system, &options, &asker, &narrator).await
            } else {
                toolkit::swap::swap(&assembly, &names, lock, &system, &options, &asker, &narrator).await
            };
            Ok::<_, Error>(swapped?)
        })
        .await?;
        end(args, &swapped, printer)
    };
    let name = session.environment.name.clone();
    let interrupted = move || {
        Error::new(Kind::Interrupted, "interrupted: the swap stands where it is")
            .hint(format!("`baleen swap --env {name}` goes on, `baleen swap --back --env {name}` returns"))
    };
    block_on_unless(printer, interrupted, work).map_err(|error| asker.explain(explain(&session, error)))
}

/// Says how it ended. One that came back though nobody asked is a failure, to scripts.
fn end(args: &Args, swapped: &Swapped, printer: &Printer) -> Result<()> {
    printer.status("");
    if printer.is_json() {
        printer.json(&json!({ "swap": swapped }))?;
    } else {
        let Swapped { live, idle, .. } = swapped;
        printer.line(format_args!("{live} is live, {idle} idles"));
    }
    if swapped.swapped || args.back {
        return Ok(());
    }
    let because = swapped.because.as_deref().unwrap_or("of no known reason");
    Err(Error::new(Kind::Failed, format!("returned to {}, because {because}", swapped.live))
        .hint("correct the cause, deploy, and swap again"))
}
