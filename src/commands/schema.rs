use crate::error::Result;
use crate::printer::Printer;

const EXAMPLES: &str = "\
Examples:
  baleen schema > environments/schema.json
  baleen schema check                            of what `baleen check --json` writes
  baleen schema diff                             of what `baleen diff --json` writes
  baleen schema plan                             of what `baleen deploy --plan-out FILE` writes";

/// Writes the JSON Schema of environments' files or of what a command writes
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// What the schema is of
    #[arg(value_enum, default_value_t = What::Environment)]
    what: What,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum What {
    /// The files in `environments/`
    Environment,
    /// What `baleen check --json` writes
    Check,
    /// What `baleen diff --json` writes
    Diff,
    /// What `baleen deploy --plan-out FILE` writes
    Plan,
}

pub fn run(args: &Args, printer: &Printer) -> Result<()> {
    printer.data(&match args.what {
        What::Environment => stacks::environment::json_schema(),
        What::Check => include_str!("../../docs/check.schema.json").to_owned(),
        What::Diff => diff::report_schema(),
        What::Plan => toolkit::plan_schema(),
    })
}
