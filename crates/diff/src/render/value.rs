//! Values and paths in one line.

use tree::{Node, Tree};

use crate::values::text::{branches, function, text};
use crate::{Path, Step};

/// How much of what is the same is shown on either side of what differs.
const AROUND: usize = 16;

/// Writes a value in one line, expressions in the notation of `Fn::Sub`: `{Key: "app", Value: ${Name}}`.
pub fn inline(tree: &Tree) -> String {
    let mut out = String::new();
    write(tree, &mut out);
    out
}

fn write(tree: &Tree, out: &mut String) {
    if let Some((condition, then, otherwise)) = branches(tree) {
        out.push_str("if ");
        out.push_str(condition);
        out.push_str(" then ");
        write(then, out);
        out.push_str(" else ");
        write(otherwise, out);
        return;
    }
    if let Some(("Fn::Base64", inner)) = function(tree) {
        out.push_str("base64 ");
        return write(inner, out);
    }
    match &tree.node {
        Node::Map(map) if function(tree).is_none() => {
            list(map.iter(), ('{', '}'), out, |entry, out| {
                out.push_str(&entry.key);
                out.push_str(": ");
                write(&entry.value, out);
            });
        }
        Node::List(items) => list(items.iter(), ('[', ']'), out, write),
        Node::Map(_) => out.push_str(&expression(tree)),
        _ => out.push_str(&tree.to_json_compact()),
    }
}

/// A lone hole needs no quotes.
fn expression(tree: &Tree) -> String {
    let text = text(tree).unwrap_or_else(|| tree.to_json_compact());
    let is_hole = text.starts_with("${") && text.ends_with('}') && text.matches("${").count() == 1;
    if is_hole { text } else { serde_json::Value::from(text).to_string() }
}

fn list<T>(
    items: impl Iterator<Item = T>,
    (open, close): (char, char),
    out: &mut String,
    one: impl Fn(T, &mut String),
) {
    out.push(open);
    for (index, item) in items.enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        one(item, out);
    }
    out.push(close);
}

/// Leaves out the middle of a text that is longer than so many characters.
pub fn shorten(text: &str, width: usize) -> String {
    let length = text.chars().count();
    if length <= width {
        return text.to_owned();
    }
    let end = (width / 4).max(1);
    let start = width.saturating_sub(end + 1).max(1);
    let tail: String = text.chars().skip(length - end).collect();
    text.chars().take(start).chain(['…']).collect::<String>() + &tail
}

/// Leaves out what two texts have in common at their ends, if they are longer than so many characters together.
pub fn shorten_pair(old: &str, new: &str, width: usize) -> (String, String) {
    let (old_all, new_all): (Vec<char>, Vec<char>) = (old.chars().collect(), new.chars().collect());
    if old_all.len() + new_all.len() <= width {
        return (old.to_owned(), new.to_owned());
    }
    let start = old_all.iter().zip(&new_all).take_while(|(one, other)| one == other).count();
    let rest = old_all[start..].iter().rev().zip(new_all[start..].iter().rev());
    let end = rest.take_while(|(one, other)| one == other).count();
    let cut = |all: &[char]| {
        let from = if start > AROUND + 1 { start - AROUND } else { 0 };
        let to = if end > AROUND + 1 { all.len() - end + AROUND } else { all.len() };
        let head = if from > 0 { "…" } else { "" };
        let tail = if to < all.len() { "…" } else { "" };
        let middle: String = all[from..to].iter().collect();
        shorten(&format!("{head}{middle}{tail}"), (width / 2).max(2 * AROUND))
    };
    (cut(&old_all), cut(&new_all))
}

/// Writes a path as authors would: `Tags[cost-center].Value`; `Properties` is left out.
pub fn dotted(path: &Path) -> String {
    let mut out = String::new();
    let mut steps = path.steps().iter().peekable();
    if path.first_key() == Some("Properties") && path.steps().len() > 1 {
        steps.next();
    }
    while let Some(step) = steps.next() {
        match step {
            Step::Key(key) if key == "Fn::If" => {
                let then = matches!(steps.next(), Some(Step::Item(item)) if item.now == Some(1));
                out.push_str(if then { "(then)" } else { "(else)" });
            }
            Step::Key(key) => {
                if !out.is_empty() {
                    out.push('.');
                }
                out.push_str(key);
            }
            Step::Item(item) => {
                out.push('[');
                out.push_str(&item.to_string());
                out.push(']');
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tree::Origin;

    use super::*;

    fn of(value: serde_json::Value) -> String {
        inline(&Tree::from_json(value, Origin::Unknown))
    }

    #[test]
    fn values_fit_a_line() {
        assert_eq!(of(json!({"Key": "a", "Value": {"Ref": "A"}})), r#"{Key: "a", Value: ${A}}"#);
        assert_eq!(of(json!([1, true, {"Fn::GetAtt": ["A", "Arn"]}])), "[1, true, ${A.Arn}]");
        assert_eq!(of(json!({"Fn::Sub": "${A}/${B}"})), r#""${A}/${B}""#);
        assert_eq!(of(json!({"Fn::If": ["C", 1, {"Ref": "AWS::NoValue"}]})), "if C then 1 else ${AWS::NoValue}");
    }

    #[test]
    fn long_texts_show_what_differs() {
        assert_eq!(shorten("0123456789", 6), "0123…9");
        let (old, new) =
            (format!("{}old{}", "a".repeat(50), "b".repeat(50)), format!("{}new{}", "a".repeat(50), "b".repeat(50)));
        let side = |middle: &str| format!("…{}{middle}{}…", "a".repeat(16), "b".repeat(16));
        assert_eq!(shorten_pair(&old, &new, 80), (side("old"), side("new")));
    }

    #[test]
    fn paths_look_like_code() {
        let path = Path::of(["Properties", "Tags"]);
        let item = crate::Item { was: Some(0), now: Some(1), label: Some("app".to_owned()) };
        assert_eq!(dotted(&path.item(item).key("Value")), "Tags[app].Value");
        assert_eq!(dotted(&Path::of(["Properties", "A", "Fn::If"]).index(2).key("B")), "A(else).B");
        assert_eq!(dotted(&Path::of(["DeletionPolicy"])), "DeletionPolicy");
    }
}
