//! What is said before and after resources are taken over.

use std::fmt::Write;

use toolkit::{ImportPlan, Imported, ImportedState};

use crate::printer::{CYAN, DIM, Printer, YELLOW};

/// Says what would be taken over.
pub fn plan(printer: &Printer, plan: &ImportPlan) {
    if printer.is_json() {
        return printer.event(&serde_json::json!({ "event": "import-planned", "plan": plan }));
    }
    let ImportPlan { stack, stack_name, creates_stack, .. } = plan;
    let what = if *creates_stack { "is made of what exists" } else { "takes over what exists" };
    printer.line(format_args!("{stack} {DIM}{stack_name}{DIM:#} {what}"));
    for resource in &plan.resources {
        let identifier: Vec<_> = resource.identifier.iter().map(|(name, value)| format!("{name}={value}")).collect();
        printer.line(format_args!(
            "  {CYAN}= {}{CYAN:#} {DIM}{}{DIM:#} {}",
            resource.logical_id,
            resource.resource_type,
            identifier.join(", ")
        ));
        if resource.policy_is_ours {
            printer.line(format_args!(
                "    {DIM}taken over with DeletionPolicy {}; the next deployment takes that away, as the stack's file does not \
                 say so{DIM:#}",
                resource.deletion_policy
            ));
        }
    }
    for change in plan.changes.iter().filter(|change| change.action != "Import") {
        printer.line(format_args!("  {YELLOW}! {} {}{YELLOW:#}", change.action, change.logical_id));
    }
}

/// Says what was taken over, and what the next deployment would change of it.
pub fn imported(imported: &Imported) -> String {
    let mut text = String::new();
    let stack = &imported.stack;
    for resource in &imported.resources {
        let ImportedState { logical_id, resource_type, drift, differences } = resource;
        let has = if imported.was_there { "already has" } else { "has taken over" };
        let state = match drift.as_deref() {
            Some("IN_SYNC") => "it is as the template says".to_owned(),
            Some("MODIFIED") => format!("the next `baleen deploy {stack}` would change of it:"),
            Some("DELETED") => "and it does not exist".to_owned(),
            Some(_) | None => "how it differs from the template could not be told".to_owned(),
        };
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{stack} {has} {logical_id} ({resource_type}); {state}");
        for difference in differences {
            let (template, actual) = (shown(&difference.template), shown(&difference.actual));
            let _ = writeln!(text, "  {}  {actual} -> {template}", difference.path);
        }
    }
    text
}

fn shown(value: &str) -> &str {
    if value.is_empty() { "(not set)" } else { value }
}

#[cfg(test)]
mod tests {
    use toolkit::ImportDifference;

    use super::*;

    #[test]
    fn what_the_next_deployment_changes_is_listed() {
        let differences = vec![ImportDifference {
            path: "/VersioningConfiguration".to_owned(),
            template: "{\"Status\":\"Enabled\"}".to_owned(),
            actual: String::new(),
        }];
        let resource = |drift: Option<&str>, differences| ImportedState {
            logical_id: "Sources".to_owned(),
            resource_type: "AWS::S3::Bucket".to_owned(),
            drift: drift.map(str::to_owned),
            differences,
        };
        let resources = vec![
            resource(Some("MODIFIED"), differences),
            resource(Some("IN_SYNC"), Vec::new()),
            resource(None, Vec::new()),
        ];
        let state = Imported {
            stack: "storage".to_owned(),
            stack_name: "baleen-dev-storage".to_owned(),
            was_there: false,
            resources,
        };
        let expected = "\
storage has taken over Sources (AWS::S3::Bucket); the next `baleen deploy storage` would change of it:
  /VersioningConfiguration  (not set) -> {\"Status\":\"Enabled\"}
storage has taken over Sources (AWS::S3::Bucket); it is as the template says
storage has taken over Sources (AWS::S3::Bucket); how it differs from the template could not be told
";
        assert_eq!(imported(&state), expected);
    }
}
