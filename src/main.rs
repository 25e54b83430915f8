//! The command line tool: parses, calls a library, prints.
//!
//! It decides nothing that a library could decide. What happens comes from the libraries as typed events, which
//! [`render`] turns into text or JSON. It is synchronous until it talks to a cloud.

mod cli;
mod cloud_access;
mod commands;
mod connect;
mod error;
mod local_cloud;
mod printer;
mod render;
mod session;
mod table;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    // Before the command line is parsed: the process between an agent and FFmpeg is started for each of its runs.
    if arguments.next().is_some_and(|first| first == commands::agent::SUPERVISE) {
        return agent::supervise(arguments);
    }
    let cli = cli::Cli::parse();
    let printer = printer::Printer::new(cli.global.json);
    match commands::run(cli, &printer) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            printer.error(&error);
            ExitCode::from(error.kind.exit_code())
        }
    }
}
