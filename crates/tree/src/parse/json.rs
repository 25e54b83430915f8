//! JSON as ECMA-404 has it, with the position of every key and value.

use serde_json::Number;

use super::SyntaxError;
use super::build::Builder;
use crate::{Node, Origin, Tree};

pub(super) fn parse(text: &str) -> Result<Tree, SyntaxError> {
    let mut reader = Reader { text, bytes: text.as_bytes(), at: 0, line: 1, start: 0, further: 0 };
    let mut builder = Builder::default();
    let mut opened = Vec::new();
    loop {
        // A value, or the end of what was just opened.
        if builder.wants_key() {
            key(&mut reader, &mut builder)?;
        }
        reader.space();
        let origin = reader.origin();
        match reader.peek() {
            Some(b'{') => {
                reader.at += 1;
                builder.open_map(origin)?;
                opened.push(origin);
                if !reader.closes(b'}') {
                    continue;
                }
            }
            Some(b'[') => {
                reader.at += 1;
                builder.open_list(origin)?;
                opened.push(origin);
                if !reader.closes(b']') {
                    continue;
                }
            }
            _ => {
                let node = scalar(&mut reader, opened.last().copied())?;
                builder.value(Tree::new(node, origin));
            }
        }
        // After a value: the next one, or the end of what it is in.
        loop {
            let Some(is_map) = builder.in_map() else {
                reader.space();
                return match (reader.peek(), builder.finish()) {
                    (None, Some(tree)) => Ok(tree),
                    _ => Err(reader.unexpected("the end of the template").hint("a template is one JSON object")),
                };
            };
            reader.space();
            let (end, what) = if is_map { (b'}', "object") } else { (b']', "list") };
            match reader.peek() {
                Some(b',') => {
                    reader.at += 1;
                    reader.space();
                    if reader.peek() == Some(end) {
                        let message = format!("expected another value after `,`, found `{}`", char::from(end));
                        return Err(reader.error(message).hint("take away the comma before it"));
                    }
                    break;
                }
                Some(byte) if byte == end => {
                    reader.at += 1;
                    opened.pop();
                    let value = builder.close();
                    builder.value(value);
                }
                Some(_) => {
                    let expected = format!("`,` or `{}`", char::from(end));
                    return Err(reader
                        .unexpected(&expected)
                        .hint(format!("values of one {what} are separated by commas")));
                }
                None => return Err(unclosed(&reader, opened.last().copied())),
            }
        }
    }
}

fn unclosed(reader: &Reader<'_>, opened: Option<Origin>) -> SyntaxError {
    let error = reader.error("the template ends before it is complete");
    match opened {
        Some(origin) => error.hint(format!("close the bracket that was opened at {origin}")),
        None => error,
    }
}

fn key(reader: &mut Reader<'_>, builder: &mut Builder) -> Result<(), SyntaxError> {
    reader.space();
    let origin = reader.origin();
    match reader.peek() {
        Some(b'"') => {}
        None => return Err(unclosed(reader, Some(builder.key_origin()))),
        _ => return Err(reader.unexpected("a key in double quotes")),
    }
    let key = string(reader)?;
    reader.space();
    match reader.peek() {
        Some(b':') => reader.at += 1,
        None => return Err(unclosed(reader, Some(builder.key_origin()))),
        _ => return Err(reader.unexpected("`:` after the key")),
    }
    builder.key(key, origin);
    Ok(())
}

fn scalar(reader: &mut Reader<'_>, opened: Option<Origin>) -> Result<Node, SyntaxError> {
    match reader.peek() {
        Some(b'"') => return string(reader).map(Node::String),
        Some(b'-' | b'0'..=b'9') => return number(reader),
        None => return Err(unclosed(reader, opened)),
        _ => {}
    }
    for (word, node) in [("true", Node::Bool(true)), ("false", Node::Bool(false)), ("null", Node::Null)] {
        if reader.text[reader.at..].starts_with(word) {
            reader.at += word.len();
            return Ok(node);
        }
    }
    Err(reader.unexpected("a value"))
}

fn number(reader: &mut Reader<'_>) -> Result<Node, SyntaxError> {
    let rest = &reader.text[reader.at..];
    let is_part = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.' | b'e' | b'E');
    let length = rest.bytes().position(|byte| !is_part(byte)).unwrap_or(rest.len());
    let text = &rest[..length];
    if is_number(text)
        && let Some(number) = value(text)
    {
        reader.at += length;
        return Ok(Node::Number(number));
    }
    let digits = text.trim_start_matches('-');
    let hint = match digits.strip_prefix('0') {
        Some(rest) if rest.starts_with(|character: char| character.is_ascii_digit()) => {
            "JSON has no leading zeros; put an identifier in double quotes"
        }
        _ if is_number(text) => "put it in double quotes if it is no number",
        _ => "JSON writes numbers like 10, -2.5 or 1e6",
    };
    let shown: String = text.chars().take(40).collect();
    Err(reader.error(format!("`{shown}` is no number that JSON can hold")).hint(hint))
}

/// Tells whether a text is a number as ECMA-404 writes it.
fn is_number(text: &str) -> bool {
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let text = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = text.split_once(['e', 'E']).map_or((text, None), |(left, right)| (left, Some(right)));
    let (whole, fraction) = mantissa.split_once('.').map_or((mantissa, None), |(left, right)| (left, Some(right)));
    let has_leading_zero = whole.len() > 1 && whole.starts_with('0');
    is_digits(whole)
        && !has_leading_zero
        && fraction.is_none_or(is_digits)
        && exponent.is_none_or(|exponent| is_digits(exponent.strip_prefix(['+', '-']).unwrap_or(exponent)))
}

/// Returns the value of a number, to the last bit: `serde_json`'s own reader rounds.
fn value(text: &str) -> Option<Number> {
    let whole = text.parse::<u64>().map(Number::from).or_else(|_| text.parse::<i64>().map(Number::from));
    whole.ok().or_else(|| Number::from_f64(text.parse().ok()?))
}

fn string(reader: &mut Reader<'_>) -> Result<String, SyntaxError> {
    let start = reader.clone();
    reader.at += 1;
    // Nearly all texts have no escape, and are copied once.
    let mut text = reader.plain().to_owned();
    loop {
        match reader.peek() {
            Some(b'"') => {
                reader.at += 1;
                return Ok(text);
            }
            Some(b'\\') => {
                text.push(escape(reader)?);
                text.push_str(reader.plain());
            }
            Some(b'\n' | b'\r') | None => {
                let hint = "end the text with `\"`; write a line break inside it as `\\n`";
                return Err(start.error("the text in double quotes is not closed on its line").hint(hint));
            }
            Some(byte) => {
                let (message, written) = match byte {
                    b'\t' => ("a tab is not allowed inside a JSON string".to_owned(), "\\t".to_owned()),
                    _ => (format!("the control character U+{byte:04X} is not allowed"), format!("\\u{byte:04x}")),
                };
                return Err(reader.error(message).hint(format!("write it as `{written}`")));
            }
        }
    }
}

fn escape(reader: &mut Reader<'_>) -> Result<char, SyntaxError> {
    let character = match reader.bytes.get(reader.at + 1) {
        Some(b'"') => '"',
        Some(b'\\') => '\\',
        Some(b'/') => '/',
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'n') => '\n',
        Some(b'r') => '\r',
        Some(b't') => '\t',
        Some(b'u') => return unicode(reader),
        _ => {
            let escaped: String = reader.text[reader.at..].chars().take(2).collect();
            let hint = "write a backslash itself as `\\\\`";
            return Err(reader.error(format!("JSON has no escape `{escaped}`")).hint(hint));
        }
    };
    reader.at += 2;
    Ok(character)
}

/// Reads `\u` and four hexadecimal digits, or two such halves of one character.
fn unicode(reader: &mut Reader<'_>) -> Result<char, SyntaxError> {
    let unit = |at: usize| {
        let digits = reader.bytes.get(at..at + 6).filter(|digits| digits.starts_with(b"\\u"))?;
        let digits = std::str::from_utf8(&digits[2..]).ok()?;
        let is_hexadecimal = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_hexadecimal.then(|| u16::from_str_radix(digits, 16).ok())?
    };
    let units = [unit(reader.at), unit(reader.at + 6)];
    let decoded = match units {
        [Some(first), _] if !(0xd800..0xe000).contains(&first) => Some((char::from_u32(first.into()), 6)),
        [Some(first), Some(second)] => char::decode_utf16([first, second]).next().map(|character| (character.ok(), 12)),
        _ => None,
    };
    match decoded {
        Some((Some(character), length)) => {
            reader.at += length;
            Ok(character)
        }
        _ => Err(reader.error("`\\u` stands before four hexadecimal digits that are a character or half of one")),
    }
}

/// A position in the text, and what it takes to tell its line and column.
#[derive(Clone)]
struct Reader<'t> {
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
    line: usize,
    /// Where the line starts.
    start: usize,
    /// How many bytes of the line, so far, are the further ones of a character.
    further: usize,
}

/// Tells whether eight bytes are characters of ASCII that mean nothing inside quotes. If one is none, the answer is no.
///
/// All eight are looked at at once: the highest bit of each byte tells of it ("Bit Twiddling Hacks", Sean Eron Anderson,
/// on finding a byte in a word).
fn is_plain(bytes: [u8; 8]) -> bool {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const HIGHEST: u64 = u64::from_ne_bytes([0x80; 8]);
    let word = u64::from_ne_bytes(bytes);
    let below = |word: u64, least: u64| word.wrapping_sub(ONES * least);
    let is = |byte: u8| below(word ^ (ONES * u64::from(byte)), 1);
    (word | below(word, 0x20) | is(b'"') | is(b'\\')) & HIGHEST == 0
}

/// As many spaces as are passed over at once: most of a template is indentation.
const SPACES: [u8; 8] = [b' '; 8];

impl<'t> Reader<'t> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn space(&mut self) {
        loop {
            match self.peek() {
                Some(b' ' | b'\t' | b'\r') => self.at += 1,
                Some(b'\n') => {
                    self.at += 1;
                    (self.line, self.start, self.further) = (self.line + 1, self.at, 0);
                    while self.bytes[self.at..].starts_with(&SPACES) {
                        self.at += SPACES.len();
                    }
                }
                _ => return,
            }
        }
    }

    /// Reads up to the next character that means something inside quotes: the end, an escape, a control character.
    fn plain(&mut self) -> &'t str {
        let from = self.at;
        while let Some(bytes) = self.bytes[self.at..].first_chunk()
            && is_plain(*bytes)
        {
            self.at += bytes.len();
        }
        while let Some(byte) = self.peek() {
            match byte {
                b'"' | b'\\' | 0..0x20 => break,
                0x80..0xc0 => self.further += 1,
                _ => {}
            }
            self.at += 1;
        }
        &self.text[from..self.at]
    }

    /// Tells whether what was just opened is empty; its end is left to be read.
    fn closes(&mut self, end: u8) -> bool {
        self.space();
        self.peek() == Some(end)
    }

    fn origin(&self) -> Origin {
        self.error("").origin()
    }

    fn error(&self, message: impl Into<String>) -> SyntaxError {
        SyntaxError::new(self.line, self.at - self.start - self.further + 1, message)
    }

    /// Says what was expected and what is there, with a hint at habits of other languages.
    fn unexpected(&self, expected: &str) -> SyntaxError {
        let rest = &self.text[self.at..];
        let Some(character) = rest.chars().next() else {
            return self.error(format!("expected {expected}, but the template ends here"));
        };
        let hint = match character {
            '\'' => Some("JSON quotes text with `\"`"),
            '/' | '#' => Some("JSON has no comments"),
            _ if ["True", "False", "None", "NaN", "Infinity", "undefined"]
                .iter()
                .any(|word| rest.starts_with(word)) =>
            {
                Some("JSON has `true`, `false`, `null`, numbers, and text in double quotes")
            }
            _ => None,
        };
        let found = if character.is_control() { character.escape_debug().to_string() } else { character.to_string() };
        let mut error = self.error(format!("expected {expected}, found `{found}`"));
        error.hint = hint.map(str::to_owned);
        error
    }
}
