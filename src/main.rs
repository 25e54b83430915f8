//! The command line tool: parses, calls a library, prints.
//!
//! It decides nothing that a library could decide. What happens comes from the libraries as typed events, which
//! [`render`] turns into text or JSON. It is synchronous until it talks to a cloud.

mod asker;
mod bundle;
mod cli;
mod cloud_access;
mod colours;
mod commands;
mod connect;
mod error;
mod files;
mod local_cloud;
mod lock;
mod printer;
mod rehearsal;
mod render;
mod session;
mod table;
mod templates;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    // Before the command line is parsed: the process between an agent and FFmpeg is started for each of its runs.
    if arguments.next().is_some_and(|first| first == baleen_agent::SUPERVISE) {
        return agent::supervise(arguments);
    }
    let mut cli = match cli::Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return wrong_command_line(&error),
    };
    // As is usual of environment variables, an empty `BALEEN_ENV` is none.
    cli.global.env = cli.global.env.filter(|name| !name.is_empty());
    let printer = printer::Printer::new(cli.global.json);
    exit(commands::run(cli, &printer), &printer)
}

/// Says what is wrong with the command line, or shows the help that it asks for.
fn wrong_command_line(error: &clap::Error) -> ExitCode {
    // Whoever cannot be told cannot be told that either.
    let _ = error.print();
    // To these, 2 says that something differs.
    let is_diff = std::env::args_os().any(|argument| argument == "diff" || argument == "drift");
    ExitCode::from(if is_diff && error.use_stderr() { 1 } else { u8::try_from(error.exit_code()).unwrap_or(1) })
}

fn exit(result: error::Result<()>, printer: &printer::Printer) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            printer.error(&error);
            ExitCode::from(error.kind.exit_code())
        }
    }
}
