//! The local cloud, as commands use it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use job::Colour;
use local::{Emulator, Worker};
use pipeline::Places;

use crate::error::{Error, Kind, Result};
use crate::printer::Printer;
use crate::render;
use crate::session::Session;

/// How often workers that end by themselves are started anew while someone waits for them.
const RESTARTS: u32 = 5;

/// Starts the emulator, unless it runs.
pub fn up(root: &Path, printer: &Printer) -> Result<Emulator> {
    Ok(local::up(root, &mut |event| render::local::event(printer, &event))?)
}

/// Says whether the emulator runs and answers.
pub fn answers(root: &Path) -> bool {
    local::status(root).is_ok_and(|status| has_answered(&status))
}

fn has_answered(status: &local::Status) -> bool {
    matches!(status.emulator, local::EmulatorStatus::Running { answers: true, .. })
}

/// Returns the file that the emulator writes to.
pub fn emulator_log(root: &Path) -> PathBuf {
    let folder = local::status(root).map(|status| status.folder).unwrap_or_default();
    folder.join("emulator.log")
}

/// How many workers each colour has.
pub type Workers = BTreeMap<Colour, u32>;

/// Says how many workers run, or should: those that were started and not stopped.
pub fn workers(root: &Path) -> Result<Workers> {
    let status = local::status(root)?;
    let of = |colour: Colour| {
        let prefix = format!("{colour}-");
        let count = status.workers.iter().filter(|worker| worker.name.starts_with(&prefix)).count();
        (colour, u32::try_from(count).unwrap_or(u32::MAX))
    };
    Ok(Colour::ALL.into_iter().map(of).collect())
}

/// Gives the environment's number of workers to these colours, and none to the others.
pub fn workers_of(session: &Session, colours: &[Colour]) -> Workers {
    let count = session.environment.local.as_ref().map_or(0, |local| local.workers);
    colours.iter().map(|colour| (*colour, count)).collect()
}

/// Makes sure that exactly these workers run, and work where the environment is deployed.
pub fn ensure_workers(
    session: &Session,
    endpoint_url: &str,
    places: &Places,
    workers: &Workers,
    printer: &Printer,
) -> Result<()> {
    let program = std::env::current_exe()
        .map_err(|error| Error::new(Kind::Failed, format!("cannot tell where this program is: {error}")))?;
    let described = workers.iter().flat_map(|(colour, count)| (1..=*count).map(|number| (*colour, number)));
    let described = described.map(|(colour, number)| worker(session, &program, colour, number, endpoint_url, places));
    let described: Vec<_> = described.collect();
    local::ensure_workers(&session.root, &described, &mut |event| render::local::event(printer, &event))?;
    Ok(())
}

/// Makes sure that FFmpeg is there, without which no worker starts.
pub fn require_ffmpeg() -> Result<()> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let is_there = |program: &&str| std::env::split_paths(&path).any(|folder| folder.join(program).is_file());
    match ["ffmpeg", "ffprobe"].iter().find(|program| !is_there(program)) {
        None => Ok(()),
        Some(program) => {
            let message = format!("the workers on this machine need FFmpeg, and there is no `{program}` on the PATH");
            Err(Error::new(Kind::Failed, message)
                .hint("install it: `sudo apt-get install ffmpeg` (Debian, Ubuntu), `brew install ffmpeg` (macOS)"))
        }
    }
}

/// Starts workers anew that were killed or crashed, for as long as someone waits for their work; returns only if that
/// fails.
pub async fn keep_workers(session: &Session, endpoint_url: &str, places: &Places, printer: &Printer) -> Error {
    let mut restarts = 0;
    loop {
        tokio::time::sleep(Duration::from_secs(2)).await;
        let kept = local::status(&session.root).map_err(Error::from).and_then(|status| {
            let lost = status.workers.iter().find(|worker| !worker.is_alive);
            let Some(lost) = lost.filter(|_| has_answered(&status)) else { return Ok(()) };
            if restarts == RESTARTS {
                let message = format!("worker {} has ended {} times while it was waited for", lost.name, RESTARTS + 1);
                return Err(Error::new(Kind::Failed, message).hint(format!("see its log: {}", lost.log.display())));
            }
            restarts += 1;
            ensure_workers(session, endpoint_url, places, &workers(&session.root)?, printer)
        });
        if let Err(error) = kept {
            return error;
        }
    }
}

/// Describes a worker: this program, as `baleen agent`.
fn worker(
    session: &Session,
    program: &Path,
    colour: Colour,
    number: u32,
    endpoint_url: &str,
    places: &Places,
) -> Worker {
    let name = format!("{colour}-{number}");
    let times = &session.environment.times;
    let work_folder = session.root.join(".baleen").join("local").join("work");
    let values: [(&str, OsString); 15] = [
        ("--queue", places.task_queues.get(&colour).cloned().unwrap_or_default().into()),
        ("--table", places.job_table.clone().into()),
        ("--work-folder", work_folder.into()),
        ("--colour", colour.as_str().into()),
        ("--name", name.clone().into()),
        ("--region", session.environment.region.as_str().into()),
        ("--endpoint-url", endpoint_url.into()),
        ("--visibility-seconds", times.visibility_seconds.to_string().into()),
        ("--renewal-seconds", times.renewal_seconds.to_string().into()),
        ("--stall-seconds", times.stall_seconds.to_string().into()),
        // A call that waits outlives its caller in the emulator: a message that comes then is given to nobody, and
        // stays invisible. So no call waits.
        ("--poll-seconds", "0".into()),
        ("--attempts", times.attempts.to_string().into()),
        ("--app", session.environment.app.as_str().into()),
        ("--environment", session.environment.name.as_str().into()),
        ("--fleet", "none".into()),
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
