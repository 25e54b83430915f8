//! One text for all spellings of a value.

use tree::{Node, Tree};

use super::context::{Context, Shape};
use super::document::document;
use super::identity::{identity, is_unordered};
use super::text::{branches, function, is_no_value, text};

/// Writes a value so that two spellings of the same value give the same text: JSON with sorted keys, with sets sorted
/// and expressions in the notation of `Fn::Sub`.
pub(crate) fn canonical(tree: &Tree, context: Context) -> String {
    let mut out = String::new();
    write(tree, context, &mut out);
    out
}

fn write(tree: &Tree, context: Context, out: &mut String) {
    let context = context.seeing(tree);
    if context.is_one_or_many() && tree.as_list().is_none() && !is_structure(tree, context) {
        out.push('[');
        single(tree, context.item(), out);
        out.push_str(",]");
    } else {
        single(tree, context, out);
    }
}

/// Tells whether a value that could be one of many is an object with an inside of its own.
fn is_structure(tree: &Tree, context: Context) -> bool {
    context.shape == Shape::StringsBelow && tree.as_map().is_some() && function(tree).is_none()
}

fn single(tree: &Tree, context: Context, out: &mut String) {
    if let Some((condition, then, otherwise)) = branches(tree) {
        out.push_str("{if ");
        out.push_str(condition);
        for branch in [then, otherwise] {
            out.push(' ');
            write(branch, context, out);
        }
        out.push('}');
        return;
    }
    match &tree.node {
        Node::Map(_) if function(tree).is_some() => expression(tree, context, out),
        Node::Map(map) => {
            let mut entries: Vec<_> = map.iter().filter(|entry| !is_no_value(&entry.value)).collect();
            entries.sort_by(|one, other| one.key.cmp(&other.key));
            out.push('{');
            for entry in entries {
                quote(&entry.key, out);
                out.push(':');
                write(&entry.value, context.key(&entry.key), out);
                out.push(',');
            }
            out.push('}');
        }
        Node::List(list) => items(list, context, out),
        Node::Null => out.push_str("null"),
        Node::Bool(_) | Node::Number(_) if !context.is_lax() => out.push_str(&tree.to_json_compact()),
        _ => expression(tree, context, out),
    }
}

fn items(list: &[Tree], context: Context, out: &mut String) {
    let item = context.item();
    let mut texts: Vec<String> = list.iter().map(|tree| canonical_item(tree, item)).collect();
    if context.is_set(list) || is_unordered(identity(&[list], context), &[list]) {
        texts.sort();
        if context.is_one_or_many() {
            texts.dedup();
        }
    }
    out.push('[');
    for text in texts {
        out.push_str(&text);
        out.push(',');
    }
    out.push(']');
}

/// An element of a list is one already, so it does not stand for a list of one.
pub(crate) fn canonical_item(tree: &Tree, context: Context) -> String {
    let mut out = String::new();
    single(tree, context.seeing(tree), &mut out);
    out
}

fn expression(tree: &Tree, context: Context, out: &mut String) {
    if let Some(document) = document(tree) {
        out.push_str("json");
        write(&document, Context::JSON, out);
        return;
    }
    let text = text(tree).unwrap_or_else(|| tree.to_json_compact());
    if context.shape == Shape::Actions { quote(&text.to_lowercase(), out) } else { quote(&text, out) }
}

fn quote(text: &str, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        if matches!(character, '"' | '\\') {
            out.push('\\');
        }
        out.push(character);
    }
    out.push('"');
}
