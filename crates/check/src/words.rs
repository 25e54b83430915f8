//! The words of which messages are made.

use tree::{Node, Tree};

/// Longer texts are cut in messages.
const LONGEST: usize = 80;
/// Longer lists are cut in messages.
const MOST: usize = 12;

/// Writes a name as it is quoted in messages.
pub(crate) fn quoted(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("`{}…`", &text[..end]),
        None => format!("`{text}`"),
    }
}

/// Names a value: the text of a string, a number, or what else it is.
pub(crate) fn given(tree: &Tree) -> String {
    match &tree.node {
        Node::String(text) => quoted(text),
        Node::Number(number) => format!("`{number}`"),
        Node::Bool(flag) => format!("`{flag}`"),
        _ => kind(tree).to_owned(),
    }
}

/// Names the kind of a value, with its article.
pub(crate) fn kind(tree: &Tree) -> &'static str {
    match &tree.node {
        Node::Null => "null",
        Node::Bool(_) => "a boolean",
        Node::Number(_) => "a number",
        Node::String(_) => "a string",
        Node::List(_) => "a list",
        Node::Map(_) => "an object",
    }
}

/// Writes `a`, `b` or `c`.
pub(crate) fn any_of<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    enumerated(names, "or")
}

/// Writes `a`, `b` and `c`.
pub(crate) fn all_of<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    enumerated(names, "and")
}

fn enumerated<'n>(names: impl IntoIterator<Item = &'n str>, word: &str) -> String {
    let mut quoted: Vec<String> = names.into_iter().map(quoted).collect();
    if quoted.len() > MOST {
        let more = quoted.len() - MOST;
        quoted.truncate(MOST);
        return format!("{} {word} {more} more", quoted.join(", "));
    }
    match quoted.pop() {
        Some(last) if quoted.is_empty() => last,
        Some(last) => format!("{} {word} {last}", quoted.join(", ")),
        None => "nothing".to_owned(),
    }
}

/// Asks whether one of the candidates was meant, if one is close enough.
pub(crate) fn did_you_mean<'n>(given: &str, candidates: impl IntoIterator<Item = &'n str>) -> Option<String> {
    similar(given, candidates).map(|name| format!("did you mean `{name}`?"))
}

/// Finds the candidate that is spelt most alike, if it is close enough.
pub(crate) fn similar<'n>(given: &str, candidates: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let wanted = given.to_lowercase();
    // One slip in three letters: more than that is another word.
    let tolerated = (wanted.chars().count() / 3).clamp(1, 4);
    // Comparing is what takes time, and the difference in length is a bound.
    let near = candidates.into_iter().filter(|name| name.len().abs_diff(given.len()) <= tolerated * 4);
    let distances = near.map(|name| (strsim::damerau_levenshtein(&wanted, &name.to_lowercase()), name));
    let best = distances.filter(|(distance, name)| *distance <= tolerated && *name != given).min();
    best.map(|(_, name)| name)
}

/// Adds a plural s.
pub(crate) fn counted(number: usize, noun: &str) -> String {
    match (number, noun) {
        (1, _) => format!("1 {noun}"),
        (_, "property") => format!("{number} properties"),
        _ => format!("{number} {noun}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read_as_sentences() {
        assert_eq!(any_of(["a"]), "`a`");
        assert_eq!(any_of(["a", "b"]), "`a` or `b`");
        assert_eq!(all_of(["a", "b", "c"]), "`a`, `b` and `c`");
        let many: Vec<String> = (0..20).map(|number| number.to_string()).collect();
        assert!(any_of(many.iter().map(String::as_str)).ends_with("`11` or 8 more"));
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        assert_eq!(quoted(&"é".repeat(81)), format!("`{}…`", "é".repeat(80)));
    }

    #[test]
    fn only_a_slip_of_the_pen_is_similar() {
        assert_eq!(similar("Stauts", ["Status", "State"]), Some("Status"));
        assert_eq!(similar("bucketname", ["BucketName"]), Some("BucketName"));
        assert_eq!(similar("Ab", ["Xyz", "Cd"]), None);
    }
}
