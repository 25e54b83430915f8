//! Strings, numbers and booleans.

use serde_json::Value;
use tree::{Node, Tree};

use super::format::violated;
use super::{ENUM, Fault, LENGTH, PATTERN, RANGE, Validation};
use crate::place::Place;
use crate::words::{any_of, counted, did_you_mean, given};

/// Longer patterns say nothing to a reader.
const LONGEST_PATTERN: usize = 160;

impl Validation<'_, '_> {
    pub(super) fn scalar(&self, tree: &Tree, schema: &Value, place: &Place<'_>, faults: &mut Vec<Fault>) {
        self.one_of_values(tree, schema, place, faults);
        if let Node::String(text) = &tree.node {
            self.text(text, tree, schema, place, faults);
        }
        self.number(tree, schema, place, faults);
    }

    fn one_of_values(&self, tree: &Tree, schema: &Value, place: &Place<'_>, faults: &mut Vec<Fault>) {
        let text = text_of(tree);
        let (allowed, ignores_case) = match (schema.get("enum"), schema.get("enumCaseInsensitive"), schema.get("const"))
        {
            (Some(Value::Array(values)), ..) => (values.as_slice(), false),
            (_, Some(Value::Array(values)), _) => (values.as_slice(), true),
            (.., Some(value)) => (std::slice::from_ref(value), false),
            _ => return,
        };
        let allowed: Vec<String> = allowed.iter().map(text_of_json).collect();
        let fits = |own: &String| *own == text || (ignores_case && own.eq_ignore_ascii_case(&text));
        if allowed.iter().any(fits) {
            return;
        }
        let names = || allowed.iter().map(String::as_str);
        let mut fault = self.fault(&ENUM, place, &given(tree), format!("be {}", any_of(names())));
        fault.finding.hint = did_you_mean(&text, names());
        faults.push(fault);
    }

    fn text(&self, text: &str, tree: &Tree, schema: &Value, place: &Place<'_>, faults: &mut Vec<Fault>) {
        let limit = |keyword| schema.get(keyword).and_then(Value::as_u64).and_then(|limit| usize::try_from(limit).ok());
        let (low, high) = (limit("minLength"), limit("maxLength"));
        if low.is_some() || high.is_some() {
            let length = text.chars().count();
            if low.is_some_and(|low| length < low) || high.is_some_and(|high| length > high) {
                let given =
                    if text.is_empty() { "empty".to_owned() } else { format!("{} long", counted(length, "character")) };
                let range = range(low, high);
                faults.push(self.fault(&LENGTH, place, &given, format!("be {range} characters long")));
            }
        }
        if let Some(described) =
            schema.get("format").and_then(Value::as_str).and_then(|format| violated(self.patterns, format, text))
        {
            faults.push(self.fault(&PATTERN, place, &given(tree), format!("be {described}")));
        }
        if let Some(pattern) = schema.get("pattern").and_then(Value::as_str)
            && !self.patterns.fits(pattern, text)
        {
            let shown: String = pattern.chars().take(LONGEST_PATTERN).collect();
            let cut = if shown.len() < pattern.len() { "…" } else { "" };
            faults.push(self.fault(&PATTERN, place, &given(tree), format!("match `{shown}{cut}`")));
        }
    }

    fn number(&self, tree: &Tree, schema: &Value, place: &Place<'_>, faults: &mut Vec<Fault>) {
        let limit = |keyword| schema.get(keyword).and_then(Value::as_f64);
        let (low, high) = (limit("minimum"), limit("maximum"));
        let (above, below) = (limit("exclusiveMinimum"), limit("exclusiveMaximum"));
        let multiple = limit("multipleOf");
        let number = match &tree.node {
            Node::Number(number) => number.as_f64(),
            Node::String(text) => text.parse().ok(),
            _ => None,
        };
        let Some(number) = number else { return };
        if low.is_some_and(|low| number < low) || high.is_some_and(|high| number > high) {
            faults.push(self.fault(&RANGE, place, &given(tree), format!("be {}", range(low, high))));
        }
        if above.is_some_and(|above| number <= above) || below.is_some_and(|below| number >= below) {
            let bounds =
                [above.map(|above| format!("more than {above}")), below.map(|below| format!("less than {below}"))];
            let bounds: Vec<String> = bounds.into_iter().flatten().collect();
            faults.push(self.fault(&RANGE, place, &given(tree), format!("be {}", bounds.join(" and "))));
        }
        if let Some(multiple) = multiple.filter(|multiple| *multiple > 0.0) {
            let quotient = number / multiple;
            if (quotient - quotient.round()).abs() > 1e-6 {
                faults.push(self.fault(&RANGE, place, &given(tree), format!("be a multiple of {multiple}")));
            }
        }
    }
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
fn text_of(tree: &Tree) -> String {
    match &tree.node {
        Node::String(text) => text.clone(),
        Node::Number(number) => number.to_string(),
        Node::Bool(flag) => flag.to_string(),
        _ => String::new(),
    }
}

fn text_of_json(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned)
}
