/// Finds the name that somebody may have meant, if one is close enough.
pub(crate) fn nearest(wanted: &str, names: impl Iterator<Item = &'static str>) -> Option<&'static str> {
    let wanted = wanted.to_lowercase();
    let length = wanted.chars().count();
    // One slip in eight letters, and at least two: more than that is another word.
    let tolerated = (length / 8).max(2);
    // Comparing is what takes time, and the difference in length is a bound: AWS's names are ASCII.
    names
        .filter(|name| name.len().abs_diff(length) <= tolerated)
        .map(|name| (strsim::damerau_levenshtein(&wanted, &name.to_lowercase()), name))
        .filter(|(distance, _)| *distance <= tolerated)
        .min()
        .map(|(_, name)| name)
}
