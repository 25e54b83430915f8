//! Findings about templates and environments' files.

use serde_json::{Value, json};
use tree::{Finding, Origin, Severity};

use super::excerpt::{Lines, excerpt};
use crate::printer::{CYAN, DIM, Printer, RED, YELLOW};
use crate::table::printable;

/// Prints a finding to standard error.
pub fn print(printer: &Printer, finding: &Finding) {
    if printer.is_json() {
        printer.event(&json!({ "event": "finding", "finding": to_json(finding) }));
    } else {
        printer.line(to_text(finding));
    }
}

/// Describes a finding as compilers do: what, then where, then what to do.
pub fn to_text(finding: &Finding) -> String {
    to_text_with(finding, None)
}

/// Describes a finding with the line that it is about, if the text of its template is at hand.
pub fn to_text_with(finding: &Finding, text: Option<&Lines<'_>>) -> String {
    let style = match finding.severity {
        Severity::Error => RED,
        Severity::Warning => YELLOW,
        Severity::Info => CYAN,
    };
    // What a template of unknown origin says must not command the terminal.
    let safe = |words: &str| if text.is_some() { printable(words) } else { words.to_owned() };
    let Finding { severity, message, .. } = finding;
    let mut lines = vec![
        format!("{style}{severity}:{style:#} {}", safe(message)),
        format!("  {DIM}-->{DIM:#} {}", safe(&place(finding, text.is_some()))),
    ];
    if let (Some(text), Origin::Text { line, column }) = (text, finding.origin) {
        lines.extend(excerpt(text, line, column, style));
    }
    lines.push(format!("  {DIM}rule:{DIM:#} {}", finding.rule));
    if let Some(hint) = &finding.hint {
        lines.push(format!("  {CYAN}hint:{CYAN:#} {}", safe(hint)));
    }
    lines.join("\n")
}

/// Describes a finding for scripts.
pub fn to_json(finding: &Finding) -> Value {
    let position = finding.origin.position();
    json!({
        "severity": finding.severity,
        "rule": finding.rule,
        "message": finding.message,
        "hint": finding.hint,
        "template": finding.template,
        "resource": finding.resource,
        "path": finding.path.to_string(),
        "file": file(finding),
        "line": position.map(|(line, _)| line),
        "column": position.map(|(_, column)| column),
    })
}

/// Returns the file of a finding: the author's, or the template that was read.
pub fn file(finding: &Finding) -> Option<String> {
    match finding.origin {
        Origin::Text { .. } => Some(finding.template.clone()),
        origin => origin.file(),
    }
}

/// Counts findings: `2 errors, 1 warning`.
pub fn counts(findings: &[Finding]) -> String {
    let kinds = [(Severity::Error, "error"), (Severity::Warning, "warning"), (Severity::Info, "remark")];
    let count = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
    let counted = kinds.into_iter().map(|(severity, word)| (count(severity), word)).filter(|(count, _)| *count > 0);
    let texts: Vec<_> = counted.map(|(count, word)| plural(count, word)).collect();
    if texts.is_empty() { "no findings".to_owned() } else { texts.join(", ") }
}

/// `1 stack`, `2 stacks`.
pub fn plural(count: usize, word: &str) -> String {
    if count == 1 { format!("1 {word}") } else { format!("{count} {word}s") }
}

fn place(finding: &Finding, is_template: bool) -> String {
    let path = finding.path.to_string();
    let inside = if path.is_empty() { String::new() } else { format!(", at {path}") };
    match (finding.origin.file(), finding.origin.position()) {
        // A line of Rust, and the stack that it became.
        (Some(file), Some((line, _))) => format!("{file}:{line}, in stack `{}`{inside}", finding.template),
        // A position in the file that was read.
        (None, Some((line, column))) if is_template => format!("{}:{line}:{column}{inside}", finding.template),
        (None, Some((line, column))) => format!("{}:{line}:{column}", finding.template),
        _ => format!("stack `{}`{inside}", finding.template),
    }
}

#[cfg(test)]
mod tests {
    use tree::{Origin, Path};

    use super::*;

    fn plain(finding: &Finding) -> String {
        anstream::adapter::strip_str(&to_text(finding)).to_string()
    }

    #[test]
    fn a_finding_names_the_line_of_rust_and_the_place_in_the_template() {
        let (origin, line) = (Origin::caller(), line!());
        let path = Path::of(["Resources", "Sources", "Properties", "BucketNme"]);
        let finding = Finding::error("schema/property", "storage", path, origin, "there is no property `BucketNme`");
        assert_eq!(
            plain(&finding.hint("did you mean `BucketName`?")),
            format!(
                "error: there is no property `BucketNme`\n  --> src/render/findings.rs:{line}, in stack `storage`, at \
                 Resources/Sources/Properties/BucketNme\n  rule: schema/property\n  hint: did you mean `BucketName`?"
            )
        );
    }

    #[test]
    fn a_finding_without_an_origin_names_the_stack() {
        let finding = Finding::warning("limits/outputs", "jobs", Path::root(), Origin::Unknown, "many outputs");
        assert_eq!(plain(&finding), "warning: many outputs\n  --> stack `jobs`\n  rule: limits/outputs");
        assert_eq!(counts(&[finding.clone(), finding]), "2 warnings");
        assert_eq!(counts(&[]), "no findings");
    }
}
