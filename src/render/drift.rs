//! How resources differ from their templates.

use std::fmt::Write;

use anstyle::Style;
use toolkit::{Difference, DriftedResource, StackDrift, Weight};

use super::findings::plural;
use crate::printer::{BOLD, DIM, GREEN, RED, YELLOW};
use crate::table::printable;

/// Writes all differences as a diff: what the template says, and what is there.
pub fn text(drifts: &[StackDrift]) -> String {
    let mut text = String::new();
    for drift in drifts {
        one(drift, &mut text);
    }
    let (mut differing, mut expected) = (0, 0);
    for resource in drifts.iter().flat_map(|drift| &drift.resources) {
        if resource.weight > Weight::Expected { differing += 1 } else { expected += 1 }
    }
    if differing > 0 {
        let _ = writeln!(
            text,
            "{} not as deployed: the next deployment does not put that right by itself; change it back, or take it into the \
             stack's file",
            plural(differing, "resource")
        );
    } else if expected > 0 {
        let _ = writeln!(text, "{GREEN}nothing differs{GREEN:#} but what scaling changes");
    } else {
        let _ = writeln!(text, "{GREEN}nothing differs{GREEN:#}");
    }
    text
}

fn one(drift: &StackDrift, text: &mut String) {
    // Writing into a string cannot fail.
    let _ = writeln!(text, "{BOLD}{}{BOLD:#} {DIM}{}{DIM:#} {}", drift.stack, drift.stack_name, drift.status);
    if let Some(reason) = &drift.incomplete {
        let _ = writeln!(text, "  {YELLOW}not compared to the end:{YELLOW:#} {reason}");
    }
    for resource in &drift.resources {
        let (style, word) = weight(resource.weight);
        let DriftedResource { logical_id, resource_type, status, .. } = resource;
        let _ = writeln!(text, "  {style}{word}{style:#} {logical_id} {DIM}{resource_type}{DIM:#} {status}");
        for difference in &resource.differences {
            self::difference(difference, resource.weight, text);
        }
    }
    if !drift.not_compared.is_empty() {
        let _ = writeln!(text, "  {DIM}CloudFormation cannot compare {}{DIM:#}", drift.not_compared.join(", "));
    }
}

fn difference(difference: &Difference, of_resource: Weight, text: &mut String) {
    let (style, word) = weight(difference.weight);
    // It is only said where it is not that of the whole resource.
    let word = if difference.weight == of_resource { String::new() } else { format!(" {style}({word}){style:#}") };
    let _ = writeln!(text, "    {}{word}", difference.path);
    if let Some(expected) = &difference.expected {
        let _ = writeln!(text, "      {RED}- {}{RED:#}", printable(expected));
    }
    if let Some(actual) = &difference.actual {
        let _ = writeln!(text, "      {GREEN}+ {}{GREEN:#}", printable(actual));
    }
}

fn weight(weight: Weight) -> (Style, &'static str) {
    match weight {
        Weight::Gone => (RED, "deleted"),
        Weight::Security => (RED, "security"),
        Weight::Data => (YELLOW, "data protection"),
        Weight::Behaviour => (YELLOW, "behaviour"),
        Weight::Cosmetic => (DIM, "cosmetic"),
        Weight::Expected => (DIM, "expected"),
    }
}
