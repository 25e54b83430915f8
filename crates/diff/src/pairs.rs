//! Which stacks and resources are versions of the same.

use std::collections::{BTreeMap, BTreeSet};

use tree::{Entry, Map, Tree};

use crate::resources::type_of;
use crate::{StackAction, Template};

/// Two versions of a stack.
pub(crate) struct Stacks<'t> {
    pub name: &'t str,
    /// The old name, if that is another one.
    pub former_name: Option<&'t str>,
    pub action: StackAction,
    pub old: Option<&'t Tree>,
    pub new: Option<&'t Tree>,
    /// Whether the templates are the same to the letter.
    pub is_same: bool,
    /// The resources: those of the new template in its order, then those that are gone.
    pub resources: Vec<Paired<'t>>,
}

/// Two versions of a resource.
#[derive(Clone, Copy)]
pub(crate) enum Paired<'t> {
    /// It is in both, under one logical id.
    Both(&'t Entry, &'t Entry),
    /// It was elsewhere, in this stack or in another one.
    Moved {
        /// The old name of the stack that it was in.
        stack: &'t str,
        old: &'t Entry,
        new: &'t Entry,
    },
    Added(&'t Entry),
    Removed(&'t Entry),
    /// It is elsewhere now, and told of there.
    MovedAway,
}

/// More stacks without a namesake than this are not searched for renamed ones.
const MOST_RENAMED: usize = 64;
/// Renamed stacks have at least this share of their resources in common, in thousandths.
const RENAMED: usize = 600;

/// Tells whether two templates are the same to the letter; to one and the same it needs no look.
fn is_same(old: Option<&Tree>, new: Option<&Tree>) -> bool {
    match (old, new) {
        (Some(old), Some(new)) => std::ptr::eq(old, new) || old == new,
        (None, None) => true,
        _ => false,
    }
}

/// Pairs stacks by name, then those that are left by what is in them.
pub(crate) fn pair_stacks<'t>(old: &[Template<'t>], new: &[Template<'t>]) -> Vec<Stacks<'t>> {
    let old_names: BTreeSet<&str> = old.iter().map(|template| template.name).collect();
    let new_names: BTreeSet<&str> = new.iter().map(|template| template.name).collect();
    let gone: Vec<&Template<'t>> = old.iter().filter(|template| !new_names.contains(template.name)).collect();
    let fresh: Vec<&Template<'t>> = new.iter().filter(|template| !old_names.contains(template.name)).collect();
    let renamed = renamed(&gone, &fresh);

    let before: BTreeMap<&str, &'t Tree> = old.iter().rev().map(|template| (template.name, template.tree)).collect();
    let former_of: BTreeMap<&str, &'t str> = renamed.iter().map(|(was, now)| (*now, *was)).collect();
    let mut stacks = Vec::new();
    for template in new {
        let former_name = former_of.get(template.name).copied();
        let old = before.get(former_name.unwrap_or(template.name)).copied();
        let action = match (old, former_name) {
            (None, _) => StackAction::Add,
            (Some(_), Some(_)) => StackAction::Rename,
            (Some(_), None) => StackAction::Modify,
        };
        stacks.push(stack(template.name, former_name, action, old, Some(template.tree)));
    }
    let left = gone.into_iter().filter(|template| renamed.iter().all(|(was, _)| *was != template.name));
    stacks.extend(left.map(|template| stack(template.name, None, StackAction::Remove, Some(template.tree), None)));
    stacks
}

fn stack<'t>(
    name: &'t str,
    former_name: Option<&'t str>,
    action: StackAction,
    old: Option<&'t Tree>,
    new: Option<&'t Tree>,
) -> Stacks<'t> {
    let of = |tree: Option<&'t Tree>| tree.and_then(|tree| tree.get("Resources"));
    let paired = |(old, new): (Option<&'t Entry>, Option<&'t Entry>)| match (old, new) {
        (Some(old), Some(new)) => Some(Paired::Both(old, new)),
        (None, Some(new)) => Some(Paired::Added(new)),
        (Some(old), None) => Some(Paired::Removed(old)),
        (None, None) => None,
    };
    let is_same = is_same(old, new);
    let same = is_same && former_name.is_none();
    let resources =
        if same { Vec::new() } else { entry_pairs(of(old), of(new)).into_iter().filter_map(paired).collect() };
    Stacks { name, former_name, action, old, new, is_same, resources }
}

/// Pairs stacks without a namesake that have most of their resources in common: old and new names, best first.
fn renamed<'t>(gone: &[&Template<'t>], fresh: &[&Template<'t>]) -> Vec<(&'t str, &'t str)> {
    if gone.is_empty() || fresh.is_empty() || gone.len().max(fresh.len()) > MOST_RENAMED {
        return Vec::new();
    }
    let ids =
        |templates: &[&Template<'t>]| templates.iter().map(|template| resource_ids(template.tree)).collect::<Vec<_>>();
    let (gone_ids, fresh_ids) = (ids(gone), ids(fresh));
    let mut candidates = Vec::new();
    for (was, old) in gone_ids.iter().enumerate() {
        for (now, new) in fresh_ids.iter().enumerate() {
            let common = old.intersection(new).count();
            let score = (2000 * common).checked_div(old.len() + new.len()).unwrap_or_default();
            if score >= RENAMED {
                candidates.push((usize::MAX - score, was, now));
            }
        }
    }
    candidates.sort_unstable();
    let (mut used_old, mut used_new) = (BTreeSet::new(), BTreeSet::new());
    let mut pairs = Vec::new();
    for (_, was, now) in candidates {
        if !used_old.contains(&was) && !used_new.contains(&now) {
            used_old.insert(was);
            used_new.insert(now);
            pairs.push((gone[was].name, fresh[now].name));
        }
    }
    pairs
}

fn resource_ids(tree: &Tree) -> BTreeSet<(&str, &str)> {
    let resources = tree.get("Resources").and_then(Tree::as_map);
    resources.into_iter().flatten().map(|entry| (entry.key.as_str(), type_of(&entry.value))).collect()
}

/// Pairs the entries of two objects by key: those of the new one in its order, then those that are gone.
pub(crate) fn entry_pairs<'t>(
    old: Option<&'t Tree>,
    new: Option<&'t Tree>,
) -> Vec<(Option<&'t Entry>, Option<&'t Entry>)> {
    let map = |tree: Option<&'t Tree>| tree.and_then(Tree::as_map).map(Map::iter).into_iter().flatten();
    let mut before: BTreeMap<&str, &Entry> = BTreeMap::new();
    for entry in map(old) {
        // Of two entries with the same key the first one counts, as it does for `Map::get`.
        before.entry(&entry.key).or_insert(entry);
    }
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    let mut pairs = Vec::new();
    for entry in map(new) {
        if seen.insert(&entry.key) {
            pairs.push((before.remove(entry.key.as_str()), Some(entry)));
        }
    }
    pairs.extend(map(old).filter_map(|entry| Some((Some(before.remove(entry.key.as_str())?), None))));
    pairs
}
