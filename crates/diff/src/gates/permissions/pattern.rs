//! Patterns as IAM writes them: `*` stands for any text, `?` for one character.
//!
//! Values that are known only when a stack is made are single characters of Unicode's private use area (see
//! [`super::text`]), so a pattern is an ordinary string, and equal values are equal strings.

/// Stands for a character that no pattern mentions.
pub(crate) const FRESH: char = '\u{E000}';
/// A literal star, written `${*}` in a policy.
pub(crate) const STAR: char = '\u{E001}';
/// A literal question mark, written `${?}` in a policy.
pub(crate) const QUESTION: char = '\u{E002}';
/// The first character that stands for a value unknown until deployment.
pub(crate) const FIRST_HOLE: char = '\u{F0000}';

/// Patterns longer than this are not intersected: no ARN is.
const LONGEST: usize = 1_024;

/// Tells whether a text is one of those that a pattern stands for.
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text_bytes) = (pattern.as_bytes(), text.as_bytes());
    let (mut at, mut position) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while position < text_bytes.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at + 1, position));
                at += 1;
                continue;
            }
            Some(b'?') => {
                if let Some(character) = text.get(position..).and_then(|rest| rest.chars().next())
                    && character < FIRST_HOLE
                {
                    at += 1;
                    position += character.len_utf8();
                    continue;
                }
            }
            Some(byte) if *byte == text_bytes[position] => {
                at += 1;
                position += 1;
                continue;
            }
            _ => {}
        }
        // The last star takes one character more.
        let Some((after, from)) = star else { return false };
        let Some(character) = text.get(from..).and_then(|rest| rest.chars().next()) else { return false };
        position = from + character.len_utf8();
        at = after;
        star = Some((after, position));
    }
    pattern[at..].iter().all(|byte| *byte == b'*')
}

/// Gives a text that a pattern stands for and that is in no pattern that does not contain this one.
///
/// Each star becomes characters that occur nowhere else, so whatever matches them must have a star there itself, and
/// then matches everything else that could stand there. (Only `?` can tell the lengths apart.)
pub(crate) fn sample(pattern: &str) -> String {
    let mut text = String::with_capacity(pattern.len() + 8);
    for character in pattern.chars() {
        match character {
            '*' => text.extend([FRESH; 3]),
            '?' => text.push(FRESH),
            other => text.push(other),
        }
    }
    text
}

/// Writes the pattern that a sample is of.
pub(crate) fn pattern_of(sample: &str) -> String {
    let mut pattern = String::with_capacity(sample.len());
    for character in sample.chars() {
        if character != FRESH {
            pattern.push(character);
        } else if !pattern.ends_with('*') {
            pattern.push('*');
        }
    }
    pattern
}

/// Tells whether a pattern stands for more than one text.
pub(crate) fn is_open(pattern: &str) -> bool {
    pattern.bytes().any(|byte| matches!(byte, b'*' | b'?'))
}

/// Gives a text that two patterns both stand for, where neither contains the other.
pub(crate) fn shared(left: &str, right: &str) -> Option<String> {
    if !is_open(left) || !is_open(right) || left.len() + right.len() > LONGEST || !compatible(left, right) {
        return None;
    }
    if matches(left, &sample(right)) || matches(right, &sample(left)) {
        return None;
    }
    let (left, right): (Vec<char>, Vec<char>) = (left.chars().collect(), right.chars().collect());
    let mut failed = vec![false; (left.len() + 1) * (right.len() + 1)];
    let mut text = String::new();
    merge(&left, &right, &mut text, &mut failed, right.len() + 1, (0, 0)).then_some(text)
}

/// Compares what stands before the first and after the last wildcard, which settles most pairs at once.
fn compatible(left: &str, right: &str) -> bool {
    let wildcard = |byte: &u8| matches!(byte, b'*' | b'?');
    let (left, right) = (left.as_bytes(), right.as_bytes());
    let heads = left.iter().zip(right).take_while(|(a, b)| !wildcard(a) && !wildcard(b)).all(|(a, b)| a == b);
    let tails = left.iter().rev().zip(right.iter().rev());
    heads && tails.take_while(|(a, b)| !wildcard(a) && !wildcard(b)).all(|(a, b)| a == b)
}

/// Walks both patterns at once. The depth is at most the sum of their lengths, which is bounded.
fn merge(
    left: &[char],
    right: &[char],
    text: &mut String,
    failed: &mut [bool],
    width: usize,
    (i, j): (usize, usize),
) -> bool {
    if i == left.len() && j == right.len() {
        return true;
    }
    if failed[i * width + j] {
        return false;
    }
    let length = text.len();
    let steps: &[(Option<char>, (usize, usize))] = &match (left.get(i), right.get(j)) {
        (Some('*'), Some('*')) => [(Some(FRESH), (i + 1, j)), (Some(FRESH), (i, j + 1))],
        (Some('*'), Some('?')) => [(Some(FRESH), (i, j + 1)), (None, (i + 1, j))],
        (Some('?'), Some('*')) => [(Some(FRESH), (i + 1, j)), (None, (i, j + 1))],
        (Some('*'), other) => match other {
            Some(character) => [(Some(*character), (i, j + 1)), (None, (i + 1, j))],
            None => [(None, (i + 1, j)); 2],
        },
        (other, Some('*')) => match other {
            Some(character) => [(Some(*character), (i + 1, j)), (None, (i, j + 1))],
            None => [(None, (i, j + 1)); 2],
        },
        (Some('?'), Some('?')) => [(Some(FRESH), (i + 1, j + 1)); 2],
        (Some('?'), Some(one)) | (Some(one), Some('?')) if *one < FIRST_HOLE => [(Some(*one), (i + 1, j + 1)); 2],
        (Some(a), Some(b)) if a == b => [(Some(*a), (i + 1, j + 1)); 2],
        _ => {
            failed[i * width + j] = true;
            return false;
        }
    };
    for (character, next) in steps {
        text.extend(character);
        if merge(left, right, text, failed, width, *next) {
            return true;
        }
        text.truncate(length);
    }
    failed[i * width + j] = true;
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contains(outer: &str, inner: &str) -> bool {
        matches(outer, &sample(inner))
    }

    #[test]
    fn patterns_stand_for_texts() {
        for (pattern, text, expected) in [
            ("s3:get*", "s3:getobject", true),
            ("s3:get*", "s3:putobject", false),
            ("*", "", true),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("*b*b", "abab", true),
            ("a*b", "acbd", false),
            ("a", "a*", false),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} of {text}");
        }
        assert!(!matches("a?", "a\u{F0000}"), "an unknown value is not one character");
        assert!(matches("a*", "a\u{F0000}"));
    }

    #[test]
    fn containment_is_that_of_all_texts() {
        assert!(contains("arn:*", "arn:x*"));
        assert!(contains("*", "a?b*"));
        assert!(!contains("arn:x*", "arn:*"));
        assert!(contains("a*c", "ab*c"));
        assert!(!contains("a?c", "a*c"));
    }

    #[test]
    fn a_pattern_shares_no_text_with_one_that_contains_it() {
        assert_eq!(shared("*", "a*"), None);
        assert_eq!(shared("ab*", "a*"), None);
    }

    #[test]
    fn crossing_patterns_share_a_text() {
        for (left, right) in [("a*", "*b"), ("a*c*", "*b*c"), ("x?", "?y"), ("a/*/c", "a/b/*")] {
            let text = shared(left, right).unwrap();
            assert!(matches(left, &text) && matches(right, &text), "{left} {right} {text}");
        }
        assert_eq!(shared("a*", "b*"), None);
        assert_eq!(shared("a*x", "a*y"), None);
    }
}
