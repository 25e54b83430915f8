//! What the local cloud says.

use local::{Event, RestartReason};
use serde_json::{Value, json};

use crate::printer::{DIM, Printer, YELLOW};

/// Prints an event.
pub fn event(printer: &Printer, event: &Event) {
    if printer.is_json() {
        printer.event(&to_json(event));
    } else if matters(event) {
        printer.line(format_args!("{YELLOW}local:{YELLOW:#} {}", to_text(event)));
    } else {
        printer.line(format_args!("{DIM}local: {}{DIM:#}", to_text(event)));
    }
}

/// Says whether something went wrong.
fn matters(event: &Event) -> bool {
    matches!(
        event,
        Event::EmulatorWasLost { .. }
            | Event::Restarting { .. }
            | Event::StateLost
            | Event::WorkerWasLost { .. }
            | Event::WorkerKilled { .. }
    )
}

fn to_text(event: &Event) -> String {
    match event {
        Event::Waiting => "another command works on it; waiting for that".to_owned(),
        Event::Installing { version, folder } => {
            format!("installing the emulator, ministack {version}, into {} (once)", folder.display())
        }
        Event::EmulatorWasLost { pid, log } => format!(
            "the emulator (process {pid}) has gone without being stopped, and what was deployed there with it; its \
             last words are in {}",
            log.display()
        ),
        Event::Restarting { pid, reason: RestartReason::NoAnswer } => {
            format!("the emulator (process {pid}) does not answer; starting it again")
        }
        Event::Restarting { pid, reason: RestartReason::OtherVersion } => {
            format!("the emulator (process {pid}) has another version; starting the right one")
        }
        Event::Starting { port } => format!("starting the emulator at 127.0.0.1:{port}"),
        Event::Started { pid, port, with_state } => {
            let state = if *with_state { ", with what was deployed before" } else { "" };
            format!("the emulator answers at 127.0.0.1:{port} (process {pid}){state}")
        }
        Event::Stopping { pid } => format!("stopping the emulator (process {pid})"),
        Event::StateLost => "the emulator ended without keeping its state: what was deployed there is lost".to_owned(),
        Event::WorkerStarted { name, pid } => format!("worker {name} runs (process {pid})"),
        Event::WorkerWasLost { name, log } => {
            format!("worker {name} has gone without being stopped; its last words are in {}", log.display())
        }
        Event::WorkerStopping { name, pid } => format!("stopping worker {name} (process {pid})"),
        Event::WorkerKilled { name } => format!("worker {name} did not stop in time and was killed"),
    }
}

fn to_json(event: &Event) -> Value {
    let name = match event {
        Event::Waiting => "local-waiting",
        Event::Installing { .. } => "local-installing",
        Event::EmulatorWasLost { .. } => "local-emulator-was-lost",
        Event::Restarting { .. } => "local-restarting",
        Event::Starting { .. } => "local-starting",
        Event::Started { .. } => "local-started",
        Event::Stopping { .. } => "local-stopping",
        Event::StateLost => "local-state-lost",
        Event::WorkerStarted { .. } => "local-worker-started",
        Event::WorkerWasLost { .. } => "local-worker-was-lost",
        Event::WorkerStopping { .. } => "local-worker-stopping",
        Event::WorkerKilled { .. } => "local-worker-killed",
    };
    json!({ "event": name, "message": to_text(event) })
}
