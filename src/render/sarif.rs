//! Findings as SARIF 2.1.0, the form in which code scanning takes them.

use std::collections::BTreeMap;

use check::Suppressed;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tree::{Finding, Severity};

use super::findings::file;

/// Where relative addresses begin; whoever reads the file knows.
const ROOT: &str = "SRCROOT";

/// Writes one run of the tool, with what the templates' author accepts.
pub fn sarif(findings: &[Finding], suppressed: &[Suppressed]) -> Value {
    let accepted = suppressed.iter().map(|one| &one.finding);
    let mut ids: Vec<&str> = findings.iter().chain(accepted).map(|finding| finding.rule).collect();
    ids.sort_unstable();
    ids.dedup();
    let mut seen = BTreeMap::new();
    let mut results: Vec<Value> = findings.iter().map(|finding| result(finding, &ids, &mut seen)).collect();
    for Suppressed { finding, reason } in suppressed {
        let mut accepted = result(finding, &ids, &mut seen);
        accepted["suppressions"] = json!([{"kind": "inSource", "justification": reason}]);
        results.push(accepted);
    }
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "baleen",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": ids.iter().map(|id| rule(id)).collect::<Vec<_>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

fn rule(id: &str) -> Value {
    let Some(rule) = check::rule(id) else { return json!({ "id": id }) };
    let markdown = format!(
        "{}.\n\nWhy: {}.\n\nBad:\n\n```\n{}\n```\n\nGood:\n\n```\n{}\n```\n\n[Documentation]({})",
        rule.statement, rule.why, rule.bad, rule.good, rule.page
    );
    json!({
        "id": id,
        "shortDescription": {"text": rule.statement},
        "fullDescription": {"text": rule.why},
        "helpUri": rule.page,
        "help": {"text": format!("{}. Why: {}.", rule.statement, rule.why), "markdown": markdown},
        "defaultConfiguration": {"level": level(rule.severity)},
        "properties": {"tags": [id.split_once('/').map_or(id, |(group, _)| group)]},
    })
}

fn result(finding: &Finding, ids: &[&str], seen: &mut BTreeMap<String, u32>) -> Value {
    let message = match &finding.hint {
        Some(hint) => format!("{}; {hint}", finding.message),
        None => finding.message.clone(),
    };
    let file = file(finding).unwrap_or_else(|| finding.template.clone());
    let mut physical = json!({"artifactLocation": artifact(&file)});
    if let Some((line, column)) = finding.origin.position() {
        physical["region"] = json!({"startLine": line, "startColumn": column});
    }
    let mut location = json!({"physicalLocation": physical});
    let path = finding.path.to_string();
    if !path.is_empty() {
        let mut logical = json!({"fullyQualifiedName": format!("{}/{path}", finding.template)});
        if let Some(resource) = &finding.resource {
            logical["name"] = json!(resource);
            logical["kind"] = json!("resource");
        }
        location["logicalLocations"] = json!([logical]);
    }
    // The same place keeps its fingerprint when lines above it come and go.
    let place = format!("{}\n{}\n{path}", finding.rule, finding.template);
    let count = seen.entry(place.clone()).and_modify(|count| *count += 1).or_insert(0);
    json!({
        "ruleId": finding.rule,
        "ruleIndex": ids.binary_search(&finding.rule).ok(),
        "level": level(finding.severity),
        "message": {"text": message},
        "locations": [location],
        "partialFingerprints": {"place/v1": fingerprint(&format!("{place}\n{count}"))},
    })
}

fn fingerprint(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().take(16).map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
}

/// Addresses a file, relative to the folder where the tool runs if it is in there.
fn artifact(file: &str) -> Value {
    let here = std::env::current_dir().ok();
    let path = std::path::Path::new(file);
    let relative = here.and_then(|here| path.strip_prefix(here).ok()).unwrap_or(path);
    let address: String = relative.to_string_lossy().bytes().map(encoded).collect();
    if relative.is_absolute() {
        return json!({"uri": format!("file://{address}")});
    }
    json!({"uri": address, "uriBaseId": ROOT})
}

/// Writes a byte of a path as addresses have it.
fn encoded(byte: u8) -> String {
    if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
        char::from(byte).to_string()
    } else {
        format!("%{byte:02X}")
    }
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    }
}
