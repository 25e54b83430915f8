//! `CreationPolicy` and `UpdatePolicy`, which belong to CloudFormation and so have no provider schema.

use std::sync::LazyLock;

use schemas::{Json, Packed, pack};
use tree::{Finding, Tree};

use super::resources::{CREATION_POLICY, UPDATE_POLICY};
use crate::outline::Outline;
use crate::place::Place;
use crate::rule::Rule;
use crate::schema::{Patterns, Target, validate};
use crate::words::all_of;

/// The AWS pages "`CreationPolicy` attribute" and "`UpdatePolicy` attribute" as schemas, by resource type.
static POLICIES: LazyLock<Packed> = LazyLock::new(|| {
    let policies = serde_json::from_str(include_str!("policies.json")).unwrap_or_default();
    let (text, rest) = pack([("policies", &policies)]).unwrap_or_default();
    Packed::open(text, rest)
});

fn policies() -> Option<Json<'static>> {
    POLICIES.get("policies")
}

pub(crate) fn creation(
    outline: &Outline<'_>,
    type_name: &str,
    policy: &Tree,
    place: &Place<'_>,
    findings: &mut Vec<Finding>,
) {
    check(outline, ("creation", &CREATION_POLICY), type_name, policy, place, findings);
}

pub(crate) fn update(
    outline: &Outline<'_>,
    type_name: &str,
    policy: &Tree,
    place: &Place<'_>,
    findings: &mut Vec<Finding>,
) {
    check(outline, ("update", &UPDATE_POLICY), type_name, policy, place, findings);
}

fn check(
    outline: &Outline<'_>,
    (group, rule): (&str, &'static Rule),
    type_name: &str,
    policy: &Tree,
    place: &Place<'_>,
    findings: &mut Vec<Finding>,
) {
    let Some(root) = policies() else { return };
    let Some(types) = root.get(group).and_then(Json::as_object) else { return };
    match types.get(type_name) {
        Some(schema) => {
            let target = Target { root, schema, name: type_name };
            let faults = validate(outline, &Patterns::default(), &target, policy, &[], place);
            findings.extend(faults.into_iter().map(|fault| Finding { rule: rule.id, ..fault }));
        }
        // What an unknown type can do is for whoever made it to say.
        None if schemas::exists(type_name) || type_name.ends_with("::MODULE") => {
            let name = place.name().unwrap_or_default();
            let hint = format!("types that have one are {}", all_of(types.keys()));
            findings.push(rule.at(place, format!("`{type_name}` has no `{name}`")).hint(hint));
        }
        None => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_schemas_are_readable() {
        let policies = policies().expect("the embedded file");
        assert!(policies.pointer("/creation/AWS::EC2::Instance").is_some());
        assert!(policies.pointer("/definitions/AutoScalingRollingUpdate").is_some());
    }
}
