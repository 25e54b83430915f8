//! The diff as one self-contained page: a graph of the stacks, the gates, and each change side by side.

use std::collections::BTreeMap;

use minijinja::{AutoEscape, Environment, UndefinedBehavior};
use serde::Serialize;
use tree::Tree;

use super::graph::{self, Graph};
use super::value::dotted;
use super::words::{cause, gate_meaning, gate_title, stack_outcome, written};
use crate::{Action, Detail, Diff, Gate, Impact, Line, ResourceChange, StackAction, StackChange, ValueChange};

/// The page's frame; all values that it shows are escaped.
const PAGE: &str = include_str!("page.html");

/// What a page says besides the changes.
#[derive(Clone, Copy, Debug)]
pub struct Page<'p> {
    /// What is compared, such as `baleen prod`.
    pub title: &'p str,
    /// Where the old templates are from.
    pub old: &'p str,
    /// Where the new templates are from.
    pub new: &'p str,
    /// The stacks in order of deployment, each with those that it uses; stacks without changes are shown, too.
    pub stacks: &'p [(String, Vec<String>)],
    /// What the changes cost, where prices are known.
    pub cost: Option<&'p crate::cost::Estimate>,
}

/// Writes the page.
///
/// # Errors
///
/// The frame is part of the program, so that an error of it is a fault of the program.
pub fn html(diff: &Diff, page: &Page<'_>) -> Result<String, minijinja::Error> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.render_str(PAGE, minijinja::value::Serde(view(diff, page)))
}

#[derive(Serialize)]
struct View {
    title: String,
    subtitle: String,
    tiles: Vec<Tile>,
    graph: Option<Graph>,
    gates: Vec<GateView>,
    cost: Option<CostView>,
    choices: Vec<Choice>,
    stacks: Vec<StackView>,
    footer: String,
}

#[derive(Serialize)]
struct Tile {
    name: &'static str,
    value: String,
    alarming: bool,
}

#[derive(Serialize)]
struct GateView {
    id: &'static str,
    title: &'static str,
    meaning: &'static str,
    findings: Vec<FindingView>,
}

#[derive(Serialize)]
struct FindingView {
    anchor: String,
    place: String,
    message: String,
    was: String,
    now: String,
    origin: String,
}

#[derive(Serialize)]
struct CostView {
    note: String,
    lines: Vec<CostLine>,
}

#[derive(Serialize)]
struct CostLine {
    place: String,
    what: String,
    was: String,
    now: String,
}

#[derive(Serialize)]
struct Choice {
    id: &'static str,
    name: &'static str,
    count: usize,
}

#[derive(Serialize)]
struct StackView {
    anchor: String,
    name: String,
    summary: String,
    resources: Vec<ResourceView>,
}

#[derive(Serialize)]
struct ResourceView {
    anchor: String,
    id: String,
    #[serde(rename = "type")]
    resource_type: String,
    impact: &'static str,
    impact_name: &'static str,
    gated: bool,
    note: String,
    search: String,
    causes: Vec<String>,
    properties: Vec<PropertyView>,
}

#[derive(Serialize)]
struct PropertyView {
    path: String,
    impact: &'static str,
    impact_name: &'static str,
    rows: Vec<Row>,
}

/// A row of two sides; a side without a line is empty.
#[derive(Default, Serialize)]
struct Row {
    old_number: String,
    old: String,
    old_class: &'static str,
    new_number: String,
    new: String,
    new_class: &'static str,
    skipped: String,
}

fn view(diff: &Diff, page: &Page<'_>) -> View {
    View {
        title: page.title.to_owned(),
        subtitle: format!("{} → {}", page.old, page.new),
        tiles: tiles(diff, page),
        graph: graph::layout(diff, page.stacks),
        gates: Gate::ALL.into_iter().map(|gate| gate_view(diff, gate)).collect(),
        cost: page.cost.filter(|estimate| !estimate.lines.is_empty()).map(cost_view),
        choices: choices(diff),
        stacks: diff.stacks.iter().map(|stack| stack_view(diff, stack)).collect(),
        footer: "Made by baleen diff. The page is complete in itself: it loads nothing.".to_owned(),
    }
}

fn tiles(diff: &Diff, page: &Page<'_>) -> Vec<Tile> {
    let count = |impacts: &[Impact]| diff.resources().filter(|change| impacts.contains(&change.impact)).count();
    let mut tiles: Vec<_> = [
        ("created", count(&[Impact::Create, Impact::MayCreate])),
        ("updated in place", count(&[Impact::Update, Impact::MayUpdate])),
        ("replaced", count(&[Impact::Replace, Impact::MayReplace])),
        ("deleted", count(&[Impact::Delete, Impact::MayDelete])),
    ]
    .map(|(name, count)| Tile { name, value: count.to_string(), alarming: false })
    .into();
    let names = [(Gate::Destructive, "destructive"), (Gate::Broadening, "broadening"), (Gate::DataLoss, "data loss")];
    tiles.extend(names.map(|(gate, name)| {
        let count = diff.findings(gate).count();
        Tile { name, value: count.to_string(), alarming: count > 0 }
    }));
    if let Some(estimate) = page.cost {
        tiles.push(Tile { name: "a month", value: estimate.difference(), alarming: false });
    }
    tiles
}

fn gate_view(diff: &Diff, gate: Gate) -> GateView {
    let findings = diff.findings(gate).map(|finding| FindingView {
        anchor: anchor(&finding.stack, &finding.resource),
        place: format!("{}/{}", finding.stack, finding.resource),
        message: finding.message.clone(),
        was: finding.was.clone().unwrap_or_default(),
        now: finding.now.clone().unwrap_or_default(),
        origin: written(finding.origin).unwrap_or_default(),
    });
    GateView { id: gate.name(), title: gate_title(gate), meaning: gate_meaning(gate), findings: findings.collect() }
}

fn cost_view(estimate: &crate::cost::Estimate) -> CostView {
    let lines = estimate.lines.iter().map(|line| CostLine {
        place: format!("{}/{}", line.stack, line.resource),
        what: line.what.clone(),
        was: line.was.to_string(),
        now: line.now.to_string(),
    });
    CostView { note: estimate.note(), lines: lines.collect() }
}

const IMPACTS: [(Impact, &str, &str); 10] = [
    (Impact::Delete, "delete", "delete"),
    (Impact::MayDelete, "may-delete", "may delete"),
    (Impact::Replace, "replace", "replace"),
    (Impact::MayReplace, "may-replace", "may replace"),
    (Impact::Retain, "retain", "keep outside"),
    (Impact::Create, "create", "create"),
    (Impact::MayCreate, "may-create", "may create"),
    (Impact::Update, "update", "update"),
    (Impact::MayUpdate, "may-update", "may update"),
    (Impact::None, "none", "template only"),
];

fn words(impact: Impact) -> (&'static str, &'static str) {
    let found = IMPACTS.iter().find(|(own, _, _)| *own == impact);
    found.map_or(("none", ""), |(_, id, name)| (*id, *name))
}

fn choices(diff: &Diff) -> Vec<Choice> {
    let mut counts = BTreeMap::new();
    for change in diff.resources() {
        *counts.entry(change.impact).or_insert(0) += 1;
    }
    let entries = diff.stacks.iter().map(|stack| stack.entries.len()).sum::<usize>();
    *counts.entry(Impact::None).or_insert(0) += entries;
    let choice = |(impact, id, name): &(Impact, &'static str, &'static str)| {
        counts.get(impact).filter(|count| **count > 0).map(|count| Choice { id, name, count: *count })
    };
    IMPACTS.iter().filter_map(choice).collect()
}

fn stack_view(diff: &Diff, stack: &StackChange) -> StackView {
    let gated = |change: &ResourceChange| {
        diff.gates.iter().any(|finding| finding.stack == change.stack && finding.resource == change.logical_id)
    };
    let mut resources: Vec<_> = stack.resources.iter().map(|change| resource_view(change, gated(change))).collect();
    resources.extend(stack.entries.iter().map(|entry| entry_view(stack, entry)));
    let summary = if stack.action == StackAction::Modify { String::new() } else { stack_outcome(stack) };
    StackView { anchor: stack_anchor(&stack.name), name: stack.name.clone(), summary, resources }
}

fn resource_view(change: &ResourceChange, gated: bool) -> ResourceView {
    let (impact, impact_name) = words(change.impact);
    let mut note: Vec<String> = Vec::new();
    if change.stateful && change.impact.is_destructive() {
        note.push("stateful".to_owned());
    }
    if let (Action::Move, Some(former)) = (change.action, &change.former) {
        note.push(format!("was {}/{}", former.stack, former.logical_id));
    }
    note.extend(written(change.new_origin.or(change.old_origin)));
    let mut properties = Vec::new();
    for value in &change.changes {
        collect(value, "", &mut properties);
    }
    let paths: Vec<_> = properties.iter().map(|property: &PropertyView| property.path.as_str()).collect();
    let search =
        [&change.stack, &change.logical_id, &change.resource_type, &paths.join(" ")].map(|text| text.to_lowercase());
    ResourceView {
        anchor: anchor(&change.stack, &change.logical_id),
        id: change.logical_id.clone(),
        resource_type: change.resource_type.clone(),
        impact,
        impact_name,
        gated,
        note: note.join(" · "),
        search: search.join(" "),
        causes: change
            .causes
            .iter()
            .map(|reason| cause(reason, &change.stack))
            .chain(change.notes.iter().cloned())
            .collect(),
        properties,
    }
}

fn entry_view(stack: &StackChange, entry: &crate::EntryChange) -> ResourceView {
    let name = entry.name.as_deref().unwrap_or(&entry.section);
    let mut properties = Vec::new();
    for value in &entry.changes {
        collect(value, "", &mut properties);
    }
    let action = match entry.action {
        Action::Add => "added",
        Action::Remove => "removed",
        _ => "changed",
    };
    ResourceView {
        anchor: format!("{}-{}-{name}", stack_anchor(&stack.name), entry.section),
        id: name.to_owned(),
        resource_type: entry.section.clone(),
        impact: "none",
        impact_name: "template only",
        gated: false,
        note: action.to_owned(),
        search: [&stack.name, name, &entry.section].map(str::to_lowercase).join(" "),
        causes: Vec::new(),
        properties,
    }
}

/// Lists the parts of a change that are shown by themselves: those of an embedded document one by one.
fn collect(change: &ValueChange, above: &str, properties: &mut Vec<PropertyView>) {
    let path = dotted(&change.path);
    let path = if above.is_empty() { path } else { format!("{above} → {path}") };
    if let Some(Detail::Document(inner)) = &change.detail {
        for change in inner {
            collect(change, &path, properties);
        }
        return;
    }
    let (impact, impact_name) = if change.impact == Impact::None { ("none", "") } else { words(change.impact) };
    let rows = match &change.detail {
        Some(Detail::Lines(lines)) => sides(lines),
        Some(Detail::Order(order)) => vec![Row { skipped: reordered(order), ..Row::default() }],
        _ => sides(&whole(change)),
    };
    properties.push(PropertyView { path, impact, impact_name, rows });
}

fn reordered(order: &[Option<usize>]) -> String {
    let positions = order.iter().map(|was| was.map_or_else(|| "new".to_owned(), |was| (was + 1).to_string()));
    format!("in another order; former positions: {}", positions.collect::<Vec<_>>().join(", "))
}

/// The lines of values that have no inner comparison.
fn whole(change: &ValueChange) -> Vec<Line> {
    let lines = |tree: &Option<Tree>| -> Vec<String> {
        match tree {
            None => Vec::new(),
            Some(tree) => match tree.as_str() {
                Some(text) => text.lines().map(str::to_owned).collect(),
                None => tree.to_json_pretty().lines().map(str::to_owned).collect(),
            },
        }
    };
    let (old, new) = (lines(&change.old), lines(&change.new));
    if old == new {
        return new.into_iter().map(Line::Same).collect();
    }
    old.into_iter().map(Line::Removed).chain(new.into_iter().map(Line::Added)).collect()
}

/// Puts removed and added lines side by side, as far as they stand beside each other.
fn sides(lines: &[Line]) -> Vec<Row> {
    let mut rows = Vec::new();
    let (mut old_number, mut new_number) = (0, 0);
    let mut rest = lines;
    while let Some((first, after)) = rest.split_first() {
        match first {
            Line::Same(text) => {
                old_number += 1;
                new_number += 1;
                rows.push(Row {
                    old_number: old_number.to_string(),
                    old: text.clone(),
                    new_number: new_number.to_string(),
                    new: text.clone(),
                    ..Row::default()
                });
                rest = after;
            }
            Line::Skipped(count) => {
                old_number += count;
                new_number += count;
                let skipped = format!("{count} more lines that stay the same");
                rows.push(Row { skipped, ..Row::default() });
                rest = after;
            }
            Line::Removed(_) | Line::Added(_) => {
                let end = rest.iter().position(|line| matches!(line, Line::Same(_) | Line::Skipped(_)));
                let (changed, after) = rest.split_at(end.unwrap_or(rest.len()));
                rows.extend(pairs(changed, &mut old_number, &mut new_number));
                rest = after;
            }
        }
    }
    rows
}

fn pairs(changed: &[Line], old_number: &mut usize, new_number: &mut usize) -> Vec<Row> {
    let removed: Vec<_> =
        changed.iter().filter_map(|line| if let Line::Removed(text) = line { Some(text) } else { None }).collect();
    let added: Vec<_> =
        changed.iter().filter_map(|line| if let Line::Added(text) = line { Some(text) } else { None }).collect();
    let row = |index: usize| {
        let mut row = Row::default();
        if let Some(text) = removed.get(index) {
            *old_number += 1;
            (row.old_number, row.old, row.old_class) = (old_number.to_string(), (*text).clone(), " removed");
        }
        if let Some(text) = added.get(index) {
            *new_number += 1;
            (row.new_number, row.new, row.new_class) = (new_number.to_string(), (*text).clone(), " added");
        }
        row
    };
    (0..removed.len().max(added.len())).map(row).collect()
}

pub(super) fn stack_anchor(stack: &str) -> String {
    format!("stack-{stack}")
}

fn anchor(stack: &str, logical_id: &str) -> String {
    format!("{}-{logical_id}", stack_anchor(stack))
}
