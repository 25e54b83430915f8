//! The tests of which conditions are made: `Fn::And`, `Fn::Or`, `Fn::Not`, `Fn::Equals`, and those of `Rules`.

use tree::{Severity, Tree};

use super::functions::ARGUMENTS;
use super::{Scope, Walk};
use crate::place::Place;
use crate::rule::Rule;
use crate::structure::LIMIT;
use crate::words::{any_of, counted, did_you_mean, given};

const TESTS: [&str; 5] = ["Condition", "Fn::And", "Fn::Equals", "Fn::Not", "Fn::Or"];
/// Only in `Rules`.
const RULE_TESTS: [&str; 3] = ["Fn::Contains", "Fn::EachMemberEquals", "Fn::EachMemberIn"];
/// `Fn::And` and `Fn::Or` take no more.
const MOST: usize = 10;

impl<'t> Walk<'_, 't> {
    /// Checks something that is true or false.
    pub(super) fn test(&mut self, tree: &'t Tree, place: &Place<'_>) {
        let Some((name, argument)) = tree.as_single() else {
            return self.no_test(tree, None, place);
        };
        let is_rule = self.scope == Scope::Rule;
        let inner = place.key(name, argument.origin);
        match name {
            "Condition" => match argument.as_str() {
                Some(name) => {
                    self.condition(name, &inner);
                }
                None => self.wrong(name, "the name of a condition", &format!("has {}", given(argument)), &inner),
            },
            "Fn::And" | "Fn::Or" => self.several(name, argument, &inner),
            "Fn::Not" => match argument.as_list() {
                Some([only]) => self.test(only, &inner.index(0, only)),
                _ => self.wrong(name, "a list of one condition", &format!("has {}", size(argument)), &inner),
            },
            "Fn::Equals" => match argument.as_list() {
                Some([left, right]) => {
                    self.text(name, left, &inner.index(0, left));
                    self.text(name, right, &inner.index(1, right));
                }
                _ => self.wrong(name, "a list of two values", &format!("has {}", size(argument)), &inner),
            },
            _ if is_rule && RULE_TESTS.contains(&name) => self.tree(argument, &inner),
            // A macro or a loop can stand for anything.
            _ if self.outline.transformed || (self.outline.extended && name.starts_with("Fn::")) => {}
            _ => self.no_test(tree, Some(name), place),
        }
    }

    fn several(&mut self, name: &str, argument: &'t Tree, place: &Place<'_>) {
        let list = argument.as_list().unwrap_or_default();
        if list.len() < 2 {
            self.wrong(name, "a list of 2 to 10 conditions", &format!("has {}", size(argument)), place);
        }
        if list.len() > MOST {
            let message = format!("`{name}` takes at most {MOST} conditions, but has {}", list.len());
            self.findings.push(LIMIT.at(place, message).hint("group some of them in a condition of their own"));
        }
        for (index, test) in list.iter().enumerate() {
            self.test(test, &place.index(index, test));
        }
    }

    fn wrong(&mut self, name: &str, takes: &str, has: &str, place: &Place<'_>) {
        self.findings.push(ARGUMENTS.at(place, format!("`{name}` takes {takes}, but {has}")));
    }

    fn no_test(&mut self, tree: &Tree, name: Option<&str>, place: &Place<'_>) {
        if self.scope == Scope::Rule && matches!(tree.node, tree::Node::Bool(_)) {
            return;
        }
        let what = name.map_or_else(|| given(tree), |name| format!("`{name}`"));
        let mut finding = TEST.at(place, format!("a condition is made of {}, but here is {what}", any_of(TESTS)));
        finding.hint = name.and_then(|name| did_you_mean(name, TESTS));
        self.findings.push(finding);
    }
}

fn size(tree: &Tree) -> String {
    tree.as_list().map_or_else(|| given(tree), |list| counted(list.len(), "argument"))
}

pub(crate) static TEST: Rule = Rule {
    id: "function/condition",
    severity: Severity::Error,
    statement: "a condition is made of `Fn::And`, `Fn::Or`, `Fn::Not`, `Fn::Equals` and other conditions",
    why: "CloudFormation cannot decide anything else",
    page: "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-conditions.html",
    bad: r#"{"Parameters": {"Stage": {"Type": "String"}}, "Conditions": {"IsProd": {"Ref": "Stage"}},
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Condition": "IsProd"}}}"#,
    good: r#"{"Parameters": {"Stage": {"Type": "String"}},
        "Conditions": {"IsProd": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]}},
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Condition": "IsProd"}}}"#,
};
