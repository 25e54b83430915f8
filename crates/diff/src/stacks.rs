//! Comparison of templates.

use std::collections::{BTreeMap, BTreeSet};

use tree::{Entry, Map, Tree};

use crate::values::context::Context;
use crate::values::{added, compare as compare_values, removed};
use crate::{Action, EntryChange, Path, StackAction, StackChange, Template, ValueChange, resources};

/// Compares two sets of templates, by name.
pub(crate) fn compare(old: &[Template<'_>], new: &[Template<'_>]) -> Vec<StackChange> {
    let mut before: BTreeMap<&str, &Tree> = old.iter().rev().map(|template| (template.name, template.tree)).collect();
    let mut changes = Vec::new();
    for template in new {
        match before.remove(template.name) {
            Some(tree) => changes.extend(modify(template.name, tree, template.tree)),
            None => changes.push(stack(template.name, StackAction::Add, &EMPTY, template.tree)),
        }
    }
    let gone = old.iter().filter(|template| before.remove(template.name).is_some());
    changes.extend(gone.map(|template| stack(template.name, StackAction::Remove, template.tree, &EMPTY)));
    changes
}

static EMPTY: Tree = Tree { node: tree::Node::Null, origin: tree::Origin::Unknown };

fn modify(name: &str, old: &Tree, new: &Tree) -> Option<StackChange> {
    if old == new {
        return None;
    }
    let change = stack(name, StackAction::Modify, old, new);
    (!change.entries.is_empty() || !change.resources.is_empty()).then_some(change)
}

fn stack(name: &str, action: StackAction, old: &Tree, new: &Tree) -> StackChange {
    let mut resources = Vec::new();
    for (old, new) in pairs(old.get("Resources"), new.get("Resources")) {
        match (old, new) {
            (Some(old), Some(new)) => resources.extend(resources::modify(name, old, new)),
            (None, Some(new)) => resources.push(resources::add(name, new)),
            (Some(old), None) => resources.push(resources::remove(name, old)),
            (None, None) => {}
        }
    }
    StackChange { name: name.to_owned(), former_name: None, action, entries: entries(old, new), resources }
}

/// Compares what is no resource, section by section.
fn entries(old: &Tree, new: &Tree) -> Vec<EntryChange> {
    let mut changes = Vec::new();
    for (old, new) in entry_pairs(old.as_map(), new.as_map()) {
        let Some(section) = new.or(old).map(|entry| entry.key.as_str()) else { continue };
        if section == "Resources" {
            continue;
        }
        let has_names = |entry: Option<&Entry>| entry.is_none_or(|entry| entry.value.as_map().is_some());
        if !(has_names(old) && has_names(new)) {
            changes.extend(entry(section, None, old, new));
            continue;
        }
        for (old, new) in pairs(old.map(|entry| &entry.value), new.map(|entry| &entry.value)) {
            let name = new.or(old).map(|entry| entry.key.clone());
            changes.extend(entry(section, name, old, new));
        }
    }
    changes
}

fn entry(section: &str, name: Option<String>, old: Option<&Entry>, new: Option<&Entry>) -> Option<EntryChange> {
    let path = Path::root();
    let mut changes: Vec<ValueChange> = Vec::new();
    let action = match (old, new) {
        (Some(old), Some(new)) => {
            compare_values(&old.value, &new.value, Context::UNKNOWN, &path, &mut changes);
            Action::Modify
        }
        (None, Some(new)) => {
            changes.push(added(&path, &new.value));
            Action::Add
        }
        (Some(old), None) => {
            changes.push(removed(&path, &old.value));
            Action::Remove
        }
        (None, None) => return None,
    };
    let origin = |entry: Option<&Entry>| entry.map(|entry| entry.value.origin.or(entry.origin)).unwrap_or_default();
    (!changes.is_empty()).then(|| EntryChange {
        section: section.to_owned(),
        name,
        action,
        changes,
        old_origin: origin(old),
        new_origin: origin(new),
    })
}

/// Pairs the entries of two objects by key: those of the new one in its order, then those that are gone.
fn pairs<'t>(old: Option<&'t Tree>, new: Option<&'t Tree>) -> Vec<(Option<&'t Entry>, Option<&'t Entry>)> {
    entry_pairs(old.and_then(Tree::as_map), new.and_then(Tree::as_map))
}

fn entry_pairs<'t>(old: Option<&'t Map>, new: Option<&'t Map>) -> Vec<(Option<&'t Entry>, Option<&'t Entry>)> {
    let mut before: BTreeMap<&str, &Entry> = BTreeMap::new();
    for entry in old.into_iter().flatten() {
        before.entry(&entry.key).or_insert(entry);
    }
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    let mut pairs = Vec::new();
    for entry in new.into_iter().flatten() {
        if seen.insert(&entry.key) {
            pairs.push((before.remove(entry.key.as_str()), Some(entry)));
        }
    }
    pairs.extend(old.into_iter().flatten().filter_map(|entry| Some((Some(before.remove(entry.key.as_str())?), None))));
    pairs
}
