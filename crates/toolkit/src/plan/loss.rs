//! What would be lost: stateful resources that are replaced or deleted need an explicit word.
//!
//! - A resource that is removed is lost unless its policy retains it.
//! - A resource that is replaced is lost to the system even where the old one is retained: the new one is empty.
//! - `Conditional` counts as replaced, unless the comparison of the templates shows that what changes can be changed in
//!   place: CloudFormation also says it where a value is only not known before.

use std::collections::BTreeSet;
use std::fmt;

use diff::{Fate, Impact};
use serde::Serialize;
use tree::Tree;

use super::{Plan, PlannedChange, PlannedStep};
use crate::Error;

/// Something that would be lost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Loss {
    /// The stack.
    pub stack: String,
    /// The resource.
    pub logical_id: String,
    /// Its type.
    pub resource_type: String,
    /// What it holds, such as `objects`.
    pub holds: String,
    /// What happens to it, such as `is replaced`.
    pub how: &'static str,
}

impl fmt::Display for Loss {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { stack, logical_id, resource_type, holds, how } = self;
        write!(formatter, "{logical_id} of `{stack}` ({resource_type}) {how}, and with it {holds}")
    }
}

/// What the templates say about a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Evidence {
    /// What its change does to it.
    pub impact: Impact,
    /// What becomes of the physical resource that is no longer used.
    pub fate: Option<Fate>,
}

impl Evidence {
    /// What they say about one that they do not change.
    pub const UNTOUCHED: Self = Self { impact: Impact::None, fate: None };
}

/// Names what would be lost by a change; `None` if nothing is. Without evidence, whatever may be is taken to be.
pub(crate) fn loses(change: &PlannedChange, evidence: Option<Evidence>) -> Option<String> {
    let holds = diff::holds(&change.resource_type)?;
    let may_be_destroyed = evidence.is_none_or(|evidence| evidence.impact.is_destructive());
    let is_lost = match (change.action.as_str(), change.replacement.as_deref()) {
        ("Remove", _) => match change.policy_action.as_deref() {
            Some(policy) => !policy.contains("Retain"),
            None => evidence.and_then(|evidence| evidence.fate) != Some(Fate::Retained),
        },
        (_, Some("True")) => true,
        (_, Some("Conditional")) | ("Dynamic", _) => may_be_destroyed,
        _ => false,
    };
    is_lost.then(|| holds.to_owned())
}

/// The resources that may be lost: as stack and logical id.
#[derive(Clone, Debug, Default)]
pub(crate) struct Allowed(BTreeSet<(String, String)>);

impl Allowed {
    /// Finds what the names given mean, among the resources of these templates, each with its stack's name.
    pub fn find(given: &[String], templates: &[(&str, &Tree)]) -> Result<Self, Error> {
        let mut allowed = BTreeSet::new();
        for name in given {
            let found: BTreeSet<_> = templates
                .iter()
                .filter_map(|(stack, template)| {
                    let logical_id = match name.split_once('.') {
                        Some((of, logical_id)) if of == *stack => logical_id,
                        Some(_) => return None,
                        None => name.as_str(),
                    };
                    template.find(["Resources", logical_id])?;
                    Some(((*stack).to_owned(), logical_id.to_owned()))
                })
                .collect();
            let stacks = found.iter().map(|(stack, _)| stack.clone()).collect::<Vec<_>>();
            match stacks.len() {
                0 => return Err(Error::UnknownResource { name: name.clone() }),
                1 => allowed.extend(found),
                _ => return Err(Error::AmbiguousResource { name: name.clone(), stacks }),
            }
        }
        Ok(Self(allowed))
    }

    /// Reads what a plan allows.
    pub fn of(plan: &Plan) -> Self {
        let pairs = plan.allowed_data_loss.iter().filter_map(|name| name.split_once('.'));
        Self(pairs.map(|(stack, logical_id)| (stack.to_owned(), logical_id.to_owned())).collect())
    }

    /// Writes them as a plan does: `STACK.LOGICAL_ID`.
    pub fn names(&self) -> Vec<String> {
        self.0.iter().map(|(stack, logical_id)| format!("{stack}.{logical_id}")).collect()
    }

    /// Lists the resources of a stack.
    pub fn of_stack<'a>(&'a self, stack: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(own, _)| own == stack).map(|(_, logical_id)| logical_id.as_str())
    }

    fn has(&self, stack: &str, logical_id: &str) -> bool {
        self.0.iter().any(|(own, id)| own == stack && id == logical_id)
    }

    /// Refuses changes by which something would be lost that may not be.
    pub fn guard<'a>(&self, changes: impl Iterator<Item = (&'a PlannedStep, &'a PlannedChange)>) -> Result<(), Error> {
        let lost =
            changes.filter(|(step, change)| change.loses.is_some() && !self.has(&step.stack, &change.logical_id));
        let losses: Vec<_> = lost.map(|(step, change)| loss(step, change)).collect();
        if losses.is_empty() { Ok(()) } else { Err(Error::DataLoss { losses }) }
    }

    /// Lists what was allowed and is not needed.
    pub fn unneeded(&self, plan: &Plan) -> Vec<String> {
        let needed: BTreeSet<_> =
            plan.losses().map(|(step, change)| (step.stack.clone(), change.logical_id.clone())).collect();
        self.0.difference(&needed).map(|(stack, logical_id)| format!("{stack}.{logical_id}")).collect()
    }
}

fn loss(step: &PlannedStep, change: &PlannedChange) -> Loss {
    Loss {
        stack: step.stack.clone(),
        logical_id: change.logical_id.clone(),
        resource_type: change.resource_type.clone(),
        holds: change.loses.clone().unwrap_or_default(),
        how: how(change),
    }
}

/// Says what happens to a resource: `is deleted`.
pub(crate) fn how(change: &PlannedChange) -> &'static str {
    match (change.action.as_str(), change.replacement.as_deref()) {
        ("Remove", _) if change.policy_action.as_deref().is_some_and(|policy| policy.contains("Retain")) => {
            "leaves the stack"
        }
        ("Remove", _) => "is deleted",
        (_, Some("True")) => "is replaced",
        (_, Some("Conditional")) => "may be replaced",
        ("Dynamic", _) => "may be anything",
        ("Add", _) => "is added",
        ("Import", _) => "is taken over",
        _ => "is changed",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(resource_type: &str, action: &str, replacement: Option<&str>, policy: Option<&str>) -> PlannedChange {
        PlannedChange {
            action: action.to_owned(),
            logical_id: "It".to_owned(),
            physical_id: None,
            resource_type: resource_type.to_owned(),
            replacement: replacement.map(str::to_owned),
            policy_action: policy.map(str::to_owned),
            loses: None,
            properties: Vec::new(),
        }
    }

    #[test]
    fn what_is_lost_is_named() {
        let bucket = "AWS::S3::Bucket";
        let updated = Some(Evidence { impact: Impact::Update, fate: None });
        let replaced = Some(Evidence { impact: Impact::MayReplace, fate: None });
        for (action, replacement, policy, evidence, expected) in [
            ("Remove", None, Some("Delete"), updated, true),
            ("Remove", None, Some("Snapshot"), updated, true),
            ("Remove", None, Some("Retain"), updated, false),
            ("Remove", None, Some("RetainExceptOnCreate"), None, false),
            ("Remove", None, None, None, true),
            ("Remove", None, None, Some(Evidence { impact: Impact::Retain, fate: Some(Fate::Retained) }), false),
            ("Modify", Some("True"), Some("ReplaceAndRetain"), updated, true),
            ("Modify", Some("Conditional"), None, updated, false),
            ("Modify", Some("Conditional"), None, Some(Evidence::UNTOUCHED), false),
            ("Modify", Some("Conditional"), None, replaced, true),
            ("Modify", Some("Conditional"), None, None, true),
            ("Dynamic", None, None, None, true),
            ("Modify", Some("False"), None, None, false),
            ("Add", None, None, None, false),
        ] {
            let found = loses(&change(bucket, action, replacement, policy), evidence).is_some();
            assert_eq!(found, expected, "{action} {replacement:?} {policy:?} {evidence:?}");
        }
        assert_eq!(loses(&change("AWS::IAM::Role", "Remove", None, None), None), None, "a role holds nothing");
    }
}
