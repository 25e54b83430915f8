//! Event patterns: which events a rule of EventBridge lets through.
//!
//! ```
//! use documents::events;
//! # use template::{Assume, IntoValue, Json, Name, Value};
//! # let bucket: Value<Name<()>> = "sources".assume();
//! # fn slot(pattern: impl IntoValue<Json>) {}
//!
//! let is_video = [".mp4", ".mkv"].map(events::suffix_ignoring_case);
//! slot(events::pattern()
//!     .source(["aws.s3"])
//!     .detail_type(["Object Created"])
//!     .detail("bucket.name", [bucket])
//!     .detail("object.key", is_video));
//! ```
//!
//! See "Amazon EventBridge event patterns" in the EventBridge user guide. Events must match every field that is named;
//! a field matches if one of its matchers does.

use template::{Arn, Expression, Id, IntoValue, Is, Json, List, Literal, Name, Value};
use tree::Origin;

/// Which events go through; made by [`pattern`].
#[derive(Clone, Debug)]
pub struct Pattern {
    fields: Vec<(String, Field)>,
    origin: Origin,
}

#[derive(Clone, Debug)]
enum Field {
    Matchers(Expression),
    Nested(Vec<(String, Self)>),
}

/// What the value of a field must be like. Plain values, among them references, match what equals them.
///
/// ```
/// # use documents::events;
/// let pattern = events::pattern().detail("object.key", ("exactly/this.mp4", events::prefix("incoming/")));
/// ```
#[derive(Clone, Debug)]
pub struct Matcher(Expression);

/// A matcher of text, which [`not`] can turn round.
#[derive(Clone, Debug)]
pub struct TextMatcher(Expression);

/// A matcher of numbers, which can be a range.
#[derive(Clone, Debug)]
pub struct NumberMatcher(Vec<Expression>);

/// Text or a number that stands for itself.
#[derive(Clone, Copy, Debug)]
pub enum Plain {}

/// Lets every event through that the setters do not rule out. An empty pattern is refused by EventBridge.
#[track_caller]
pub fn pattern() -> Pattern {
    Pattern { fields: Vec::new(), origin: Origin::caller() }
}

impl Pattern {
    /// Lets events of these sources through, such as `aws.s3`.
    #[track_caller]
    pub fn source(self, sources: impl IntoValue<List<Matcher>>) -> Self {
        self.set(&["source"], sources.into_value(), Origin::caller())
    }

    /// Lets events of these types through, such as `Object Created`.
    #[track_caller]
    pub fn detail_type(self, types: impl IntoValue<List<Matcher>>) -> Self {
        self.set(&["detail-type"], types.into_value(), Origin::caller())
    }

    /// Lets events of these accounts through.
    #[track_caller]
    pub fn account(self, accounts: impl IntoValue<List<Matcher>>) -> Self {
        self.set(&["account"], accounts.into_value(), Origin::caller())
    }

    /// Lets events of these regions through.
    #[track_caller]
    pub fn region(self, regions: impl IntoValue<List<Matcher>>) -> Self {
        self.set(&["region"], regions.into_value(), Origin::caller())
    }

    /// Lets events about these resources through, by their ARNs.
    #[track_caller]
    pub fn resources(self, arns: impl IntoValue<List<Matcher>>) -> Self {
        self.set(&["resources"], arns.into_value(), Origin::caller())
    }

    /// Lets events through whose detail has such a value at a path of keys, written with dots: `object.key`.
    #[track_caller]
    pub fn detail(self, path: &str, matchers: impl IntoValue<List<Matcher>>) -> Self {
        let keys: Vec<_> = std::iter::once("detail").chain(path.split('.')).collect();
        self.set(&keys, matchers.into_value(), Origin::caller())
    }

    fn set(mut self, keys: &[&str], matchers: Value<List<Matcher>>, origin: Origin) -> Self {
        insert(&mut self.fields, keys, matchers.into_expression().at(origin), origin);
        self
    }
}

/// Puts matchers at a path; where something is already, a field that says so takes their place.
fn insert(fields: &mut Vec<(String, Field)>, keys: &[&str], matchers: Expression, origin: Origin) {
    let [key, rest @ ..] = keys else { return };
    let known = fields.iter_mut().find(|(known, _)| known == key);
    match (known, rest) {
        (None, []) => fields.push(((*key).to_owned(), Field::Matchers(matchers))),
        (None, _) => {
            let mut nested = Vec::new();
            insert(&mut nested, rest, matchers, origin);
            fields.push(((*key).to_owned(), Field::Nested(nested)));
        }
        (Some((_, Field::Nested(nested))), [_, ..]) => insert(nested, rest, matchers, origin),
        (Some(_), _) => {
            let message = format!("field `{key}` of the event pattern is set twice");
            let twice =
                Expression::invalid(message, "give all matchers to one call: a field matches if one of them does");
            fields.push(((*key).to_owned(), Field::Matchers(twice.at(origin))));
        }
    }
}

impl From<Field> for Expression {
    fn from(field: Field) -> Self {
        match field {
            Field::Matchers(matchers) => matchers,
            Field::Nested(fields) => Self::map(fields.into_iter().map(|(key, field)| (key, field.into()))),
        }
    }
}

impl IntoValue<Json> for Pattern {
    fn into_value(self) -> Value<Json> {
        Value::from_expression(Expression::from(Field::Nested(self.fields)).at(self.origin))
    }
}

// --- matchers ---------------------------------------------------------------------------------------------------

/// Matches text that begins so.
pub fn prefix(text: impl IntoValue<String>) -> TextMatcher {
    TextMatcher::new("prefix", text.into_value().into_expression())
}

/// Matches text that begins so, in capitals or not.
pub fn prefix_ignoring_case(text: impl IntoValue<String>) -> Matcher {
    Matcher(Expression::map([("prefix", equals_ignoring_case(text).0)]))
}

/// Matches text that ends so.
pub fn suffix(text: impl IntoValue<String>) -> TextMatcher {
    TextMatcher::new("suffix", text.into_value().into_expression())
}

/// Matches text that ends so, in capitals or not.
pub fn suffix_ignoring_case(text: impl IntoValue<String>) -> Matcher {
    Matcher(Expression::map([("suffix", equals_ignoring_case(text).0)]))
}

/// Matches this text, in capitals or not.
pub fn equals_ignoring_case(text: impl IntoValue<String>) -> TextMatcher {
    TextMatcher::new("equals-ignore-case", text.into_value().into_expression())
}

/// Matches text with `*` for any characters; `\*` is an asterisk itself.
pub fn wildcard(pattern: impl IntoValue<String>) -> TextMatcher {
    TextMatcher::new("wildcard", pattern.into_value().into_expression())
}

/// Matches addresses in a block, such as `10.0.0.0/8`.
pub fn cidr(block: impl IntoValue<String>) -> Matcher {
    Matcher(Expression::map([("cidr", block.into_value().into_expression())]))
}

/// Matches if the field is there (`true`) or is not (`false`).
pub fn exists(exists: bool) -> Matcher {
    Matcher(Expression::map([("exists", Expression::bool(exists))]))
}

/// Matches everything but these plain values.
///
/// ```
/// # use documents::events;
/// let stopped = events::pattern().detail("state", [events::anything_but(["running", "pending"])]);
/// ```
pub fn anything_but(values: impl IntoValue<List<Plain>>) -> Matcher {
    Matcher(Expression::map([("anything-but", values.into_value().into_expression())]))
}

/// Matches all text that the other matcher does not.
///
/// ```
/// # use documents::events;
/// let final_keys = events::pattern().detail("object.key", [events::not(events::suffix(".part"))]);
/// ```
///
/// EventBridge can turn round nothing but matchers of text:
///
/// ```compile_fail
/// # use documents::events;
/// let wrong = events::not(events::exists(true));
/// ```
pub fn not(matcher: TextMatcher) -> Matcher {
    Matcher(Expression::map([("anything-but", matcher.0)]))
}

/// Matches this number, however it is written.
pub fn number(number: impl IntoValue<f64>) -> NumberMatcher {
    NumberMatcher::new("=", number.into_value())
}

/// Matches greater numbers.
///
/// ```
/// # use documents::events;
/// let size = events::greater_than(0).and(events::at_most(5_000_000));
/// let pattern = events::pattern().detail("object.size", [size]);
/// ```
pub fn greater_than(number: impl IntoValue<f64>) -> NumberMatcher {
    NumberMatcher::new(">", number.into_value())
}

/// Matches this number and greater ones.
pub fn at_least(number: impl IntoValue<f64>) -> NumberMatcher {
    NumberMatcher::new(">=", number.into_value())
}

/// Matches lesser numbers.
pub fn less_than(number: impl IntoValue<f64>) -> NumberMatcher {
    NumberMatcher::new("<", number.into_value())
}

/// Matches this number and lesser ones.
pub fn at_most(number: impl IntoValue<f64>) -> NumberMatcher {
    NumberMatcher::new("<=", number.into_value())
}

impl TextMatcher {
    fn new(operator: &'static str, operand: Expression) -> Self {
        Self(Expression::map([(operator, operand)]))
    }
}

impl NumberMatcher {
    fn new(operator: &'static str, number: Value<f64>) -> Self {
        Self(vec![Expression::string(operator), number.into_expression()])
    }

    /// Matches what both do: a range.
    pub fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }
}

impl Literal for Matcher {
    fn into_expression(self) -> Expression {
        self.0
    }
}

impl IntoValue<Matcher> for TextMatcher {
    fn into_value(self) -> Value<Matcher> {
        Value::from_expression(self.0)
    }
}

impl IntoValue<Matcher> for NumberMatcher {
    fn into_value(self) -> Value<Matcher> {
        Value::from_expression(Expression::map([("numeric", Expression::list(self.0))]))
    }
}

/// Values that match what equals them.
macro_rules! plain {
    ($($literal:ty => $expression:expr;)+) => { $(
        impl IntoValue<Plain> for $literal {
            fn into_value(self) -> Value<Plain> {
                Value::from_expression($expression(self))
            }
        }

        impl IntoValue<Matcher> for $literal {
            fn into_value(self) -> Value<Matcher> {
                Value::from_expression($expression(self))
            }
        }
    )+ };
}

plain! {
    &str => Expression::string;
    &String => Expression::string;
    String => Expression::string;
    i32 => |number: i32| Expression::integer(number.into());
    i64 => Expression::integer;
}

impl IntoValue<Matcher> for bool {
    fn into_value(self) -> Value<Matcher> {
        Value::from_expression(Expression::bool(self))
    }
}

impl Is<Self> for Matcher {}
impl Is<Matcher> for String {}
impl Is<Plain> for String {}
impl<R> Is<Matcher> for Arn<R> {}
impl<R> Is<Plain> for Arn<R> {}
impl<R> Is<Matcher> for Id<R> {}
impl<R> Is<Plain> for Id<R> {}
impl<R> Is<Matcher> for Name<R> {}
impl<R> Is<Plain> for Name<R> {}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use template::{Assume, Raw, aws};

    use super::*;
    use crate::synthesis;

    /// Operators as in "Comparison operators for use in event patterns" of the EventBridge user guide.
    #[test]
    fn every_matcher() {
        let pattern = synthesis::json::<Json, _>(|stack| {
            let bucket = stack.add("Sources", Raw::new("AWS::S3::Bucket"));
            let arn: Value<Arn<()>> = "arn:aws:s3:::other".assume();
            pattern()
                .source(["aws.s3"])
                .detail_type(["Object Created"])
                .account([aws::account_id()])
                .region([aws::region()])
                .resources((bucket.attribute::<Arn<()>>("Arn"), arn))
                .detail("bucket.name", [bucket.reference::<Name<()>>()])
                .detail("object.key", [".mp4", ".MKV"].map(suffix_ignoring_case))
                .detail("object.size", [greater_than(0).and(at_most(5_000_000))])
                .detail("object.version-id", [exists(true)])
                .detail(
                    "name",
                    (prefix("in/"), suffix(".mp4"), wildcard("a/*/b"), "exactly", equals_ignoring_case("x")),
                )
                .detail("prefix", [prefix_ignoring_case("IN/")])
                .detail("state", [anything_but(["running", "pending"])])
                .detail("code", [anything_but([1, 2])])
                .detail("other", vec![not(prefix("init"))])
                .detail("address", [cidr("10.0.0.0/24")])
                .detail("count", (number(3), at_least(7.5), less_than(1), 5, true))
        });
        assert_eq!(
            pattern,
            json!({
                "source": ["aws.s3"],
                "detail-type": ["Object Created"],
                "account": [{ "Ref": "AWS::AccountId" }],
                "region": [{ "Ref": "AWS::Region" }],
                "resources": [{ "Fn::GetAtt": ["Sources", "Arn"] }, "arn:aws:s3:::other"],
                "detail": {
                    "bucket": { "name": [{ "Ref": "Sources" }] },
                    "object": {
                        "key": [
                            { "suffix": { "equals-ignore-case": ".mp4" } },
                            { "suffix": { "equals-ignore-case": ".MKV" } },
                        ],
                        "size": [{ "numeric": [">", 0, "<=", 5_000_000] }],
                        "version-id": [{ "exists": true }],
                    },
                    "name": [
                        { "prefix": "in/" },
                        { "suffix": ".mp4" },
                        { "wildcard": "a/*/b" },
                        "exactly",
                        { "equals-ignore-case": "x" },
                    ],
                    "prefix": [{ "prefix": { "equals-ignore-case": "IN/" } }],
                    "state": [{ "anything-but": ["running", "pending"] }],
                    "code": [{ "anything-but": [1, 2] }],
                    "other": [{ "anything-but": { "prefix": "init" } }],
                    "address": [{ "cidr": "10.0.0.0/24" }],
                    "count": [{ "numeric": ["=", 3] }, { "numeric": [">=", 7.5] }, { "numeric": ["<", 1] }, 5, true],
                },
            })
        );
    }

    #[test]
    fn a_field_that_is_set_twice_is_reported() {
        let twice = "is set twice; give all matchers to one call: a field matches if one of them does";
        assert_eq!(
            synthesis::mistakes::<Json, _>(|_| {
                pattern()
                    .source(["aws.s3"])
                    .source(["aws.sqs"])
                    .detail("object.key", ["a"])
                    .detail("object", ["b"])
                    .detail("object.key.part", ["c"])
            }),
            [
                format!("source: field `source` of the event pattern {twice}"),
                format!("detail/object/key: field `key` of the event pattern {twice}"),
                format!("detail/object: field `object` of the event pattern {twice}"),
            ]
        );
    }
}
