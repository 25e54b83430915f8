//! Commands on instances.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use pipeline::commands::{Document, Event, Events, Outcome, Parameter};
use serde_json::Value;

use crate::error::Result;
use crate::printer::{BOLD, DIM, GREEN, Printer, RED, YELLOW};
use crate::table::{fields, printable, table};

/// How far a command has got: what an interruption leaves behind.
#[derive(Clone, Debug)]
pub enum Progress {
    /// Nothing was sent.
    Nothing,
    /// It is being sent.
    Sending,
    /// It was sent, and goes on by itself.
    Sent {
        /// Its id.
        command: String,
    },
}

/// Prints events as they come.
pub struct Narrator<'a> {
    printer: &'a Printer,
    progress: Arc<Mutex<Progress>>,
    /// Which instances the command has ended on.
    ended: Mutex<BTreeMap<String, bool>>,
}

impl<'a> Narrator<'a> {
    pub fn new(printer: &'a Printer, progress: Arc<Mutex<Progress>>) -> Self {
        Self { printer, progress, ended: Mutex::default() }
    }

    fn note(&self, event: &Event) {
        let progress = match event {
            Event::Sending { .. } => Progress::Sending,
            Event::Sent { command, .. } => Progress::Sent { command: command.clone() },
            _ => return,
        };
        *self.progress.lock().unwrap_or_else(PoisonError::into_inner) = progress;
    }

    fn narrate(&self, event: &Event) {
        let printer = self.printer;
        match event {
            Event::LeftOut { instance, last_ping } => {
                let since = last_ping.as_ref().map(|time| format!(", last heard of {time}")).unwrap_or_default();
                printer.line(format_args!("{YELLOW}{instance} is left out:{YELLOW:#} not online{since}"));
            }
            Event::Sending { document } => printer.status(&format!("sending {document}")),
            Event::Sent { command, instances } => {
                let mut ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
                ended.extend(instances.iter().map(|instance| (instance.clone(), false)));
                printer.status("");
                printer.line(format_args!("sent to {}", instances.join(", ")));
                printer.line(format_args!("{DIM}command {command}{DIM:#}"));
            }
            Event::Status { instance, status, is_final } => {
                let style = match (is_final, status.as_str()) {
                    (true, "Success") => GREEN,
                    (true, _) => RED,
                    (false, _) => DIM,
                };
                printer.status("");
                printer.line(format_args!("{instance}  {style}{status}{style:#}"));
                let mut ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
                ended.insert(instance.clone(), *is_final);
                let (done, all) = (ended.values().filter(|ended| **ended).count(), ended.len());
                if done < all {
                    printer.status(&format!("ended on {done} of {all} …"));
                }
            }
            Event::Unreachable { error } => {
                printer.line(format_args!("{YELLOW}no answer, trying again:{YELLOW:#} {error}"));
            }
        }
    }
}

impl Events for Narrator<'_> {
    fn event(&self, event: Event) {
        self.note(&event);
        if self.printer.is_json() {
            self.printer.event(&event);
        } else {
            self.narrate(&event);
        }
    }
}

/// Lays out documents.
pub fn documents(documents: &[Document]) -> String {
    let row = |document: &Document| {
        let needed = document.parameters.iter().filter(|parameter| parameter.default.is_none());
        let needed: Vec<_> = needed.map(|parameter| parameter.name.as_str()).collect();
        [document.logical_id.clone(), document.description.clone(), needed.join(", ")]
    };
    let rows: Vec<_> = documents.iter().map(row).collect();
    table(["DOCUMENT", "WHAT IT DOES", "NEEDS"], &rows)
}

/// Lays out one document, with its parameters.
pub fn document(document: &Document) -> String {
    let mut lines = vec![("document", document.logical_id.clone())];
    lines.extend(document.name.iter().map(|name| ("name", name.clone())));
    lines.push(("what it does", document.description.clone()));
    let rows: Vec<_> = document.parameters.iter().map(parameter).collect();
    let parameters = table(["PARAMETER", "DEFAULT", "WHAT IT IS", "ALLOWED"], &rows);
    if rows.is_empty() { fields(&lines) } else { format!("{}\n{parameters}", fields(&lines)) }
}

fn parameter(parameter: &Parameter) -> [String; 4] {
    let default = match &parameter.default {
        None => "(needed)".to_owned(),
        Some(Value::String(text)) if text.is_empty() => "(none)".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    let allowed = if parameter.is_encoded_key {
        "any key: it is encoded for you".to_owned()
    } else if !parameter.allowed_values.is_empty() {
        parameter.allowed_values.join(", ")
    } else {
        parameter.allowed_pattern.clone().unwrap_or_default()
    };
    [parameter.name.clone(), default, parameter.description.clone(), allowed]
}

/// Prints what a command said: its output to standard output, what else it said to standard error.
pub fn outcomes(printer: &Printer, outcomes: &[Outcome]) -> Result<()> {
    printer.status("");
    for outcome in outcomes {
        let heading = format!("{BOLD}==> {} <=={BOLD:#}", outcome.instance);
        let is_one_of_many = outcomes.len() > 1;
        if !outcome.stderr.is_empty() {
            if is_one_of_many {
                printer.line(&heading);
            }
            printer.line(lines(&outcome.stderr).trim_end_matches('\n'));
        }
        if !outcome.stdout.is_empty() {
            let heading = if is_one_of_many { format!("{heading}\n") } else { String::new() };
            printer.data(&format!("{heading}{}", lines(&outcome.stdout)))?;
        }
        if outcome.stdout_is_cut || outcome.stderr_is_cut {
            printer.line(cut(outcome));
        }
    }
    Ok(())
}

/// Says that there was more, and where it is.
fn cut(outcome: &Outcome) -> String {
    let what = match (outcome.stdout_is_cut, outcome.stderr_is_cut) {
        (true, true) => "24,000 characters of standard output and 8,000 of standard error",
        (true, false) => "24,000 characters of standard output",
        (false, _) => "8,000 characters of standard error",
    };
    let instance = &outcome.instance;
    match &outcome.rest {
        Some(rest) => format!(
            "{YELLOW}{instance}: these are the first {what}; all of it:{YELLOW:#} aws logs tail {} --since 30d \
             --log-stream-name-prefix {}",
            rest.log_group, rest.log_stream_prefix
        ),
        None => format!("{YELLOW}{instance}: these are the first {what}; the rest is not kept{YELLOW:#}"),
    }
}

/// `i-0123 Failed (exit code 12)`
pub fn verdict(outcome: &Outcome) -> String {
    let code = outcome.exit_code.filter(|code| *code != 0).map(|code| format!(" (exit code {code})"));
    format!("{} {}{}", outcome.instance, printable(&outcome.status), code.unwrap_or_default())
}

/// Makes lines that come from outside safe for a terminal, and ends the last one.
fn lines(text: &str) -> String {
    text.lines().fold(String::with_capacity(text.len() + 1), |mut safe, line| {
        // Columns of reports stay columns.
        let cells: Vec<_> = line.split('\t').map(printable).collect();
        safe.push_str(&cells.join("\t"));
        safe.push('\n');
        safe
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_instance_says_cannot_command_the_terminal() {
        assert_eq!(lines("a\tb\r\n\x1b[2Jc"), "a\tb\n\\u{1b}[2Jc\n");
        assert_eq!(lines(""), "");
    }
}
