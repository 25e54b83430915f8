//! What changes between two sets of CloudFormation templates, and what that does to the things that they describe.
//!
//! [`diff`] takes any templates, synthesized or parsed, and gives a [`Diff`]: plain data, stack by stack and resource by
//! resource, each change with its impact. The impact comes from the provider schemas (a property that can only be set at
//! creation replaces its resource) and spreads along references. [`gates`] then finds what is destroyed, what may do
//! more than before and which data is at risk; [`report`] makes JSON of it.
//!
//! What is the same is not shown: the order of keys, statements, tags and other sets, white space of embedded documents,
//! `"80"` and `80`, the spellings of one expression, `"a"` and `["a"]` in a policy.
//!
//! Pure: no I/O, no clock, no environment; the same templates always give the same diff.

use tree::Tree;

mod apply;
pub mod cost;
pub mod gates;
mod impact;
mod json;
mod known;
mod model;
mod moves;
mod pairs;
mod path;
mod references;
pub mod render;
mod resources;
mod sequence;
mod spread;
mod stacks;
mod stateful;
mod truth;
mod values;

pub use apply::apply;
pub use json::{GateCounts, MonthlyCost, Report, report, report_schema};
pub use model::{
    Action, Cause, Detail, Diff, EntryChange, Fate, Former, Gate, GateFinding, Impact, Line, ResourceChange,
    StackAction, StackChange, ValueChange,
};
pub use path::{Item, Path, Step};
pub use stateful::holds;

/// A template to be compared.
#[derive(Clone, Copy, Debug)]
pub struct Template<'t> {
    /// The stack's name: templates of the same name are compared with each other.
    pub name: &'t str,
    /// The template itself.
    pub tree: &'t Tree,
}

/// Compares two sets of templates.
pub fn diff(old: &[Template<'_>], new: &[Template<'_>]) -> Diff {
    let mut stacks = stacks::compare(old, new);
    spread::spread(old, new, &mut stacks);
    spread::note_names(new, &mut stacks);
    let mut diff = Diff { stacks, gates: Vec::new() };
    diff.gates = gates::check(old, new, &diff);
    diff
}
