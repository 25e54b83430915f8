use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;
use stacks::outputs::ARTIFACT_BUCKET;
use toolkit::{Artifacts, DeployOptions, Plan, StackOutcome, StackPolicy};

pub use crate::asker::Asker;
use crate::bundle;
use crate::cli::Global;
use crate::cloud_access::{block_on_until_stopped, connect, explain, patience, places, run_id, target};
use crate::colours;
use crate::connect::Target;
use crate::error::{Error, Kind, Result};
use crate::local_cloud;
use crate::lock::{self, LockArgs};
use crate::printer::Printer;
use crate::render;
use crate::session::Session;
use crate::table::table;

const EXAMPLES: &str = "\
Examples:
  baleen deploy --env local --yes                        everything on this machine
  baleen deploy --env dev                                shows the whole plan, and asks once
  baleen deploy jobs --env dev                           one stack, and what it needs
  baleen deploy --env dev --parameter fleet-blue.Minimum=2
  baleen deploy --env prod --plan-out plan.json          plans, and does nothing
  baleen deploy --env prod --plan plan.json              does exactly that
  baleen deploy --env dev --allow-data-loss storage.Sources";

/// Deploys stacks by change sets, independent ones at once
///
/// The account and the region of the credentials must be those of the environment, or nothing happens. Change sets are
/// made first, where that is possible; what a stack does that has to wait for another one is predicted from its
/// template, and compared with its change set when its turn comes. The whole plan is approved once, and nothing is done
/// that is graver than it says. A stack that is needed and not deployed yet is deployed too; one that is deployed is only
/// read. Ctrl-C once stops after what is under way, twice leaves that to itself. An interrupted deployment is continued
/// by the next one.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The stacks to deploy; all if none is named
    #[arg(value_name = "STACK")]
    stacks: Vec<String>,
    /// Approves everything without asking
    #[arg(long, short)]
    yes: bool,
    /// With `--yes`, where an environment asks for its name: that name
    #[arg(long, value_name = "NAME", requires = "yes")]
    confirm: Option<String>,
    /// Plans, writes the plan to a file, and does nothing; its change sets are kept for `--plan`
    #[arg(long, value_name = "FILE", conflicts_with_all = ["yes", "plan"])]
    plan_out: Option<PathBuf>,
    /// Does what a saved plan says, if everything is still as it was
    #[arg(long, value_name = "FILE", conflicts_with_all = ["stacks", "role", "parameters", "allow_data_loss"])]
    plan: Option<PathBuf>,
    /// Lets a resource that holds data be replaced or deleted, with what it holds; write `STACK.LOGICAL_ID` where two
    /// stacks have one of that name
    #[arg(long, value_name = "LOGICAL_ID")]
    allow_data_loss: Vec<String>,
    /// How many stacks are worked on at once, at most; 4 where nothing is said
    #[arg(long, value_name = "N", default_value_t = DeployOptions::CONCURRENCY as u16, hide_default_value = true, value_parser = clap::value_parser!(u16).range(1..=64))]
    concurrency: u16,
    /// Has CloudFormation work by this role; by default with your own rights, or by the role that a stack has already
    #[arg(long, value_name = "ARN", value_parser = parse_role)]
    role: Option<String>,
    /// Changes the live colour, too, at once; otherwise it is left alone, and a swap brings what is new
    #[arg(long)]
    in_place: bool,
    /// Gives a parameter of a stack a value; those not given keep theirs
    #[arg(long = "parameter", value_name = "STACK.NAME=VALUE", value_parser = parse_parameter)]
    parameters: Vec<Parameter>,
    /// Leaves each fleet the agent that its instances install now, instead of the one that `cargo xtask bundle` has built
    #[arg(long)]
    keep_agent: bool,
    #[command(flatten)]
    lock: LockArgs,
}

/// A value for a parameter of a stack.
#[derive(Clone, Debug)]
struct Parameter {
    stack: String,
    name: String,
    value: String,
}

pub fn run(args: &Args, global: &Global, printer: &Printer) -> Result<()> {
    let session = Session::open(global)?;
    let assembly = session.assemble(printer)?;
    // A misspelt name should not start a local cloud first.
    toolkit::select(&assembly, &args.stacks)?;
    let saved = args.plan.as_deref().map(read_plan).transpose()?;
    let mut options = options(args, &session);
    toolkit::check_parameters(&assembly, &options.parameters)?;
    let name = match &args.plan_out {
        Some(_) => None,
        None => confirmed(args.confirm.as_deref(), args.yes, &session)?,
    };
    if session.is_local() {
        local_cloud::require_ffmpeg()?;
    }
    if !args.keep_agent {
        options.assets = bundle::assets(&session, &assembly, &args.stacks)?;
    }
    let target = target(&session, printer)?;
    let asker = Asker::new(args.yes, printer).by_name(name).until(&options.stop);
    let narrator = render::deploy::Narrator::until(printer, &options.stop);
    let lock = lock::options(&args.lock, &session, &options.run, "deploy");
    let work = async {
        let cloud = connect(&session, &target).await?;
        let done = toolkit::locked(&assembly, &cloud, &lock, &narrator, async |lock| {
            let cloud = lock.cloud();
            let standing = colours::standing(&session, &assembly, cloud).await?;
            let kept = colours::kept(&session, &standing);
            if args.in_place {
                for kept in &kept {
                    printer.note(&format!("in place: `{}` is changed although {}", kept.stack, kept.reason));
                }
            }
            let options = &DeployOptions { keep: if args.in_place { Vec::new() } else { kept }, ..options.clone() };
            Ok::<_, Error>(match (&args.plan_out, saved) {
                (Some(_), _) => Done::Planned(toolkit::plan(&assembly, &args.stacks, cloud, options, &narrator).await?),
                (None, Some(plan)) => {
                    Done::Deployed(toolkit::deploy_plan(&assembly, plan, cloud, options, &asker, &narrator).await?)
                }
                (None, None) => {
                    Done::Deployed(toolkit::deploy(&assembly, &args.stacks, cloud, options, &asker, &narrator).await?)
                }
            })
        })
        .await?;
        if let Target::Local { endpoint_url } = &target
            && matches!(done, Done::Deployed(_))
            // A part of the system may be deployed; workers need all of it.
            && let Ok(places) = places(&session, &assembly, &cloud).await
        {
            colours::ensure_workers(&session, &assembly, &cloud, endpoint_url, &places, printer).await?;
        }
        Ok(done)
    };
    let done = block_on_until_stopped(printer, &options.stop, work);
    drop(narrator);
    match (done.map_err(|error| asker.explain(explain(&session, error)))?, &args.plan_out) {
        (Done::Planned(plan), Some(file)) => write_plan(&plan, file, printer),
        (Done::Planned(_), None) => Ok(()),
        (Done::Deployed(outcomes), _) => show(&outcomes, printer),
    }
}

/// What came of it.
enum Done {
    Planned(Plan),
    Deployed(Vec<StackOutcome>),
}

fn options(args: &Args, session: &Session) -> DeployOptions {
    let policy = |policy| match policy {
        stacks::environment::StackPolicy::AllowAll => StackPolicy::AllowAll,
        stacks::environment::StackPolicy::ProtectData => StackPolicy::ProtectData,
    };
    // An emulator on this machine bears whatever comes.
    let calls_per_second = if session.is_local() { 500.0 } else { DeployOptions::CALLS_PER_SECOND };
    DeployOptions {
        artifacts: Some(Artifacts { stack: ARTIFACT_BUCKET.stack.to_owned(), output: ARTIFACT_BUCKET.name.to_owned() }),
        parameters: parameters(&args.parameters),
        role: args.role.clone(),
        patience: patience(session),
        allow_data_loss: args.allow_data_loss.clone(),
        concurrency: usize::from(args.concurrency),
        calls_per_second,
        stack_policy: session.environment.stack_policy.map(policy),
        ..DeployOptions::new(run_id())
    }
}

/// Returns the name that has to be typed; refuses `--yes` without it.
pub fn confirmed(confirm: Option<&str>, yes: bool, session: &Session) -> Result<Option<String>> {
    let environment = &session.environment;
    let name = environment.name.clone();
    if !environment.asks_for_name() {
        return Ok(None);
    }
    match confirm {
        _ if !yes => Ok(Some(name)),
        Some(given) if *given == name => Ok(Some(name)),
        Some(given) => Err(Error::usage(format!("`--confirm {given}` is given, but the environment is `{name}`"))),
        None => Err(Error::usage(format!("environment `{name}` asks for its name before it is changed"))
            .hint(format!("with `--yes`, add `--confirm {name}`"))),
    }
}

fn read_plan(file: &Path) -> Result<Plan> {
    let text = fs::read_to_string(file)
        .map_err(|error| Error::usage(format!("cannot read the plan {}: {error}", file.display())))?;
    Ok(Plan::read(&text)?)
}

fn write_plan(plan: &Plan, file: &Path, printer: &Printer) -> Result<()> {
    fs::write(file, plan.to_text())
        .map_err(|error| Error::new(Kind::Failed, format!("cannot write the plan {}: {error}", file.display())))?;
    if printer.is_json() {
        return printer.json(plan);
    }
    let file = file.display();
    printer.line(format_args!("nothing was done; `baleen deploy --env {} --plan {file}` does it", plan.environment));
    Ok(())
}

fn show(outcomes: &[StackOutcome], printer: &Printer) -> Result<()> {
    if printer.is_json() {
        return printer.json(&json!({ "stacks": outcomes }));
    }
    let outputs =
        outcomes.iter().flat_map(|stack| stack.outputs.iter().map(|(name, value)| (&stack.stack, name, value)));
    let rows: Vec<_> = outputs.map(|(stack, name, value)| [stack.clone(), name.clone(), value.clone()]).collect();
    if rows.is_empty() {
        return Ok(());
    }
    printer.data(&table(["STACK", "OUTPUT", "VALUE"], &rows))
}

pub fn parse_role(text: &str) -> std::result::Result<String, String> {
    let is_role = text.starts_with("arn:") && text.contains(":iam::") && text.contains(":role/");
    is_role
        .then(|| text.to_owned())
        .ok_or_else(|| "write its ARN, such as `arn:aws:iam::111122223333:role/baleen-dev-execution`".to_owned())
}

fn parse_parameter(text: &str) -> std::result::Result<Parameter, String> {
    let parsed = text.split_once('=').and_then(|(name, value)| {
        let (stack, name) = name.split_once('.')?;
        Some(Parameter { stack: stack.to_owned(), name: name.to_owned(), value: value.to_owned() })
    });
    parsed
        .filter(|parameter| !parameter.stack.is_empty() && !parameter.name.is_empty())
        .ok_or_else(|| "write it as STACK.NAME=VALUE, such as `fleet-blue.Minimum=2`".to_owned())
}

fn parameters(given: &[Parameter]) -> BTreeMap<String, BTreeMap<String, String>> {
    let mut parameters: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    for Parameter { stack, name, value } in given {
        parameters.entry(stack.clone()).or_default().insert(name.clone(), value.clone());
    }
    parameters
}
