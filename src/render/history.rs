//! What happened to stacks.

use std::fmt::Write as _;

use toolkit::{HistoryEvent, StackHistory};

use super::jobs::seconds;
use crate::printer::{CYAN, RED};
use crate::table::table;

/// Lists events, of all stacks together, oldest first.
pub fn events(read: &[StackHistory]) -> String {
    let mut events: Vec<(&str, &HistoryEvent)> =
        read.iter().flat_map(|history| history.events.iter().map(|event| (history.stack.as_str(), event))).collect();
    // Those of one stack are in order already; of several, their times decide.
    events.sort_by(|(_, a), (_, b)| a.time.cmp(&b.time));
    if events.is_empty() {
        return String::new();
    }
    let rows: Vec<_> = events.into_iter().map(|(stack, event)| row(stack, event)).collect();
    table(["TIME", "STACK", "RESOURCE", "STATUS", "REASON"], &rows)
}

fn row(stack: &str, event: &HistoryEvent) -> [String; 5] {
    let time = event.time.as_deref().map(seconds).unwrap_or_default();
    let reason = event.reason.clone().unwrap_or_default();
    [time, stack.to_owned(), event.logical_id.clone(), event.status.clone(), reason]
}

/// Lists what failed, with what to do.
pub fn causes(read: &[StackHistory]) -> String {
    let mut text = String::new();
    for history in read.iter().filter(|history| !history.causes.is_empty()) {
        // Writing to a string does not fail.
        let _ = writeln!(text, "{} is in {}", history.stack, history.status);
        for cause in &history.causes {
            let _ = writeln!(text, "  {RED}{cause}{RED:#}");
            if let Some(hint) = cause.hint() {
                let _ = writeln!(text, "    {CYAN}hint:{CYAN:#} {hint}");
            }
        }
    }
    if text.is_empty() {
        "nothing failed in the last operation of any stack\n".clone_into(&mut text);
    }
    text
}
