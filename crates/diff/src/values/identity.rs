//! What tells the elements of a list apart.

use std::collections::BTreeSet;

use tree::Tree;

use super::context::{Context, Shape};
use super::text::text;

/// The keys that may identify an element, most telling first.
const KEYS: &[&str] = &[
    "Sid",
    "Id",
    "ID",
    "id",
    "Key",
    "Name",
    "name",
    "DeviceName",
    "VirtualName",
    "IndexName",
    "AttributeName",
    "PolicyName",
    "ContainerName",
    "NameModifier",
    "PathPattern",
    "DomainName",
    "LogicalId",
    "RuleName",
    "Label",
    "Identifier",
];

/// The key that identifies the elements of lists: each element has it, with a value of its own.
///
/// Statements are different: those that have a `Sid` are told by it, the others by what is in them.
pub(crate) fn identity(lists: &[&[Tree]], context: Context) -> Option<&'static str> {
    if context.shape == Shape::Statements {
        return Some("Sid");
    }
    KEYS.iter().copied().find(|key| {
        lists.iter().any(|list| !list.is_empty())
            && lists.iter().all(|list| {
                let mut seen = BTreeSet::new();
                list.iter().all(|item| label(item, key).is_some_and(|label| seen.insert(label)))
            })
    })
}

/// Returns what identifies an element.
pub(crate) fn label(item: &Tree, key: &str) -> Option<String> {
    item.get(key).and_then(text)
}

/// Returns what an element without identity is called, to show it: the title of a dashboard's widget.
pub(crate) fn title(item: &Tree) -> Option<String> {
    item.find(["properties", "title"]).and_then(text)
}

/// Tells whether elements that are identified by this key have no order: what they mean does not depend on it.
///
/// That is so of pairs of a name and a value, too: variables, dimensions, filters, attributes.
pub(crate) fn is_unordered(identity: Option<&str>, lists: &[&[Tree]]) -> bool {
    let is_pair = |item: &Tree| item.as_map().is_some_and(|map| map.keys().all(|key| PAIRS.contains(&key)));
    match identity {
        Some("Sid" | "Id" | "Key" | "DeviceName" | "IndexName" | "PolicyName") => true,
        Some("Name" | "name" | "AttributeName") => lists.iter().all(|list| list.iter().all(is_pair)),
        _ => false,
    }
}

/// The keys of names and values.
const PAIRS: &[&str] =
    &["Name", "Value", "Values", "ValueFrom", "name", "value", "values", "AttributeName", "AttributeType"];
