//! Runs one command, and kills its process group once standard input ends.
//!
//! `baleen` has the same as a hidden mode; this program is for those who use the library without it, tests first.

use std::process::ExitCode;

fn main() -> ExitCode {
    agent::supervise(std::env::args_os().skip(1))
}
