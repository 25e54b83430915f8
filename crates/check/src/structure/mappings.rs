//! The mappings of a template.

use tree::{Entry, Finding, Node, Severity, Tree};

use super::LIMIT;
use crate::place::Place;
use crate::rule::Rule;
use crate::words::{kind, quoted};

const KEYS: usize = 200;

/// Checks one mapping: two levels of keys, and then values.
pub(crate) fn mapping(entry: &Entry, place: &Place<'_>, findings: &mut Vec<Finding>) {
    for top in keys(&entry.key, &entry.value, place, findings) {
        let place = place.entry(top);
        key(&top.key, "-.", &place, findings);
        for second in keys(&top.key, &top.value, &place, findings) {
            let place = place.entry(second);
            key(&second.key, "", &place, findings);
            if !is_value(&second.value) {
                let kind = kind(&second.value);
                let message = format!(
                    "a mapping has literal strings, numbers or lists of them as values, but `{}` is {kind}",
                    second.key
                );
                let hint = "mappings have exactly two levels of keys and no functions";
                findings.push(MAPPING.at(&place, message).hint(hint));
            }
        }
    }
}

/// Reports a key with other characters than letters, digits and these.
fn key(key: &str, further: &str, place: &Place<'_>, findings: &mut Vec<Finding>) {
    let fits = |character: char| character.is_ascii_alphanumeric() || further.contains(character);
    if let Some(odd) = key.chars().find(|character| !fits(*character)) {
        let also = if further.is_empty() { "" } else { ", `-` and `.`" };
        let message = format!(
            "the key {} has the character `{odd}`, but only letters and digits{also} are allowed here",
            quoted(key)
        );
        findings.push(MAPPING.at(place, message).hint("only keys of the first level may be regions"));
    }
}

/// Lists the keys of one level.
fn keys<'t>(
    name: &str,
    tree: &'t Tree,
    place: &Place<'_>,
    findings: &mut Vec<Finding>,
) -> impl Iterator<Item = &'t Entry> + use<'t> {
    let map = tree.as_map();
    match map {
        None => {
            let message = format!("`{name}` must be an object of keys, but is {}", kind(tree));
            findings.push(
                MAPPING.at(place, message).hint("a mapping has two levels of keys: `{\"eu-west-1\": {\"Zones\": 3}}`"),
            );
        }
        Some(map) if map.is_empty() => {
            findings.push(MAPPING.at(place, format!("{} has no keys", quoted(name))).hint("add one, or leave it out"));
        }
        Some(map) if map.len() > KEYS => {
            let message = format!("`{name}` has {} keys, but at most {KEYS} are allowed", map.len());
            findings.push(LIMIT.at(place, message).hint("split the mapping in two"));
        }
        Some(_) => {}
    }
    map.into_iter().flatten().filter(|entry| !entry.key.starts_with("Fn::"))
}

fn is_value(tree: &Tree) -> bool {
    match &tree.node {
        Node::List(list) => list.iter().all(|item| !matches!(item.node, Node::List(_) | Node::Map(_))),
        // Null has a rule of its own.
        node => !matches!(node, Node::Map(_)),
    }
}

pub(crate) static MAPPING: Rule = Rule {
    id: "structure/mapping",
    severity: Severity::Error,
    statement: "a mapping has two levels of keys, those of the second of letters and digits, and literals as values",
    why: "CloudFormation refuses mappings of any other shape",
    page: "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/mappings-section-structure.html",
    bad: r#"{"Mappings": {"Sizes": {"dev": "small"}}, "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}"#,
    good: r#"{"Mappings": {"Sizes": {"dev": {"Size": "small"}}}, "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}"#,
};
