//! The outputs of a template.

use tree::{Entry, Finding, Severity, Tree};

use super::{DESCRIPTION_BYTES, description, object};
use crate::kinds::{Kinds, produced};
use crate::outline::Outline;
use crate::place::Place;
use crate::rule::Rule;
use crate::words::{all_of, did_you_mean, given, quoted};

const FIELDS: [&str; 4] = ["Condition", "Description", "Export", "Value"];

/// Checks one output; what its value refers to is checked where references are followed.
pub(crate) fn output(outline: &Outline<'_>, entry: &Entry, place: &Place<'_>, findings: &mut Vec<Finding>) {
    let Some(fields) = entry.value.as_map() else {
        object(&entry.key, &entry.value, place, findings);
        return;
    };
    if entry.value.get("Value").is_none() {
        findings.push(OUTPUT.at(place, format!("output `{}` has no `Value`", entry.key)));
    }
    for field in fields {
        let place = place.entry(field);
        let problem = match field.key.as_str() {
            "Value" => value(outline, &field.value),
            "Description" => {
                description(&field.value, DESCRIPTION_BYTES, &place, findings);
                None
            }
            "Condition" if field.value.as_str().is_none() => {
                Some(format!("`Condition` must be the name of a condition, but is {}", given(&field.value)))
            }
            "Condition" => None,
            "Export" => export(&field.value),
            key => {
                let mut finding = OUTPUT.at(&place, format!("an output has no field {}", quoted(key)));
                finding.hint = did_you_mean(key, FIELDS).or(Some(format!("the fields are {}", all_of(FIELDS))));
                findings.push(finding);
                None
            }
        };
        findings.extend(problem.map(|message| OUTPUT.at(&place, message)));
    }
}

fn value(outline: &Outline<'_>, value: &Tree) -> Option<String> {
    let kinds = produced(outline, value);
    let is_text = kinds.overlaps(Kinds::TEXT);
    (!is_text).then(|| format!("the value of an output must be a string, but this gives {}", kinds.describe()))
}

fn export(export: &Tree) -> Option<String> {
    match export.as_map() {
        Some(_) if export.as_single().is_some_and(|(key, _)| key == "Name") => None,
        _ => Some("`Export` must be an object with a `Name` and nothing else".to_owned()),
    }
}

pub(crate) static OUTPUT: Rule = Rule {
    id: "structure/output",
    severity: Severity::Error,
    statement: "an output has a value that is a string, and only fields that outputs have",
    why: "CloudFormation refuses the template, or fails when the stack is done and its outputs are read",
    page: "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/outputs-section-structure.html",
    bad: r#"{"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}, "Outputs": {"Zones": {"Value": {"Fn::GetAZs": ""}}}}"#,
    good: r#"{"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
        "Outputs": {"Zones": {"Value": {"Fn::Join": [",", {"Fn::GetAZs": ""}]}}}}"#,
};
