//! `Fn::Sub` with holes that are checked when the program is compiled.

use tree::Origin;

use crate::expression::{Expression, Kind, Part};
use crate::value::{IntoValue, Value};

/// Puts values into text: `Fn::Sub`.
///
/// `{}` is a hole, `{{` and `}}` are braces. The number of holes is checked at compile time, and `${` in the text is
/// escaped, so that nothing but the holes is ever substituted.
///
/// ```
/// # use template::{aws, sub};
/// let parameter = sub!("arn:{}:ssm:{}::parameter/baleen/*", aws::partition(), aws::region());
/// ```
///
/// ```compile_fail
/// # use template::{aws, sub};
/// let parameter = sub!("arn:{}:ssm:{}", aws::partition());
/// ```
#[macro_export]
macro_rules! sub {
    ($text:literal $(, $hole:expr)* $(,)?) => {{
        const _: () = assert!(
            $crate::sub::count_holes($text) == $crate::sub::count(&[$(stringify!($hole)),*]),
            "the text has another number of holes than there are values"
        );
        $crate::sub::text($text, ::std::vec![$($crate::sub::hole($hole)),*])
    }};
}

/// Counts the holes of a text, at compile time.
///
/// # Panics
///
/// On a brace that is neither part of `{}` nor doubled, which [`sub!`](crate::sub) makes an error of the compiler.
pub const fn count_holes(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut holes = 0;
    let mut index = 0;
    while index < bytes.len() {
        let next = if index + 1 < bytes.len() { bytes[index + 1] } else { 0 };
        match (bytes[index], next) {
            (b'{', b'}') => holes += 1,
            (b'{', b'{') | (b'}', b'}') => {}
            (b'{' | b'}', _) => panic!("a brace that is no hole must be doubled: `{{{{` or `}}}}`"),
            _ => {
                index += 1;
                continue;
            }
        }
        index += 2;
    }
    holes
}

#[doc(hidden)]
pub const fn count(holes: &[&str]) -> usize {
    holes.len()
}

#[doc(hidden)]
pub fn hole(value: impl IntoValue<String>) -> Expression {
    value.into_value().into_expression()
}

#[doc(hidden)]
#[track_caller]
pub fn text(text: &str, holes: Vec<Expression>) -> Value<String> {
    let mut parts = Vec::new();
    let mut literal = String::new();
    let mut holes = holes.into_iter();
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        if !matches!(character, '{' | '}') {
            literal.push(character);
            continue;
        }
        if characters.next() == Some(character) {
            literal.push(character);
        } else if let Some(hole) = holes.next() {
            parts.push(Part::Literal(std::mem::take(&mut literal)));
            parts.push(Part::Hole(hole));
        }
    }
    parts.push(Part::Literal(literal));
    Value::from_expression(Expression::new(Kind::Text(parts)).at(Origin::caller()))
}
