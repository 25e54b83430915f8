//! What deploying and destroying say.

use std::time::Duration;

use toolkit::{DestroyPlan, Event, Events, Outcome, Retained, Stop};

use super::findings::plural;
use super::screen::Screen;
use crate::printer::{BOLD, CYAN, DIM, GREEN, Printer, RED, YELLOW};

/// Prints events as they come; at a terminal, below them a line for each stack that is worked on.
pub struct Narrator<'a> {
    printer: &'a Printer,
    screen: Screen,
}

impl<'a> Narrator<'a> {
    pub fn new(printer: &'a Printer) -> Self {
        Self::until(printer, &Stop::default())
    }

    /// Prints what happens in a run that can be asked to stop.
    pub fn until(printer: &'a Printer, stop: &Stop) -> Self {
        Self { printer, screen: Screen::new(printer, stop) }
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
                self.screen.status("looking at what is there");
            }
            Event::Selected { .. } | Event::LeftAlone { .. } => self.selected(event),
            Event::StackStarted { stack, stack_name, position, total } => {
                if !printer.redraws() {
                    printer.line(format_args!("{BOLD}[{position}/{total}] {stack}{BOLD:#} {DIM}{stack_name}{DIM:#}"));
                }
                self.screen.begin(stack, *total);
            }
            Event::Waiting { stack, status } => {
                printer.line(format_args!(
                    "{BOLD}{stack}{BOLD:#} is in {status}: waiting for the end of what is under way"
                ));
            }
            Event::EarlierFailure { stack, status, reason } => {
                let reason = reason.as_deref().unwrap_or("its events do not say why");
                printer.line(format_args!("{YELLOW}earlier:{YELLOW:#} `{stack}` is in {status}: {reason}"));
            }
            Event::LeftoverDeleted { stack, leftover } => {
                printer.line(format_args!("{BOLD}{stack}{BOLD:#} deleted {leftover}"));
            }
            Event::TemplateUploaded { stack, bucket, key, bytes } => {
                printer.line(format_args!("{DIM}{stack}: template of {bytes} bytes: s3://{bucket}/{key}{DIM:#}"));
            }
            Event::Moving { moves } => {
                self.screen.status("moving resources");
                for one in moves {
                    printer.line(format_args!("{DIM}{one}{DIM:#}"));
                }
            }
            Event::Moved { moves } => {
                let what =
                    if moves.len() == 1 { "resource is in its new place" } else { "resources are in their new places" };
                printer.line(format_args!("{GREEN}moved:{GREEN:#} {} {what}", moves.len()));
            }
            Event::AssetUploaded { name, bucket, key, bytes } => {
                printer.line(format_args!("{DIM}{name} of {bytes} bytes: s3://{bucket}/{key}{DIM:#}"));
            }
            Event::Preparing { stack } => self.screen.status(format!("making the change set of {stack}")),
            Event::Planned(plan) => {
                self.screen.planned(plan);
                super::plan::show(printer, plan);
            }
            Event::AllowanceUnneeded { resource } => printer.line(format_args!(
                "{YELLOW}not needed:{YELLOW:#} `--allow-data-loss {resource}`, since nothing is lost there"
            )),
            // Swapping has a screen of its own.
            Event::Unchanged { .. }
            | Event::Confirmed { .. }
            | Event::SwapPlanned(_)
            | Event::SwapContinued { .. }
            | Event::SwapEntered { .. }
            | Event::SwapSeen(_) => {}
            Event::Comparing { stack } => self.screen.status(format!("comparing {stack}")),
            Event::Compared { .. } => self.screen.status(""),
            Event::Declined { stacks } => {
                printer.line(format_args!("not approved: {} as before", plural(stacks.len(), "stack")));
            }
            Event::Executing { stack, resources, estimated_seconds } => {
                self.screen.estimate(stack, *estimated_seconds);
                self.screen.count(stack, 0, *resources);
                self.screen.doing(stack, "waiting for CloudFormation");
            }
            Event::Progress { .. } => self.progress(event),
            Event::Unreachable { error } => {
                printer.line(format_args!("{YELLOW}no answer, trying again:{YELLOW:#} {error}"));
            }
            Event::ProtectionChanged { stack, protected } => {
                let state = if *protected { "on" } else { "off" };
                printer.line(format_args!("{BOLD}{stack}{BOLD:#} termination protection is {state} now"));
            }
            Event::PolicySet { stack, protected } => {
                let what = if protected.is_empty() {
                    "everything".to_owned()
                } else {
                    format!("everything but the loss of {}", protected.join(", "))
                };
                printer.line(format_args!("{BOLD}{stack}{BOLD:#} its stack policy allows {what} now"));
            }
            Event::StackFinished { .. } | Event::StackDeleted { .. } | Event::RolledBack { .. } => self.finished(event),
            Event::StackFailed { stack, error } => {
                let taken = self.screen.end(stack, true);
                printer.line(format_args!(
                    "{RED}✗{RED:#} {BOLD}{stack}{BOLD:#} {RED}failed{RED:#}{}: {error}",
                    after(taken)
                ));
            }
            Event::NotBegun { stacks } => {
                printer.line(format_args!("{YELLOW}not begun:{YELLOW:#} {}", stacks.join(", ")));
            }
            Event::BucketEmptied { stack, bucket, objects } => {
                let objects = plural(*objects, "object version");
                printer.line(format_args!("{BOLD}{stack}{BOLD:#} emptied {bucket}: {objects}"));
            }
            Event::MayEndanger { kept, stack, logical_id } => printer.line(format_args!(
                "{YELLOW}careful:{YELLOW:#} {logical_id} of `{stack}` may be replaced, and `{kept}`, which is left alone, works with it"
            )),
            Event::LockMet { .. } | Event::LockTaken { .. } | Event::NoLockTable { .. } | Event::LockLeft { .. } => {
                super::lock::narrate(printer, event);
            }
        }
    }

    fn selected(&self, event: &Event) {
        let printer = self.printer;
        match event {
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
            Event::LeftAlone { stack, reason, differs } => {
                let brings = match differs.as_slice() {
                    [] => String::new(),
                    [one] => format!("; a swap brings {one}"),
                    [one, ..] => format!("; a swap brings {one} and {} more", differs.len() - 1),
                };
                printer.line(format_args!("{CYAN}left alone:{CYAN:#} `{stack}`, because {reason}{brings}"));
            }
            _ => {}
        }
    }

    fn finished(&self, event: &Event) {
        let printer = self.printer;
        let done = |stack: &str, words: String| {
            let taken = self.screen.end(stack, false);
            printer.line(format_args!("{GREEN}✓{GREEN:#} {BOLD}{stack}{BOLD:#} {words}{}", after(taken)));
        };
        match event {
            Event::StackFinished { stack, outcome, .. } => {
                let word = match outcome {
                    Outcome::Created => "created",
                    Outcome::Updated => "updated",
                    Outcome::Unchanged => "had nothing to change",
                };
                done(stack, format!("{GREEN}{word}{GREEN:#}"));
            }
            Event::StackDeleted { stack, retained } => {
                done(stack, format!("{GREEN}deleted{GREEN:#}"));
                for kept in retained {
                    printer.line(retained_line(kept));
                }
            }
            Event::RolledBack { stack, status, skipped } => {
                let skipped =
                    if skipped.is_empty() { String::new() } else { format!(", without {}", skipped.join(", ")) };
                done(stack, format!("{GREEN}{status}{GREEN:#}{skipped}"));
            }
            _ => {}
        }
    }

    fn progress(&self, event: &Event) {
        let Event::Progress { stack, logical_id, resource_type, status, reason, failed, done, total } = event else {
            return;
        };
        let printer = self.printer;
        let is_stack = resource_type == "AWS::CloudFormation::Stack";
        let reason = reason.as_deref();
        if *failed {
            let reason = reason.unwrap_or("no reason given");
            printer.line(format_args!(
                "  {BOLD}{stack}{BOLD:#} {RED}{status}{RED:#} {logical_id} {DIM}{resource_type}{DIM:#} {reason}"
            ));
        } else if is_stack && status.contains("ROLLBACK") && status.ends_with("_IN_PROGRESS") {
            self.screen.undone(stack);
            let reason = reason.unwrap_or_default();
            printer.line(format_args!("  {BOLD}{stack}{BOLD:#} {YELLOW}{status}{YELLOW:#} {reason}"));
        } else if !is_stack && !printer.redraws() && (status.ends_with("_COMPLETE") || status == "DELETE_SKIPPED") {
            printer.line(format_args!("  {stack} {DIM}{status}{DIM:#} {logical_id} {DIM}{resource_type}{DIM:#}"));
        }
        self.screen.count(stack, *done, *total);
        if !is_stack {
            self.screen.resource(stack, logical_id, status);
        }
    }
}

/// ` in 12.3 s`
fn after(taken: Option<Duration>) -> String {
    taken.map(|taken| format!(" in {:.1} s", taken.as_secs_f32())).unwrap_or_default()
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
