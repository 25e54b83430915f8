//! Which exports the new templates drop or change.

use std::collections::{BTreeMap, BTreeSet};

use diff::{Action, Cause};
use template::StackTemplate;
use tree::{Entry, Tree};

use super::keep::{Keeping, entry};
use super::neutral::neutral;
use super::references::{Used, entries, used};

/// A stack as it stands before.
#[derive(Clone, Debug)]
pub(crate) struct Before {
    /// Its template.
    pub template: Tree,
    /// What it exports, by the name of the output.
    pub exports: BTreeMap<String, Exported>,
}

/// An export that is there.
#[derive(Clone, Debug)]
pub(crate) struct Exported {
    /// The name by which it is imported.
    pub name: String,
    /// Its value; nothing where it is only going to be there.
    pub value: Option<String>,
}

/// An export that a new template drops or gives another value.
#[derive(Clone, Debug)]
pub(crate) struct Touched {
    /// The stack's name within the app.
    pub stack: String,
    /// The name by which it is imported.
    pub export: String,
    /// Its value, where that is known.
    pub value: Option<String>,
    /// What is kept for it while it is in use; nothing if it cannot stay what it is.
    pub keeping: Option<Keeping>,
}

/// What becomes of the exports that are there.
#[derive(Clone, Debug, Default)]
pub(crate) struct Touch {
    /// The exports that the new templates drop or change.
    pub exports: Vec<Touched>,
    /// The stacks for which CloudFormation may find nothing to update, though they import no more.
    pub the_same: BTreeSet<String>,
}

/// Finds the exports that the new templates of the selected stacks drop or change.
pub(crate) fn touch(selected: &[&StackTemplate], before: &BTreeMap<String, Before>) -> Touch {
    if before.values().all(|stack| stack.exports.is_empty()) {
        return Touch::default();
    }
    let changes = Changes::between(before, selected);
    let mut touched = Vec::new();
    for stack in selected {
        let Some(was) = before.get(&stack.name) else { continue };
        let exporting =
            |output: &'_ Entry| output.value.find(["Export", "Name"]).and_then(Tree::as_str).map(str::to_owned);
        let now: BTreeMap<String, &Entry> =
            entries(stack.template.get("Outputs")).filter_map(|output| Some((exporting(output)?, output))).collect();
        for (output, export) in &was.exports {
            let Some(output) = entry(&was.template, "Outputs", output) else { continue };
            let keeping = match now.get(&export.name) {
                Some(new) if changes.leave(&stack.name, output, new) => continue,
                Some(_) => None,
                None => Keeping::of(output, &was.template, &stack.template, &|id| !changes.reach(&stack.name, id)),
            };
            let (stack, export, value) = (stack.name.clone(), export.name.clone(), export.value.clone());
            touched.push(Touched { stack, export, value, keeping });
        }
    }
    Touch { exports: touched, the_same: changes.the_same }
}

/// What the new templates do to what is there.
struct Changes {
    /// The stacks in which nothing changes, or at most the way by which values reach them.
    the_same: BTreeSet<String>,
    /// The resources that may be other ones afterwards, by stack and logical id.
    resources: BTreeSet<(String, String)>,
    /// The outputs that may have another value afterwards, by stack and name.
    outputs: BTreeSet<(String, String)>,
}

impl Changes {
    fn between(before: &BTreeMap<String, Before>, selected: &[&StackTemplate]) -> Self {
        let old: Vec<_> = before.iter().map(|(name, stack)| (name.clone(), stack.template.clone())).collect();
        let mut new: Vec<_> = selected.iter().map(|stack| (stack.name.clone(), stack.template.clone())).collect();
        let is_left_alone = |name: &str| selected.iter().all(|stack| stack.name != name);
        new.extend(old.iter().filter(|(name, _)| is_left_alone(name)).cloned());
        let (old, new) = (neutral(old), neutral(new));
        let old: Vec<_> = old.iter().map(|(name, tree)| diff::Template { name, tree }).collect();
        let new: Vec<_> = new.iter().map(|(name, tree)| diff::Template { name, tree }).collect();
        let diff = diff::diff(&old, &new);
        let in_place = |action| matches!(action, Action::Modify | Action::Affected);
        let other = diff.resources().filter(|change| in_place(change.action) && change.impact.is_destructive());
        let outputs = diff.resources().flat_map(|change| &change.causes).filter_map(|cause| match cause {
            Cause::Output { stack, name } => Some((stack.clone(), name.clone())),
            _ => None,
        });
        let differs = |stack: &&diff::StackChange| {
            !stack.resources.is_empty() || stack.entries.iter().any(|entry| entry.section == "Outputs")
        };
        let differing = diff.stacks.iter().filter(differs).map(|stack| stack.name.as_str());
        let differing: BTreeSet<&str> = differing.collect();
        let the_same = before.keys().filter(|name| !differing.contains(name.as_str())).cloned().collect();
        Self {
            the_same,
            resources: other.map(|change| (change.stack.clone(), change.logical_id.clone())).collect(),
            outputs: outputs.collect(),
        }
    }

    /// Tells whether a resource may be another one afterwards.
    fn reach(&self, stack: &str, logical_id: &str) -> bool {
        self.resources.contains(&(stack.to_owned(), logical_id.to_owned()))
    }

    /// Tells whether an output of both templates has the same value afterwards.
    fn leave(&self, stack: &str, old: &Entry, new: &Entry) -> bool {
        let same = ["Value", "Condition"].into_iter().all(|key| old.value.get(key) == new.value.get(key));
        let reached = |used: &Used<'_>| matches!(used, Used::Name { name, .. } if self.reach(stack, name));
        let value = new.value.get("Value").map(used).unwrap_or_default();
        same && !value.iter().any(reached) && !self.outputs.contains(&(stack.to_owned(), new.key.clone()))
    }
}
