//! What a value refers to.

use std::collections::BTreeSet;

use serde_json::Value;

/// A reference to a parameter or resource.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Reference {
    /// A logical id, or a parameter, or a pseudo parameter.
    pub name: String,
    /// The attribute, of `Fn::GetAtt`.
    pub attribute: Option<String>,
}

/// Lists what a value refers to, both branches of conditions included.
pub(crate) fn references(value: &Value) -> BTreeSet<Reference> {
    let mut found = BTreeSet::new();
    visit(value, &mut |name, argument| match name {
        "Ref" => found.extend(argument.as_str().map(|name| Reference { name: name.to_owned(), attribute: None })),
        "Fn::GetAtt" => found.extend(attribute_of(argument)),
        "Fn::Sub" => found.extend(of_sub(argument)),
        _ => {}
    });
    found
}

/// Says whether a value refers to a name.
pub(crate) fn uses(value: &Value, name: &str) -> bool {
    references(value).iter().any(|reference| reference.name == name)
}

/// Lists the arguments of `Fn::ImportValue`.
pub(crate) fn imports(value: &Value) -> Vec<Value> {
    let mut found = Vec::new();
    visit(value, &mut |name, argument| {
        if name == "Fn::ImportValue" {
            found.push(argument.clone());
        }
    });
    found
}

/// Lists what a resource refers to or depends on.
pub(super) fn of_resource(resource: &Value) -> BTreeSet<String> {
    let mut names: BTreeSet<_> =
        references(&resource["Properties"]).into_iter().map(|reference| reference.name).collect();
    match &resource["DependsOn"] {
        Value::String(name) => names.extend([name.clone()]),
        Value::Array(list) => names.extend(list.iter().filter_map(Value::as_str).map(str::to_owned)),
        _ => {}
    }
    names
}

/// Reads both forms of the argument of `Fn::GetAtt`.
pub(super) fn attribute_of(argument: &Value) -> Option<Reference> {
    let (name, attribute) = match argument {
        Value::String(path) => path.split_once('.')?,
        Value::Array(parts) => (parts.first()?.as_str()?, parts.get(1)?.as_str()?),
        _ => return None,
    };
    Some(Reference { name: name.to_owned(), attribute: Some(attribute.to_owned()) })
}

/// A piece of the text of an `Fn::Sub`.
pub(super) enum Piece<'t> {
    Text(&'t str),
    Name(&'t str),
}

/// Splits the text of an `Fn::Sub`.
pub(super) fn pieces(mut text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    while let Some(start) = text.find("${") {
        let Some(length) = text[start..].find('}') else { break };
        let (before, name, after) = (&text[..start], &text[start + 2..start + length], &text[start + length + 1..]);
        pieces.push(Piece::Text(before));
        match name.strip_prefix('!') {
            // `${!x}` stands for `${x}` itself.
            Some(_) => pieces.extend([Piece::Text("${"), Piece::Text(&name[1..]), Piece::Text("}")]),
            None => pieces.push(Piece::Name(name.trim())),
        }
        text = after;
    }
    pieces.push(Piece::Text(text));
    pieces
}

fn of_sub(argument: &Value) -> Vec<Reference> {
    let (text, own) = match argument {
        Value::Array(parts) => (parts.first().and_then(Value::as_str), parts.get(1).and_then(Value::as_object)),
        other => (other.as_str(), None),
    };
    let names = pieces(text.unwrap_or_default()).into_iter().filter_map(|piece| match piece {
        Piece::Name(name) if own.is_none_or(|own| !own.contains_key(name)) => Some(name),
        _ => None,
    });
    names
        .map(|name| match name.split_once('.') {
            Some((name, attribute)) => Reference { name: name.to_owned(), attribute: Some(attribute.to_owned()) },
            None => Reference { name: name.to_owned(), attribute: None },
        })
        .collect()
}

/// Shows every intrinsic function of a value, outer ones first.
pub(super) fn visit(value: &Value, see: &mut dyn FnMut(&str, &Value)) {
    let mut waiting = vec![value];
    while let Some(value) = waiting.pop() {
        match value {
            Value::Array(list) => waiting.extend(list),
            Value::Object(map) => {
                if let (1, Some((name, argument))) = (map.len(), map.iter().next())
                    && (name == "Ref" || name == "Condition" || name.starts_with("Fn::"))
                {
                    see(name, argument);
                }
                waiting.extend(map.values());
            }
            _ => {}
        }
    }
}
