//! What is replaced or deleted.

use super::finding::Finding;
use super::side::Place;
use crate::render::dotted;
use crate::{Action, Cause, Diff, Fate, Impact, Path, ResourceChange, holds};

/// Lists resources that are, or may be, replaced or deleted. What leaves its stack and is kept is not among them.
pub(crate) fn destroyed(diff: &Diff) -> Vec<Finding> {
    diff.resources().filter(|change| change.impact.is_destructive()).map(finding).collect()
}

fn finding(change: &ResourceChange) -> Finding {
    let (kind, verb) = match change.impact {
        Impact::Delete => ("deleted", "is deleted"),
        Impact::MayDelete => ("may-be-deleted", "may be deleted"),
        Impact::MayReplace => ("may-be-replaced", "may be replaced"),
        _ => ("replaced", "is replaced"),
    };
    let (path, why) = reason(change);
    let origin = if change.action == Action::Remove { change.old_origin } else { change.new_origin };
    let place = Place {
        stack: change.stack.clone(),
        resource: change.logical_id.clone(),
        kind: change.resource_type.clone(),
        path,
        origin,
    };
    let message = format!("{} ({}) {verb}{why}{}", change.logical_id, change.resource_type, aftermath(change));
    Finding::new(kind, place, message)
}

/// Tells what the old one leaves behind.
fn aftermath(change: &ResourceChange) -> String {
    let what = holds(&change.resource_type).filter(|_| change.stateful);
    let replaced = matches!(change.impact, Impact::Replace | Impact::MayReplace);
    match (change.fate, what) {
        (Some(Fate::Retained), _) if replaced => {
            let holds = what.map_or_else(String::new, |what| format!(", with {what}"));
            format!("; the old one is kept outside of the stack{holds}, and the new one starts empty")
        }
        (Some(Fate::Retained), _) => "; it is kept outside of the stack".to_owned(),
        (Some(Fate::Snapshot), _) => "; a snapshot is taken first".to_owned(),
        (_, Some(what)) => {
            let certain = matches!(change.impact, Impact::Replace | Impact::Delete);
            let one = what == "a secret";
            let what = if one { "the secret in it".to_owned() } else { format!("{what} of it") };
            let verb = match (certain, one) {
                (false, _) => "would be",
                (true, true) => "is",
                (true, false) => "are",
            };
            format!("; {what} {verb} lost")
        }
        (_, None) => String::new(),
    }
}

/// Finds the change that does it.
fn reason(change: &ResourceChange) -> (Path, String) {
    if let Some(former) = &change.former {
        return (Path::root(), format!(", because it was {}/{}", former.stack, former.logical_id));
    }
    let worst = change.changes.iter().filter(|own| own.impact.is_destructive()).max_by_key(|own| own.impact);
    if let Some(own) = worst.filter(|_| change.action != Action::Remove) {
        let why = match own.impact {
            Impact::Replace => "can be set only when it is made",
            _ => "cannot always be changed in place",
        };
        return (own.path.clone(), format!(", because {} {why}", dotted(&own.path)));
    }
    let cause = change.changes.iter().find_map(|own| own.cause.as_ref()).or_else(|| change.causes.first());
    let why = match cause {
        Some(Cause::Resource { logical_id, .. }) => format!(", because {logical_id} is another one"),
        Some(Cause::Attribute { logical_id, attribute, .. }) => {
            format!(", because {attribute} of {logical_id} is another one")
        }
        Some(Cause::Parameter { name }) => format!(", because the default of the parameter {name} differs"),
        Some(Cause::Mapping { name }) => format!(", because the mapping {name} differs"),
        Some(Cause::Condition { name }) => format!(", because the condition {name} differs"),
        Some(Cause::Output { stack, name }) => format!(", because the output {name} of {stack} differs"),
        None => String::new(),
    };
    (Path::root(), why)
}
