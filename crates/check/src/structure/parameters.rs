//! The parameters of a template.

use std::sync::LazyLock;

use regex_lite::Regex;
use tree::{Entry, Finding, Node, Severity, Tree};

use super::{description, object};
use crate::place::Place;
use crate::rule::Rule;
use crate::words::{all_of, any_of, did_you_mean, given, quoted};

const FIELDS: [&str; 11] = [
    "AllowedPattern",
    "AllowedValues",
    "ConstraintDescription",
    "Default",
    "Description",
    "MaxLength",
    "MaxValue",
    "MinLength",
    "MinValue",
    "NoEcho",
    "Type",
];
const DESCRIPTION_CHARACTERS: usize = 4000;
const VALUE_BYTES: usize = 4096;

/// The types that stand alone, in `List<…>` and in `AWS::SSM::Parameter::Value<…>`.
const NAMES: [&str; 11] = [
    "AWS::EC2::AvailabilityZone::Name",
    "AWS::EC2::Image::Id",
    "AWS::EC2::Instance::Id",
    "AWS::EC2::SecurityGroup::GroupName",
    "AWS::EC2::SecurityGroup::Id",
    "AWS::EC2::Subnet::Id",
    "AWS::EC2::VPC::Id",
    "AWS::EC2::Volume::Id",
    "AWS::Route53::HostedZone::Id",
    "Number",
    "String",
];
/// The types that have no list of their own.
const SINGLE: [&str; 3] = ["AWS::EC2::KeyPair::KeyName", "AWS::SSM::Parameter::Name", "CommaDelimitedList"];

/// All types that a parameter can have; sorted.
static TYPES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let lists = NAMES.iter().map(|name| format!("List<{name}>"));
    let plain = NAMES.iter().chain(&SINGLE).map(ToString::to_string).chain(lists);
    let mut all: Vec<String> = plain.flat_map(|name| [format!("AWS::SSM::Parameter::Value<{name}>"), name]).collect();
    all.sort_unstable();
    all
});

/// Checks one parameter.
pub(crate) fn parameter(entry: &Entry, place: &Place<'_>, findings: &mut Vec<Finding>) {
    let Some(fields) = entry.value.as_map() else {
        object(&entry.key, &entry.value, place, findings);
        return;
    };
    for field in fields {
        let place = place.entry(field);
        if !FIELDS.contains(&field.key.as_str()) {
            let mut finding = PARAMETER.at(&place, format!("a parameter has no field {}", quoted(&field.key)));
            finding.hint = did_you_mean(&field.key, FIELDS).or(Some(format!("the fields are {}", all_of(FIELDS))));
            findings.push(finding);
            continue;
        }
        if let Some(wanted) = mistaken_kind(field) {
            let message = format!("`{}` must be {wanted}, but is {}", field.key, given(&field.value));
            findings.push(PARAMETER.at(&place, message));
        }
        if field.key == "Description" {
            description(&field.value, DESCRIPTION_CHARACTERS, &place, findings);
        }
    }
    match entry.value.get("Type").map(Tree::as_str) {
        Some(Some(type_name)) => of_type(entry, type_name, place, findings),
        Some(None) => {}
        None => {
            let message = format!("parameter `{}` has no `Type`", entry.key);
            findings.push(PARAMETER.at(place, message).hint("add one, such as `\"Type\": \"String\"`"));
        }
    }
}

/// Tells what a field must be, if it is something else.
fn mistaken_kind(field: &Entry) -> Option<&'static str> {
    let (fits, wanted) = match (field.key.as_str(), &field.value.node) {
        // Null has a rule of its own, and so have descriptions.
        (_, Node::Null) | ("Description", _) => return None,
        ("AllowedValues", Node::List(list)) => {
            (list.iter().all(|one| scalar(one).is_some()), "a list of literal strings and numbers")
        }
        ("AllowedValues", _) => (false, "a list"),
        ("Default", node) => {
            (matches!(node, Node::String(_) | Node::Number(_) | Node::Bool(_)), "a literal string or number")
        }
        ("MaxLength" | "MinLength", _) => {
            (number(&field.value).is_some_and(|number| number >= 0.0), "a number of characters")
        }
        ("MaxValue" | "MinValue", _) => (number(&field.value).is_some(), "a number"),
        ("NoEcho", node) => {
            let is_boolean = |text: &String| ["true", "false"].contains(&text.to_lowercase().as_str());
            (
                matches!(node, Node::Bool(_)) || matches!(node, Node::String(text) if is_boolean(text)),
                "`true` or `false`",
            )
        }
        (_, node) => (matches!(node, Node::String(_)), "a literal string"),
    };
    (!fits).then_some(wanted)
}

fn of_type(entry: &Entry, type_name: &str, place: &Place<'_>, findings: &mut Vec<Finding>) {
    let parameter = &entry.value;
    if TYPES.binary_search_by(|known| known.as_str().cmp(type_name)).is_err() {
        let place = place.key("Type", parameter.get("Type").map(|tree| tree.origin).unwrap_or_default());
        let mut finding = TYPE.at(&place, format!("there is no parameter type {}", quoted(type_name)));
        let common = ["String", "Number", "CommaDelimitedList", "List<…>", "AWS::SSM::Parameter::Value<…>"];
        let known = TYPES.iter().map(String::as_str);
        finding.hint =
            did_you_mean(type_name, known).or(Some(format!("types are {} and names of things", all_of(common))));
        findings.push(finding);
        return;
    }
    let useless: &[&str] = match type_name {
        "Number" | "List<Number>" => &["AllowedPattern", "MaxLength", "MinLength"],
        _ => &["MaxValue", "MinValue"],
    };
    for field in parameter.as_map().into_iter().flatten().filter(|field| useless.contains(&field.key.as_str())) {
        let message = format!("`{}` does not go with the type `{type_name}`", field.key);
        let hint = format!("leave {} to parameters of other types", any_of(useless.iter().copied()));
        findings.push(PARAMETER.at(&place.entry(field), message).hint(hint));
    }
    // The default of these is the name of an SSM parameter, and the constraints are about its value.
    if !type_name.starts_with("AWS::SSM::") {
        default(parameter, type_name, place, findings);
    }
}

/// Checks that a default satisfies the parameter's own constraints.
fn default(parameter: &Tree, type_name: &str, place: &Place<'_>, findings: &mut Vec<Finding>) {
    let Some(entry) = parameter.as_map().and_then(|map| map.entry("Default")) else { return };
    let Some(text) = scalar(&entry.value) else { return };
    let place = place.entry(entry);
    if text.len() > VALUE_BYTES {
        let message = format!("the default has {} bytes, but at most {VALUE_BYTES} are allowed", text.len());
        findings.push(DEFAULT.at(&place, message));
    }
    let is_list = type_name == "CommaDelimitedList" || type_name.starts_with("List<");
    let values: Vec<&str> = if is_list { text.split(',').map(str::trim).collect() } else { vec![&text] };
    let is_number = matches!(type_name, "Number" | "List<Number>");
    // Of lists, whole lists may be allowed as well.
    let is_allowed_as_it_is = |list: &[Tree]| list.iter().filter_map(scalar).any(|allowed| allowed == text);
    if parameter.get("AllowedValues").and_then(Tree::as_list).is_some_and(is_allowed_as_it_is) {
        return;
    }
    for value in values {
        let violated = if is_number && value.parse::<f64>().is_err() {
            Some("be a number".to_owned())
        } else {
            violated(parameter, value, is_number)
        };
        if let Some(expected) = violated {
            findings.push(DEFAULT.at(&place, format!("the default {} must {expected}", quoted(value))));
        }
    }
}

/// Tells which constraint of a parameter a value violates.
fn violated(parameter: &Tree, value: &str, is_number: bool) -> Option<String> {
    if let Some(allowed) = parameter.get("AllowedValues").and_then(Tree::as_list) {
        let allowed: Vec<String> = allowed.iter().filter_map(scalar).collect();
        if !allowed.iter().any(|allowed| allowed == value) {
            return Some(format!("be one of `AllowedValues`: {}", any_of(allowed.iter().map(String::as_str))));
        }
    }
    let limit = |field: &str| parameter.get(field).and_then(number);
    if is_number {
        let value: f64 = value.parse().ok()?;
        let low = limit("MinValue").filter(|low| value < *low).map(|low| format!("be at least `MinValue`, {low}"));
        return low
            .or(limit("MaxValue").filter(|high| value > *high).map(|high| format!("be at most `MaxValue`, {high}")));
    }
    #[expect(clippy::cast_precision_loss, reason = "the length of a text of a few kilobytes")]
    let length = value.chars().count() as f64;
    if let Some(low) = limit("MinLength").filter(|low| length < *low) {
        return Some(format!("have at least `MinLength`, {low}, characters"));
    }
    if let Some(high) = limit("MaxLength").filter(|high| length > *high) {
        return Some(format!("have at most `MaxLength`, {high}, characters"));
    }
    let pattern = parameter.get("AllowedPattern").and_then(Tree::as_str)?;
    // CloudFormation's patterns must match the whole value. Some of Java's patterns are not ours: those are let pass.
    let compiled = Regex::new(&format!("^(?:{pattern})$")).ok()?;
    (!compiled.is_match(value)).then(|| format!("match `AllowedPattern`, `{pattern}`"))
}

fn scalar(tree: &Tree) -> Option<String> {
    match &tree.node {
        Node::String(text) => Some(text.clone()),
        Node::Number(number) => Some(number.to_string()),
        Node::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

fn number(tree: &Tree) -> Option<f64> {
    match &tree.node {
        Node::Number(number) => number.as_f64(),
        Node::String(text) => text.parse().ok(),
        _ => None,
    }
}

pub(crate) static PARAMETER: Rule = Rule {
    id: "structure/parameter",
    severity: Severity::Error,
    statement: "a parameter has a type and only the fields that parameters of this type have",
    why: "CloudFormation refuses a template with other fields",
    page: "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html",
    bad: r#"{"Parameters": {"Stage": {"Type": "String", "AllowedValue": ["dev", "prod"]}},
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}"#,
    good: r#"{"Parameters": {"Stage": {"Type": "String", "AllowedValues": ["dev", "prod"]}},
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}"#,
};

pub(crate) static TYPE: Rule = Rule {
    id: "structure/parameter-type",
    severity: Severity::Error,
    statement: "the type of a parameter is one that CloudFormation knows",
    why: "resource types, JSON types and misspelt ones are refused",
    page: "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-supplied-parameter-types.html",
    bad: r#"{"Parameters": {"Subnets": {"Type": "List<AWS::EC2::Subnet>"}},
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}"#,
    good: r#"{"Parameters": {"Subnets": {"Type": "List<AWS::EC2::Subnet::Id>"}},
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}"#,
};

pub(crate) static DEFAULT: Rule = Rule {
    id: "structure/parameter-default",
    severity: Severity::Error,
    statement: "the default of a parameter satisfies the parameter's own constraints",
    why: "the stack cannot be created without giving a value, although the template promises that it can",
    page: "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html",
    bad: r#"{"Parameters": {"Stage": {"Type": "String", "AllowedValues": ["dev", "prod"], "Default": "test"}},
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}"#,
    good: r#"{"Parameters": {"Stage": {"Type": "String", "AllowedValues": ["dev", "prod"], "Default": "dev"}},
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}"#,
};
