//! What version a colour is of: a digest of its template and its parameters, in which the colour's own name does not count.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::write::sha256;

/// How many digits of the digest are a version's name.
const DIGITS: usize = 12;

/// Returns the version of a stack. The same one for both colours is the same version. The parameter for its capacity is no
/// part of it.
pub(super) fn version(
    template: &str,
    parameters: &BTreeMap<String, String>,
    capacity: Option<&str>,
    colour: &str,
) -> String {
    let mut text = neutral(template, colour);
    for (name, value) in parameters.iter().filter(|(name, _)| Some(name.as_str()) != capacity) {
        text.extend(["\n", name, "=", &value.replace(colour, NEUTRAL)]);
    }
    sha256(text.as_bytes())[..DIGITS].to_owned()
}

/// Says whether two templates of a colour are the same.
pub(super) fn is_same(one: &str, other: &str, colour: &str) -> bool {
    neutral(one, colour) == neutral(other, colour)
}

/// What stands for the colour's name.
const NEUTRAL: &str = "{colour}";

fn neutral(template: &str, colour: &str) -> String {
    // Spaces between tokens do not count either, where it is JSON.
    let text = match serde_json::from_str::<Value>(template) {
        Ok(value) => value.to_string(),
        Err(_) => template.to_owned(),
    };
    text.replace(colour, NEUTRAL)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_colour_its_capacity_and_spaces_do_not_count_and_all_else_does() {
        let parameters = |agent: &str, minimum: &str| {
            let pairs = [("Agent", agent), ("Minimum", minimum)];
            pairs.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect::<BTreeMap<_, _>>()
        };
        let of =
            |template, agent, minimum, colour| version(template, &parameters(agent, minimum), Some("Minimum"), colour);
        let blue = of(r#"{"Name":"app-blue", "Queue": 1}"#, "a", "1", "blue");
        let green = r#"{"Name": "app-green","Queue":1}"#;
        assert_eq!(blue, of(green, "a", "0", "green"));
        assert_ne!(blue, of(r#"{"Name": "app-green","Queue":2}"#, "a", "0", "green"));
        assert_ne!(blue, of(green, "b", "1", "green"), "another agent");
        assert_eq!(blue.len(), 12);
        assert!(is_same(green, r#"{"Name":"app-green","Queue":1}"#, "green"));
    }
}
