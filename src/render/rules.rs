//! The rules of `check`.

use check::Rule;
use serde_json::{Value, json};
use tree::Tree;

use crate::printer::{BOLD, DIM};
use crate::table::table;

/// Lists the rules.
pub fn list() -> String {
    let row = |rule: &&'static Rule| [rule.id.to_owned(), rule.severity.to_string(), rule.statement.to_owned()];
    let rows: Vec<_> = check::rules().iter().map(row).collect();
    table(["RULE", "SEVERITY", "STATEMENT"], &rows)
}

/// Says all about a rule.
pub fn explain(rule: &Rule) -> String {
    let Rule { id, severity, statement, why, page, .. } = rule;
    let (bad, good) = (example(rule.bad), example(rule.good));
    format!(
        "{BOLD}{id}{BOLD:#} ({severity})\n\n{statement}.\n\n{BOLD}why:{BOLD:#} {why}\n{BOLD}see:{BOLD:#} {page}\n\n\
         {BOLD}bad:{BOLD:#}\n{bad}\n{BOLD}good:{BOLD:#}\n{good}"
    )
}

/// Says about a rule for scripts what a list has room for.
pub fn to_json(rule: &Rule) -> Value {
    let Rule { id, severity, statement, why, page, bad, good } = rule;
    json!({
        "id": id, "severity": severity, "statement": statement, "why": why, "page": page, "bad": bad, "good": good,
    })
}

/// Lays an example out; what is written on one line is hard to compare.
fn example(text: &str) -> String {
    let laid_out = match tree::parse(text) {
        Ok(tree) if text.starts_with('{') => Tree::to_json_pretty(&tree),
        _ => text.to_owned(),
    };
    laid_out.lines().map(|line| format!("  {DIM}|{DIM:#} {line}\n")).collect::<Vec<_>>().concat()
}
