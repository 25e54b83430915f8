//! A diff applied to the templates that it starts from.

use std::collections::BTreeMap;

use tree::{Entry, Map, Node, Origin, Tree};

use crate::{Action, Detail, Diff, Item, ResourceChange, StackAction, StackChange, Step, Template, ValueChange};

/// Changes with what is left of their ways.
type Changes<'c> = Vec<(&'c [Step], &'c ValueChange)>;

/// Makes the new templates of the old ones, by name: the same but for the order of what has none.
///
/// So a diff says everything that there is to say. `diff` must be a comparison of `old` with something.
pub fn apply(old: &[Template<'_>], diff: &Diff) -> Vec<(String, Tree)> {
    let trees: BTreeMap<&str, &Tree> = old.iter().map(|template| (template.name, template.tree)).collect();
    let mut gone: Vec<&str> = Vec::new();
    let mut changed: BTreeMap<&str, &StackChange> = BTreeMap::new();
    for stack in &diff.stacks {
        match (stack.action, stack.former_name.as_deref()) {
            (StackAction::Remove, _) => gone.push(&stack.name),
            (_, former) => {
                gone.extend(former);
                changed.insert(&stack.name, stack);
            }
        }
    }
    let away = moved_away(diff);
    let mut made = Vec::new();
    for template in old.iter().filter(|template| !gone.contains(&template.name)) {
        made.push((template.name.to_owned(), stack(template, changed.remove(template.name), &trees, &away)));
    }
    let empty = Tree::new(Node::Map(Map::default()), Origin::Unknown);
    for (name, change) in changed {
        let former = change.former_name.as_deref().and_then(|former| trees.get_key_value(former));
        let base = former.map_or(Template { name, tree: &empty }, |(name, tree)| Template { name, tree });
        made.push((name.to_owned(), stack(&base, Some(change), &trees, &away)));
    }
    made
}

/// The logical ids that are elsewhere now, by the stack that they were in.
fn moved_away(diff: &Diff) -> BTreeMap<&str, Vec<&str>> {
    let mut away: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for former in diff.resources().filter_map(|resource| resource.former.as_ref()) {
        away.entry(&former.stack).or_default().push(&former.logical_id);
    }
    away
}

fn stack(
    base: &Template<'_>,
    change: Option<&StackChange>,
    trees: &BTreeMap<&str, &Tree>,
    away: &BTreeMap<&str, Vec<&str>>,
) -> Tree {
    let mut sections = base.tree.as_map().cloned().unwrap_or_default();
    let of_base = base.tree.get("Resources").and_then(Tree::as_map).cloned().unwrap_or_default();
    let away = away.get(base.name).map(Vec::as_slice).unwrap_or_default();
    let stays = of_base.into_iter().filter(|entry| !away.contains(&entry.key.as_str()));
    let resources = resources(stays, change.map(|change| change.resources.as_slice()).unwrap_or_default(), trees);
    for entry in change.into_iter().flat_map(|change| &change.entries) {
        let mut steps = vec![Step::Key(entry.section.clone())];
        steps.extend(entry.name.clone().map(Step::Key));
        let changes: Vec<_> = entry.changes.iter().map(|change| below(&steps, change)).collect();
        let tree = Tree::new(Node::Map(sections), Origin::Unknown);
        let patched =
            patch(Some(tree), &changes.iter().map(|(steps, change)| (steps.as_slice(), *change)).collect::<Vec<_>>());
        sections = patched.and_then(|tree| tree.as_map().cloned()).unwrap_or_default();
    }
    let is_empty = resources.is_empty();
    let resources = Tree::new(Node::Map(resources.into_iter().collect()), Origin::Unknown);
    match sections.get_mut("Resources") {
        // It was no object, or is none now: then the entry says what it is.
        Some(section) if is_empty && section.as_map().is_none() => {}
        Some(section) => *section = resources,
        None if is_empty => {}
        None => sections.push("Resources", resources),
    }
    Tree::new(Node::Map(sections), Origin::Unknown)
}

fn below<'c>(steps: &[Step], change: &'c ValueChange) -> (Vec<Step>, &'c ValueChange) {
    (steps.iter().chain(change.path.steps()).cloned().collect(), change)
}

/// Changes the resources of a stack, and adds those that are new in it.
fn resources(
    old: impl Iterator<Item = Entry>,
    changes: &[ResourceChange],
    trees: &BTreeMap<&str, &Tree>,
) -> Vec<Entry> {
    let is_fresh = |change: &&ResourceChange| matches!(change.action, Action::Add | Action::Move);
    let known: BTreeMap<&str, &ResourceChange> =
        changes.iter().filter(|change| !is_fresh(change)).map(|change| (change.logical_id.as_str(), change)).collect();
    let mut made = Vec::new();
    for entry in old {
        match known.get(entry.key.as_str()).map(|change| (change.action, *change)) {
            Some((Action::Remove, _)) => {}
            Some((Action::Modify, change)) => {
                made.extend(patch(Some(entry.value), &own(change)).map(|value| Entry {
                    value,
                    key: entry.key,
                    origin: entry.origin,
                }));
            }
            _ => made.push(entry),
        }
    }
    for change in changes.iter().filter(is_fresh) {
        let base = match &change.former {
            Some(former) => {
                trees.get(former.stack.as_str()).and_then(|tree| tree.find(["Resources", &former.logical_id])).cloned()
            }
            None if change.resource_type.is_empty() => None,
            None => Some(Tree::single("Type", Tree::string(&change.resource_type))),
        };
        let value = patch(base, &own(change));
        made.extend(value.map(|value| Entry { key: change.logical_id.clone(), origin: change.new_origin, value }));
    }
    made
}

fn own(change: &ResourceChange) -> Changes<'_> {
    change.changes.iter().map(|own| (own.path.steps(), own)).collect()
}

/// Makes the new value of an old one: nothing if it is gone.
fn patch(old: Option<Tree>, changes: &[(&[Step], &ValueChange)]) -> Option<Tree> {
    let changes: Vec<_> = changes.iter().filter(|(_, change)| change.cause.is_none()).copied().collect();
    let is_order = |change: &ValueChange| matches!(change.detail, Some(Detail::Order(_)));
    if let Some((_, whole)) = changes.iter().find(|(steps, change)| steps.is_empty() && !is_order(change)) {
        return whole.new.clone();
    }
    let mut keys: Vec<(&str, Changes<'_>)> = Vec::new();
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    let mut items: Vec<(&Item, Changes<'_>)> = Vec::new();
    let mut item_places: BTreeMap<(Option<usize>, Option<usize>), usize> = BTreeMap::new();
    for (steps, change) in &changes {
        match steps.split_first() {
            Some((Step::Key(key), rest)) => {
                let place = *places.entry(key).or_insert(keys.len());
                if place == keys.len() {
                    keys.push((key, Vec::new()));
                }
                keys[place].1.push((rest, change));
            }
            Some((Step::Item(item), rest)) => {
                let place = *item_places.entry((item.was, item.now)).or_insert(items.len());
                if place == items.len() {
                    items.push((item, Vec::new()));
                }
                items[place].1.push((rest, change));
            }
            None => {}
        }
    }
    let order = changes.iter().find_map(|(steps, change)| match &change.detail {
        Some(Detail::Order(order)) if steps.is_empty() => Some(order.as_slice()),
        _ => None,
    });
    let origin = old.as_ref().map(|tree| tree.origin).unwrap_or_default();
    match old.map(|tree| tree.node) {
        Some(Node::List(list)) => Some(Tree::new(Node::List(patch_list(list, &items, order)), origin)),
        Some(Node::Map(map)) => Some(Tree::new(Node::Map(patch_map(map, keys)), origin)),
        None => Some(Tree::new(Node::Map(patch_map(Map::default(), keys)), origin)),
        Some(other) => Some(Tree::new(other, origin)),
    }
}

fn patch_map(map: Map, keys: Vec<(&str, Changes<'_>)>) -> Map {
    let mut changes: BTreeMap<&str, Changes<'_>> = BTreeMap::new();
    let order: Vec<&str> = keys.iter().map(|(key, _)| *key).collect();
    changes.extend(keys);
    let mut entries = Vec::new();
    for entry in map {
        match changes.remove(entry.key.as_str()) {
            Some(own) => entries.extend(patch(Some(entry.value), &own).map(|value| Entry {
                value,
                key: entry.key,
                origin: entry.origin,
            })),
            None => entries.push(entry),
        }
    }
    for key in order {
        let made = changes.remove(key).and_then(|own| patch(None, &own));
        entries.extend(made.map(|value| Entry { key: key.to_owned(), origin: value.origin, value }));
    }
    entries.into_iter().collect()
}

fn patch_list(list: Vec<Tree>, items: &[(&Item, Changes<'_>)], order: Option<&[Option<usize>]>) -> Vec<Tree> {
    let mut old: Vec<Option<Tree>> = list.into_iter().map(Some).collect();
    let mut made: BTreeMap<usize, Tree> = BTreeMap::new();
    for (item, changes) in items {
        let was = item.was.and_then(|was| old.get_mut(was)).and_then(Option::take);
        if let (Some(now), Some(tree)) = (item.now, patch(was, changes)) {
            made.insert(now, tree);
        }
    }
    if let Some(order) = order {
        for (now, was) in order.iter().enumerate() {
            if let Some(tree) = was.and_then(|was| old.get_mut(was)).and_then(Option::take) {
                made.entry(now).or_insert(tree);
            }
        }
        return made.into_values().collect();
    }
    // What does not differ keeps its order, and takes the places that are left.
    let mut rest = old.into_iter().flatten();
    let mut new = Vec::new();
    for (now, tree) in made {
        new.extend(rest.by_ref().take(now.saturating_sub(new.len())));
        new.push(tree);
    }
    new.extend(rest);
    new
}
