//! The shape of a template: its sections and what stands directly in them.

use std::collections::BTreeSet;

use tree::{Entry, Finding, Node, Severity, Tree};

use crate::look::json_bytes;
use crate::outline::Outline;
use crate::place::Place;
use crate::rule::Rule;
use crate::words::{all_of, counted, did_you_mean, kind, quoted};

pub(crate) mod mappings;
pub(crate) mod outputs;
pub(crate) mod parameters;
mod policies;
pub(crate) mod resources;

const SECTIONS: [&str; 10] = [
    "AWSTemplateFormatVersion",
    "Conditions",
    "Description",
    "Mappings",
    "Metadata",
    "Outputs",
    "Parameters",
    "Resources",
    "Rules",
    "Transform",
];

// The limits are those of the AWS page "CloudFormation quotas".
const TEMPLATE_BYTES: usize = 1_000_000;
const DESCRIPTION_BYTES: usize = 1024;
const NAME_CHARACTERS: usize = 255;
const LIMITS: [(&str, usize); 4] = [("Mappings", 200), ("Outputs", 200), ("Parameters", 200), ("Resources", 500)];

/// Checks everything of the template that needs no provider schema and follows no reference.
pub(crate) fn check(outline: &Outline<'_>, place: &Place<'_>, findings: &mut Vec<Finding>) {
    let roughly = keys_and_nulls(outline.tree, place, findings);
    let Some(template) = outline.tree.as_map() else {
        let message = format!("a template is an object, but this is {}", kind(outline.tree));
        findings.push(SHAPE.at(place, message));
        return;
    };
    for entry in template {
        section(outline, entry, &place.entry(entry), findings);
    }
    if !outline.open && outline.tree.get("Resources").is_none_or(is_empty) {
        let message = "the template declares no resource, and CloudFormation makes no stack without one";
        findings.push(RESOURCES.at(place, message).hint("declare a resource, or leave the stack out"));
    }
    // JSON writes at most six bytes for one, so that most templates need not be written to be counted.
    let bytes = if roughly * 6 > TEMPLATE_BYTES { json_bytes(outline.tree) } else { roughly };
    if bytes > TEMPLATE_BYTES {
        let message =
            format!("the template has {bytes} bytes without white space, but at most {TEMPLATE_BYTES} are allowed");
        findings.push(LIMIT.at(place, message).hint("split the stack in two"));
    }
}

fn is_empty(section: &Tree) -> bool {
    section.as_map().is_some_and(tree::Map::is_empty)
}

fn section(outline: &Outline<'_>, entry: &Entry, place: &Place<'_>, findings: &mut Vec<Finding>) {
    let value = &entry.value;
    match entry.key.as_str() {
        "AWSTemplateFormatVersion" if value.as_str() != Some("2010-09-09") => {
            let message =
                format!("the only template format version is `2010-09-09`, not {}", crate::words::given(value));
            findings.push(VERSION.at(place, message));
        }
        "Description" => description(value, DESCRIPTION_BYTES, place, findings),
        "Transform" => transform(value, place, findings),
        "Metadata" => {
            object("Metadata", value, place, findings);
        }
        "Resources" => each(value, place, findings, |entry, place, findings| {
            resources::resource(outline, entry, place, findings);
        }),
        "Parameters" => each(value, place, findings, parameters::parameter),
        "Outputs" => each(value, place, findings, |entry, place, findings| {
            outputs::output(outline, entry, place, findings);
        }),
        "Mappings" => each(value, place, findings, mappings::mapping),
        // Conditions are made of functions only, and functions are checked where references are followed.
        "Conditions" => each(value, place, findings, |_, _, _| {}),
        "Rules" => each(value, place, findings, rule),
        "AWSTemplateFormatVersion" | "Fn::Transform" | "Hooks" => {}
        key if !outline.transformed => {
            let mut finding = SECTION.at(place, format!("a template has no section {}", quoted(key)));
            let sections = format!("the sections are {}", all_of(SECTIONS));
            finding.hint = did_you_mean(key, SECTIONS).or(Some(sections));
            findings.push(finding);
        }
        _ => {}
    }
}

/// Checks what all sections with names have in common, and then each entry.
fn each(
    section: &Tree,
    place: &Place<'_>,
    findings: &mut Vec<Finding>,
    mut check: impl FnMut(&Entry, &Place<'_>, &mut Vec<Finding>),
) {
    let name = place.key_at(1).unwrap_or_default();
    if !object(name, section, place, findings) {
        return;
    }
    let entries = section.as_map().into_iter().flatten().filter(|entry| !entry.key.starts_with("Fn::"));
    let limit = LIMITS.iter().find(|(section, _)| *section == name);
    if let Some((_, most)) = limit.filter(|(_, most)| entries.clone().count() > *most) {
        let noun = name.trim_end_matches('s').to_lowercase();
        let message = format!("a template has at most {most} {noun}s, but here are {}", entries.clone().count());
        findings.push(LIMIT.at(place, message).hint("split the stack in two"));
    }
    for entry in entries {
        let place = place.entry(entry);
        // The documentation allows conditions no other names, but CloudFormation does.
        let further = if name == "Conditions" { "&_" } else { "" };
        logical_id(&entry.key, further, &place, findings);
        check(entry, &place, findings);
    }
}

fn logical_id(id: &str, further: &str, place: &Place<'_>, findings: &mut Vec<Finding>) {
    let fits = |character: char| character.is_ascii_alphanumeric() || further.contains(character);
    let message = if id.is_empty() {
        "a logical id is empty, but must have at least one letter or digit".to_owned()
    } else if let Some(odd) = id.chars().find(|character| !fits(*character)) {
        format!(
            "the logical id {} has the character `{odd}`, but only letters and digits (A-Z, a-z, 0-9) are allowed",
            quoted(id)
        )
    } else if id.len() > NAME_CHARACTERS {
        format!("the logical id {} has {} characters, but at most {NAME_CHARACTERS} are allowed", quoted(id), id.len())
    } else {
        return;
    };
    findings.push(LOGICAL_ID.at(place, message));
}

/// Reports a value that must be an object and is none.
fn object(name: &str, value: &Tree, place: &Place<'_>, findings: &mut Vec<Finding>) -> bool {
    let is_object = value.as_map().is_some();
    // Null has a rule of its own.
    if !is_object && value.node != Node::Null {
        findings.push(SHAPE.at(place, format!("`{name}` must be an object, but is {}", kind(value))));
    }
    is_object
}

/// Reports a description that is no string or is too long.
fn description(value: &Tree, most: usize, place: &Place<'_>, findings: &mut Vec<Finding>) {
    match value.as_str() {
        None if value.node == Node::Null => {}
        None => {
            let message = format!("a description must be a literal string, but is {}", kind(value));
            findings.push(DESCRIPTION.at(place, message));
        }
        Some(text) if text.len() > most => {
            let message =
                format!("the description has {}, but at most {most} are allowed", counted(text.len(), "byte"));
            findings.push(DESCRIPTION.at(place, message).hint("move the rest to `Metadata` or to a comment"));
        }
        Some(_) => {}
    }
}

fn transform(value: &Tree, place: &Place<'_>, findings: &mut Vec<Finding>) {
    for one in value.as_list().unwrap_or(std::slice::from_ref(value)) {
        let has_odd_key = one.as_map().is_some_and(|map| map.keys().any(|key| !["Name", "Parameters"].contains(&key)));
        let is_named = one.as_str().is_some() || one.get("Name").and_then(Tree::as_str).is_some();
        if !is_named || has_odd_key {
            let message = format!(
                "`Transform` names macros, or has objects with `Name` and `Parameters`, but here is {}",
                kind(one)
            );
            findings.push(TRANSFORM.at(place, message));
        }
    }
}

/// Checks an entry of `Rules`, which decides about parameters before the stack is touched.
fn rule(entry: &Entry, place: &Place<'_>, findings: &mut Vec<Finding>) {
    if !object(&entry.key, &entry.value, place, findings) {
        return;
    }
    for part in entry.value.as_map().into_iter().flatten() {
        if !["Assertions", "RuleCondition"].contains(&part.key.as_str()) {
            let message = format!("a rule has `RuleCondition` and `Assertions`, but no {}", quoted(&part.key));
            findings.push(RULE.at(&place.entry(part), message));
        }
    }
    let assertions = entry.value.get("Assertions").and_then(Tree::as_list).unwrap_or_default();
    let fits = |assertion: &Tree| assertion.get("Assert").is_some();
    if assertions.is_empty() || !assertions.iter().all(fits) {
        let message = format!("rule `{}` must have `Assertions`, a list of objects with an `Assert`", entry.key);
        findings.push(RULE.at(place, message));
    }
}

/// Reports keys that stand twice in an object, and nulls, anywhere. Counts the bytes of the tree roughly, before escapes.
fn keys_and_nulls(tree: &Tree, place: &Place<'_>, findings: &mut Vec<Finding>) -> usize {
    /// Of quotes and of what separates.
    const PUNCTUATION: usize = 3;
    match &tree.node {
        Node::Null => {
            let name = place.name().unwrap_or_else(|| "the template".to_owned());
            let hint = "leave the key out, or write `{\"Ref\": \"AWS::NoValue\"}`";
            findings.push(NULL.at(place, format!("`{name}` is null, which CloudFormation refuses")).hint(hint));
            "null".len()
        }
        Node::Bool(_) | Node::Number(_) => "false".len(),
        Node::String(text) => text.len() + PUNCTUATION,
        Node::List(list) => {
            let items = list.iter().enumerate();
            let bytes = items.map(|(index, item)| keys_and_nulls(item, &place.index(index, item), findings));
            bytes.sum::<usize>() + PUNCTUATION
        }
        Node::Map(map) => {
            for entry in twice(map) {
                duplicate(map, entry, &place.entry(entry), findings);
            }
            let bytes = map.iter().map(|entry| {
                entry.key.len() + PUNCTUATION + keys_and_nulls(&entry.value, &place.entry(entry), findings)
            });
            bytes.sum::<usize>() + PUNCTUATION
        }
    }
}

/// Lists the entries whose key stands further up already.
fn twice(map: &tree::Map) -> Vec<&Entry> {
    /// Up to this many keys, looking at all pairs is quicker than a set.
    const FEW: usize = 12;
    if map.len() > FEW {
        let mut seen = BTreeSet::new();
        return map.iter().filter(|entry| !seen.insert(entry.key.as_str())).collect();
    }
    let is_second = |(index, entry): &(usize, &Entry)| map.keys().take(*index).any(|key| key == entry.key);
    map.iter().enumerate().filter(is_second).map(|(_, entry)| entry).collect()
}

fn duplicate(map: &tree::Map, entry: &Entry, place: &Place<'_>, findings: &mut Vec<Finding>) {
    let first = map.entry(&entry.key).map(|first| first.origin.or(first.value.origin)).unwrap_or_default();
    let mut message = format!("`{}` stands twice in the same object", entry.key);
    if first != tree::Origin::Unknown {
        message = format!("{message}; first at {first}");
    }
    findings.push(DUPLICATE_KEY.at(place, message).hint("keep one of the two"));
}

pub(crate) static SECTION: Rule = Rule {
    id: "structure/section",
    severity: Severity::Error,
    statement: "a template has only the sections that CloudFormation knows",
    why: "CloudFormation refuses a template with any other section",
    page: "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-anatomy.html",
    bad: r#"{"Resource": {}, "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}"#,
    good: r#"{"Description": "Topics.", "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}"#,
};

pub(crate) static VERSION: Rule = Rule {
    id: "structure/version",
    severity: Severity::Error,
    statement: "the template format version is 2010-09-09 or is left out",
    why: "there has never been another version; other words are refused",
    page: "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/format-version-structure.html",
    bad: r#"{"AWSTemplateFormatVersion": "2012-10-17", "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}"#,
    good: r#"{"AWSTemplateFormatVersion": "2010-09-09", "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}"#,
};

pub(crate) static RESOURCES: Rule = Rule {
    id: "structure/resources",
    severity: Severity::Error,
    statement: "a template declares at least one resource",
    why: "a stack without resources cannot be created",
    page: "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/resources-section-structure.html",
    bad: r#"{"Description": "Nothing yet."}"#,
    good: r#"{"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}"#,
};

pub(crate) static RULE: Rule = Rule {
    id: "structure/rule",
    severity: Severity::Error,
    statement: "a rule has assertions, and a condition if it does not always hold",
    why: "CloudFormation refuses rules of any other shape",
    page: "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/rules-section-structure.html",
    bad: r#"{"Rules": {"Prod": {"Assert": true}}, "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}"#,
    good: r#"{"Parameters": {"Stage": {"Type": "String"}},
        "Rules": {"Prod": {"Assertions": [{"Assert": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]}}]}},
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}"#,
};

pub(crate) static SHAPE: Rule = Rule {
    id: "structure/shape",
    severity: Severity::Error,
    statement: "a section and what is declared in it are objects",
    why: "CloudFormation cannot read lists or text there",
    page: "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-formats.html",
    bad: r#"{"Resources": {"Topic": "AWS::SNS::Topic"}}"#,
    good: r#"{"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}"#,
};

pub(crate) static TRANSFORM: Rule = Rule {
    id: "structure/transform",
    severity: Severity::Error,
    statement: "`Transform` names one macro or several",
    why: "CloudFormation cannot call a macro without its name",
    page: "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/transform-section-structure.html",
    bad: r#"{"Transform": [7], "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}"#,
    good: r#"{"Transform": ["AWS::LanguageExtensions"], "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}"#,
};

pub(crate) static DESCRIPTION: Rule = Rule {
    id: "structure/description",
    severity: Severity::Error,
    statement: "a description is a literal string of limited length",
    why: "CloudFormation refuses more than 1,024 bytes (4,000 characters for a parameter), and functions",
    page: "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-description-structure.html",
    bad: r#"{"Description": {"Ref": "AWS::StackName"}, "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}"#,
    good: r#"{"Description": "Topics.", "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}"#,
};

pub(crate) static LIMIT: Rule = Rule {
    id: "structure/limit",
    severity: Severity::Error,
    statement: "a template stays within CloudFormation's quotas: 500 resources, 200 parameters, 1 MB and so on",
    why: "larger templates are refused, and the quotas cannot be raised",
    page: "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html",
    bad: r#"{"Conditions": {"Any": {"Fn::Or": [
            {"Fn::Equals": ["a", "01"]}, {"Fn::Equals": ["a", "02"]}, {"Fn::Equals": ["a", "03"]},
            {"Fn::Equals": ["a", "04"]}, {"Fn::Equals": ["a", "05"]}, {"Fn::Equals": ["a", "06"]},
            {"Fn::Equals": ["a", "07"]}, {"Fn::Equals": ["a", "08"]}, {"Fn::Equals": ["a", "09"]},
            {"Fn::Equals": ["a", "10"]}, {"Fn::Equals": ["a", "11"]}]}},
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}"#,
    good: r#"{"Conditions": {"Any": {"Fn::Or": [{"Fn::Equals": ["a", "01"]}, {"Fn::Equals": ["a", "02"]}]}},
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}"#,
};

pub(crate) static LOGICAL_ID: Rule = Rule {
    id: "structure/logical-id",
    severity: Severity::Error,
    statement: "logical ids are of 1 to 255 letters and digits",
    why: "CloudFormation refuses any other character",
    page: "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/resources-section-structure.html",
    bad: r#"{"Resources": {"My-Topic": {"Type": "AWS::SNS::Topic"}}}"#,
    good: r#"{"Resources": {"MyTopic": {"Type": "AWS::SNS::Topic"}}}"#,
};

pub(crate) static DUPLICATE_KEY: Rule = Rule {
    id: "structure/duplicate-key",
    severity: Severity::Error,
    statement: "a key stands only once in an object, and a name means either a parameter or a resource",
    why: "readers silently keep one of the two, and `Ref` could mean either",
    page: "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-formats.html",
    bad: r#"{"Parameters": {"Topic": {"Type": "String"}}, "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}"#,
    good: r#"{"Parameters": {"TopicName": {"Type": "String"}}, "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}"#,
};

pub(crate) static NULL: Rule = Rule {
    id: "structure/null",
    severity: Severity::Error,
    statement: "nothing in a template is null",
    why: "CloudFormation refuses templates with null values",
    page: "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/pseudo-parameter-reference.html",
    bad: r#"{"Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": null}}}}"#,
    good: r#"{"Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": {"Ref": "AWS::NoValue"}}}}}"#,
};

/// The rules of this group.
pub(crate) static RULES: &[&Rule] = &[
    &resources::CREATION_POLICY,
    &resources::DELETION_POLICY,
    &DESCRIPTION,
    &DUPLICATE_KEY,
    &LIMIT,
    &LOGICAL_ID,
    &mappings::MAPPING,
    &NULL,
    &outputs::OUTPUT,
    &parameters::PARAMETER,
    &parameters::DEFAULT,
    &parameters::TYPE,
    &resources::RESOURCE,
    &RESOURCES,
    &RULE,
    &SECTION,
    &SHAPE,
    &TRANSFORM,
    &resources::UPDATE_POLICY,
    &VERSION,
];
