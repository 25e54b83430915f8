//! The intrinsic functions: which there are, where they may stand and what they take.

use tree::{Node, Severity, Tree};

use super::{Scope, Walk};
use crate::attributes;
use crate::kinds::{Kinds, produced};
use crate::outline::function;
use crate::place::Place;
use crate::rule::Rule;
use crate::words::{counted, did_you_mean, given, quoted};

/// Each function and what it takes, as a message says it.
const FUNCTIONS: [(&str, &str); 28] = [
    ("Fn::And", "a list of 2 to 10 conditions"),
    ("Fn::Base64", "a string"),
    ("Fn::Cidr", "an address block, a count from 1 to 256 and, if wanted, the number of subnet bits"),
    ("Fn::Contains", "a list of strings and a string"),
    ("Fn::EachMemberEquals", "a list of strings and a string"),
    ("Fn::EachMemberIn", "two lists of strings"),
    ("Fn::Equals", "a list of two values"),
    ("Fn::FindInMap", "a list of three: a mapping, a key of it and a key of that"),
    ("Fn::ForEach", "a name, a list of values and an object of what is repeated"),
    ("Fn::GetAZs", "a region, or an empty string for the own one"),
    ("Fn::GetAtt", "a resource and an attribute: `[\"Bucket\", \"Arn\"]` or `\"Bucket.Arn\"`"),
    ("Fn::GetStackOutput", "an object with `StackName`, `OutputName` and, if wanted, `Region` and `RoleArn`"),
    ("Fn::If", "a list of three: a condition, the value if it is true and the value if not"),
    ("Fn::ImportValue", "the name of an export"),
    ("Fn::Join", "a delimiter and a list of strings"),
    ("Fn::Length", "a list"),
    ("Fn::Not", "a list of one condition"),
    ("Fn::Or", "a list of 2 to 10 conditions"),
    ("Fn::RefAll", "a type of parameter"),
    ("Fn::Select", "an index from 0 and a list"),
    ("Fn::Split", "a delimiter and a string"),
    ("Fn::Sub", "a string, or a string and an object of variables, all of them strings"),
    ("Fn::ToJsonString", "an object or a list"),
    ("Fn::Transform", "an object with the `Name` of a macro and its `Parameters`"),
    ("Fn::ValueOf", "a parameter and an attribute"),
    ("Fn::ValueOfAll", "a type of parameter and an attribute"),
    ("Condition", "the name of a condition"),
    ("Ref", "the name of a parameter or of a resource"),
];

const OF_CONDITIONS: [&str; 4] = ["Fn::And", "Fn::Equals", "Fn::Not", "Fn::Or"];
const OF_RULES: [&str; 6] =
    ["Fn::Contains", "Fn::EachMemberEquals", "Fn::EachMemberIn", "Fn::RefAll", "Fn::ValueOf", "Fn::ValueOfAll"];
const OF_EXTENSIONS: [&str; 2] = ["Fn::Length", "Fn::ToJsonString"];
/// What conditions can be decided with.
const IN_CONDITIONS: [&str; 7] =
    ["Fn::FindInMap", "Fn::Join", "Fn::Length", "Fn::Select", "Fn::Split", "Fn::Sub", "Fn::ToJsonString"];

/// Tells what a function takes.
pub(super) fn takes(name: &str) -> &'static str {
    FUNCTIONS.iter().find(|(own, _)| *own == name).map_or("something else", |(_, takes)| takes)
}

impl<'t> Walk<'_, 't> {
    /// Checks an intrinsic function and walks through its arguments; `place` is that of the argument.
    pub(super) fn function(&mut self, name: &'t str, argument: &'t Tree, place: &Place<'_>) {
        if self.is_out_of_place(name, place) {
            // A text might be meant for `Fn::Sub`, or for anything else.
            if argument.as_str().is_none() {
                self.tree(argument, place);
            }
            return;
        }
        match (name, argument.as_list()) {
            ("Ref", _) => match argument.as_str() {
                Some(name) => self.reference(name, "`Ref`", place),
                None if self.outline.extended && function(argument).is_some() => self.tree(argument, place),
                None => self.mistaken(name, argument, place),
            },
            ("Fn::GetAtt", _) => self.get_att(argument, place),
            ("Fn::Sub", _) => self.sub(argument, place),
            ("Fn::If", Some([condition, then, otherwise])) => self.choice(condition, then, otherwise, argument, place),
            ("Fn::Join" | "Fn::Split", Some([delimiter, second])) if delimiter.as_str().is_some() => {
                let place = place.index(1, second);
                if name == "Fn::Join" { self.list(name, second, &place) } else { self.text(name, second, &place) }
            }
            ("Fn::Select", Some([index, list])) => self.select(index, list, place),
            ("Fn::FindInMap", Some([mapping, top, second, rest @ ..])) if rest.len() < 2 => {
                self.find_in_map([mapping, top, second], rest, place);
            }
            ("Fn::Cidr", Some([block, numbers @ ..])) if matches!(numbers.len(), 1 | 2) => {
                self.text(name, block, &place.index(0, block));
                for (index, number) in numbers.iter().enumerate() {
                    self.count(number, if index == 0 { 256 } else { 128 }, &place.index(index + 1, number));
                }
            }
            ("Fn::GetAZs", None)
                if argument.as_str().is_some_and(|region| !region.is_empty() && !is_region(region)) =>
            {
                let message = format!("`Fn::GetAZs` takes {}, but has {}", takes(name), given(argument));
                self.findings.push(ARGUMENTS.at(place, message).hint("a region is named like `eu-west-1`"));
            }
            ("Fn::Base64" | "Fn::GetAZs", _) => self.text(name, argument, place),
            // What is imported cannot name what is imported.
            ("Fn::ImportValue", _) if self.scope == Scope::Import => self.mistaken(name, argument, place),
            ("Fn::ImportValue", _) => {
                self.import(argument, place);
                let scope = std::mem::replace(&mut self.scope, Scope::Import);
                self.text(name, argument, place);
                self.scope = scope;
            }
            ("Fn::GetStackOutput", None) if has(argument, &["StackName", "OutputName"], &["Region", "RoleArn"]) => {
                self.tree(argument, place);
            }
            ("Fn::Transform", None) if has(argument, &["Name"], &["Parameters"]) => self.tree(argument, place),
            // Several macros can be called one after another.
            ("Fn::Transform", Some(macros)) if macros.iter().all(|one| has(one, &["Name"], &["Parameters"])) => {
                self.tree(argument, place);
            }
            ("Fn::Length", _) => self.list(name, argument, place),
            ("Fn::ToJsonString", _) => self.tree(argument, place),
            (name, Some([_, _, body])) if name.starts_with("Fn::ForEach::") => {
                self.loops += 1;
                self.tree(body, &place.index(2, body));
                self.loops -= 1;
            }
            (name, _) if OF_RULES.contains(&name) => self.tree(argument, place),
            (name, _) if name.starts_with("Fn::ForEach::") => self.mistaken("Fn::ForEach", argument, place),
            _ => self.mistaken(name, argument, place),
        }
    }

    /// Reports a function that does not exist, or not here.
    pub(super) fn is_out_of_place(&mut self, name: &str, place: &Place<'_>) -> bool {
        let Some((rule, message, hint)) = self.misplacement(name) else { return false };
        let mut finding = rule.at(place, message);
        finding.hint = hint;
        self.findings.push(finding);
        true
    }

    fn misplacement(&self, name: &str) -> Option<(&'static Rule, String, Option<String>)> {
        let is_loop = name.starts_with("Fn::ForEach::");
        if !is_loop && !FUNCTIONS.iter().any(|(known, _)| *known == name) {
            let hint = did_you_mean(name, FUNCTIONS.map(|(known, _)| known));
            return Some((&UNKNOWN_FUNCTION, format!("there is no function {}", quoted(name)), hint));
        }
        let is_extended = self.outline.extended || self.outline.transformed;
        if (is_loop || OF_EXTENSIONS.contains(&name)) && !is_extended {
            let message = format!("`{name}` works only with the transform `AWS::LanguageExtensions`");
            let hint = "add `\"Transform\": \"AWS::LanguageExtensions\"` to the template";
            return Some((&EXTENSION, message, Some(hint.to_owned())));
        }
        if OF_CONDITIONS.contains(&name) {
            let hint = "declare a condition, and choose with `Fn::If`";
            return Some((&CONTEXT, format!("`{name}` works only in `Conditions`"), Some(hint.to_owned())));
        }
        if OF_RULES.contains(&name) {
            return (self.scope != Scope::Rule).then(|| (&CONTEXT, format!("`{name}` works only in `Rules`"), None));
        }
        let is_decided_early = matches!(self.scope, Scope::Condition | Scope::Rule);
        if is_decided_early && name != "Ref" && !IN_CONDITIONS.contains(&name) && !is_extended {
            let message =
                format!("`{name}` does not work in `Conditions` and `Rules`, which are decided before anything else");
            return Some((&CONTEXT, message, Some("compare parameters, pseudo-parameters and mappings".to_owned())));
        }
        None
    }

    fn get_att(&mut self, argument: &'t Tree, place: &Place<'_>) {
        if let Some((id, attribute)) = attributes::literal(argument) {
            return self.attribute(id, attribute, "`Fn::GetAtt`", place);
        }
        match argument.as_list() {
            // Only the attribute's name may be an expression, and with the language extensions both.
            Some([id, attribute]) if id.as_str().is_some() || self.outline.extended => {
                if let (Some(id), None) = (id.as_str(), attribute.as_str()) {
                    if self.outline.resources.contains_key(id) {
                        self.reach(id, "`Fn::GetAtt`", place);
                    } else {
                        self.unknown(id, "`Fn::GetAtt`", place);
                    }
                }
                self.text("Fn::GetAtt", attribute, &place.index(1, attribute));
            }
            _ => self.mistaken("Fn::GetAtt", argument, place),
        }
    }

    fn choice(
        &mut self,
        condition: &'t Tree,
        then: &'t Tree,
        otherwise: &'t Tree,
        argument: &'t Tree,
        place: &Place<'_>,
    ) {
        let Some(name) = condition.as_str() else { return self.mistaken("Fn::If", argument, place) };
        let exists = self.condition(name, &place.index(0, condition));
        for (branch, index, truth) in [(then, 1, true), (otherwise, 2, false)] {
            if exists {
                self.assumed.push((name, truth));
            }
            self.tree(branch, &place.index(index, branch));
            if exists {
                self.assumed.pop();
            }
        }
    }

    fn select(&mut self, index: &'t Tree, list: &'t Tree, place: &Place<'_>) {
        let number = match &index.node {
            Node::Number(number) => number.as_u64(),
            Node::String(text) => text.parse().ok(),
            _ => None,
        };
        if number.is_none() && function(index).is_none() {
            let message = format!("`Fn::Select` takes {}, but the index is {}", takes("Fn::Select"), given(index));
            self.findings.push(ARGUMENTS.at(&place.index(0, index), message));
        }
        if let (Some(number), Some(list)) = (number, list.as_list())
            && usize::try_from(number).is_ok_and(|number| number >= list.len())
        {
            let message = format!("`Fn::Select` takes number {number}, counted from 0, of a list of {}", list.len());
            self.findings.push(ARGUMENTS.at(&place.index(0, index), message));
        }
        self.tree(index, &place.index(0, index));
        let place = place.index(1, list);
        match list.as_list() {
            // Of literal elements each may be of another kind.
            Some(_) => self.tree(list, &place),
            None => self.list("Fn::Select", list, &place),
        }
    }

    fn find_in_map(&mut self, keys: [&'t Tree; 3], rest: &'t [Tree], place: &Place<'_>) {
        for (index, key) in keys.into_iter().enumerate() {
            self.text("Fn::FindInMap", key, &place.index(index, key));
        }
        for (index, default) in rest.iter().enumerate() {
            let place = place.index(3 + index, default);
            if !self.outline.extended && !self.outline.transformed {
                let message =
                    "a `DefaultValue` of `Fn::FindInMap` works only with the transform `AWS::LanguageExtensions`";
                self.findings.push(EXTENSION.at(&place, message));
            }
            self.tree(default, &place);
        }
        if rest.is_empty() && self.loops == 0 {
            self.look_up(keys, place);
        }
    }

    /// Looks the literal keys of an `Fn::FindInMap` up.
    fn look_up(&mut self, [mapping, top, second]: [&'t Tree; 3], place: &Place<'_>) {
        let Some(name) = mapping.as_str() else { return };
        let generated = |tree: &Tree| tree.as_map().is_some_and(|map| map.keys().any(|key| key.starts_with("Fn::")));
        let Some(levels) = self.outline.mappings.get(name) else {
            if !self.outline.may_have(name) {
                let mut finding = MAPPING.at(&place.index(0, mapping), format!("there is no mapping {}", quoted(name)));
                finding.hint = self.meant(name, self.outline.mappings.keys().copied());
                self.findings.push(finding);
            }
            return;
        };
        let Some(map) = levels.as_map().filter(|_| !generated(levels)) else { return };
        let reached: Vec<&Tree> = match top.as_str() {
            Some(key) => map.get(key).into_iter().collect(),
            None => map.iter().map(|entry| &entry.value).collect(),
        };
        if let (Some(key), true) = (top.as_str(), reached.is_empty()) {
            let mut finding =
                MAPPING.at(&place.index(1, top), format!("the mapping `{name}` has no key {}", quoted(key)));
            finding.hint = self.meant(key, map.keys());
            self.findings.push(finding);
            return;
        }
        let Some(key) = second.as_str() else { return };
        if reached.iter().any(|level| generated(level) || level.get(key).is_some()) {
            return;
        }
        let below = top.as_str().map_or_else(|| "any of its keys".to_owned(), |top| format!("`{top}`"));
        let message = format!("the mapping `{name}` has no key {} below {below}", quoted(key));
        let mut finding = MAPPING.at(&place.index(2, second), message);
        finding.hint = self.meant(key, reached.iter().filter_map(|level| level.as_map()).flat_map(tree::Map::keys));
        self.findings.push(finding);
    }

    fn count(&mut self, number: &'t Tree, most: u64, place: &Place<'_>) {
        let value = match &number.node {
            Node::Number(number) => number.as_u64(),
            Node::String(text) => text.parse().ok(),
            _ => None,
        };
        if function(number).is_none() && !value.is_some_and(|value| (1..=most).contains(&value)) {
            let message = format!("`Fn::Cidr` takes numbers from 1 to {most} here, but has {}", given(number));
            self.findings.push(ARGUMENTS.at(place, message));
        }
        self.tree(number, place);
    }

    /// Checks an argument that must be a string, or an expression that gives one.
    pub(super) fn text(&mut self, name: &str, tree: &'t Tree, place: &Place<'_>) {
        self.of_kind(Kinds::TEXT, name, tree, place);
        self.tree(tree, place);
    }

    /// Checks an argument that must be a list of strings, or an expression that gives one.
    pub(super) fn list(&mut self, name: &str, tree: &'t Tree, place: &Place<'_>) {
        match tree.as_list() {
            Some(list) if name == "Fn::Join" => {
                for (index, element) in list.iter().enumerate() {
                    self.text(name, element, &place.index(index, element));
                }
            }
            _ => {
                self.of_kind(Kinds::LIST, name, tree, place);
                self.tree(tree, place);
            }
        }
    }

    fn of_kind(&mut self, wanted: Kinds, name: &str, tree: &Tree, place: &Place<'_>) {
        let kinds = produced(self.outline, tree);
        if kinds.overlaps(wanted) || tree.node == Node::Null || self.loops > 0 {
            return;
        }
        let what = match (function(tree), tree.as_list()) {
            (Some(("Ref", of)), _) => format!("`Ref` of {} gives {}", given(of), kinds.describe()),
            (Some((inner, _)), _) => format!("`{inner}` gives {}", kinds.describe()),
            (None, Some(list)) => format!("here is a list of {}", counted(list.len(), "value")),
            (None, None) => format!("here is {}", given(tree)),
        };
        let message = format!("`{name}` takes {}, but {what}, not {}", takes(name), wanted.describe());
        self.findings.push(ARGUMENTS.at(place, message));
    }
}

/// Tells whether a text has the form of a region's name, such as `us-gov-west-1`.
fn is_region(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    match parts.as_slice() {
        [names @ .., number] if names.len() > 1 => {
            let is_word = |name: &&str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase());
            names.iter().all(is_word) && !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
        }
        _ => false,
    }
}

/// Tells whether an object has all of the one keys, and none beside them and the others.
fn has(argument: &Tree, required: &[&str], optional: &[&str]) -> bool {
    let known = |key: &str| required.contains(&key) || optional.contains(&key);
    required.iter().all(|key| argument.get(key).is_some()) && argument.as_map().is_some_and(|map| map.keys().all(known))
}

pub(crate) static UNKNOWN_FUNCTION: Rule = Rule {
    id: "function/unknown",
    severity: Severity::Error,
    statement: "only functions that CloudFormation knows are called",
    why: "CloudFormation refuses the template: `Encountered unsupported function`",
    page: "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html",
    bad: r#"{"Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {
        "TopicName": {"Fn::Substitute": "done-${AWS::StackName}"}}}}}"#,
    good: r#"{"Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {
        "TopicName": {"Fn::Sub": "done-${AWS::StackName}"}}}}}"#,
};

pub(crate) static ALONE: Rule = Rule {
    id: "function/alone",
    severity: Severity::Error,
    statement: "a function is the only key of its object",
    why: "beside other keys it is taken for a property, and nothing is called",
    page: "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html",
    bad: r#"{"Resources": {"Rule": {"Type": "AWS::Events::Rule", "Properties": {
        "EventPattern": {"source": ["aws.s3"], "Fn::Sub": "${AWS::AccountId}"}}}}}"#,
    good: r#"{"Resources": {"Rule": {"Type": "AWS::Events::Rule", "Properties": {
        "EventPattern": {"source": ["aws.s3"], "account": [{"Fn::Sub": "${AWS::AccountId}"}]}}}}}"#,
};

pub(crate) static ARGUMENTS: Rule = Rule {
    id: "function/arguments",
    severity: Severity::Error,
    statement: "a function has the number and kinds of arguments that it takes",
    why: "CloudFormation refuses the template",
    page: "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html",
    bad: r#"{"Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {
        "TopicName": {"Fn::Join": ["-", "done", {"Ref": "AWS::StackName"}]}}}}}"#,
    good: r#"{"Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {
        "TopicName": {"Fn::Join": ["-", ["done", {"Ref": "AWS::StackName"}]]}}}}}"#,
};

pub(crate) static CONTEXT: Rule = Rule {
    id: "function/context",
    severity: Severity::Error,
    statement: "functions that decide stand in `Conditions`, and those that make values do not",
    why: "CloudFormation refuses the template",
    page: "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-conditions.html",
    bad: r#"{"Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {
        "FifoTopic": {"Fn::Equals": [{"Ref": "AWS::Region"}, "eu-west-1"]}}}}}"#,
    good: r#"{"Conditions": {"IsIreland": {"Fn::Equals": [{"Ref": "AWS::Region"}, "eu-west-1"]}},
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {
        "FifoTopic": {"Fn::If": ["IsIreland", true, false]}}}}}"#,
};

pub(crate) static EXTENSION: Rule = Rule {
    id: "function/extension",
    severity: Severity::Error,
    statement: "functions of the language extensions are called only in templates that use them",
    why: "CloudFormation does not know these functions without the transform",
    page: "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/transform-aws-languageextensions.html",
    bad: r#"{"Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {
        "DisplayName": {"Fn::ToJsonString": {"a": 1}}}}}}"#,
    good: r#"{"Transform": "AWS::LanguageExtensions", "Resources": {"Topic": {"Type": "AWS::SNS::Topic",
        "Properties": {"DisplayName": {"Fn::ToJsonString": {"a": 1}}}}}}"#,
};

pub(crate) static FORBIDDEN: Rule = Rule {
    id: "reference/context",
    severity: Severity::Error,
    statement: "conditions, rules and the names of exports and imports refer to no resource",
    why: "CloudFormation needs their values before there are resources",
    page: "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/conditions-section-structure.html",
    bad: r#"{"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
        "Conditions": {"IsDone": {"Fn::Equals": [{"Ref": "Topic"}, "done"]}}}"#,
    good: r#"{"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}, "Parameters": {"Name": {"Type": "String"}},
        "Conditions": {"IsDone": {"Fn::Equals": [{"Ref": "Name"}, "done"]}}}"#,
};

pub(crate) static MAPPING: Rule = Rule {
    id: "reference/mapping",
    severity: Severity::Error,
    statement: "`Fn::FindInMap` names a mapping and keys that there are",
    why: "CloudFormation refuses the template when it looks the value up",
    page: "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-findinmap.html",
    bad: r#"{"Mappings": {"Sizes": {"dev": {"Name": "small"}}}, "Resources": {"Topic": {"Type": "AWS::SNS::Topic",
        "Properties": {"TopicName": {"Fn::FindInMap": ["Sizes", "prod", "Name"]}}}}}"#,
    good: r#"{"Mappings": {"Sizes": {"dev": {"Name": "small"}}}, "Resources": {"Topic": {"Type": "AWS::SNS::Topic",
        "Properties": {"TopicName": {"Fn::FindInMap": ["Sizes", "dev", "Name"]}}}}}"#,
};
