//! What the command line looks like.

use std::path::PathBuf;

use clap::builder::styling::{AnsiColor, Styles};
use clap::{Args, Parser};

use crate::commands::Command;

const EXAMPLES: &str = "\
Examples:
  baleen deploy --env local                       everything on this machine, without an account
  baleen submit clip.mp4 --env local --wait       enhance a video, and wait for it
  baleen synth --env dev --out out                write the templates of an environment
  baleen jobs --env dev --json | jq '.jobs[].id'  for scripts

Exit codes:
    0  done; that there was nothing to change is done too
    1  failed
    2  the command line or an environment's file is wrong
    3  the templates have errors
    4  not approved
    5  the job, or the command on an instance, failed or was cancelled
  130  interrupted";

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default())
    .placeholder(AnsiColor::Cyan.on_default());

/// Infrastructure as code for video super-resolution on AWS.
#[derive(Parser)]
#[command(name = "baleen", version, styles = STYLES, after_help = EXAMPLES, max_term_width = 100)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

/// Options of every command.
#[derive(Args)]
pub struct Global {
    /// The environment: the name of a file in `environments/`, without its extension; or set `BALEEN_ENV`
    #[arg(long, global = true, value_name = "NAME", env = "BALEEN_ENV", hide_env = true)]
    pub env: Option<String>,
    /// Writes JSON: one document to standard output; events and errors, one a line, to standard error
    #[arg(long, global = true)]
    pub json: bool,
    /// The folder that holds `environments/` and the state of the local cloud; by default the nearest one that does
    #[arg(long, global = true, value_name = "DIR", env = "BALEEN_ROOT", hide = true)]
    pub root: Option<PathBuf>,
}
