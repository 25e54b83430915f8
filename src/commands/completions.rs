use clap::CommandFactory;
use clap_complete::Shell;

use crate::cli::Cli;
use crate::error::Result;
use crate::printer::Printer;

const EXAMPLES: &str = "\
Examples:
  baleen completions bash > ~/.local/share/bash-completion/completions/baleen
  baleen completions zsh > ~/.zfunc/_baleen";

/// Writes a script that completes command lines
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The shell
    shell: Shell,
}

pub fn run(args: &Args, printer: &Printer) -> Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "baleen", &mut script);
    printer.data(&String::from_utf8_lossy(&script))
}
