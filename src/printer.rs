//! Where output goes: data to standard output, everything else to standard error.

use std::fmt::Display;
use std::io::{IsTerminal, Write, stderr};
use std::sync::{Arc, Mutex, PoisonError};

use anstyle::{AnsiColor, Style};
use serde::Serialize;
use serde_json::json;

use crate::error::{Error, Kind, Result};
use crate::render;

/// How wide a terminal is taken to be that does not say.
const USUAL_WIDTH: u16 = 80;

/// Clears the line that the cursor is on, and moves to its start.
const CLEAR_LINE: &str = "\r\x1b[2K";

pub const RED: Style = AnsiColor::Red.on_default().bold();
pub const GREEN: Style = AnsiColor::Green.on_default();
pub const YELLOW: Style = AnsiColor::Yellow.on_default();
pub const CYAN: Style = AnsiColor::Cyan.on_default();
pub const BOLD: Style = Style::new().bold();
pub const DIM: Style = Style::new().dimmed();

/// Prints; colours vanish where they are not wanted (`NO_COLOR`, no terminal). Clones share the status line.
#[derive(Clone)]
pub struct Printer {
    json: bool,
    /// Whether lines can be redrawn in place.
    redraws: bool,
    /// The line at the bottom that changes in place.
    status: Arc<Mutex<String>>,
}

impl Printer {
    pub fn new(json: bool) -> Self {
        let dumb = std::env::var_os("TERM").is_some_and(|terminal| terminal == "dumb");
        Self { json, redraws: !json && !dumb && stderr().is_terminal(), status: Arc::default() }
    }

    pub fn is_json(&self) -> bool {
        self.json
    }

    /// Says whether lines can be redrawn in place: what is done then needs no line of its own.
    pub fn redraws(&self) -> bool {
        self.redraws
    }

    /// Writes text to standard output.
    pub fn data(&self, text: &str) -> Result<()> {
        self.status("");
        let mut out = anstream::stdout().lock();
        out.write_all(text.as_bytes())?;
        Ok(out.flush()?)
    }

    /// Writes a JSON document to standard output.
    pub fn json(&self, value: &impl Serialize) -> Result<()> {
        let text = serde_json::to_string_pretty(value)
            .map_err(|error| Error::new(Kind::Failed, format!("cannot write JSON: {error}")))?;
        self.data(&format!("{text}\n"))
    }

    /// Writes a line to standard error, above the status line; nothing under `--json`, where events speak.
    pub fn line(&self, text: impl Display) {
        if !self.json {
            self.raw_line(text);
        }
    }

    /// Writes an event as a line of JSON to standard error.
    pub fn event(&self, event: &impl Serialize) {
        if let Ok(text) = serde_json::to_string(event) {
            self.raw_line(text);
        }
    }

    /// Says something that is no typed event.
    pub fn note(&self, text: &str) {
        if self.json {
            self.event(&json!({ "event": "note", "message": text }));
        } else {
            self.line(text);
        }
    }

    /// Replaces the status line; nothing where lines cannot be redrawn.
    pub fn status(&self, text: &str) {
        if !self.redraws {
            return;
        }
        let mut status = self.status.lock().unwrap_or_else(PoisonError::into_inner);
        if *status != text {
            *status = text.chars().take(status_width()).collect();
            write_to_stderr(true, &status);
        }
    }

    fn raw_line(&self, text: impl Display) {
        let status = self.status.lock().unwrap_or_else(PoisonError::into_inner);
        write_to_stderr(!status.is_empty(), &format!("{text}\n{status}"));
    }

    /// Leaves the line that the cursor is on as it is: the terminal has written `^C` behind it.
    pub fn interrupted(&self) {
        if self.redraws {
            self.status.lock().unwrap_or_else(PoisonError::into_inner).clear();
            write_to_stderr(false, "\n");
        }
    }

    /// Says what went wrong.
    pub fn error(&self, error: &Error) {
        self.status("");
        if matches!(error.kind, Kind::Silent | Kind::Differs) {
            return;
        }
        if self.json {
            let findings: Vec<_> = error.findings.iter().map(render::findings::to_json).collect();
            let Error { kind, hints, .. } = error;
            let message = error.summary();
            let mut value = json!({ "kind": kind, "message": message, "hints": hints });
            if !findings.is_empty() {
                value["findings"] = findings.into();
            }
            self.event(&json!({ "error": value }));
            return;
        }
        for finding in &error.findings {
            self.line(render::findings::to_text(finding));
        }
        if !error.message.is_empty() {
            self.line(format_args!("{RED}error:{RED:#} {}", error.message));
        }
        for hint in &error.hints {
            self.line(format_args!("{CYAN}hint:{CYAN:#} {hint}"));
        }
    }
}

/// The width that a status line is cut to: a longer one would wrap, and could not be redrawn.
fn status_width() -> usize {
    let width = terminal_size::terminal_size_of(stderr()).map_or(USUAL_WIDTH, |(width, _)| width.0);
    usize::from(width).saturating_sub(1)
}

/// Writes text, in place of the line that the cursor is on if that is to be cleared. Whoever cannot be told cannot be
/// told that either.
fn write_to_stderr(clear: bool, text: &str) {
    if clear {
        // Not a colour, so `NO_COLOR` must not take it away, as `anstream` would.
        let _ = stderr().write_all(CLEAR_LINE.as_bytes());
    }
    let mut err = anstream::stderr().lock();
    let _ = err.write_all(text.as_bytes());
    let _ = err.flush();
}
