use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use clap::{ArgGroup, Subcommand};
use cloud::commands::Instances;
use pipeline::commands::{self, Document, Outcome, Target};
use serde_json::json;
use template::{Assembly, StackTemplate};

use crate::cli::Global;
use crate::cloud_access::{block_on_unless, connect, explain, patience, target};
use crate::error::{Error, Kind, Result};
use crate::printer::Printer;
use crate::render;
use crate::render::commands::{Narrator, Progress};
use crate::session::Session;

const EXAMPLES: &str = "\
Examples:
  baleen command list --env dev
  baleen command run diagnostics --instance i-0123456789abcdef0 --env dev
  baleen command follow 01234567-89ab-cdef-0123-456789abcdef --env dev";

const LIST_EXAMPLES: &str = "\
Examples:
  baleen command list --env dev
  baleen command list enhance-bluewhale --env dev     one document, with its parameters";

const RUN_EXAMPLES: &str = "\
Examples:
  baleen command run diagnostics --tag colour=blue --env dev
  baleen command run drain-agent --instance i-0123456789abcdef0 --param DrainSeconds=60 --env dev
  baleen command run enhance-bluewhale --instance i-0123456789abcdef0 --env dev \\
    --param SourceBucket=my-sources --param SourceKey='incoming/my clip.mp4' \\
    --param OutputBucket=my-results --param OutputKey=clip_sr.mp4";

const FOLLOW_EXAMPLES: &str = "\
Examples:
  baleen command follow 01234567-89ab-cdef-0123-456789abcdef --env dev";

/// The stack whose documents are run.
const STACK: &str = "commands";

/// Runs the documents of the stack `commands` on instances, by Systems Manager
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Lists the documents, or shows one with its parameters
    ///
    /// They are those of the templates; nothing is sent anywhere.
    #[command(after_help = LIST_EXAMPLES)]
    List {
        /// A document, by its name in the template (`EnhanceBluewhale`, `enhance-bluewhale`) or in Systems Manager
        document: Option<String>,
    },
    /// Runs a document on instances, and shows what it says
    ///
    /// Parameters are checked against the document as it is deployed, and SSM agents that are too old for it are refused,
    /// before anything is sent. A command that was sent goes on by itself, also where this program is interrupted. The
    /// exit code is 0 only if it succeeded on every instance, and 5 if it did not.
    #[command(after_help = RUN_EXAMPLES)]
    Run(Run),
    /// Follows a command that was sent, and shows what it said
    #[command(after_help = FOLLOW_EXAMPLES)]
    Follow {
        /// The command's id
        #[arg(value_name = "COMMAND-ID")]
        command: String,
    },
}

#[derive(clap::Args)]
#[command(group(ArgGroup::new("which").required(true).args(["instances", "tags"])))]
struct Run {
    /// The document, by its name in the template (`EnhanceBluewhale`, `enhance-bluewhale`) or in Systems Manager
    document: String,
    /// An instance, of the environment or not; may be given several times
    #[arg(long = "instance", value_name = "ID")]
    instances: Vec<String>,
    /// The instances of the environment that are online and have this tag; given several times, all of the tags
    #[arg(long = "tag", value_name = "KEY=VALUE", value_parser = parse_pair)]
    tags: Vec<(String, String)>,
    /// A parameter of the document; several times for one that is a list. Object keys are given as they are
    #[arg(long = "param", value_name = "NAME=VALUE", value_parser = parse_pair)]
    parameters: Vec<(String, String)>,
    /// A version of the document; by default the one that was deployed last
    #[arg(long, value_name = "VERSION")]
    document_version: Option<String>,
}

pub fn run(args: &Args, global: &Global, printer: &Printer) -> Result<()> {
    let session = Session::open(global)?;
    let assembly = session.assemble(printer)?;
    let stack = stack(&session, &assembly)?;
    match &args.action {
        Action::List { document } => list(stack, document.as_deref(), printer),
        Action::Run(run) => run_document(&session, &assembly, stack, run, printer),
        Action::Follow { command } => follow(&session, &assembly, command, printer),
    }
}

fn stack<'a>(session: &Session, assembly: &'a Assembly) -> Result<&'a StackTemplate> {
    assembly.stacks.iter().find(|stack| stack.name == STACK).ok_or_else(|| {
        let name = &session.environment.name;
        Error::usage(format!("environment `{name}` has no stack `{STACK}`"))
            .hint("commands run on instances of EC2: choose an environment that has some")
    })
}

fn list(stack: &StackTemplate, document: Option<&str>, printer: &Printer) -> Result<()> {
    let documents = commands::documents(&stack.template.to_json());
    if let Some(document) = document {
        let document = commands::find(&documents, document)?;
        return if printer.is_json() {
            printer.json(document)
        } else {
            printer.data(&render::commands::document(document))
        };
    }
    if printer.is_json() { printer.json(&documents) } else { printer.data(&render::commands::documents(&documents)) }
}

fn run_document(
    session: &Session,
    assembly: &Assembly,
    stack: &StackTemplate,
    run: &Run,
    printer: &Printer,
) -> Result<()> {
    let cloud_target = target(session, printer)?;
    let progress = Arc::new(Mutex::new(Progress::Nothing));
    let narrator = Narrator::new(printer, Arc::clone(&progress));
    let work = async {
        let cloud = connect(session, &cloud_target).await?;
        let patience = patience(session);
        // Makes sure of the account, too.
        toolkit::outputs(assembly, &[STACK.to_owned()], &cloud, patience).await?;
        let deployed = commands::deployed(&cloud, &stack.stack_name, patience.0, &narrator).await?;
        let document = commands::find(&deployed.documents, &run.document)?;
        let target = Target {
            parameters: commands::values(document, &run.parameters)?,
            document: document.clone(),
            document_version: run.document_version.clone(),
            instances: instances(session, run)?,
            log_group: deployed.log_group,
            comment: comment(session, document),
        };
        let sent = commands::send(&cloud, &target, patience.0, &narrator).await?;
        let outcomes = commands::follow(&cloud, &sent.command, &sent.instances, patience.0, &narrator).await?;
        Ok((sent, outcomes))
    };
    let (sent, outcomes) =
        block_on_unless(printer, interrupted(session, progress), work).map_err(|error| explain(session, error))?;
    show(&sent.command, &outcomes, &sent.left_out, printer)
}

fn follow(session: &Session, assembly: &Assembly, command: &str, printer: &Printer) -> Result<()> {
    let cloud_target = target(session, printer)?;
    let progress = Arc::new(Mutex::new(Progress::Sent { command: command.to_owned() }));
    let narrator = Narrator::new(printer, Arc::clone(&progress));
    let work = async {
        let cloud = connect(session, &cloud_target).await?;
        let patience = patience(session);
        // Makes sure of the account.
        toolkit::outputs(assembly, &[STACK.to_owned()], &cloud, patience).await?;
        Ok(commands::follow(&cloud, command, &[], patience.0, &narrator).await?)
    };
    let outcomes =
        block_on_unless(printer, interrupted(session, progress), work).map_err(|error| explain(session, error))?;
    show(command, &outcomes, &[], printer)
}

/// A tag such as `colour=blue` stands on the instances of other environments too, so that theirs are added.
fn instances(session: &Session, run: &Run) -> Result<Instances> {
    if run.tags.is_empty() {
        return Ok(Instances::Ids(run.instances.clone()));
    }
    let environment = &session.environment;
    let mut tags = BTreeMap::from([
        ("app".to_owned(), environment.app.to_string()),
        ("environment".to_owned(), environment.name.clone()),
    ]);
    for (key, value) in &run.tags {
        if let Some(other) = tags.insert(key.clone(), value.clone())
            && other != *value
        {
            return Err(Error::usage(format!("no instance has both {key}={other} and {key}={value}")));
        }
    }
    Ok(Instances::Tags(tags))
}

fn comment(session: &Session, document: &Document) -> String {
    let environment = &session.environment;
    format!("{} {}: {} by hand", environment.app, environment.name, document.logical_id)
}

/// Says what an interruption leaves behind.
fn interrupted(session: &Session, progress: Arc<Mutex<Progress>>) -> impl Fn() -> Error + Send + 'static {
    let environment = session.environment.name.clone();
    move || match &*progress.lock().unwrap_or_else(PoisonError::into_inner) {
        Progress::Nothing => Error::new(Kind::Interrupted, "interrupted: nothing was sent"),
        Progress::Sending => Error::new(Kind::Interrupted, "interrupted: the command may have been sent, or not")
            .hint("look before sending it again: `aws ssm list-commands --max-items 5` shows the newest"),
        Progress::Sent { command } => {
            Error::new(Kind::Interrupted, format!("interrupted: command {command} goes on by itself"))
                .hint(format!("follow it: `baleen command follow {command} --env {environment}`"))
                .hint(format!("or stop it: `aws ssm cancel-command --command-id {command}`"))
        }
    }
}

fn show(command: &str, outcomes: &[Outcome], left_out: &[String], printer: &Printer) -> Result<()> {
    if printer.is_json() {
        printer.json(&json!({ "command": command, "instances": outcomes, "left_out": left_out }))?;
    } else {
        render::commands::outcomes(printer, outcomes)?;
    }
    let failed: Vec<_> = outcomes.iter().filter(|outcome| !outcome.succeeded).collect();
    if failed.is_empty() {
        return Ok(());
    }
    let how: Vec<_> = failed.iter().map(|outcome| render::commands::verdict(outcome)).collect();
    let message = match outcomes.len() {
        1 => format!("the command did not succeed: {}", how.join(", ")),
        all => format!("the command did not succeed on {} of {all} instances: {}", failed.len(), how.join(", ")),
    };
    Err(Error::new(Kind::Command, message))
}

fn parse_pair(text: &str) -> std::result::Result<(String, String), String> {
    let pair = text.split_once('=').filter(|(name, _)| !name.is_empty());
    let pair = pair.map(|(name, value)| (name.to_owned(), value.to_owned()));
    pair.ok_or_else(|| "write a name, `=` and a value".to_owned())
}
