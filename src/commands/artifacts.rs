use std::time::Duration;

use stacks::outputs::ARTIFACT_BUCKET;
use toolkit::{Artifacts, PruneOptions, Pruned, StoredArtifact};

use crate::cli::Global;
use crate::cloud_access::{block_on, connect, explain, patience, run_id, target};
use crate::error::Result;
use crate::lock::{self, LockArgs};
use crate::printer::Printer;
use crate::render;
use crate::render::findings::plural;
use crate::session::Session;
use crate::table::table;

const EXAMPLES: &str = "\
Examples:
  baleen artifacts list --env prod
  baleen artifacts prune --env prod --dry-run          what would go
  baleen artifacts prune --env prod --older-than 90
  baleen artifacts list --env prod --json | jq '[.artifacts[] | select(.used_by == [])]'";

/// Shows what the artifact bucket holds, and removes what nothing uses any more
///
/// Deploying uploads templates that are too large to be sent along, and the agent that instances install, each once, under a
/// key that has the SHA-256 of its content.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Lists the artifacts, with what uses each
    List,
    /// Removes the artifacts that nothing uses any more
    ///
    /// What a deployed stack of the environment uses stays, and what a change set wants that can still be executed. In a
    /// versioned bucket the lifecycle removes them for good, later.
    Prune(PruneArgs),
}

#[derive(clap::Args)]
struct PruneArgs {
    /// How long ago they were uploaded, at least
    #[arg(long, value_name = "DAYS", default_value_t = 30)]
    older_than: u32,
    /// Only says what would be removed
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    lock: LockArgs,
}

pub fn run(args: &Args, global: &Global, printer: &Printer) -> Result<()> {
    match &args.command {
        Command::List => list(global, printer),
        Command::Prune(args) => prune(args, global, printer),
    }
}

fn bucket() -> Artifacts {
    Artifacts { stack: ARTIFACT_BUCKET.stack.to_owned(), output: ARTIFACT_BUCKET.name.to_owned() }
}

fn list(global: &Global, printer: &Printer) -> Result<()> {
    let session = Session::open(global)?;
    let assembly = session.assemble(printer)?;
    let target = target(&session, printer)?;
    let work = async {
        let cloud = connect(&session, &target).await?;
        Ok(toolkit::artifacts(&assembly, &bucket(), &cloud, patience(&session)).await?)
    };
    let stored = block_on(printer, work).map_err(|error| explain(&session, error))?;
    if printer.is_json() {
        return printer.json(&stored);
    }
    match &stored.bucket {
        None => printer.note(&format!("`{}` is not deployed", ARTIFACT_BUCKET.stack)),
        Some(bucket) if stored.artifacts.is_empty() => printer.note(&format!("s3://{bucket} holds no artifacts")),
        Some(_) => return show(&stored.artifacts, printer),
    }
    Ok(())
}

fn prune(args: &PruneArgs, global: &Global, printer: &Printer) -> Result<()> {
    let session = Session::open(global)?;
    let assembly = session.assemble(printer)?;
    let target = target(&session, printer)?;
    let options = PruneOptions {
        older_than: Duration::from_hours(24 * u64::from(args.older_than)),
        now: jiff::Timestamp::now(),
        dry_run: args.dry_run,
    };
    let lock = lock::options(&args.lock, &session, &run_id(), "artifacts prune");
    let narrator = render::deploy::Narrator::new(printer);
    let work = async {
        let cloud = connect(&session, &target).await?;
        let patience = patience(&session);
        if args.dry_run {
            return Ok(toolkit::prune(&assembly, &bucket(), &cloud, &options, patience).await?);
        }
        // A deployment that runs may be about to use what nothing uses yet.
        toolkit::locked(&assembly, &cloud, &lock, &narrator, async |lock| {
            Ok(toolkit::prune(&assembly, &bucket(), lock.cloud(), &options, patience).await?)
        })
        .await
    };
    let pruned = block_on(printer, work).map_err(|error| explain(&session, error))?;
    if printer.is_json() {
        return printer.json(&pruned);
    }
    let Pruned { removed, kept, .. } = &pruned;
    if !removed.is_empty() {
        show(removed, printer)?;
    }
    let verb = if args.dry_run { "would be removed" } else { "removed" };
    printer.line(format_args!("{} {verb}, {} kept", plural(removed.len(), "artifact"), kept.len()));
    Ok(())
}

fn show(artifacts: &[StoredArtifact], printer: &Printer) -> Result<()> {
    let row = |artifact: &StoredArtifact| {
        let StoredArtifact { key, bytes, uploaded, used_by, .. } = artifact;
        let used_by = if used_by.is_empty() { "nothing".to_owned() } else { used_by.join(", ") };
        [key.clone(), bytes.to_string(), uploaded.clone().unwrap_or_default(), used_by]
    };
    let rows: Vec<_> = artifacts.iter().map(row).collect();
    printer.data(&table(["KEY", "BYTES", "UPLOADED", "USED BY"], &rows))
}
