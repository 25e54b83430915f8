//! Ranges of addresses, compared by arithmetic.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A range of addresses of one family, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Range {
    pub v6: bool,
    pub first: u128,
    pub last: u128,
}

impl Range {
    /// All addresses of a family.
    pub fn everything(v6: bool) -> Self {
        Self { v6, first: 0, last: if v6 { u128::MAX } else { u128::from(u32::MAX) } }
    }

    /// Reads `10.0.0.0/8`, `2001:db8::/32` or a single address.
    pub fn parse(text: &str) -> Option<Self> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits.parse::<u32>().ok()?)),
            None => (text, None),
        };
        let (v6, value, width) = match address.trim().parse::<IpAddr>().ok()? {
            IpAddr::V4(address) => (false, u128::from(u32::from(address)), 32),
            IpAddr::V6(address) => (true, u128::from(address), 128),
        };
        let bits = bits.unwrap_or(width);
        let free = width.checked_sub(bits)?;
        let hosts = if free >= 128 { u128::MAX } else { (1 << free) - 1 };
        Some(Self { v6, first: value & !hosts, last: value | hosts })
    }

    pub fn contains(&self, other: &Self) -> bool {
        self.v6 == other.v6 && self.first <= other.first && other.last <= self.last
    }

    /// Lists the addresses at both ends, inside and outside.
    pub fn edges(&self) -> Vec<String> {
        let everything = Self::everything(self.v6);
        let before = self.first.checked_sub(1);
        let after = self.last.checked_add(1).filter(|after| *after <= everything.last);
        let edges = [before, Some(self.first), Some(self.last), after].into_iter().flatten();
        edges.map(|address| self.show(address)).collect()
    }

    fn show(&self, address: u128) -> String {
        match u32::try_from(address) {
            Ok(address) if !self.v6 => Ipv4Addr::from(address).to_string(),
            _ => Ipv6Addr::from(address).to_string(),
        }
    }
}

/// `10.0.0.0/8`, or both ends if it is no power of two.
impl fmt::Display for Range {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = if self.v6 { 128 } else { 32 };
        let hosts = self.last - self.first;
        let free = if hosts == u128::MAX { 128 } else { (hosts + 1).trailing_zeros() };
        let whole = hosts == u128::MAX || (hosts + 1).is_power_of_two();
        if whole {
            write!(formatter, "{}/{}", self.show(self.first), width - free)
        } else {
            write!(formatter, "{} to {}", self.show(self.first), self.show(self.last))
        }
    }
}

/// Gives what of a range is in none of some others.
pub(crate) fn uncovered(range: Range, covers: &[Range]) -> Vec<Range> {
    let mut sorted: Vec<&Range> = covers.iter().filter(|cover| cover.v6 == range.v6).collect();
    sorted.sort();
    let mut rest = Vec::new();
    let mut next = Some(range.first);
    for cover in sorted {
        let Some(from) = next.filter(|from| *from <= range.last) else { break };
        if cover.first > from {
            rest.push(Range { first: from, last: range.last.min(cover.first - 1), ..range });
        }
        if cover.last >= from {
            next = cover.last.checked_add(1);
        }
    }
    if let Some(from) = next.filter(|from| *from <= range.last) {
        rest.push(Range { first: from, ..range });
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(text: &str) -> Range {
        Range::parse(text).unwrap()
    }

    #[test]
    fn ranges_contain_ranges() {
        assert!(range("10.0.0.0/8").contains(&range("10.20.0.0/16")));
        assert!(!range("10.20.0.0/16").contains(&range("10.0.0.0/8")));
        assert!(range("::/0").contains(&range("2001:db8::/32")));
        assert!(!range("0.0.0.0/0").contains(&range("::1")));
        assert_eq!(Range::parse("10.0.0.0/40"), None);
    }

    #[test]
    fn two_halves_cover_the_whole() {
        let whole = range("10.0.0.0/8");
        assert_eq!(uncovered(whole, &[range("10.128.0.0/9"), range("10.0.0.0/9")]), []);
        assert_eq!(uncovered(whole, &[range("10.0.0.0/9"), range("10.192.0.0/10")]), [range("10.128.0.0/10")]);
        assert_eq!(uncovered(range("0.0.0.0/0"), &[range("0.0.0.0/0")]), []);
        assert_eq!(uncovered(range("::/0"), &[range("0.0.0.0/0")]), [range("::/0")]);
    }
}
