use std::collections::BTreeMap;
use std::io::{BufRead, IsTerminal, Write, stdin};
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;
use stacks::outputs::ARTIFACT_BUCKET;
use toolkit::{Approver, Artifacts, DeployOptions, Question, StackOutcome};

use crate::bundle;
use crate::cli::Global;
use crate::cloud_access::{block_on, connect, explain, patience, places, run_id, target};
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
  baleen deploy --env dev                                shows each change set, and asks
  baleen deploy jobs --env dev                           one stack, and what it needs
  baleen deploy --env dev --parameter fleet-blue.Minimum=2";

/// Deploys stacks by change sets, in dependency order
///
/// The account and the region of the credentials must be those of the environment, or nothing happens. Each change
/// set is shown and approved before it is executed. A stack that is needed and not deployed yet is deployed too; one
/// that is deployed is only read. An interrupted deployment is continued by the next one.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The stacks to deploy; all if none is named
    #[arg(value_name = "STACK")]
    stacks: Vec<String>,
    /// Approves everything without asking
    #[arg(long, short)]
    yes: bool,
    /// Has CloudFormation work by this role; by default with your own rights, or by the role that a stack has already
    #[arg(long, value_name = "ARN", value_parser = parse_role)]
    role: Option<String>,
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
    let parameters = parameters(&args.parameters);
    toolkit::check_parameters(&assembly, &parameters)?;
    if session.is_local() {
        local_cloud::require_ffmpeg()?;
    }
    let assets = if args.keep_agent { Vec::new() } else { bundle::assets(&session, &assembly, &args.stacks)? };
    let target = target(&session, printer)?;
    let options = DeployOptions {
        artifacts: Some(Artifacts { stack: ARTIFACT_BUCKET.stack.to_owned(), output: ARTIFACT_BUCKET.name.to_owned() }),
        assets,
        parameters,
        role: args.role.clone(),
        patience: patience(&session),
        ..DeployOptions::new(run_id())
    };
    let asker = Asker::new(args.yes, printer);
    let narrator = render::deploy::Narrator::new(printer);
    let lock = lock::options(&args.lock, &session, &options.run, "deploy");
    let work = async {
        let cloud = connect(&session, &target).await?;
        let outcomes = toolkit::locked(&assembly, &cloud, &lock, &narrator, async |lock| {
            Ok::<_, Error>(toolkit::deploy(&assembly, &args.stacks, lock.cloud(), &options, &asker, &narrator).await?)
        })
        .await?;
        if let Target::Local { endpoint_url } = &target
            // A part of the system may be deployed; workers need all of it.
            && let Ok(places) = places(&session, &assembly, &cloud).await
        {
            local_cloud::ensure_workers(&session, endpoint_url, &places, printer)?;
        }
        Ok(outcomes)
    };
    let outcomes = block_on(printer, work).map_err(|error| asker.explain(explain(&session, error)))?;
    show(&outcomes, printer)
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

fn parse_role(text: &str) -> std::result::Result<String, String> {
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

/// Asks the person at the terminal.
pub struct Asker<'a> {
    approves_all: AtomicBool,
    printer: &'a Printer,
    can_ask: bool,
}

impl<'a> Asker<'a> {
    pub fn new(yes: bool, printer: &'a Printer) -> Self {
        Self { approves_all: AtomicBool::new(yes), printer, can_ask: stdin().is_terminal() && !printer.is_json() }
    }

    /// Adds what to do where nobody could be asked.
    pub fn explain(&self, error: Error) -> Error {
        if error.kind == Kind::Declined && !self.can_ask {
            return error.hint("there is nobody to ask here: approve with `--yes`");
        }
        error
    }

    fn ask(&self, question: &str) -> bool {
        if self.approves_all.load(Ordering::Relaxed) {
            return true;
        }
        if !self.can_ask {
            return false;
        }
        self.printer.status("");
        loop {
            let mut err = anstream::stderr();
            // A question that cannot be shown is answered with no, below.
            let _ = write!(err, "{question} [y]es, [N]o, [a]ll: ").and_then(|()| err.flush());
            let mut answer = String::new();
            match stdin().lock().read_line(&mut answer) {
                Ok(0) => {
                    // Ctrl-D: the cursor is still behind the question.
                    let _ = writeln!(err);
                    return false;
                }
                Ok(_) => {}
                Err(_) => return false,
            }
            match answer.trim().to_lowercase().as_str() {
                "y" | "yes" => return true,
                "" | "n" | "no" => return false,
                "a" | "all" => {
                    self.approves_all.store(true, Ordering::Relaxed);
                    return true;
                }
                _ => {}
            }
        }
    }
}

impl Approver for Asker<'_> {
    fn approve(&self, question: Question<'_>) -> bool {
        match question {
            Question::Deploy(plan) => self.ask(&format!("Deploy these changes to environment `{}`?", plan.environment)),
            Question::Rollback(plan) => {
                render::rollback::plan(self.printer, plan);
                self.ask(&format!("Roll all this of environment `{}` back?", plan.environment))
            }
            Question::Import(plan) => {
                render::import::plan(self.printer, plan);
                self.ask(&format!("Take this over into {}?", plan.stack_name))
            }
            Question::Destroy(plan) => {
                render::deploy::destroy_plan(self.printer, plan);
                self.ask(&format!("Delete all this of environment `{}`, for good?", plan.environment))
            }
        }
    }
}
