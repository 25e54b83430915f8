//! The findings that stay, each with the reason why: `tests/audit/*.toml`.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;

use anyhow::Context;
use serde::Deserialize;

use super::finding::{Finding, Findings, Place, Tool};

/// The folder of the lists of accepted findings.
pub const FOLDER: &str = "tests/audit";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    accepted: Vec<Written>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    tool: Tool,
    rule: String,
    reason: String,
    places: Vec<String>,
}

/// A pattern of places where one rule may be broken.
pub struct Accepted {
    pub file: String,
    pub finding: Finding,
}

/// Reads every list; what is wrong in them is collected, to be said at once.
pub fn read(root: &Path) -> anyhow::Result<(Vec<Accepted>, Vec<String>)> {
    let folder = root.join(FOLDER);
    let mut files = Vec::new();
    for entry in std::fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))? {
        files.push(entry?.path());
    }
    files.retain(|file| file.extension().is_some_and(|extension| extension == "toml"));
    files.sort();
    let (mut accepted, mut faults) = (Vec::new(), Vec::new());
    for file in files {
        let name = file.strip_prefix(root).unwrap_or(&file).display().to_string();
        let text = std::fs::read_to_string(&file).with_context(|| format!("cannot read {name}"))?;
        parse(&name, &text, &mut accepted, &mut faults).with_context(|| format!("cannot read {name}"))?;
    }
    Ok((accepted, faults))
}

fn parse(file: &str, text: &str, accepted: &mut Vec<Accepted>, faults: &mut Vec<String>) -> anyhow::Result<()> {
    for Written { tool, rule, reason, places } in toml::from_str::<File>(text)?.accepted {
        if reason.trim().is_empty() {
            faults.push(format!("{file}: {tool} {rule} is accepted without a reason; write why it is right as it is"));
        }
        if places.is_empty() {
            faults.push(format!("{file}: {tool} {rule} is accepted nowhere; list places, or remove the entry"));
        }
        for text in places {
            match Place::parse(&text) {
                Some(place) if !place.logical_id.contains('*') => {
                    let finding = Finding { tool, rule: rule.clone(), place };
                    accepted.push(Accepted { file: file.to_owned(), finding });
                }
                Some(_) => faults.push(format!(
                    "{file}: {tool} {rule} has the place `{text}`; `*` stands for environments and stacks only, \
                     so that a new resource is looked at"
                )),
                None => faults.push(format!(
                    "{file}: {tool} {rule} has the place `{text}`; a place is `environment/stack/LogicalId`, \
                     with `: detail` where the finding has one"
                )),
            }
        }
    }
    Ok(())
}

/// How what was found differs from what is accepted.
#[derive(Default)]
pub struct Comparison<'a> {
    /// Found, and not accepted.
    pub new: Findings,
    /// Accepted, and found nowhere.
    pub stale: Vec<&'a Accepted>,
    /// Found, and accepted by two patterns.
    pub twice: Vec<(Finding, [&'a Accepted; 2])>,
}

pub fn compare<'a>(findings: &Findings, accepted: &'a [Accepted]) -> Comparison<'a> {
    let mut comparison = Comparison::default();
    let mut used = BTreeSet::<usize>::new();
    for (finding, message) in findings {
        let fits = |pattern: &Finding| {
            pattern.tool == finding.tool && pattern.rule == finding.rule && pattern.place.matches(&finding.place)
        };
        let by: Vec<_> = (0..accepted.len()).filter(|at| fits(&accepted[*at].finding)).collect();
        used.extend(&by);
        match by[..] {
            [] => {
                comparison.new.insert(finding.clone(), message.clone());
            }
            [_] => {}
            [first, second, ..] => {
                comparison.twice.push((finding.clone(), [&accepted[first], &accepted[second]]));
            }
        }
    }
    let stale = (0..accepted.len()).filter(|at| !used.contains(at));
    comparison.stale = stale.map(|at| &accepted[at]).collect();
    comparison
}

/// Writes entries that would accept findings, were it not for their reasons.
///
/// What is found in every environment that has a stack is written once, for all of them. `stacks` lists the pairs of
/// environment and stack that there are.
pub fn stubs(new: &Findings, stacks: &BTreeSet<(String, String)>) -> String {
    let mut text = String::new();
    let mut rule_before = None;
    let mut written = BTreeSet::new();
    for (finding, message) in new {
        let rule = (finding.tool, &finding.rule);
        if rule_before != Some(rule) {
            if rule_before.is_some() {
                text.push_str("]\n\n");
            }
            let _ = writeln!(
                text,
                "# {}\n[[accepted]]\ntool = \"{}\"\nrule = {}\nreason = \"\"\nplaces = [",
                message.replace('\n', " "),
                finding.tool,
                quoted(&finding.rule)
            );
            rule_before = Some(rule);
        }
        let widened = widened(finding, new, stacks);
        if written.insert((rule, widened.clone())) {
            let _ = writeln!(text, "    {},", quoted(&widened.to_string()));
        }
    }
    if rule_before.is_some() {
        text.push_str("]\n");
    }
    text
}

fn widened(finding: &Finding, new: &Findings, stacks: &BTreeSet<(String, String)>) -> Place {
    let mut everywhere = stacks.iter().filter(|(_, stack)| *stack == finding.place.stack);
    let found = everywhere.clone().count() > 1
        && everywhere.all(|(environment, _)| {
            let place = Place { environment: environment.clone(), ..finding.place.clone() };
            new.contains_key(&Finding { place, ..finding.clone() })
        });
    if found { Place { environment: "*".to_owned(), ..finding.place.clone() } } else { finding.place.clone() }
}

fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(found: &[(&str, &str)]) -> Findings {
        let finding = |(rule, place): &(&str, &str)| {
            let place = Place::parse(place).unwrap_or_else(|| panic!("{place}"));
            (Finding { tool: Tool::Checkov, rule: (*rule).to_owned(), place }, "ensure it".to_owned())
        };
        found.iter().map(finding).collect()
    }

    fn accepted(text: &str) -> (Vec<Accepted>, Vec<String>) {
        let (mut accepted, mut faults) = (Vec::new(), Vec::new());
        parse("list.toml", text, &mut accepted, &mut faults).expect("the list is TOML of the right shape");
        (accepted, faults)
    }

    fn entry(rule: &str, reason: &str, places: &[&str]) -> String {
        format!("[[accepted]]\ntool = 'checkov'\nrule = '{rule}'\nreason = '{reason}'\nplaces = {places:?}\n")
    }

    #[test]
    fn what_is_accepted_and_found_passes() {
        let (accepted, faults) = accepted(&entry("CKV_1", "it is so", &["*/storage/Logs", "dev/jobs/Queue"]));
        let found =
            findings(&[("CKV_1", "dev/storage/Logs"), ("CKV_1", "prod/storage/Logs"), ("CKV_1", "dev/jobs/Queue")]);
        let comparison = compare(&found, &accepted);
        assert!(faults.is_empty(), "{faults:?}");
        assert!(comparison.new.is_empty() && comparison.stale.is_empty() && comparison.twice.is_empty());
    }

    #[test]
    fn what_is_found_only_is_new() {
        let (accepted, _) = accepted(&entry("CKV_1", "it is so", &["dev/storage/Logs"]));
        let found = findings(&[("CKV_1", "dev/storage/Logs"), ("CKV_1", "dev/storage/Work"), ("CKV_2", "dev/a/B")]);
        let comparison = compare(&found, &accepted);
        assert_eq!(comparison.new, findings(&[("CKV_1", "dev/storage/Work"), ("CKV_2", "dev/a/B")]));
        assert!(comparison.stale.is_empty());
    }

    #[test]
    fn what_is_accepted_only_is_stale() {
        let (accepted, _) = accepted(&entry("CKV_1", "it is so", &["dev/storage/Logs", "*/storage/Work"]));
        let found = findings(&[("CKV_1", "dev/storage/Logs"), ("CKV_2", "dev/storage/Work")]);
        let stale: Vec<_> = compare(&found, &accepted).stale.iter().map(|one| one.finding.to_string()).collect();
        assert_eq!(stale, ["checkov CKV_1 */storage/Work"]);
    }

    #[test]
    fn nothing_is_accepted_twice() {
        let (accepted, _) = accepted(&entry("CKV_1", "it is so", &["dev/storage/Logs", "*/storage/Logs"]));
        assert_eq!(compare(&findings(&[("CKV_1", "dev/storage/Logs")]), &accepted).twice.len(), 1);
    }

    #[test]
    fn a_list_needs_reasons_and_places_that_can_be_read() {
        let list = [
            entry("CKV_1", " ", &["dev/storage/Logs"]),
            entry("CKV_2", "it is so", &[]),
            entry("CKV_3", "it is so", &["dev/storage/*"]),
            entry("CKV_4", "it is so", &["Logs"]),
        ];
        let (_, faults) = accepted(&list.concat());
        let said = ["without a reason", "accepted nowhere", "environments and stacks only", "a place is"];
        assert_eq!(faults.len(), said.len());
        for (fault, said) in faults.iter().zip(said) {
            assert!(fault.contains(said), "{fault}");
        }
    }

    #[test]
    fn stubs_accept_what_they_were_made_from_but_for_their_reasons() {
        let stacks = [("dev", "storage"), ("prod", "storage"), ("dev", "jobs"), ("prod", "jobs")];
        let stacks = stacks.map(|(environment, stack)| (environment.to_owned(), stack.to_owned())).into();
        let found = findings(&[
            ("CKV_1", "dev/storage/Logs"),
            ("CKV_1", "prod/storage/Logs"),
            ("CKV_1", "dev/jobs/Role: s3:\"Get\""),
            ("CKV_2", "dev/jobs/Queue"),
        ]);
        let text = stubs(&found, &stacks);
        let (accepted, faults) = accepted(&text);
        let places: Vec<_> = accepted.iter().map(|one| one.finding.to_string()).collect();
        assert_eq!(
            places,
            ["checkov CKV_1 dev/jobs/Role: s3:\"Get\"", "checkov CKV_1 */storage/Logs", "checkov CKV_2 dev/jobs/Queue"]
        );
        assert_eq!(faults.len(), 2, "each entry lacks its reason: {faults:?}");
        let comparison = compare(&found, &accepted);
        assert!(comparison.new.is_empty() && comparison.stale.is_empty(), "{text}");
    }
}
