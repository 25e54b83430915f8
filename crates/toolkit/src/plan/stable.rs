//! Replacements that CloudFormation does not rule out, and the templates do.
//!
//! It says `Conditional` of whatever uses an attribute of a resource that changes too, in a property that is set only at
//! creation. The attributes that identify a resource stay as they are while it is the same one. It also says so where a
//! property replaces its resource only in some cases, and this is none of them.

use std::collections::BTreeMap;

use super::loss::Evidence;
use super::{PlannedChange, PlannedProperty};

/// Says of each change that it is made in place, where that is certain: the templates show no reason for a replacement,
/// and all that may cause one are attributes that identify resources which are not replaced, or properties that are
/// foreseen to change in place.
pub(crate) fn settle(
    changes: &mut [PlannedChange],
    foreseen: &[PlannedChange],
    evidence: &dyn Fn(&str) -> Option<Evidence>,
) {
    // What is settled may settle others: each pass but the last settles one, and few refer to one another.
    loop {
        let kept: BTreeMap<String, String> = changes
            .iter()
            .filter(|change| change.action == "Modify" && change.replacement.as_deref() == Some("False"))
            .map(|change| (change.logical_id.clone(), change.resource_type.clone()))
            .collect();
        let mut is_done = true;
        for change in changes.iter_mut().filter(|change| is_open(change)) {
            let is_untouched = evidence(&change.logical_id).is_some_and(|found| !found.impact.is_destructive());
            if is_untouched && causes_stay(change, foreseen, &kept) {
                change.replacement = Some("False".to_owned());
                change.policy_action = None;
                is_done = false;
            }
        }
        if is_done {
            return;
        }
    }
}

fn is_open(change: &PlannedChange) -> bool {
    change.action == "Modify" && change.replacement.as_deref() == Some("Conditional")
}

fn causes_stay(change: &PlannedChange, foreseen: &[PlannedChange], kept: &BTreeMap<String, String>) -> bool {
    let mut open = change.properties.iter().filter(|property| property.requires_recreation.as_deref() != Some("Never"));
    let foreseen = foreseen.iter().find(|known| known.logical_id == change.logical_id);
    let is_in_place = |property: &PlannedProperty| {
        property.requires_recreation.as_deref() == Some("Conditionally")
            && foreseen
                .into_iter()
                .flat_map(|known| &known.properties)
                .any(|known| known.name == property.name && known.requires_recreation.as_deref() == Some("Never"))
    };
    open.all(|property| {
        if is_in_place(property) {
            return true;
        }
        property.causing_entity.as_deref().is_some_and(|entities| {
            entities.split(", ").all(|entity| {
                // A name alone: what `Ref` gives is the identifier, too.
                let Some((logical_id, attribute)) = entity.split_once('.') else { return kept.contains_key(entity) };
                kept.get(logical_id).is_some_and(|resource_type| identifies(resource_type, attribute))
            })
        })
    })
}

/// Says whether an attribute is the same for as long as its resource is.
fn identifies(resource_type: &str, attribute: &str) -> bool {
    let Some(schema) = schemas::schema(resource_type) else { return false };
    let is_identifier = schema.primary_identifier().any(|path| path.replace('/', ".") == attribute);
    is_identifier || attribute == "Arn"
}

#[cfg(test)]
mod tests {
    use diff::Impact;

    use super::*;

    fn change(logical_id: &str, resource_type: &str, replacement: &str, cause: Option<&str>) -> PlannedChange {
        PlannedChange {
            action: "Modify".to_owned(),
            logical_id: logical_id.to_owned(),
            physical_id: None,
            resource_type: resource_type.to_owned(),
            replacement: Some(replacement.to_owned()),
            policy_action: None,
            loses: None,
            properties: vec![PlannedProperty {
                name: "It".to_owned(),
                requires_recreation: Some("Always".to_owned()),
                causing_entity: cause.map(str::to_owned),
            }],
        }
    }

    #[test]
    fn only_what_identifies_a_resource_that_stays_rules_a_replacement_out() {
        let log = "AWS::EC2::FlowLog";
        let mut changes = vec![
            change("Later", log, "Conditional", Some("First.Id")),
            change("First", log, "Conditional", Some("Role.Arn")),
            change("Role", "AWS::IAM::Role", "False", None),
            change("Moving", log, "Conditional", Some("Load.LatestVersionNumber")),
            change("Load", "AWS::EC2::LaunchTemplate", "False", None),
            change("Both", log, "Conditional", Some("Role.Arn, Load.LatestVersionNumber")),
            change("Gone", "AWS::IAM::Role", "True", None),
            change("Follows", log, "Conditional", Some("Gone.Arn")),
            change("Direct", log, "Conditional", None),
            change("Written", log, "Conditional", Some("Role.Arn")),
        ];
        let evidence = |logical_id: &str| {
            let impact = if logical_id == "Written" { Impact::MayReplace } else { Impact::None };
            Some(Evidence { impact, fate: None })
        };
        settle(&mut changes, &[], &evidence);
        let open: Vec<_> = changes.iter().filter(|change| is_open(change)).map(|it| it.logical_id.as_str()).collect();
        assert_eq!(open, ["Moving", "Both", "Follows", "Direct", "Written"]);

        // An Auto Scaling group whose update policy keeps it, and what takes its name.
        let mut group = vec![
            change("Group", "AWS::AutoScaling::AutoScalingGroup", "Conditional", Some("Load.LatestVersionNumber")),
            change("Policy", "AWS::AutoScaling::ScalingPolicy", "Conditional", Some("Group")),
        ];
        group[0].properties[0].requires_recreation = Some("Conditionally".to_owned());
        let mut foreseen = vec![group[0].clone()];
        let certain = |_: &str| Some(Evidence { impact: Impact::Update, fate: None });
        settle(&mut group, &foreseen, &certain);
        assert!(group.iter().all(is_open), "foreseen to be replaced in some cases");
        foreseen[0].properties[0].requires_recreation = Some("Never".to_owned());
        settle(&mut group, &foreseen, &certain);
        assert!(!group.iter().any(is_open));

        let mut unread = vec![
            change("Role", "AWS::IAM::Role", "False", None),
            change("First", log, "Conditional", Some("Role.Arn")),
        ];
        settle(&mut unread, &[], &|_| None);
        assert!(is_open(&unread[1]), "without the old template nothing is certain");
    }
}
