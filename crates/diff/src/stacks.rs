//! Comparison of templates.

use tree::{Entry, Tree};

use crate::pairs::{Paired, Stacks, entry_pairs, pair_stacks};
use crate::values::context::Context;
use crate::values::{added, compare as compare_values, removed};
use crate::{Action, EntryChange, Path, StackAction, StackChange, Template, ValueChange, moves, resources};

/// Compares two sets of templates: what differs in them, before it spreads.
pub(crate) fn compare(old: &[Template<'_>], new: &[Template<'_>]) -> Vec<StackChange> {
    let mut stacks = pair_stacks(old, new);
    moves::find(&mut stacks);
    stacks.iter().filter_map(stack).collect()
}

fn stack(stacks: &Stacks<'_>) -> Option<StackChange> {
    let change = StackChange {
        name: stacks.name.to_owned(),
        former_name: stacks.former_name.map(str::to_owned),
        action: stacks.action,
        entries: if stacks.is_same { Vec::new() } else { entries(stacks.old, stacks.new) },
        resources: stacks.resources.iter().filter_map(|paired| resource(stacks, paired)).collect(),
    };
    let differs = stacks.action != StackAction::Modify || !change.entries.is_empty() || !change.resources.is_empty();
    differs.then_some(change)
}

fn resource(stacks: &Stacks<'_>, paired: &Paired<'_>) -> Option<crate::ResourceChange> {
    match *paired {
        Paired::Both(old, new) if stacks.former_name.is_none() => resources::modify(stacks.name, old, new),
        Paired::Both(old, new) => {
            Some(resources::moved(stacks.name, stacks.former_name.unwrap_or(stacks.name), old, new))
        }
        Paired::Moved { stack, old, new } => Some(resources::moved(stacks.name, stack, old, new)),
        Paired::Added(new) => Some(resources::add(stacks.name, new)),
        Paired::Removed(old) => Some(resources::remove(stacks.name, old)),
        Paired::MovedAway => None,
    }
}

/// Compares what is no resource, section by section.
fn entries(old: Option<&Tree>, new: Option<&Tree>) -> Vec<EntryChange> {
    let mut changes = Vec::new();
    for (old, new) in entry_pairs(old, new) {
        let Some(section) = new.or(old).map(|entry| entry.key.as_str()) else { continue };
        let has_names = |entry: Option<&Entry>| entry.is_none_or(|entry| entry.value.as_map().is_some());
        if section == "Resources" && has_names(old) && has_names(new) {
            continue;
        }
        if !(has_names(old) && has_names(new)) {
            changes.extend(entry(section, None, old, new));
            continue;
        }
        for (old, new) in entry_pairs(old.map(|entry| &entry.value), new.map(|entry| &entry.value)) {
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
