//! How much two values have in common.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use tree::{Node, Tree};

use super::text::text;

/// Comparing more elements than this with each other is left out: what is equal is found without it.
const MOST: usize = 4_096;

/// The leaves of a value: where each one is and what it is, as sorted hashes.
pub(crate) fn leaves(tree: &Tree) -> Vec<u64> {
    let mut leaves = Vec::new();
    collect(tree, 0, &mut leaves);
    leaves.sort_unstable();
    leaves
}

fn collect(tree: &Tree, place: u64, leaves: &mut Vec<u64>) {
    // The hasher has fixed keys, and only equality of hashes matters.
    let step = |key: &str| {
        let mut hasher = DefaultHasher::new();
        (place, key).hash(&mut hasher);
        hasher.finish()
    };
    match (&tree.node, text(tree)) {
        (_, Some(text)) => leaves.push(step(&text)),
        (Node::Map(map), None) => map.iter().for_each(|entry| collect(&entry.value, step(&entry.key), leaves)),
        (Node::List(list), None) => list.iter().for_each(|item| collect(item, step("*"), leaves)),
        _ => leaves.push(step("")),
    }
}

/// The share of leaves that two values have in common, in thousandths.
pub(crate) fn similarity(one: &[u64], other: &[u64]) -> usize {
    let (mut common, mut rest) = (0_usize, other);
    for leaf in one {
        let skip = rest.partition_point(|candidate| candidate < leaf);
        rest = rest.get(skip..).unwrap_or_default();
        if rest.first() == Some(leaf) {
            common += 1;
            rest = &rest[1..];
        }
    }
    let all = one.len() + other.len();
    (2000 * common).checked_div(all).unwrap_or(1000)
}

/// Pairs elements that have at least this much in common, best first; of equals, the earlier ones.
pub(crate) fn pair(old: &[Vec<u64>], new: &[Vec<u64>], least: usize) -> Vec<(usize, usize)> {
    if old.len().saturating_mul(new.len()) > MOST {
        return Vec::new();
    }
    let all = (0..old.len()).flat_map(|was| (0..new.len()).map(move |now| (was, now)));
    let scored = all.map(|(was, now)| (similarity(&old[was], &new[now]), was, now));
    let mut candidates: Vec<_> = scored.filter(|(score, ..)| *score >= least).collect();
    candidates.sort_by_key(|(score, was, now)| (usize::MAX - score, was.abs_diff(*now), *was));
    let (mut used_old, mut used_new) = (vec![false; old.len()], vec![false; new.len()]);
    let mut pairs = Vec::new();
    for (_, was, now) in candidates {
        if !used_old[was] && !used_new[now] {
            (used_old[was], used_new[now]) = (true, true);
            pairs.push((was, now));
        }
    }
    pairs.sort_unstable();
    pairs
}
