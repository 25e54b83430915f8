use std::io::{IsTerminal, stdout};
use std::process::{Command, Stdio};

use serde_json::json;
use stacks::outputs::{
    ARTIFACT_BUCKET, DELIVERY_BUCKET, ENHANCED_BUCKET, JOB_TABLE, Output, SOURCE_BUCKET, STATE_MACHINE, STREAMS_URL,
};
use template::Assembly;

use crate::cli::Global;
use crate::cloud_access::{block_on, connect, explain, patience, target};
use crate::error::{Error, Kind, Result};
use crate::printer::Printer;
use crate::session::Session;

const EXAMPLES: &str = "\
Examples:
  baleen open --env prod                    all stacks, in the CloudFormation console
  baleen open jobs --env prod               one stack
  baleen open workflow --env prod           the state machine, with its executions
  baleen open dashboard --env prod --print  only prints the link

What:
  a stack      its page in the CloudFormation console; `baleen list --env NAME` shows the names
  dashboard    what is watched, in CloudWatch
  workflow     the state machine
  table        the jobs, in DynamoDB
  sources, enhanced, streams, artifacts    the buckets
  player       where viewers find the streams";

/// Opens a page of the AWS console
///
/// The link is printed, and opened where this is a desktop. The browser has to be signed in to the environment's account.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// What to open; all stacks if nothing is named
    #[arg(value_name = "WHAT")]
    what: Option<String>,
    /// Only prints the link
    #[arg(long)]
    print: bool,
}

pub fn run(args: &Args, global: &Global, printer: &Printer) -> Result<()> {
    let session = Session::open(global)?;
    if session.is_local() {
        return Err(
            Error::usage("a local environment has no console").hint("`baleen status --env local` shows its stacks")
        );
    }
    let assembly = session.assemble(printer)?;
    let link = link(args.what.as_deref(), &session, &assembly, printer)?;
    if printer.is_json() {
        return printer.json(&json!({ "url": link }));
    }
    printer.data(&format!("{link}\n"))?;
    if !args.print && stdout().is_terminal() && is_desktop() && !open(&link) {
        printer.note("it cannot be opened from here");
    }
    Ok(())
}

/// A page that shows what an output names.
type Page = fn(&Console, &str) -> String;

/// What can be opened beside stacks, by the output that it is about.
const PAGES: [(&str, Output, Page); 7] = [
    ("workflow", STATE_MACHINE, |console, arn| {
        console.page("states", &format!("#/statemachines/view/{}", encoded(arn)))
    }),
    ("table", JOB_TABLE, |console, name| console.page("dynamodbv2", &format!("#table?name={}", encoded(name)))),
    ("sources", SOURCE_BUCKET, Console::bucket),
    ("enhanced", ENHANCED_BUCKET, Console::bucket),
    ("streams", DELIVERY_BUCKET, Console::bucket),
    ("artifacts", ARTIFACT_BUCKET, Console::bucket),
    ("player", STREAMS_URL, |_, url| url.to_owned()),
];

fn link(what: Option<&str>, session: &Session, assembly: &Assembly, printer: &Printer) -> Result<String> {
    let console = Console { region: assembly.region.clone() };
    let prefix = format!("{}-{}", assembly.app, assembly.environment);
    match what {
        None => {
            let filter = format!("#/stacks?filteringStatus=active&filteringText={}-", encoded(&prefix));
            Ok(console.page("cloudformation", &filter))
        }
        Some("dashboard") if session.environment.observability.is_some() => {
            Ok(console.page("cloudwatch", &format!("#dashboards/dashboard/{}", encoded(&prefix))))
        }
        Some(what) => {
            if let Some((_, output, page)) = PAGES.iter().find(|(name, ..)| *name == what) {
                return Ok(page(&console, &value(*output, session, assembly, printer)?));
            }
            let stack = assembly.stack(what).ok_or_else(|| unknown(what, session, assembly))?;
            let id = stack_id(&stack.stack_name, session, printer)?;
            Ok(console.page("cloudformation", &format!("#/stacks/stackinfo?stackId={}", encoded(&id))))
        }
    }
}

fn unknown(what: &str, session: &Session, assembly: &Assembly) -> Error {
    let stacks = assembly.stacks.iter().map(|stack| stack.name.as_str());
    let dashboard = session.environment.observability.as_ref().map(|_| "dashboard");
    let known: Vec<_> = dashboard.into_iter().chain(PAGES.iter().map(|(name, ..)| *name)).chain(stacks).collect();
    Error::usage(format!("there is no page of `{what}`")).hint(format!("allowed: {}", known.join(", ")))
}

/// Reads an output of the deployed stack.
fn value(output: Output, session: &Session, assembly: &Assembly, printer: &Printer) -> Result<String> {
    let name = &session.environment.name;
    let missing = |why: &str| {
        Error::new(
            Kind::Failed,
            format!("environment `{name}` has no output `{}` of `{}`: {why}", output.name, output.stack),
        )
        .hint(format!("deploy it first: `baleen deploy --env {name}`"))
    };
    if assembly.stack(output.stack).is_none() {
        return Err(missing("its settings leave that stack out"));
    }
    let target = target(session, printer)?;
    let work = async {
        let cloud = connect(session, &target).await?;
        Ok(toolkit::outputs(assembly, &[output.stack.to_owned()], &cloud, patience(session)).await?)
    };
    let stacks = block_on(printer, work).map_err(|error| explain(session, error))?;
    let found = stacks.iter().find_map(|stack| stack.outputs.get(output.name)).cloned();
    found.ok_or_else(|| missing("it is not deployed"))
}

/// Finds the ARN of a stack, by which the console knows it.
fn stack_id(name: &str, session: &Session, printer: &Printer) -> Result<String> {
    let target = target(session, printer)?;
    let work = async {
        let cloud = connect(session, &target).await?;
        Ok(cloud.cloud_formation.describe_stack(name).await?)
    };
    let stack = block_on(printer, work).map_err(|error| explain(session, error))?;
    let missing = || Error::new(Kind::Failed, format!("{name} is not deployed"));
    stack.map(|stack| stack.id).ok_or_else(missing)
}

/// The console of a region.
struct Console {
    region: String,
}

impl Console {
    fn host(&self) -> String {
        let region = &self.region;
        if region.starts_with("cn-") {
            format!("{region}.console.amazonaws.cn")
        } else if region.starts_with("us-gov-") {
            format!("{region}.console.amazonaws-us-gov.com")
        } else {
            format!("{region}.console.aws.amazon.com")
        }
    }

    fn page(&self, service: &str, place: &str) -> String {
        format!("https://{}/{service}/home?region={}{place}", self.host(), self.region)
    }

    fn bucket(&self, name: &str) -> String {
        format!("https://{}/s3/buckets/{}?region={}", self.host(), encoded(name), self.region)
    }
}

/// Writes a text so that a link can carry it.
fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |encoded, byte| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => encoded + &char::from(byte).to_string(),
        _ => encoded + &format!("%{byte:02X}"),
    })
}

/// Says whether a browser could show something here.
fn is_desktop() -> bool {
    cfg!(target_os = "macos") || ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(|name| std::env::var_os(name).is_some())
}

/// Has the desktop open a link; says whether it tries.
fn open(link: &str) -> bool {
    let program = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let opener =
        Command::new(program).arg(link).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    opener.is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_those_of_the_region() {
        let console = |region: &str| Console { region: region.to_owned() };
        assert_eq!(
            console("eu-central-1").page("states", &format!("#/statemachines/view/{}", encoded("arn:aws:states"))),
            "https://eu-central-1.console.aws.amazon.com/states/home?region=eu-central-1#/statemachines/view/arn%3Aaws%3Astates"
        );
        assert_eq!(
            console("cn-north-1").bucket("b"),
            "https://cn-north-1.console.amazonaws.cn/s3/buckets/b?region=cn-north-1"
        );
    }
}
