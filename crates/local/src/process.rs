use std::process::Command;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// Names a process for good: ids are used again, and so a start time is part of the name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Process {
    pub(crate) pid: u32,
    started: String,
}

impl Process {
    /// Names a process that runs; `None` if there is none of that id.
    pub(crate) fn running(pid: u32) -> Option<Self> {
        Some(Self { pid, started: started(pid)? })
    }

    /// Says whether it still runs. One that has ended and waits for its parent to notice has ended.
    pub(crate) fn is_alive(&self) -> bool {
        started(self.pid).is_some_and(|started| started == self.started)
    }

    /// Says whether its command line contains `text`.
    pub(crate) fn was_started_with(&self, text: &str) -> bool {
        let command = Command::new("ps").args(["-ww", "-o", "command=", "-p", &self.pid.to_string()]).output();
        command.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains(text))
    }

    /// Asks it to end, alone, and lets it see to its children.
    pub(crate) fn ask_to_end(&self) {
        self.signal(|pid| kill(pid, Signal::SIGTERM));
    }

    /// Waits at most `patience` for its end, and says whether it came.
    pub(crate) fn has_ended_within(&self, patience: Duration) -> bool {
        let deadline = Instant::now() + patience;
        while self.is_alive() {
            if Instant::now() >= deadline {
                return false;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        true
    }

    /// Kills it with all of its process group, which it leads.
    pub(crate) fn kill_group(&self) -> Result<()> {
        self.signal(|pid| killpg(pid, Signal::SIGKILL));
        if self.has_ended_within(Duration::from_secs(10)) { Ok(()) } else { Err(Error::Unkillable { pid: self.pid }) }
    }

    /// Sends a signal, if the process is still the one that was started. It may end in between: that is no error.
    fn signal(&self, send: impl FnOnce(Pid) -> nix::Result<()>) {
        if let (true, Ok(pid)) = (self.is_alive(), i32::try_from(self.pid)) {
            let _ = send(Pid::from_raw(pid));
        }
    }
}

/// Returns when a process started, in words that no other process of the same id has; `None` if it does not run.
#[cfg(target_os = "linux")]
fn started(pid: u32) -> Option<String> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The second field is the program's name in parentheses, and may hold spaces and parentheses itself (proc(5)).
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    let state = fields.next()?;
    if matches!(state, "Z" | "X") {
        return None;
    }
    // Clock ticks since the system started: field 22. Ticks start again with every boot, so the boot is named too.
    let ticks = fields.nth(18)?;
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    Some(format!("{} {ticks}", boot.trim()))
}

/// Returns when a process started, in words that no other process of the same id has; `None` if it does not run.
#[cfg(not(target_os = "linux"))]
fn started(pid: u32) -> Option<String> {
    let output = Command::new("ps").args(["-o", "stat=,lstart=", "-p", &pid.to_string()]).env("LC_ALL", "C").output();
    let output = String::from_utf8(output.ok()?.stdout).ok()?;
    let (state, started) = output.trim().split_once(' ')?;
    (!state.starts_with('Z')).then(|| started.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_runs() {
        let process = Process::running(std::process::id()).expect("it runs");
        assert!(process.is_alive());
    }

    #[test]
    fn another_process_of_the_same_id_is_another_process() {
        let stranger = Process { pid: std::process::id(), started: "another time".to_owned() };
        assert!(!stranger.is_alive());
        // Must not reach the test that runs here.
        stranger.ask_to_end();
        stranger.kill_group().expect("nothing to do");
    }

    #[test]
    fn a_child_that_has_ended_and_was_not_waited_for_has_ended() {
        let mut child = Command::new("sleep").arg("600").spawn().expect("sleep");
        let process = Process::running(child.id()).expect("it runs");
        assert!(process.is_alive());
        assert!(process.was_started_with("sleep 600"));
        process.ask_to_end();
        assert!(process.has_ended_within(Duration::from_secs(10)));
        child.wait().expect("it has ended");
    }
}
