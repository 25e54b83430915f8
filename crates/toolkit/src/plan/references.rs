//! What a template refers to, and the same template with other references.

use tree::intrinsic::function;
use tree::{Entry, Map, Node, Origin, Tree};

/// Something that a value refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Used<'t> {
    /// A resource or a parameter: its physical id or its value, or one of its attributes.
    Name { name: &'t str, attribute: Option<&'t str> },
    /// A resource that must be there before.
    Dependency(&'t str),
    /// The export of another stack.
    Import(&'t str),
    /// A condition.
    Condition(&'t str),
    /// A mapping.
    Mapping(&'t str),
}

/// Lists what a value refers to, in the order in which it is written.
pub(crate) fn used(tree: &Tree) -> Vec<Used<'_>> {
    let mut found = Vec::new();
    collect(tree, &mut found);
    found
}

/// Lists what the declaration of a resource refers to, with its `DependsOn` and its `Condition`.
pub(crate) fn used_by_resource(resource: &Tree) -> Vec<Used<'_>> {
    let mut found = Vec::new();
    for entry in entries(Some(resource)) {
        match (entry.key.as_str(), entry.value.as_str()) {
            ("Condition", Some(name)) => found.push(Used::Condition(name)),
            ("DependsOn", _) => found.extend(strings(&entry.value).map(Used::Dependency)),
            _ => collect(&entry.value, &mut found),
        }
    }
    found
}

/// Lists the entries of an object; none of anything else.
pub(crate) fn entries(tree: Option<&Tree>) -> impl Iterator<Item = &Entry> {
    tree.and_then(Tree::as_map).into_iter().flatten()
}

/// A string, or the strings of a list.
fn strings(tree: &Tree) -> impl Iterator<Item = &str> {
    tree.as_str().into_iter().chain(tree.as_list().into_iter().flatten().filter_map(Tree::as_str))
}

fn collect<'t>(tree: &'t Tree, found: &mut Vec<Used<'t>>) {
    match function(tree) {
        Some(("Ref", argument)) => found.extend(argument.as_str().map(|name| Used::Name { name, attribute: None })),
        Some(("Fn::GetAtt", argument)) => found.extend(attribute(argument)),
        Some(("Fn::ImportValue", argument)) if argument.as_str().is_some() => {
            found.extend(argument.as_str().map(Used::Import));
        }
        Some(("Fn::FindInMap", argument)) => {
            found.extend(argument.as_list().and_then(|list| list.first()?.as_str()).map(Used::Mapping));
            collect(argument, found);
        }
        Some(("Fn::If", argument)) => {
            found.extend(argument.as_list().and_then(|list| list.first()?.as_str()).map(Used::Condition));
            collect(argument, found);
        }
        Some(("Fn::Sub", argument)) => {
            let (text, variables) = substitution(argument);
            let holes = text.into_iter().flat_map(|text| holes(text).filter_map(Piece::hole));
            found.extend(holes.filter(|hole| variables.is_none_or(|given| given.get(hole).is_none())).map(named));
            found.extend(variables.map(used).unwrap_or_default());
        }
        _ => match &tree.node {
            Node::Map(map) => {
                if let Some(("Condition", name)) = tree.as_single() {
                    found.extend(name.as_str().map(Used::Condition));
                }
                map.iter().for_each(|entry| collect(&entry.value, found));
            }
            Node::List(list) => list.iter().for_each(|item| collect(item, found)),
            _ => {}
        },
    }
}

/// Both forms of the argument of `Fn::GetAtt`: `"A.Arn"` and `["A", "Arn"]`.
fn attribute(argument: &Tree) -> Option<Used<'_>> {
    if let Some(text) = argument.as_str() {
        return Some(named(text));
    }
    match argument.as_list()? {
        [name, attribute] => {
            Some(Used::Name { name: name.as_str()?, attribute: Some(attribute.as_str().unwrap_or_default()) })
        }
        _ => None,
    }
}

/// The name in a hole of `Fn::Sub`: `Sources` or `Sources.Arn`.
fn named(hole: &str) -> Used<'_> {
    let (name, attribute) = hole.split_once('.').map_or((hole, None), |(name, attribute)| (name, Some(attribute)));
    Used::Name { name, attribute }
}

/// The text and the variables of an `Fn::Sub`.
fn substitution(argument: &Tree) -> (Option<&str>, Option<&Tree>) {
    match argument.as_list() {
        Some([text, variables]) => (text.as_str(), Some(variables)),
        _ => (argument.as_str(), None),
    }
}

/// A piece of the text of an `Fn::Sub`.
#[derive(Clone, Copy)]
enum Piece<'t> {
    /// As it is written, `${!` included.
    Text(&'t str),
    Hole(&'t str),
}

impl<'t> Piece<'t> {
    fn hole(self) -> Option<&'t str> {
        match self {
            Self::Hole(name) => Some(name),
            Self::Text(_) => None,
        }
    }
}

/// Takes the text of an `Fn::Sub` apart.
fn holes(text: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let hole =
            rest.strip_prefix("${").filter(|after| !after.starts_with('!')).and_then(|after| after.split_once('}'));
        if let Some((name, after)) = hole {
            rest = after;
            return Some(Piece::Hole(name.trim()));
        }
        // To where the next hole may begin; a `${` that begins none is text.
        let end = rest.match_indices("${").map(|(at, _)| at).find(|at| *at > 0).unwrap_or(rest.len());
        let (text, after) = rest.split_at(end);
        rest = after;
        Some(Piece::Text(text))
    })
}

/// Makes the same value with other references: `change` gives what stands in place of one, or nothing where it stays.
///
/// Only names and imports are asked for.
pub(crate) fn with_references(tree: &Tree, change: &dyn Fn(Used<'_>) -> Option<Tree>) -> Tree {
    let of_function = match function(tree) {
        Some(("Ref", argument)) => argument.as_str().and_then(|name| change(Used::Name { name, attribute: None })),
        Some(("Fn::GetAtt", argument)) => attribute(argument).and_then(change),
        Some(("Fn::ImportValue", argument)) => argument.as_str().and_then(|name| change(Used::Import(name))),
        Some(("Fn::Sub", argument)) => return substituted(tree, argument, change),
        _ => None,
    };
    if let Some(changed) = of_function {
        return changed.at(tree.origin);
    }
    let node = match &tree.node {
        Node::Map(map) => Node::Map(
            map.iter().map(|entry| Entry { value: with_references(&entry.value, change), ..entry.clone() }).collect(),
        ),
        Node::List(list) => Node::List(list.iter().map(|item| with_references(item, change)).collect()),
        other => other.clone(),
    };
    Tree::new(node, tree.origin)
}

fn substituted(tree: &Tree, argument: &Tree, change: &dyn Fn(Used<'_>) -> Option<Tree>) -> Tree {
    let (Some(text), variables) = substitution(argument) else { return tree.clone() };
    let mut variables: Map = entries(variables)
        .map(|entry| Entry { value: with_references(&entry.value, change), ..entry.clone() })
        .collect();
    let mut result = String::new();
    for piece in holes(text) {
        match piece {
            Piece::Text(text) => result.push_str(text),
            Piece::Hole(hole) => {
                let changed = if variables.get(hole).is_some() { None } else { change(named(hole)) };
                match changed {
                    None => result.extend(["${", hole, "}"]),
                    Some(changed) => hole_of(&changed, hole, &mut variables, &mut result),
                }
            }
        }
    }
    let text = Tree::string(result);
    let argument = if variables.is_empty() {
        text
    } else {
        Tree::new(Node::List(vec![text, Tree::new(Node::Map(variables), Origin::Unknown)]), Origin::Unknown)
    };
    Tree::single("Fn::Sub", argument).at(tree.origin)
}

/// Writes a value into the text of an `Fn::Sub`.
fn hole_of(value: &Tree, was: &str, variables: &mut Map, text: &mut String) {
    if let Some(literal) = value.as_str() {
        return text.push_str(&literal.replace("${", "${!"));
    }
    match used(value).as_slice() {
        [Used::Name { name, attribute: None }] if value.get("Ref").is_some() => text.extend(["${", name, "}"]),
        [Used::Name { name, attribute: Some(attribute) }] if value.get("Fn::GetAtt").is_some() => {
            text.extend(["${", name, ".", attribute, "}"]);
        }
        _ => {
            let mut name: String = was.chars().filter(char::is_ascii_alphanumeric).collect();
            while variables.get(&name).is_some_and(|other| other != value) {
                name.push('X');
            }
            if variables.get(&name).is_none() {
                variables.push(&*name, value.clone());
            }
            text.extend(["${", &name, "}"]);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn tree(value: serde_json::Value) -> Tree {
        Tree::from_json(value, Origin::Unknown)
    }

    fn name<'t>(name: &'t str, attribute: Option<&'t str>) -> Used<'t> {
        Used::Name { name, attribute }
    }

    #[test]
    fn references_are_found_in_every_form() {
        let value = tree(json!([
            { "Ref": "A" },
            { "Fn::GetAtt": ["B", "Arn"] },
            { "Fn::GetAtt": "C.Endpoint.Address" },
            { "Fn::Sub": "x${D}${!E}$${F.Arn}" },
            { "Fn::Sub": ["${Own}-${G}", { "Own": { "Fn::ImportValue": "exported" } }] },
            { "Fn::If": ["Large", { "Fn::FindInMap": ["Sizes", "a", "b"] }, "small"] },
        ]));
        assert_eq!(
            used(&value),
            [
                name("A", None),
                name("B", Some("Arn")),
                name("C", Some("Endpoint.Address")),
                name("D", None),
                name("F", Some("Arn")),
                name("G", None),
                Used::Import("exported"),
                Used::Condition("Large"),
                Used::Mapping("Sizes"),
            ]
        );
    }

    #[test]
    fn a_resource_also_uses_what_it_depends_on() {
        let value = tree(
            json!({ "Type": "T", "DependsOn": ["A", "B"], "Condition": "C", "Properties": { "P": { "Ref": "D" } } }),
        );
        assert_eq!(
            used_by_resource(&value),
            [Used::Dependency("A"), Used::Dependency("B"), Used::Condition("C"), name("D", None)]
        );
    }

    #[test]
    fn references_are_replaced_in_every_form() {
        let value = tree(json!([
            { "Ref": "A" },
            { "Fn::Sub": "arn:${A}/${B.Arn}/${C}${!D}é" },
            { "Fn::Sub": ["${Own}-${B.Arn}", { "Own": { "Ref": "A" } }] },
            { "Fn::ImportValue": "x" },
            { "Ref": "Stays" },
        ]));
        let changed = with_references(&value, &|used| match used {
            Used::Name { name: "A", .. } => Some(tree(json!({ "Ref": "Z" }))),
            Used::Name { name: "B", .. } => Some(tree(json!({ "Fn::ImportValue": "b" }))),
            Used::Name { name: "C", .. } | Used::Import("x") => Some(tree(json!("literal ${"))),
            _ => None,
        });
        assert_eq!(
            changed.to_json(),
            json!([
                { "Ref": "Z" },
                { "Fn::Sub": ["arn:${Z}/${BArn}/literal ${!${!D}é", { "BArn": { "Fn::ImportValue": "b" } }] },
                { "Fn::Sub": ["${Own}-${BArn}", { "Own": { "Ref": "Z" }, "BArn": { "Fn::ImportValue": "b" } }] },
                "literal ${",
                { "Ref": "Stays" },
            ])
        );
    }
}
