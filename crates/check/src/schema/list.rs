//! Lists.

use std::collections::BTreeMap;

use tree::{Finding, Node, Tree};

use super::object::names;
use super::scalar::{is_outside, limit, range};
use super::{Fault, ITEMS, Keyword, Keywords, UNIQUE, Validation};
use crate::outline::{function, is_dynamic};
use crate::place::Place;
use crate::words::{counted, given};

impl<'t> Validation<'_, 't> {
    pub(super) fn list(
        &self,
        items: &'t [Tree],
        keywords: Keywords,
        place: &Place<'_>,
        faults: &mut Vec<Fault>,
    ) -> bool {
        let mut certain = true;
        // What `AWS::NoValue` removes does not count as a position.
        let present = items.iter().enumerate().filter_map(|(index, item)| Some((index, item, self.settled(item)?)));
        let present: Vec<(usize, &Tree, &Tree)> = present.collect();
        let mut each = |position: usize, schema: Keyword, faults: &mut Vec<Fault>| {
            if let Some((index, item, _)) = present.get(position) {
                certain &= self.value(item, schema, &place.index(*index, item), faults);
            }
        };
        for (keyword, argument) in keywords {
            match keyword {
                "items" => (0..present.len()).for_each(|position| each(position, argument, faults)),
                "prefixItems" => {
                    let schemas = argument.as_array().into_iter().flatten().enumerate();
                    schemas.for_each(|(position, schema)| each(position, schema, faults));
                }
                "minItems" | "maxItems" | "maxUniqueItems" => {
                    faults.extend(self.number_of_items(&present, keyword, keywords, place));
                }
                "uniqueItems" if argument.as_bool() == Some(true) => {
                    faults.extend(self.unique(&literal(&present), items, place));
                }
                "uniqueKeys" => {
                    let keys = names(Some(argument));
                    faults.extend(keys.filter_map(|key| self.unique_key(key, &literal(&present), items, place)));
                }
                _ => {}
            }
        }
        certain
    }

    fn unique(&self, literal: &[(usize, &Tree)], items: &[Tree], place: &Place<'_>) -> Option<Fault> {
        let (first, second) = twice(literal)?;
        let name = self.named(place);
        let item = given(&items[second]);
        let message = format!("`{name}[{second}]` is {item}, the same as `{name}[{first}]`, but items must be unique");
        Some(at(UNIQUE.at(&place.index(second, &items[second]), message).hint("keep one of the two")))
    }

    fn unique_key(&self, key: &str, literal: &[(usize, &Tree)], items: &[Tree], place: &Place<'_>) -> Option<Fault> {
        let keys = literal.iter().filter_map(|(index, item)| Some((*index, item.get(key)?)));
        let (first, second) = twice(&keys.collect::<Vec<_>>())?;
        let name = self.named(place);
        let message = format!("`{name}[{second}]` has the same `{key}` as `{name}[{first}]`, but it must be unique");
        Some(at(UNIQUE.at(&place.index(second, &items[second]), message)))
    }

    fn number_of_items(
        &self,
        present: &[(usize, &Tree, &Tree)],
        keyword: &str,
        keywords: Keywords,
        place: &Place<'_>,
    ) -> Option<Fault> {
        let low = limit(keywords, "minItems");
        let high = limit(keywords, "maxItems").or(limit(keywords, "maxUniqueItems"));
        // A loop gives any number of items.
        let is_loop = |item: &Tree| function(item).is_some_and(|(name, _)| name.starts_with("Fn::ForEach"));
        let is_outside = is_outside(present.len(), low, high, keyword == "minItems");
        if !is_outside || present.iter().any(|(.., item)| is_loop(item)) {
            return None;
        }
        let (has, must) = (counted(present.len(), "item"), range(low, high));
        Some(at(ITEMS.at(place, format!("`{}` has {has}, but must have {must}", self.named(place)))))
    }
}

/// Chooses the elements whose values are known.
fn literal<'p>(present: &[(usize, &'p Tree, &'p Tree)]) -> Vec<(usize, &'p Tree)> {
    present.iter().map(|(index, _, item)| (*index, *item)).filter(|(_, item)| is_literal(item)).collect()
}

fn at(finding: Finding) -> Fault {
    Fault { finding, must: None, weight: 1 }
}

/// Finds two elements that are the same.
fn twice(items: &[(usize, &Tree)]) -> Option<(usize, usize)> {
    /// Up to this many items, looking at all pairs is quicker than writing them down.
    const FEW: usize = 16;
    if items.len() > FEW {
        let mut seen = BTreeMap::new();
        return items.iter().find_map(|(second, item)| {
            let first = *seen.entry(item.to_json_compact()).or_insert(*second);
            (first != *second).then_some((first, *second))
        });
    }
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
