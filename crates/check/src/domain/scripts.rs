//! Shell scripts in documents and user data: whether the shell can read them to their end.

use tree::{Finding, Severity};

use crate::look::{Part, View};
use crate::rule::Rule;
use crate::shell::{HOLE, fault};

/// Checks the lines of a document's step.
pub(super) fn lines(run: View<'_>, findings: &mut Vec<Finding>) {
    if !run.is_known() || !run.is_closed() {
        return;
    }
    let items: Vec<View<'_>> = run.items().collect();
    let texts: Vec<String> = items.iter().map(|item| interpolated(&text(&item.parts()))).collect();
    let script = texts.join("\n");
    // Without an interpreter in its first line, `sh` runs the script.
    let interpreter = if script.starts_with("#!") { interpreter(&script) } else { Some(Interpreter::Sh) };
    let Some(interpreter) = interpreter else { return };
    let Some(fault) = fault(&script, interpreter == Interpreter::Sh) else { return };
    let mut last = 0;
    let mut place = run;
    for (item, text) in items.iter().zip(&texts) {
        place = *item;
        last += text.matches('\n').count() + 1;
        if last >= fault.line {
            break;
        }
    }
    report(place, &fault, findings);
}

/// Checks user data, whose first line must name the shell.
pub(super) fn user_data(plain: View<'_>, findings: &mut Vec<Finding>) {
    let script = text(&plain.parts());
    let Some(interpreter) = interpreter(&script) else { return };
    if let Some(fault) = fault(&script, interpreter == Interpreter::Sh) {
        report(plain, &fault, findings);
    }
}

fn report(place: View<'_>, fault: &crate::shell::Fault, findings: &mut Vec<Finding>) {
    let message = format!("line {} of the script: {}", fault.line, fault.message);
    let mut finding = place.finding(&SYNTAX, message);
    finding.hint = fault.hint.map(str::to_owned);
    findings.push(finding);
}

/// Puts the parts of a text together, with a word for what only the stack knows.
fn text(parts: &[Part<'_>]) -> String {
    parts.iter().fold(String::new(), |mut text, part| {
        match part {
            Part::Text(part) => text.push_str(part),
            Part::Hole(_) => text.push(HOLE),
        }
        text
    })
}

/// Puts a word where Systems Manager puts the value of a parameter, such as `{{ Scale }}` or `{{ssm:name}}`.
fn interpolated(text: &str) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        filled.push_str(before);
        let is_name = |name: &str| {
            !name.is_empty()
                && name.chars().all(|character| character.is_ascii_alphanumeric() || "_.:/-".contains(character))
        };
        // A name is short; to look for its end in all of the rest would be quadratic.
        let end = after.bytes().take(LONGEST_NAME).position(|byte| byte == b'}');
        if let Some(end) = end.filter(|end| after[*end..].starts_with("}}") && is_name(after[..*end].trim())) {
            filled.push(HOLE);
            rest = &after[end + 2..];
        } else {
            filled.push_str("{{");
            rest = after;
        }
    }
    filled + rest
}

/// How long the name of a parameter may be here, with its spaces.
const LONGEST_NAME: usize = 2100;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Interpreter {
    Bash,
    Sh,
}

/// Reads from the first line of a script which of the shells that are known here runs it.
fn interpreter(script: &str) -> Option<Interpreter> {
    let line = script.lines().next()?.strip_prefix("#!")?;
    let mut words = line.split_whitespace().filter_map(|word| word.rsplit('/').next());
    let first = words.next()?;
    let name = if first == "env" { words.find(|word| !word.starts_with('-') && !word.contains('='))? } else { first };
    match name {
        "bash" => Some(Interpreter::Bash),
        "ash" | "dash" | "sh" => Some(Interpreter::Sh),
        _ => None,
    }
}

pub(super) static SYNTAX: Rule = Rule {
    id: "shell/syntax",
    severity: Severity::Error,
    statement: "the shell can read a script to its end",
    why: "a shell reads as it runs: what stands before the mistake is done, and nothing behind it ever is",
    page: "https://docs.aws.amazon.com/systems-manager/latest/userguide/documents-command-ssm-plugin-reference.html",
    bad: r#"{"Resources": {"Document": {"Type": "AWS::SSM::Document",
        "Properties": {"Content": {"schemaVersion": "2.2",
        "mainSteps": [{"action": "aws:runShellScript", "name": "Run",
        "inputs": {"runCommand": ["set -eu", "for key in $(cat keys); do", "  if [ -n \"$key\" ]; then",
        "    enhance \"$key\"", "done"]}}]}}}}}"#,
    good: r#"{"Resources": {"Document": {"Type": "AWS::SSM::Document",
        "Properties": {"Content": {"schemaVersion": "2.2",
        "mainSteps": [{"action": "aws:runShellScript", "name": "Run",
        "inputs": {"runCommand": ["set -eu", "for key in $(cat keys); do", "  if [ -n \"$key\" ]; then",
        "    enhance \"$key\"", "  fi", "done"]}}]}}}}}"#,
};

/// The rules of this file.
pub(super) static RULES: &[&Rule] = &[&SYNTAX];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_systems_manager_fills_in_is_a_word() {
        assert_eq!(interpolated("a {{ B }} {{ssm:c}} {{ $(d) }} {{"), format!("a {HOLE} {HOLE} {{{{ $(d) }}}} {{{{"));
    }

    #[test]
    fn only_shells_are_read() {
        assert!(interpreter("#!/usr/bin/env -S bash -e\n") == Some(Interpreter::Bash));
        assert!(interpreter("#! /bin/sh") == Some(Interpreter::Sh));
        assert!(interpreter("#!/usr/bin/python3\nif").is_none() && interpreter("#cloud-config\nif").is_none());
    }
}
