//! The diff as something to read.

mod graph;
mod html;

pub use html::{Page, html};
