use clap::Subcommand;
use local::{AfterStop, EmulatorStatus, Status, Stopped};
use serde_json::{Value, json};

use crate::cli::Global;
use crate::cloud_access::{self, block_on, places};
use crate::colours;
use crate::connect::{self, Target};
use crate::error::{Error, Result};
use crate::local_cloud;
use crate::printer::Printer;
use crate::render;
use crate::session::{self, Session};
use crate::table::{fields, table};

const EXAMPLES: &str = "\
Examples:
  baleen local up
  baleen local logs agent-blue-1 -n 100
  baleen local down --wipe               forget what is deployed there, and every object";

/// The environment whose workers run on this machine, unless `--env` names another one.
const DEFAULT_ENVIRONMENT: &str = "local";

/// Starts, shows and stops the local cloud of this checkout
///
/// `deploy` and `submit` start what they need; this is for looking after it. It listens on the loopback interface
/// only. What is deployed there outlives `down`, but not a machine that crashes.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Starts the emulator, and the workers where the system is deployed
    Up,
    /// Stops the workers and the emulator
    Down {
        /// Forgets what is deployed and stored there
        #[arg(long)]
        wipe: bool,
    },
    /// Shows what runs
    Status,
    /// Shows the end of a log
    Logs {
        /// Whose: `emulator`, or `agent-` and the worker's name; all if none is named
        name: Option<String>,
        /// How many lines
        #[arg(long, short = 'n', default_value_t = 20)]
        lines: usize,
    },
}

pub fn run(args: &Args, global: &Global, printer: &Printer) -> Result<()> {
    match &args.action {
        Action::Up => up(global, printer),
        Action::Down { wipe } => down(*wipe, global, printer),
        Action::Status => status(global, printer),
        Action::Logs { name, lines } => logs(name.as_deref(), *lines, global, printer),
    }
}

fn up(global: &Global, printer: &Printer) -> Result<()> {
    connect::require()?;
    local_cloud::require_ffmpeg()?;
    let name = global.env.as_deref().unwrap_or(DEFAULT_ENVIRONMENT);
    let session = Session::open_named(session::root(global)?, name)?;
    if !session.is_local() {
        return Err(Error::usage(format!("environment `{name}` is not local, but in an AWS account")));
    }
    let assembly = session.assemble(printer)?;
    let emulator = local_cloud::up(&session.root, printer)?;
    let target = Target::Local { endpoint_url: emulator.endpoint_url.clone() };
    // Whether the system is deployed there is not this command's business.
    let found = block_on(printer, async {
        let cloud = cloud_access::connect(&session, &target).await?;
        let places = places(&session, &assembly, &cloud).await?;
        Ok((places, colours::standing(&session, &assembly, &cloud).await?))
    });
    if let Ok((places, standing)) = found {
        let workers = colours::wanted_workers(&session, &standing);
        local_cloud::ensure_workers(&session, &emulator.endpoint_url, &places, &workers, printer)?;
    } else {
        printer.note(&format!("nothing is deployed there yet: `baleen deploy --env {name}`"));
    }
    show(&local::status(&session.root)?, printer)
}

fn down(wipe: bool, global: &Global, printer: &Printer) -> Result<()> {
    let root = session::root(global)?;
    let after = if wipe { AfterStop::Wipe } else { AfterStop::KeepState };
    let down = local::down(&root, after, &mut |event| render::local::event(printer, &event))?;
    if printer.is_json() {
        let emulator =
            down.emulator.map(|stopped| if stopped == Stopped::StateKept { "state-kept" } else { "state-gone" });
        return printer.json(&json!({ "workers": down.workers, "emulator": emulator }));
    }
    printer.line(match down.emulator {
        Some(Stopped::StateKept) => "stopped; what is deployed there is kept",
        Some(Stopped::StateGone) => "stopped; what was deployed there is gone",
        None if wipe => "it did not run; what was deployed there is gone",
        None => "it did not run",
    });
    Ok(())
}

fn status(global: &Global, printer: &Printer) -> Result<()> {
    show(&local::status(&session::root(global)?)?, printer)
}

fn show(status: &Status, printer: &Printer) -> Result<()> {
    if printer.is_json() {
        return printer.json(&to_json(status));
    }
    let mut lines = match &status.emulator {
        EmulatorStatus::Stopped { has_state: true } => {
            vec![("emulator", "stopped; it keeps what is deployed".to_owned())]
        }
        EmulatorStatus::Stopped { has_state: false } => vec![("emulator", "stopped; nothing is deployed".to_owned())],
        EmulatorStatus::Lost { pid, log } => vec![
            ("emulator", format!("gone: process {pid} ended without being stopped, and what was deployed is lost")),
            ("log", log.display().to_string()),
        ],
        EmulatorStatus::Running { pid, endpoint_url, version, uptime, answers, .. } => vec![
            ("emulator", if *answers { "runs".to_owned() } else { "runs, but does not answer".to_owned() }),
            ("address", endpoint_url.clone()),
            ("version", version.clone()),
            ("process", pid.to_string()),
            ("up for", duration(*uptime)),
        ],
    };
    lines.push(("folder", status.folder.display().to_string()));
    let mut text = fields(&lines);
    if !status.workers.is_empty() {
        let rows: Vec<_> = status
            .workers
            .iter()
            .map(|worker| {
                let state = if worker.is_alive { "runs" } else { "gone" };
                [worker.name.clone(), state.to_owned(), worker.pid.to_string(), duration(worker.uptime)]
            })
            .collect();
        text.push('\n');
        text.push_str(&table(["WORKER", "STATE", "PROCESS", "SINCE"], &rows));
    }
    printer.data(&text)
}

fn to_json(status: &Status) -> Value {
    let emulator = match &status.emulator {
        EmulatorStatus::Stopped { has_state } => json!({ "state": "stopped", "has_state": has_state }),
        EmulatorStatus::Lost { pid, log } => json!({ "state": "lost", "pid": pid, "log": log }),
        EmulatorStatus::Running { pid, port, endpoint_url, version, uptime, answers } => json!({
            "state": "running", "pid": pid, "port": port, "endpoint_url": endpoint_url, "version": version,
            "uptime_seconds": uptime.as_secs(), "answers": answers,
        }),
    };
    let workers: Vec<_> = status
        .workers
        .iter()
        .map(|worker| {
            json!({
                "name": worker.name, "pid": worker.pid, "is_alive": worker.is_alive,
                "uptime_seconds": worker.uptime.as_secs(), "log": worker.log,
            })
        })
        .collect();
    json!({ "folder": status.folder, "emulator": emulator, "workers": workers })
}

fn logs(name: Option<&str>, lines: usize, global: &Global, printer: &Printer) -> Result<()> {
    let logs = local::logs(&session::root(global)?)?;
    let wanted: Vec<_> = logs.iter().filter(|log| name.is_none_or(|name| log.name == name)).collect();
    if let (Some(name), []) = (name, wanted.as_slice()) {
        let names: Vec<_> = logs.iter().map(|log| log.name.as_str()).collect();
        let there_are =
            if names.is_empty() { "there are none".to_owned() } else { format!("there are {}", names.join(", ")) };
        return Err(Error::usage(format!("there is no log `{name}`; {there_are}")));
    }
    let mut read = Vec::new();
    for log in wanted {
        read.push((log, local::tail(&log.path, lines)?));
    }
    if printer.is_json() {
        let logs: Vec<_> = read
            .iter()
            .map(|(log, text)| json!({ "name": log.name, "path": log.path, "lines": text.lines().collect::<Vec<_>>() }))
            .collect();
        return printer.json(&logs);
    }
    for (log, text) in read {
        if name.is_none() {
            printer.line(format_args!("==> {} <==", log.path.display()));
        }
        printer.data(&format!("{text}\n"))?;
    }
    Ok(())
}

fn duration(duration: std::time::Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds / 60),
        _ => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}
