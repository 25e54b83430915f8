//! Nested stacks whose template is at hand: the parameters that they are given against those that there are.

use std::collections::BTreeMap;

use tree::{Entry, Finding, Severity, Tree};

use crate::conditions::alternatives;
use crate::outline::Outline;
use crate::place::Place;
use crate::rule::Rule;
use crate::words::{all_of, did_you_mean, quoted};

/// Checks the nested stacks of a template; `all` are the templates that are checked together.
pub(super) fn check(outline: &Outline<'_>, all: &[Outline<'_>], place: &Place<'_>, findings: &mut Vec<Finding>) {
    let Some(section) = outline.tree.as_map().and_then(|map| map.entry("Resources")) else { return };
    let place = place.entry(section);
    let mut by_name: Option<BTreeMap<&str, &Outline<'_>>> = None;
    for entry in outline.resource_entries() {
        let Some((location, properties)) = nested(entry) else { continue };
        let by_name = by_name.get_or_insert_with(|| all.iter().map(|other| (other.name, other)).collect());
        let Some(other) = by_name.get(beside(outline.name, location).as_str()) else { continue };
        let place = place.entry(entry);
        parameters(outline, other, properties, &place.entry(properties), findings);
    }
}

/// Returns where the template of a nested stack is, and the properties of the stack.
fn nested(entry: &Entry) -> Option<(&str, &Entry)> {
    let key = match entry.value.get("Type")?.as_str()? {
        "AWS::CloudFormation::Stack" => "TemplateURL",
        "AWS::Serverless::Application" => "Location",
        _ => return None,
    };
    let properties = entry.value.as_map()?.entry("Properties")?;
    Some((properties.value.get(key)?.as_str()?, properties))
}

/// Follows a path that stands in the file of this name.
fn beside(name: &str, path: &str) -> String {
    let mut steps: Vec<&str> = name.split('/').collect();
    steps.pop();
    for step in path.split('/') {
        match step {
            "." | "" => {}
            ".." if steps.last().is_some_and(|last| *last != "..") => {
                steps.pop();
            }
            _ => steps.push(step),
        }
    }
    steps.join("/")
}

fn parameters(
    outline: &Outline<'_>,
    other: &Outline<'_>,
    properties: &Entry,
    place: &Place<'_>,
    findings: &mut Vec<Finding>,
) {
    let entry = properties.value.as_map().and_then(|map| map.entry("Parameters"));
    let absent = place.key("Parameters", properties.origin);
    let place = entry.map_or(absent, |entry| place.entry(entry));
    let needed: Vec<&str> =
        other.parameters.iter().filter(|(_, one)| one.get("Default").is_none()).map(|(name, _)| *name).collect();
    let nothing = Tree::new(tree::Node::Map(tree::Map::default()), tree::Origin::Unknown);
    let given = entry.map_or(&nothing, |entry| &entry.value);
    let mut told = Vec::new();
    for (assumed, given) in alternatives(given) {
        if !outline.conditions.possible(&assumed) {
            continue;
        }
        // What is no object has a rule of its own.
        let Some(map) = given.as_map().filter(|_| crate::outline::function(given).is_none()) else { continue };
        for entry in map.iter().filter(|entry| !other.parameters.contains_key(entry.key.as_str())) {
            let message = format!("the template {} has no parameter {}", quoted(other.name), quoted(&entry.key));
            let mut finding = NESTED.at(&place.entry(entry), message);
            finding.hint = did_you_mean(&entry.key, other.parameters.keys().copied());
            told.push(finding);
        }
        let missing: Vec<&str> = needed.iter().copied().filter(|name| map.get(name).is_none()).collect();
        if !missing.is_empty() {
            let message = format!(
                "the template {} needs {}, which is not given",
                quoted(other.name),
                all_of(missing.iter().copied())
            );
            let hint = "give it in `Parameters`, or give it a `Default` in the other template";
            told.push(NESTED.at(&place, message).hint(hint));
        }
    }
    told.dedup();
    findings.extend(told);
}

pub(crate) static NESTED: Rule = Rule {
    id: "reference/nested",
    severity: Severity::Error,
    statement: "a nested stack is given the parameters that its template needs, and no others",
    why: "the nested stack fails when the outer one is half made; it is only known where both templates are checked together",
    page: "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudformation-stack.html",
    bad: r#"{"Parameters": {"Stage": {"Type": "String"}}, "Resources": {"Again": {"Type": "AWS::CloudFormation::Stack",
        "Properties": {"TemplateURL": "./example", "Parameters": {"Stag": "dev", "Stage": "dev"}}}}}"#,
    good: r#"{"Parameters": {"Stage": {"Type": "String"}}, "Resources": {"Again": {"Type": "AWS::CloudFormation::Stack",
        "Properties": {"TemplateURL": "./example", "Parameters": {"Stage": "dev"}}}}}"#,
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_followed_from_the_file_that_names_them() {
        assert_eq!(beside("app/main.yaml", "./nested.yaml"), "app/nested.yaml");
        assert_eq!(beside("app/main.yaml", "../nested.yaml"), "nested.yaml");
        assert_eq!(beside("main.yaml", "sub/../nested.yaml"), "nested.yaml");
        assert_eq!(beside("main.yaml", "../nested.yaml"), "../nested.yaml");
    }
}
