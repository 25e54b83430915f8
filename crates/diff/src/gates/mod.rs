//! The gates: what somebody should look at twice before a change is deployed.

mod access;
mod branches;
mod cidr;
mod finding;
mod guarded;
mod identities;
mod permissions;
mod side;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use crate::{Diff, Gate, GateFinding, Template};
use side::{Renames, Side};

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
    let (before, now) = (Side::new(old, &renames), Side::new(new, &Renames::default()));
    let mut findings = Vec::new();
    let broadened = access::broadened(&before, &now, &|_| Vec::new());
    findings.extend(broadened.into_iter().map(|finding| finding.at(Gate::Broadening)));
    let order: BTreeMap<&str, usize> =
        diff.stacks.iter().enumerate().map(|(index, stack)| (stack.name.as_str(), index)).collect();
    findings.sort_by_cached_key(|finding| (finding.gate, order.get(finding.stack.as_str()).copied()));
    findings
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
