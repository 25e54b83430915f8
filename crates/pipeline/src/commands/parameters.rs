use std::collections::BTreeMap;

use regex_lite::Regex;

use super::document::Parameter;
use super::{Document, Error};

/// Checks the values that a user gives for the parameters of a document, all at once, and encodes those that the
/// document wants encoded. Systems Manager checks the same, one at a time and in fewer words.
pub fn values(document: &Document, given: &[(String, String)]) -> Result<BTreeMap<String, Vec<String>>, Error> {
    let mut mistakes = Vec::new();
    let mut values: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, value) in given {
        let Some(parameter) = document.parameters.iter().find(|parameter| parameter.name == *name) else {
            mistakes.push(unknown(name, document));
            continue;
        };
        let several = values.entry(name.clone()).or_default();
        if several.len() == 1 && !parameter.is_list() {
            mistakes.push(format!("`{name}` is given twice"));
        }
        match parameter.accept(value) {
            Ok(value) => several.push(value),
            Err(mistake) => mistakes.push(mistake),
        }
    }
    let is_missing = |parameter: &&Parameter| parameter.default.is_none() && !values.contains_key(&parameter.name);
    mistakes.extend(document.parameters.iter().filter(is_missing).map(|Parameter { name, description, .. }| {
        if description.is_empty() {
            format!("`{name}` is missing")
        } else {
            format!("`{name}` is missing: {description}")
        }
    }));
    if mistakes.is_empty() {
        return Ok(values);
    }
    Err(Error::Parameters { document: document.logical_id.clone(), mistakes })
}

fn unknown(name: &str, document: &Document) -> String {
    let known: Vec<_> = document.parameters.iter().map(|parameter| parameter.name.as_str()).collect();
    if known.is_empty() {
        return format!("`{name}` is not one of its parameters: it has none");
    }
    format!("`{name}` is not one of its parameters; those are {}", known.join(", "))
}

impl Parameter {
    fn is_list(&self) -> bool {
        self.kind.ends_with("List")
    }

    /// Returns the value as it is sent, or what is wrong with it.
    fn accept(&self, value: &str) -> Result<String, String> {
        let name = &self.name;
        let is_of_kind = match self.kind.as_str() {
            "Integer" => value.parse::<i64>().is_ok(),
            "Boolean" => matches!(value, "true" | "false"),
            _ => true,
        };
        if !is_of_kind {
            let wanted = if self.kind == "Integer" { "a whole number" } else { "`true` or `false`" };
            return Err(format!("`{name}` must be {wanted}, not {value:?}"));
        }
        if !self.allowed_values.is_empty() && !self.allowed_values.iter().any(|allowed| allowed == value) {
            return Err(format!("`{name}` cannot be {value:?}; allowed are {}", self.allowed_values.join(", ")));
        }
        if self.is_encoded_key && value.is_empty() {
            return Err(format!("`{name}` is empty"));
        }
        let sent = if self.is_encoded_key { base64url(value.as_bytes()) } else { value.to_owned() };
        let as_sent = if self.is_encoded_key { " as base64url" } else { "" };
        let characters = sent.chars().count();
        if self.min_chars.is_some_and(|min| characters < min) || self.max_chars.is_some_and(|max| characters > max) {
            let allowed = match (self.min_chars, self.max_chars) {
                (Some(min), Some(max)) => format!("{min} to {max}"),
                (Some(min), None) => format!("at least {min}"),
                (_, max) => format!("at most {}", max.unwrap_or_default()),
            };
            return Err(format!("`{name}` has {characters} characters{as_sent}; allowed are {allowed}"));
        }
        // A pattern that cannot be understood here is left to the service.
        let pattern = self.allowed_pattern.as_deref().and_then(|pattern| Regex::new(pattern).ok());
        match pattern {
            Some(pattern) if !pattern.is_match(&sent) => {
                Err(format!("`{name}` cannot be {value:?}; it must match {pattern}"))
            }
            _ => Ok(sent),
        }
    }
}

/// Encodes bytes as base64url, without padding (RFC 4648, section 5).
fn base64url(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let bits = group.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - group.len()));
        // One byte fills two digits, two fill three, three fill four.
        for digit in 0..=group.len() {
            let index = bits >> (18 - 6 * digit) & 0x3f;
            text.push(char::from(DIGITS[index as usize]));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::base64url;

    /// The test vectors of RFC 4648, section 10, without their padding; and the two digits that differ from base64.
    #[test]
    fn base64url_is_that_of_the_rfc() {
        for (bytes, text) in [
            (&b""[..], ""),
            (b"f", "Zg"),
            (b"fo", "Zm8"),
            (b"foo", "Zm9v"),
            (b"foob", "Zm9vYg"),
            (b"fooba", "Zm9vYmE"),
            (b"foobar", "Zm9vYmFy"),
            (&[0xfb, 0xff], "-_8"),
        ] {
            assert_eq!(base64url(bytes), text);
        }
    }
}
