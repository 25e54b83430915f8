//! Resources that have another logical id, or are in another stack.

use std::collections::BTreeMap;

use tree::{Entry, Map, Node, Origin, Tree};

use crate::pairs::{Paired, Stacks};
use crate::resources::type_of;
use crate::values::canonical;
use crate::values::context::Context;
use crate::values::similarity::{leaves, pair};

/// Resources that have less than this in common, in thousandths, are different ones.
const SIMILAR: usize = 700;
/// So few values say nothing about whether two resources in different stacks are the same one.
const TELLING: usize = 2;

/// A resource that came or went: where it is in the list of its stack.
#[derive(Clone, Copy)]
struct Loose<'t> {
    stack: usize,
    place: usize,
    entry: &'t Entry,
}

/// Pairs resources that are gone with new ones that are (nearly) the same: equal ones first, within their stack first.
pub(crate) fn find(stacks: &mut [Stacks<'_>]) {
    let (mut gone, mut fresh) = (Vec::new(), Vec::new());
    for (stack, stacks) in stacks.iter().enumerate() {
        for (place, paired) in stacks.resources.iter().enumerate() {
            match paired {
                Paired::Removed(entry) => gone.push(Loose { stack, place, entry }),
                Paired::Added(entry) => fresh.push(Loose { stack, place, entry }),
                _ => {}
            }
        }
    }
    if gone.is_empty() || fresh.is_empty() {
        return;
    }
    for (was, now) in pairs(gone, fresh) {
        let (old, new) = (was.entry, now.entry);
        let stack = stacks[was.stack].former_name.unwrap_or(stacks[was.stack].name);
        stacks[now.stack].resources[now.place] = Paired::Moved { stack, old, new };
        stacks[was.stack].resources[was.place] = Paired::MovedAway;
    }
}

fn pairs<'t>(mut gone: Vec<Loose<'t>>, mut fresh: Vec<Loose<'t>>) -> Vec<(Loose<'t>, Loose<'t>)> {
    let mut pairs = Vec::new();
    for same_stack in [true, false] {
        equal(&mut gone, &mut fresh, same_stack, &mut pairs);
    }
    for same_stack in [true, false] {
        similar(&mut gone, &mut fresh, same_stack, &mut pairs);
    }
    pairs
}

/// What resources are grouped by: only those of one group are compared.
fn group(loose: &Loose<'_>, same_stack: bool) -> (Option<usize>, String) {
    (same_stack.then_some(loose.stack), type_of(&loose.entry.value).to_owned())
}

fn equal<'t>(
    gone: &mut Vec<Loose<'t>>,
    fresh: &mut Vec<Loose<'t>>,
    same_stack: bool,
    pairs: &mut Vec<(Loose<'t>, Loose<'t>)>,
) {
    let key = |loose: &Loose<'t>| {
        let properties = loose.entry.value.get("Properties");
        let text = properties.map(|properties| canonical(properties, Context::UNKNOWN)).unwrap_or_default();
        (group(loose, same_stack), text)
    };
    let telling = |loose: &Loose<'t>| same_stack || leaves(&essence(loose.entry)).len() >= TELLING;
    let mut waiting: BTreeMap<_, Vec<Loose<'t>>> = BTreeMap::new();
    for loose in gone.iter().rev().filter(|loose| telling(loose)) {
        waiting.entry(key(loose)).or_default().push(*loose);
    }
    let mut taken = Vec::new();
    fresh.retain(|loose| match waiting.get_mut(&key(loose)).and_then(Vec::pop) {
        Some(was) => {
            taken.push((was.stack, was.place));
            pairs.push((was, *loose));
            false
        }
        None => true,
    });
    taken.sort_unstable();
    gone.retain(|loose| taken.binary_search(&(loose.stack, loose.place)).is_err());
}

fn similar<'t>(
    gone: &mut Vec<Loose<'t>>,
    fresh: &mut Vec<Loose<'t>>,
    same_stack: bool,
    pairs: &mut Vec<(Loose<'t>, Loose<'t>)>,
) {
    let mut groups: BTreeMap<_, (Vec<Loose<'t>>, Vec<Loose<'t>>)> = BTreeMap::new();
    for loose in gone.drain(..) {
        groups.entry(group(&loose, same_stack)).or_default().0.push(loose);
    }
    for loose in fresh.drain(..) {
        groups.entry(group(&loose, same_stack)).or_default().1.push(loose);
    }
    for (old, new) in groups.into_values() {
        let leaves_of = |list: &[Loose<'t>]| list.iter().map(|loose| leaves(&essence(loose.entry))).collect::<Vec<_>>();
        let found = if old.is_empty() || new.is_empty() {
            Vec::new()
        } else {
            let (old, new) = (leaves_of(&old), leaves_of(&new));
            let telling = |(was, _): &(usize, usize)| same_stack || old[*was].len() >= TELLING;
            pair(&old, &new, SIMILAR).into_iter().filter(telling).collect()
        };
        pairs.extend(found.iter().map(|(was, now)| (old[*was], new[*now])));
        let left = |list: Vec<Loose<'t>>, used: Vec<usize>| {
            list.into_iter().enumerate().filter(move |(at, _)| !used.contains(at)).map(|(_, loose)| loose)
        };
        gone.extend(left(old, found.iter().map(|(was, _)| *was).collect()));
        fresh.extend(left(new, found.iter().map(|(_, now)| *now).collect()));
    }
}

/// The properties without the tags, which all resources of a system share.
fn essence(entry: &Entry) -> Tree {
    let properties = entry.value.get("Properties").and_then(Tree::as_map);
    let own = properties.into_iter().flatten().filter(|property| property.key != "Tags").cloned();
    Tree::new(Node::Map(own.collect::<Map>()), Origin::Unknown)
}
