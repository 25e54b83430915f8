//! Each of the planted faults is found by its rule, and the template without them is good.

use std::collections::BTreeSet;

use check::{Template, check};
use serde_json::Value;
use tree::{Finding, Origin, Tree};

#[path = "../faults/plant.rs"]
mod plant;

/// Checks for everything but security, of which the template shows nothing.
fn findings(template: Value) -> Vec<Finding> {
    let tree = Tree::from_json(template, Origin::Unknown);
    let mut findings = check(&[Template { name: "pipeline", tree: &tree }]);
    findings.retain(|finding| !finding.rule.starts_with("security/"));
    findings
}

#[test]
fn nothing_is_found_where_no_fault_is_planted() {
    let found: Vec<_> = findings(plant::pipeline().unwrap()).iter().map(ToString::to_string).collect();
    assert_eq!(found, super::NOTHING);
}

#[test]
fn each_planted_fault_is_found_by_its_rule() {
    let mut missed = Vec::new();
    for fault in plant::faults().unwrap() {
        let mut template = plant::pipeline().unwrap();
        fault.plant(&mut template).unwrap_or_else(|error| panic!("{}: {error}", fault.title));
        let rules: BTreeSet<_> = findings(template).iter().map(|finding| finding.rule).collect();
        if !rules.contains(fault.rule.as_str()) {
            missed.push(format!("{}: {} wanted, {rules:?} found", fault.title, fault.rule));
        }
    }
    assert_eq!(missed, Vec::<String>::new());
}

#[test]
fn faults_are_told_apart() {
    let faults = plant::faults().unwrap();
    assert!(faults.len() >= 90, "{} faults", faults.len());
    let sentences: BTreeSet<_> = faults.iter().map(|fault| fault.title.as_str()).collect();
    assert_eq!(sentences.len(), faults.len());
    for fault in &faults {
        assert!(check::rule(&fault.rule).is_some(), "{}: there is no rule {}", fault.title, fault.rule);
    }
}
