//! What YAML 1.1 makes of a scalar without quotes.

use serde_json::Number;

use super::Oddity;
use crate::Node;

/// Resolves a plain scalar, and tells if it is not what it looks like.
///
/// The kinds and their order are those of `SnakeYAML`'s `Resolver`, but without timestamps.
pub(super) fn resolve(text: &str) -> (Node, Option<Oddity>) {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return (Node::Null, None),
        "true" | "True" | "TRUE" => return (Node::Bool(true), None),
        "false" | "False" | "FALSE" => return (Node::Bool(false), None),
        "yes" | "Yes" | "YES" | "on" | "On" | "ON" => return (Node::Bool(true), Some(Oddity::Boolean(true))),
        "no" | "No" | "NO" | "off" | "Off" | "OFF" => return (Node::Bool(false), Some(Oddity::Boolean(false))),
        _ => {}
    }
    if !text.starts_with(|first: char| first.is_ascii_digit() || matches!(first, '+' | '-' | '.')) {
        return (Node::String(text.to_owned()), None);
    }
    match integer(text).or_else(|| float(text)) {
        Some(number) => {
            let read_as = number.to_string();
            let is_odd = is_odd(text);
            (Node::Number(number), is_odd.then_some(Oddity::Number(read_as)))
        }
        None => (Node::String(text.to_owned()), None),
    }
}

/// Tells whether a number is written in a way that JSON does not know.
fn is_odd(text: &str) -> bool {
    let digits = text.trim_start_matches(['+', '-']);
    let second = digits.as_bytes().get(1);
    digits.contains(['_', ':'])
        || digits.starts_with('0') && second.is_some_and(|byte| *byte != b'.')
        || digits.contains(['e', 'E'])
}

fn integer(text: &str) -> Option<Number> {
    let (negative, digits) = sign(text);
    let plain: String = digits.chars().filter(|character| *character != '_').collect();
    let magnitude = if let Some(binary) = plain.strip_prefix("0b") {
        digits_in(binary, 2)
    } else if let Some(hexadecimal) = plain.strip_prefix("0x") {
        digits_in(hexadecimal, 16)
    } else if plain == "0" {
        digits_in(&plain, 10)
    } else if let Some(octal) = plain.strip_prefix('0') {
        digits_in(octal, 8)
    } else if digits.starts_with('_') {
        None
    } else {
        digits_in(&plain, 10).or_else(|| sexagesimal(&plain))
    };
    magnitude?.signed(negative)
}

/// A whole number without its sign.
struct Magnitude {
    /// The number itself, if it fits.
    exact: Option<u64>,
    nearly: f64,
}

impl Magnitude {
    fn signed(self, negative: bool) -> Option<Number> {
        match self.exact {
            Some(value) if !negative => Some(value.into()),
            Some(value) => match 0_i64.checked_sub_unsigned(value) {
                Some(value) => Some(value.into()),
                None => Number::from_f64(-self.nearly),
            },
            None => Number::from_f64(if negative { -self.nearly } else { self.nearly }),
        }
    }
}

fn digits_in(digits: &str, radix: u32) -> Option<Magnitude> {
    if digits.is_empty() || !digits.chars().all(|digit| digit.is_digit(radix)) {
        return None;
    }
    let values = digits.chars().filter_map(|digit| digit.to_digit(radix));
    let nearly = values.fold(0.0, |value, digit| value * f64::from(radix) + f64::from(digit));
    Some(Magnitude { exact: u64::from_str_radix(digits, radix).ok(), nearly })
}

/// Reads `1:30:00`, whose parts after the first are below 60.
fn sexagesimal(text: &str) -> Option<Magnitude> {
    let (first, rest) = text.split_once(':')?;
    let mut value = digits_in(first, 10)?.exact?;
    for part in rest.split(':') {
        let is_small = matches!(part.as_bytes(), [b'0'..=b'9'] | [b'0'..=b'5', b'0'..=b'9']);
        let part: u64 = part.parse().ok().filter(|_| is_small)?;
        value = value.checked_mul(60)?.checked_add(part)?;
    }
    Some(Magnitude { exact: Some(value), nearly: 0.0 })
}

/// Reads a decimal number with an optional fraction and exponent. Infinity and "not a number", which JSON lacks, stay text.
fn float(text: &str) -> Option<Number> {
    let (_, digits) = sign(text);
    let (mantissa, exponent) =
        digits.split_once(['e', 'E']).map_or((digits, None), |(left, right)| (left, Some(right)));
    let (whole, fraction) = mantissa.split_once('.').map_or((mantissa, None), |(left, right)| (left, Some(right)));
    let is = |text: &str, further: &str| {
        text.chars().all(|character| character.is_ascii_digit() || further.contains(character))
    };
    let has_mantissa = match fraction {
        Some(fraction) if whole.is_empty() => !fraction.is_empty() && is(fraction, ""),
        Some(fraction) => is(whole, "_") && is(fraction, "_"),
        None => !whole.is_empty() && is(whole, "_"),
    };
    let has_exponent = exponent.is_none_or(|exponent| {
        let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        !digits.is_empty() && is(digits, "")
    });
    if !has_mantissa || !has_exponent {
        return None;
    }
    let plain: String = text.chars().filter(|character| *character != '_').collect();
    Number::from_f64(plain.parse().ok()?)
}

fn sign(text: &str) -> (bool, &str) {
    match text.strip_prefix(['+', '-']) {
        Some(digits) => (text.starts_with('-'), digits),
        None => (false, text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> String {
        let (node, oddity) = resolve(text);
        let mark = if oddity.is_some() { "!" } else { "" };
        match node {
            Node::Null => "null".to_owned(),
            Node::Bool(flag) => format!("{flag}{mark}"),
            Node::Number(number) => format!("{number}{mark}"),
            Node::String(text) => format!("'{text}'"),
            _ => "?".to_owned(),
        }
    }

    #[test]
    fn plain_scalars_are_read_as_yaml_1_1_has_them() {
        let expected = [
            ("", "null"),
            ("~", "null"),
            ("true", "true"),
            ("yes", "true!"),
            ("Off", "false!"),
            ("y", "'y'"),
            ("0", "0"),
            ("-12", "-12"),
            ("+12", "12"),
            ("123456789012", "123456789012"),
            ("012345670123", "1402433619!"),
            ("012345678901", "12345678901.0!"),
            ("0x1F", "31!"),
            ("0b101", "5!"),
            ("1_000", "1000!"),
            ("1:30", "90!"),
            ("1:75", "'1:75'"),
            ("1.10", "1.1"),
            (".5", "0.5"),
            ("1e3", "1000.0!"),
            ("1e", "'1e'"),
            ("1e999", "'1e999'"),
            ("18446744073709551616", "1.8446744073709552e+19"),
            ("-9223372036854775808", "-9223372036854775808"),
            ("2012-10-17", "'2012-10-17'"),
            ("2001-12-14t21:59:43.10-05:00", "'2001-12-14t21:59:43.10-05:00'"),
            ("10.0.0.0/16", "'10.0.0.0/16'"),
            ("1.2.3", "'1.2.3'"),
            (".inf", "'.inf'"),
            ("-", "'-'"),
            (".", "'.'"),
            ("_1", "'_1'"),
            ("00", "0!"),
            ("0o17", "'0o17'"),
        ];
        for (text, read_as) in expected {
            assert_eq!(read(text), read_as, "{text}");
        }
    }
}
