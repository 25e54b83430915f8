//! Findings of two tools about the same templates.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Deserialize;
use serde_json::Value;
use tree::{Finding, Segment, Severity};

/// The groups of our rules that cfn-lint has its own of; what the others find is beyond it.
const GROUPS: [&str; 5] = ["function/", "reference/", "schema/", "structure/", "text/"];

/// A finding of cfn-lint's.
#[derive(Debug)]
pub struct Theirs {
    pub rule: String,
    pub file: String,
    is_error: bool,
    line: u64,
    path: Vec<String>,
    message: String,
}

/// A finding of ours.
#[derive(Debug)]
pub struct Ours {
    pub rule: String,
    pub file: String,
    is_error: bool,
    line: u64,
    path: Vec<String>,
    message: String,
}

impl From<&Finding> for Ours {
    fn from(finding: &Finding) -> Self {
        let segment = |segment: &Segment| match segment {
            Segment::Key(key) => key.clone(),
            Segment::Index(index) => index.to_string(),
        };
        Self {
            rule: finding.rule.to_owned(),
            file: finding.template.clone(),
            is_error: finding.severity == Severity::Error,
            line: finding.origin.position().map_or(0, |(line, _)| line.into()),
            path: finding.path.segments().iter().map(segment).collect(),
            message: finding.message.clone(),
        }
    }
}

impl fmt::Display for Theirs {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}:{} {}: {}", self.rule, self.file, self.line, self.path.join("/"), self.message)
    }
}

impl fmt::Display for Ours {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}:{} {}: {}", self.rule, self.file, self.line, self.path.join("/"), self.message)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Match {
    filename: String,
    level: String,
    message: String,
    rule: MatchRule,
    location: Location,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct MatchRule {
    id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Location {
    path: Option<Vec<Value>>,
    start: Start,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Start {
    line_number: u64,
}

/// Reads cfn-lint's JSON. What it says twice of one place, of two conditions for example, counts once.
pub fn from_cfn_lint(text: &str) -> anyhow::Result<Vec<Theirs>> {
    let step = |step: Value| step.as_str().map_or_else(|| step.to_string(), str::to_owned);
    let mut seen = BTreeSet::new();
    let mut findings = Vec::new();
    for one in serde_json::from_str::<Vec<Match>>(text)? {
        let path: Vec<String> = one.location.path.unwrap_or_default().into_iter().map(step).collect();
        let line = one.location.start.line_number;
        if seen.insert((one.rule.id.clone(), one.filename.clone(), line, path.clone())) {
            let is_error = one.level == "Error";
            let (rule, file, message) = (one.rule.id, one.filename, one.message);
            findings.push(Theirs { rule, file, is_error, line, path, message });
        }
    }
    Ok(findings)
}

/// What was found by whom.
pub struct Comparison<'f> {
    /// By cfn-lint's rule: how many findings it has, and how many of them ours has too.
    by_rule: BTreeMap<&'f str, (usize, usize)>,
    /// How many errors cfn-lint has by rules of other kinds.
    beyond: usize,
    pub missed: Vec<&'f Theirs>,
    pub only_ours: Vec<&'f Ours>,
}

/// Compares findings; `same` names, for rules of cfn-lint's, the rules of ours that find the same.
pub fn compare<'f>(theirs: &'f [Theirs], ours: &'f [Ours], same: &BTreeMap<String, Vec<String>>) -> Comparison<'f> {
    let mut comparison = Comparison { by_rule: BTreeMap::new(), beyond: 0, missed: Vec::new(), only_ours: Vec::new() };
    for one in theirs.iter().filter(|one| one.is_error) {
        let Some(rules) = same.get(&one.rule) else {
            comparison.beyond += 1;
            continue;
        };
        let is_found = ours.iter().any(|own| own.file == one.file && rules.contains(&own.rule) && is_same(one, own));
        let (all, found) = comparison.by_rule.entry(&one.rule).or_default();
        *all += 1;
        if is_found {
            *found += 1;
        } else {
            comparison.missed.push(one);
        }
    }
    let is_alone = |own: &&Ours| !theirs.iter().any(|one| one.file == own.file && is_same(one, own));
    let is_comparable = |own: &&Ours| own.is_error && GROUPS.iter().any(|group| own.rule.starts_with(group));
    comparison.only_ours = ours.iter().filter(is_comparable).filter(is_alone).collect();
    comparison
}

/// Tells whether two findings about one template are about one place.
fn is_same(one: &Theirs, own: &Ours) -> bool {
    // What one tells of each resource, the other may tell once and name them all.
    let names = one.path.get(1).is_some_and(|id| own.message.contains(&format!("`{id}`")));
    let is_text = one.rule == "E0000";
    is_text
        || one.line == own.line
        || names && one.path.len() > 1 && is_shared(&own.rule)
        || is_near(&one.path, &own.path)
}

/// Tells whether one finding of a rule is about several resources.
fn is_shared(rule: &str) -> bool {
    ["reference/circular", "schema/identifier"].contains(&rule)
}

/// Tells whether one path is the beginning of the other.
fn is_near(one: &[String], other: &[String]) -> bool {
    let (short, long) = if one.len() < other.len() { (one, other) } else { (other, one) };
    long.starts_with(short) && (short.len() > 1 || long.len() <= 2)
}

impl Comparison<'_> {
    fn totals(&self) -> (usize, usize) {
        self.by_rule.values().fold((0, 0), |(all, found), (more, more_found)| (all + more, found + more_found))
    }

    /// Returns how many of cfn-lint's findings are found, in percent.
    #[expect(clippy::cast_precision_loss, reason = "counts of findings")]
    pub fn share(&self) -> f64 {
        let (all, found) = self.totals();
        100.0 * found as f64 / all.max(1) as f64
    }

    /// Writes the comparison as a table, cfn-lint's rules with something missed one by one.
    pub fn table(&self, files: usize) -> String {
        let (all, found) = self.totals();
        let partly: Vec<String> = self
            .by_rule
            .iter()
            .filter(|(_, (all, found))| found < all)
            .map(|(rule, (all, found))| format!("  {rule}  {found} of {all}\n"))
            .collect();
        format!(
            "{files} templates\n\
             cfn-lint, rules about schemas and references  {all} findings by {} rules\n\
             found by baleen check                         {found} ({:.1} %)\n\
             missed                                        {}\n{}\
             found by baleen check only                    {}\n\
             cfn-lint, rules of other kinds                {} findings, not compared\n",
            self.by_rule.len(),
            self.share(),
            self.missed.len(),
            partly.concat(),
            self.only_ours.len(),
            self.beyond,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> Vec<String> {
        text.split('/').filter(|step| !step.is_empty()).map(str::to_owned).collect()
    }

    #[test]
    fn places_are_near_if_one_is_inside_the_other() {
        let near = |one, other| is_near(&path(one), &path(other));
        assert!(near("Resources/A/Properties", "Resources/A/Properties/Tags/0"));
        assert!(near("Transform/key", "Transform"));
        assert!(near("", ""));
        assert!(!near("Resources/A/Properties/Name", "Resources/A/Properties/Tags"));
        assert!(!near("", "Resources/A/Properties"));
        assert!(!near("Resources", "Resources/A/Type"));
    }
}
