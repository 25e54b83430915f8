//! What is said before stacks are rolled back.

use toolkit::{RollbackCall, RollbackPlan, RollbackStep};

use crate::printer::{CYAN, DIM, Printer, RED, YELLOW};

/// Says what would be rolled back, and what that means.
pub fn plan(printer: &Printer, plan: &RollbackPlan) {
    if printer.is_json() {
        return printer.event(&serde_json::json!({ "event": "rollback-planned", "plan": plan }));
    }
    for step in &plan.stacks {
        one(printer, step);
    }
}

fn one(printer: &Printer, step: &RollbackStep) {
    let RollbackStep { stack, stack_name, status, call, .. } = step;
    let what = match call {
        RollbackCall::CancelUpdateStack => "its update is stopped, and rolled back",
        RollbackCall::RollbackStack if status == "CREATE_FAILED" => "it never stood, so it is deleted",
        RollbackCall::RollbackStack => "its update is rolled back",
        RollbackCall::ContinueUpdateRollback => "its rollback is continued",
    };
    printer.line(format_args!(
        "  {YELLOW}< {stack}{YELLOW:#} {DIM}{stack_name}{DIM:#} in {status}: {what} {DIM}({call:?}){DIM:#}"
    ));
    if let Some(cause) = &step.cause {
        printer.line(format_args!("    {DIM}it stands there because of{DIM:#} {cause}"));
    }
    for logical_id in &step.deletes {
        printer.line(format_args!("    {RED}- {logical_id}{RED:#} is deleted, or stays behind if its policy says so"));
    }
    for cause in &step.failed {
        let logical_id = &cause.logical_id;
        if step.skip.contains(logical_id) {
            printer.line(format_args!(
                "    {RED}skips {logical_id}{RED:#}: it stays as it is now, and CloudFormation takes it for rolled back; see \
                 `baleen drift {stack}` afterwards, and make both agree before the next deployment"
            ));
        } else {
            printer.line(format_args!("    {RED}could not be rolled back:{RED:#} {cause}"));
            if cause.nested_in.is_none() {
                printer.line(format_args!(
                    "      {CYAN}hint:{CYAN:#} remove that cause first; if it cannot be removed, add `--skip {stack}.{logical_id}`"
                ));
            }
        }
    }
}
