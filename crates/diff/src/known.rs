//! What is known of a resource that changes spread to.

use std::collections::{BTreeMap, BTreeSet};

use crate::{Cause, Path, ResourceChange, Step, ValueChange};

/// Where a resource is known to differ, so that finding that takes no look at all its changes.
#[derive(Default)]
pub(crate) struct Known {
    /// The ways to what is written otherwise.
    written: BTreeSet<String>,
    /// The ways to what is reached: the place among the changes, and whether it is known to change.
    reached: BTreeMap<String, (usize, bool)>,
    pub causes: BTreeSet<Cause>,
}

impl Known {
    /// Reads what is written otherwise off a change.
    pub fn of(change: &ResourceChange) -> Self {
        Self { written: change.changes.iter().map(|own| way(&own.path)).collect(), ..Self::default() }
    }

    /// Tells whether it is news that the value at a path changes.
    pub fn is_new(&self, path: &Path, certain: bool) -> bool {
        let way = way(path);
        let mut above = way.match_indices(END).map(|(at, _)| &way[..at + END.len_utf8()]);
        let is_written = self.written.contains("")
            || above.any(|above| self.written.contains(above))
            || self.written.range(way.clone()..).next().is_some_and(|next| next.starts_with(&way));
        let is_reached = self.reached.get(&way).is_some_and(|(_, was_certain)| *was_certain || !certain);
        !is_written && !is_reached
    }

    /// Adds the change, or makes a possible one certain.
    pub fn put(&mut self, change: &mut ResourceChange, value: ValueChange, certain: bool) {
        let place = self.reached.entry(way(&value.path)).or_insert((change.changes.len(), certain));
        place.1 |= certain;
        match change.changes.get_mut(place.0) {
            Some(known) => *known = value,
            None => change.changes.push(value),
        }
    }
}

/// Ends each step of a way, so that a way starts with those above it and with no other.
const END: char = '\0';

/// A path through the new version as text that can be searched for.
fn way(path: &Path) -> String {
    let mut way = String::new();
    for step in path.steps() {
        match step {
            Step::Key(key) => way.push_str(key),
            // What is gone is in no way.
            Step::Item(item) => way.push_str(&item.now.map_or_else(|| "gone".to_owned(), |now| now.to_string())),
        }
        way.push(END);
    }
    way
}
