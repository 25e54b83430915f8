//! Where the stacks stand in the picture of the page: left to right, what is used before what uses it.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::html::stack_anchor;
use crate::{Diff, StackAction};

const WIDTH: usize = 168;
const HEIGHT: usize = 46;
const ACROSS: usize = 64;
const DOWN: usize = 18;
const MARGIN: usize = 12;
/// More stacks make no picture.
const MOST: usize = 100;

/// The picture.
#[derive(Serialize)]
pub(super) struct Graph {
    width: usize,
    height: usize,
    #[serde(rename = "box")]
    size: Size,
    edges: Vec<String>,
    nodes: Vec<Node>,
}

#[derive(Serialize)]
struct Size {
    width: usize,
    height: usize,
}

#[derive(Serialize)]
struct Node {
    name: String,
    counts: String,
    class: String,
    anchor: String,
    x: usize,
    y: usize,
}

/// Places the stacks in columns; nothing if there is only one.
pub(super) fn layout(diff: &Diff, stacks: &[(String, Vec<String>)]) -> Option<Graph> {
    let known: Vec<_> = stacks.iter().map(|(name, uses)| (name.as_str(), uses.as_slice())).collect();
    let others = diff.stacks.iter().filter(|stack| !known.iter().any(|(name, _)| *name == stack.name));
    let others: Vec<(&str, &[String])> = others.map(|stack| (stack.name.as_str(), [].as_slice())).collect();
    let all: Vec<_> = known.into_iter().chain(others).collect();
    if !(2..=MOST).contains(&all.len()) {
        return None;
    }
    let mut places: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let mut heights: Vec<usize> = Vec::new();
    // In order of deployment, so that each stack stands to the right of all that it uses.
    for (name, uses) in &all {
        let column = uses.iter().filter_map(|used| places.get(used.as_str())).map(|(column, _)| column + 1).max();
        let column = column.unwrap_or(0);
        if heights.len() <= column {
            heights.resize(column + 1, 0);
        }
        places.insert(name, (column, heights[column]));
        heights[column] += 1;
    }
    let tallest = heights.iter().copied().max().unwrap_or(1);
    let position = |name: &str| {
        places.get(name).map(|(column, row)| {
            // Columns are centred, so that the picture has no ragged bottom.
            let above = (tallest - heights[*column]) * (HEIGHT + DOWN) / 2;
            (MARGIN + column * (WIDTH + ACROSS), MARGIN + above + row * (HEIGHT + DOWN))
        })
    };
    let uses: BTreeMap<_, _> = all.iter().copied().collect();
    let edges = all.iter().flat_map(|(name, own)| direct(&uses, own).into_iter().map(move |used| (used, *name)));
    let edges = edges.filter_map(|(from, to)| Some(curve(position(from)?, position(to)?))).collect();
    let nodes = all.iter().filter_map(|(name, _)| Some(node(diff, name, position(name)?))).collect();
    Some(Graph {
        width: 2 * MARGIN + heights.len() * (WIDTH + ACROSS) - ACROSS,
        height: 2 * MARGIN + tallest * (HEIGHT + DOWN) - DOWN,
        size: Size { width: WIDTH, height: HEIGHT },
        edges,
        nodes,
    })
}

/// Leaves out what is used by way of another one anyway: those edges would only hide the others.
fn direct<'s>(uses: &BTreeMap<&'s str, &'s [String]>, own: &'s [String]) -> Vec<&'s str> {
    let mut reached = BTreeSet::new();
    let mut open: Vec<&str> =
        own.iter().filter_map(|used| uses.get(used.as_str())).copied().flatten().map(String::as_str).collect();
    while let Some(name) = open.pop() {
        if reached.insert(name) {
            open.extend(uses.get(name).copied().into_iter().flatten().map(String::as_str));
        }
    }
    own.iter().map(String::as_str).filter(|used| !reached.contains(used)).collect()
}

fn curve(from: (usize, usize), to: (usize, usize)) -> String {
    let (x1, y1) = (from.0 + WIDTH, from.1 + HEIGHT / 2);
    let (x2, y2) = (to.0, to.1 + HEIGHT / 2);
    let bend = ACROSS / 2;
    format!("M{x1} {y1} C{} {y1} {} {y2} {x2} {y2}", x1 + bend, x2.saturating_sub(bend))
}

fn node(diff: &Diff, name: &str, (x, y): (usize, usize)) -> Node {
    let change = diff.stacks.iter().find(|stack| stack.name == name);
    let mut class = match change.map(|stack| stack.action) {
        None => "same",
        Some(StackAction::Add) => "added",
        Some(StackAction::Remove) => "removed",
        Some(StackAction::Modify | StackAction::Rename) => "modified",
    }
    .to_owned();
    if diff.gates.iter().any(|finding| finding.stack == name) {
        class.push_str(" alarming");
    }
    let counts = match change.map(|stack| stack.resources.len()) {
        None => "no change".to_owned(),
        Some(0) => "outside of resources".to_owned(),
        Some(1) => "1 resource".to_owned(),
        Some(count) => format!("{count} resources"),
    };
    Node { name: name.to_owned(), counts, class, anchor: stack_anchor(name), x, y }
}
