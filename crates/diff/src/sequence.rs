//! The longest common subsequence of two sequences, within bounds.

use std::collections::{BTreeMap, BTreeSet};

use similar::{Algorithm, DiffOp, capture_diff_slices};

/// Comparing longer sequences than this costs too much if they differ much: the product of their lengths.
const MOST: usize = 16_000_000;

/// Lists the pairs of positions of a longest common subsequence, in order.
///
/// Of sequences that are very long and differ very much, it is only the common start and end.
pub(crate) fn common<T: Ord>(old: &[T], new: &[T]) -> Vec<(usize, usize)> {
    let start = old.iter().zip(new).take_while(|(one, other)| one == other).count();
    let (old_rest, new_rest) = (&old[start..], &new[start..]);
    let end = old_rest.iter().rev().zip(new_rest.iter().rev()).take_while(|(one, other)| one == other).count();
    let (old_middle, new_middle) = (&old_rest[..old_rest.len() - end], &new_rest[..new_rest.len() - end]);

    let mut pairs: Vec<_> = (0..start).map(|index| (index, index)).collect();
    pairs.extend(middle(old_middle, new_middle).into_iter().map(|(was, now)| (start + was, start + now)));
    pairs.extend((0..end).map(|index| (old.len() - end + index, new.len() - end + index)));
    pairs
}

/// What only one side has cannot be common: without it, most sequences are short.
fn middle<T: Ord>(old: &[T], new: &[T]) -> Vec<(usize, usize)> {
    let in_new: BTreeSet<&T> = new.iter().collect();
    let mut numbers: BTreeMap<&T, u32> = BTreeMap::new();
    let mut number = |element| {
        let next = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
        *numbers.entry(element).or_insert(next)
    };
    let (old_places, old_numbers): (Vec<_>, Vec<_>) = old
        .iter()
        .enumerate()
        .filter(|(_, element)| in_new.contains(element))
        .map(|(place, element)| (place, number(element)))
        .unzip();
    let (new_places, new_numbers): (Vec<_>, Vec<_>) =
        new.iter().enumerate().filter_map(|(place, element)| Some((place, *numbers.get(element)?))).unzip();
    if old_numbers.len().saturating_mul(new_numbers.len()) > MOST {
        return Vec::new();
    }
    let mut pairs = Vec::new();
    for operation in capture_diff_slices(Algorithm::Myers, &old_numbers, &new_numbers) {
        if let DiffOp::Equal { old_index, new_index, len } = operation {
            pairs.extend((0..len).map(|step| (old_places[old_index + step], new_places[new_index + step])));
        }
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_common_keeps_its_order() {
        let of = |old: &str, new: &str| {
            let (old, new): (Vec<_>, Vec<_>) = (old.chars().collect(), new.chars().collect());
            let pairs = common(&old, &new);
            assert!(pairs.iter().all(|(was, now)| old[*was] == new[*now]));
            assert!(pairs.is_sorted_by(|one, other| one.0 < other.0 && one.1 < other.1));
            pairs.iter().map(|(was, _)| old[*was]).collect::<String>()
        };
        assert_eq!(of("abcd", "abcd"), "abcd");
        assert_eq!(of("abxcd", "abycd"), "abcd");
        assert_eq!(of("abcabba", "cbabac").len(), 4);
        assert_eq!(of("", "abc"), "");
        assert_eq!(of("xaxbx", "yaybyy"), "ab");
    }
}
