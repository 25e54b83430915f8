//! Tests of the stacks, as they are synthesized.

#![expect(clippy::unwrap_used, reason = "what is missing here is a failed test")]

mod app;
mod commands;
mod delivery;
mod deployer;
mod fleets;
mod machines;
mod networks;
mod observability;
mod packaging;
mod security;
mod support;
mod work_folder;
