use std::fmt;

use crate::Origin;

/// The first place at which a text is no template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// What is wrong and what was expected; lowercase, no final full stop.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl SyntaxError {
    pub(super) fn new(line: usize, column: usize, message: impl Into<String>) -> Self {
        let short = |number| u32::try_from(number).unwrap_or(u32::MAX);
        Self { line: short(line), column: short(column), message: message.into(), hint: None }
    }

    pub(super) fn at(origin: Origin, message: impl Into<String>) -> Self {
        let (line, column) = origin.position().unwrap_or((1, 1));
        Self { line, column, message: message.into(), hint: None }
    }

    /// Says what to do, unless something closer to the fault said so already.
    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint.get_or_insert_with(|| hint.into());
        self
    }

    /// Returns the place as findings have it.
    pub fn origin(&self) -> Origin {
        Origin::Text { line: self.line, column: self.column }
    }
}

/// `3:7: expected …`
impl fmt::Display for SyntaxError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}: {}", self.line, self.column, self.message)
    }
}

impl std::error::Error for SyntaxError {}
