//! Runs the scripts of `assets/commands` for real: with Bash, FFmpeg, and stand-ins for what only an instance has.

#![expect(clippy::unwrap_used, reason = "what is missing here is a failed test")]

mod agent;
mod command_lines;
mod failures;
mod instance;
mod interruptions;
mod keys;
mod publishing;
mod scripts;
mod tools;
