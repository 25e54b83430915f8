//! Texts of several lines, compared line by line.

use crate::Line;
use crate::sequence::common;

/// How many lines of both are shown before and after what differs.
const CONTEXT: usize = 3;

/// Compares two texts line by line; what is the same is left out but for a few lines around what differs.
pub(crate) fn lines(old: &str, new: &str) -> Vec<Line> {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    compare(&old, &new)
}

/// Compares two lists of lines.
pub(crate) fn compare(old: &[&str], new: &[&str]) -> Vec<Line> {
    let mut all = Vec::new();
    let (mut was, mut now) = (0, 0);
    for (same_was, same_now) in common(old, new).into_iter().chain([(old.len(), new.len())]) {
        all.extend(old[was..same_was].iter().map(|line| Line::Removed((*line).to_owned())));
        all.extend(new[now..same_now].iter().map(|line| Line::Added((*line).to_owned())));
        if let Some(line) = old.get(same_was) {
            all.push(Line::Same((*line).to_owned()));
        }
        (was, now) = (same_was + 1, same_now + 1);
    }
    fold(all)
}

fn fold(lines: Vec<Line>) -> Vec<Line> {
    let mut near = vec![false; lines.len()];
    for (index, line) in lines.iter().enumerate() {
        if !matches!(line, Line::Same(_)) {
            let end = (index + CONTEXT + 1).min(lines.len());
            near[index.saturating_sub(CONTEXT)..end].fill(true);
        }
    }
    let mut folded = Vec::new();
    for (line, near) in lines.into_iter().zip(near) {
        match (near, folded.last_mut()) {
            (true, _) => folded.push(line),
            (false, Some(Line::Skipped(count))) => *count += 1,
            (false, _) => folded.push(Line::Skipped(1)),
        }
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_near_a_difference_is_shown() {
        let old = "1\n2\n3\n4\n5\n6\n7\n8\n9";
        let shown = lines(old, &old.replace('6', "six"));
        let same = |text: &str| Line::Same(text.to_owned());
        let wanted = [
            Line::Skipped(2),
            same("3"),
            same("4"),
            same("5"),
            Line::Removed("6".to_owned()),
            Line::Added("six".to_owned()),
            same("7"),
            same("8"),
            same("9"),
        ];
        assert_eq!(shown, wanted);
    }
}
