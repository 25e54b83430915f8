//! Properties that only AWS sets.

use schemas::Schema;
use tree::{Finding, Tree};

use super::READ_ONLY;
use crate::outline::function;
use crate::place::Place;

/// Reports properties that are given although they can only be read.
pub(crate) fn check(schema: Schema, properties: &Tree, place: &Place<'_>, findings: &mut Vec<Finding>) {
    for path in schema.read_only() {
        // Some schemas say both: those can be written when the resource is made.
        let can_be_written = schema.create_only().chain(schema.write_only()).any(|own| own == path);
        // Of an object that is read-only as a whole, one finding is enough.
        let is_inside = schema.read_only().any(|own| path.strip_prefix(own).is_some_and(|rest| rest.starts_with('/')));
        if !can_be_written && !is_inside {
            let steps: Vec<&str> = path.split('/').collect();
            descend(properties, &steps, place, findings);
        }
    }
}

fn descend(tree: &Tree, steps: &[&str], place: &Place<'_>, findings: &mut Vec<Finding>) {
    let [step, rest @ ..] = steps else {
        let name = place.name().unwrap_or_default();
        let message = format!("`{name}` is set by AWS, and can only be read");
        findings.push(READ_ONLY.at(place, message).hint("leave it out"));
        return;
    };
    if function(tree).is_some() {
        return;
    }
    if let (Some(items), "*") = (tree.as_list(), *step) {
        for (index, item) in items.iter().enumerate() {
            descend(item, rest, &place.index(index, item), findings);
        }
    } else if let Some(entry) = tree.as_map().and_then(|map| map.entry(step))
        && !crate::outline::is_no_value(&entry.value)
    {
        descend(&entry.value, rest, &place.entry(entry), findings);
    }
}
