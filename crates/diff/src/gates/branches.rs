//! What a value is under each combination of the template's conditions that it depends on.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use tree::intrinsic::{branches as parts, is_no_value};
use tree::{Entry, Map, Node, Tree};

/// Whether each condition that matters holds.
pub(crate) type Branches = BTreeMap<String, bool>;

/// A value that depends on more conditions than this is taken as it is written.
const MOST: usize = 5;
/// Values within values beyond this depth are taken as they are written.
const DEEPEST: usize = 64;

/// Lists what a value is, with `Fn::If` decided and `AWS::NoValue` left out, for each combination of conditions.
pub(crate) fn worlds(tree: &Tree) -> Vec<(Branches, Cow<'_, Tree>)> {
    let mut conditions = BTreeSet::new();
    collect(tree, &mut conditions, 0);
    if conditions.is_empty() || conditions.len() > MOST {
        return vec![(Branches::new(), Cow::Borrowed(tree))];
    }
    let combinations = 0..1_u32 << conditions.len();
    let branches = combinations.map(|bits| {
        let values = conditions.iter().enumerate();
        values.map(|(bit, condition)| ((*condition).to_owned(), bits >> bit & 1 == 1)).collect::<Branches>()
    });
    branches.filter_map(|branches| decide(tree, &branches, 0).map(|tree| (branches, Cow::Owned(tree)))).collect()
}

fn collect<'t>(tree: &'t Tree, conditions: &mut BTreeSet<&'t str>, depth: usize) {
    if depth > DEEPEST {
        return;
    }
    match &tree.node {
        Node::List(list) => list.iter().for_each(|item| collect(item, conditions, depth + 1)),
        Node::Map(map) => {
            if let Some((condition, _, _)) = parts(tree) {
                conditions.insert(condition);
            }
            map.iter().for_each(|entry| collect(&entry.value, conditions, depth + 1));
        }
        _ => {}
    }
}

fn decide(tree: &Tree, branches: &Branches, depth: usize) -> Option<Tree> {
    if depth > DEEPEST {
        return Some(tree.clone());
    }
    if let Some((condition, then, otherwise)) = parts(tree) {
        let holds = branches.get(condition).copied().unwrap_or(true);
        return decide(if holds { then } else { otherwise }, branches, depth + 1);
    }
    if is_no_value(tree) {
        return None;
    }
    let node = match &tree.node {
        Node::List(list) => {
            let items = list.iter().filter_map(|item| {
                let decided = decide(item, branches, depth + 1)?;
                // One branch of a list may be several items.
                Some(match (parts(item), decided.node) {
                    (Some(_), Node::List(items)) => items,
                    (_, node) => vec![Tree::new(node, decided.origin)],
                })
            });
            Node::List(items.flatten().collect())
        }
        Node::Map(map) => Node::Map(
            map.iter()
                .filter_map(|entry| {
                    let value = decide(&entry.value, branches, depth + 1)?;
                    Some(Entry { key: entry.key.clone(), origin: entry.origin, value })
                })
                .collect::<Map>(),
        ),
        other => other.clone(),
    };
    Some(Tree::new(node, tree.origin))
}
