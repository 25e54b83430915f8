//! What a state does about errors.

use tree::Finding;

use super::State;
use super::rules::{RETRY, STATES_ERROR};
use crate::look::View;
use crate::words::{did_you_mean, quoted};

/// The errors that Step Functions itself reports, from "Handling errors in Step Functions workflows".
static ERRORS: [&str; 17] = [
    "States.ALL",
    "States.BranchFailed",
    "States.DataLimitExceeded",
    "States.ExceedToleratedFailureThreshold",
    "States.HeartbeatTimeout",
    "States.Http.Socket",
    "States.IntrinsicFailure",
    "States.ItemReaderFailed",
    "States.NoChoiceMatched",
    "States.ParameterPathFailure",
    "States.Permissions",
    "States.QueryEvaluationError",
    "States.ResultPathMatchFailure",
    "States.ResultWriterFailed",
    "States.Runtime",
    "States.TaskFailed",
    "States.Timeout",
];

static RETRIER: [&str; 7] =
    ["BackoffRate", "Comment", "ErrorEquals", "IntervalSeconds", "JitterStrategy", "MaxAttempts", "MaxDelaySeconds"];
static CATCHER: [&str; 6] = ["Assign", "Comment", "ErrorEquals", "Next", "Output", "ResultPath"];

/// Checks `Retry` and `Catch` of a state.
pub(super) fn check(state: State<'_>, findings: &mut Vec<Finding>) {
    for (key, fields) in [("Retry", RETRIER.as_slice()), ("Catch", CATCHER.as_slice())] {
        let list = state.view.get(key);
        let items: Vec<View<'_>> = list.items().collect();
        for (index, item) in items.iter().enumerate() {
            for (name, value) in item.entries().filter(|(name, _)| !fields.contains(name)) {
                let mut finding = value.finding(&RETRY, format!("an entry of `{key}` has no field {}", quoted(name)));
                finding.hint = did_you_mean(name, fields.iter().copied());
                findings.push(finding);
            }
            errors(key, *item, index + 1 == items.len() || !list.is_closed(), findings);
            if key == "Retry" {
                numbers(*item, findings);
            } else if item.is_known() && item.is_closed() && item.get("Next").is_absent() {
                findings.push(item.finding(&RETRY, "an entry of `Catch` has no `Next`"));
            }
        }
    }
}

fn errors(key: &str, item: View<'_>, is_last: bool, findings: &mut Vec<Finding>) {
    let equals = item.get("ErrorEquals");
    if item.is_known()
        && item.is_closed()
        && (equals.is_absent() || equals.known().is_some_and(|tree| tree.as_list() == Some(&[])))
    {
        findings.push(equals.finding(&RETRY, format!("an entry of `{key}` names no errors in `ErrorEquals`")));
    }
    let names: Vec<View<'_>> = equals.items().collect();
    for name in &names {
        let Some(text) = name.text() else { continue };
        if text.starts_with("States.") && !ERRORS.contains(&text.as_ref()) {
            let mut finding = name.finding(&STATES_ERROR, format!("Step Functions reports no error {}", quoted(&text)));
            finding.hint = did_you_mean(&text, ERRORS);
            findings.push(finding);
        }
        if text == "States.ALL" && (names.len() > 1 || !is_last) {
            let message = if names.len() > 1 {
                format!("`States.ALL` stands beside other errors in an entry of `{key}`")
            } else {
                format!("`States.ALL` is not in the last entry of `{key}`")
            };
            findings.push(name.finding(&STATES_ERROR, message).hint("put it alone into the last entry"));
        }
    }
}

fn numbers(item: View<'_>, findings: &mut Vec<Finding>) {
    let least = [("IntervalSeconds", 1.0), ("MaxAttempts", 0.0), ("BackoffRate", 1.0), ("MaxDelaySeconds", 1.0)];
    for (key, least) in least {
        let view = item.get(key);
        if let Some(number) = view.number().filter(|number| *number < least) {
            findings.push(view.finding(&RETRY, format!("`{key}` is {number}, but must be at least {least}")));
        }
    }
    let delay = item.get("MaxDelaySeconds");
    if let (Some(most), Some(first)) = (delay.number(), item.get("IntervalSeconds").number())
        && most <= first
    {
        let message = format!("`MaxDelaySeconds` is {most}, but must be more than `IntervalSeconds`, which is {first}");
        findings.push(delay.finding(&RETRY, message));
    }
}
