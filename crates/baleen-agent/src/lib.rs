//! The agent's command line: of the program on instances, and of the hidden command `baleen agent`, by which the local
//! cloud runs it.

use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use agent::{Deployment, Event, Fleet, Level, Settings};
use cloud::Cloud;
use job::Colour;
use serde_json::json;

/// The hidden mode in which the program stands between an agent and a program that the agent runs.
pub const SUPERVISE: &str = "supervise";

/// The name under which this program is the agent and nothing else: so it is installed on instances.
pub const PROGRAM: &str = "baleen-agent";

/// Works on the tasks of a queue until it is asked to stop.
#[derive(clap::Parser)]
#[command(name = PROGRAM, version)]
pub struct Program {
    /// Writes JSON: events, one a line, to standard error
    #[arg(long)]
    pub json: bool,
    /// What it works on.
    #[command(flatten)]
    pub args: Args,
}

/// Works on the tasks of a queue until it is asked to stop
///
/// Instances and the local cloud run it. With `--endpoint-url` it talks to an emulator on this machine, and to
/// nothing else.
#[derive(clap::Args)]
pub struct Args {
    /// The URL of the task queue
    #[arg(long, value_name = "URL")]
    queue: String,
    /// The name of the job table
    #[arg(long)]
    table: String,
    /// The folder to work in
    #[arg(long, value_name = "DIR")]
    work_folder: PathBuf,
    /// The colour whose tasks it does
    #[arg(long, value_parser = parse_colour)]
    colour: Colour,
    /// The agent's name, such as the instance's id
    #[arg(long)]
    name: String,
    /// The region; by default what the instance or the environment says
    #[arg(long)]
    region: Option<String>,
    /// Where an emulator on this machine listens
    #[arg(long, value_name = "URL", value_parser = parse_endpoint_url)]
    endpoint_url: Option<String>,
    /// How long a task stays invisible to others unless renewed
    #[arg(long, value_name = "SECONDS")]
    visibility_seconds: Option<u64>,
    /// How often that is renewed
    #[arg(long, value_name = "SECONDS")]
    renewal_seconds: Option<u64>,
    /// After how long without progress a program is killed
    #[arg(long, value_name = "SECONDS")]
    stall_seconds: Option<u64>,
    /// How long to wait for a task in one call, at most 20
    #[arg(long, value_name = "SECONDS")]
    poll_seconds: Option<u64>,
    /// How often a task may be tried
    #[arg(long)]
    attempts: Option<u32>,
    /// The application whose metrics it publishes; with the environment's name, or none are
    #[arg(long, value_name = "NAME", env = "BALEEN_APP", hide_env = true)]
    app: Option<String>,
    /// The name of the environment
    #[arg(long, value_name = "NAME", env = "BALEEN_ENVIRONMENT", hide_env = true)]
    environment: Option<String>,
    /// What starts and stops this instance
    ///
    /// `spot-fleet` has it watch for Spot's notices; `auto-scaling` too, and the group is told when the instance is busy
    /// and when it may go; `instance` and `none` do nothing.
    #[arg(long, value_name = "KIND", env = "BALEEN_FLEET", hide_env = true, default_value = "none",
          value_parser = ["none", "instance", "spot-fleet", "auto-scaling"])]
    fleet: String,
    /// After how long a task has the instance protected from scale-in
    #[arg(long, value_name = "SECONDS")]
    protect_after_seconds: Option<u64>,
    /// The file that, written within the last minute, keeps it from taking further tasks
    #[arg(long, value_name = "FILE", default_value = "/run/baleen/drain")]
    drain_file: PathBuf,
}

/// Why an agent could not work.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The group's name is made of names that are not given.
    #[error("an Auto Scaling group is known by its application and environment; give `--app` and `--environment` too")]
    Nameless,
    /// The system refused something.
    #[error("cannot {what}: {source}")]
    System {
        /// What.
        what: &'static str,
        /// Why.
        source: std::io::Error,
    },
    /// The connection to the cloud could not be made.
    #[error(transparent)]
    Cloud(#[from] cloud::Error),
    /// The agent gave up.
    #[error(transparent)]
    Agent(#[from] agent::Error),
}

/// How events are written to standard error: the journal's, on instances.
#[derive(Clone, Copy, Debug, Default)]
pub struct Output {
    /// As lines of JSON.
    pub json: bool,
}

/// Runs the agent until it is asked to stop; `connect` is given the address of an emulator and the region, where there are any.
pub fn run<E: From<Error>>(
    args: Args,
    output: Output,
    connect: impl AsyncFnOnce(Option<String>, Option<String>) -> Result<Cloud, E>,
) -> Result<(), E> {
    let program = std::env::current_exe().map_err(failed("tell where this program is"))?;
    let (endpoint_url, region) = (args.endpoint_url.clone(), args.region.clone());
    let settings = settings(args, vec![program.into_os_string(), SUPERVISE.into()])?;
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.worker_threads(2).enable_all().build().map_err(failed("start the runtime"))?;
    runtime.block_on(async {
        let cloud = connect(endpoint_url, region).await?;
        let asked_to_stop = asked_to_stop().map_err(failed("listen for signals"))?;
        let log = |event: Event| output.event(&event);
        agent::run(settings, cloud, asked_to_stop, &log).await.map_err(Error::Agent)?;
        Ok(())
    })
}

fn failed(what: &'static str) -> impl Fn(std::io::Error) -> Error {
    move |source| Error::System { what, source }
}

fn settings(args: Args, supervisor: Vec<OsString>) -> Result<Settings, Error> {
    let Args { queue, table, work_folder, colour, name, app, environment, .. } = args;
    let deployment = app.zip(environment).map(|(app, environment)| Deployment { app, environment });
    let fleet = match (args.fleet.as_str(), &deployment) {
        ("spot-fleet", _) => Fleet::Spot,
        ("auto-scaling", Some(Deployment { app, environment })) => {
            Fleet::AutoScaling { group: job::group::name(app, environment, colour) }
        }
        ("auto-scaling", None) => return Err(Error::Nameless),
        _ => Fleet::None,
    };
    let mut settings = Settings::new(queue, table, work_folder, colour, name, supervisor);
    for (time, seconds) in [
        (&mut settings.visibility, args.visibility_seconds),
        (&mut settings.renewal, args.renewal_seconds),
        (&mut settings.stall, args.stall_seconds),
        (&mut settings.poll, args.poll_seconds),
        (&mut settings.protect_after, args.protect_after_seconds),
    ] {
        if let Some(seconds) = seconds {
            *time = Duration::from_secs(seconds);
        }
    }
    settings.attempts = args.attempts.unwrap_or(settings.attempts);
    settings.deployment = deployment;
    settings.fleet = fleet;
    settings.drain_file = Some(args.drain_file);
    Ok(settings)
}

/// Is ready once the agent is asked to stop: by the service manager, or by a person.
fn asked_to_stop() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminated = signal(SignalKind::terminate())?;
    let mut interrupted = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminated.recv() => {}
            _ = interrupted.recv() => {}
        }
    })
}

impl Output {
    fn event(self, event: &Event) {
        let time = jiff::Timestamp::now();
        let level = event.level();
        if self.json {
            line(&json!({ "time": time.to_string(), "level": level, "event": event }).to_string());
        } else if level > Level::Debug {
            let level = match level {
                Level::Debug => "debug",
                Level::Info => "info",
                Level::Warning => "warning",
                Level::Error => "error",
            };
            line(&format!("{time:.3} {level:<7} {event}"));
        }
    }

    /// Says why the agent could not work.
    pub fn error(self, error: &Error) {
        let message = error.to_string();
        line(&if self.json {
            json!({ "error": { "message": message } }).to_string()
        } else {
            format!("error: {message}")
        });
    }
}

/// Writes a line in one piece. Whoever does not listen any more cannot be told of it.
fn line(text: &str) {
    let _ = std::io::stderr().lock().write_all(format!("{text}\n").as_bytes());
}

/// Takes the address of an emulator on this machine: tasks, and what they hold, go nowhere else.
fn parse_endpoint_url(text: &str) -> Result<String, String> {
    let authority = text.strip_prefix("http://").and_then(|rest| rest.split(['/', '?', '#']).next());
    let address = authority.map(|authority| authority.replacen("localhost:", "127.0.0.1:", 1));
    let address = address.and_then(|address| address.parse::<std::net::SocketAddr>().ok());
    match address {
        Some(address) if address.ip().is_loopback() => Ok(text.to_owned()),
        _ => {
            Err("allowed: `http://`, an address of this machine and a port, such as `http://127.0.0.1:4566`".to_owned())
        }
    }
}

fn parse_colour(text: &str) -> Result<Colour, String> {
    [Colour::Blue, Colour::Green]
        .into_iter()
        .find(|colour| colour.as_str() == text)
        .ok_or_else(|| "blue or green".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use stacks::environment::FleetKind;

    use super::*;

    fn parsed(more: &[&str]) -> Result<Settings, Error> {
        let required =
            ["baleen-agent", "--queue", "q", "--table", "t", "--work-folder", "w", "--colour", "green", "--name", "n"];
        let program = Program::try_parse_from(required.iter().chain(more)).expect("it can be parsed");
        settings(program.args, Vec::new())
    }

    /// The unit on instances says it by an environment variable.
    #[test]
    fn every_kind_of_fleet_is_known() {
        for (kind, fleet) in [
            (FleetKind::AutoScaling, Fleet::AutoScaling { group: "baleen-prod-green".to_owned() }),
            (FleetKind::SpotFleet, Fleet::Spot),
            (FleetKind::Instance, Fleet::None),
        ] {
            let of_kind = parsed(&["--fleet", kind.as_str(), "--app", "baleen", "--environment", "prod"]);
            assert_eq!(of_kind.expect("settings").fleet, fleet);
        }
        let nameless = parsed(&["--fleet", "auto-scaling"]).expect_err("the group has no name");
        assert!(matches!(nameless, Error::Nameless), "{nameless}");
    }
}
