//! The pictures of a recording, one after the other.

use std::num::NonZero;

use anyhow::{Context, bail};
use vt100::{Color, Parser};

/// How long a picture stands at least, in seconds: what changes faster is one picture.
const SHORTEST: f64 = 0.12;

/// How long the command line alone stands before it is run, in seconds.
const BEFORE: f64 = 0.8;

/// How long the last picture stands, in seconds.
const AFTER: f64 = 6.0;

/// One picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Frame {
    /// How long it stands, in seconds.
    pub seconds: f64,
    pub lines: Vec<Line>,
}

/// A line of the terminal: runs of characters that look alike.
pub type Line = Vec<Run>;

/// Characters that look alike.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Run {
    /// The column of the first one.
    pub column: u16,
    pub text: String,
    pub look: Look,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Look {
    /// A colour of the terminal's sixteen.
    pub colour: Option<u8>,
    pub is_bold: bool,
    pub is_dim: bool,
    pub is_reversed: bool,
}

/// Reads what `script` wrote down: the bytes, and when how many of them came.
pub fn read(
    output: &[u8],
    timing: &str,
    (lines, columns): (u16, u16),
    longest_wait: f64,
    command: &str,
) -> anyhow::Result<Vec<Frame>> {
    // The first line of the file is about the recording itself.
    let start = output.iter().position(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    let mut rest = output.get(start..).unwrap_or_default();
    let (Some(lines), Some(columns)) = (NonZero::new(lines), NonZero::new(columns)) else {
        bail!("a terminal has at least one line and one column");
    };
    let mut terminal = Parser::new(lines, columns, 0);
    terminal.process(format!("\x1b[1;32m$\x1b[0m {command}\r\n").as_bytes());
    let mut frames = vec![Frame { seconds: BEFORE, lines: show(terminal.screen()) }];
    let mut since = 0.0;
    for (number, line) in timing.lines().enumerate() {
        let (seconds, count) = line.split_once(' ').with_context(|| format!("line {} has no time", number + 1))?;
        let (seconds, count): (f64, usize) = (seconds.parse()?, count.trim().parse()?);
        let Some((bytes, later)) = rest.split_at_checked(count) else {
            bail!("there is less output than the times say")
        };
        rest = later;
        since += seconds.min(longest_wait);
        if since >= SHORTEST {
            push(&mut frames, &terminal, since);
            since = 0.0;
        }
        terminal.process(bytes);
    }
    push(&mut frames, &terminal, AFTER);
    Ok(frames)
}

/// Adds what the terminal shows now, or lets the picture before stand longer where nothing moved.
fn push(frames: &mut Vec<Frame>, terminal: &Parser, seconds: f64) {
    let lines = show(terminal.screen());
    match frames.last_mut() {
        Some(last) if last.lines == lines => last.seconds += seconds,
        _ => frames.push(Frame { seconds, lines }),
    }
}

fn show(screen: &vt100::Screen) -> Vec<Line> {
    let (lines, columns) = screen.size();
    let line = |row| {
        let mut runs: Line = Vec::new();
        for column in 0..columns.get() {
            let Some(cell) = screen.cell(row, column).filter(|cell| cell.has_contents()) else { continue };
            let look = look(cell);
            if cell.contents() == " " && !look.is_reversed {
                continue;
            }
            match runs.last_mut() {
                Some(run) if run.look == look && run.end() == column => run.text.push_str(cell.contents()),
                _ => runs.push(Run { column, text: cell.contents().to_owned(), look }),
            }
        }
        runs
    };
    (0..lines.get()).map(line).collect()
}

impl Run {
    fn end(&self) -> u16 {
        self.column.saturating_add(u16::try_from(self.text.chars().count()).unwrap_or(u16::MAX))
    }
}

fn look(cell: &vt100::Cell) -> Look {
    let colour = match cell.fgcolor() {
        Color::Idx(colour) if colour < 16 => Some(colour),
        _ => None,
    };
    Look { colour, is_bold: cell.bold(), is_dim: cell.dim(), is_reversed: cell.inverse() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: (u16, u16) = (3, 20);

    fn text(frame: &Frame) -> Vec<String> {
        let line = |line: &Line| line.iter().map(|run| run.text.as_str()).collect::<Vec<_>>().join("|");
        frame.lines.iter().map(line).collect()
    }

    #[test]
    fn pictures_follow_each_other_and_long_waits_are_cut() {
        let output = b"Script started\none\r\n\x1b[31mtwo\x1b[0m";
        let frames = read(output, "0.5 5\n9.0 12\n", SIZE, 2.0, "go").expect("it can be read");
        assert_eq!(
            frames.iter().map(text).collect::<Vec<_>>(),
            [["$|go", "", ""], ["$|go", "one", ""], ["$|go", "one", "two"]]
        );
        assert!((frames[0].seconds - (BEFORE + 0.5)).abs() < 1e-9, "{}", frames[0].seconds);
        assert!((frames[1].seconds - 2.0).abs() < 1e-9, "{}", frames[1].seconds);
        assert_eq!(frames[2].lines[2][0].look.colour, Some(1));
    }

    #[test]
    fn a_line_that_is_drawn_anew_is_one_line() {
        let frames = read(b"\nhalf\r\x1b[2Kdone", "0.0 4\n1.0 9\n", SIZE, 2.0, "go").expect("it can be read");
        assert_eq!(text(frames.last().expect("there are some")), ["$|go", "done", ""]);
    }

    #[test]
    fn output_that_is_cut_off_is_refused() {
        assert!(read(b"\nx", "0.0 9\n", SIZE, 2.0, "go").is_err());
    }
}
