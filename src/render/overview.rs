//! How an environment stands.

use toolkit::{Health, Overview, StackOverview};

use super::jobs::seconds;
use crate::printer::{CYAN, DIM, GREEN, Printer, RED, YELLOW};
use crate::table::table;

/// Lays the stacks out.
pub fn table_of(overview: &Overview) -> String {
    let rows: Vec<_> = overview.stacks.iter().map(row).collect();
    table(["STACK", "STATUS", "SINCE", "DRIFT", "NAME"], &rows)
}

fn row(stack: &StackOverview) -> [String; 5] {
    let drift = match stack.drifted {
        None => String::new(),
        Some(0) => "none".to_owned(),
        Some(some) => some.to_string(),
    };
    let status = stack.status.as_deref().unwrap_or("not deployed");
    let since = stack.since.as_deref().map(seconds).unwrap_or_default();
    [stack.stack.clone(), status.to_owned(), since, drift, stack.stack_name.clone()]
}

/// Says what is wrong, what leads on, and who is at work.
pub fn explain(overview: &Overview, printer: &Printer) {
    for stack in &overview.stacks {
        let (style, word) = match stack.health {
            Health::Absent | Health::Standing => continue,
            Health::RolledBack => (YELLOW, "rolled back"),
            Health::Working => (CYAN, "working"),
            Health::Stuck => (RED, "stuck"),
        };
        let name = &stack.stack;
        match &stack.cause {
            Some(cause) => printer.line(format_args!("{style}{word}:{style:#} `{name}`: {cause}")),
            None => printer.line(format_args!("{style}{word}:{style:#} `{name}`")),
        }
        let hint = stack.cause.as_ref().and_then(toolkit::Cause::hint);
        for hint in hint.into_iter().chain(stack.remedy.as_deref()) {
            printer.line(format_args!("  {CYAN}hint:{CYAN:#} {hint}"));
        }
    }
    match &overview.lock.holder {
        Some(holder) => printer.line(format_args!("{YELLOW}locked:{YELLOW:#} {holder}")),
        None if overview.stacks.iter().all(|stack| stack.health == Health::Absent) => {
            printer.line(format_args!("{DIM}nothing is deployed{DIM:#}"));
        }
        None => printer.line(format_args!("{GREEN}unlocked{GREEN:#}")),
    }
    if let Some(journal) = &overview.lock.journal {
        printer.line(format_args!("{YELLOW}a swap is under way:{YELLOW:#} {DIM}{journal}{DIM:#}"));
    }
}
