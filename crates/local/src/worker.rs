use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use crate::folder::Folder;
use crate::process::Process;
use crate::state::{StartedWorker, State, now};
use crate::{Error, Event, Report, Result};

/// How long a worker may take to give back its task and end.
const STOP_PATIENCE: Duration = Duration::from_secs(20);

/// A worker to run on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Worker {
    /// Its name, such as `blue-1`: of letters, digits and hyphens. Its log is `agent-<name>.log`.
    pub name: String,
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// What is added to its environment. It does not get the user's `AWS_…` variables.
    pub environment: BTreeMap<String, OsString>,
}

/// Makes sure that exactly these workers run: starts those that do not, starts those anew whose command or program
/// has changed, and stops those that are not named. Returns the names of those that were started.
pub fn ensure_workers(root: &Path, workers: &[Worker], report: Report<'_>) -> Result<Vec<String>> {
    let folder = Folder::of(root);
    let _lock = folder.lock(report)?;
    let mut state = State::read(&folder)?;
    let is_wanted = |name: &str, started: &StartedWorker| {
        workers.iter().any(|worker| worker.name == name && command(worker) == started.command)
    };
    let unwanted =
        state.workers.iter().filter(|(name, started)| !is_wanted(name, started) || !started.process.is_alive());
    let unwanted: Vec<_> = unwanted.map(|(name, _)| name.clone()).collect();
    stop(&folder, &mut state, &unwanted, STOP_PATIENCE, report)?;
    let mut names = Vec::new();
    for worker in workers {
        if !state.workers.contains_key(&worker.name) {
            start(&folder, &mut state, worker, report)?;
            names.push(worker.name.clone());
        }
    }
    Ok(names)
}

/// Stops all workers and returns their names.
pub fn stop_workers(root: &Path, report: Report<'_>) -> Result<Vec<String>> {
    let folder = Folder::of(root);
    let _lock = folder.lock(report)?;
    let mut state = State::read(&folder)?;
    stop_all(&folder, &mut state, report)
}

pub(crate) fn stop_all(folder: &Folder, state: &mut State, report: Report<'_>) -> Result<Vec<String>> {
    let names: Vec<_> = state.workers.keys().cloned().collect();
    stop(folder, state, &names, STOP_PATIENCE, report)
}

/// Asks the workers named to end, all at once, and then waits for each. Returns the names of those that ran.
fn stop(
    folder: &Folder,
    state: &mut State,
    names: &[String],
    patience: Duration,
    report: Report<'_>,
) -> Result<Vec<String>> {
    let mut running = Vec::new();
    for name in names {
        let Some(started) = state.workers.get(name) else { continue };
        if started.process.is_alive() {
            report(Event::WorkerStopping { name: name.clone(), pid: started.process.pid });
            started.process.ask_to_end();
            running.push((name.clone(), started.process.clone()));
        } else {
            report(Event::WorkerWasLost { name: name.clone(), log: folder.worker_log(name) });
        }
    }
    for (name, process) in &running {
        if !process.has_ended_within(patience) {
            process.kill_group()?;
            report(Event::WorkerKilled { name: name.clone() });
        }
    }
    state.workers.retain(|name, _| !names.contains(name));
    state.write(folder)?;
    Ok(running.into_iter().map(|(name, _)| name).collect())
}

fn start(folder: &Folder, state: &mut State, worker: &Worker, report: Report<'_>) -> Result<()> {
    let log_path = folder.worker_log(&worker.name);
    let log = File::options().create(true).append(true).open(&log_path).map_err(Error::file("write", &log_path))?;
    let errors = log.try_clone().map_err(Error::file("write", &log_path))?;
    let failed = |source| Error::Worker { name: worker.name.clone(), program: worker.program.clone(), source };
    let mut process = Command::new(&worker.program);
    process.args(&worker.arguments);
    // A worker for the emulator must not be able to reach a real account by mistake.
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("AWS_") {
            process.env_remove(name);
        }
    }
    process.envs(&worker.environment).stdin(Stdio::null()).stdout(log).stderr(errors).process_group(0);
    let child = process.spawn().map_err(failed)?;
    let pid = child.id();
    let Some(process) = Process::running(pid) else {
        return Err(failed(std::io::Error::other(format!("it ended at once; see {}", log_path.display()))));
    };
    let started = StartedWorker { process, since: now(), command: command(worker) };
    state.workers.insert(worker.name.clone(), started);
    state.write(folder)?;
    report(Event::WorkerStarted { name: worker.name.clone(), pid });
    Ok(())
}

/// Describes what a worker is started with, the program's age and size included: a worker from before the last build
/// is another one.
fn command(worker: &Worker) -> String {
    let metadata = std::fs::metadata(&worker.program).ok();
    let built = metadata.as_ref().and_then(|metadata| metadata.modified().ok());
    let built = built.and_then(|time| time.duration_since(SystemTime::UNIX_EPOCH).ok()).unwrap_or_default();
    let bytes = metadata.map(|metadata| metadata.len()).unwrap_or_default();
    let Worker { program, arguments, environment, .. } = worker;
    format!("{} {arguments:?} {environment:?} {bytes} {}", program.display(), built.as_nanos())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_that_does_not_end_is_killed() {
        let root = tempfile::tempdir().expect("a folder");
        let folder = Folder::of(root.path());
        let ready = root.path().join("ready");
        let script = format!("trap '' TERM; touch '{}'; while :; do sleep 600; done", ready.display());
        let worker = Worker {
            name: "blue-1".to_owned(),
            program: "sh".into(),
            arguments: vec!["-c".into(), script.into()],
            environment: BTreeMap::new(),
        };
        ensure_workers(root.path(), &[worker], &mut |_| {}).expect("started");
        while !ready.exists() {
            std::thread::sleep(Duration::from_millis(10));
        }
        let mut state = State::read(&folder).expect("a state");
        let process = state.workers["blue-1"].process.clone();
        let mut events = Vec::new();
        let stopped = stop(&folder, &mut state, &["blue-1".to_owned()], Duration::from_millis(100), &mut |event| {
            events.push(event);
        });
        assert_eq!(stopped.expect("stopped"), ["blue-1"]);
        assert!(!process.is_alive());
        assert_eq!(events.last(), Some(&Event::WorkerKilled { name: "blue-1".to_owned() }));
    }
}
