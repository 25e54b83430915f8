use crate::cli::Global;
use crate::error::{Error, Kind, Result};
use crate::printer::Printer;
use crate::rehearsal::{self, Fault, Wish};
use crate::render;
use crate::session::Session;
use crate::templates::{Named, Parser, Source, read_set, snapshots_of};

const EXAMPLES: &str = "\
Examples:
  baleen rehearse --env prod                             a first deployment: order, bars, expected time
  baleen rehearse --env prod --from git:main             an update: what is replaced and interrupted
  baleen rehearse --env prod --from git:main --fault rollback-fails
  baleen rehearse --env prod --fault creation-fails --at storage.Sources
  baleen rehearse --env prod --fault killed --seed 7     another moment, other durations
  baleen rehearse --env prod --json | jq '.runs[0].seconds'";

/// Deploys to a simulated account: order, replacements, time, and what follows a fault
///
/// The deployment is the real one, on a CloudFormation in memory that follows the provider schemas; time is simulated
/// too. No account is needed, and nothing is touched. How long resources take is estimated, within a quarter, by the
/// seed. `--fault` shows what would happen then, and how the next deployment goes on. Exit codes: 0 the deployment
/// succeeds, or the one after the fault does; 1 it does not.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The stacks to deploy; all if none is named
    #[arg(value_name = "STACK")]
    stacks: Vec<String>,
    /// What is deployed before: `git:REV` for the snapshots of a revision, or a folder of templates; nothing by default
    #[arg(long, value_name = "WHAT")]
    from: Option<Source>,
    /// What goes wrong
    #[arg(long, value_enum, value_name = "KIND")]
    fault: Option<Fault>,
    /// The resource that fails; by default the seed chooses it
    #[arg(long, value_name = "STACK.LOGICAL_ID", requires = "fault", value_parser = parse_place)]
    at: Option<(String, String)>,
    /// Chances come from it: durations, names, what fails
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,
    /// Lets a resource be replaced or deleted that holds something, as `deploy` has it
    #[arg(long, value_name = "LOGICAL_ID")]
    allow_data_loss: Vec<String>,
    /// Changes the live colour, too, as `deploy` has it
    #[arg(long)]
    in_place: bool,
}

pub fn run(args: &Args, global: &Global, printer: &Printer) -> Result<()> {
    let session = Session::open(global)?;
    let assembly = session.assemble(printer)?;
    toolkit::select(&assembly, &args.stacks)?;
    let before = before(args, &session)?;
    let wish = Wish {
        stacks: args.stacks.clone(),
        from: before.as_ref().map(|(name, _)| name.clone()),
        fault: args.fault,
        at: args.at.clone(),
        seed: args.seed,
        allow_data_loss: args.allow_data_loss.clone(),
        in_place: args.in_place,
    };
    let before = before.map(|(_, set)| set).unwrap_or_default();
    let rehearsal = rehearsal::rehearse(&session, &assembly, &before, &wish)?;
    if printer.is_json() {
        printer.json(&rehearsal)?;
    } else {
        printer.data(&render::rehearsal::text(&rehearsal, crate::printer::width()))?;
    }
    match rehearsal.runs.last() {
        Some(last) if last.error.is_none() => Ok(()),
        _ => Err(Error::new(Kind::Failed, "the deployment does not succeed")),
    }
}

/// Reads what is deployed before.
fn before(args: &Args, session: &Session) -> Result<Option<(String, Vec<Named>)>> {
    let environment = &session.environment.name;
    match &args.from {
        None => Ok(None),
        Some(Source::Revision(revision)) => {
            Ok(Some((format!("git:{revision}"), snapshots_of(&session.root, environment, revision)?)))
        }
        Some(Source::Path(path)) => Ok(Some((path.display().to_string(), read_set(path, &mut Parser::default())?))),
        Some(Source::Deployed) => Err(Error::usage("a rehearsal does not read what is deployed")
            .hint("name a revision whose snapshots are deployed, such as `--from git:main`, or a folder of templates")),
    }
}

fn parse_place(text: &str) -> std::result::Result<(String, String), String> {
    let parsed = text.split_once('.').map(|(stack, logical_id)| (stack.to_owned(), logical_id.to_owned()));
    parsed
        .filter(|(stack, logical_id)| !stack.is_empty() && !logical_id.is_empty())
        .ok_or_else(|| "write it as STACK.LOGICAL_ID, such as `storage.Sources`".to_owned())
}
