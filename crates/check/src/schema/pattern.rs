//! The patterns of schemas.
//!
//! They are meant for Java's, Python's and JavaScript's engines alike. What is not ours is translated, and what
//! cannot be is let pass. Most are used once, so an engine that compiles quickly beats one that matches quickly:
//! `regex-lite` takes 3 µs for the median pattern, `regex` 30 µs.

use std::cell::RefCell;
use std::collections::BTreeMap;

use regex_lite::Regex;

/// The patterns that have been compiled so far.
#[derive(Default)]
pub(crate) struct Patterns {
    compiled: RefCell<BTreeMap<String, Option<Pattern>>>,
}

/// A pattern whose look-ahead assertions at the start are taken apart.
struct Pattern {
    must: Vec<Regex>,
    must_not: Vec<Regex>,
    /// Whether Unicode classes were narrowed to ASCII, so that other texts cannot be judged.
    ascii: bool,
}

impl Patterns {
    /// Tells whether a text matches a pattern, or whether nobody can tell.
    pub fn fits(&self, pattern: &str, text: &str) -> bool {
        self.matches(pattern, text).unwrap_or(true)
    }

    /// Tells whether a text matches a pattern, if that can be told.
    pub fn matches(&self, pattern: &str, text: &str) -> Option<bool> {
        let mut compiled = self.compiled.borrow_mut();
        if !compiled.contains_key(pattern) {
            compiled.insert(pattern.to_owned(), compile(pattern));
        }
        match compiled.get(pattern) {
            Some(Some(pattern)) if text.is_ascii() || !pattern.ascii => Some(
                pattern.must.iter().all(|one| one.is_match(text))
                    && !pattern.must_not.iter().any(|one| one.is_match(text)),
            ),
            _ => None,
        }
    }
}

fn compile(pattern: &str) -> Option<Pattern> {
    let (mut must, mut must_not) = (Vec::new(), Vec::new());
    let anchored = pattern.strip_prefix('^');
    let mut rest = anchored.unwrap_or(pattern);
    while let Some((assertion, is_positive, after)) = look_ahead(rest) {
        let regex = translate(&format!("^(?:{assertion})")).and_then(|text| Regex::new(&text).ok())?;
        if is_positive {
            must.push(regex);
        } else {
            must_not.push(regex);
        }
        rest = after;
    }
    let has_assertions = !must.is_empty() || !must_not.is_empty();
    // Where the match does not begin at the start, or where there are alternatives, the assertions are not about all.
    if has_assertions && (anchored.is_none() || has_alternatives(rest)) {
        return None;
    }
    let body = if has_assertions { format!("^{rest}") } else { pattern.to_owned() };
    must.push(Regex::new(&translate(&body)?).ok()?);
    Some(Pattern { must, must_not, ascii: pattern.contains(r"\p{") || pattern.contains(r"\P{") })
}

/// Splits `(?=…)` or `(?!…)` off.
fn look_ahead(text: &str) -> Option<(&str, bool, &str)> {
    let is_positive = text.starts_with("(?=");
    let inner = text.strip_prefix("(?=").or_else(|| text.strip_prefix("(?!"))?;
    let end = closing(inner)?;
    Some((&inner[..end], is_positive, &inner[end + 1..]))
}

/// Finds the parenthesis that closes a group whose inside begins the text.
fn closing(text: &str) -> Option<usize> {
    let (mut depth, mut in_class, mut escaped) = (0_usize, false, false);
    for (index, character) in text.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '[' => in_class = true,
            ']' => in_class = false,
            '(' if !in_class => depth += 1,
            ')' if !in_class && depth == 0 => return Some(index),
            ')' if !in_class => depth -= 1,
            _ => {}
        }
    }
    None
}

fn has_alternatives(text: &str) -> bool {
    let (mut depth, mut in_class, mut escaped) = (0_usize, false, false);
    text.chars().any(|character| {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '[' => in_class = true,
            ']' => in_class = false,
            '(' if !in_class => depth += 1,
            ')' if !in_class => depth = depth.saturating_sub(1),
            '|' if !in_class && depth == 0 => return true,
            _ => {}
        }
        false
    })
}

/// Writes a pattern as the engine at hand wants it.
fn translate(pattern: &str) -> Option<String> {
    let mut text = String::with_capacity(pattern.len());
    let mut rest = pattern;
    let mut in_class = false;
    while let Some(character) = rest.chars().next() {
        let after = &rest[character.len_utf8()..];
        match character {
            '\\' => {
                let (translated, after) = escape(after, in_class)?;
                text.push_str(&translated);
                // `[\w-.]` means the hyphen, but a range cannot begin with a class.
                let begins_range = in_class && [r"\w", r"\d", r"\s", r"\p"].iter().any(|class| rest.starts_with(class));
                let hyphen = after.strip_prefix('-').filter(|more| begins_range && !more.starts_with(']'));
                if hyphen.is_some() {
                    text.push_str(r"\-");
                }
                rest = hyphen.unwrap_or(after);
                continue;
            }
            // Java's intersections of classes are nobody else's.
            '&' if in_class && after.starts_with('&') => return None,
            '[' if in_class => text.push_str(r"\["),
            '[' => {
                in_class = true;
                let negated = after.strip_prefix('^');
                text.push_str(if negated.is_some() { "[^" } else { "[" });
                rest = negated.unwrap_or(after);
                // A bracket that comes first is meant literally.
                if let Some(after) = rest.strip_prefix(']') {
                    text.push_str(r"\]");
                    rest = after;
                }
                continue;
            }
            ']' => {
                in_class = false;
                text.push(']');
            }
            other => text.push(other),
        }
        rest = after;
    }
    Some(text)
}

/// Translates what follows a backslash.
fn escape(rest: &str, in_class: bool) -> Option<(String, &str)> {
    let character = rest.chars().next()?;
    let after = &rest[character.len_utf8()..];
    match character {
        'Z' => Some((r"\z".to_owned(), after)),
        'p' | 'P' => {
            let (name, after) = after.strip_prefix('{')?.split_once('}')?;
            let class = ascii_class(name, character == 'P')?;
            Some((if in_class { class.to_owned() } else { format!("[{class}]") }, after))
        }
        // Halves of surrogate pairs are no characters.
        'u' if after.starts_with(['d', 'D']) && after.chars().nth(1).is_some_and(|digit| digit >= '8') => None,
        _ => Some((format!("\\{character}"), after)),
    }
}

/// Lists the ASCII characters of a Unicode class, as they stand in brackets.
fn ascii_class(name: &str, is_negated: bool) -> Option<&'static str> {
    Some(match (name, is_negated) {
        ("L", false) => "a-zA-Z",
        ("N" | "Nd", false) => "0-9",
        ("Z" | "Zs", false) => r"\x20",
        // No mark is ASCII; an empty class has no other spelling than something that is in the class anyway.
        ("M", false) => r"\x{300}",
        ("P", false) => r"!-#%-*,-/:;?@\[-\]_{}",
        ("S", false) => r"$+<=>^`|~",
        ("C" | "Cc", false) => r"\x00-\x1f\x7f",
        ("C" | "Cc", true) | ("Print" | "print", false) => r"\x20-\x7e",
        ("Graph", false) => r"\x21-\x7e",
        ("ASCII", false) | ("M", true) => r"\x00-\x7f",
        ("Cf", false) => r"\x{ad}",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(pattern: &str, text: &str) -> bool {
        Patterns::default().fits(pattern, text)
    }

    #[test]
    fn patterns_are_searched_for_and_not_anchored() {
        assert!(fits("b", "abc"));
        assert!(!fits("^b", "abc"));
    }

    #[test]
    fn look_ahead_at_the_start_is_understood() {
        let pattern = "^(?!aws:)(?=.{2,4}$)[a-z:]+$";
        assert!(fits(pattern, "abc"));
        assert!(!fits(pattern, "aws:"));
        assert!(!fits(pattern, "abcde"));
        assert!(!fits(pattern, "a1"));
    }

    #[test]
    fn what_cannot_be_translated_is_let_pass() {
        for pattern in [r"a(?<=b)c", r"^(?!a)b|c$", r"[a&&b]", r"[\uD800-\uDFFF]", "(("] {
            assert!(fits(pattern, "anything at all"), "{pattern}");
            assert!(compile(pattern).is_none(), "{pattern}");
        }
    }

    #[test]
    fn unicode_classes_are_known_for_ascii_texts() {
        let pattern = r"^([\p{L}\p{Z}\p{N}_.:/=+\-@]*)$";
        assert!(fits(pattern, "Cost centre 12"));
        assert!(!fits(pattern, "Cost#centre"));
        assert!(fits(pattern, "Ü#"), "nobody can tell");
        assert!(!fits(r"^\P{C}+$", "a\u{7}"));
    }

    #[test]
    fn brackets_and_hyphens_in_classes_are_literal_where_others_take_them_so() {
        assert!(fits(r"^[a[]+$", "[a"));
        assert!(fits(r"^[\w-.]+$", "a-.b"));
        assert!(!fits(r"^[\w-.]+$", "a/b"));
        assert!(fits(r"^[]a]+\Z", "]a"));
        assert!(!fits(r"^a\Z", "ab"));
    }

    /// So that a change of engine or of the schemas that makes us blind is noticed.
    #[test]
    fn nearly_all_patterns_of_the_schemas_are_understood() {
        fn collect(value: schemas::Json<'static>, patterns: &mut std::collections::BTreeSet<&str>) {
            value.as_array().into_iter().flatten().for_each(|value| collect(value, patterns));
            for (key, value) in value.as_object().into_iter().flatten() {
                match value.as_str() {
                    Some(pattern) if key == "pattern" => drop(patterns.insert(pattern)),
                    _ => collect(value, patterns),
                }
            }
        }
        let mut patterns = std::collections::BTreeSet::new();
        // Every fifth type, which is quick and tells as much.
        for name in schemas::type_names().step_by(5) {
            collect(schemas::schema(name).expect("a known type").value(), &mut patterns);
        }
        let blind = patterns.iter().filter(|pattern| compile(pattern).is_none()).count();
        assert!(blind * 50 < patterns.len(), "{blind} of {} patterns", patterns.len());
    }
}
