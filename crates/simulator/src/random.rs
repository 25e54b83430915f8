//! Chance that repeats itself: what is drawn depends on the seed and on what it is drawn for, not on what was drawn before.

/// Draws numbers from a seed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Random {
    seed: u64,
}

impl Random {
    pub fn new(seed: u64) -> Self {
        Self { seed }
    }

    /// Draws a number for something that `words` name.
    pub fn draw(self, words: &[&str]) -> u64 {
        words.iter().fold(mix(self.seed), |hash, word| {
            let hash = word.bytes().fold(hash, |hash, byte| mix(hash ^ u64::from(byte)));
            mix(hash ^ 0x1_0000)
        })
    }

    /// Draws one of a thousand.
    pub fn per_thousand(self, words: &[&str]) -> u64 {
        self.draw(words) % 1000
    }

    /// Draws `length` characters of `alphabet`, which is ASCII.
    pub fn text(self, words: &[&str], alphabet: &[u8], length: usize) -> String {
        let mut state = self.draw(words);
        let mut text = String::with_capacity(length);
        for _ in 0..length {
            state = mix(state);
            let at = usize::try_from(state % alphabet.len().max(1) as u64).unwrap_or_default();
            text.push(char::from(alphabet.get(at).copied().unwrap_or(b'x')));
        }
        text
    }

    /// Draws hexadecimal digits.
    pub fn hex(self, words: &[&str], length: usize) -> String {
        self.text(words, b"0123456789abcdef", length)
    }

    /// Draws what looks like a random UUID.
    pub fn uuid(self, words: &[&str]) -> String {
        let digits = self.hex(words, 32);
        let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
        format!("{}-{}-4{}-a{}-{}", part(0, 8), part(8, 12), part(13, 16), part(17, 20), part(20, 32))
    }
}

/// Mixes bits (the finalizer of `SplitMix64`).
fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_draws_the_same_and_another_seed_something_else() {
        let (one, other) = (Random::new(1), Random::new(2));
        assert_eq!(one.uuid(&["a", "b"]), one.uuid(&["a", "b"]));
        assert_ne!(one.uuid(&["a", "b"]), other.uuid(&["a", "b"]));
        assert_ne!(one.draw(&["ab", "c"]), one.draw(&["a", "bc"]), "words are kept apart");
        assert_eq!(one.uuid(&[]).len(), 36);
    }
}
