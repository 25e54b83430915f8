//! What the author of a template accepts, and why:
//! `"Metadata": {"Baleen": {"Suppress": [{"Rule": "security/tls-only", "Reason": "…", "Path": "Properties/…"}]}}`.
//!
//! On a resource it holds for that resource, at the template's root for the whole template. `Path` narrows it to what is at
//! or below a place, counted from where the metadata stands. What cannot work stays an error: findings about structure,
//! references and schemas cannot be suppressed.

use std::cell::Cell;
use std::collections::BTreeMap;

use tree::{Finding, Origin, Path, Severity, Tree};

use crate::outline::Outline;
use crate::rule::{self, Rule};
use crate::words::{counted, did_you_mean, kind, quoted};

/// A finding that the template's author accepts.
#[derive(Clone, Debug, PartialEq)]
pub struct Suppressed {
    /// What was found.
    pub finding: Finding,
    /// Why it is accepted, in the author's words.
    pub reason: String,
}

/// An entry of `Suppress` that says all it must.
struct Suppression<'t> {
    rule: &'t str,
    reason: &'t str,
    /// The place below which it holds, from the template's root.
    below: String,
    path: Path,
    origin: Origin,
    is_used: Cell<bool>,
}

/// By the rule and, if it stands on one, the resource.
type Suppressions<'t> = BTreeMap<(&'t str, Option<&'t str>), Vec<Suppression<'t>>>;

/// Tells what the template suppresses from the other findings, and adds what is wrong with its suppressions.
pub(crate) fn apply(outline: &Outline<'_>, found: Vec<Finding>) -> (Vec<Finding>, Vec<Suppressed>) {
    let mut faults = Vec::new();
    let mut suppressions = Suppressions::new();
    read(outline, None, outline.tree, &mut suppressions, &mut faults);
    for entry in outline.resource_entries() {
        read(outline, Some(&entry.key), &entry.value, &mut suppressions, &mut faults);
    }
    if suppressions.is_empty() && faults.is_empty() {
        return (found, Vec::new());
    }
    let (mut findings, mut suppressed) = (Vec::new(), Vec::new());
    for finding in found {
        match reason(&suppressions, &finding) {
            Some(reason) => suppressed.push(Suppressed { finding, reason }),
            None => findings.push(finding),
        }
    }
    for unused in suppressions.values().flatten().filter(|suppression| !suppression.is_used.get()) {
        let message = format!("{} finds nothing here, so there is nothing to suppress", quoted(unused.rule));
        let finding = finding(&UNUSED, outline, unused.path.clone(), unused.origin, message);
        faults.push(finding.hint("remove the entry, or correct its `Path`"));
    }
    findings.extend(faults);
    (findings, suppressed)
}

/// Finds the entry that accepts a finding, and says why it does.
fn reason(suppressions: &Suppressions<'_>, finding: &Finding) -> Option<String> {
    let path = finding.path.to_string();
    let holds = |suppression: &&Suppression<'_>| {
        let rest = path.strip_prefix(&suppression.below);
        rest.is_some_and(|rest| suppression.below.is_empty() || rest.is_empty() || rest.starts_with('/'))
    };
    for resource in [finding.resource.as_deref(), None] {
        let own = suppressions.get(&(finding.rule, resource)).and_then(|own| own.iter().find(holds));
        if let Some(suppression) = own {
            suppression.is_used.set(true);
            return Some(suppression.reason.to_owned());
        }
    }
    None
}

/// Reads the suppressions beside a resource or at the template's root.
fn read<'t>(
    outline: &Outline<'t>,
    resource: Option<&'t str>,
    owner: &'t Tree,
    suppressions: &mut Suppressions<'t>,
    faults: &mut Vec<Finding>,
) {
    let base = resource.map_or_else(Path::root, |id| Path::of(["Resources", id]));
    misspelt(outline, owner, &base, faults);
    let Some(list) = owner.find(["Metadata", "Baleen", "Suppress"]) else { return };
    let at = base.key("Metadata").key("Baleen").key("Suppress");
    let Some(entries) = list.as_list() else {
        let message = format!("`Suppress` must be a list of objects, but is {}", kind(list));
        faults.push(finding(&SHAPE, outline, at, list.origin, message));
        return;
    };
    for (index, entry) in entries.iter().enumerate() {
        let path = at.index(index);
        if let Some(suppression) = suppression(outline, entry, &base, path, faults) {
            suppressions.entry((suppression.rule, resource)).or_default().push(suppression);
        }
    }
}

/// Reports `baleen` and `suppress`, which would be passed over: the keys begin with a capital letter.
fn misspelt(outline: &Outline<'_>, owner: &Tree, base: &Path, faults: &mut Vec<Finding>) {
    let is_misspelt = |key: &str, wanted: &str| key != wanted && key.eq_ignore_ascii_case(wanted);
    let mut fault = |path: Path, origin: Origin, key: &str, wanted: &str| {
        let message = format!("the key is {}, but must be `{wanted}`: nothing is suppressed", quoted(key));
        faults.push(finding(&SHAPE, outline, path, origin, message).hint(format!("write `{wanted}`")));
    };
    let at = base.key("Metadata");
    for own in owner.find(["Metadata"]).and_then(Tree::as_map).into_iter().flatten() {
        let is_own = own.key == "Baleen" || is_misspelt(&own.key, "Baleen");
        let suppress = own.value.as_map().into_iter().flatten();
        for entry in suppress.filter(|entry| is_own && is_misspelt(&entry.key, "Suppress")) {
            fault(at.key(&own.key).key(&entry.key), entry.value.origin, &entry.key, "Suppress");
        }
        let has_suppress =
            own.value.as_map().is_some_and(|map| map.keys().any(|key| key.eq_ignore_ascii_case("Suppress")));
        if is_misspelt(&own.key, "Baleen") && has_suppress {
            fault(at.key(&own.key), own.value.origin, &own.key, "Baleen");
        }
    }
}

/// Reads one entry, or says what is wrong with it.
fn suppression<'t>(
    outline: &Outline<'_>,
    entry: &'t Tree,
    base: &Path,
    path: Path,
    faults: &mut Vec<Finding>,
) -> Option<Suppression<'t>> {
    let origin = entry.origin;
    let mut fault = |rule, message: String, hint: Option<String>| {
        faults.push(Finding { hint, ..finding(rule, outline, path.clone(), origin, message) });
    };
    let Some(map) = entry.as_map() else {
        fault(&SHAPE, format!("a suppression must be an object, but is {}", kind(entry)), None);
        return None;
    };
    if let Some(key) = map.keys().find(|key| !KEYS.contains(key)) {
        let message = format!("a suppression has `Rule`, `Reason` and `Path`, but no {}", quoted(key));
        fault(&SHAPE, message, did_you_mean(key, KEYS));
        return None;
    }
    let Some(id) = map.get("Rule").and_then(Tree::as_str) else {
        fault(&SHAPE, "a suppression must name its `Rule`".to_owned(), None);
        return None;
    };
    if !rule::is_suppressible(id) {
        let (message, hint) = if rule::rule(id).is_some() {
            (format!("findings of {} cannot be suppressed: they keep the stack from working", quoted(id)), None)
        } else {
            let ids = rule::rules().into_iter().map(|rule| rule.id);
            (format!("there is no rule {}", quoted(id)), did_you_mean(id, ids))
        };
        fault(&RULE, message, hint);
        return None;
    }
    let reason = map.get("Reason").and_then(Tree::as_str).unwrap_or_default();
    if let Some(fault_of_reason) = fault_of_reason(reason) {
        let message = format!("the suppression of {} {fault_of_reason}", quoted(id));
        fault(&REASON, message, Some("say what makes it right here, for who reads the template next year".to_owned()));
        return None;
    }
    let below = match map.get("Path").map(|below| (below, below.as_str())) {
        None => String::new(),
        Some((_, Some(below))) => below.trim_matches('/').to_owned(),
        Some((below, None)) => {
            fault(&SHAPE, format!("`Path` must be a string, but is {}", kind(below)), None);
            return None;
        }
    };
    let parts = [base.to_string(), below].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>();
    Some(Suppression { rule: id, reason, below: parts.join("/"), path, origin, is_used: Cell::new(false) })
}

const KEYS: [&str; 3] = ["Path", "Reason", "Rule"];

/// What is said where nothing is said.
const EMPTY_WORDS: [&str; 8] = [
    "by design",
    "false positive",
    "not applicable",
    "not needed",
    "not relevant",
    "not required",
    "to be done",
    "will fix later",
];
/// Two short words in any script.
const SHORTEST_REASON: usize = 10;

/// Tells what is wrong with a reason.
fn fault_of_reason(reason: &str) -> Option<String> {
    let reason = reason.trim();
    let characters = reason.chars().count();
    if reason.is_empty() {
        return Some("has no `Reason`".to_owned());
    }
    if EMPTY_WORDS.contains(&reason.to_lowercase().trim_end_matches('.')) {
        return Some(format!("gives {} as its reason, which says nothing about this resource", quoted(reason)));
    }
    if characters < SHORTEST_REASON || !reason.contains(char::is_whitespace) {
        let characters = counted(characters, "character");
        return Some(format!("gives {} as its reason ({characters}), which is too short to say why", quoted(reason)));
    }
    None
}

fn finding(rule: &'static Rule, outline: &Outline<'_>, path: Path, origin: Origin, message: String) -> Finding {
    Finding { severity: rule.severity, ..Finding::error(rule.id, outline.name, path, origin, message) }
}

const PAGE: &str = "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-metadata.html";

pub(crate) static REASON: Rule = Rule {
    id: "suppression/reason",
    severity: Severity::Error,
    statement: "a suppression says why the finding is accepted",
    why: "whoever reviews the template next cannot judge an exception without its reason",
    page: PAGE,
    bad: r#"{"Resources": {"Logs": {"Type": "AWS::S3::Bucket",
        "Metadata": {"Baleen": {"Suppress": [{"Rule": "security/access-logs", "Reason": "ok"}]}}}}}"#,
    good: r#"{"Resources": {"Logs": {"Type": "AWS::S3::Bucket", "Metadata": {"Baleen": {"Suppress": [
        {"Rule": "security/access-logs", "Reason": "It holds nothing but build logs, which anyone in the company may read."}]}}}}}"#,
};

pub(crate) static RULE: Rule = Rule {
    id: "suppression/rule",
    severity: Severity::Warning,
    statement: "a suppression names a rule that exists and may be suppressed",
    why: "a misspelt rule suppresses nothing, and what CloudFormation refuses is refused whatever one accepts",
    page: PAGE,
    bad: r#"{"Resources": {"Logs": {"Type": "AWS::S3::Bucket", "Metadata": {"Baleen": {"Suppress": [
        {"Rule": "security/acess-logs", "Reason": "It holds nothing but build logs."}]}}}}}"#,
    good: r#"{"Resources": {"Logs": {"Type": "AWS::S3::Bucket", "Metadata": {"Baleen": {"Suppress": [
        {"Rule": "security/access-logs", "Reason": "It holds nothing but build logs."}]}}}}}"#,
};

pub(crate) static SHAPE: Rule = Rule {
    id: "suppression/shape",
    severity: Severity::Error,
    statement: "suppressions are a list `Baleen: Suppress` of objects with `Rule`, `Reason` and perhaps `Path`",
    why: "a suppression of any other shape suppresses nothing",
    page: PAGE,
    bad: r#"{"Resources": {"Logs": {"Type": "AWS::S3::Bucket",
        "Metadata": {"Baleen": {"Suppress": ["security/access-logs"]}}}}}"#,
    good: r#"{"Resources": {"Logs": {"Type": "AWS::S3::Bucket", "Metadata": {"Baleen": {"Suppress": [
        {"Rule": "security/access-logs", "Reason": "It holds nothing but build logs."}]}}}}}"#,
};

pub(crate) static UNUSED: Rule = Rule {
    id: "suppression/unused",
    severity: Severity::Warning,
    statement: "a suppression suppresses something",
    why: "an exception that is no longer needed would hide the next fault of its kind",
    page: PAGE,
    bad: r#"{"Resources": {"Logs": {"Type": "AWS::S3::Bucket", "Metadata": {"Baleen": {"Suppress": [
        {"Rule": "security/function-url", "Reason": "The address is called by a partner without credentials."}]}}}}}"#,
    good: r#"{"Resources": {"Logs": {"Type": "AWS::S3::Bucket", "Metadata": {"Baleen": {"Suppress": [
        {"Rule": "security/access-logs", "Reason": "It holds nothing but build logs."}]}}}}}"#,
};

/// The rules of this group.
pub(crate) static RULES: &[&Rule] = &[&REASON, &RULE, &SHAPE, &UNUSED];
