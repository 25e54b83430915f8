//! Lists.

use serde_json::Value;
use tree::{Finding, Node, Tree};

use super::scalar::range;
use super::{Fault, ITEMS, UNIQUE, Validation};
use crate::outline::{function, is_dynamic};
use crate::place::Place;
use crate::words::{counted, given};

impl<'t> Validation<'_, 't> {
    pub(super) fn list(&self, items: &'t [Tree], schema: &Value, place: &Place<'_>, faults: &mut Vec<Fault>) -> bool {
        let mut certain = true;
        let prefix = schema.get("prefixItems").and_then(Value::as_array);
        // What `AWS::NoValue` removes does not count as a position.
        let present = items.iter().enumerate().filter_map(|(index, item)| Some((index, item, self.settled(item)?)));
        let present: Vec<(usize, &Tree, &Tree)> = present.collect();
        for (position, (index, item, _)) in present.iter().enumerate() {
            let place = place.index(*index, item);
            if let Some(schema) = prefix.and_then(|prefix| prefix.get(position)) {
                certain &= self.value(item, schema, &place, faults);
            }
            if let Some(schema) = schema.get("items") {
                certain &= self.value(item, schema, &place, faults);
            }
        }
        self.number_of_items(&present, schema, place, faults);
        let literal: Vec<(usize, &Tree)> =
            present.into_iter().map(|(index, _, item)| (index, item)).filter(|(_, item)| is_literal(item)).collect();
        if schema.get("uniqueItems") == Some(&Value::Bool(true)) {
            self.unique(&literal, items, place, faults);
        }
        for key in super::object::names(schema.get("uniqueKeys")) {
            let keys = literal.iter().filter_map(|(index, item)| Some((*index, item.get(key)?)));
            if let Some((first, second)) = twice(&keys.collect::<Vec<_>>()) {
                let name = self.named(place);
                let message =
                    format!("`{name}[{second}]` has the same `{key}` as `{name}[{first}]`, but it must be unique");
                faults.push(at(UNIQUE.at(&place.index(second, &items[second]), message)));
            }
        }
        certain
    }

    fn unique(&self, literal: &[(usize, &Tree)], items: &[Tree], place: &Place<'_>, faults: &mut Vec<Fault>) {
        if let Some((first, second)) = twice(literal) {
            let name = self.named(place);
            let message = format!(
                "`{name}[{second}]` is {}, the same as `{name}[{first}]`, but items must be unique",
                given(&items[second])
            );
            faults.push(at(UNIQUE.at(&place.index(second, &items[second]), message).hint("keep one of the two")));
        }
    }

    fn number_of_items(
        &self,
        present: &[(usize, &Tree, &Tree)],
        schema: &Value,
        place: &Place<'_>,
        faults: &mut Vec<Fault>,
    ) {
        let limit = |keyword| schema.get(keyword).and_then(Value::as_u64).and_then(|limit| usize::try_from(limit).ok());
        let (low, high) = (limit("minItems"), limit("maxItems").or(limit("maxUniqueItems")));
        // A loop gives any number of items.
        let is_open =
            present.iter().any(|(.., item)| function(item).is_some_and(|(name, _)| name.starts_with("Fn::ForEach")));
        let number = present.len();
        if !is_open && (low.is_some_and(|low| number < low) || high.is_some_and(|high| number > high)) {
            let message =
                format!("`{}` has {}, but must have {}", self.named(place), counted(number, "item"), range(low, high));
            faults.push(at(ITEMS.at(place, message)));
        }
    }
}

fn at(finding: Finding) -> Fault {
    Fault { finding, must: None, weight: 1 }
}

/// Finds two elements that are the same.
fn twice(items: &[(usize, &Tree)]) -> Option<(usize, usize)> {
    items.iter().enumerate().find_map(|(position, (second, item))| {
        let (first, _) = items[..position].iter().find(|(_, earlier)| earlier == item)?;
        Some((*first, *second))
    })
}

/// Tells whether a value holds no function and no dynamic reference.
fn is_literal(tree: &Tree) -> bool {
    match &tree.node {
        Node::List(list) => list.iter().all(is_literal),
        Node::Map(map) => function(tree).is_none() && map.iter().all(|entry| is_literal(&entry.value)),
        Node::String(text) => !is_dynamic(text),
        _ => true,
    }
}
