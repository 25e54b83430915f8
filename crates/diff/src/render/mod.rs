//! The diff as something to read.

mod graph;
mod html;
mod markdown;
mod text;
mod value;
mod words;

pub use html::{Page, html};
pub use markdown::{Comment, LONGEST_COMMENT, markdown, marker};
pub use text::{TextOptions, text};
pub use value::{dotted, inline, shorten, shorten_pair};
pub use words::{Summary, cause, count, gate_title, outcome, stack_outcome, symbol};
