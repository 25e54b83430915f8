//! Two resources that would be the same one.

use tree::{Finding, Tree};

use super::{IDENTIFIER, schema};
use crate::outline::{Outline, is_no_value};
use crate::place::Place;
use crate::words::{all_of, given};

struct Named<'t> {
    id: &'t str,
    type_name: &'t str,
    condition: Option<&'t str>,
    names: Vec<&'t str>,
    values: Vec<&'t Tree>,
}

/// Reports resources of one type with the same primary identifier.
pub(super) fn check(outline: &Outline<'_>, place: &Place<'_>, findings: &mut Vec<Finding>) {
    let mut seen: Vec<Named<'_>> = Vec::new();
    for entry in outline.resource_entries() {
        let Some(own) = named(&entry.key, &entry.value) else { continue };
        if let Some(other) = seen.iter().find(|other| own.is_same(other, outline)) {
            let resource = place.entry(entry);
            let properties = entry.value.as_map().and_then(|map| map.entry("Properties"));
            let Some(properties) = properties else { continue };
            let place = resource.entry(properties);
            let Some(first) = properties.value.as_map().and_then(|map| map.entry(own.names[0])) else { continue };
            let message = format!(
                "`{}` and `{}` are the same `{}`: both have {} {}",
                other.id,
                own.id,
                own.type_name,
                all_of(own.names.iter().copied()),
                own.values.iter().map(|value| given(value)).collect::<Vec<_>>().join(", ")
            );
            let hint = "give one of them another name, or leave the name to CloudFormation";
            findings.push(IDENTIFIER.at(&place.entry(first), message).hint(hint));
        }
        seen.push(own);
    }
}

fn named<'t>(id: &'t str, resource: &'t Tree) -> Option<Named<'t>> {
    let type_name = resource.get("Type").and_then(Tree::as_str)?;
    let names: Vec<&str> = schema(type_name)?.primary_identifier().collect();
    let properties = resource.get("Properties")?;
    let values = names.iter().map(|name| properties.get(name).filter(|value| !is_no_value(value)));
    let values: Vec<&Tree> = values.collect::<Option<_>>()?;
    let condition = resource.get("Condition").and_then(Tree::as_str);
    (!values.is_empty()).then_some(Named { id, type_name, condition, names, values })
}

impl<'t> Named<'t> {
    fn is_same(&self, other: &Self, outline: &Outline<'t>) -> bool {
        let conditions: Vec<(&'t str, bool)> =
            [self.condition, other.condition].into_iter().flatten().map(|name| (name, true)).collect();
        self.type_name == other.type_name && self.values == other.values && outline.conditions.possible(&conditions)
    }
}
