//! The systemd units of instances, and what is filled into them.

use documents::Script;

use crate::environment::Environment;

/// Runs the agent.
pub const AGENT: &str = include_str!("../assets/baleen-agent.service");

/// Prepares the folder of work files.
pub const WORK_FOLDER: &str = include_str!("../assets/baleen-work-folder.service");

/// Brings the agent's unit into a script that includes it, `agent_unit`.
pub fn with_agent(script: Script, environment: &Environment) -> Script {
    let times = &environment.times;
    script
        .part("agent_unit", AGENT)
        .with("fleet", environment.fleet.kind.as_str())
        .with("visibility_seconds", times.visibility_seconds.to_string())
        .with("renewal_seconds", times.renewal_seconds.to_string())
        .with("stall_seconds", times.stall_seconds.to_string())
        .with("attempts", times.attempts.to_string())
}
