//! How a deployment's plan is shown.

use toolkit::{Basis, Plan, PlannedChange, PlannedStep, StepKind};

use super::findings::plural;
use crate::printer::{BOLD, CYAN, DIM, GREEN, Printer, RED, YELLOW};

/// Shows what is going to be done.
pub fn show(printer: &Printer, plan: &Plan) {
    for (place, step) in plan.steps.iter().enumerate() {
        printer.line(heading(place + 1, step));
        if let Some(why) = &step.why {
            printer.line(format_args!("    {DIM}{why}{DIM:#}"));
        }
        for change in &step.changes {
            printer.line(change_line(change));
        }
    }
    if !plan.unchanged.is_empty() {
        printer.line(format_args!("{DIM}nothing to change: {}{DIM:#}", plan.unchanged.join(", ")));
    }
    if !plan.is_empty() {
        printer.line(summary(plan));
    }
}

/// `[2] ~ fleet baleen-dev-fleet  2 to change (1 replaced), about 40 s; as expected: it needs …`
fn heading(position: usize, step: &PlannedStep) -> String {
    let (style, sign, what) = match step.step {
        StepKind::Create => (GREEN, '+', "new stack: "),
        StepKind::Recreate => (GREEN, '+', "what is left of its failed creation is deleted, then a new stack: "),
        StepKind::Update => (YELLOW, '~', ""),
        StepKind::Import => (CYAN, '=', "takes over what exists: "),
        StepKind::Refactor => (CYAN, '>', "moved without being changed: "),
    };
    let PlannedStep { stack, stack_name, .. } = step;
    let basis = match &step.basis {
        Basis::ChangeSet { .. } => String::new(),
        Basis::Predicted { because } => format!(" {CYAN}expected{CYAN:#} {DIM}({because}){DIM:#}"),
    };
    let counted = counted(&step.changes);
    format!("{style}{sign}{style:#} {BOLD}[{position}] {stack}{BOLD:#} {DIM}{stack_name}{DIM:#} {what}{counted}{basis}")
}

/// `3 stacks: 10 to add, 2 to change, about 2 min`
fn summary(plan: &Plan) -> String {
    let changes: Vec<_> = plan.steps.iter().flat_map(|step| step.changes.iter().cloned()).collect();
    let lost = plan.losses().count();
    let lost =
        if lost == 0 { String::new() } else { format!(", {RED}data of {} is lost{RED:#}", plural(lost, "resource")) };
    let (steps, counted, time) = (plural(plan.steps.len(), "step"), counted(&changes), duration(expected(plan)));
    format!("{BOLD}{steps}:{BOLD:#} {counted}{lost} {DIM}(about {time}){DIM:#}")
}

/// How long all steps take, those that need each other one after the other.
pub fn expected(plan: &Plan) -> u64 {
    let mut ends: Vec<u64> = Vec::with_capacity(plan.steps.len());
    for step in &plan.steps {
        let start = step.after.iter().filter_map(|before| ends.get(*before)).max().copied().unwrap_or_default();
        ends.push(start + step.estimated_seconds);
    }
    ends.into_iter().max().unwrap_or_default()
}

/// `45 s`, `2 min`, `1 h 5 min`
pub fn duration(seconds: u64) -> String {
    match (seconds / 3600, seconds.div_ceil(60)) {
        (0, _) if seconds < 90 => format!("{seconds} s"),
        (0, minutes) => format!("{minutes} min"),
        (hours, _) => format!("{hours} h {} min", seconds % 3600 / 60),
    }
}

/// `2 to add, 1 to change (1 replaced), 1 to remove`
fn counted(changes: &[PlannedChange]) -> String {
    let count = |action: &str| changes.iter().filter(|change| change.action == action).count();
    let replaced = changes.iter().filter(|change| is_replaced(change)).count();
    let mut texts = Vec::new();
    for (action, word) in [
        ("Add", "add"),
        ("Modify", "change"),
        ("Remove", "remove"),
        ("Import", "import"),
        ("Move", "move"),
        ("Dynamic", "be decided on the way"),
    ] {
        match count(action) {
            0 => {}
            some if action == "Modify" && replaced > 0 => texts.push(format!("{some} to change ({replaced} replaced)")),
            some => texts.push(format!("{some} to {word}")),
        }
    }
    if texts.is_empty() { "no resources change".to_owned() } else { texts.join(", ") }
}

pub fn change_line(change: &PlannedChange) -> String {
    let PlannedChange { logical_id, resource_type, .. } = change;
    let (style, sign) = match change.action.as_str() {
        "Add" => (GREEN, "+"),
        "Remove" => (RED, "-"),
        _ if is_replaced(change) => (RED, "!"),
        "Import" => (CYAN, "="),
        "Move" => (CYAN, ">"),
        _ => (YELLOW, "~"),
    };
    let mut parts = vec![format!("    {style}{sign} {logical_id}{style:#} {DIM}{resource_type}{DIM:#}")];
    let names: Vec<_> = change.properties.iter().map(|property| property.name.as_str()).collect();
    if !names.is_empty() {
        parts.push(format!("({})", names.join(", ")));
    }
    match change.replacement.as_deref() {
        Some("True") => parts.push(format!("{RED}is replaced{RED:#}")),
        Some("Conditional") => parts.push(format!("{YELLOW}may be replaced{YELLOW:#}")),
        _ => {}
    }
    if change.action == "Remove" && change.policy_action.as_deref().is_some_and(|policy| policy.contains("Retain")) {
        parts.push("stays, outside of the stack".to_owned());
    }
    if let Some(holds) = &change.loses {
        parts.push(format!("{RED}loses {holds}{RED:#}"));
    }
    parts.join(" ")
}

fn is_replaced(change: &PlannedChange) -> bool {
    change.replacement.as_deref() == Some("True")
}

#[cfg(test)]
mod tests {
    use super::duration;

    #[test]
    fn durations_are_as_short_as_they_are_useful() {
        for (seconds, expected) in [(0, "0 s"), (89, "89 s"), (90, "2 min"), (600, "10 min"), (3900, "1 h 5 min")] {
            assert_eq!(duration(seconds), expected);
        }
    }
}
