use crate::error::Result;
use crate::printer::Printer;

const EXAMPLES: &str = "\
Examples:
  baleen schema > environments/schema.json";

/// Writes the JSON Schema of environments' files, for editors
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {}

pub fn run(_args: &Args, printer: &Printer) -> Result<()> {
    printer.data(&stacks::environment::json_schema())
}
