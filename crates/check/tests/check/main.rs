//! What the crate promises, on templates small enough to read.

#![expect(clippy::needless_pass_by_value, reason = "`json!` borrows what the tests make on the spot")]

use check::Template;
use serde_json::Value;
use tree::{Finding, Origin, Tree};

mod domain;
mod faults;
mod hostile;
mod oracle;
mod order;
mod references;
mod rules;
mod schema;
mod security;
mod shell;
mod structure;
mod suppressions;

/// Checks templates for everything but security, which has tests of its own.
fn check(templates: &[Template<'_>]) -> Vec<Finding> {
    let mut findings = check::check(templates);
    findings.retain(|finding| !finding.rule.starts_with("security/"));
    findings
}

/// Checks one template, and writes the findings as people see them, with their hints.
fn findings(template: Value) -> Vec<String> {
    let tree = Tree::from_json(template, Origin::Unknown);
    check(&[Template { name: "example", tree: &tree }]).iter().map(shown).collect()
}

fn shown(finding: &Finding) -> String {
    let hint = finding.hint.as_ref().map(|hint| format!("; {hint}")).unwrap_or_default();
    format!("{} {}: {}{hint}", finding.rule, finding.path, finding.message)
}

/// Checks one resource in a template with parameters and conditions at hand.
fn of_resource(type_name: &str, properties: Value) -> Vec<String> {
    findings(with_resource(serde_json::json!({"Type": type_name, "Properties": properties})))
}

fn with_resource(resource: Value) -> Value {
    serde_json::json!({
        "Parameters": {
            "Name": {"Type": "String"},
            "Names": {"Type": "CommaDelimitedList"},
            "Stage": {"Type": "String"}
        },
        "Conditions": {
            "IsDev": {"Fn::Equals": [{"Ref": "Stage"}, "dev"]},
            "IsProd": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]},
            "IsNotProd": {"Fn::Not": [{"Condition": "IsProd"}]}
        },
        "Resources": {"It": resource}
    })
}

const NOTHING: [&str; 0] = [];
