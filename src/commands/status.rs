use std::io::IsTerminal;
use std::time::Duration;

use toolkit::Overview;

use crate::cli::Global;
use crate::cloud_access::{block_on, block_on_unless, connect, explain, patience, target};
use crate::error::{Error, Kind, Result};
use crate::lock;
use crate::printer::Printer;
use crate::render;
use crate::session::Session;

const EXAMPLES: &str = "\
Examples:
  baleen status --env dev
  baleen status --env dev --watch
  baleen status --env dev --json | jq '.stacks[] | select(.health == \"stuck\")'";

/// How often `--watch` looks.
const LOOKED_AT_EVERY: Duration = Duration::from_secs(2);

/// Shows how the stacks stand, and who works on them
///
/// A stack whose last operation failed is shown with the cause and with what leads on. DRIFT is what the last `baleen drift`
/// found. Whoever holds the lock of the environment is shown.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Looks again and again, and shows what has changed, until Ctrl-C
    #[arg(long)]
    watch: bool,
}

pub fn run(args: &Args, global: &Global, printer: &Printer) -> Result<()> {
    let session = Session::open(global)?;
    let assembly = session.assemble(printer)?;
    let target = target(&session, printer)?;
    let table = lock::table();
    if !args.watch {
        let work = async {
            let cloud = connect(&session, &target).await?;
            Ok(toolkit::overview(&assembly, &cloud, &table, patience(&session)).await?)
        };
        let overview = block_on(printer, work).map_err(|error| explain(&session, error))?;
        return show(&overview, printer);
    }
    let work = async {
        let cloud = connect(&session, &target).await?;
        let mut before = None;
        loop {
            let now = toolkit::overview(&assembly, &cloud, &table, patience(&session)).await?;
            if before.as_ref() != Some(&now) {
                show_again(&now, printer)?;
                before = Some(now);
            }
            tokio::time::sleep(LOOKED_AT_EVERY).await;
        }
    };
    // Ctrl-C is how watching ends.
    let watched = || Error::new(Kind::Silent, "");
    block_on_unless(printer, watched, work).map_err(|error| explain(&session, error))
}

fn show(overview: &Overview, printer: &Printer) -> Result<()> {
    if printer.is_json() {
        return printer.json(overview);
    }
    printer.data(&render::overview::table_of(overview))?;
    render::overview::explain(overview, printer);
    Ok(())
}

/// Shows it in the place of what was shown before, or as a line of JSON.
fn show_again(overview: &Overview, printer: &Printer) -> Result<()> {
    if printer.is_json() {
        let line = serde_json::to_string(overview)
            .map_err(|error| Error::new(Kind::Failed, format!("cannot write JSON: {error}")))?;
        return printer.data(&format!("{line}\n"));
    }
    let clear = if std::io::stdout().is_terminal() { "\x1b[H\x1b[2J" } else { "" };
    let now = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ");
    printer.data(&format!("{clear}{now}\n{}", render::overview::table_of(overview)))?;
    render::overview::explain(overview, printer);
    Ok(())
}
