//! The local cloud, as commands use it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use job::Colour;
use local::{Emulator, Worker};
use pipeline::Places;

use crate::error::{Error, Kind, Result};
use crate::printer::Printer;
use crate::render;
use crate::session::Session;

/// Starts the emulator, unless it runs.
pub fn up(root: &Path, printer: &Printer) -> Result<Emulator> {
    Ok(local::up(root, &mut |event| render::local::event(printer, &event))?)
}

/// Says whether the emulator runs and answers.
pub fn answers(root: &Path) -> bool {
    let status = local::status(root).map(|status| status.emulator);
    matches!(status, Ok(local::EmulatorStatus::Running { answers: true, .. }))
}

/// Returns the file that the emulator writes to.
pub fn emulator_log(root: &Path) -> PathBuf {
    let folder = local::status(root).map(|status| status.folder).unwrap_or_default();
    folder.join("emulator.log")
}

/// Makes sure that the workers of the environment run, and work where it is deployed.
pub fn ensure_workers(session: &Session, endpoint_url: &str, places: &Places, printer: &Printer) -> Result<()> {
    let program = std::env::current_exe()
        .map_err(|error| Error::new(Kind::Failed, format!("cannot tell where this program is: {error}")))?;
    let count = session.environment.local.as_ref().map_or(0, |local| local.workers);
    let workers: Vec<_> = (1..=count).map(|number| worker(session, &program, number, endpoint_url, places)).collect();
    local::ensure_workers(&session.root, &workers, &mut |event| render::local::event(printer, &event))?;
    Ok(())
}

/// Describes a worker: this program, as `baleen agent`.
fn worker(session: &Session, program: &Path, number: u32, endpoint_url: &str, places: &Places) -> Worker {
    let colour = Colour::Blue;
    let name = format!("{colour}-{number}");
    let times = &session.environment.times;
    let work_folder = session.root.join(".baleen").join("local").join("work");
    let values: [(&str, OsString); 11] = [
        ("--queue", places.task_queue.clone().into()),
        ("--table", places.job_table.clone().into()),
        ("--work-folder", work_folder.into()),
        ("--colour", colour.as_str().into()),
        ("--name", name.clone().into()),
        ("--region", session.environment.region.as_str().into()),
        ("--endpoint-url", endpoint_url.into()),
        ("--visibility-seconds", times.visibility_seconds.to_string().into()),
        ("--renewal-seconds", times.renewal_seconds.to_string().into()),
        ("--stall-seconds", times.stall_seconds.to_string().into()),
        ("--attempts", times.attempts.to_string().into()),
    ];
    let mut arguments = vec![OsString::from("agent")];
    arguments.extend(values.into_iter().flat_map(|(option, value)| [option.into(), value]));
    Worker { name, program: program.to_owned(), arguments, environment: BTreeMap::new() }
}

/// Stops the workers.
pub fn stop_workers(root: &Path, printer: &Printer) -> Result<()> {
    local::stop_workers(root, &mut |event| render::local::event(printer, &event))?;
    Ok(())
}
