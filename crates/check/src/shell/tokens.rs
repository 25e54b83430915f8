//! Tokens: words, operators, the ends of lines, and the here-documents after them.

use super::{HereDocument, Parsed, Parser};

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Word,
    Operator,
    /// `((…))` where a command is.
    Arithmetic,
    Newline,
    End,
}

/// A token, and where it stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token {
    pub kind: Kind,
    pub start: usize,
    pub end: usize,
}

/// What the place of a token makes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// A command begins here: `((` is arithmetic, and words may assign as in [`Mode::Assignment`].
    Command,
    /// `x=(…)` and `x[…]=` are assignments.
    Assignment,
    /// A word of a command.
    Word,
    /// An element of an array: `[…]=` is where it goes.
    Element,
    /// `@(a|b)` is a pattern.
    Pattern,
    /// Parentheses and bars are parts of a regular expression.
    Regular,
    /// What `>&` copies: a number before `<` or `>` is a word of its own.
    Descriptor,
}

impl Mode {
    /// Tells whether `x=(…)` and `x[…]=` are assignments.
    pub(super) fn assigns(self) -> bool {
        matches!(self, Self::Command | Self::Assignment)
    }
}

/// The operators, those first that begin like others.
static OPERATORS: [&str; 23] = [
    ";;&", "&>>", "<<-", "<<<", "&&", "||", ";;", ";&", "|&", "<<", ">>", "<&", ">&", "<>", ">|", "&>", ";", "&", "|",
    "(", ")", "<", ">",
];

/// The operators that redirect.
static REDIRECTIONS: [&str; 12] = ["<", ">", ">>", "<<", "<<-", "<<<", "<&", ">&", "<>", ">|", "&>", "&>>"];

impl<'s> Parser<'s> {
    /// Returns the text of the current token.
    pub(super) fn text(&self) -> &'s str {
        self.script.get(self.token.start..self.token.end).unwrap_or_default()
    }

    /// Tells whether the current token is this reserved word or operator.
    pub(super) fn is(&self, text: &str) -> bool {
        matches!(self.token.kind, Kind::Word | Kind::Operator) && self.text() == text
    }

    pub(super) fn is_redirection(&self) -> bool {
        self.token.kind == Kind::Operator && REDIRECTIONS.contains(&self.text())
    }

    pub(super) fn byte(&self, at: usize) -> Option<u8> {
        self.script.as_bytes().get(at).copied()
    }

    pub(super) fn starts_with(&self, at: usize, text: &str) -> bool {
        self.script.as_bytes()[at.min(self.script.len())..].starts_with(text.as_bytes())
    }

    /// Reads the next token.
    pub(super) fn advance(&mut self, mode: Mode) -> Parsed<()> {
        self.skip_blanks();
        let start = self.at;
        let kind = match self.byte(start) {
            None => Kind::End,
            Some(b'\n') => {
                self.at += 1;
                self.skip_here_documents()?;
                Kind::Newline
            }
            Some(b'(') if mode == Mode::Command && self.byte(start + 1) == Some(b'(') => self.parentheses()?,
            Some(b'<' | b'>') if self.byte(start + 1) == Some(b'(') => self.word(mode)?,
            Some(b'(' | b'|') if mode == Mode::Regular && !self.starts_with(start, "||") => self.word(mode)?,
            Some(b'&' | b'|' | b';' | b'(' | b')' | b'<' | b'>') => self.operator(),
            Some(_) => self.word(mode)?,
        };
        let end = if kind == Kind::Newline { start + 1 } else { self.at };
        self.token = Token { kind, start, end };
        // The number or name of what is redirected belongs to the operator after it.
        if kind == Kind::Word
            && mode != Mode::Descriptor
            && matches!(self.byte(end), Some(b'<' | b'>'))
            && self.byte(end + 1) != Some(b'(')
            && is_descriptor(self.text())
        {
            self.operator();
            self.token = Token { kind: Kind::Operator, start: end, end: self.at };
        }
        Ok(())
    }

    fn skip_blanks(&mut self) {
        loop {
            match self.byte(self.at) {
                Some(b' ' | b'\t') => self.at += 1,
                Some(b'\\') if self.byte(self.at + 1) == Some(b'\n') => self.at += 2,
                Some(b'#') => self.at = self.end_of_line(self.at),
                _ => return,
            }
        }
    }

    /// Returns where the line ends, before its newline.
    fn end_of_line(&self, at: usize) -> usize {
        let rest = &self.script.as_bytes()[at..];
        rest.iter().position(|byte| *byte == b'\n').map_or(self.script.len(), |length| at + length)
    }

    fn operator(&mut self) -> Kind {
        let found = OPERATORS.iter().find(|operator| self.starts_with(self.at, operator));
        self.at += found.map_or(1, |operator| operator.len());
        Kind::Operator
    }

    /// Reads `((`: arithmetic if it ends with `))`, and two subshells otherwise.
    fn parentheses(&mut self) -> Parsed<Kind> {
        let start = self.at;
        let end = if let Some(known) = self.arithmetic.get(&start) {
            *known
        } else {
            self.at += 2;
            self.calculation(start, "((", "))")?;
            let end = (self.byte(self.at) == Some(b')')).then_some(self.at + 1);
            self.arithmetic.insert(start, end);
            end
        };
        self.at = end.unwrap_or(start + 1);
        Ok(if end.is_some() { Kind::Arithmetic } else { Kind::Operator })
    }

    /// Notes a here-document; the current token is its delimiter.
    pub(super) fn here_document(&mut self, at: usize, strips_tabs: bool) {
        let text = self.text();
        let is_quoted = text.contains(['\'', '"', '\\']);
        let delimiter = if is_quoted { unquoted(text) } else { text.to_owned() };
        self.here_documents.push(HereDocument { at, delimiter, strips_tabs, is_quoted });
    }

    /// Skips the texts of the here-documents of the line that has just ended.
    fn skip_here_documents(&mut self) -> Parsed<()> {
        for document in std::mem::take(&mut self.here_documents) {
            let mut is_continued = false;
            loop {
                if self.at >= self.script.len() {
                    let message = format!(
                        "the here-document has no end: no line is `{}` and nothing else",
                        document.delimiter.escape_debug()
                    );
                    let hint = "it must stand at the beginning of its line, with no white space around it";
                    return Err(self.stop(document.at, message, Some(hint)));
                }
                let end = self.end_of_line(self.at);
                let line = &self.script.as_bytes()[self.at..end];
                self.at = (end + 1).min(self.script.len());
                let tabs = line.iter().take_while(|byte| document.strips_tabs && **byte == b'\t').count();
                if !is_continued && &line[tabs..] == document.delimiter.as_bytes() {
                    break;
                }
                let backslashes = line.iter().rev().take_while(|byte| **byte == b'\\').count();
                is_continued = !document.is_quoted && backslashes % 2 == 1;
            }
        }
        Ok(())
    }
}

/// Tells whether a word before `<` or `>` says what is redirected: a number, or `{name}`.
fn is_descriptor(word: &str) -> bool {
    let is_name = |name: &str| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    word.bytes().all(|byte| byte.is_ascii_digit())
        || word.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).is_some_and(is_name)
}

/// Takes the quotes off a delimiter.
fn unquoted(word: &str) -> String {
    let mut text = String::new();
    let mut quote = None;
    let mut characters = word.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' if quote != Some('\'') => text.extend(characters.next()),
            '\'' | '"' if quote.is_none() => quote = Some(character),
            _ if quote == Some(character) => quote = None,
            _ => text.push(character),
        }
    }
    text
}
