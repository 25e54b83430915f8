//! JSON of any shape whose leaves may be references.

use template::{Expression, IntoValue, Json, Value};
use tree::Origin;

/// Writes a JSON object whose values may be references, JSONata, or anything else that can stand for JSON.
///
/// Objects, arrays and `null` are written as in JSON; a key is a string literal, or an expression in parentheses.
/// A value that is absent (`None`) leaves its key out.
///
/// ```
/// # use documents::{object, states::jsonata};
/// # use template::{Assume, Name, Value, aws};
/// # let table: Value<Name<()>> = "jobs".assume();
/// let arguments = object! {
///     "TableName": &table,
///     "Item": {
///         "id": { "S": jsonata("$id") },
///         "region": { "S": aws::region() },
///         "tags": { "L": [{ "S": "first" }, { "S": "second" }] },
///     },
///     "ConsistentRead": true,
/// };
/// ```
///
/// What cannot stand for JSON does not compile:
///
/// ```compile_fail
/// # use documents::object;
/// let arguments = object! { "Key": std::time::Duration::ZERO };
/// ```
#[macro_export]
macro_rules! object {
    // Entries, one by one, into a list of pairs.
    (@entries [$($done:tt)*]) => { $crate::__private::object(::std::vec![$($done)*]) };
    (@entries [$($done:tt)*] $key:tt : { $($inner:tt)* } $(, $($rest:tt)*)?) => {
        $crate::object!(@entries [$($done)* ($crate::object!(@key $key), $crate::object! { $($inner)* }),] $($($rest)*)?)
    };
    (@entries [$($done:tt)*] $key:tt : [ $($inner:tt)* ] $(, $($rest:tt)*)?) => {
        $crate::object!(@entries [$($done)* ($crate::object!(@key $key), $crate::object!(@items [] $($inner)*)),] $($($rest)*)?)
    };
    (@entries [$($done:tt)*] $key:tt : null $(, $($rest:tt)*)?) => {
        $crate::object!(@entries [$($done)* ($crate::object!(@key $key), $crate::__private::null()),] $($($rest)*)?)
    };
    (@entries [$($done:tt)*] $key:tt : $value:expr $(, $($rest:tt)*)?) => {
        $crate::object!(@entries [$($done)* ($crate::object!(@key $key), $crate::__private::json($value)),] $($($rest)*)?)
    };
    (@key ($key:expr)) => { ::std::string::String::from($key) };
    (@key $key:literal) => { ::std::string::String::from($key) };

    // Items of an array, one by one, into a list.
    (@items [$($done:tt)*]) => { $crate::array::<$crate::__private::Item>(::std::vec![$($done)*]) };
    (@items [$($done:tt)*] { $($inner:tt)* } $(, $($rest:tt)*)?) => {
        $crate::object!(@items [$($done)* $crate::object! { $($inner)* },] $($($rest)*)?)
    };
    (@items [$($done:tt)*] [ $($inner:tt)* ] $(, $($rest:tt)*)?) => {
        $crate::object!(@items [$($done)* $crate::object!(@items [] $($inner)*),] $($($rest)*)?)
    };
    (@items [$($done:tt)*] null $(, $($rest:tt)*)?) => {
        $crate::object!(@items [$($done)* $crate::__private::null(),] $($($rest)*)?)
    };
    (@items [$($done:tt)*] $value:expr $(, $($rest:tt)*)?) => {
        $crate::object!(@items [$($done)* $crate::__private::json($value),] $($($rest)*)?)
    };

    ($($entries:tt)*) => { $crate::object!(@entries [] $($entries)*) };
}

/// Makes a JSON array of what a loop or an iterator gives; inside [`object!`](crate::object) arrays are written as such.
///
/// ```
/// # use documents::{array, object};
/// let suffixes = array([".mp4", ".mkv"].map(|suffix| object! { "suffix": suffix }));
/// ```
pub fn array<T: IntoValue<Json>>(items: impl IntoIterator<Item = T>) -> Value<Json> {
    Value::from_expression(Expression::list(items.into_iter().map(|item| item.into_value().into_expression())))
}

/// What the macro `object!` expands to.
#[doc(hidden)]
pub mod __private {
    use super::{Expression, IntoValue, Json, Origin, Value};

    pub type Item = Value<Json>;

    pub fn json(value: impl IntoValue<Json>) -> Value<Json> {
        value.into_value()
    }

    pub fn null() -> Value<Json> {
        Value::from_expression(Expression::from_json(serde_json::Value::Null))
    }

    #[track_caller]
    pub fn object(entries: Vec<(String, Value<Json>)>) -> Value<Json> {
        let origin = Origin::caller();
        let mut object: Vec<(String, Expression)> = Vec::with_capacity(entries.len());
        for (key, value) in entries {
            let value = if object.iter().any(|(known, _)| *known == key) {
                Expression::invalid(format!("key `{key}` stands twice in one object"), "keep one of the two").at(origin)
            } else {
                value.into_expression()
            };
            object.push((key, value));
        }
        Value::from_expression(Expression::map(object).at(origin))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use template::{If, Raw, aws, equals, sub};

    use super::*;
    use crate::states::jsonata;
    use crate::synthesis;

    #[test]
    fn whatever_stands_for_json_goes_in() {
        let object = synthesis::json::<Json, _>(|stack| {
            let table = stack.add("Jobs", Raw::new("AWS::DynamoDB::Table"));
            let is_here = stack.condition("IsHere", equals(aws::region(), "ap-northeast-2"));
            let key = "computed";
            let missing: Option<&str> = None;
            object! {
                "text": "a",
                "number": 1,
                "fraction": 0.5,
                "negative": -1,
                "flag": false,
                "nothing": null,
                "missing": missing,
                "reference": table.reference::<String>(),
                "sub": sub!("{}/*", table.attribute::<String>("Arn")),
                "jsonata": &jsonata("$id"),
                "if": If::new(&is_here, "here", 2),
                "empty": {},
                "none": [],
                "list": [1, "two", [3, null], { "four": 4 }, aws::region(),],
                "array": array([1, 2]),
                "json": json!({ "a": [1] }),
                (key): { "nested": { "deep": true } },
                (format!("{key} too")): 1 + 1,
            }
        });
        assert_eq!(
            object,
            json!({
                "text": "a",
                "number": 1,
                "fraction": 0.5,
                "negative": -1,
                "flag": false,
                "nothing": null,
                "reference": { "Ref": "Jobs" },
                "sub": { "Fn::Sub": "${Jobs.Arn}/*" },
                "jsonata": "{% $id %}",
                "if": { "Fn::If": ["IsHere", "here", 2] },
                "empty": {},
                "none": [],
                "list": [1, "two", [3, null], { "four": 4 }, { "Ref": "AWS::Region" }],
                "array": [1, 2],
                "json": { "a": [1] },
                "computed": { "nested": { "deep": true } },
                "computed too": 2,
            })
        );
    }

    #[test]
    fn a_key_that_stands_twice_is_reported() {
        assert_eq!(
            synthesis::mistakes::<Json, _>(|_| object! { "a": { "b": 1, "b": 2 } }),
            ["a/b: key `b` stands twice in one object; keep one of the two"]
        );
    }
}
