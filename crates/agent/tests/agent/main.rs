//! The agent with real FFmpeg, against a cloud in memory.

#![expect(clippy::unwrap_used, reason = "Clippy allows it in test functions only, and all of this is tests")]

mod bench;
mod faults;
mod hooks;
mod instance;
mod leases;
mod memory;
mod messages;
mod processes;
mod refusals;
mod samples;
mod videos;
