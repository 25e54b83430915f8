//! The systemd units of instances, and what is filled into them.

use documents::{Script, script};

use crate::environment::Environment;

/// Runs the agent.
pub const AGENT: &str = include_str!("../assets/baleen-agent.service").trim_ascii_end();

/// Prepares the folder of work files.
pub const WORK_FOLDER: &str = include_str!("../assets/baleen-work-folder.service").trim_ascii_end();

/// Fills the holes of the agent's unit, in a script that has it in it.
#[track_caller]
pub fn fill(environment: &Environment, text: String) -> Script {
    let times = &environment.times;
    script(text)
        .with("FLEET", environment.fleet.kind.as_str())
        .with("VISIBILITY_SECONDS", times.visibility_seconds.to_string())
        .with("RENEWAL_SECONDS", times.renewal_seconds.to_string())
        .with("STALL_SECONDS", times.stall_seconds.to_string())
        .with("ATTEMPTS", times.attempts.to_string())
}
