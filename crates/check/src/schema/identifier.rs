//! Two resources that would be the same one.

use std::collections::BTreeMap;

use tree::{Entry, Finding, Tree};

use super::{IDENTIFIER, schema};
use crate::conditions::alternatives;
use crate::outline::{Outline, is_no_value};
use crate::place::Place;
use crate::words::{all_of, given};

/// What identifies a resource where these conditions hold.
struct Named<'t> {
    entry: &'t Entry,
    type_name: &'t str,
    assumed: Vec<(&'t str, bool)>,
    names: Vec<&'static str>,
    values: Vec<&'t Tree>,
}

/// More ways to name one resource are not gone through.
const MOST: usize = 16;

/// Reports resources of one type with the same primary identifier.
pub(super) fn check<'t>(outline: &Outline<'t>, place: &Place<'_>, findings: &mut Vec<Finding>) {
    let mut seen: BTreeMap<(&str, String), Vec<Named<'t>>> = BTreeMap::new();
    for entry in outline.resource_entries() {
        let mut is_told = false;
        for own in named(entry) {
            let key: Vec<String> = own.values.iter().map(|value| value.to_json_compact()).collect();
            let others = seen.entry((own.type_name, key.join("\n"))).or_default();
            let other = others.iter().filter(|other| other.entry.key != entry.key).find(|other| {
                let together = [own.assumed.as_slice(), &other.assumed].concat();
                outline.conditions.possible(&together)
            });
            if let Some(other) = other.filter(|_| !is_told) {
                is_told = true;
                findings.push(report(&own, other, place));
            }
            others.push(own);
        }
    }
}

fn report(own: &Named<'_>, other: &Named<'_>, place: &Place<'_>) -> Finding {
    let message = format!(
        "`{}` and `{}` are the same `{}`: both have {} {}",
        other.entry.key,
        own.entry.key,
        own.type_name,
        all_of(own.names.iter().copied()),
        own.values.iter().map(|value| given(value)).collect::<Vec<_>>().join(", ")
    );
    let hint = "give one of them another name, or leave the name to CloudFormation";
    let resource = place.entry(own.entry);
    let entry = |entry: &'_ Entry, key: &str| entry.value.as_map().and_then(|map| map.entry(key)).cloned();
    let Some(properties) = entry(own.entry, "Properties") else { return IDENTIFIER.at(&resource, message).hint(hint) };
    let inner = resource.entry(&properties);
    let first = own.names.first().and_then(|name| entry(&properties, name));
    match &first {
        Some(first) => IDENTIFIER.at(&inner.entry(first), message).hint(hint),
        None => IDENTIFIER.at(&inner, message).hint(hint),
    }
}

/// Lists what identifies a resource, for each way in which its conditions can be.
fn named(entry: &Entry) -> Vec<Named<'_>> {
    let Some(type_name) = entry.value.get("Type").and_then(Tree::as_str) else { return Vec::new() };
    let Some(schema) = schema(type_name) else { return Vec::new() };
    let names: Vec<&'static str> = schema.primary_identifier().collect();
    let Some(properties) = entry.value.get("Properties").filter(|_| !names.is_empty()) else { return Vec::new() };
    let condition = entry.value.get("Condition").and_then(Tree::as_str).map(|name| (name, true));
    let mut ways = Vec::new();
    for (assumed, properties) in alternatives(properties) {
        let assumed = condition.into_iter().chain(assumed).collect();
        let start = Named { entry, type_name, assumed, names: names.clone(), values: Vec::new() };
        ways.extend(names.iter().fold(vec![start], |ways, name| {
            let chosen = properties.get(name).map(alternatives).unwrap_or_default();
            ways.iter().flat_map(|way| way.with(&chosen)).take(MOST).collect()
        }));
    }
    ways
}

impl<'t> Named<'t> {
    /// Adds a value that can be one of several, as conditions decide.
    fn with(&self, chosen: &[(Vec<(&'t str, bool)>, &'t Tree)]) -> Vec<Self> {
        let present = chosen.iter().filter(|(_, value)| !is_no_value(value));
        let added = present.map(|(assumed, value)| Self {
            entry: self.entry,
            type_name: self.type_name,
            names: self.names.clone(),
            assumed: [self.assumed.as_slice(), assumed].concat(),
            values: [self.values.as_slice(), &[value]].concat(),
        });
        added.collect()
    }
}
