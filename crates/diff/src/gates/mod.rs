//! The gates: what somebody should look at twice before a change is deployed.

mod access;
mod branches;
mod cidr;
mod destructive;
mod exposed;
mod finding;
mod guarded;
mod identities;
mod losses;
mod network;
mod permissions;
mod protections;
mod roles;
mod runners;
mod safeguards;
mod side;
mod strangers;
#[cfg(test)]
mod tests;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use crate::{Action, Diff, Gate, GateFinding, Template};
use finding::Finding;
use permissions::text::{Holes, Names, Reader, named_otherwise};
pub use roles::{RolePermissions, Sentence, roles};
use safeguards::Table;
use side::{Id, Renames, Side};

/// Finds what is destroyed, what is opened and what data is put at risk by the changes.
///
/// `diff` is the comparison of the same templates, complete but for its `gates`; the templates themselves are there
/// because what a permission amounts to is not to be seen from what changed in it. The findings come in the order of
/// [`crate::Gate::ALL`], then of the stacks of `diff`.
pub fn check(old: &[Template<'_>], new: &[Template<'_>], diff: &Diff) -> Vec<GateFinding> {
    if diff.is_empty() {
        return Vec::new();
    }
    let renames = renames(diff);
    let (mut before, mut now) = (Side::new(old, &renames), Side::new(new, &Renames::default()));
    now.compare_conditions(old, new);
    let moved_names = named_otherwise(&before, &now);
    before.name_otherwise(moved_names.clone());
    now.name_otherwise(moved_names);
    let (openings, losses) = weakened(&before, &now, diff);
    let known = RefCell::default();
    let broadening = [
        access::broadened(&before, &now, &|service| remembered(&known, service)),
        network::opened(&before, &now),
        openings,
        protections::guards_removed(&before, &now),
        protections::made_open(&before, &now),
        exposed::databases(&before, &now),
        exposed::network_lists(&before, &now),
        protections::parameters_shown(old, new),
    ];
    let data_loss = [losses, protections::backups_removed(&before, &now)];
    let mut findings: Vec<GateFinding> = Vec::new();
    let mut add = |gate: Gate, own: Vec<Finding>| findings.extend(own.into_iter().map(|finding| finding.at(gate)));
    add(Gate::Destructive, destructive::destroyed(diff));
    for own in broadening {
        add(Gate::Broadening, own);
    }
    for own in data_loss {
        add(Gate::DataLoss, own);
    }
    let order: BTreeMap<&str, usize> =
        diff.stacks.iter().enumerate().map(|(index, stack)| (stack.name.as_str(), index)).collect();
    // What is in a stack that does not differ itself comes last: a role there may be given more by another stack.
    let position = |stack: &str| order.get(stack).copied().unwrap_or(usize::MAX);
    findings.sort_by_cached_key(|finding| (finding.gate, position(&finding.stack)));
    findings
}

/// Compares the safeguards of each resource that differs, or that something else reaches.
fn weakened(before: &Side<'_>, now: &Side<'_>, diff: &Diff) -> (Vec<Finding>, Vec<Finding>) {
    let holes = Holes::default();
    let (mut old_names, mut new_names) = (Names::new(), Names::new());
    let mut was = Reader::new(before, &holes, &mut old_names);
    let mut is = Reader::new(now, &holes, &mut new_names);
    let (mut openings, mut losses) = (Vec::new(), Vec::new());
    for change in diff.resources().filter(|change| !matches!(change.action, Action::Add | Action::Remove)) {
        let id = Id { stack: change.stack.clone(), logical: change.logical_id.clone() };
        let (Some(old), Some(new)) = (before.same(&id), now.same(&id)) else { continue };
        openings.extend(safeguards::weakened(Table::Openings, (old, &mut was), (new, &mut is)));
        losses.extend(safeguards::weakened(Table::Losses, (old, &mut was), (new, &mut is)));
        losses.extend(losses::weakened((old, &mut was), (new, &mut is)));
    }
    (openings, losses)
}

type Remembered = RefCell<BTreeMap<String, Rc<[(String, String)]>>>;

/// Lists the actions of a service, once for all policies that name it.
fn remembered(known: &Remembered, service: &str) -> Rc<[(String, String)]> {
    let mut known = known.borrow_mut();
    if let Some(actions) = known.get(service) {
        return Rc::clone(actions);
    }
    let actions = actions_of(service);
    known.insert(service.to_owned(), Rc::clone(&actions));
    actions
}

/// Lists the actions of a service, in small letters and as they are written.
fn actions_of(service: &str) -> Rc<[(String, String)]> {
    let actions = schemas::actions::service(service).map(schemas::actions::Service::actions);
    let names = actions.into_iter().flatten().map(|action| format!("{service}:{}", action.name()));
    names.map(|name| (name.to_ascii_lowercase(), name)).collect()
}

fn renames(diff: &Diff) -> Renames<'_> {
    let mut renames = Renames::default();
    for stack in &diff.stacks {
        if let Some(former) = &stack.former_name {
            renames.stacks.insert(former, &stack.name);
        }
    }
    for resource in diff.resources() {
        if let Some(former) = &resource.former {
            let now = (resource.stack.as_str(), resource.logical_id.as_str());
            renames.resources.insert((&former.stack, &former.logical_id), now);
        }
    }
    renames
}
