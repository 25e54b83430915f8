//! Plain, aligned tables.

use crate::printer::BOLD;

/// Lays out rows under headings, two spaces between columns. The last column is never padded.
pub fn table<const N: usize>(headings: [&str; N], rows: &[[String; N]]) -> String {
    let mut widths = headings.map(width);
    for row in rows {
        for (widest, cell) in widths.iter_mut().zip(row) {
            *widest = (*widest).max(width(cell));
        }
    }
    let line = |cells: [&str; N]| {
        let mut line = String::new();
        for (index, cell) in cells.iter().enumerate() {
            line.push_str(cell);
            if index + 1 < N {
                line.extend(std::iter::repeat_n(' ', widths[index] - width(cell) + 2));
            }
        }
        line.trim_end().to_owned()
    };
    let mut text = format!("{BOLD}{}{BOLD:#}\n", line(headings));
    for row in rows {
        text.push_str(&line(row.each_ref().map(String::as_str)));
        text.push('\n');
    }
    text
}

/// Lays out names and values below each other.
pub fn fields(fields: &[(&str, String)]) -> String {
    let widest = fields.iter().map(|(name, _)| width(name)).max().unwrap_or_default();
    let line = |(name, value): &(&str, String)| {
        format!("{BOLD}{name}{BOLD:#}{}{value}\n", " ".repeat(widest - width(name) + 2))
    };
    fields.iter().map(line).collect()
}

/// Makes text that comes from outside safe for a terminal: control characters are escaped.
pub fn printable(text: &str) -> String {
    text.chars()
        .flat_map(|letter| if letter.is_control() { letter.escape_default().collect() } else { vec![letter] })
        .collect()
}

/// Characters stand for columns: good enough for names, and wrong by one for each wide letter.
fn width(text: &str) -> usize {
    text.chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [["storage".to_owned(), "é".to_owned()], ["a".to_owned(), String::new()]];
        assert_eq!(
            anstream::adapter::strip_str(&table(["STACK", "NAME"], &rows)).to_string(),
            "STACK    NAME\nstorage  é\na\n"
        );
    }

    #[test]
    fn a_key_cannot_command_the_terminal() {
        assert_eq!(printable("a\x1b[2J\n é.mp4"), "a\\u{1b}[2J\\n é.mp4");
    }
}
