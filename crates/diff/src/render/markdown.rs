//! The diff as a comment on a pull request.

use std::fmt::Write as _;

use super::value::dotted;
use super::words::{Summary, cause, count, gate_meaning, gate_title, outcome, stack_outcome, symbol, written};
use crate::cost::Estimate;
use crate::{
    Action, Detail, Diff, EntryChange, Gate, GateFinding, Line, ResourceChange, StackAction, StackChange, ValueChange,
};

/// The longest comment that GitHub takes, in characters.
pub const LONGEST_COMMENT: usize = 65_536;

/// What a comment says besides the changes.
#[derive(Clone, Copy, Debug)]
pub struct Comment<'c> {
    /// What is compared, such as `prod`.
    pub title: &'c str,
    /// Where the old templates are from.
    pub old: &'c str,
    /// Where the new templates are from.
    pub new: &'c str,
    /// What the changes cost, where prices are known.
    pub cost: Option<&'c Estimate>,
    /// The command that shows all of it, for what has no room.
    pub command: &'c str,
    /// How many characters there may be.
    pub longest: usize,
}

/// Longer values are cut in tables.
const LONGEST_CELL: usize = 300;
/// What is kept free for the closing words.
const CLOSING: usize = 400;

/// Writes the comment: what must be seen comes first and open, the details folded, and what has no room is counted.
///
/// It begins with an invisible line by which a later run finds the comment again, to replace it.
pub fn markdown(diff: &Diff, comment: &Comment<'_>) -> String {
    let mut text =
        Text { written: String::new(), count: 0, room: comment.longest.saturating_sub(CLOSING), left_out: 0 };
    text.must(&format!("{}\n", marker(comment.title)));
    text.must(&format!("## baleen diff: {}\n\n", escaped(comment.title)));
    text.must(&format!("{}\n\n", headline(diff, comment)));
    for gate in Gate::ALL {
        let findings: Vec<_> = diff.findings(gate).collect();
        gate_table(&mut text, gate, &findings);
    }
    if !diff.stacks.is_empty() {
        stack_table(&mut text, diff);
    }
    if let Some(estimate) = comment.cost.filter(|estimate| !estimate.lines.is_empty()) {
        cost_table(&mut text, estimate);
    }
    for stack in &diff.stacks {
        details(&mut text, stack);
    }
    if text.left_out > 0 {
        let left_out = count(text.left_out, "part");
        let _ =
            write!(text.written, "\n{left_out} of this diff had no room here. All of it: {}\n", code(comment.command));
    }
    text.written
}

/// The invisible first line of the comment about `title`.
pub fn marker(title: &str) -> String {
    let title: String = title.chars().filter(|letter| letter.is_alphanumeric() || " ._/:".contains(*letter)).collect();
    format!("<!-- baleen diff: {title} -->")
}

/// A text that grows as long as there is room.
struct Text {
    written: String,
    count: usize,
    room: usize,
    left_out: usize,
}

impl Text {
    /// Adds what has to be there.
    fn must(&mut self, piece: &str) {
        self.count += piece.chars().count();
        self.written.push_str(piece);
    }

    /// Adds a piece if there is room for it, and counts it otherwise.
    fn may(&mut self, piece: &str) -> bool {
        let fits = self.count + piece.chars().count() <= self.room;
        if fits {
            self.must(piece);
        } else {
            self.left_out += 1;
        }
        fits
    }
}

fn headline(diff: &Diff, comment: &Comment<'_>) -> String {
    if diff.is_empty() {
        return format!("**No changes** from {} to {}.", code(comment.old), code(comment.new));
    }
    let mut parts = vec![format!("**{}**", Summary::of(diff).sentence())];
    let gates = Gate::ALL.map(|gate| (gate, diff.findings(gate).count())).into_iter().filter(|(_, count)| *count > 0);
    let gates: Vec<_> = gates.map(|(gate, count)| format!("**{}: {count}**", gate.name())).collect();
    parts.push(if gates.is_empty() { "no gate is touched".to_owned() } else { gates.join(", ") });
    if let Some(estimate) = comment.cost.filter(|estimate| !estimate.lines.is_empty()) {
        parts.push(format!("{} a month", estimate.difference()));
    }
    format!("{}, from {} to {}.", parts.join(" · "), code(comment.old), code(comment.new))
}

fn gate_table(text: &mut Text, gate: Gate, findings: &[&GateFinding]) {
    if findings.is_empty() {
        return;
    }
    let (title, meaning) = (gate_title(gate), gate_meaning(gate));
    let head = format!(
        "### {title}: {}\n\n{meaning}\n\n| Resource | What changes | Before | After |\n| --- | --- | --- | --- |\n",
        findings.len()
    );
    if !text.may(&head) {
        return;
    }
    for finding in findings {
        let mut place = code(&format!("{}/{}", finding.stack, finding.resource));
        if let Some(origin) = written(finding.origin) {
            let _ = write!(place, "<br>{}", escaped(&origin));
        }
        let cell = |value: &Option<String>| value.as_deref().map(|value| code(&cut(value))).unwrap_or_default();
        let mut message = escaped(&finding.message);
        if finding.stateful && gate == Gate::Destructive {
            message.push_str(" (**stateful**)");
        }
        text.may(&format!("| {place} | {message} | {} | {} |\n", cell(&finding.was), cell(&finding.now)));
    }
    text.may("\n");
}

fn stack_table(text: &mut Text, diff: &Diff) {
    if !text.may("### Stacks\n\n| Stack | Changes |\n| --- | --- |\n") {
        return;
    }
    for stack in &diff.stacks {
        text.may(&format!("| {} | {} |\n", code(&stack.name), stack_summary(stack)));
    }
    text.may("\n");
}

fn stack_summary(stack: &StackChange) -> String {
    let summary = Summary::of_stack(stack);
    if stack.action == StackAction::Modify { summary } else { format!("{}: {summary}", html(&stack_outcome(stack))) }
}

fn cost_table(text: &mut Text, estimate: &Estimate) {
    let head = format!(
        "<details><summary>Monthly cost: {}</summary>\n\n{}.\n\n| Resource | What | Before | After |\n| --- | --- | ---: | ---: |\n",
        estimate.difference(),
        escaped(&estimate.note())
    );
    let mut table = head;
    for line in &estimate.lines {
        let place = code(&format!("{}/{}", line.stack, line.resource));
        let _ = writeln!(table, "| {place} | {} | {} | {} |", escaped(&line.what), line.was, line.now);
    }
    table.push_str("\n</details>\n\n");
    text.may(&table);
}

fn details(text: &mut Text, stack: &StackChange) {
    let head = format!("<details><summary>{}: {}</summary>\n\n", html(&stack.name), stack_summary(stack));
    let tail = "</details>\n\n";
    // Room for the tail is kept before anything is opened.
    text.room = text.room.saturating_sub(tail.len());
    if text.may(&head) {
        for resource in &stack.resources {
            text.may(&resource_details(resource));
        }
        for entry in &stack.entries {
            text.may(&entry_details(entry, &stack.name));
        }
        text.must(tail);
    } else {
        text.left_out += (stack.resources.len() + stack.entries.len()).saturating_sub(1);
    }
    text.room += tail.len();
}

fn resource_details(change: &ResourceChange) -> String {
    let mut head = format!(
        "{} {} {}: **{}**",
        code(&symbol(change).to_string()),
        code(&change.logical_id),
        escaped(&change.resource_type),
        escaped(&outcome(change))
    );
    if let (Action::Move, Some(former)) = (change.action, &change.former) {
        let _ = write!(head, ", was {}", code(&format!("{}/{}", former.stack, former.logical_id)));
    }
    if let Some(origin) = written(change.new_origin.or(change.old_origin)) {
        let _ = write!(head, " ({})", escaped(&origin));
    }
    for reason in change.causes.iter().map(|reason| cause(reason, &change.stack)).chain(change.notes.iter().cloned()) {
        let _ = write!(head, "<br>{}", escaped(&reason));
    }
    format!("{head}\n\n{}", fenced(&change.changes, &change.stack))
}

fn entry_details(entry: &EntryChange, stack: &str) -> String {
    let name = entry.name.as_ref().map(|name| format!(" {}", code(name))).unwrap_or_default();
    let action = match entry.action {
        Action::Add => "added",
        Action::Remove => "removed",
        _ => "changed",
    };
    format!("**{action}** {}{name}\n\n{}", escaped(&entry.section), fenced(&entry.changes, stack))
}

/// Writes changes as a block that GitHub colours.
fn fenced(changes: &[ValueChange], stack: &str) -> String {
    let mut lines = Vec::new();
    for change in changes {
        collect(change, "", stack, &mut lines);
    }
    if lines.is_empty() {
        return String::new();
    }
    let body = lines.join("\n");
    let longest = body.split(|letter| letter != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}diff\n{body}\n{fence}\n\n")
}

fn collect(change: &ValueChange, above: &str, stack: &str, lines: &mut Vec<String>) {
    let path = dotted(&change.path);
    let path = if above.is_empty() { path } else { format!("{above} → {path}") };
    match &change.detail {
        Some(Detail::Document(inner)) => {
            for change in inner {
                collect(change, &path, stack, lines);
            }
        }
        Some(Detail::Lines(inner)) => {
            lines.push(format!("@@ {path} @@"));
            lines.extend(inner.iter().map(|line| match line {
                Line::Same(text) => format!("  {text}"),
                Line::Removed(text) => format!("- {text}"),
                Line::Added(text) => format!("+ {text}"),
                Line::Skipped(lines) => format!("  … {}", count(*lines, "line")),
            }));
        }
        Some(Detail::Order(_)) => lines.push(format!("! {path}: in another order")),
        None => {
            if let Some(reason) = &change.cause {
                lines.push(format!("! {path}: {}", cause(reason, stack)));
                return;
            }
            let value = |tree: &tree::Tree| tree.to_json_pretty().trim_end().to_owned();
            let sides = [("-", change.old.as_ref().map(value)), ("+", change.new.as_ref().map(value))];
            for (sign, text) in sides {
                let Some(text) = text else { continue };
                let mut of_value = text.lines();
                lines.push(format!("{sign} {path}: {}", of_value.next().unwrap_or_default()));
                lines.extend(of_value.map(|line| format!("{sign}   {line}")));
            }
        }
    }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(LONGEST_CELL) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Writes a text as code that may stand in a table.
fn code(text: &str) -> String {
    format!("<code>{}</code>", html(text))
}

/// Escapes for HTML within Markdown, where Markdown would still see its own signs.
fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\n' | '\r' => out.push(' '),
            '&' | '<' | '>' | '"' | '|' | '`' | '*' | '_' | '[' | ']' | '\\' | '@' | '#' | '~' | '$' => {
                let _ = write!(out, "&#{};", u32::from(letter));
            }
            _ => out.push(letter),
        }
    }
    out
}

/// Escapes text so that nothing in it is markup, a mention or a link to an issue.
fn escaped(text: &str) -> String {
    html(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_value_is_markup() {
        assert_eq!(code("a|b`c`<d>\n@you"), "<code>a&#124;b&#96;c&#96;&#60;d&#62; &#64;you</code>");
        assert_eq!(marker("x --><b>"), "<!-- baleen diff: x b -->");
    }

    #[test]
    fn a_fence_is_longer_than_any_in_the_value() {
        let change = ValueChange {
            path: crate::Path::of(["Code"]),
            old: None,
            new: Some(tree::Tree::string("````")),
            impact: crate::Impact::Update,
            detail: None,
            cause: None,
        };
        assert!(fenced(&[change], "").starts_with("`````diff\n"));
    }
}
