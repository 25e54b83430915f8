//! What the parser of bash refuses, found without bash.
//!
//! The shell reads a command only when it gets there, so a script whose last line cannot be read has already done all the
//! others. This reads the script as bash does: words with their quotes and expansions ([`words`]), tokens ([`tokens`]), and
//! the grammar of commands ([`commands`], [`conditions`]). It judges whether a script can be read, not what it does.
//!
//! Linear in the length of the script, and as deep as [`DEEPEST`]: what is nested deeper is let pass.

use std::collections::BTreeMap;

mod commands;
mod conditions;
mod tokens;
mod words;

use tokens::{Kind, Mode, Token};

/// How deep constructs may be nested before nothing more is said.
const DEEPEST: usize = 100;

/// Stands in a script for text that nobody knows yet. It is a word, or a part of one.
pub(crate) const HOLE: char = '\u{E000}';

/// Why a script cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// The line of the script, from 1.
    pub line: usize,
    /// What is wrong there.
    pub message: String,
    /// What to do about it.
    pub hint: Option<&'static str>,
}

/// Finds what keeps bash from reading a script.
///
/// As `sh`, bash takes single quotes in `"${x:-it's}"` for what they are, as other shells do.
pub(crate) fn fault(script: &str, is_sh: bool) -> Option<Fault> {
    let mut parser = Parser::new(script, is_sh);
    match parser.script() {
        Err(Stop::Fault { at, message, hint }) => Some(Fault { line: parser.line(at), message, hint }),
        Err(Stop::TooDeep) | Ok(()) => None,
    }
}

/// Why reading came to an end.
enum Stop {
    Fault { at: usize, message: String, hint: Option<&'static str> },
    TooDeep,
}

type Parsed<T> = Result<T, Stop>;

/// What has begun and not ended.
#[derive(Clone, Copy)]
struct Opened {
    /// What opened it, such as `if`.
    by: &'static str,
    at: usize,
    /// What it wants next, such as `then`.
    wants: &'static str,
}

/// A here-document whose text begins at the next line.
struct HereDocument {
    at: usize,
    delimiter: String,
    strips_tabs: bool,
    is_quoted: bool,
}

struct Parser<'s> {
    script: &'s str,
    /// Where the next token is read.
    at: usize,
    token: Token,
    opened: Vec<Opened>,
    here_documents: Vec<HereDocument>,
    /// Of each `((` whether it is arithmetic, and where that ends: commands in it are read anew if it is not.
    arithmetic: BTreeMap<usize, Option<usize>>,
    is_sh: bool,
    /// Whether the script switches on patterns such as `@(a|b)`; bash itself learns it as it runs.
    has_extended_patterns: bool,
}

impl<'s> Parser<'s> {
    fn new(script: &'s str, is_sh: bool) -> Self {
        Self {
            script,
            at: 0,
            token: Token { kind: Kind::End, start: 0, end: 0 },
            opened: Vec::new(),
            here_documents: Vec::new(),
            arithmetic: BTreeMap::new(),
            is_sh,
            has_extended_patterns: script.contains("extglob"),
        }
    }

    fn script(&mut self) -> Parsed<()> {
        self.advance(Mode::Command)?;
        self.list(&[])?;
        if self.token.kind == Kind::End { Ok(()) } else { Err(self.unexpected()) }
    }

    fn line(&self, at: usize) -> usize {
        self.script.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count() + 1
    }

    fn enter(&mut self, by: &'static str, at: usize, wants: &'static str) -> Parsed<()> {
        if self.opened.len() == DEEPEST {
            return Err(Stop::TooDeep);
        }
        self.opened.push(Opened { by, at, wants });
        Ok(())
    }

    fn leave(&mut self) {
        self.opened.pop();
    }

    /// Notes what the innermost construct wants from here on.
    fn want(&mut self, wants: &'static str) {
        if let Some(opened) = self.opened.last_mut() {
            opened.wants = wants;
        }
    }

    /// Says that the script ends inside of something.
    fn ended(&self) -> Stop {
        let Some(Opened { by, at, wants }) = self.opened.last().copied() else {
            let hint = "the line before asks for one by its `&&`, `||`, `|` or the like";
            return self.stop(self.script.len(), "the script ends where a command is wanted", Some(hint));
        };
        self.stop(at, format!("`{by}` has no end: the script ends where `{wants}` is wanted"), self.carriage_return())
    }

    /// Says that a quote has no end.
    fn unclosed(&self, quote: &str, at: usize) -> Stop {
        let hint = "each quote must be closed; the one before it may be the one too many";
        self.stop(at, format!("the quote {quote} has no end"), Some(hint))
    }

    /// Says that the current token is none that can be here.
    fn unexpected(&self) -> Stop {
        if self.token.kind == Kind::End {
            return self.ended();
        }
        let token = self.name();
        let message = match self.opened.last() {
            Some(Opened { by, at, wants }) => {
                format!("{token} stands where `{wants}` is wanted for the `{by}` of line {}", self.line(*at))
            }
            None if CLOSING.iter().any(|word| self.is(word)) => format!("{token} belongs to nothing"),
            None => format!("{token} stands where the command ends"),
        };
        self.stop(self.token.start, message, self.carriage_return())
    }

    /// Says that something else is wanted than the current token.
    fn wanted(&self, wanted: &str) -> Stop {
        if self.token.kind == Kind::End {
            return self.ended();
        }
        self.stop(self.token.start, format!("{} stands where {wanted} is wanted", self.name()), self.carriage_return())
    }

    #[expect(clippy::unused_self, reason = "reads like its siblings")]
    fn stop(&self, at: usize, message: impl Into<String>, hint: Option<&'static str>) -> Stop {
        Stop::Fault { at, message: message.into(), hint }
    }

    /// Lines that end as on Windows are the most common cause of words that nobody can see to be wrong.
    fn carriage_return(&self) -> Option<&'static str> {
        self.script
            .contains("\r\n")
            .then_some("lines end with a carriage return, which the shell takes for a part of words")
    }

    /// Names the current token.
    fn name(&self) -> String {
        match self.token.kind {
            Kind::End => "the end of the script".to_owned(),
            Kind::Newline => "the end of the line".to_owned(),
            Kind::Word | Kind::Operator | Kind::Arithmetic => {
                let text = self.text().lines().next().unwrap_or_default();
                let short: String = text.chars().take(40).collect();
                let more = if short.len() < self.text().len() { "…" } else { "" };
                format!("`{}{more}`", short.replace(HOLE, "{{…}}"))
            }
        }
    }
}

/// What ends something that another word has begun.
static CLOSING: [&str; 14] =
    [")", ";;", ";&", ";;&", "}", "]]", "do", "done", "elif", "else", "esac", "fi", "in", "then"];

#[cfg(test)]
mod tests;
