//! The project's own chores: set-up, the demo, every test, code generation.

#![expect(clippy::print_stderr, reason = "chores tell a person at a terminal what they do")]

mod audit;
mod bench;
mod bundle;
mod codegen;
mod demo;
mod faults;
mod parity;
mod process;
mod recall;
mod record;
mod setup;
mod snapshots;
mod test;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Runs the project's own chores.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Installs what is missing: FFmpeg, the local cloud, the tools that check templates and scripts.
    Setup,
    /// Deploys to the local cloud, enhances a sample video and shows the result.
    Demo(demo::Arguments),
    /// Runs every test.
    Test(test::Arguments),
    /// Writes the templates under `snapshots/` and the other expectations of the tests anew.
    Snapshots,
    /// Compares what cfn-lint, checkov and parliament find in the templates with what is accepted.
    Audit(audit::Arguments),
    /// Plants faults into a good template, and writes down which of them Baleen and cfn-lint find.
    Faults,
    /// Compares what cfn-lint and `baleen check` find in cfn-lint's fixture templates.
    Parity(parity::Arguments),
    /// Compares what checkov, cdk-nag and `baleen check` find in templates.
    Recall(recall::Arguments),
    /// Generates the resource types from the provider schemas.
    Codegen(codegen::Arguments),
    /// Builds the agent that instances install, into `out/bundle`.
    Bundle(bundle::Arguments),
    /// Measures this program beside its peers, and prints a table.
    Bench(bench::Arguments),
    /// Records a command on a terminal as an animated SVG.
    Record(record::Arguments),
    #[command(hide = true)]
    Measure(bench::MeasureArguments),
}

fn main() -> ExitCode {
    let root = root();
    let result = match Arguments::parse().command {
        Command::Setup => setup::run(&root),
        Command::Demo(arguments) => demo::run(&root, &arguments),
        Command::Test(arguments) => test::run(&root, &arguments),
        Command::Snapshots => snapshots::run(&root),
        Command::Audit(arguments) => audit::run(&root, &arguments),
        Command::Faults => faults::run(&root),
        Command::Parity(arguments) => parity::run(&root, &arguments),
        Command::Recall(arguments) => recall::run(&root, &arguments),
        Command::Codegen(arguments) => codegen::run(&root, &arguments),
        Command::Bundle(arguments) => bundle::run(&root, &arguments),
        Command::Bench(arguments) => bench::run(&root, &arguments),
        Command::Record(arguments) => record::run(&root, &arguments),
        Command::Measure(arguments) => bench::measure(&arguments),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The root of the checkout: two folders above this crate.
fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_owned()
}
