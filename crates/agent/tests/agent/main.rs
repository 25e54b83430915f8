//! The agent with real FFmpeg, against a cloud in memory.

mod bench;
mod faults;
mod hooks;
mod leases;
mod memory;
mod messages;
mod processes;
mod refusals;
mod samples;
mod videos;
