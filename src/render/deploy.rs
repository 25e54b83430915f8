//! What deploying and destroying say.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use toolkit::{DestroyPlan, Event, Events, Outcome, PlannedChange, Retained, StackPlan};

use super::findings::plural;
use crate::printer::{BOLD, CYAN, DIM, GREEN, Printer, RED, YELLOW};

/// Prints events as they come.
pub struct Narrator<'a> {
    printer: &'a Printer,
    /// When work on the stack began.
    started: Mutex<Instant>,
}

impl<'a> Narrator<'a> {
    pub fn new(printer: &'a Printer) -> Self {
        Self { printer, started: Mutex::new(Instant::now()) }
    }
}

impl Events for Narrator<'_> {
    fn event(&self, event: Event) {
        if self.printer.is_json() {
            self.printer.event(&event);
        } else {
            self.narrate(&event);
        }
    }
}

impl Narrator<'_> {
    fn narrate(&self, event: &Event) {
        let printer = self.printer;
        match event {
            Event::AccountVerified { account, region, .. } => {
                printer.line(format_args!("{DIM}account {account}, region {region}{DIM:#}"));
            }
            Event::Selected { stacks, read } => {
                for stack in stacks {
                    if let Some(because) = &stack.because {
                        printer.line(format_args!("{CYAN}also:{CYAN:#} `{}`, because {because}", stack.stack));
                    }
                }
                for stack in read {
                    let outputs = stack.outputs.join(", ");
                    printer
                        .line(format_args!("{DIM}reads {outputs} of `{}`, which stays as it is{DIM:#}", stack.stack));
                }
            }
            Event::StackStarted { stack, stack_name, position, total } => {
                *self.started.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
                printer.line(format_args!("{BOLD}[{position}/{total}] {stack}{BOLD:#} {DIM}{stack_name}{DIM:#}"));
                printer.status(&format!("  {stack}: looking at what is there"));
            }
            Event::Waiting { stack, status } => {
                printer.line(format_args!("  `{stack}` is in {status}: waiting for the end of what is under way"));
            }
            Event::EarlierFailure { stack, status, reason } => {
                let reason = reason.as_deref().unwrap_or("its events do not say why");
                printer.line(format_args!("  {YELLOW}earlier:{YELLOW:#} `{stack}` is in {status}: {reason}"));
            }
            Event::LeftoverDeleted { leftover, .. } => printer.line(format_args!("  deleted {leftover}")),
            Event::TemplateUploaded { bucket, key, bytes, .. } => {
                printer.line(format_args!("  {DIM}template of {bytes} bytes: s3://{bucket}/{key}{DIM:#}"));
            }
            Event::Planned(plan) => self.planned(plan),
            Event::Unchanged { .. } => printer.line("  nothing to change"),
            Event::Declined { stack } => printer.line(format_args!("  not approved: `{stack}` stays as it was")),
            Event::Executing { resources, .. } => printer.status(&format!("  0/{resources}")),
            Event::Progress { .. } => self.progress(event),
            Event::Unreachable { error } => {
                printer.line(format_args!("  {YELLOW}no answer, trying again:{YELLOW:#} {error}"));
            }
            Event::ProtectionChanged { protected, .. } => {
                let state = if *protected { "on" } else { "off" };
                printer.line(format_args!("  termination protection is {state} now"));
            }
            Event::StackFinished { outcome, .. } => {
                let word = match outcome {
                    Outcome::Created => "created",
                    Outcome::Updated => "updated",
                    Outcome::Unchanged => return printer.status(""),
                };
                printer.status("");
                printer.line(format_args!("  {GREEN}{word}{GREEN:#} in {}", self.elapsed()));
            }
            Event::BucketEmptied { bucket, objects, .. } => {
                printer.line(format_args!("  emptied {bucket}: {}", plural(*objects, "object version")));
            }
            Event::StackDeleted { retained, .. } => {
                printer.status("");
                printer.line(format_args!("  {GREEN}deleted{GREEN:#} in {}", self.elapsed()));
                for kept in retained {
                    printer.line(retained_line(kept));
                }
            }
            Event::RolledBack { status, skipped, .. } => {
                printer.status("");
                let skipped =
                    if skipped.is_empty() { String::new() } else { format!(", without {}", skipped.join(", ")) };
                printer.line(format_args!("  {GREEN}{status}{GREEN:#}{skipped} in {}", self.elapsed()));
            }
            Event::Comparing { stack } => printer.status(&format!("  {stack}: being compared")),
            Event::Compared { .. } => printer.status(""),
            Event::AlsoFailed { error, .. } => printer.line(format_args!("  {RED}also failed:{RED:#} {error}")),
            Event::LockMet { .. } | Event::LockTaken { .. } | Event::NoLockTable { .. } | Event::LockLeft { .. } => {
                super::lock::narrate(printer, event);
            }
        }
    }

    fn planned(&self, plan: &StackPlan) {
        let what = if plan.creates_stack { "new stack" } else { "changes" };
        self.printer.line(format_args!("  {what}: {}", counted(&plan.changes)));
        for change in &plan.changes {
            self.printer.line(change_line(change));
        }
    }

    fn progress(&self, event: &Event) {
        let Event::Progress { logical_id, resource_type, status, reason, failed, done, total, .. } = event else {
            return;
        };
        let printer = self.printer;
        let is_stack = resource_type == "AWS::CloudFormation::Stack";
        let reason = reason.as_deref();
        if *failed {
            let reason = reason.unwrap_or("no reason given");
            printer.line(format_args!("  {RED}{status}{RED:#} {logical_id} {DIM}{resource_type}{DIM:#} {reason}"));
        } else if is_stack && status.contains("ROLLBACK") && status.ends_with("_IN_PROGRESS") {
            printer.line(format_args!("  {YELLOW}{status}{YELLOW:#} {}", reason.unwrap_or_default()));
        } else if !is_stack && !printer.redraws() && (status.ends_with("_COMPLETE") || status == "DELETE_SKIPPED") {
            printer.line(format_args!("  {DIM}{status}{DIM:#} {logical_id} {DIM}{resource_type}{DIM:#}"));
        }
        let count = if *total > 0 { format!("{done}/{total} ") } else { String::new() };
        printer.status(&format!("  {count}{logical_id} {status}"));
    }

    fn elapsed(&self) -> String {
        let started = *self.started.lock().unwrap_or_else(PoisonError::into_inner);
        format!("{:.1} s", started.elapsed().as_secs_f32())
    }
}

/// `2 to add, 1 to change (1 replaced), 1 to remove`
fn counted(changes: &[PlannedChange]) -> String {
    let count = |action: &str| changes.iter().filter(|change| change.action == action).count();
    let replaced = changes.iter().filter(|change| is_replaced(change)).count();
    let mut texts = Vec::new();
    for (action, word) in [("Add", "add"), ("Modify", "change"), ("Remove", "remove"), ("Import", "import")] {
        match count(action) {
            0 => {}
            some if action == "Modify" && replaced > 0 => texts.push(format!("{some} to change ({replaced} replaced)")),
            some => texts.push(format!("{some} to {word}")),
        }
    }
    if texts.is_empty() { "no resources change".to_owned() } else { texts.join(", ") }
}

fn change_line(change: &PlannedChange) -> String {
    let PlannedChange { logical_id, resource_type, .. } = change;
    let (style, sign) = match change.action.as_str() {
        "Add" => (GREEN, "+"),
        "Remove" => (RED, "-"),
        _ if is_replaced(change) => (RED, "!"),
        "Import" => (CYAN, "="),
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
    parts.join(" ")
}

fn is_replaced(change: &PlannedChange) -> bool {
    change.replacement.as_deref() == Some("True")
}

fn retained_line(kept: &Retained) -> String {
    format!("  {CYAN}kept{CYAN:#} {} {DIM}{}{DIM:#} {}", kept.logical_id, kept.resource_type, kept.physical_id)
}

/// Says what would be destroyed.
pub fn destroy_plan(printer: &Printer, plan: &DestroyPlan) {
    if printer.is_json() {
        return printer.event(&serde_json::json!({ "event": "destroy-planned", "plan": plan }));
    }
    for stack in &plan.stacks {
        let resources = plural(stack.resources, "resource");
        printer.line(format_args!("  {RED}- {}{RED:#} {DIM}{}{DIM:#} {resources}", stack.stack, stack.stack_name));
        for bucket in &stack.buckets {
            let objects = plural(bucket.objects, "object version");
            printer.line(format_args!("    {RED}{objects}{RED:#} of {} bytes in {}", bucket.bytes, bucket.bucket));
        }
        for kept in &stack.retained {
            printer.line(format_args!("  {}", retained_line(kept)));
        }
    }
}
