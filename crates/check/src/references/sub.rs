//! `Fn::Sub`: the holes of its text and what fills them.

use std::collections::BTreeSet;

use tree::{Severity, Tree};

use super::functions::{ARGUMENTS, takes};
use super::{PSEUDO_PARAMETERS, Walk};
use crate::attributes::{self, Attribute};
use crate::kinds::Kinds;
use crate::outline::function;
use crate::place::Place;
use crate::rule::Rule;
use crate::words::{all_of, counted, given, quoted};

impl<'t> Walk<'_, 't> {
    /// Checks an `Fn::Sub`, whose argument is a text, or a text and variables.
    pub(super) fn sub(&mut self, argument: &'t Tree, place: &Place<'_>) {
        let (text, variables) = match argument.as_list() {
            Some([text, variables]) => (text, Some(variables)),
            Some(_) => return self.mistaken("Fn::Sub", argument, place),
            None => (argument, None),
        };
        let (Some(literal), true) = (text.as_str(), variables.is_none_or(|variables| variables.as_map().is_some()))
        else {
            return self.mistaken("Fn::Sub", argument, place);
        };
        let in_list = place.index(0, text);
        let at_text = if variables.is_some() { &in_list } else { place };
        let given: BTreeSet<&str> = variables.and_then(Tree::as_map).into_iter().flat_map(tree::Map::keys).collect();
        let mut used = BTreeSet::new();
        for hole in holes(literal) {
            if given.contains(hole) {
                used.insert(hole);
            } else {
                self.hole(hole, at_text);
            }
        }
        let Some(variables) = variables else { return };
        let place = place.index(1, variables);
        for variable in variables.as_map().into_iter().flatten() {
            let place = place.entry(variable);
            if !used.contains(variable.key.as_str()) && self.loops == 0 {
                let message = format!("the variable {} fills no hole of the text", quoted(&variable.key));
                let hint = format!("write `${{{}}}` where it belongs, or leave it out", variable.key);
                self.findings.push(UNUSED_VARIABLE.at(&place, message).hint(hint));
            }
            self.text("Fn::Sub", &variable.value, &place);
        }
    }

    /// Checks a text that no `Fn::Sub` fills in.
    pub(super) fn plain(&mut self, text: &str, place: &Place<'_>) {
        // Scripts, macros and API definitions have variables of their own.
        let has_own =
            ["DefinitionString", "DefinitionSubstitutions", "Metadata", "TemplateBody"].contains(&self.property);
        if !text.contains("${") || has_own || self.outline.transformed || self.loops > 0 || self.owner.is_none() {
            return;
        }
        let is_declared = |hole: &&str| {
            let name = hole.split_once('.').map_or(*hole, |(id, _)| id);
            self.outline.parameters.contains_key(name)
                || self.outline.resources.contains_key(name)
                || PSEUDO_PARAMETERS.contains(&name)
        };
        let hole = holes(text).find(is_declared);
        if let Some(hole) = hole {
            let message = format!("`${{{hole}}}` stays as it is: only `Fn::Sub` fills it in");
            let hint = format!("put the text into `Fn::Sub`, or call the variable something else than `{hole}`");
            self.findings.push(UNFILLED.at(place, message).hint(hint));
        }
    }

    fn hole(&mut self, hole: &'t str, place: &Place<'_>) {
        let shown = format!("`${{{hole}}}`");
        let fits = |character: char| character.is_ascii_alphanumeric() || "._:&".contains(character);
        if hole.is_empty() || !hole.chars().all(fits) {
            if self.loops == 0 {
                let message = format!("{shown} is no name that `Fn::Sub` could fill in");
                let hint = format!("write `${{!{hole}}}` to keep the text as it is");
                self.findings.push(ARGUMENTS.at(place, message).hint(hint));
            }
            return;
        }
        let kinds = if let Some((id, name)) = hole.split_once('.') {
            self.attribute(id, name, &shown, place);
            let type_name = self.outline.resources.get(id).and_then(|resource| resource.type_name);
            match type_name.map(|type_name| attributes::attribute(type_name, name)) {
                Some(Attribute::Known(kinds)) => kinds,
                _ => Kinds::ANY,
            }
        } else {
            self.reference(hole, &shown, place);
            self.outline.kinds_of_ref(hole)
        };
        if !kinds.overlaps(Kinds::TEXT) {
            let message = format!("`Fn::Sub` takes {}, but {shown} gives {}", takes("Fn::Sub"), kinds.describe());
            let hint = "make text of it with `Fn::Join`, in a variable of `Fn::Sub`";
            self.findings.push(ARGUMENTS.at(place, message).hint(hint));
        }
    }

    /// Reports arguments of the wrong number or kind.
    pub(super) fn mistaken(&mut self, name: &str, argument: &'t Tree, place: &Place<'_>) {
        let has = match argument.as_list() {
            Some(list) => {
                let kinds: Vec<String> = list.iter().map(given).collect();
                format!("has {}: {}", counted(list.len(), "argument"), kinds.join(", "))
            }
            None => match argument.as_map() {
                Some(_) if function(argument).is_some() => {
                    format!("has the function {}", all_of(function(argument).map(|(name, _)| name)))
                }
                Some(map) => format!("has an object of {}", all_of(map.keys())),
                None => format!("has {}", given(argument)),
            },
        };
        self.findings.push(ARGUMENTS.at(place, format!("`{name}` takes {}, but {has}", takes(name))));
        self.tree(argument, place);
    }
}

/// Lists what stands in the holes `${…}` of a text; `${!…}` is none, and neither is one that is not closed.
fn holes(text: &str) -> impl Iterator<Item = &str> {
    text.split("${")
        .skip(1)
        .filter_map(|rest| rest.split_once('}'))
        .map(|(hole, _)| hole.trim())
        .filter(|hole| !hole.starts_with('!'))
}

pub(crate) static UNFILLED: Rule = Rule {
    id: "reference/unfilled",
    severity: Severity::Warning,
    statement: "a hole with the name of something declared stands in an `Fn::Sub`",
    why: "elsewhere it stays as it is, and the service gets `${…}` literally",
    page: "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-sub.html",
    bad: r#"{"Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": "${AWS::StackName}"}}}}"#,
    good: r#"{"Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {
        "DisplayName": {"Fn::Sub": "${AWS::StackName}"}}}}}"#,
};

pub(crate) static UNUSED_VARIABLE: Rule = Rule {
    id: "reference/unused-variable",
    severity: Severity::Warning,
    statement: "a variable of `Fn::Sub` fills a hole of the text",
    why: "it is mostly a misspelt hole, which then means something else",
    page: "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-sub.html",
    bad: r#"{"Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {
        "TopicName": {"Fn::Sub": ["done-${AWS::StackName}", {"Stack": {"Ref": "AWS::StackName"}}]}}}}}"#,
    good: r#"{"Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {
        "TopicName": {"Fn::Sub": ["done-${Stack}", {"Stack": {"Ref": "AWS::StackName"}}]}}}}}"#,
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holes_are_found_and_literals_are_not() {
        let found = |text| holes(text).collect::<Vec<_>>();
        assert_eq!(found("${A}-${ B.C }/$D{E}${!F}${G"), ["A", "B.C"]);
        assert_eq!(found("${}"), [""]);
        assert_eq!(found("plain"), Vec::<&str>::new());
    }
}
