//! Comparison of values: what differs, where.

use std::collections::{BTreeMap, BTreeSet};

use tree::{Map, Node, Tree};

use crate::{Detail, Impact, Path, ValueChange};
use context::Context;
use text::{branches, function, is_no_value};

mod canonical;
pub(crate) mod context;
mod document;
mod identity;
mod lines;
mod lists;
pub(crate) mod similarity;
pub(crate) mod text;

pub(crate) use canonical::canonical;

/// Keys whose lists of strings are the lines of a script, as in the `aws:runShellScript` of SSM documents.
const SCRIPTS: &[&str] = &["runCommand", "commands"];

/// Collects what differs between two values; the impact is not known here.
pub(crate) fn compare(old: &Tree, new: &Tree, context: Context, path: &Path, changes: &mut Vec<ValueChange>) {
    if old == new {
        return;
    }
    let context = context.seeing(if old.as_map().is_some() { old } else { new });
    if let (Some((condition, then, otherwise)), Some((other, new_then, new_otherwise))) = (branches(old), branches(new))
        && condition == other
    {
        let path = path.key("Fn::If");
        compare(then, new_then, context, &path.index(1), changes);
        compare(otherwise, new_otherwise, context, &path.index(2), changes);
        return;
    }
    if context.is_one_or_many() && (old.as_list().is_some() != new.as_list().is_some()) {
        return one_or_many(old, new, context, path, changes);
    }
    match (&old.node, &new.node) {
        (Node::Map(one), Node::Map(other)) if function(old).is_none() && function(new).is_none() => {
            maps(one, other, context, path, changes);
        }
        (Node::List(one), Node::List(other)) => match script(path, one, other) {
            Some(lines) => changes.push(with_detail(path, old, new, Detail::Lines(lines))),
            None => lists::compare(old, new, context, path, changes),
        },
        _ => leaf(old, new, context, path, changes),
    }
}

/// A change of one value into another.
fn changed(path: &Path, old: Option<&Tree>, new: Option<&Tree>) -> ValueChange {
    ValueChange {
        path: path.clone(),
        old: old.cloned(),
        new: new.cloned(),
        impact: Impact::None,
        detail: None,
        cause: None,
    }
}

/// A value that is new.
pub(crate) fn added(path: &Path, new: &Tree) -> ValueChange {
    changed(path, None, Some(new))
}

/// A value that is gone.
pub(crate) fn removed(path: &Path, old: &Tree) -> ValueChange {
    changed(path, Some(old), None)
}

fn with_detail(path: &Path, old: &Tree, new: &Tree, detail: Detail) -> ValueChange {
    ValueChange { detail: Some(detail), ..changed(path, Some(old), Some(new)) }
}

/// One side is a list, the other what may stand for a list of one. The change is of the whole: there is no path that
/// leads through both.
fn one_or_many(old: &Tree, new: &Tree, context: Context, path: &Path, changes: &mut Vec<ValueChange>) {
    if canonical(old, context) != canonical(new, context) {
        changes.push(changed(path, Some(old), Some(new)));
    }
}

/// Compares objects by key, in the order of the new one; what is gone comes last.
pub(crate) fn maps(old: &Map, new: &Map, context: Context, path: &Path, changes: &mut Vec<ValueChange>) {
    let mut before: BTreeMap<&str, &Tree> = BTreeMap::new();
    for entry in old.iter().filter(|entry| !is_no_value(&entry.value)) {
        // Of two entries with the same key the first one counts, as it does for `Map::get`.
        before.entry(&entry.key).or_insert(&entry.value);
    }
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    for entry in new.iter().filter(|entry| !is_no_value(&entry.value)) {
        if !seen.insert(&entry.key) {
            continue;
        }
        match before.remove(entry.key.as_str()) {
            Some(value) if *value == entry.value => {}
            Some(value) => compare(value, &entry.value, context.key(&entry.key), &path.key(&entry.key), changes),
            None => changes.push(added(&path.key(&entry.key), &entry.value)),
        }
    }
    let gone = old.iter().filter(|entry| before.remove(entry.key.as_str()).is_some());
    changes.extend(gone.map(|entry| removed(&path.key(&entry.key), &entry.value)));
}

/// Compares the lines of a script that is written as a list.
fn script(path: &Path, old: &[Tree], new: &[Tree]) -> Option<Vec<crate::Line>> {
    let is_script = matches!(path.steps().last(), Some(crate::Step::Key(key)) if SCRIPTS.contains(&key.as_str()));
    if !is_script {
        return None;
    }
    let texts = |list: &[Tree]| list.iter().map(text::text).collect::<Option<Vec<String>>>();
    let (old, new) = (texts(old)?, texts(new)?);
    if old == new {
        // Spelled otherwise at most, which is for the comparison of lists to say.
        return None;
    }
    // An element may have several lines itself.
    let (old, new) = (old.join("\n"), new.join("\n"));
    Some(lines::lines(&old, &new))
}

/// Compares what has no inside for CloudFormation: scalars and expressions, and values of different kinds.
fn leaf(old: &Tree, new: &Tree, context: Context, path: &Path, changes: &mut Vec<ValueChange>) {
    if let (Some(("Fn::Base64", one)), Some(("Fn::Base64", other))) = (function(old), function(new)) {
        let mut inner = Vec::new();
        compare(one, other, context, path, &mut inner);
        // Of a list, which is no text to encode, the order would be that of what stands around it.
        if let [ValueChange { detail: Some(detail @ (Detail::Lines(_) | Detail::Document(_))), .. }] = inner.as_slice()
        {
            changes.push(with_detail(path, old, new, detail.clone()));
        } else if !inner.is_empty() {
            changes.push(changed(path, Some(old), Some(new)));
        }
        return;
    }
    if let (Some(one), Some(other)) = (document_or_object(old), document_or_object(new)) {
        let mut inner = Vec::new();
        compare(&one, &other, Context::JSON, &Path::root(), &mut inner);
        if !inner.is_empty() {
            changes.push(with_detail(path, old, new, Detail::Document(inner)));
        }
        return;
    }
    let (one, other) = (text::text(old), text::text(new));
    match (one, other) {
        (Some(one), Some(other)) if one == other && (context.is_lax() || is_text(old) == is_text(new)) => {}
        (Some(one), Some(other))
            if one != other && (one.trim_end().contains('\n') || other.trim_end().contains('\n')) =>
        {
            // Texts without holes are shown as they are: the dollars of a shell script mean nothing here.
            let (one, other) = text::plain(old).zip(text::plain(new)).unwrap_or((one, other));
            changes.push(with_detail(path, old, new, Detail::Lines(lines::lines(&one, &other))));
        }
        _ => changes.push(changed(path, Some(old), Some(new))),
    }
}

/// Tells whether a scalar is a string, also one that an expression makes.
fn is_text(tree: &Tree) -> bool {
    !matches!(tree.node, Node::Bool(_) | Node::Number(_))
}

/// Reads a document out of a string, or takes an object for one: some properties may be written either way.
fn document_or_object(tree: &Tree) -> Option<Tree> {
    match &tree.node {
        Node::Map(_) if function(tree).is_none() => Some(tree.clone()),
        _ => document::document(tree),
    }
}
