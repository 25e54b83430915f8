//! What version a colour is of: a digest of its template, in which the colour's own name does not count.

use serde_json::Value;

use crate::write::sha256;

/// How many digits of the digest are a version's name.
const DIGITS: usize = 12;

/// Returns the version of a template. The same one for both colours is the same version.
pub(super) fn version(template: &str, colour: &str) -> String {
    // Spaces between tokens do not count either, where it is JSON.
    let text = match serde_json::from_str::<Value>(template) {
        Ok(value) => value.to_string(),
        Err(_) => template.to_owned(),
    };
    let neutral = text.replace(colour, "{colour}");
    sha256(neutral.as_bytes())[..DIGITS].to_owned()
}

#[cfg(test)]
mod tests {
    use super::version;

    #[test]
    fn the_colour_and_spaces_do_not_count_and_all_else_does() {
        let blue = version(r#"{"Name":"app-blue", "Queue": 1}"#, "blue");
        assert_eq!(blue, version(r#"{"Name": "app-green","Queue":1}"#, "green"));
        assert_ne!(blue, version(r#"{"Name": "app-green","Queue":2}"#, "green"));
        assert_eq!(blue.len(), 12);
    }
}
