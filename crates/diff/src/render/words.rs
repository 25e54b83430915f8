//! The words that all renderings use.

use tree::Origin;

use crate::{Action, Cause, Diff, Fate, Gate, Impact, ResourceChange, StackAction, StackChange, holds};

/// Returns the sign of a change: `+` new, `~` updated, `±` replaced, `-` gone, `→` moved, `↻` only affected, `·` nothing
/// but the template changes.
pub fn symbol(change: &ResourceChange) -> char {
    match (change.action, change.impact) {
        (Action::Add, _) => '+',
        (Action::Remove, _) => '-',
        (Action::Move, _) => '→',
        (_, Impact::Replace | Impact::MayReplace) => '±',
        (_, Impact::Delete | Impact::MayDelete) => '-',
        (_, Impact::Create | Impact::MayCreate) => '+',
        (Action::Affected, _) => '↻',
        (Action::Modify, Impact::None) => '·',
        (Action::Modify, _) => '~',
    }
}

/// Says what happens to a resource, such as `replaced; its objects are lost`.
pub fn outcome(change: &ResourceChange) -> String {
    let what = match change.impact {
        Impact::None => "only the template changes",
        Impact::MayUpdate => "may be updated in place",
        Impact::Update => "updated in place",
        Impact::MayCreate => "may be created",
        Impact::Create => "created",
        Impact::Retain => "leaves the stack, but is kept",
        Impact::MayReplace => "may be replaced",
        Impact::Replace if change.action == Action::Move => "made anew here, deleted there",
        Impact::Replace => "replaced",
        Impact::MayDelete => "may be deleted",
        Impact::Delete => "deleted",
    };
    let gone = || match change.fate {
        Some(Fate::Retained) => Some("the old one is kept".to_owned()),
        Some(Fate::Snapshot) => Some("a snapshot is kept".to_owned()),
        Some(Fate::Deleted) | None => holds(&change.resource_type).map(|what| format!("holds {what}")),
    };
    let of_old = if change.impact.is_destructive() { gone() } else { None };
    of_old.map_or_else(|| what.to_owned(), |of_old| format!("{what}; {of_old}"))
}

/// Says what happens to a stack.
pub fn stack_outcome(stack: &StackChange) -> String {
    match (stack.action, &stack.former_name) {
        (StackAction::Add, _) => "new stack".to_owned(),
        (StackAction::Remove, _) => "removed stack".to_owned(),
        (StackAction::Rename, Some(former)) => format!("was {former}: a new stack, and the former one is deleted"),
        (StackAction::Modify | StackAction::Rename, _) => "modified".to_owned(),
    }
}

/// Says why a resource changes that is written the same.
pub fn cause(cause: &Cause, own_stack: &str) -> String {
    let in_stack =
        |stack: &str, name: &str| if stack == own_stack { name.to_owned() } else { format!("{stack}/{name}") };
    match cause {
        Cause::Resource { stack, logical_id } => {
            format!("refers to {}, which is made anew", in_stack(stack, logical_id))
        }
        Cause::Attribute { stack, logical_id, attribute } => {
            format!("uses {}.{attribute}, which is another one then", in_stack(stack, logical_id))
        }
        Cause::Parameter { name } => format!("uses parameter {name}, whose default differs"),
        Cause::Mapping { name } => format!("uses mapping {name}, which differs"),
        Cause::Condition { name } => format!("depends on condition {name}, which differs"),
        Cause::Output { stack, name } => format!("uses output {}, which differs", in_stack(stack, name)),
    }
}

/// Returns the heading of a gate's section.
pub fn gate_title(gate: Gate) -> &'static str {
    match gate {
        Gate::Destructive => "Destroyed or replaced",
        Gate::Broadening => "Broader access",
        Gate::DataLoss => "Data at risk",
    }
}

/// Says what a gate finds.
pub fn gate_meaning(gate: Gate) -> &'static str {
    match gate {
        Gate::Destructive => "Something is replaced or deleted.",
        Gate::Broadening => "Something may do more, or may be reached by more, than before.",
        Gate::DataLoss => "Data is less protected against loss than before.",
    }
}

/// How many resources have which fate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Stacks that differ.
    pub stacks: usize,
    /// Resources by what happens to them, in words, without those that do not occur: `created`, `deleted` and so on.
    pub resources: Vec<(&'static str, usize)>,
    /// Parameters, outputs and other entries that differ.
    pub entries: usize,
    /// Findings by gate.
    pub gates: Vec<(Gate, usize)>,
}

impl Summary {
    /// Counts what is in a diff.
    pub fn of(diff: &Diff) -> Self {
        Self {
            stacks: diff.stacks.len(),
            resources: fates(diff.resources()),
            entries: diff.stacks.iter().map(|stack| stack.entries.len()).sum(),
            gates: Gate::ALL.map(|gate| (gate, diff.findings(gate).count())).to_vec(),
        }
    }

    /// Says of one stack: `3 resources: 1 created, 2 updated`.
    pub fn of_stack(stack: &StackChange) -> String {
        let entries = stack.entries.len();
        Self { stacks: 1, resources: fates(stack.resources.iter()), entries, gates: Vec::new() }.of_contents()
    }

    /// Says it in one line: `2 stacks, 3 resources: 1 created, 2 updated`.
    pub fn sentence(&self) -> String {
        if self.stacks == 0 {
            return "no changes".to_owned();
        }
        format!("{}, {}", count(self.stacks, "stack"), self.of_contents())
    }

    fn of_contents(&self) -> String {
        let all = self.resources.iter().map(|(_, count)| count).sum();
        let mut parts = vec![count(all, "resource")];
        if self.entries > 0 {
            parts.push(if self.entries == 1 {
                "1 other entry".to_owned()
            } else {
                format!("{} other entries", self.entries)
            });
        }
        let fates: Vec<_> = self.resources.iter().map(|(word, count)| format!("{count} {word}")).collect();
        if fates.is_empty() { parts.join(", ") } else { format!("{}: {}", parts.join(", "), fates.join(", ")) }
    }
}

/// Counts resources by what happens to them.
fn fates<'d>(resources: impl Iterator<Item = &'d ResourceChange>) -> Vec<(&'static str, usize)> {
    let kinds: [(&str, &[Impact]); 9] = [
        ("created", &[Impact::Create]),
        ("updated", &[Impact::Update]),
        ("replaced", &[Impact::Replace]),
        ("deleted", &[Impact::Delete]),
        ("kept outside of the stack", &[Impact::Retain]),
        ("may be updated", &[Impact::MayUpdate]),
        ("may be replaced", &[Impact::MayReplace]),
        ("may be created or deleted", &[Impact::MayCreate, Impact::MayDelete]),
        ("with nothing to do", &[Impact::None]),
    ];
    let resources: Vec<_> = resources.collect();
    let count = |impacts: &[Impact]| resources.iter().filter(|change| impacts.contains(&change.impact)).count();
    kinds.map(|(word, impacts)| (word, count(impacts))).into_iter().filter(|(_, count)| *count > 0).collect()
}

/// Says where something is written: a line of Rust, or a line of the template; nothing if that is unknown.
pub fn written(origin: Origin) -> Option<String> {
    match (origin.file(), origin.position()) {
        (Some(_), _) => Some(origin.to_string()),
        (None, Some((line, _))) => Some(format!("line {line}")),
        (None, None) => None,
    }
}

/// `1 stack`, `2 stacks`.
pub fn count(count: usize, word: &str) -> String {
    if count == 1 { format!("1 {word}") } else { format!("{count} {word}s") }
}
