use std::fmt::Write as _;
use std::process::{Command, Stdio};

use serde_json::json;
use stacks::environment::{Environment, Executor, FleetKind, Image, Instances, Network, Ownership, vcpus};
use toolkit::{Check, CheckOutcome, FleetWants, WantedImage, WantedRole, WantedType, Wants};

use crate::bundle;
use crate::cli::Global;
use crate::cloud_access::block_on;
use crate::connect::{self, Target};
use crate::error::{Error, Kind, Result};
use crate::local_cloud;
use crate::printer::{BOLD, DIM, GREEN, Printer, RED, YELLOW};
use crate::render::findings::plural;
use crate::session::{self, Session};

const EXAMPLES: &str = "\
Examples:
  baleen doctor                what this machine lacks
  baleen doctor --env prod     what would keep prod from being deployed, or its fleets from starting
  baleen doctor --env prod --json | jq '.checks[] | select(.outcome != \"good\")'

Permissions:
  sts:GetCallerIdentity needs none. What cannot be seen is shown as unknown, with `?`:
  servicequotas:GetServiceQuota, servicequotas:GetAWSDefaultServiceQuota    quotas of vCPUs
  ssm:GetParameter                                                         the image's parameter
  ec2:DescribeImages, ec2:DescribeInstanceTypeOfferings                    image, instance types
  ec2:RunInstances (with DryRun: nothing starts)                           the AWS Marketplace
  iam:GetRole                                                              service-linked roles";

/// The processors of every instance type that a fleet may have.
const ARCHITECTURE: &str = "x86_64";

/// Looks for what is missing, on this machine and in the environment's account
///
/// Nothing is changed, and nothing is started. Each line says what was looked at: `✓` is as it has to be, `✗` is not, with
/// what to do, and `?` could not be told. The exit code is 1 if anything is `✗`.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {}

pub fn run(_args: &Args, global: &Global, printer: &Printer) -> Result<()> {
    let checks = if global.env.is_some() {
        let session = Session::open(global)?;
        of_environment(&session, printer)?
    } else {
        let mut checks = of_machine();
        checks.push(of_bundle(&session::root(global)?, false));
        checks
    };
    show(&checks, printer)?;
    match checks.iter().filter(|check| check.outcome == CheckOutcome::Bad).count() {
        0 => Ok(()),
        1 => Err(Error::new(Kind::Failed, "one thing is not as it has to be")),
        wrong => Err(Error::new(Kind::Failed, format!("{wrong} things are not as they have to be"))),
    }
}

fn of_environment(session: &Session, printer: &Printer) -> Result<Vec<Check>> {
    let environment = &session.environment;
    if session.is_local() {
        let mut checks = of_machine();
        checks.push(of_local_cloud(session));
        return Ok(checks);
    }
    let mut checks = vec![program("git", &["--version"], "install it: https://git-scm.com/downloads")];
    if environment.fleet.instances.is_some() && environment.jobs.executor == Executor::Agent {
        checks.push(of_bundle(&session.root, true));
    }
    if let Err(error) = connect::require() {
        checks.push(Check::unknown("account", error.message, error.hints.into_iter().next()));
        return Ok(checks);
    }
    let target = Target::Aws { profile: environment.profile.clone() };
    let account = block_on(printer, async {
        let cloud = connect::connect(&target, Some(environment.region.as_str())).await?;
        Ok(toolkit::diagnose(&wants(environment), &cloud).await)
    })?;
    checks.extend(account);
    Ok(checks)
}

/// Looks at what the local cloud and its workers need.
fn of_machine() -> Vec<Check> {
    let ffmpeg = "install it: `sudo apt-get install ffmpeg` (Debian, Ubuntu), `brew install ffmpeg` (macOS)";
    let python = match local::python() {
        Ok(version) => Check::good("Python", version),
        Err(error) => Check::bad("Python", error.to_string(), error.hint().unwrap_or_default()),
    };
    vec![
        program("git", &["--version"], "install it: https://git-scm.com/downloads"),
        program("ffmpeg", &["-version"], ffmpeg),
        program("ffprobe", &["-version"], ffmpeg),
        python,
    ]
}

/// Asks a program for its version.
fn program(name: &str, arguments: &[&str], remedy: &str) -> Check {
    let output = Command::new(name).args(arguments).stdin(Stdio::null()).stderr(Stdio::null()).output();
    match output {
        Ok(output) if output.status.success() => {
            let text = String::from_utf8_lossy(&output.stdout);
            Check::good(name, text.lines().next().unwrap_or_default())
        }
        Ok(output) => Check::bad(name, format!("`{name}` does not run: {}", output.status), remedy),
        Err(error) => Check::bad(name, format!("`{name}` cannot be run: {error}"), remedy),
    }
}

fn of_local_cloud(session: &Session) -> Check {
    const NAME: &str = "local cloud";
    if local_cloud::answers(&session.root) {
        Check::good(NAME, "it runs")
    } else if local::is_installed(&session.root) {
        Check::good(NAME, "it is installed, and starts when it is needed")
    } else {
        Check::good(NAME, "it is installed when it is first needed, which takes PyPI and some seconds")
    }
}

/// Looks for the agent that instances install.
fn of_bundle(root: &std::path::Path, is_needed: bool) -> Check {
    const NAME: &str = "agent bundle";
    const REMEDY: &str = "build it: `cargo xtask bundle`";
    match bundle::find(root) {
        Ok(Some(agent)) => {
            let bundle::Agent { bytes, sha256, glibc, architecture, .. } = agent;
            let digest = sha256.get(..12).unwrap_or_default();
            Check::good(NAME, format!("{architecture}, {bytes} bytes, glibc {glibc} or newer, SHA-256 {digest}…"))
        }
        Ok(None) if is_needed => Check::bad(NAME, "it was not built", REMEDY),
        Ok(None) => {
            Check::unknown(NAME, "it was not built; environments with instances need it", Some(REMEDY.to_owned()))
        }
        Err(error) => Check::bad(NAME, error.message, REMEDY),
    }
}

/// Says what an environment wants of its account.
fn wants(environment: &Environment) -> Wants {
    Wants {
        account: environment.account.to_string(),
        region: environment.region.to_string(),
        fleet: environment.fleet.instances.as_ref().map(|instances| of_fleet(environment, instances)),
    }
}

fn of_fleet(environment: &Environment, instances: &Instances) -> FleetWants {
    let region = &environment.region;
    let (spot_instances, on_demand_instances) = shares(environment.fleet.kind, instances);
    let (zones, subnet) = match &environment.network {
        Some(Network::Create(network)) => {
            (network.zones.iter().map(|zone| format!("{region}{}", zone.as_str())).collect(), None)
        }
        Some(Network::Existing(network)) => (Vec::new(), network.subnets.first().map(ToString::to_string)),
        None => (Vec::new(), None),
    };
    let wanted = |name: &String| WantedType { name: name.clone(), vcpus: vcpus(name).unwrap_or_default() };
    FleetWants {
        image: match &instances.image {
            Image::Id(id) => WantedImage::Id(id.to_string()),
            Image::SsmParameter(name) => WantedImage::Parameter(name.to_string()),
        },
        architecture: ARCHITECTURE.to_owned(),
        instance_types: instances.types.iter().map(wanted).collect(),
        zones,
        subnet,
        spot_instances,
        on_demand_instances,
        roles: roles(environment),
    }
}

/// Returns how many instances of a colour are Spot and on demand, where there are as many as there may be.
fn shares(kind: FleetKind, instances: &Instances) -> (u32, u32) {
    match kind {
        FleetKind::Instance => (0, 1),
        FleetKind::SpotFleet => (instances.maximum, 0),
        FleetKind::AutoScaling => {
            let above = instances.maximum.saturating_sub(instances.on_demand_base);
            // Auto Scaling rounds in favour of what is on demand.
            let on_demand = (above * instances.on_demand_percentage).div_ceil(100);
            (above - on_demand, instances.maximum - (above - on_demand))
        }
    }
}

/// Lists the service-linked roles that have to be there before; Auto Scaling makes those that it needs by itself.
fn roles(environment: &Environment) -> Vec<WantedRole> {
    let role = |name: &str, service: &str| WantedRole { name: name.to_owned(), service: service.to_owned() };
    let keys_need_one = environment.keys.as_ref().is_some_and(|keys| keys.service_linked_role == Ownership::Existing);
    match environment.fleet.kind {
        // "Service-linked role for Spot Instance requests" and "Spot Fleet permissions" in the EC2 user guide: whoever does
        // not use the console has to make them.
        FleetKind::SpotFleet => vec![
            role("AWSServiceRoleForEC2Spot", "spot.amazonaws.com"),
            role("AWSServiceRoleForEC2SpotFleet", "spotfleet.amazonaws.com"),
        ],
        FleetKind::AutoScaling if keys_need_one => {
            vec![role("AWSServiceRoleForAutoScaling", "autoscaling.amazonaws.com")]
        }
        FleetKind::AutoScaling | FleetKind::Instance => Vec::new(),
    }
}

fn show(checks: &[Check], printer: &Printer) -> Result<()> {
    if printer.is_json() {
        return printer.json(&json!({ "checks": checks }));
    }
    let width = checks.iter().map(|check| check.name.chars().count()).max().unwrap_or_default();
    let mut text = String::new();
    for Check { name, outcome, detail, remedy } in checks {
        let (style, sign) = match outcome {
            CheckOutcome::Good => (GREEN, '✓'),
            CheckOutcome::Bad => (RED, '✗'),
            CheckOutcome::Unknown => (YELLOW, '?'),
        };
        // Writing to a string does not fail.
        let _ = writeln!(text, "{style}{sign}{style:#} {BOLD}{name:<width$}{BOLD:#}  {detail}");
        if let Some(remedy) = remedy {
            let _ = writeln!(text, "  {:<width$}  {DIM}→ {remedy}{DIM:#}", "");
        }
    }
    text.push_str(&summary(checks));
    printer.data(&text)
}

fn summary(checks: &[Check]) -> String {
    let count = |outcome| checks.iter().filter(|check| check.outcome == outcome).count();
    let (good, bad, unknown) = (count(CheckOutcome::Good), count(CheckOutcome::Bad), count(CheckOutcome::Unknown));
    format!("{}: {good} good, {bad} wrong, {unknown} unknown\n", plural(checks.len(), "check"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_of_spot_is_that_of_auto_scaling() {
        let instances = |maximum, on_demand_base, on_demand_percentage| Instances {
            image: Image::Id("ami-0a1b2c3d4e5f60001".to_owned().try_into().expect("an id")),
            image_has_aws_cli: false,
            types: vec!["g6e.xlarge".to_owned()],
            volume: stacks::environment::Volume {
                gibibytes: 100,
                iops: 3000,
                mebibytes_per_second: 125,
                device: "/dev/xvda".to_owned(),
            },
            maximum,
            on_demand_base,
            on_demand_percentage,
            tasks_per_instance: 4,
            idle_minutes: 15,
        };
        for (maximum, base, percentage, expected) in
            [(20, 1, 20, (15, 5)), (4, 0, 0, (4, 0)), (4, 8, 50, (0, 4)), (3, 0, 100, (0, 3)), (5, 1, 10, (3, 2))]
        {
            let found = shares(FleetKind::AutoScaling, &instances(maximum, base, percentage));
            assert_eq!(found, expected, "{maximum} {base} {percentage}");
        }
        assert_eq!(shares(FleetKind::SpotFleet, &instances(4, 0, 0)), (4, 0));
        assert_eq!(shares(FleetKind::Instance, &instances(4, 0, 0)), (0, 1));
    }
}
