use std::fmt;
use std::panic::Location;

/// Where a value was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Origin {
    /// Nobody kept it: a value made by the toolkit itself.
    #[default]
    Unknown,
    /// A line of the author's Rust.
    Code(&'static Location<'static>),
    /// A position in the text that was parsed; lines and columns start at 1. Whoever parsed it knows the file.
    Text {
        /// Line, from 1.
        line: u32,
        /// Column in characters, from 1.
        column: u32,
    },
}

impl Origin {
    /// Returns the caller's line of Rust.
    #[track_caller]
    pub fn caller() -> Self {
        Self::Code(Location::caller())
    }

    /// Returns this origin, or the other one if this is unknown.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        if self == Self::Unknown { other } else { self }
    }

    /// Returns the Rust source file, if the origin is a line of Rust. Separators are `/` on every platform.
    pub fn file(self) -> Option<String> {
        match self {
            Self::Code(location) => Some(location.file().replace('\\', "/")),
            _ => None,
        }
    }

    /// Returns the line and column, from 1.
    pub fn position(self) -> Option<(u32, u32)> {
        match self {
            Self::Code(location) => Some((location.line(), location.column())),
            Self::Text { line, column } => Some((line, column)),
            Self::Unknown => None,
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.file(), self.position()) {
            (Some(file), Some((line, _))) => write!(formatter, "{file}:{line}"),
            (None, Some((line, column))) => write!(formatter, "{line}:{column}"),
            _ => formatter.write_str("unknown place"),
        }
    }
}
