//! As much of JSONata's grammar as it takes to see an open bracket or quote, and which variables an expression reads.
//!
//! See <https://docs.jsonata.org>. Whatever else is wrong, Step Functions says when the state machine is made.

use std::collections::BTreeSet;
use std::iter::Peekable;
use std::str::CharIndices;

/// The functions of JSONata, and those that Step Functions adds: "Transforming data with JSONata" in its guide.
#[rustfmt::skip]
pub(super) const FUNCTIONS: [&str; 69] = [
    "string", "length", "substring", "substringBefore", "substringAfter", "uppercase", "lowercase", "trim", "pad",
    "contains", "split", "join", "match", "replace", "base64encode", "base64decode", "encodeUrlComponent", "encodeUrl",
    "decodeUrlComponent", "decodeUrl", "number", "abs", "floor", "ceil", "round", "power", "sqrt", "random",
    "formatNumber", "formatBase", "formatInteger", "parseInteger", "sum", "max", "min", "average", "boolean", "not",
    "exists", "count", "append", "sort", "reverse", "shuffle", "distinct", "zip", "keys", "lookup", "spread", "merge",
    "sift", "each", "error", "assert", "type", "now", "millis", "fromMillis", "toMillis", "map", "filter", "single",
    "reduce", "clone", "partition", "range", "hash", "uuid", "parse",
];

/// Lists the variables that an expression reads and does not bind itself; or says what is left open.
pub(super) fn free_variables(expression: &str) -> Result<Vec<&str>, String> {
    let mut reader = Reader { text: expression, characters: expression.char_indices().peekable() };
    let mut open: Vec<char> = Vec::new();
    let mut read: Vec<&str> = Vec::new();
    let mut bound = BTreeSet::from(["", "$", "states"]);
    // Whether a value came last: then `/` divides, otherwise it begins a regular expression.
    let mut after_value = false;
    let mut before = ' ';
    // Whether the brackets that come are those of a function's parameters, and whether we are inside of them.
    let (mut parameters_follow, mut in_parameters) = (false, false);
    while let Some((start, character)) = reader.characters.next() {
        match character {
            _ if character.is_whitespace() => continue,
            '"' | '\'' | '`' => {
                reader.skip_quoted(character)?;
                after_value = true;
            }
            '/' if reader.next_is('*') => reader.skip_comment()?,
            '/' if !after_value => {
                reader.skip_regular_expression()?;
                after_value = true;
            }
            '(' | '[' | '{' => {
                open.push(character);
                in_parameters |= std::mem::take(&mut parameters_follow);
                after_value = false;
            }
            ')' | ']' | '}' => {
                let opening = match character {
                    ')' => '(',
                    ']' => '[',
                    _ => '{',
                };
                if open.pop() != Some(opening) {
                    return Err(format!("`{character}` closes nothing"));
                }
                in_parameters = false;
                after_value = true;
            }
            '$' => {
                let name = &reader.word(start)[1..];
                if in_parameters || matches!(before, '@' | '#') || reader.is_bound_here() {
                    bound.insert(name);
                } else {
                    read.push(name);
                }
                after_value = true;
            }
            _ if character.is_alphanumeric() || character == '_' => {
                let word = reader.word(start);
                parameters_follow = matches!(word, "function" | "λ");
                after_value = !matches!(word, "and" | "or" | "in");
            }
            // Where a value is wanted, these two are one: all fields, and the parent.
            '*' | '%' => after_value = !after_value,
            _ => after_value = false,
        }
        before = character;
    }
    match open.last() {
        Some(character) => Err(format!("`{character}` is not closed")),
        None => Ok(read.into_iter().filter(|name| !bound.contains(name) && !FUNCTIONS.contains(name)).collect()),
    }
}

struct Reader<'t> {
    text: &'t str,
    characters: Peekable<CharIndices<'t>>,
}

impl<'t> Reader<'t> {
    fn next_is(&mut self, wanted: char) -> bool {
        self.characters.peek().is_some_and(|(_, character)| *character == wanted)
    }

    /// The word that began at `start`, with its first character.
    fn word(&mut self, start: usize) -> &'t str {
        let goes_on = |(_, character): &(usize, char)| character.is_alphanumeric() || matches!(character, '_' | '$');
        while self.characters.next_if(goes_on).is_some() {}
        &self.text[start..self.position()]
    }

    fn position(&mut self) -> usize {
        self.characters.peek().map_or(self.text.len(), |(position, _)| *position)
    }

    /// Whether `:=` comes, which binds the variable before it.
    fn is_bound_here(&mut self) -> bool {
        let position = self.position();
        self.text[position..].trim_start().starts_with(":=")
    }

    fn skip_quoted(&mut self, quote: char) -> Result<(), String> {
        while let Some((_, character)) = self.characters.next() {
            match character {
                // A name in backticks knows no escapes.
                '\\' if quote != '`' => {
                    self.characters.next();
                }
                _ if character == quote => return Ok(()),
                _ => {}
            }
        }
        Err(format!("a text in {quote} is not closed"))
    }

    fn skip_comment(&mut self) -> Result<(), String> {
        self.characters.next();
        while let Some((_, character)) = self.characters.next() {
            if character == '*' && self.next_is('/') {
                self.characters.next();
                return Ok(());
            }
        }
        Err("a comment is not closed".to_owned())
    }

    /// As JSONata does it: a slash inside of brackets does not end a regular expression.
    fn skip_regular_expression(&mut self) -> Result<(), String> {
        let mut depth = 0_u32;
        while let Some((_, character)) = self.characters.next() {
            match character {
                '\\' => {
                    self.characters.next();
                }
                '(' | '[' | '{' => depth += 1,
                ')' | ']' | '}' => depth = depth.saturating_sub(1),
                '/' if depth == 0 => return Ok(()),
                _ => {}
            }
        }
        Err("a regular expression is not closed".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn reads(expression: &str, variables: &[&str]) {
        assert_eq!(free_variables(expression), Ok(variables.to_vec()), "{expression}");
    }

    #[test]
    fn what_is_read() {
        reads("$states.input.detail", &[]);
        reads("$id & '_' & $substring($source.key, 0, 12)", &["id", "source"]);
        reads("$replace($source.key, /\\.[^.\\/]+$/, '') & $suffix", &["source", "suffix"]);
        reads("$replace($key, /([^\\/])\\.[^.\\/]*$/, '$1 $not_read')", &["key"]);
        reads("$a / $b / 2", &["a", "b"]);
        reads("(1 + 2) / $a", &["a"]);
        reads("$x in [1, 2] and /a(b/)c/i.match = $y", &["x", "y"]);
        reads("($cause := $parse($states.input); {'kind': $cause.kind})", &[]);
        reads("$map($items, function($item, $index) { $item.price * $index + $tax })", &["items", "tax"]);
        reads("$map($items, λ($item) { $item })", &["items"]);
        reads("Account.Order@$o#$i.{ 'o': $o, 'i': $i }", &[]);
        reads("$.a + $$.b + *.c", &[]);
        reads("/* $none */ `$neither` & \"$nor this \\\" $one\"", &[]);
        reads("$map($items, $string)", &["items"]);
        reads("$reduce([1..5], function($i, $j) { $i * $j }) % 2", &[]);
    }

    #[test]
    fn what_is_left_open() {
        for (expression, message) in [
            ("$count($items", "`(` is not closed"),
            ("$items[0]]", "`]` closes nothing"),
            ("{ 'a': [1, 2 }", "`}` closes nothing"),
            ("'it is", "a text in ' is not closed"),
            ("`version-id", "a text in ` is not closed"),
            ("$match($key, /[a-z]+", "a regular expression is not closed"),
            ("1 /* one", "a comment is not closed"),
        ] {
            assert_eq!(free_variables(expression), Err(message.to_owned()), "{expression}");
        }
    }
}
