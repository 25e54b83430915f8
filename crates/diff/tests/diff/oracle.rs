//! Another program's opinion: npm's @aws-cdk/cloudformation-diff on generated pairs of templates.
//!
//! `tests/oracle/pairs.mjs` generates the pairs and its answers; here they are compared with ours, and where we
//! disagree, a reason is named. A disagreement without a reason fails, and so does a reason without a disagreement.

use std::collections::{BTreeMap, BTreeSet};

use diff::{Action, Fate, Impact, ResourceChange};
use serde::Deserialize;
use serde_json::Value;

use crate::diff_of;

#[derive(Deserialize)]
struct Pair {
    edits: Vec<String>,
    old: Value,
    new: Value,
    answers: BTreeMap<String, String>,
}

/// Our answers in its words, by logical id.
fn ours(changes: &[ResourceChange]) -> BTreeMap<String, &'static str> {
    let mut answers = BTreeMap::new();
    for change in changes {
        let gone = if change.fate == Some(Fate::Retained) { "WILL_ORPHAN" } else { "WILL_DESTROY" };
        let answer = match change.impact {
            Impact::None => "NO_CHANGE",
            Impact::Update | Impact::MayUpdate => "WILL_UPDATE",
            Impact::Create | Impact::MayCreate => "WILL_CREATE",
            Impact::MayReplace => "MAY_REPLACE",
            Impact::Replace if change.action == Action::Move => "WILL_CREATE",
            Impact::Replace => "WILL_REPLACE",
            Impact::Retain | Impact::Delete | Impact::MayDelete => gone,
        };
        // It knows no moves: what was moved is one resource that is gone and one that is new.
        if let Some(former) = &change.former {
            answers.insert(former.logical_id.clone(), gone);
        }
        answers.insert(change.logical_id.clone(), answer);
    }
    answers
}

/// Why we disagree about a resource.
fn reason(pair: &Pair, id: &str, ours: &str, theirs: &str) -> Option<&'static str> {
    let edited = |kinds: &[&str]| kinds.iter().any(|kind| pair.edits.contains(&format!("{kind} {id}")));
    match (ours, theirs) {
        ("NO_CHANGE", "WILL_UPDATE") if edited(&["retain", "metadata", "depends"]) => Some(ATTRIBUTES),
        ("NO_CHANGE", "WILL_UPDATE") if edited(&["reverse"]) => Some(SETS),
        ("NO_CHANGE", "WILL_UPDATE") if edited(&["white"]) => Some(DOCUMENTS),
        ("WILL_UPDATE", "NO_CHANGE") if id == "Custom" => Some(CUSTOM),
        ("WILL_UPDATE", "MAY_REPLACE") if id == "Document" => Some(UPDATE_METHOD),
        ("MAY_REPLACE", "WILL_REPLACE") if id == "Table" => Some(CONDITIONAL),
        _ => None,
    }
}

const ATTRIBUTES: &str = "metadata, dependencies and policies are a change of the template, but not of the resource";
const SETS: &str = "policies, tags and lists that the provider schema calls sets have no order";
const DOCUMENTS: &str = "white space of embedded JSON is no change";
const CUSTOM: &str = "a custom resource is updated when its properties change; it knows no type of that name";
const UPDATE_METHOD: &str = "whether a document is replaced is said by its UpdateMethod";
const CONDITIONAL: &str = "the provider schema says that this key replaces the table in some cases";

const REASONS: &[&str] = &[ATTRIBUTES, SETS, DOCUMENTS, CUSTOM, UPDATE_METHOD, CONDITIONAL];

#[test]
fn each_disagreement_has_a_reason() {
    let mut unexplained = Vec::new();
    let mut used: BTreeMap<&str, usize> = BTreeMap::new();
    let (mut compared, mut agreed) = (0, 0);
    for line in include_str!("../oracle/pairs.jsonl").lines() {
        let pair: Pair = serde_json::from_str(line).expect("a pair");
        let template = |resources: &Value| serde_json::json!({ "Resources": resources });
        let diff = diff_of(&template(&pair.old), &template(&pair.new));
        let changes: Vec<_> = diff.resources().cloned().collect();
        let ours = ours(&changes);
        let ids: BTreeSet<&String> = ours.keys().chain(pair.answers.keys()).collect();
        for id in ids {
            let own = ours.get(id).copied().unwrap_or("NO_CHANGE");
            let other = pair.answers.get(id).map_or("NO_CHANGE", String::as_str);
            compared += 1;
            if own == other {
                agreed += 1;
            } else if let Some(reason) = reason(&pair, id, own, other) {
                *used.entry(reason).or_default() += 1;
            } else {
                unexplained.push(format!("{:?}: {id}: we say {own}, it says {other}", pair.edits));
            }
        }
    }
    assert!(unexplained.is_empty(), "{}\n{compared} compared, {agreed} agreed", unexplained.join("\n"));
    let reasons: BTreeSet<&str> = REASONS.iter().copied().collect();
    assert_eq!(used.keys().copied().collect::<BTreeSet<_>>(), reasons, "reasons that are needed, and that are named");
}
