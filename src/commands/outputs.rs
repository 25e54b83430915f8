use toolkit::StackOutputs;

use crate::cli::Global;
use crate::cloud_access::{block_on, connect, explain, patience, target};
use crate::error::Result;
use crate::printer::Printer;
use crate::session::Session;
use crate::table::table;

const EXAMPLES: &str = "\
Examples:
  baleen outputs --env dev
  baleen outputs storage --env dev --json | jq -r '.[].outputs.SourceBucket'
  baleen outputs --env dev --env-file > dev.env
  set -a; source dev.env; aws s3 ls \"s3://$BALEEN_STORAGE_SOURCE_BUCKET\"";

/// Shows what the deployed stacks put out
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The stacks; all if none is named
    #[arg(value_name = "STACK")]
    stacks: Vec<String>,
    /// Writes lines of `BALEEN_<STACK>_<OUTPUT>='…'`, which a shell reads by `source`
    #[arg(long, conflicts_with = "json")]
    env_file: bool,
}

pub fn run(args: &Args, global: &Global, printer: &Printer) -> Result<()> {
    let session = Session::open(global)?;
    let assembly = session.assemble(printer)?;
    toolkit::select(&assembly, &args.stacks)?;
    let target = target(&session, printer)?;
    let work = async {
        let cloud = connect(&session, &target).await?;
        Ok(toolkit::outputs(&assembly, &args.stacks, &cloud, patience(&session)).await?)
    };
    let stacks = block_on(printer, work).map_err(|error| explain(&session, error))?;
    if printer.is_json() {
        return printer.json(&stacks);
    }
    for stack in stacks.iter().filter(|stack| stack.status.is_none()) {
        printer.note(&format!("`{}` is not deployed", stack.stack));
    }
    if args.env_file {
        return printer.data(&env_file(&stacks));
    }
    let outputs = stacks.iter().flat_map(|stack| stack.outputs.iter().map(|(name, value)| (&stack.stack, name, value)));
    let rows: Vec<_> = outputs.map(|(stack, name, value)| [stack.clone(), name.clone(), value.clone()]).collect();
    if rows.is_empty() {
        return Ok(());
    }
    printer.data(&table(["STACK", "OUTPUT", "VALUE"], &rows))
}

/// Writes outputs as assignments of a POSIX shell.
fn env_file(stacks: &[StackOutputs]) -> String {
    let line =
        |stack: &str, name: &str, value: &str| format!("BALEEN_{}_{}={}\n", words(stack), words(name), quoted(value));
    let lines =
        stacks.iter().flat_map(|stack| stack.outputs.iter().map(|(name, value)| line(&stack.stack, name, value)));
    lines.collect()
}

/// Writes a name as environment variables are written: `fleet-blue` as `FLEET_BLUE`, `TaskQueue` as `TASK_QUEUE`.
fn words(name: &str) -> String {
    let mut words = String::new();
    let mut before = '_';
    for letter in name.chars() {
        let begins = letter.is_ascii_uppercase() && (before.is_ascii_lowercase() || before.is_ascii_digit());
        if begins {
            words.push('_');
        }
        words.push(if letter.is_ascii_alphanumeric() { letter.to_ascii_uppercase() } else { '_' });
        before = letter;
    }
    words
}

/// Quotes a text so that no shell finds anything in it.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn a_shell_reads_what_was_put_out() {
        let hostile = "a'b\"c $(touch /tmp/x) `id` \\ \n* é";
        let outputs = [("TaskQueue", "https://q"), ("Url2Go", ""), ("HTTPEndpoint", hostile)];
        let stack = StackOutputs {
            stack: "fleet-blue".to_owned(),
            stack_name: "baleen-dev-fleet-blue".to_owned(),
            status: None,
            outputs: outputs.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        };
        let file = env_file(&[stack]);
        let print = "printf '%s|' \"$BALEEN_FLEET_BLUE_TASK_QUEUE\" \"$BALEEN_FLEET_BLUE_URL2_GO\" \"$BALEEN_FLEET_BLUE_HTTPENDPOINT\"";
        let read = Command::new("sh").arg("-c").arg(format!("{file}{print}")).output().expect("a shell");
        assert_eq!(String::from_utf8_lossy(&read.stdout), format!("https://q||{hostile}|"));
        assert_eq!(env_file(&[]), "");
    }
}
