//! `Fn::Cidr`.

use std::net::Ipv4Addr;

/// Splits an IPv4 block into `count` blocks that leave `bits` bits for hosts.
pub(super) fn split(block: &str, count: u32, bits: u32) -> Option<Vec<String>> {
    let (address, length) = block.split_once('/')?;
    let address: Ipv4Addr = address.parse().ok()?;
    let length: u32 = length.parse().ok().filter(|length| *length <= 32)?;
    let inner = 32_u32.checked_sub(bits).filter(|inner| *inner >= length)?;
    let capacity = 1_u64 << (inner - length);
    if u64::from(count) > capacity || count == 0 || count > 256 {
        return None;
    }
    let mask = if length == 0 { 0 } else { u32::MAX << (32 - length) };
    let base = u64::from(u32::from(address) & mask);
    let block = |index: u32| {
        let address = base + (u64::from(index) << bits);
        format!("{}/{inner}", Ipv4Addr::from(u32::try_from(address).unwrap_or_default()))
    };
    Some((0..count).map(block).collect())
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn blocks_follow_each_other() {
        assert_eq!(split("10.0.0.0/16", 3, 8).unwrap(), ["10.0.0.0/24", "10.0.1.0/24", "10.0.2.0/24"]);
        assert_eq!(split("10.0.0.0/24", 300, 0), None);
        assert_eq!(split("10.0.0.0/24", 2, 8), None, "only one fits");
    }
}
