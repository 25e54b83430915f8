//! The line of a text that a finding is about.

use crate::printer::DIM;

/// Longer lines are cut around the place; JSON may be one line.
const WIDTH: usize = 100;
/// How much of a cut line stands before the place.
const BEFORE: usize = 40;

/// Shows a line of a text with a mark below the place, as compilers do; nothing if there is no such line.
pub fn excerpt(text: &str, line: u32, column: u32, style: anstyle::Style) -> Option<String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let source = text.lines().nth(usize::try_from(line).ok()?.checked_sub(1)?)?;
    // Each character is one column: tabs would move the mark, and control characters the cursor.
    let characters: Vec<char> = source.chars().map(plain).collect();
    let at = usize::try_from(column).ok()?.checked_sub(1)?.min(characters.len());
    let length = length(&characters[at..]);
    let start = if characters.len() > WIDTH { at.saturating_sub(BEFORE) } else { 0 };
    let end = characters.len().min(start + WIDTH);
    let mut shown: String = characters[start..end].iter().collect();
    if start > 0 {
        shown = format!("…{}", shown.chars().skip(1).collect::<String>());
    }
    if end < characters.len() {
        shown.push('…');
    }
    let mark = "^".repeat(length.min(end.saturating_sub(at)).max(1));
    let margin = " ".repeat(line.to_string().len());
    let indent = " ".repeat(at - start);
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
        let excerpt = excerpt(text, line, column, anstyle::Style::new()).unwrap_or_default();
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
}
