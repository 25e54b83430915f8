//! Small templates before and after, with what the gates say.

mod access;
mod destructive;
mod exposed;
mod losses;
mod openings;
mod runners;

use serde_json::{Value, json};
use tree::{Origin, Tree};

use crate::{Gate, GateFinding, Template, diff};

/// Compares templates, each the resources of a stack of that name.
fn found_in(old: &[(&str, Value)], new: &[(&str, Value)]) -> Vec<GateFinding> {
    let trees = |side: &[(&str, Value)]| -> Vec<(String, Tree)> {
        let tree = |value: &Value| match value.get("Resources") {
            Some(_) => value.clone(),
            None => json!({ "Resources": value }),
        };
        side.iter().map(|(name, value)| ((*name).to_owned(), Tree::from_json(tree(value), Origin::Unknown))).collect()
    };
    let (old, new) = (trees(old), trees(new));
    let templates = |side: &'static [(String, Tree)]| -> Vec<Template<'static>> {
        side.iter().map(|(name, tree)| Template { name, tree }).collect()
    };
    diff(&templates(Vec::leak(old)), &templates(Vec::leak(new))).gates
}

fn found(old: &Value, new: &Value) -> Vec<GateFinding> {
    found_in(&[("stack", old.clone())], &[("stack", new.clone())])
}

fn kinds(gate: Gate, findings: &[GateFinding]) -> Vec<&'static str> {
    findings.iter().filter(|finding| finding.gate == gate).map(|finding| finding.kind).collect()
}

/// A change that a gate reports, once and under this name; the way back it reports nothing.
#[track_caller]
fn one_way(gate: Gate, old: &Value, new: &Value, kind: &str) {
    let forth = found(old, new);
    assert_eq!(kinds(gate, &forth), [kind], "{forth:#?}");
    let back = found(new, old);
    assert!(kinds(gate, &back).is_empty(), "the way back: {back:#?}");
}

/// Gives the only thing that a gate says.
#[track_caller]
fn told(gate: Gate, old: &Value, new: &Value) -> String {
    let findings: Vec<_> = found(old, new).into_iter().filter(|finding| finding.gate == gate).collect();
    assert_eq!(findings.len(), 1, "{findings:#?}");
    findings[0].message.clone()
}

/// A change that opens nothing and loses nothing in either direction.
#[track_caller]
fn harmless(old: &Value, new: &Value) {
    for (old, new) in [(old, new), (new, old)] {
        let findings: Vec<_> =
            found(old, new).into_iter().filter(|finding| finding.gate != Gate::Destructive).collect();
        assert!(findings.is_empty(), "{findings:#?}");
    }
}
