//! Where output goes: data to standard output, everything else to standard error.

use std::fmt::{Display, Write as _};
use std::io::{IsTerminal, Write, stderr};
use std::sync::{Arc, Mutex, PoisonError};

use anstyle::{AnsiColor, Style};
use serde::Serialize;
use serde_json::json;

use crate::error::{Error, Kind, Result};
use crate::render;

/// How wide a terminal is taken to be that does not say.
const USUAL_WIDTH: u16 = 80;

/// Keeps a terminal from showing what is drawn before it is all there; those that do not know it ignore it.
const BEGIN_FRAME: &str = "\x1b[?2026h";
const END_FRAME: &str = "\x1b[?2026l";

pub const RED: Style = AnsiColor::Red.on_default().bold();
pub const GREEN: Style = AnsiColor::Green.on_default();
pub const YELLOW: Style = AnsiColor::Yellow.on_default();
pub const CYAN: Style = AnsiColor::Cyan.on_default();
pub const BOLD: Style = Style::new().bold();
pub const DIM: Style = Style::new().dimmed();

/// Prints; colours vanish where they are not wanted (`NO_COLOR`, no terminal). Clones share the live lines.
#[derive(Clone)]
pub struct Printer {
    json: bool,
    /// Whether lines can be redrawn in place.
    redraws: bool,
    live: Arc<Mutex<Live>>,
}

/// The lines at the bottom that change in place.
#[derive(Default)]
struct Live {
    /// The lines as they were wanted.
    lines: Vec<String>,
    /// How many columns each takes on the terminal, as they were drawn.
    widths: Vec<usize>,
}

impl Printer {
    pub fn new(json: bool) -> Self {
        let dumb = std::env::var_os("TERM").is_some_and(|terminal| terminal == "dumb");
        Self { json, redraws: !json && !dumb && stderr().is_terminal(), live: Arc::default() }
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

    /// Replaces the live lines by one; nothing where lines cannot be redrawn.
    pub fn status(&self, text: &str) {
        let lines: &[&str] = if text.is_empty() { &[] } else { &[text] };
        self.live(lines.iter().map(|line| (*line).to_owned()).collect());
    }

    /// Replaces the live lines, which are cut to the terminal's width; nothing where lines cannot be redrawn.
    pub fn live(&self, lines: Vec<String>) {
        if !self.redraws {
            return;
        }
        let mut live = self.live.lock().unwrap_or_else(PoisonError::into_inner);
        if live.lines != lines {
            live.lines = lines;
            live.draw("");
        }
    }

    fn raw_line(&self, text: impl Display) {
        let mut live = self.live.lock().unwrap_or_else(PoisonError::into_inner);
        if self.redraws {
            live.draw(&format!("{text}\n"));
        } else {
            let _ = write_coloured(&format!("{text}\n"));
        }
    }

    /// Leaves the lines that the cursor is on as they are: the terminal has written `^C` behind them.
    pub fn interrupted(&self) {
        if self.redraws {
            *self.live.lock().unwrap_or_else(PoisonError::into_inner) = Live::default();
            let _ = write_coloured("\n");
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

impl Live {
    /// Draws the live lines anew, with `above` in front of them. Whoever cannot be told cannot be told that either.
    fn draw(&mut self, above: &str) {
        let width = width();
        // Where the terminal has become narrower, what was drawn takes more rows now.
        let rows: usize = self.widths.iter().map(|columns| columns.saturating_sub(1) / width.max(1) + 1).sum();
        // These are no colours, so `NO_COLOR` must not take them away, as `anstream` would.
        let mut erase = String::from(BEGIN_FRAME);
        if rows > 0 {
            erase.push('\r');
            if rows > 1 {
                // Writing to a string does not fail.
                let _ = write!(erase, "\x1b[{}A", rows - 1);
            }
            erase.push_str("\x1b[J");
        }
        let _ = stderr().write_all(erase.as_bytes());
        let lines: Vec<String> = self.lines.iter().map(|line| cut(line, width.saturating_sub(1))).collect();
        let _ = write_coloured(&format!("{above}{}", lines.join("\n")));
        let _ = stderr().write_all(END_FRAME.as_bytes());
        let _ = stderr().flush();
        self.widths = lines.iter().map(|line| columns(line)).collect();
    }
}

/// The width of the terminal.
pub fn width() -> usize {
    usize::from(terminal_size::terminal_size_of(stderr()).map_or(USUAL_WIDTH, |(width, _)| width.0))
}

/// Counts the columns of a text, without what only colours it.
pub fn columns(text: &str) -> usize {
    let mut escape = false;
    let is_shown = |character: char| {
        let was = escape;
        escape = if escape { character != 'm' } else { character == '\x1b' };
        !was && !escape
    };
    text.chars().map(is_shown).filter(|shown| *shown).count()
}

/// Cuts a text to so many columns, and ends its colours.
fn cut(text: &str, width: usize) -> String {
    if columns(text) <= width {
        return text.to_owned();
    }
    let (mut kept, mut escape, mut left) = (String::new(), false, width.saturating_sub(1));
    for character in text.chars() {
        if escape || character == '\x1b' {
            escape = character != 'm';
            kept.push(character);
        } else if left > 0 {
            left -= 1;
            kept.push(character);
        } else {
            break;
        }
    }
    kept.push_str("…\x1b[0m");
    kept
}

fn write_coloured(text: &str) -> std::io::Result<()> {
    let mut err = anstream::stderr().lock();
    err.write_all(text.as_bytes())?;
    err.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_take_no_columns_and_survive_a_cut() {
        let text = format!("{RED}four{RED:#} and more");
        assert_eq!(columns(&text), 13);
        assert_eq!(cut(&text, 13), text);
        let short = cut(&text, 6);
        assert_eq!(columns(&short), 6);
        assert!(short.ends_with(" …\x1b[0m") && short.contains("four"), "{short:?}");
    }
}
