//! The program that is installed on instances: the agent, and nothing else.

use std::process::ExitCode;

use aws::{Settings, Target};
use baleen_agent::{Error, Output, Program, SUPERVISE};
use clap::Parser;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    // Before the command line is parsed: the process between the agent and FFmpeg is started for each of its runs.
    if arguments.next().is_some_and(|first| first == SUPERVISE) {
        return agent::supervise(arguments);
    }
    let Program { json, args } = Program::parse();
    let output = Output { json };
    match baleen_agent::run(args, output, connect) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output.error(&error);
            ExitCode::from(if matches!(error, Error::Nameless) { 2 } else { 1 })
        }
    }
}

async fn connect(endpoint_url: Option<String>, region: Option<String>) -> Result<cloud::Cloud, Error> {
    let target = match endpoint_url {
        Some(endpoint_url) => Target::Local { endpoint_url },
        None => Target::Aws { profile: None },
    };
    let application = Some(concat!("baleen-agent-", env!("CARGO_PKG_VERSION")).to_owned());
    Ok(aws::connect(&Settings { region, target, application }).await?)
}
