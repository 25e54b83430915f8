//! Exports and imports of templates that are checked together.

use std::collections::BTreeMap;

use tree::{Entry, Finding, Severity, Tree};

use super::Walk;
use crate::outline::Outline;
use crate::place::Place;
use crate::rule::Rule;
use crate::words::{quoted, similar};

/// Returns the literal name under which an output is exported.
pub(crate) fn exported(output: &Entry) -> Option<&str> {
    output.value.find(["Export", "Name"]).and_then(Tree::as_str)
}

/// Reports names that are exported twice: by one template, or by two that are checked together.
pub(super) fn check(outline: &Outline<'_>, all: &[Outline<'_>], place: &Place<'_>, findings: &mut Vec<Finding>) {
    let Some(section) = outline.tree.as_map().and_then(|map| map.entry("Outputs")) else { return };
    let place = place.entry(section);
    let mut own: BTreeMap<&str, &str> = BTreeMap::new();
    for output in section.value.as_map().into_iter().flatten() {
        let Some(name) = exported(output) else { continue };
        let inner = place.entry(output);
        let export = output.value.as_map().and_then(|map| map.entry("Export"));
        let place = export.map_or(inner, |export| inner.entry(export));
        if let Some(first) = own.insert(name, &output.key) {
            let message = format!("{} is exported already, by the output `{first}`", quoted(name));
            findings.push(EXPORT.at(&place, message).hint("export it once"));
            continue;
        }
        // Only those before this one, so that it is told once.
        let before = all.iter().take_while(|other| other.name != outline.name);
        if let Some(other) = before.into_iter().find(|other| other.exports.contains(name)) {
            let message = format!("{} is exported by {}, too", quoted(name), quoted(other.name));
            let hint = "that is right only if the two are for different regions or accounts";
            let finding = EXPORT.at(&place, message).hint(hint);
            findings.push(Finding { severity: Severity::Warning, ..finding });
        }
    }
}

impl Walk<'_, '_> {
    /// Looks for the export that is imported. That there is none is no fault: a stack elsewhere may have it.
    pub(super) fn import(&mut self, argument: &Tree, place: &Place<'_>) {
        let Some(name) = argument.as_str() else { return };
        if self.all.iter().all(|other| other.exports.is_empty())
            || self.all.iter().any(|other| other.exports.contains(name))
        {
            return;
        }
        let known = self.all.iter().flat_map(|other| other.exports.iter().copied());
        let meant = if self.findings.len() < super::MOST_HINTED { similar(name, known) } else { None };
        let finding = IMPORT.at(place, format!("none of the templates checked here exports {}", quoted(name)));
        self.findings.push(match meant {
            Some(meant) => finding.hint(format!("did you mean `{meant}`?")),
            None => Finding { severity: Severity::Info, ..finding.hint("another stack of the region has to") },
        });
    }
}

pub(crate) static EXPORT: Rule = Rule {
    id: "reference/export",
    severity: Severity::Error,
    statement: "a name is exported once in a region of an account",
    why: "the second stack fails with `Export with name … is already exported`; of two templates it is a warning",
    page: "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-exports.html",
    bad: r#"{"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}, "Outputs": {
        "Arn": {"Value": {"Ref": "Topic"}, "Export": {"Name": "done"}},
        "Name": {"Value": {"Fn::GetAtt": ["Topic", "TopicName"]}, "Export": {"Name": "done"}}}}"#,
    good: r#"{"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}, "Outputs": {
        "Arn": {"Value": {"Ref": "Topic"}, "Export": {"Name": "done-arn"}},
        "Name": {"Value": {"Fn::GetAtt": ["Topic", "TopicName"]}, "Export": {"Name": "done-name"}}}}"#,
};

pub(crate) static IMPORT: Rule = Rule {
    id: "reference/import",
    severity: Severity::Warning,
    statement: "what is imported is exported by a template that is checked together with this one",
    why: "the stack fails with `No export named … found`; where no name is similar, it is only worth knowing",
    page: "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-importvalue.html",
    bad: r#"{"Resources": {"Topic": {"Type": "AWS::SNS::Topic",
        "Properties": {"DisplayName": {"Fn::ImportValue": "film-nmae"}}}},
        "Outputs": {"Name": {"Value": "Films", "Export": {"Name": "film-name"}}}}"#,
    good: r#"{"Resources": {"Topic": {"Type": "AWS::SNS::Topic",
        "Properties": {"DisplayName": {"Fn::ImportValue": "film-name"}}}},
        "Outputs": {"Name": {"Value": "Films", "Export": {"Name": "film-name"}}}}"#,
};
