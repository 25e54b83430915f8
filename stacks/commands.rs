//! What people, and the workflow, have done on instances by Systems Manager's Run Command.
//!
//! The scripts are in `assets/commands`, whose README says how each is put together and what its parameters may be. A
//! command's output is kept in the log group only where the one who sends it says so.

mod parameters;

use documents::ssm::{CommandDocument, command, run_shell_script};
use documents::{Script, iam as policy, script};
use resources::logs::LogGroupRef;
use resources::ssm::{Document, DocumentFormat, DocumentRef, DocumentType, DocumentUpdateMethod};
use template::{Stack, aws, sub};

use crate::bootstrap::Bootstrap;
use crate::environment::Environment;
use crate::identity::{self, Identity};
use crate::keys::Keys;
use crate::{logs, units};
use parameters::{agent, bundle, draining, encoding, lines, of_bluewhale, of_walrus, place, version};

/// How long a command that installs or looks may take, in seconds.
const CHORE_SECONDS: u32 = 1800;

/// The longest time that Systems Manager gives a command, in seconds: two days.
const LONGEST_SECONDS: u32 = 172_800;

/// A piece of a script.
macro_rules! piece {
    ($name:literal) => {
        include_str!(concat!("../assets/commands/", $name, ".sh"))
    };
}

/// What later stacks use of it.
#[derive(Debug)]
pub struct Commands {
    /// Enhances one video with Bluewhale.
    pub enhance_bluewhale: DocumentRef,
    /// Enhances one video with Walrus.
    pub enhance_walrus: DocumentRef,
    /// Keeps what commands say.
    pub log: LogGroupRef,
}

/// Declares the stack.
pub fn stack(
    stack: &mut Stack,
    environment: &Environment,
    bootstrap: &Bootstrap,
    identity: &Identity,
    keys: &Keys,
) -> Commands {
    stack.description("What is done on instances by Run Command");
    let log = log(stack, environment, identity, keys);
    let mut add = |logical_id: &str, name: &str, document: CommandDocument| {
        let document = Document::new(document)
            .document_type(DocumentType::Command)
            .document_format(DocumentFormat::Json)
            .target_type("/AWS::EC2::Instance")
            .name(format!("{}-{}-{name}", environment.app, environment.name))
            // A new version beside the old ones: what runs by one of these goes on.
            .update_method(DocumentUpdateMethod::NewVersion);
        stack.add(logical_id, document)
    };

    add("InstallAwsCli", "install-aws-cli", install_aws_cli());
    let enhance_bluewhale = add("EnhanceBluewhale", "enhance-bluewhale", enhance_with_bluewhale(environment));
    let enhance_walrus = add("EnhanceWalrus", "enhance-walrus", enhance_with_walrus(environment));
    add("InstallAgent", "install-agent", install_agent(environment, bootstrap));
    add("UpgradeAgent", "upgrade-agent", upgrade_agent(bootstrap));
    add("DrainAgent", "drain-agent", drain_agent());
    add("Diagnostics", "diagnostics", diagnostics());
    Commands { enhance_bluewhale, enhance_walrus, log }
}

/// Adds the log of what commands say, and lets the SSM agent write it.
///
/// See "Configuring Amazon CloudWatch Logs for Run Command" in the Systems Manager user guide.
fn log(stack: &mut Stack, environment: &Environment, identity: &Identity, keys: &Keys) -> LogGroupRef {
    let name = format!("/{}/{}/commands", environment.app, environment.name);
    let log = logs::add(stack, keys, "Log", Some(name), environment.jobs.log_retention_days);
    let write = policy::allow(["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]).on([log.arn()]);
    let every = sub!("arn:{}:logs:{}:{}:log-group:*", aws::partition(), aws::region(), aws::account_id());
    let find = policy::allow(["logs:DescribeLogGroups"]).on([every]);
    identity::let_worker(stack, identity, "CommandsAreLogged", [write, find]);
    log
}

/// Puts a command's script together of pieces.
fn pieces<const N: usize>(pieces: [&str; N]) -> Script {
    script(pieces.concat())
}

fn install_aws_cli() -> CommandDocument {
    let install = pieces([piece!("common"), piece!("aws-cli"), piece!("install-aws-cli")]);
    let install = run_shell_script("Install", install).timeout_seconds(CHORE_SECONDS);
    version(command("Installs the AWS CLI", install))
}

fn enhance_with_bluewhale(environment: &Environment) -> CommandDocument {
    let enhance = pieces([
        piece!("common"),
        piece!("aws-cli"),
        piece!("media"),
        piece!("publish"),
        piece!("enhance"),
        piece!("enhance-bluewhale"),
    ]);
    let enhance = run_shell_script("Enhance", enhance).timeout_seconds(title_seconds(environment));
    let document = place(command("Enhances one video with BLUEDOT Bluewhale", enhance));
    of_bluewhale(encoding(document, "h264_nvenc", "13", "p5"))
}

fn enhance_with_walrus(environment: &Environment) -> CommandDocument {
    let enhance = pieces([
        piece!("common"),
        piece!("aws-cli"),
        piece!("media"),
        piece!("publish"),
        piece!("enhance"),
        piece!("enhance-walrus"),
    ]);
    let enhance = run_shell_script("Enhance", enhance).timeout_seconds(title_seconds(environment));
    let document = place(command("Enhances one video with BLUEDOT Walrus", enhance));
    of_walrus(encoding(document, "libx264", "18", "medium"))
}

fn install_agent(environment: &Environment, bootstrap: &Bootstrap) -> CommandDocument {
    let install = pieces([piece!("common"), piece!("agent"), piece!("install-agent")]);
    let install = units::with_agent(install, environment);
    let install = run_shell_script("Install", install).timeout_seconds(CHORE_SECONDS);
    agent(bundle(command("Installs the agent and starts it", install), bootstrap))
}

fn upgrade_agent(bootstrap: &Bootstrap) -> CommandDocument {
    let upgrade = pieces([piece!("common"), piece!("agent"), piece!("upgrade-agent")]);
    let upgrade = run_shell_script("Upgrade", upgrade).timeout_seconds(LONGEST_SECONDS);
    draining(bundle(command("Puts another version in the place of the agent", upgrade), bootstrap))
}

fn drain_agent() -> CommandDocument {
    let drain = pieces([piece!("common"), piece!("agent"), piece!("drain-agent")]);
    let drain = run_shell_script("Drain", drain).timeout_seconds(LONGEST_SECONDS);
    draining(command("Lets the agent finish the task at hand, and stops it", drain))
}

fn diagnostics() -> CommandDocument {
    let show = pieces([piece!("common"), piece!("diagnostics")]);
    let show = run_shell_script("Show", show).timeout_seconds(CHORE_SECONDS);
    lines(command("Shows what a person looks at first when an instance does not do its work", show))
}

/// Returns how long a title may take: no longer than Systems Manager allows.
fn title_seconds(environment: &Environment) -> u32 {
    environment.times.title_timeout_seconds.min(LONGEST_SECONDS)
}
