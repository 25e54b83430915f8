//! The line of a text that a finding is about.

use crate::printer::DIM;

/// Longer lines are cut around the place; JSON may be one line.
const WIDTH: usize = 100;
/// How much of a cut line stands before the place.
const BEFORE: usize = 40;

/// How many characters lie between the places of a line that are remembered.
const STRIDE: u32 = 256;

/// A text with the places of its lines: what many findings are about is not to be counted through for each of them.
pub struct Lines<'t> {
    text: &'t str,
    /// Line, column and byte of each beginning of a line, and of places within long ones.
    places: Vec<(u32, u32, usize)>,
}

impl<'t> Lines<'t> {
    /// Finds the lines of a text.
    pub fn new(text: &'t str) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut places = Vec::new();
        let (mut line, mut column) = (1, 1);
        for (byte, character) in text.char_indices() {
            if column % STRIDE == 1 {
                places.push((line, column, byte));
            }
            (line, column) = if character == '\n' { (line + 1, 1) } else { (line, column + 1) };
        }
        Self { text, places }
    }

    /// Reads a line from a column on; nothing if there is no such line.
    fn from(&self, line: u32, column: u32) -> Option<impl Iterator<Item = char> + use<'t>> {
        let after = self.places.partition_point(|(own, at, _)| (*own, *at) <= (line, column));
        let (own, at, byte) = *self.places.get(after.checked_sub(1)?)?;
        let rest = self.text.get(byte..).filter(|_| own == line)?;
        let characters = rest.chars().take_while(|character| !matches!(character, '\n' | '\r'));
        Some(characters.skip(usize::try_from(column - at).ok()?))
    }
}

/// Shows a line of a text with a mark below the place, as compilers do; nothing if there is no such line.
pub fn excerpt(lines: &Lines<'_>, line: u32, column: u32, style: anstyle::Style) -> Option<String> {
    let column = usize::try_from(column).ok()?.checked_sub(1)?;
    let is_long = lines.from(line, 1)?.nth(WIDTH).is_some();
    let start = if is_long { column.saturating_sub(BEFORE) } else { 0 };
    // Each character is one column: tabs would move the mark, and control characters the cursor.
    let mut characters: Vec<char> =
        lines.from(line, u32::try_from(start + 1).ok()?)?.take(WIDTH + 1).map(plain).collect();
    let is_cut = characters.len() > WIDTH;
    characters.truncate(WIDTH);
    let at = (column - start).min(characters.len());
    let length = length(&characters[at..]).min(characters.len() - at).max(1);
    let mut shown: String = characters.iter().collect();
    if start > 0 {
        shown = format!("…{}", shown.chars().skip(1).collect::<String>());
    }
    if is_cut {
        shown.push('…');
    }
    let mark = "^".repeat(length);
    let margin = " ".repeat(line.to_string().len());
    let indent = " ".repeat(at);
    Some(format!(
        "{margin} {DIM}|{DIM:#}\n{DIM}{line} |{DIM:#} {}\n{margin} {DIM}|{DIM:#} {indent}{style}{mark}{style:#}",
        shown.trim_end()
    ))
}

fn plain(character: char) -> char {
    match character {
        '\t' => ' ',
        _ if character.is_control() => '\u{fffd}',
        _ => character,
    }
}

/// Measures the word that begins a line: what is in quotes, or what stands before a separator.
fn length(characters: &[char]) -> usize {
    let ends = |index: usize| match characters[index] {
        ' ' | ',' | ']' | '}' => true,
        ':' => characters.get(index + 1).is_none_or(|next| *next == ' '),
        _ => false,
    };
    match characters.first() {
        Some(quote @ ('"' | '\'')) => {
            let end = characters.iter().skip(1).position(|character| character == quote);
            end.map_or(characters.len(), |end| end + 2)
        }
        Some('{' | '[') => 1,
        _ => (0..characters.len()).find(|index| ends(*index)).unwrap_or(characters.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain_excerpt(text: &str, line: u32, column: u32) -> String {
        let excerpt = excerpt(&Lines::new(text), line, column, anstyle::Style::new()).unwrap_or_default();
        anstream::adapter::strip_str(&excerpt).to_string()
    }

    #[test]
    fn the_word_is_marked() {
        let text = "Resources:\n\tTopic: {\"Type\": \"AWS::SNS::Topik\"}\n";
        assert_eq!(plain_excerpt(text, 1, 1), "  |\n1 | Resources:\n  | ^^^^^^^^^");
        assert_eq!(
            plain_excerpt(text, 2, 18),
            "  |\n2 |  Topic: {\"Type\": \"AWS::SNS::Topik\"}\n  |                  ^^^^^^^^^^^^^^^^^"
        );
        assert_eq!(plain_excerpt("a: \x1b[2J", 1, 4), "  |\n1 | a: \u{fffd}[2J\n  |    ^^^^");
        assert_eq!(plain_excerpt(text, 9, 1), "");
        assert_eq!(plain_excerpt("a:\n", 1, 3), "  |\n1 | a:\n  |   ^");
    }

    #[test]
    fn a_long_line_is_cut_around_the_place() {
        let text = format!("{}x: here{}", "a".repeat(500), " b".repeat(500));
        let shown = plain_excerpt(&text, 1, 504);
        let lines: Vec<&str> = shown.lines().collect();
        assert!(lines.iter().all(|line| line.chars().count() <= WIDTH + 6), "{shown}");
        let column = lines[2].find('^').map(|at| lines[2][..at].chars().count()).unwrap_or_default();
        assert_eq!(lines[1].chars().skip(column).take(4).collect::<String>(), "here");
    }

    #[test]
    fn every_place_of_a_text_is_found() {
        let text = format!("{}\r\n\n{}\nlast", "é".repeat(300), "x".repeat(1_000) + "word");
        assert!(plain_excerpt(&text, 1, 300).contains('é'));
        assert!(!plain_excerpt(&text, 1, 300).contains('\u{fffd}'), "the end of a line is no part of it");
        assert_eq!(plain_excerpt(&text, 2, 1), "  |\n2 | \n  | ^");
        assert!(plain_excerpt(&text, 3, 1_001).contains("xword\n"));
        assert_eq!(plain_excerpt(&text, 4, 1), "  |\n4 | last\n  | ^^^^");
        assert_eq!(plain_excerpt(&text, 5, 1), "");
        assert_eq!(plain_excerpt("", 1, 1), "");
    }
}
