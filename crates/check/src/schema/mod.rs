//! Each resource against the schema of its type.
//!
//! The schema is interpreted on the tree as it is, with what CloudFormation does to values before a resource provider
//! sees them: strings, numbers and booleans are converted, `AWS::NoValue` removes, `Fn::If` chooses. What another
//! function will give is not known, so neither it nor what depends on it is judged; only its kind is.

use std::collections::BTreeSet;

use schemas::{Json, Object};
use tree::{Finding, Node, Origin, Tree};

use crate::conditions::{Scenario, collect, merged};
use crate::outline::{Outline, branches, is_no_value};
use crate::place::Place;
use crate::rule::Rule;
use crate::words::quoted;

mod choice;
mod flow;
mod format;
mod identifier;
mod list;
mod object;
mod pattern;
mod read_only;
mod rules;
mod scalar;
mod value;

pub(crate) use pattern::Patterns;
pub(crate) use rules::*;

/// After so many findings, nobody waits for what else might have been meant.
const MOST_HINTED: usize = 200;

/// Checks every resource of a template.
pub(crate) fn check(outline: &Outline<'_>, patterns: &Patterns, place: &Place<'_>, findings: &mut Vec<Finding>) {
    let Some(section) = outline.tree.as_map().and_then(|map| map.entry("Resources")) else { return };
    let place = place.entry(section);
    identifier::check(outline, &place, findings);
    let nothing = Tree::new(Node::Map(tree::Map::default()), Origin::Unknown);
    for entry in outline.resource_entries() {
        let place = place.entry(entry);
        let Some(type_name) = entry.value.get("Type").and_then(Tree::as_str) else { continue };
        // Types that only a transform understands are no types without it.
        let is_translated = type_name.starts_with("AWS::Serverless::");
        let Some(schema) = schema(type_name).filter(|_| outline.transformed || !is_translated) else {
            unknown_type(outline, type_name, &place, findings);
            continue;
        };
        let properties = entry.value.as_map().and_then(|map| map.entry("Properties"));
        let absent = place.key("Properties", Origin::Unknown);
        let inner = properties.map_or(absent, |properties| place.entry(properties));
        let tree = properties.map_or(&nothing, |properties| &properties.value);
        if tree.as_map().is_none() {
            continue;
        }
        let condition = entry.value.get("Condition").and_then(Tree::as_str).map(|name| (name, true));
        let target = Target { root: schema.value(), schema: schema.value(), name: type_name };
        findings.extend(validate(outline, patterns, &target, tree, condition.as_slice(), &inner));
        if !is_translated {
            read_only::check(schema, tree, &inner, findings);
        }
    }
}

/// Finds the schema of a type; all custom resources share one.
fn schema(type_name: &str) -> Option<schemas::Schema> {
    let is_custom = type_name.starts_with("Custom::");
    schemas::schema(if is_custom { "AWS::CloudFormation::CustomResource" } else { type_name })
}

fn unknown_type(outline: &Outline<'_>, type_name: &str, place: &Place<'_>, findings: &mut Vec<Finding>) {
    // Types of other vendors, modules and what macros translate are known to the account only.
    let is_of_aws = type_name.starts_with("AWS::") || !type_name.contains("::");
    if !is_of_aws
        || type_name.ends_with("::MODULE")
        || (outline.transformed && type_name.starts_with("AWS::Serverless::"))
    {
        return;
    }
    let place = place.key("Type", Origin::Unknown);
    let mut finding = RESOURCE_TYPE.at(&place, format!("there is no resource type {}", quoted(type_name)));
    let similar = if findings.len() < MOST_HINTED { schemas::similar(type_name) } else { None };
    finding.hint = match similar {
        Some(similar) if similar != type_name => Some(format!("did you mean `{similar}`?")),
        _ if type_name.starts_with("AWS::Serverless::") => {
            Some("add `\"Transform\": \"AWS::Serverless-2016-10-31\"` to the template".to_owned())
        }
        _ => None,
    };
    findings.push(finding);
}

/// The schema that a value is held against.
pub(crate) struct Target<'s> {
    /// Where local references begin.
    pub root: Keyword,
    pub schema: Keyword,
    /// What messages call the value itself.
    pub name: &'s str,
}

/// Holds a value against a schema, for each combination of conditions that can happen.
///
/// `given` are the conditions that hold here anyway.
pub(crate) fn validate<'t>(
    outline: &Outline<'t>,
    patterns: &Patterns,
    target: &Target<'_>,
    tree: &'t Tree,
    given: &[(&'t str, bool)],
    place: &Place<'_>,
) -> Vec<Finding> {
    let mut used = BTreeSet::new();
    collect(tree, &mut used);
    let mut scenarios = vec![Scenario::default()];
    if !used.is_empty() {
        used.extend(given.iter().map(|(name, _)| *name));
        scenarios = outline.conditions.scenarios(&used);
        scenarios
            .retain(|scenario| given.iter().all(|(name, truth)| scenario.get(name).is_none_or(|value| value == truth)));
    }
    let findings = scenarios.iter().map(|scenario| {
        let mut faults = Vec::new();
        let validation = Validation { outline, patterns, root: target.root, name: target.name, scenario };
        validation.value(tree, target.schema, place, &mut faults);
        faults.into_iter().map(|fault| fault.finding).collect()
    });
    let findings = findings.collect();
    merged(&scenarios, findings)
}

/// A schema, or the argument of one of its keywords.
type Keyword = Json<'static>;

/// The keywords of a schema, or schemas by name.
type Keywords = Object<'static>;

/// One pass through a value.
struct Validation<'v, 't> {
    outline: &'v Outline<'t>,
    patterns: &'v Patterns,
    root: Keyword,
    name: &'v str,
    scenario: &'v Scenario<'t>,
}

/// A violation of a schema.
#[derive(Debug)]
struct Fault {
    finding: Finding,
    /// What the value must do to be right, as in "must *be a string*".
    must: Option<String>,
    /// How far the value is from what the schema wants: of several schemas the nearest one is explained.
    weight: u32,
}

impl<'t> Validation<'_, 't> {
    /// Names a place as messages do.
    fn named(&self, place: &Place<'_>) -> String {
        place.name().unwrap_or_else(|| self.name.to_owned())
    }

    /// Follows a local `$ref`.
    fn resolved(&self, schema: Keyword) -> Keyword {
        schema.resolved(self.root)
    }

    /// Chooses the branches of `Fn::If`. Nothing if that removes the value.
    fn settled(&self, tree: &'t Tree) -> Option<&'t Tree> {
        if is_no_value(tree) {
            return None;
        }
        match branches(tree) {
            Some((name, then, otherwise)) => match self.scenario.get(name) {
                Some(true) => self.settled(then),
                Some(false) => self.settled(otherwise),
                None => Some(tree),
            },
            None => Some(tree),
        }
    }
}

/// The rules of this group.
pub(crate) static RULES: &[&Rule] = &[
    &ENUM,
    &EXCLUSIVE,
    &CHOICE,
    &IDENTIFIER,
    &ITEMS,
    &LENGTH,
    &ONE_OF,
    &PATTERN,
    &RANGE,
    &READ_ONLY,
    &REFERENCE,
    &REQUIRED,
    &RESOURCE_TYPE,
    &TOGETHER,
    &TYPE,
    &UNIQUE,
    &UNKNOWN_PROPERTY,
];
