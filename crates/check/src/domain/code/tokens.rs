//! Words, texts and signs of code, without its comments.

/// A piece of code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token<'c> {
    Word(&'c str),
    /// What stands between quotes, as it is written there.
    Text(&'c str),
    Sign(char),
    /// The end of a line; not of one that brackets continue.
    Newline,
}

/// A token, and its line from 1.
pub(super) type Placed<'c> = (Token<'c>, usize);

/// How a language writes what is no code.
pub(super) struct Notation {
    /// What begins a comment that ends with its line.
    pub comment: &'static str,
    /// What texts are written between, those first that begin like others.
    pub quotes: &'static [&'static str],
    /// Whether comments stand between `/*` and `*/`, too.
    pub has_blocks: bool,
}

pub(super) static PYTHON: Notation =
    Notation { comment: "#", quotes: &["\"\"\"", "'''", "\"", "'"], has_blocks: false };
pub(super) static JAVASCRIPT: Notation = Notation { comment: "//", quotes: &["\"", "'", "`"], has_blocks: true };

/// Takes code apart.
pub(super) fn tokens<'c>(code: &'c str, notation: &Notation) -> Vec<Placed<'c>> {
    let mut tokens = Vec::new();
    let (mut rest, mut line, mut depth) = (code, 1, 0_usize);
    while let Some(first) = rest.chars().next() {
        let length = if rest.starts_with(notation.comment) {
            rest.find('\n').unwrap_or(rest.len())
        } else if notation.has_blocks && rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if let Some(quote) = notation.quotes.iter().find(|quote| rest.starts_with(**quote)) {
            let length = quoted(rest, quote);
            let inner = rest.get(quote.len()..length.saturating_sub(quote.len())).unwrap_or_default();
            tokens.push((Token::Text(inner), line));
            length
        } else if is_word(first) {
            let length = rest.find(|character| !is_word(character)).unwrap_or(rest.len());
            tokens.push((Token::Word(&rest[..length]), line));
            length
        } else {
            match first {
                '(' | '[' | '{' => depth += 1,
                ')' | ']' | '}' => depth = depth.saturating_sub(1),
                _ => {}
            }
            if first == '\n' && depth == 0 {
                tokens.push((Token::Newline, line));
            } else if !first.is_whitespace() {
                tokens.push((Token::Sign(first), line));
            }
            first.len_utf8()
        };
        line += rest[..length].matches('\n').count();
        rest = &rest[length..];
    }
    tokens
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_' || character == '$'
}

/// Returns how long a text is, with its quotes.
fn quoted(text: &str, quote: &str) -> usize {
    let mut at = quote.len();
    while let Some(rest) = text.get(at..) {
        let Some(first) = rest.chars().next() else { break };
        if rest.starts_with(quote) {
            return at + quote.len();
        }
        at += first.len_utf8();
        if first == '\\' {
            at += rest[1..].chars().next().map_or(0, char::len_utf8);
        }
    }
    text.len()
}
