//! Pictures as an animated SVG: each different line once, and each picture a list of lines.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::frames::{Frame, Line, Look, Run};

/// How wide a character is, and how high a line, in pixels.
const CHARACTER: f64 = 8.4;
const LINE: f64 = 18.0;
/// The space around the text.
const MARGIN: f64 = 16.0;
/// The height of the window's upper edge.
const TITLE: f64 = 28.0;

const BACKGROUND: &str = "#11161d";
const TEXT: &str = "#d5dce4";

/// The sixteen colours of the terminal.
const COLOURS: [&str; 16] = [
    "#3b4451", "#f0716b", "#6cc784", "#e3b95c", "#6aaaf5", "#c58af0", "#57c7cf", "#d5dce4", "#7a8694", "#ff8f89",
    "#86e09d", "#f5cf78", "#8cc0ff", "#d9a8ff", "#77dfe6", "#ffffff",
];

/// Writes the pictures, which begin anew when all have been seen.
pub fn write(frames: &[Frame], (_, columns): (u16, u16)) -> String {
    let used = frames.iter().filter_map(|frame| frame.lines.iter().rposition(|line| !line.is_empty())).max();
    let lines = used.map_or(1, |last| last + 1);
    let width = f64::from(columns) * CHARACTER + 2.0 * MARGIN;
    let height = TITLE + row(lines) + MARGIN;
    let total: f64 = frames.iter().map(|frame| frame.seconds).sum();
    let names = names(frames);

    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" width=\"{width:.0}\" \
         font-family=\"ui-monospace,SFMono-Regular,Menlo,Consolas,monospace\" font-size=\"14\">\n<style>\n\
         text{{fill:{TEXT};white-space:pre}}.b{{font-weight:700}}.d{{opacity:.6}}\n"
    );
    for (number, colour) in COLOURS.iter().enumerate() {
        let _ = writeln!(svg, ".c{number}{{fill:{colour}}}");
    }
    let _ = writeln!(svg, ".f{{visibility:hidden;animation:{total:.2}s infinite step-end}}");
    let mut from = 0.0;
    for (number, frame) in frames.iter().enumerate() {
        let (start, end) = (from / total * 100.0, (from + frame.seconds) / total * 100.0);
        let hidden = if number == 0 { "" } else { "0%{visibility:hidden}" };
        let _ = writeln!(
            svg,
            "@keyframes k{number}{{{hidden}{start:.3}%{{visibility:visible}}{end:.3}%{{visibility:hidden}}}}\
             #f{number}{{animation-name:k{number}}}"
        );
        from += frame.seconds;
    }
    // Who wants no motion sees the end.
    let last = frames.len() - 1;
    let _ = writeln!(
        svg,
        "@media(prefers-reduced-motion:reduce){{.f{{animation:none}}#f{last}{{visibility:visible}}}}\n</style>\n<defs>"
    );
    for (line, name) in &names {
        let _ = write!(svg, "<g id=\"l{name}\">");
        for run in *line {
            text(&mut svg, run);
        }
        svg.push_str("</g>\n");
    }
    let _ = writeln!(svg, "</defs>\n<rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"{BACKGROUND}\"/>");
    for (dot, colour) in ["#f0716b", "#e3b95c", "#6cc784"].iter().enumerate() {
        let _ = writeln!(svg, "<circle cx=\"{}\" cy=\"16\" r=\"5\" fill=\"{colour}\"/>", 20 + 18 * dot);
    }
    for (number, frame) in frames.iter().enumerate() {
        let _ = write!(svg, "<g class=\"f\" id=\"f{number}\">");
        for (position, line) in frame.lines.iter().enumerate().filter(|(_, line)| !line.is_empty()) {
            let name = names[line];
            let _ = write!(svg, "<use href=\"#l{name}\" y=\"{:.0}\"/>", TITLE + row(position));
        }
        svg.push_str("</g>\n");
    }
    svg.push_str("</svg>\n");
    svg
}

/// Numbers the lines that differ.
fn names(frames: &[Frame]) -> BTreeMap<&Line, usize> {
    let mut names = BTreeMap::new();
    for line in frames.iter().flat_map(|frame| &frame.lines).filter(|line| !line.is_empty()) {
        let next = names.len();
        names.entry(line).or_insert(next);
    }
    names
}

#[expect(clippy::cast_precision_loss, reason = "a terminal has few lines")]
fn row(position: usize) -> f64 {
    position as f64 * LINE
}

fn text(svg: &mut String, run: &Run) {
    let Look { colour, is_bold, is_dim, is_reversed } = run.look;
    let x = MARGIN + f64::from(run.column) * CHARACTER;
    #[expect(clippy::cast_precision_loss, reason = "a line has few characters")]
    let width = run.text.chars().count() as f64 * CHARACTER;
    let mut classes: Vec<String> =
        colour.filter(|_| !is_reversed).map(|colour| format!("c{colour}")).into_iter().collect();
    classes.extend(is_bold.then(|| "b".to_owned()));
    classes.extend(is_dim.then(|| "d".to_owned()));
    let class = if classes.is_empty() { String::new() } else { format!(" class=\"{}\"", classes.join(" ")) };
    let mut style = "";
    if is_reversed {
        let fill = colour.and_then(|colour| COLOURS.get(usize::from(colour))).unwrap_or(&TEXT);
        let _ = write!(svg, "<rect x=\"{x:.1}\" width=\"{width:.1}\" height=\"{LINE}\" fill=\"{fill}\"/>");
        style = " style=\"fill:#11161d\"";
    }
    let escaped = run.text.replace('&', "&amp;").replace('<', "&lt;");
    // The length keeps columns under each other, whatever font is there.
    let _ = write!(
        svg,
        "<text x=\"{x:.1}\" y=\"13\" textLength=\"{width:.1}\" lengthAdjust=\"spacingAndGlyphs\"{class}{style}>{escaped}</text>"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(seconds: f64, text: &str) -> Frame {
        let run = Run { column: 2, text: text.to_owned(), look: Look { colour: Some(2), ..Look::default() } };
        Frame { seconds, lines: vec![vec![run], Vec::new()] }
    }

    #[test]
    fn each_line_is_written_once_and_escaped() {
        let svg = write(&[frame(1.0, "a<b&c"), frame(2.0, "next"), frame(1.0, "a<b&c")], (2, 80));
        assert_eq!(svg.matches(">a&lt;b&amp;c</text>").count(), 1);
        assert_eq!(svg.matches("href=\"#l0\"").count(), 2);
        assert!(
            svg.contains("@keyframes k1{0%{visibility:hidden}25.000%{visibility:visible}75.000%{visibility:hidden}}"),
            "{svg}"
        );
    }
}
