//! Compares what would be done with what was approved.

use std::cmp::Ordering;

use super::loss::how;
use super::{PlannedChange, PlannedStep};

/// How grave a change is, beyond changing in place and adding, which a deployment is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Gravity {
    Harmless,
    /// It leaves the stack, and is kept.
    Released,
    /// It is made anew, or may be: whoever approves the one knows of the other.
    Replaced,
    Deleted,
}

fn gravity(change: &PlannedChange) -> Gravity {
    match (change.action.as_str(), change.replacement.as_deref()) {
        ("Remove", _) => match change.policy_action.as_deref() {
            Some(policy) if policy.contains("Retain") => Gravity::Released,
            _ => Gravity::Deleted,
        },
        ("Dynamic", _) | (_, Some("True" | "Conditional")) => Gravity::Replaced,
        _ => Gravity::Harmless,
    }
}

/// Lists what a change set would do that was not approved: each in words.
///
/// What was approved binds by resource: its logical id, its type, and the gravest thing that may happen to it. Changes in
/// place and additions need no word of their own once the step has one: the template that causes them is the approved
/// one.
pub(crate) fn unapproved(approved: &PlannedStep, real: &[PlannedChange]) -> Vec<String> {
    let is_unapproved = |change: &&PlannedChange| {
        let own = gravity(change);
        let same = |known: &&PlannedChange| {
            known.logical_id == change.logical_id && known.resource_type == change.resource_type
        };
        let worst = approved.changes.iter().filter(same).map(gravity).max().unwrap_or(Gravity::Harmless);
        let loses_more =
            change.loses.is_some() && !approved.changes.iter().filter(same).any(|known| known.loses.is_some());
        own.cmp(&worst) == Ordering::Greater || loses_more
    };
    real.iter().filter(is_unapproved).map(words).collect()
}

/// Says what happens to a resource: `Sources (AWS::S3::Bucket) is replaced`.
pub(crate) fn words(change: &PlannedChange) -> String {
    format!("{} ({}) {}", change.logical_id, change.resource_type, how(change))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::plan::{Basis, StepKind};

    fn change(logical_id: &str, action: &str, replacement: Option<&str>, policy: Option<&str>) -> PlannedChange {
        PlannedChange {
            action: action.to_owned(),
            logical_id: logical_id.to_owned(),
            physical_id: None,
            resource_type: "AWS::SNS::Topic".to_owned(),
            replacement: replacement.map(str::to_owned),
            policy_action: policy.map(str::to_owned),
            loses: None,
            properties: Vec::new(),
        }
    }

    #[test]
    fn only_what_is_graver_than_approved_is_listed() {
        let approved = PlannedStep {
            stack: "fleet".to_owned(),
            stack_name: "baleen-test-fleet".to_owned(),
            step: StepKind::Update,
            why: None,
            template_sha256: String::new(),
            parameters: BTreeMap::new(),
            basis: Basis::Predicted { because: "it needs an output".to_owned() },
            standing: None,
            changes: vec![
                change("Changed", "Modify", Some("False"), None),
                change("Maybe", "Modify", Some("Conditional"), None),
                change("Kept", "Remove", None, Some("Retain")),
            ],
            after: Vec::new(),
            estimated_seconds: 0,
        };
        let real = [
            change("Changed", "Modify", Some("Conditional"), None),
            change("Maybe", "Modify", Some("True"), None),
            change("Kept", "Remove", None, Some("Delete")),
            change("Unheard", "Modify", Some("False"), None),
            change("Other", "Remove", None, None),
            change("New", "Add", None, None),
        ];
        assert_eq!(
            unapproved(&approved, &real),
            [
                "Changed (AWS::SNS::Topic) may be replaced",
                "Kept (AWS::SNS::Topic) is deleted",
                "Other (AWS::SNS::Topic) is deleted"
            ]
        );
    }
}
