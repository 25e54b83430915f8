//! How a rehearsal is shown: bars over time.

use std::fmt::Write as _;

use crate::printer::{BOLD, CYAN, DIM, GREEN, RED, YELLOW};
use crate::rehearsal::{Action, Rehearsal, Run, StackSpan};

use super::findings::plural;

/// How wide the bars are at least.
const NARROWEST: usize = 20;

/// How many of the slowest resources are named.
const SLOWEST: usize = 3;

/// Shows a rehearsal.
pub fn text(rehearsal: &Rehearsal, width: usize) -> String {
    let Rehearsal { environment, from, seed, fault, runs } = rehearsal;
    let from = from.as_deref().unwrap_or("nothing");
    let mut text = format!(
        "{BOLD}Rehearsal of environment `{environment}` from {from}{BOLD:#} {DIM}(seed {seed}; nothing is touched){DIM:#}\n"
    );
    if let Some(fault) = fault {
        let _ = writeln!(text, "{YELLOW}fault:{YELLOW:#} {fault}");
    }
    for (number, run) in runs.iter().enumerate() {
        let title = if number == 0 { "The deployment" } else { "The next deployment" };
        let _ = writeln!(text, "\n{BOLD}{title}{BOLD:#} {}", ending(run));
        show(run, width, &mut text);
    }
    text
}

/// `succeeds after 12:30`
fn ending(run: &Run) -> String {
    let after = time(run.seconds);
    match (&run.error, run.killed) {
        (_, true) => format!("{RED}is killed{RED:#} after {after}; CloudFormation goes on"),
        (Some(_), _) => format!("{RED}fails{RED:#} after {after}"),
        (None, _) if run.stacks.is_empty() => format!("has {GREEN}nothing to change{GREEN:#}"),
        (None, _) => format!("{GREEN}succeeds{GREEN:#} after about {after}"),
    }
}

fn show(run: &Run, width: usize, text: &mut String) {
    let longest_name = run.stacks.iter().map(|span| span.stack.chars().count()).max().unwrap_or_default();
    let notes: Vec<_> = run.stacks.iter().map(note).collect();
    let longest_note = notes.iter().map(|note| note.chars().count()).max().unwrap_or_default();
    let bars = width.min(140).saturating_sub(longest_name + longest_note + 6).max(NARROWEST);
    if !run.stacks.is_empty() {
        let _ = writeln!(text, "  {:longest_name$}  {DIM}{}{DIM:#}", "", axis(run.seconds, bars));
    }
    for (span, note) in run.stacks.iter().zip(&notes) {
        let _ = writeln!(text, "  {:longest_name$}  {}  {note}", span.stack, bar(span, run.seconds, bars));
    }
    if !run.unchanged.is_empty() {
        let _ = writeln!(text, "  {DIM}nothing to change: {}{DIM:#}", run.unchanged.join(", "));
    }
    for kept in &run.kept {
        let _ = writeln!(text, "  {DIM}left alone: {}, because {}{DIM:#}", kept.stack, kept.reason);
    }
    if run.longest.len() > 1 {
        let _ = writeln!(text, "  {DIM}the longest wait: {}{DIM:#}", run.longest.join(" → "));
    }
    let mut resources: Vec<_> =
        run.stacks.iter().flat_map(|span| span.resources.iter().map(move |resource| (span, resource))).collect();
    resources.sort_by(|(_, one), (_, other)| (other.ends - other.begins).total_cmp(&(one.ends - one.begins)));
    let slowest = resources.iter().take(SLOWEST).map(|(span, resource)| {
        format!("{}.{} {}", span.stack, resource.logical_id, time(resource.ends - resource.begins))
    });
    let slowest: Vec<_> = slowest.collect();
    if !slowest.is_empty() {
        let _ = writeln!(text, "  {DIM}the slowest: {}{DIM:#}", slowest.join(", "));
    }
    for effect in &run.effects {
        let loses = effect.loses.as_ref().map(|holds| format!(", {RED}and loses {holds}{RED:#}")).unwrap_or_default();
        let (stack, name, kind) = (&effect.stack, &effect.logical_id, &effect.resource_type);
        let _ = writeln!(text, "  {YELLOW}!{YELLOW:#} {stack}.{name} {DIM}{kind}{DIM:#} {}{loses}", effect.what);
    }
    for span in &run.stacks {
        for resource in span.resources.iter().filter(|resource| resource.failed.is_some()) {
            let reason = resource.failed.as_deref().unwrap_or_default();
            if !reason.ends_with(" cancelled") {
                let _ = writeln!(
                    text,
                    "  {RED}✗{RED:#} {} {}.{}: {reason}",
                    time(resource.ends),
                    span.stack,
                    resource.logical_id
                );
            }
        }
    }
    if let Some(error) = &run.error {
        let _ = writeln!(text, "  {RED}error:{RED:#} {error}");
        for hint in &run.hints {
            let _ = writeln!(text, "  {CYAN}hint:{CYAN:#} {hint}");
        }
    }
}

/// `2:10  12 created` or `UPDATE_ROLLBACK_COMPLETE`
fn note(span: &StackSpan) -> String {
    let count =
        |wanted: Action| span.resources.iter().filter(|one| one.action == wanted && one.failed.is_none()).count();
    let counted = [
        (Action::Created, "created"),
        (Action::Updated, "changed"),
        (Action::Replaced, "replaced"),
        (Action::Deleted, "deleted"),
        (Action::Kept, "left behind"),
    ];
    let words = counted.iter().filter_map(|(action, word)| match count(*action) {
        0 => None,
        some => Some(format!("{some} {word}")),
    });
    let words: Vec<_> = words.collect();
    let words = if words.is_empty() { plural(0, "resource") } else { words.join(", ") };
    let status = if span.status.ends_with("ROLLBACK_COMPLETE")
        || span.status.ends_with("FAILED")
        || span.status.ends_with("_IN_PROGRESS")
    {
        format!(" {}", span.status)
    } else {
        String::new()
    };
    format!("{:>5}  {words}{status}", time(span.ends - span.begins))
}

/// Draws a stack's time: where it was undone in red.
fn bar(span: &StackSpan, total: f64, width: usize) -> String {
    let column = |seconds: f64| column(seconds, total, width);
    let (start, end) = (column(span.begins), column(span.ends));
    let end = end.max(start + 1).min(width);
    let start = start.min(end.saturating_sub(1));
    let turn = span.undone_from.map_or(end, |seconds| column(seconds).clamp(start, end));
    let is_update = span.resources.iter().any(|resource| resource.action != Action::Created);
    let style = if is_update { YELLOW } else { GREEN };
    let rest = width - end;
    format!(
        "{}{style}{}{style:#}{RED}{}{RED:#}{}",
        " ".repeat(start),
        "█".repeat(turn - start),
        "▒".repeat(end - turn),
        " ".repeat(rest)
    )
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a column of a terminal"
)]
fn column(seconds: f64, total: f64, width: usize) -> usize {
    ((seconds / total.max(1.0) * width as f64).round().max(0.0) as usize).min(width)
}

/// Writes times above the bars.
fn axis(total: f64, width: usize) -> String {
    let steps = [30.0, 60.0, 120.0, 300.0, 600.0, 1200.0, 1800.0, 3600.0];
    let step = steps.into_iter().find(|step| total / step <= 6.0).unwrap_or(7200.0);
    let mut line = String::new();
    let mut at = 0.0;
    while at <= total {
        let place = column(at, total, width);
        let written = line.chars().count();
        if place >= written {
            line.push_str(&" ".repeat(place - written));
            line.push_str(&time(at));
        }
        at += step;
    }
    line
}

/// `12:30`, `1:02:03`
pub fn time(seconds: f64) -> String {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a deployment takes hours, not ages")]
    let seconds = seconds.round().max(0.0) as u64;
    match seconds / 3600 {
        0 => format!("{}:{:02}", seconds / 60, seconds % 60),
        hours => format!("{hours}:{:02}:{:02}", seconds % 3600 / 60, seconds % 60),
    }
}
