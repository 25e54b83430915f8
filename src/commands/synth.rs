use std::mem::ManuallyDrop;
use std::path::PathBuf;

use serde_json::{Map, Value};

use crate::cli::Global;
use crate::error::Result;
use crate::printer::Printer;
use crate::session::Session;

const EXAMPLES: &str = "\
Examples:
  baleen synth --env dev --out out             out/<stack>.template.json, and out/manifest.json
  baleen synth storage --env dev | jq .        one template, to standard output";

/// Synthesizes and checks the templates of an environment
///
/// Without `--out`, they go to standard output: the template of one stack as it is, several as one object by stack.
/// The same environment always gives the same bytes.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The stacks whose templates are written to standard output; all if none is named
    #[arg(value_name = "STACK", conflicts_with = "out")]
    stacks: Vec<String>,
    /// Writes one template per stack and a manifest into this folder
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

pub fn run(args: &Args, global: &Global, printer: &Printer) -> Result<()> {
    // The process ends with this command: to free the templates node by node would be work for nothing.
    let assembly = ManuallyDrop::new(Session::open(global)?.assemble(printer)?);
    if let Some(folder) = &args.out {
        let manifest = toolkit::write(&assembly, folder)?;
        if printer.is_json() {
            return printer.json(&manifest);
        }
        let files = manifest.stacks.iter().map(|stack| stack.template.as_str()).chain([toolkit::MANIFEST]);
        let lines: Vec<_> = files.map(|file| format!("{}\n", folder.join(file).display())).collect();
        return printer.data(&lines.concat());
    }
    let selected = toolkit::select(&assembly, &args.stacks)?;
    if let [stack] = selected.as_slice() {
        return printer.data(&stack.template.to_json_pretty());
    }
    let templates: Map<String, Value> =
        selected.into_iter().map(|stack| (stack.name.clone(), stack.template.to_json())).collect();
    printer.json(&templates)
}
