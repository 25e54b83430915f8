//! Reads what a program needs of the system.

/// Finds the newest version of glibc whose symbols a program names, as major and minor number: `GLIBC_2.34`.
///
/// It looks for the names anywhere in the file. What is not in the table of needed versions could only make it find a newer
/// one than is needed.
pub fn needed_glibc(program: &[u8]) -> Option<(u32, u32)> {
    const PREFIX: &[u8] = b"\0GLIBC_";
    let places = program.windows(PREFIX.len()).enumerate().filter(|(_, window)| *window == PREFIX);
    places.filter_map(|(place, _)| version(&program[place + PREFIX.len()..])).max()
}

/// Reads a version up to the zero byte that ends it; a patch level does not count.
fn version(name: &[u8]) -> Option<(u32, u32)> {
    let length = name.iter().take(16).position(|byte| *byte == 0)?;
    let mut numbers = std::str::from_utf8(&name[..length]).ok()?.split('.').map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

#[cfg(test)]
mod tests {
    use super::needed_glibc;

    #[test]
    fn the_newest_version_counts() {
        let program = b"\x7fELF\0GLIBC_2.9\0GLIBC_2.17\0GLIBC_2.2.5\0libc.so.6\0GLIBC_PRIVATE\0GLIBC_2.xx\0NOT_GLIBC_9.9\0GLIBC_3.1";
        assert_eq!(needed_glibc(program), Some((2, 17)));
        assert_eq!(needed_glibc(b"\x7fELF\0libc.so.6\0"), None);
    }
}
