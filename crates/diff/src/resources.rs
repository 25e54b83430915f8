//! Comparison of resources.

use tree::{Entry, Tree};

use crate::values::context::Context;
use crate::values::{added, compare, removed};
use crate::{Action, Fate, Former, Impact, Path, ResourceChange, ValueChange, impact, stateful};

/// A resource that is new.
pub(crate) fn add(stack: &str, entry: &Entry) -> ResourceChange {
    let change = |path: Path, tree: &Tree| added(&path, tree);
    let impact = if entry.value.get("Condition").is_some() { Impact::MayCreate } else { Impact::Create };
    ResourceChange {
        action: Action::Add,
        impact,
        changes: whole(&entry.value, change),
        new_origin: entry.value.origin.or(entry.origin),
        ..bare(stack, &entry.key, &entry.value)
    }
}

/// A resource that is gone.
pub(crate) fn remove(stack: &str, entry: &Entry) -> ResourceChange {
    let fate = impact::fate(entry.value.get("DeletionPolicy"));
    let impact = match fate {
        Fate::Retained => Impact::Retain,
        _ if entry.value.get("Condition").is_some() => Impact::MayDelete,
        _ => Impact::Delete,
    };
    ResourceChange {
        action: Action::Remove,
        impact,
        fate: Some(fate),
        changes: whole(&entry.value, |path, tree| removed(&path, tree)),
        old_origin: entry.value.origin.or(entry.origin),
        ..bare(stack, &entry.key, &entry.value)
    }
}

/// A resource of both templates; nothing if it is the same.
pub(crate) fn modify(stack: &str, old: &Entry, new: &Entry) -> Option<ResourceChange> {
    if old.value == new.value {
        return None;
    }
    let change = versions(stack, old, new);
    (!change.changes.is_empty()).then_some(change)
}

/// A resource with another logical id, or in another stack. CloudFormation knows nothing of that: it makes the new one
/// and deletes the old one, by its `DeletionPolicy`, unless it is refactored, as `baleen deploy` does.
pub(crate) fn moved(stack: &str, former_stack: &str, old: &Entry, new: &Entry) -> ResourceChange {
    let change = versions(stack, old, new);
    let word = if stack == former_stack {
        format!("formerly(\"{}\")", old.key)
    } else {
        format!("formerly_in(\"{former_stack}\", \"{}\")", old.key)
    };
    let note = format!(
        "`baleen deploy` moves it by a stack refactoring and keeps it; where that leaves a choice, say `.{word}`"
    );
    ResourceChange {
        action: Action::Move,
        former: Some(Former { stack: former_stack.to_owned(), logical_id: old.key.clone() }),
        impact: Impact::Replace,
        fate: Some(impact::fate(old.value.get("DeletionPolicy"))),
        notes: if change.stateful { vec![note] } else { Vec::new() },
        ..change
    }
}

/// A resource that is written the same, before it is known what reaches it.
pub(crate) fn affected(stack: &str, old: &Entry, new: &Entry) -> ResourceChange {
    ResourceChange {
        action: Action::Affected,
        old_origin: old.value.origin.or(old.origin),
        new_origin: new.value.origin.or(new.origin),
        ..bare(stack, &new.key, &new.value)
    }
}

/// Two versions of a resource.
fn versions(stack: &str, old: &Entry, new: &Entry) -> ResourceChange {
    let own = bare(stack, &new.key, &new.value);
    let mut changes = Vec::new();
    attributes(&old.value, &new.value, &own.resource_type, &mut changes);
    for change in &mut changes {
        change.impact = impact::of_change(&new.value, change);
    }
    let former_type = type_of(&old.value);
    let mut notes = notes(&own.resource_type, &changes);
    let mut impact = changes.iter().map(|change| change.impact).max().unwrap_or_default();
    if former_type != own.resource_type {
        impact = Impact::Replace;
        let note = "CloudFormation refuses another type under the same logical id: give the new one another id";
        notes.push(note.to_owned());
    }
    let stateful = stateful::holds(&own.resource_type).or(stateful::holds(former_type)).is_some();
    ResourceChange {
        action: Action::Modify,
        impact,
        fate: impact.is_destructive().then(|| replaced(&old.value, &new.value)),
        stateful,
        changes,
        notes,
        old_origin: old.value.origin.or(old.origin),
        new_origin: new.value.origin.or(new.origin),
        ..own
    }
}

/// What is not known of a change.
fn notes(resource_type: &str, changes: &[ValueChange]) -> Vec<String> {
    let mut notes = Vec::new();
    let touches = |keys: &[&str]| changes.iter().any(|change| change.path.starts_with(keys));
    if resource_type == "AWS::CloudFormation::Stack" && touches(&["Properties", "TemplateURL"]) {
        notes.push("what changes inside of the nested stack is not known here".to_owned());
    }
    let is_known = resource_type.starts_with("Custom::") || schemas::exists(resource_type);
    if !is_known && touches(&["Properties"]) {
        notes.push(format!("there is no provider schema of {resource_type}, so it may be replaced for anything"));
    }
    notes
}

/// What becomes of a replaced resource. Which template's policy CloudFormation goes by is not documented, so it counts
/// as kept only if both say so.
pub(crate) fn replaced(old: &Tree, new: &Tree) -> Fate {
    let policy = |tree: &Tree| impact::fate(tree.get("UpdateReplacePolicy"));
    policy(old).max(policy(new))
}

/// Compares all that is said of a resource.
fn attributes(old: &Tree, new: &Tree, resource_type: &str, changes: &mut Vec<ValueChange>) {
    let (Some(old), Some(new)) = (old.as_map(), new.as_map()) else {
        return compare(old, new, Context::UNKNOWN, &Path::root(), changes);
    };
    let nothing = Tree::new(tree::Node::Map(tree::Map::default()), tree::Origin::Unknown);
    let mut keys: Vec<&str> = new.keys().collect();
    keys.extend(old.keys().filter(|key| new.get(key).is_none()));
    for key in keys {
        let path = Path::of([key]);
        match (old.get(key), new.get(key), key) {
            (was, now, "Properties") => {
                let (was, now) = (was.unwrap_or(&nothing), now.unwrap_or(&nothing));
                compare(was, now, Context::of_type(resource_type), &path, changes);
            }
            (Some(was), Some(now), "DependsOn") => compare(was, now, Context::STRINGS, &path, changes),
            (Some(was), Some(now), _) => compare(was, now, Context::UNKNOWN, &path, changes),
            (None, Some(now), _) => changes.push(added(&path, now)),
            (Some(was), None, _) => changes.push(removed(&path, was)),
            (None, None, _) => {}
        }
    }
}

/// Each property and each other attribute of a resource, but for its type.
fn whole(tree: &Tree, change: impl Fn(Path, &Tree) -> ValueChange) -> Vec<ValueChange> {
    let Some(map) = tree.as_map() else { return vec![change(Path::root(), tree)] };
    let mut changes = Vec::new();
    for entry in map.iter().filter(|entry| entry.key != "Type" || type_of(tree).is_empty()) {
        let path = Path::of([entry.key.as_str()]);
        match entry.value.as_map() {
            Some(properties) if entry.key == "Properties" => {
                changes.extend(properties.iter().map(|property| change(path.key(&property.key), &property.value)));
            }
            _ => changes.push(change(path, &entry.value)),
        }
    }
    changes
}

pub(crate) fn type_of(resource: &Tree) -> &str {
    resource.get("Type").and_then(Tree::as_str).unwrap_or_default()
}

fn bare(stack: &str, logical_id: &str, resource: &Tree) -> ResourceChange {
    let resource_type = type_of(resource).to_owned();
    ResourceChange {
        stack: stack.to_owned(),
        logical_id: logical_id.to_owned(),
        former: None,
        stateful: stateful::holds(&resource_type).is_some(),
        resource_type,
        action: Action::Modify,
        impact: Impact::None,
        fate: None,
        changes: Vec::new(),
        causes: Vec::new(),
        notes: Vec::new(),
        old_origin: tree::Origin::Unknown,
        new_origin: tree::Origin::Unknown,
    }
}
