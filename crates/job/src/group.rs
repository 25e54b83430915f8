//! What the stacks of the fleets call things, and workers know them by: where the fleet is an Auto Scaling group.

use std::fmt::Display;

/// The lifecycle hook that holds an instance that is to go, until its worker has given its task back.
pub const FAREWELL_HOOK: &str = "farewell";

/// Returns what the Auto Scaling group of a colour is called.
pub fn name(app: &str, environment: &str, colour: impl Display) -> String {
    format!("{app}-{environment}-{colour}")
}
