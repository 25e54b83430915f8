//! The grammar of `[[ … ]]`.

use super::tokens::{Kind, Mode};
use super::{HOLE, Parsed, Parser};

/// The operators that stand before one word.
const UNARY: &str = "abcdefghknoprstuvwxzGLNORS";

/// The operators that stand between two words.
static BINARY: [&str; 13] = ["!=", "-ef", "-eq", "-ge", "-gt", "-le", "-lt", "-ne", "-nt", "-ot", "=", "==", "=~"];

impl Parser<'_> {
    /// Reads `[[ … ]]`.
    pub(super) fn condition(&mut self) -> Parsed<()> {
        self.enter("[[", self.token.start, "]]")?;
        // Parentheses need no recursion: where one may close is a number.
        let mut open = 0;
        self.next_term()?;
        loop {
            while self.is("!") || self.is("(") {
                open += usize::from(self.is("("));
                self.next_term()?;
            }
            self.term()?;
            while open > 0 && self.is(")") {
                open -= 1;
                self.next_term()?;
            }
            if !(self.is("&&") || self.is("||")) {
                break;
            }
            self.next_term()?;
        }
        if open > 0 {
            return Err(self.wanted("`)`"));
        }
        if !self.is("]]") {
            return Err(self.unexpected());
        }
        self.leave();
        self.advance(Mode::Command)
    }

    /// Reads the next token that is not the end of a line.
    fn next_term(&mut self) -> Parsed<()> {
        self.advance(Mode::Word)?;
        while self.token.kind == Kind::Newline {
            self.advance(Mode::Word)?;
        }
        Ok(())
    }

    fn term(&mut self) -> Parsed<()> {
        if self.token.kind != Kind::Word || self.is("]]") {
            return Err(self.wanted("a condition"));
        }
        // What is filled in may be an operator.
        let is_open = self.text().contains(HOLE);
        let is_unary = self.text().strip_prefix('-').is_some_and(|letter| letter.len() == 1 && UNARY.contains(letter));
        self.advance(Mode::Word)?;
        if is_unary {
            if self.token.kind != Kind::Word || self.is("]]") {
                return Err(self.wanted("what the operator before it asks of"));
            }
            return self.next_term();
        }
        if ["]]", "&&", "||", ")"].iter().any(|end| self.is(end)) {
            return Ok(());
        }
        let is_pattern = ["=", "==", "!="].iter().any(|operator| self.is(operator));
        let is_binary =
            (self.token.kind == Kind::Word && BINARY.contains(&self.text())) || self.is("<") || self.is(">");
        if is_open && !is_binary {
            return self.next_term();
        }
        if !is_binary && !self.text().contains(HOLE) {
            return Err(self.wanted("an operator such as `==`"));
        }
        let mode = if is_pattern { Mode::Pattern } else { Mode::Word };
        self.advance(if self.is("=~") { Mode::Regular } else { mode })?;
        if self.token.kind != Kind::Word || self.is("]]") {
            return Err(self.wanted("what is compared"));
        }
        self.next_term()
    }
}
