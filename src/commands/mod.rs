//! One file per command: its arguments, whose doc comment is its help, and `run`.

mod agent;
mod artifacts;
mod check;
mod command;
mod completions;
mod deploy;
mod destroy;
mod diff;
mod doctor;
mod drift;
mod events;
mod import;
mod jobs;
mod list;
mod local;
mod open;
mod outputs;
mod permissions;
mod rehearse;
mod rollback;
mod schema;
mod status;
mod submit;
mod swap;
mod synth;

use clap::Subcommand;

use crate::cli::Cli;
use crate::error::Result;
use crate::printer::Printer;

/// The commands, in the order in which help shows them.
#[derive(Subcommand)]
pub enum Command {
    List(list::Args),
    Synth(synth::Args),
    Check(check::Args),
    Diff(diff::Args),
    Rehearse(rehearse::Args),
    Deploy(deploy::Args),
    Permissions(permissions::Args),
    Status(status::Args),
    Events(events::Args),
    Drift(drift::Args),
    Outputs(outputs::Args),
    Open(open::Args),
    Artifacts(artifacts::Args),
    Rollback(rollback::Args),
    Import(import::Args),
    Destroy(destroy::Args),
    Swap(swap::Args),
    Submit(submit::Args),
    Jobs(jobs::Args),
    #[expect(clippy::enum_variant_names, reason = "that is what users type")]
    Command(command::Args),
    Doctor(doctor::Args),
    Local(local::Args),
    Schema(schema::Args),
    Completions(completions::Args),
    #[command(hide = true, version)]
    Agent(Box<baleen_agent::Args>),
}

pub fn run(cli: Cli, printer: &Printer) -> Result<()> {
    let global = &cli.global;
    match cli.command {
        Command::List(args) => list::run(&args, global, printer),
        Command::Synth(args) => synth::run(&args, global, printer),
        Command::Check(args) => check::run(&args, global, printer),
        Command::Diff(args) => diff::run(&args, global, printer),
        Command::Rehearse(args) => rehearse::run(&args, global, printer),
        Command::Deploy(args) => deploy::run(&args, global, printer),
        Command::Permissions(args) => permissions::run(&args, global, printer),
        Command::Status(args) => status::run(&args, global, printer),
        Command::Events(args) => events::run(&args, global, printer),
        Command::Drift(args) => drift::run(&args, global, printer),
        Command::Outputs(args) => outputs::run(&args, global, printer),
        Command::Open(args) => open::run(&args, global, printer),
        Command::Artifacts(args) => artifacts::run(&args, global, printer),
        Command::Rollback(args) => rollback::run(&args, global, printer),
        Command::Import(args) => import::run(&args, global, printer),
        Command::Destroy(args) => destroy::run(&args, global, printer),
        Command::Swap(args) => swap::run(&args, global, printer),
        Command::Submit(args) => submit::run(&args, global, printer),
        Command::Jobs(args) => jobs::run(&args, global, printer),
        Command::Command(args) => command::run(&args, global, printer),
        Command::Doctor(args) => doctor::run(&args, global, printer),
        Command::Local(args) => local::run(&args, global, printer),
        Command::Schema(args) => schema::run(&args, printer),
        Command::Completions(args) => completions::run(&args, printer),
        Command::Agent(args) => agent::run(*args, printer),
    }
}
