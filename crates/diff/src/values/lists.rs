//! Comparison of lists: by identity where the elements have one, else by what they have in common.

use std::collections::BTreeMap;

use tree::Tree;

use super::canonical::canonical_item;
use super::context::Context;
use super::identity::{identity, is_unordered, label, title};
use super::similarity::{leaves, pair};
use super::text::function;
use super::{added, changed, compare as compare_values, removed};
use crate::sequence::common;
use crate::{Detail, Item, Path, ValueChange};

/// Elements that have less than this in common, in thousandths, are different ones.
const SIMILAR: usize = 400;

/// Which elements of two lists are the same, or versions of the same.
struct Matching {
    /// Positions in the old and the new list, in the order of the new one.
    pairs: Vec<(usize, usize)>,
    /// Whether the order of the elements matters.
    ordered: bool,
    /// The key that identifies elements.
    identity: Option<&'static str>,
}

pub(super) fn compare(old: &Tree, new: &Tree, context: Context, path: &Path, changes: &mut Vec<ValueChange>) {
    let (Some(old_items), Some(new_items)) = (old.as_list(), new.as_list()) else { return };
    let matching = matching(old_items, new_items, context);
    let item_context = context.item();
    let mut was_of: Vec<Option<usize>> = vec![None; new_items.len()];
    let mut kept = vec![false; old_items.len()];
    for (was, now) in &matching.pairs {
        was_of[*now] = Some(*was);
        kept[*was] = true;
    }
    if matching.ordered && !matching.pairs.is_sorted_by_key(|(was, _)| *was) {
        let order = Detail::Order(was_of.clone());
        changes.push(ValueChange { detail: Some(order), ..changed(path, Some(old), Some(new)) });
    }
    let label = |item: &Tree| match matching.identity {
        Some(key) => label(item, key),
        None => title(item),
    };
    for (now, (item, was)) in new_items.iter().zip(&was_of).enumerate() {
        let path = path.item(Item { was: *was, now: Some(now), label: label(item) });
        match was {
            Some(was) => compare_values(&old_items[*was], item, item_context, &path, changes),
            None => changes.push(added(&path, item)),
        }
    }
    for (was, item) in old_items.iter().enumerate().filter(|(was, _)| !kept[*was]) {
        changes.push(removed(&path.item(Item { was: Some(was), now: None, label: label(item) }), item));
    }
}

fn matching(old: &[Tree], new: &[Tree], context: Context) -> Matching {
    let identity = identity(&[old, new], context);
    let is_set = context.is_set(new) && context.is_set(old);
    let ordered = !(is_set || is_unordered(identity, &[old, new]));
    let item = context.item();
    let texts = |list: &[Tree]| list.iter().map(|tree| canonical_item(tree, item)).collect::<Vec<_>>();
    let (old_texts, new_texts) = (texts(old), texts(new));
    let mut pairs = match identity {
        Some(key) => by_label(old, new, key),
        None if ordered => common(&old_texts, &new_texts),
        None => Vec::new(),
    };
    if !ordered {
        // With `Sid`, only those without one are left; in a set, all.
        by_text(&old_texts, &new_texts, &mut pairs);
    }
    if identity.is_none_or(|key| key == "Sid") {
        by_similarity(old, new, &mut pairs);
    }
    pairs.sort_unstable_by_key(|(_, now)| *now);
    Matching { pairs, ordered, identity }
}

fn by_label(old: &[Tree], new: &[Tree], key: &str) -> Vec<(usize, usize)> {
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    for (was, item) in old.iter().enumerate() {
        if let Some(label) = label(item, key) {
            places.entry(label).or_insert(was);
        }
    }
    let pair = |(now, item): (usize, &Tree)| Some((places.remove(&label(item, key)?)?, now));
    new.iter().enumerate().filter_map(pair).collect()
}

/// Pairs what is equal and not paired yet.
fn by_text(old: &[String], new: &[String], pairs: &mut Vec<(usize, usize)>) {
    let (free_old, free_new) = free(old.len(), new.len(), pairs);
    let mut places: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for was in free_old.into_iter().rev() {
        places.entry(&old[was]).or_default().push(was);
    }
    for now in free_new {
        if let Some(was) = places.get_mut(new[now].as_str()).and_then(Vec::pop) {
            pairs.push((was, now));
        }
    }
}

/// Pairs objects that have much in common, and one scalar that stands where one other stood.
fn by_similarity(old: &[Tree], new: &[Tree], pairs: &mut Vec<(usize, usize)>) {
    let (free_old, free_new) = free(old.len(), new.len(), pairs);
    let is_structure = |tree: &Tree| function(tree).is_none() && (tree.as_map().is_some() || tree.as_list().is_some());
    if let ([was], [now]) = (free_old.as_slice(), free_new.as_slice())
        && old.len() == new.len()
        && was == now
        && !is_structure(&old[*was])
        && !is_structure(&new[*now])
    {
        pairs.push((*was, *now));
        return;
    }
    let structures = |free: Vec<usize>, list: &[Tree]| {
        free.into_iter().filter(|index| is_structure(&list[*index])).collect::<Vec<_>>()
    };
    let (free_old, free_new) = (structures(free_old, old), structures(free_new, new));
    let leaves_of = |free: &[usize], list: &[Tree]| free.iter().map(|index| leaves(&list[*index])).collect::<Vec<_>>();
    let found = pair(&leaves_of(&free_old, old), &leaves_of(&free_new, new), SIMILAR);
    pairs.extend(found.into_iter().map(|(was, now)| (free_old[was], free_new[now])));
}

/// Lists the positions that are not paired yet.
fn free(old: usize, new: usize, pairs: &[(usize, usize)]) -> (Vec<usize>, Vec<usize>) {
    let (mut free_old, mut free_new) = (vec![true; old], vec![true; new]);
    for (was, now) in pairs {
        (free_old[*was], free_new[*now]) = (false, false);
    }
    let positions =
        |free: Vec<bool>| free.into_iter().enumerate().filter_map(|(at, free)| free.then_some(at)).collect();
    (positions(free_old), positions(free_new))
}
