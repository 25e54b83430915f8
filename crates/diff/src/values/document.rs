//! JSON documents that are written as strings, with expressions in them.

use tree::{Node, Origin, Tree};

use super::text::{Part, parts};

/// Parses a string, or an expression that makes one, as a JSON object or list; nothing if it is none.
///
/// Holes become strings in the notation of `Fn::Sub`, also where they stand for a number.
pub(crate) fn document(tree: &Tree) -> Option<Tree> {
    if let Node::String(text) = &tree.node {
        return looks_like_json(text).then(|| parse(&text.replace("${", "${!"), tree.origin))?;
    }
    let parts = parts(tree)?;
    match parts.first()? {
        Part::Literal(text) if looks_like_json(text) => parse(&with_holes(&parts), tree.origin),
        _ => None,
    }
}

fn looks_like_json(text: &str) -> bool {
    let text = text.trim_start();
    // `[` alone would take `[Unit]` of a systemd unit for a list, and parsing finds out; `{{resolve:…}}` is common.
    (text.starts_with('{') && !text.starts_with("{{")) || text.starts_with('[')
}

fn parse(text: &str, origin: Origin) -> Option<Tree> {
    let value: serde_json::Value = serde_json::from_str(text).ok()?;
    (value.is_object() || value.is_array()).then(|| Tree::from_json(value, origin))
}

/// Writes parts as JSON: a hole inside a string stays there, one outside becomes a string.
fn with_holes(parts: &[Part]) -> String {
    let mut out = String::new();
    let (mut quoted, mut escaped) = (false, false);
    for part in parts {
        match part {
            Part::Literal(text) => {
                for character in text.chars() {
                    match character {
                        _ if escaped => escaped = false,
                        '\\' if quoted => escaped = true,
                        '"' => quoted = !quoted,
                        _ => {}
                    }
                }
                out.push_str(&text.replace("${", "${!"));
            }
            Part::Hole(name) => {
                let hole = serde_json::Value::from(format!("${{{name}}}")).to_string();
                out.push_str(if quoted { &hole[1..hole.len() - 1] } else { &hole });
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(value: serde_json::Value) -> Option<serde_json::Value> {
        document(&Tree::from_json(value, Origin::Unknown)).map(|tree| tree.to_json())
    }

    #[test]
    fn json_is_read_out_of_strings_and_expressions() {
        assert_eq!(of(json!(r#" {"a": "${x}"} "#)), Some(json!({"a": "${!x}"})));
        let sub = json!({"Fn::Sub": r#"{"role": "${Role.Arn}/\"x", "seconds": ${Seconds}}"#});
        assert_eq!(of(sub), Some(json!({"role": "${Role.Arn}/\"x", "seconds": "${Seconds}"})));
        let join = json!({"Fn::Join": ["", ["{\"a\":\"", {"Fn::ImportValue": {"Fn::Sub": "x"}}, "\"}"]]});
        assert_eq!(of(join), Some(json!({"a": "${Fn::ImportValue: \"x\"}"})));
    }

    #[test]
    fn what_only_looks_like_json_is_none() {
        assert_eq!(of(json!("[Unit]\nDescription=x")), None);
        assert_eq!(of(json!("{{resolve:ssm:/x}}")), None);
        assert_eq!(of(json!("12")), None);
    }
}
