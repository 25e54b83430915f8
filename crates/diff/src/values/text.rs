//! Expressions that give a string, in the notation of `Fn::Sub`.

use tree::{Node, Tree};

use super::canonical::canonical;
use super::context::Context;

pub(crate) use tree::intrinsic::{branches, function, is_no_value};

/// A piece of a string.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// As it is.
    Literal(String),
    /// What is known only at deployment, such as `Sources.Arn`.
    Hole(String),
}

/// Takes a scalar or an expression apart; nothing for objects, lists and `Fn::If`.
///
/// `Fn::Join` and `Fn::Sub` that make the same string have the same parts.
pub(crate) fn parts(tree: &Tree) -> Option<Vec<Part>> {
    let mut parts = Vec::new();
    collect(tree, &mut parts)?;
    Some(parts)
}

/// Returns the text of a scalar or an expression, with holes as `${Sources.Arn}`.
pub(crate) fn text(tree: &Tree) -> Option<String> {
    match &tree.node {
        Node::String(text) if !text.contains("${") => Some(text.clone()),
        _ => Some(join(&parts(tree)?)),
    }
}

/// Returns the text of a scalar or an expression, if nothing in it is known only at deployment.
pub(crate) fn plain(tree: &Tree) -> Option<String> {
    match parts(tree)?.as_slice() {
        [] => Some(String::new()),
        [Part::Literal(text)] => Some(text.clone()),
        _ => None,
    }
}

/// Writes parts in the notation of `Fn::Sub`.
pub(crate) fn join(parts: &[Part]) -> String {
    let mut text = String::new();
    for part in parts {
        match part {
            Part::Literal(literal) => text.push_str(&literal.replace("${", "${!")),
            Part::Hole(hole) => {
                text.push_str("${");
                text.push_str(hole);
                text.push('}');
            }
        }
    }
    text
}

/// Writes a number so that `1` and `1.0` are the same.
fn number(number: &serde_json::Number) -> String {
    let text = number.to_string();
    match text.strip_suffix(".0") {
        Some(whole) => whole.to_owned(),
        None => text,
    }
}

fn literal(text: &str, parts: &mut Vec<Part>) {
    if text.is_empty() {
        return;
    }
    if let Some(Part::Literal(last)) = parts.last_mut() {
        last.push_str(text);
    } else {
        parts.push(Part::Literal(text.to_owned()));
    }
}

fn collect(tree: &Tree, parts: &mut Vec<Part>) -> Option<()> {
    match &tree.node {
        Node::String(text) => literal(text, parts),
        Node::Bool(flag) => literal(if *flag { "true" } else { "false" }, parts),
        Node::Number(value) => literal(&number(value), parts),
        Node::Null | Node::List(_) => return None,
        Node::Map(_) => {
            let (name, argument) = function(tree)?;
            let known = match name {
                "Fn::If" => return None,
                "Ref" => argument.as_str().map(|name| parts.push(Part::Hole(name.to_owned()))),
                "Fn::GetAtt" => attribute(argument).map(|hole| parts.push(Part::Hole(hole))),
                "Fn::Sub" => substitution(argument, parts),
                "Fn::Join" => joined(argument, parts),
                _ => None,
            };
            if known.is_none() {
                let argument = text_or_json(argument);
                parts.push(Part::Hole(format!("{name}: {argument}")));
            }
        }
    }
    Some(())
}

fn text_or_json(argument: &Tree) -> String {
    argument.as_str().map_or_else(|| canonical(argument, Context::UNKNOWN), str::to_owned)
}

/// Both forms of `Fn::GetAtt`: `"A.Arn"` and `["A", "Arn"]`.
fn attribute(argument: &Tree) -> Option<String> {
    if let Some(text) = argument.as_str() {
        return Some(text.to_owned());
    }
    match argument.as_list()? {
        [id, name] => Some(format!("{}.{}", id.as_str()?, name.as_str()?)),
        _ => None,
    }
}

fn joined(argument: &Tree, parts: &mut Vec<Part>) -> Option<()> {
    let [delimiter, list] = argument.as_list()? else { return None };
    let delimiter = delimiter.as_str()?;
    let mut own = Vec::new();
    for (index, item) in list.as_list()?.iter().enumerate() {
        if index > 0 {
            literal(delimiter, &mut own);
        }
        collect(item, &mut own)?;
    }
    extend(parts, own);
    Some(())
}

fn substitution(argument: &Tree, parts: &mut Vec<Part>) -> Option<()> {
    let (template, variables) = match argument.as_list() {
        Some([template, variables]) => (template.as_str()?, variables.as_map()),
        Some(_) => return None,
        None => (argument.as_str()?, None),
    };
    let mut own = Vec::new();
    let mut rest = template;
    while let Some(start) = rest.find("${") {
        let Some(end) = rest[start..].find('}').map(|length| start + length) else { break };
        literal(&rest[..start], &mut own);
        let name = &rest[start + 2..end];
        if let Some(escaped) = name.strip_prefix('!') {
            literal(&format!("${{{escaped}}}"), &mut own);
        } else if let Some(value) = variables.and_then(|variables| variables.get(name.trim())) {
            collect(value, &mut own)?;
        } else {
            own.push(Part::Hole(name.trim().to_owned()));
        }
        rest = &rest[end + 1..];
    }
    literal(rest, &mut own);
    extend(parts, own);
    Some(())
}

fn extend(parts: &mut Vec<Part>, more: Vec<Part>) {
    for part in more {
        match part {
            Part::Literal(text) => literal(&text, parts),
            hole @ Part::Hole(_) => parts.push(hole),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tree::Origin;

    use super::*;

    fn of(value: serde_json::Value) -> Option<String> {
        text(&Tree::from_json(value, Origin::Unknown))
    }

    #[test]
    fn spellings_of_one_string_have_one_text() {
        let wanted = Some("arn:${Sources.Arn}/*".to_owned());
        assert_eq!(of(json!({"Fn::Sub": "arn:${Sources.Arn}/*"})), wanted);
        assert_eq!(of(json!({"Fn::Sub": ["arn:${a}/*", {"a": {"Fn::GetAtt": "Sources.Arn"}}]})), wanted);
        assert_eq!(of(json!({"Fn::Join": ["", ["arn:", {"Fn::GetAtt": ["Sources", "Arn"]}, "/*"]]})), wanted);
        assert_eq!(of(json!({"Fn::Join": ["/", [{"Fn::Sub": "arn:${ Sources.Arn }"}, "*"]]})), wanted);
    }

    #[test]
    fn literals_that_look_like_holes_are_told_from_them() {
        assert_eq!(of(json!("${A}")).as_deref(), Some("${!A}"));
        assert_eq!(of(json!({"Fn::Sub": "${!A}"})).as_deref(), Some("${!A}"));
        assert_eq!(of(json!({"Fn::Sub": "${A}"})).as_deref(), Some("${A}"));
    }

    #[test]
    fn other_functions_are_holes_and_structures_are_no_text() {
        assert_eq!(of(json!({"Fn::ImportValue": "x"})).as_deref(), Some("${Fn::ImportValue: x}"));
        assert_eq!(of(json!({"Fn::If": ["C", "a", "b"]})), None);
        assert_eq!(of(json!(["a"])), None);
        assert_eq!(of(json!({"a": 1})), None);
        assert_eq!(of(json!(1.0)).as_deref(), Some("1"));
    }
}
