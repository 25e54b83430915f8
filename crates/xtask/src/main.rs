//! The project's own chores: set-up, the demo, every test, code generation.

mod codegen;
mod demo;
mod process;
mod setup;
mod test;

use std::path::{Path, PathBuf};

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
    /// Generates the resource types from the provider schemas.
    Codegen(codegen::Arguments),
}

fn main() -> anyhow::Result<()> {
    let root = root();
    match Arguments::parse().command {
        Command::Setup => setup::run(&root),
        Command::Demo(arguments) => demo::run(&root, &arguments),
        Command::Test(arguments) => test::run(&root, &arguments),
        Command::Codegen(arguments) => codegen::run(&root, &arguments),
    }
}

/// The root of the checkout: two folders above this crate.
fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_owned()
}
