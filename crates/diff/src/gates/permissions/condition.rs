//! Conditions of statements: what they demand of a request, and the values of a request by which they can be told apart.
//!
//! Source of the operators' meaning: "IAM JSON policy elements: Condition operators" and "Conditions with multiple
//! context keys or values", IAM User Guide.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::pattern::{FRESH, matches, sample, shared};
use crate::gates::cidr::Range;

/// One key that is compared with values: all clauses of a statement must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Clause {
    /// In small letters: keys are compared like that.
    pub key: String,
    pub quantifier: Quantifier,
    pub operator: Operator,
    pub negated: bool,
    pub if_exists: bool,
    pub values: Vec<String>,
}

/// How a key with several values is compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Quantifier {
    #[default]
    One,
    All,
    Any,
}

/// What a comparison is of.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Operator {
    #[default]
    Equals,
    /// The same without regard to capitals.
    EqualsIgnoreCase,
    /// With `*` and `?`.
    Like,
    /// Numbers and dates: below, equal and above the value.
    Order([bool; 3]),
    /// Within a range of addresses.
    Address,
    /// Whether there is no such key.
    Null,
    /// Whether a condition of the template holds.
    Guard,
    /// Something that is not known here: it holds or it does not.
    Unknown(String),
}

/// What a request says under one key.
pub(crate) type Values = Option<Vec<String>>;

/// What a request says under all keys that matter.
pub(crate) type Context<'c> = BTreeMap<&'c str, &'c Values>;

/// Keys that every request has. Source: "AWS global condition context keys", IAM User Guide.
const ALWAYS: [&str; 7] = [
    "aws:currenttime",
    "aws:epochtime",
    "aws:principalisawsservice",
    "aws:requestedregion",
    "aws:securetransport",
    "aws:useragent",
    "aws:viaawsservice",
];

/// More values of one key than this are not combined with each other.
const MOST_COMBINED: usize = 8;

impl Clause {
    /// Reads a clause as a policy writes it.
    pub fn new(operator: &str, key: &str, mut values: Vec<String>) -> Self {
        let (quantifier, name) = match operator.split_once(':') {
            Some(("ForAllValues", name)) => (Quantifier::All, name),
            Some(("ForAnyValue", name)) => (Quantifier::Any, name),
            _ => (Quantifier::One, operator),
        };
        let (name, if_exists) = match name.strip_suffix("IfExists") {
            Some(name) => (name, true),
            None => (name, false),
        };
        let (kind, negated) = kind(name);
        for value in &mut values {
            match kind {
                Operator::Order(_) => *value = number_of(value),
                Operator::EqualsIgnoreCase | Operator::Null => value.make_ascii_lowercase(),
                _ => {}
            }
        }
        values.sort();
        values.dedup();
        let key = key.to_ascii_lowercase();
        match kind {
            // The whole clause is one thing that holds or not.
            Operator::Unknown(_) => Self {
                key: format!("{operator} {key} {}", values.join(" ")),
                operator: Operator::Unknown(format!("{operator} of {key}")),
                values: vec!["true".to_owned()],
                ..Self::default()
            },
            operator => Self { key, quantifier, operator, negated, if_exists, values },
        }
    }

    pub fn is_unknown(&self) -> bool {
        matches!(self.operator, Operator::Unknown(_))
    }

    /// Tells whether a request that has these values under the key is one that the clause lets through.
    pub fn holds(&self, values: &Values) -> bool {
        if self.operator == Operator::Null {
            return self.values.iter().any(|value| (value == "true") == values.is_none());
        }
        let Some(values) = values else {
            return match self.quantifier {
                Quantifier::All => true,
                Quantifier::One => self.if_exists || self.negated,
                Quantifier::Any => self.if_exists,
            };
        };
        let equal = |value: &String| self.values.iter().any(|own| self.operator.compare(own, value));
        match self.quantifier {
            Quantifier::All => values.iter().all(|value| equal(value) != self.negated),
            Quantifier::Any => values.iter().any(|value| equal(value) != self.negated),
            Quantifier::One => values.iter().any(equal) != self.negated,
        }
    }
}

impl Operator {
    fn compare(&self, own: &str, value: &str) -> bool {
        match self {
            Self::Like => matches(own, value),
            Self::EqualsIgnoreCase => own.eq_ignore_ascii_case(value),
            Self::Order([below, equal, above]) => match (value.parse::<f64>(), own.parse::<f64>()) {
                (Ok(value), Ok(own)) => match value.partial_cmp(&own) {
                    Some(std::cmp::Ordering::Less) => *below,
                    Some(std::cmp::Ordering::Equal) => *equal,
                    Some(std::cmp::Ordering::Greater) => *above,
                    None => false,
                },
                _ => own == value && *equal,
            },
            Self::Address => match (Range::parse(own), Range::parse(value)) {
                (Some(own), Some(value)) => own.contains(&value),
                _ => own == value,
            },
            Self::Equals | Self::Null | Self::Guard | Self::Unknown(_) => own == value,
        }
    }
}

fn kind(name: &str) -> (Operator, bool) {
    match name {
        "StringEquals" | "BinaryEquals" => (Operator::Equals, false),
        "StringNotEquals" => (Operator::Equals, true),
        "StringEqualsIgnoreCase" | "Bool" => (Operator::EqualsIgnoreCase, false),
        "StringNotEqualsIgnoreCase" => (Operator::EqualsIgnoreCase, true),
        // `ArnEquals` and `ArnLike` are the same. That a star of theirs stays within its field is left out of account.
        "StringLike" | "ArnLike" | "ArnEquals" => (Operator::Like, false),
        "StringNotLike" | "ArnNotLike" | "ArnNotEquals" => (Operator::Like, true),
        "NumericEquals" | "DateEquals" => (Operator::Order([false, true, false]), false),
        "NumericNotEquals" | "DateNotEquals" => (Operator::Order([false, true, false]), true),
        "NumericLessThan" | "DateLessThan" => (Operator::Order([true, false, false]), false),
        "NumericLessThanEquals" | "DateLessThanEquals" => (Operator::Order([true, true, false]), false),
        "NumericGreaterThan" | "DateGreaterThan" => (Operator::Order([false, false, true]), false),
        "NumericGreaterThanEquals" | "DateGreaterThanEquals" => (Operator::Order([false, true, true]), false),
        "IpAddress" => (Operator::Address, false),
        "NotIpAddress" => (Operator::Address, true),
        "Null" => (Operator::Null, false),
        other => (Operator::Unknown(other.to_owned()), false),
    }
}

/// Writes a date as a number that is ordered like it: 2026-11-20T08:00:00Z is 20261120080000.
fn number_of(value: &str) -> String {
    if value.parse::<f64>().is_ok() || !value.contains('-') || !value.starts_with(|first: char| first.is_ascii_digit())
    {
        return value.to_owned();
    }
    let digits: String = value.chars().filter(char::is_ascii_digit).take(14).collect();
    format!("{digits:0<14}")
}

/// Lists values of a key by which clauses can be told apart: for each outcome of all clauses one value that gives it.
///
/// All values that clauses mention are tried, values on either side of numbers and ranges, one that none mentions, and
/// none. Of those that give the same outcome the first one stands for all, unless `all` are wanted.
pub(crate) fn values(key: &str, clauses: &[&Clause], all: bool) -> Vec<Values> {
    let first = clauses.first().map(|clause| &clause.operator);
    if matches!(first, Some(Operator::Guard | Operator::Unknown(_))) {
        return ["true", "false"].map(|value| Some(vec![value.to_owned()])).to_vec();
    }
    let mut singles: BTreeSet<String> = BTreeSet::from([FRESH.to_string()]);
    for clause in clauses {
        mentioned(clause, &mut singles);
    }
    let open: Vec<&String> =
        clauses.iter().filter(|clause| clause.operator == Operator::Like).flat_map(|clause| &clause.values).collect();
    if open.len() <= 2 * MOST_COMBINED {
        for (index, left) in open.iter().enumerate() {
            singles.extend(open[index + 1..].iter().filter_map(|right| shared(left, right)));
        }
    }
    let mut candidates: Vec<Values> = Vec::new();
    if !ALWAYS.contains(&key) {
        candidates.push(None);
    }
    candidates.extend(singles.iter().map(|value| Some(vec![value.clone()])));
    if clauses.iter().any(|clause| clause.quantifier != Quantifier::One) {
        candidates.push(Some(singles.iter().cloned().collect()));
        if singles.len() <= MOST_COMBINED {
            for (index, left) in singles.iter().enumerate() {
                let rest = singles.iter().skip(index + 1);
                candidates.extend(rest.map(|right| Some(vec![left.clone(), right.clone()])));
            }
        }
    }
    if all {
        return candidates;
    }
    let mut outcomes = BTreeSet::new();
    candidates.retain(|values| outcomes.insert(clauses.iter().map(|clause| clause.holds(values)).collect::<Vec<_>>()));
    candidates
}

fn mentioned(clause: &Clause, singles: &mut BTreeSet<String>) {
    match clause.operator {
        Operator::Like => singles.extend(clause.values.iter().map(|value| sample(value))),
        Operator::Order(_) => {
            for value in &clause.values {
                singles.insert(value.clone());
                if let Ok(number) = value.parse::<f64>() {
                    singles.extend([number - 0.5, number + 0.5].map(|number| number.to_string()));
                }
            }
        }
        Operator::Address => {
            for value in &clause.values {
                match Range::parse(value) {
                    Some(range) => singles.extend(range.edges()),
                    None => {
                        singles.insert(value.clone());
                    }
                }
            }
            singles.extend([IpAddr::V4(Ipv4Addr::BROADCAST), IpAddr::V6(Ipv6Addr::LOCALHOST)].map(|ip| ip.to_string()));
        }
        Operator::Null => {}
        _ => singles.extend(clause.values.iter().cloned()),
    }
}
