//! What a change of a property does to its resource.

use tree::Tree;

use crate::resources::type_of;
use crate::values::text::{branches, function, plain};
use crate::{Fate, Impact, Path, Step, ValueChange};

/// Tells what a changed value does to an existing resource, by its provider schema.
///
/// `resource` is the new version. A type that has no schema may do anything.
pub(crate) fn of_change(resource: &Tree, change: &ValueChange) -> Impact {
    let resource_type = type_of(resource);
    match change.path.first_key() {
        Some("Properties") => {}
        Some("Condition") => {
            return if change.new.is_none() { Impact::MayCreate } else { Impact::MayDelete };
        }
        // They tell CloudFormation what to do in other cases, and do nothing now.
        Some(_) | None => return Impact::None,
    }
    if resource_type.starts_with("Custom::") {
        return if names_property(&change.path, "ServiceToken") { Impact::Replace } else { Impact::Update };
    }
    let Some(schema) = schemas::schema(resource_type) else { return Impact::MayReplace };
    let names = property_names(&change.path);
    let values = (change.old.as_ref(), change.new.as_ref());
    let always = schema.create_only().filter_map(|path| reaches(&names, path, values)).max();
    let in_cases = || schema.conditional_create_only().filter_map(|path| reaches(&names, path, values)).max();
    match always {
        Some(impact) => impact,
        None if in_cases().is_some() => in_this_case(resource_type, resource),
        None => Impact::Update,
    }
}

/// What a property that replaces its resource in some cases does in this one, as far as the documentation of the type
/// says when.
fn in_this_case(resource_type: &str, resource: &Tree) -> Impact {
    let text = |path: &[&str]| resource.find(path.iter().copied()).and_then(plain);
    match resource_type {
        // AWS page "UpdatePolicy attribute": without `WillReplace`, the group stays and its instances go.
        "AWS::AutoScaling::AutoScalingGroup" => {
            match text(&["UpdatePolicy", "AutoScalingReplacingUpdate", "WillReplace"]).as_deref() {
                Some("true") => Impact::Replace,
                _ => Impact::Update,
            }
        }
        // AWS page "AWS::SSM::Document", `UpdateMethod`: `Replace` is the default.
        "AWS::SSM::Document" => match text(&["Properties", "UpdateMethod"]).as_deref() {
            Some("NewVersion") => Impact::Update,
            _ => Impact::Replace,
        },
        _ => Impact::MayReplace,
    }
}

/// The names of a path below `Properties`, as schemas write them: `*` for an element, nothing for an `Fn::If`.
fn property_names(path: &Path) -> Vec<&str> {
    let mut names = Vec::new();
    let mut steps = path.steps().iter().skip(1);
    while let Some(step) = steps.next() {
        match step {
            Step::Key(key) if key == "Fn::If" => {
                steps.next();
            }
            Step::Key(key) => names.push(key.as_str()),
            Step::Item(_) => names.push("*"),
        }
    }
    names
}

fn names_property(path: &Path, name: &str) -> bool {
    property_names(path).first() == Some(&name)
}

/// Tells what a change at `names` does, given that what stands at `create_only` is set only at creation.
fn reaches(names: &[&str], create_only: &str, (old, new): (Option<&Tree>, Option<&Tree>)) -> Option<Impact> {
    let mut wanted = create_only.split('/');
    for name in names {
        match wanted.next() {
            // Below what is set only at creation.
            None => return Some(Impact::Replace),
            Some(own) if own == *name || own == "*" => {}
            Some(_) => return None,
        }
    }
    let rest: Vec<&str> = wanted.collect();
    if rest.is_empty() {
        return Some(Impact::Replace);
    }
    // Above it: the value as a whole came, went or became something else.
    match (
        old.map_or(Within::Nothing, |tree| within(tree, &rest)),
        new.map_or(Within::Nothing, |tree| within(tree, &rest)),
    ) {
        (Within::Nothing, Within::Nothing) => None,
        (Within::Value(old), Within::Value(new)) if old == new => None,
        (Within::Unknown, _) | (_, Within::Unknown) => Some(Impact::MayReplace),
        _ => Some(Impact::Replace),
    }
}

/// What stands at a path within a value.
enum Within<'t> {
    Nothing,
    Value(Vec<&'t Tree>),
    /// The value is an expression: it may contain anything.
    Unknown,
}

fn within<'t>(tree: &'t Tree, names: &[&str]) -> Within<'t> {
    let mut found = vec![tree];
    for name in names {
        if found.iter().any(|tree| function(tree).is_some() || branches(tree).is_some()) {
            return Within::Unknown;
        }
        found = found
            .into_iter()
            .flat_map(|tree| match (*name, tree.as_list()) {
                ("*", Some(items)) => items.iter().collect::<Vec<_>>(),
                (name, None) => tree.get(name).into_iter().collect(),
                _ => Vec::new(),
            })
            .collect();
    }
    if found.is_empty() { Within::Nothing } else { Within::Value(found) }
}

/// Tells what becomes of a physical resource that is deleted or replaced, by the policy that its template states.
pub(crate) fn fate(policy: Option<&Tree>) -> Fate {
    match policy.and_then(Tree::as_str) {
        Some("Retain" | "RetainExceptOnCreate") => Fate::Retained,
        Some("Snapshot") => Fate::Snapshot,
        _ => Fate::Deleted,
    }
}
