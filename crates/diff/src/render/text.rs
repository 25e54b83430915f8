//! The diff for a terminal.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use tree::Origin;

use super::value::{dotted, inline, shorten, shorten_pair};
use super::words::{Summary, cause, gate_title, outcome, stack_outcome, symbol};
use crate::{
    Action, Detail, Diff, EntryChange, Gate, GateFinding, Impact, Line, ResourceChange, StackAction, StackChange,
    ValueChange,
};

const RED: Style = AnsiColor::Red.on_default();
const GREEN: Style = AnsiColor::Green.on_default();
const YELLOW: Style = AnsiColor::Yellow.on_default();
const CYAN: Style = AnsiColor::Cyan.on_default();
const GRAVE: Style = AnsiColor::Red.on_default().bold();
const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();

/// So many changes of a new or removed resource are shown, unless all are wanted.
const SHOWN: usize = 6;

/// How the text is written.
#[derive(Clone, Copy, Debug)]
pub struct TextOptions {
    /// How many characters fit a line.
    pub width: usize,
    /// Whether nothing is folded: all properties of new and removed resources, long values whole.
    pub all: bool,
}

/// Writes a diff for a terminal, with colours as ANSI escape sequences.
pub fn text(diff: &Diff, options: TextOptions) -> String {
    let mut out = String::new();
    for stack in &diff.stacks {
        write_stack(stack, options, &mut out);
    }
    for gate in Gate::ALL {
        write_gate(diff, gate, options, &mut out);
    }
    let summary = Summary::of(diff);
    let _ = writeln!(out, "{BOLD}{}{BOLD:#}", summary.sentence());
    out
}

fn write_stack(stack: &StackChange, options: TextOptions, out: &mut String) {
    let style = match stack.action {
        StackAction::Add => GREEN,
        StackAction::Remove | StackAction::Rename => GRAVE,
        StackAction::Modify => DIM,
    };
    let _ = writeln!(out, "{BOLD}{}{BOLD:#}  {style}{}{style:#}", stack.name, stack_outcome(stack));
    let width = |of: fn(&ResourceChange) -> &str| {
        stack.resources.iter().map(|resource| of(resource).chars().count()).max().unwrap_or_default()
    };
    let columns = (width(|resource| &resource.logical_id).min(40), width(|resource| &resource.resource_type).min(40));
    // Of a stack that came or went as a whole, what is in it is enough.
    let shown = match stack.action {
        _ if options.all => usize::MAX,
        StackAction::Add | StackAction::Remove => 0,
        StackAction::Modify | StackAction::Rename => SHOWN,
    };
    for resource in &stack.resources {
        write_resource(resource, columns, shown, options, out);
    }
    if shown == 0 && !stack.entries.is_empty() {
        let _ = writeln!(out, "  {DIM}… {} parameters, outputs and other entries{DIM:#}", stack.entries.len());
    }
    for entry in stack.entries.iter().filter(|_| shown > 0) {
        write_entry(entry, options, out);
    }
    out.push('\n');
}

fn write_resource(
    resource: &ResourceChange,
    columns: (usize, usize),
    shown: usize,
    options: TextOptions,
    out: &mut String,
) {
    let style = style_of(resource.action, resource.impact);
    let (id, kind) = (&resource.logical_id, &resource.resource_type);
    let (id_width, kind_width) = columns;
    let grave = if resource.impact.is_destructive() && resource.stateful { GRAVE } else { style };
    let _ = write!(
        out,
        "  {style}{}{style:#} {BOLD}{id:id_width$}{BOLD:#}  {DIM}{kind:kind_width$}{DIM:#}  {grave}{}{grave:#}",
        symbol(resource),
        outcome(resource),
    );
    if let Some(former) = &resource.former {
        let stack = if former.stack == resource.stack { String::new() } else { format!("{}/", former.stack) };
        let _ = write!(out, "  {CYAN}was {stack}{}{CYAN:#}", former.logical_id);
    }
    let _ = writeln!(out, "{}", place(resource.new_origin, resource.old_origin));
    for reason in &resource.causes {
        let _ = writeln!(out, "      {CYAN}because{CYAN:#} it {}", cause(reason, &resource.stack));
    }
    for note in &resource.notes {
        let _ = writeln!(out, "      {YELLOW}note:{YELLOW:#} {note}");
    }
    let whole = matches!(resource.action, Action::Add | Action::Remove);
    let shown = if whole { shown } else { usize::MAX };
    for change in resource.changes.iter().take(shown) {
        write_change(change, Place { indent: 6, whole, stack: &resource.stack }, options, out);
    }
    if let Some(more) = resource.changes.len().checked_sub(shown).filter(|more| *more > 0 && shown > 0) {
        let _ = writeln!(out, "      {DIM}… {more} more{DIM:#}");
    }
}

fn write_entry(entry: &EntryChange, options: TextOptions, out: &mut String) {
    let style = style_of(entry.action, Impact::Update);
    let sign = match entry.action {
        Action::Add => '+',
        Action::Remove => '-',
        _ => '~',
    };
    let section = entry.section.strip_suffix('s').filter(|_| entry.name.is_some()).unwrap_or(&entry.section);
    let name = entry.name.as_ref().map(|name| format!(" {BOLD}{name}{BOLD:#}")).unwrap_or_default();
    let origin = place(entry.new_origin, entry.old_origin);
    let place = Place { indent: 6, whole: entry.action != Action::Modify, stack: "" };
    let head = format!("  {style}{sign}{style:#} {section}{name}");
    match entry.changes.as_slice() {
        // An entry that came or went, or that has no inside: it fits the line.
        [change] if change.path.is_root() && change.detail.is_none() => {
            let taken = 12 + section.len() + entry.name.as_ref().map_or(0, String::len);
            let values = values(change, options.width.saturating_sub(taken), options.all);
            let _ = writeln!(out, "{head}  {values}{origin}");
        }
        changes => {
            let _ = writeln!(out, "{head}{origin}");
            for change in changes {
                write_change(change, place, options, out);
            }
        }
    }
}

/// Where changes are written.
#[derive(Clone, Copy)]
struct Place<'a> {
    indent: usize,
    /// Whether all of it came or went, so that signs say nothing.
    whole: bool,
    stack: &'a str,
}

fn write_change(change: &ValueChange, place: Place<'_>, options: TextOptions, out: &mut String) {
    let indent = " ".repeat(place.indent);
    let path = if change.path.is_root() { "value".to_owned() } else { dotted(&change.path) };
    let force = match change.impact {
        Impact::Replace => format!("  {GRAVE}← forces replacement{GRAVE:#}"),
        Impact::MayReplace => format!("  {YELLOW}← may force replacement{YELLOW:#}"),
        _ => String::new(),
    };
    let (sign, style) = match (&change.old, &change.new, &change.cause) {
        _ if place.whole => (' ', Style::new()),
        (_, _, Some(_)) => ('↻', CYAN),
        (None, Some(_), None) => ('+', GREEN),
        (Some(_), None, None) => ('-', RED),
        _ => ('~', YELLOW),
    };
    let head = format!("{indent}{style}{sign}{style:#} {path}");
    if let Some(reason) = &change.cause {
        let _ = writeln!(out, "{head}  {CYAN}{}{CYAN:#}{force}", cause(reason, place.stack));
        return;
    }
    let inner = Place { indent: place.indent + 4, ..place };
    match &change.detail {
        Some(Detail::Lines(lines)) => {
            let _ = writeln!(out, "{head}{force}");
            for line in lines {
                write_line(line, inner.indent, options, out);
            }
        }
        Some(Detail::Document(changes)) => {
            let _ = writeln!(out, "{head}  {DIM}JSON{DIM:#}{force}");
            for change in changes {
                write_change(change, inner, options, out);
            }
        }
        Some(Detail::Order(order)) => {
            let _ = writeln!(out, "{head}  {}{force}", order_words(order));
        }
        None => {
            let room = options.width.saturating_sub(place.indent + path.chars().count() + 6).max(24);
            match (change.old.as_ref().map(inline), change.new.as_ref().map(inline)) {
                // Two long values stand below each other, where it is seen what differs.
                (Some(old), Some(new)) if !options.all && old.chars().count() + new.chars().count() > room => {
                    let (old, new) = shorten_pair(&old, &new, 2 * options.width.saturating_sub(inner.indent + 2));
                    let indent = " ".repeat(inner.indent);
                    let _ =
                        writeln!(out, "{head}{force}\n{indent}{RED}- {old}{RED:#}\n{indent}{GREEN}+ {new}{GREEN:#}");
                }
                _ => {
                    let _ = writeln!(out, "{head}  {}{force}", values(change, room, options.all));
                }
            }
        }
    }
}

fn order_words(order: &[Option<usize>]) -> String {
    let positions: Vec<_> =
        order.iter().map(|was| was.map_or_else(|| "new".to_owned(), |was| was.to_string())).collect();
    format!("other order, by former positions: {}", positions.join(", "))
}

/// Writes the old and the new value in one line.
fn values(change: &ValueChange, room: usize, all: bool) -> String {
    let room = if all { usize::MAX } else { room };
    match (change.old.as_ref().map(inline), change.new.as_ref().map(inline)) {
        (Some(old), Some(new)) => {
            let (old, new) = shorten_pair(&old, &new, room);
            format!("{RED}{old}{RED:#} {DIM}→{DIM:#} {GREEN}{new}{GREEN:#}")
        }
        (Some(old), None) => format!("{RED}{}{RED:#}", shorten(&old, room)),
        (None, Some(new)) => format!("{GREEN}{}{GREEN:#}", shorten(&new, room)),
        (None, None) => String::new(),
    }
}

fn write_line(line: &Line, indent: usize, options: TextOptions, out: &mut String) {
    let room = if options.all { usize::MAX } else { options.width.saturating_sub(indent + 2).max(24) };
    let indent = " ".repeat(indent);
    let _ = match line {
        Line::Same(text) => writeln!(out, "{indent}  {DIM}{}{DIM:#}", shorten(text, room)),
        Line::Removed(text) => writeln!(out, "{indent}{RED}- {}{RED:#}", shorten(text, room)),
        Line::Added(text) => writeln!(out, "{indent}{GREEN}+ {}{GREEN:#}", shorten(text, room)),
        Line::Skipped(count) => writeln!(out, "{indent}{DIM}⋮ {}{DIM:#}", super::count(*count, "line")),
    };
}

fn write_gate(diff: &Diff, gate: Gate, options: TextOptions, out: &mut String) {
    let findings: Vec<&GateFinding> = diff.findings(gate).collect();
    if findings.is_empty() {
        return;
    }
    let _ = writeln!(out, "{GRAVE}{}{GRAVE:#} {DIM}({}){DIM:#}", gate_title(gate), findings.len());
    for of_stack in findings.chunk_by(|one, other| one.stack == other.stack) {
        let stack = of_stack[0].stack.as_str();
        let is_new = diff.stacks.iter().any(|own| own.name == stack && own.action == StackAction::Add);
        // That a new stack may do what it is for is no surprise.
        let shown = if options.all || gate == Gate::Destructive {
            usize::MAX
        } else if is_new {
            3
        } else {
            12
        };
        for finding in of_stack.iter().take(shown) {
            write_finding(finding, options, out);
        }
        if let Some(more) = of_stack.len().checked_sub(shown).filter(|more| *more > 0) {
            let _ = writeln!(out, "  {DIM}… {more} more in {stack}; `--all` shows them{DIM:#}");
        }
    }
    out.push('\n');
}

fn write_finding(finding: &GateFinding, options: TextOptions, out: &mut String) {
    let GateFinding { stack, resource, message, .. } = finding;
    // Most messages name the resource themselves.
    let name = if message.contains(resource.as_str()) { stack.clone() } else { format!("{stack}/{resource}") };
    let mut lines = wrap(&format!("{name}: {message}"), options.width.saturating_sub(6).max(40)).into_iter();
    let first = lines.next().unwrap_or_default();
    let first = first.strip_prefix(&name).unwrap_or(&first);
    let _ = write!(out, "  {GRAVE}!{GRAVE:#} {BOLD}{name}{BOLD:#}{first}");
    for line in lines {
        let _ = write!(out, "\n      {line}");
    }
    let _ = writeln!(out, "{}", place(finding.origin, Origin::Unknown));
    if let (Some(was), Some(now)) = (&finding.was, &finding.now)
        && !(message.contains(was.as_str()) || message.contains(now.as_str()))
    {
        let _ = writeln!(out, "      {RED}{was}{RED:#} {DIM}→{DIM:#} {GREEN}{now}{GREEN:#}");
    }
}

/// Breaks a sentence into lines, between words.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut taken = 0;
    for word in text.split(' ') {
        let length = word.chars().count();
        match lines.last_mut() {
            Some(line) if taken + 1 + length <= width => {
                line.push(' ');
                line.push_str(word);
                taken += 1 + length;
            }
            _ => {
                lines.push(word.to_owned());
                taken = length;
            }
        }
    }
    lines
}

fn style_of(action: Action, impact: Impact) -> Style {
    match (action, impact) {
        (Action::Add, _) => GREEN,
        (_, Impact::Replace | Impact::Delete | Impact::MayDelete) | (Action::Remove, _) => RED,
        (Action::Affected | Action::Move, _) => CYAN,
        (_, Impact::None) => DIM,
        _ => YELLOW,
    }
}

/// Where it is written, if that is a line of Rust: positions in the templates are found by the names.
fn place(new: Origin, old: Origin) -> String {
    let origin = new.or(old);
    if origin.file().is_some() { format!("  {DIM}{origin}{DIM:#}") } else { String::new() }
}

#[cfg(test)]
mod tests {
    use super::wrap;

    #[test]
    fn sentences_break_between_words() {
        assert_eq!(wrap("a bb ccc dddd", 6), ["a bb", "ccc", "dddd"]);
        assert_eq!(wrap("longer than that", 3), ["longer", "than", "that"]);
    }
}
