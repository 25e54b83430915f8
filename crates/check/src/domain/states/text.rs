//! Expressions in the language of the state, where expressions are evaluated.

use tree::{Finding, Node, Tree};

use super::rules::{EXPRESSION, LANGUAGE};
use super::{Language, State};
use crate::look::View;
use crate::words::quoted;

/// The fields whose contents are templates of data, by language.
static PATH_TEMPLATES: [&str; 5] = ["Assign", "ItemSelector", "Parameters", "ResultSelector", "Credentials"];
static JSONATA_TEMPLATES: [&str; 5] = ["Arguments", "Assign", "ItemSelector", "Output", "Credentials"];

/// Checks the expressions of a state.
pub(super) fn check(state: State<'_>, findings: &mut Vec<Finding>) {
    let templates = match state.language {
        Language::JsonPath => PATH_TEMPLATES,
        Language::Jsonata => JSONATA_TEMPLATES,
    };
    for key in templates {
        let mut waiting = vec![(key, state.view.get(key))];
        while let Some((key, view)) = waiting.pop() {
            match view.known().map(|tree: &Tree| &tree.node) {
                Some(Node::Map(_)) => waiting.extend(view.entries()),
                Some(Node::List(_)) => waiting.extend(view.items().map(|item| ("", item))),
                Some(Node::String(text)) => one(state, key, text, view, findings),
                _ => {}
            }
        }
    }
}

fn one(state: State<'_>, key: &str, text: &str, view: View<'_>, findings: &mut Vec<Finding>) {
    let is_jsonata = text.trim_start().starts_with("{%") && text.trim_end().ends_with("%}");
    match state.language {
        Language::JsonPath if is_jsonata => {
            let message = format!("{} is passed on as text, for the state is in JSONPath", quoted(text));
            findings.push(view.finding(&LANGUAGE, message).hint("set `\"QueryLanguage\": \"JSONata\"`"));
        }
        Language::JsonPath if key.ends_with(".$") && is_evaluated(text) => {}
        Language::JsonPath if key.ends_with(".$") => {
            let message = format!("`{key}` is {}, but must be a path or an intrinsic function", quoted(text));
            let hint = format!("write `{}` for plain text", &key[..key.len() - 2]);
            findings.push(view.finding(&EXPRESSION, message).hint(hint));
        }
        Language::JsonPath if is_path(text) && !key.is_empty() => {
            let message = format!("`{key}` is passed on as the text {}", quoted(text));
            findings.push(view.finding(&EXPRESSION, message).hint(format!("write `{key}.$`")));
        }
        Language::Jsonata if key.ends_with(".$") => {
            let message = format!("`{key}` is a key of JSONPath, but the state is in JSONata");
            let hint = format!("write `{}`, and an expression between `{{%` and `%}}`", &key[..key.len() - 2]);
            findings.push(view.finding(&LANGUAGE, message).hint(hint));
        }
        Language::Jsonata if text.trim_start().starts_with("{%") && !is_jsonata => {
            let message = format!("{} begins with `{{%`, but does not end with `%}}`", quoted(text));
            findings.push(view.finding(&EXPRESSION, message));
        }
        Language::Jsonata if is_path(text) && !text.contains(' ') => {
            let message = format!("`{key}` is passed on as the text {}", quoted(text));
            findings.push(view.finding(&EXPRESSION, message).hint("write an expression between `{%` and `%}`"));
        }
        _ => {}
    }
}

/// Tells whether a text may be a path or an intrinsic function.
fn is_evaluated(text: &str) -> bool {
    ["$", "States."].iter().any(|start| text.trim_start().starts_with(start))
}

/// Tells whether a text is nothing but a path, such as `$.detail.key` or `$states.input`.
fn is_path(text: &str) -> bool {
    let rest = text.strip_prefix("$$").or_else(|| text.strip_prefix('$'));
    rest.is_some_and(|rest| {
        (rest.starts_with('.') || rest.starts_with("states."))
            && rest.chars().all(|character| character.is_ascii_alphanumeric() || "._-[]*'@".contains(character))
    })
}
