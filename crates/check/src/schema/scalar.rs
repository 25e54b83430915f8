//! Strings, numbers and booleans.

use std::borrow::Cow;

use tree::{Node, Tree};

use super::format::violated;
use super::{ENUM, Fault, Keyword, Keywords, LENGTH, PATTERN, RANGE, Validation};
use crate::place::Place;
use crate::words::{any_of, counted, did_you_mean, given};

/// Longer patterns say nothing to a reader.
const LONGEST_PATTERN: usize = 160;

impl Validation<'_, '_> {
    pub(super) fn scalar(&self, tree: &Tree, keywords: Keywords, place: &Place<'_>, faults: &mut Vec<Fault>) {
        for (keyword, argument) in keywords {
            let fault = match keyword {
                "enum" | "enumCaseInsensitive" | "const" => self.one_of_values(tree, keyword, argument, place),
                "minLength" | "maxLength" => self.length(tree, keyword, keywords, place),
                "pattern" => self.pattern(tree, argument, place),
                "format" => self.format(tree, argument, place),
                "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" | "multipleOf" => {
                    self.number(tree, keyword, argument, keywords, place)
                }
                _ => None,
            };
            faults.extend(fault);
        }
    }

    fn one_of_values(&self, tree: &Tree, keyword: &str, argument: Keyword, place: &Place<'_>) -> Option<Fault> {
        let list = argument.as_array();
        let allowed = || list.into_iter().flatten().chain(Some(argument).filter(|_| list.is_none()));
        let text = text_of(tree);
        let ignores_case = keyword == "enumCaseInsensitive";
        let fits = |own: &str| *own == *text || (ignores_case && own.eq_ignore_ascii_case(&text));
        if allowed().map(text_of_json).any(|own| fits(&own)) {
            return None;
        }
        let allowed: Vec<Cow<'_, str>> = allowed().map(text_of_json).collect();
        let names = || allowed.iter().map(AsRef::as_ref);
        let mut fault = self.fault(&ENUM, place, &given(tree), format!("be {}", any_of(names())));
        fault.finding.hint = did_you_mean(&text, names());
        Some(fault)
    }

    fn length(&self, tree: &Tree, keyword: &str, keywords: Keywords, place: &Place<'_>) -> Option<Fault> {
        let length = tree.as_str()?.chars().count();
        let (low, high) = (limit(keywords, "minLength"), limit(keywords, "maxLength"));
        if !is_outside(length, low, high, keyword == "minLength") {
            return None;
        }
        let given = if length == 0 { "empty".to_owned() } else { format!("{} long", counted(length, "character")) };
        Some(self.fault(&LENGTH, place, &given, format!("be {} characters long", range(low, high))))
    }

    fn pattern(&self, tree: &Tree, argument: Keyword, place: &Place<'_>) -> Option<Fault> {
        let pattern = argument.as_str()?;
        if self.patterns.fits(pattern, tree.as_str()?) {
            return None;
        }
        let shown: String = pattern.chars().take(LONGEST_PATTERN).collect();
        let cut = if shown.len() < pattern.len() { "…" } else { "" };
        Some(self.fault(&PATTERN, place, &given(tree), format!("match `{shown}{cut}`")))
    }

    fn format(&self, tree: &Tree, argument: Keyword, place: &Place<'_>) -> Option<Fault> {
        let described = violated(self.patterns, argument.as_str()?, tree.as_str()?)?;
        Some(self.fault(&PATTERN, place, &given(tree), format!("be {described}")))
    }

    fn number(
        &self,
        tree: &Tree,
        keyword: &str,
        argument: Keyword,
        keywords: Keywords,
        place: &Place<'_>,
    ) -> Option<Fault> {
        let number = match &tree.node {
            Node::Number(number) => number.as_f64(),
            Node::String(text) => text.parse().ok(),
            _ => None,
        }?;
        let bound = argument.as_f64()?;
        let must = match keyword {
            "minimum" | "maximum" => {
                let number_of = |keyword: &str| keywords.get(keyword).and_then(Keyword::as_f64);
                let (low, high) = (number_of("minimum"), number_of("maximum"));
                is_outside(number, low, high, keyword == "minimum").then(|| format!("be {}", range(low, high)))
            }
            "exclusiveMinimum" => (number <= bound).then(|| format!("be more than {bound}")),
            "exclusiveMaximum" => (number >= bound).then(|| format!("be less than {bound}")),
            _ => {
                let quotient = number / bound;
                let is_multiple = bound == 0.0 || (quotient - quotient.round()).abs() < 1e-6;
                (!is_multiple).then(|| format!("be a multiple of {bound}"))
            }
        };
        Some(self.fault(&RANGE, place, &given(tree), must?))
    }
}

/// Reads a limit that is a number of things.
pub(super) fn limit(keywords: Keywords, keyword: &str) -> Option<usize> {
    keywords.get(keyword).and_then(Keyword::as_u64).and_then(|limit| usize::try_from(limit).ok())
}

/// Tells whether a number is below the low limit, or else above the high one.
pub(super) fn is_outside<N: PartialOrd + Copy>(number: N, low: Option<N>, high: Option<N>, below: bool) -> bool {
    if below { low.is_some_and(|low| number < low) } else { high.is_some_and(|high| number > high) }
}

/// Writes the range between two limits.
pub(super) fn range<N: std::fmt::Display + PartialEq>(low: Option<N>, high: Option<N>) -> String {
    match (low, high) {
        (Some(low), Some(high)) if low == high => format!("exactly {low}"),
        (Some(low), Some(high)) => format!("from {low} to {high}"),
        (Some(low), None) => format!("at least {low}"),
        (None, Some(high)) => format!("at most {high}"),
        (None, None) => "any number of".to_owned(),
    }
}

/// Writes a scalar as CloudFormation converts it to a string.
fn text_of(tree: &Tree) -> Cow<'_, str> {
    match &tree.node {
        Node::String(text) => text.into(),
        Node::Number(number) => number.to_string().into(),
        Node::Bool(flag) => flag.to_string().into(),
        _ => "".into(),
    }
}

fn text_of_json(value: Keyword) -> Cow<'static, str> {
    value.as_str().map_or_else(|| value.to_string().into(), Cow::Borrowed)
}
