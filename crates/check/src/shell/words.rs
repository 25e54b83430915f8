//! Words: what quotes and expansions hold together.

use super::tokens::{Kind, Mode, Token};
use super::{Parsed, Parser};

/// What stands between the two ends of a group such as `${…}`.
#[derive(Clone, Copy)]
struct Group {
    open: u8,
    close: u8,
    /// Whether the opening byte alone, as in arithmetic, asks for one more closing one.
    nests: bool,
    /// Whether `${…}` inside is a group of its own. In arithmetic bash leaves it to whoever computes.
    has_parameters: bool,
    /// Whether single quotes are characters like others until an operator such as `#` makes them quotes.
    is_in_double_quotes: bool,
}

const PARAMETER: Group =
    Group { open: b'{', close: b'}', nests: false, has_parameters: true, is_in_double_quotes: false };
const SUBSCRIPT: Group = Group { open: b'[', close: b']', nests: true, ..PARAMETER };
const PARENTHESES: Group =
    Group { open: b'(', close: b')', nests: true, has_parameters: false, is_in_double_quotes: false };

impl Parser<'_> {
    /// Reads a word.
    pub(super) fn word(&mut self, mode: Mode) -> Parsed<Kind> {
        let start = self.at;
        let extends = mode == Mode::Pattern || self.has_extended_patterns;
        while let Some(byte) = self.byte(self.at) {
            let next = self.byte(self.at + 1);
            let at = self.at;
            self.at += 1;
            match byte {
                b'\\' => self.at = (at + 2).min(self.script.len()),
                b'(' if mode == Mode::Regular => self.parenthesized(at)?,
                b'|' if mode == Mode::Regular && next != Some(b'|') => {}
                b'?' | b'*' | b'+' | b'@' | b'!' if extends && next == Some(b'(') => {
                    self.at += 1;
                    self.parenthesized(at)?;
                }
                b'\'' => self.single_quoted(at)?,
                b'"' => self.double_quoted(at)?,
                b'`' => self.backquoted(at)?,
                b'$' => self.dollar(at, false)?,
                b'<' | b'>' if next == Some(b'(') => {
                    self.at += 1;
                    self.substitution(at, if byte == b'<' { "<(" } else { ">(" })?;
                }
                b'[' if self.is_subscript(start, at, mode) => {
                    self.grouped(at, "[", "]", SUBSCRIPT)?;
                }
                b'=' if mode.assigns() && next == Some(b'(') && is_assigned(&self.script.as_bytes()[start..at]) => {
                    self.at += 1;
                    self.elements(at)?;
                }
                b' ' | b'\t' | b'\n' | b'&' | b'|' | b';' | b'(' | b')' | b'<' | b'>' => {
                    self.at = at;
                    break;
                }
                _ => {}
            }
        }
        Ok(Kind::Word)
    }

    fn is_subscript(&self, start: usize, at: usize, mode: Mode) -> bool {
        if mode == Mode::Element {
            return at == start;
        }
        mode.assigns() && is_name(&self.script.as_bytes()[start..at])
    }

    /// Reads what stands after a `$` at `at`.
    fn dollar(&mut self, at: usize, is_in_double_quotes: bool) -> Parsed<()> {
        let next = self.byte(self.at);
        let is_quote = matches!(next, Some(b'\'' | b'"'));
        if !matches!(next, Some(b'(' | b'{' | b'[' | b'$' | b'\'' | b'"')) || (is_quote && is_in_double_quotes) {
            return Ok(());
        }
        self.at += 1;
        match next {
            Some(b'(') => self.substitution(at, "$("),
            Some(b'{') => self.grouped(at, "${", "}", Group { is_in_double_quotes, ..PARAMETER }),
            Some(b'[') => self.grouped(at, "$[", "]", Group { has_parameters: false, ..SUBSCRIPT }),
            Some(b'\'') => self.ansi_quoted(at),
            Some(b'"') => self.double_quoted(at),
            // `$$` is the number of the process, whatever comes after it.
            _ => Ok(()),
        }
    }

    fn single_quoted(&mut self, at: usize) -> Parsed<()> {
        let rest = &self.script.as_bytes()[self.at..];
        let Some(length) = rest.iter().position(|byte| *byte == b'\'') else {
            return Err(self.unclosed("'", at));
        };
        self.at += length + 1;
        Ok(())
    }

    fn ansi_quoted(&mut self, at: usize) -> Parsed<()> {
        self.until(b'\'').ok_or_else(|| self.unclosed("$'", at))
    }

    fn backquoted(&mut self, at: usize) -> Parsed<()> {
        self.until(b'`').ok_or_else(|| self.unclosed("`", at))
    }

    /// Goes behind the next such byte that no backslash escapes.
    fn until(&mut self, close: u8) -> Option<()> {
        loop {
            let byte = self.byte(self.at)?;
            self.at = (self.at + if byte == b'\\' { 2 } else { 1 }).min(self.script.len());
            if byte == close {
                return Some(());
            }
        }
    }

    fn double_quoted(&mut self, at: usize) -> Parsed<()> {
        self.enter("\"", at, "\"")?;
        while let Some(byte) = self.byte(self.at) {
            let at = self.at;
            self.at += 1;
            match byte {
                b'"' => {
                    self.leave();
                    return Ok(());
                }
                b'\\' => self.at = (at + 2).min(self.script.len()),
                b'`' => self.backquoted(at)?,
                b'$' => self.dollar(at, true)?,
                _ => {}
            }
        }
        Err(self.unclosed("\"", at))
    }

    fn parenthesized(&mut self, at: usize) -> Parsed<()> {
        self.grouped(at, "(", ")", PARENTHESES)
    }

    /// Reads arithmetic up to its closing parenthesis.
    pub(super) fn calculation(&mut self, at: usize, by: &'static str, wants: &'static str) -> Parsed<()> {
        self.grouped(at, by, wants, PARENTHESES)
    }

    /// Reads up to the end of a group whose text is no command.
    fn grouped(&mut self, at: usize, by: &'static str, wants: &'static str, group: Group) -> Parsed<()> {
        self.enter(by, at, wants)?;
        let start = self.at;
        let mut open = 1;
        while let Some(byte) = self.byte(self.at) {
            let at = self.at;
            self.at += 1;
            match byte {
                b'\\' => self.at = (at + 2).min(self.script.len()),
                b'\'' if self.is_character(start, at, group) => {}
                b'\'' => self.single_quoted(at)?,
                b'"' => self.double_quoted(at)?,
                b'`' => self.backquoted(at)?,
                b'$' if !group.has_parameters && matches!(self.byte(self.at), Some(b'{' | b'[')) => {}
                b'$' => self.dollar(at, group.is_in_double_quotes && self.byte(self.at) != Some(b'"'))?,
                _ if byte == group.close => open -= 1,
                _ if byte == group.open && group.nests => open += 1,
                _ => {}
            }
            if open == 0 {
                self.leave();
                return Ok(());
            }
        }
        Err(self.ended())
    }

    /// Tells whether a single quote in `"${x:-it's}"` is a character like others: to `sh` it is unless it is a part of a
    /// pattern.
    fn is_character(&self, start: usize, at: usize, group: Group) -> bool {
        let inside = &self.script.as_bytes()[start..at.min(start + 200)];
        let operator = inside.iter().skip(1).find(|byte| b"#%/^,:-=?+".contains(byte));
        self.is_sh && group.is_in_double_quotes && !operator.is_some_and(|byte| b"#%/^,".contains(byte))
    }

    /// Reads the commands of `$(…)` or `<(…)`, or the arithmetic of `$((…))`.
    fn substitution(&mut self, at: usize, by: &'static str) -> Parsed<()> {
        if self.byte(self.at) == Some(b'(') {
            return self.calculation(at, by, ")");
        }
        self.enter(by, at, ")")?;
        let token = self.token;
        let here_documents = std::mem::take(&mut self.here_documents);
        self.advance(Mode::Command)?;
        self.list(&[")"])?;
        if !self.is(")") {
            return Err(self.unexpected());
        }
        self.at = self.token.end;
        self.token = token;
        // A here-document whose line has not ended yet goes on behind the parenthesis.
        self.here_documents.splice(0..0, here_documents);
        self.leave();
        Ok(())
    }

    /// Reads the elements of an array up to the closing parenthesis.
    fn elements(&mut self, at: usize) -> Parsed<()> {
        self.enter("=(", at, ")")?;
        let token: Token = self.token;
        loop {
            self.advance(Mode::Element)?;
            match self.token.kind {
                Kind::Word | Kind::Newline => {}
                _ if self.is(")") => break,
                _ => return Err(self.unexpected()),
            }
        }
        self.at = self.token.end;
        self.token = token;
        self.leave();
        Ok(())
    }
}

/// Tells whether this is the name of a variable.
fn is_name(text: &[u8]) -> bool {
    text.first().is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'_')
        && text.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
}

/// Tells whether what stands before a `=` can be assigned to: `x`, `x+`, `x[1]`, `x[1]+`.
fn is_assigned(text: &[u8]) -> bool {
    let text = text.strip_suffix(b"+").unwrap_or(text);
    let name = text.iter().position(|byte| *byte == b'[').map_or(text, |bracket| &text[..bracket]);
    is_name(name) && (name.len() == text.len() || text.ends_with(b"]"))
}
