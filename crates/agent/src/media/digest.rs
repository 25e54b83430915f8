//! Checksums of files.

use std::fmt::Write as _;
use std::io;
use std::path::Path;

use sha2::{Digest, Sha256};
use tokio::io::AsyncReadExt;

/// How much is read at once, in bytes.
const BUFFER: usize = 1024 * 1024;

/// Computes the SHA-256 of a file, as 64 hexadecimal digits, and its length in bytes. Other work goes on in between,
/// and the future may be dropped at any time.
pub(crate) async fn sha256(path: &Path) -> io::Result<(String, u64)> {
    let mut file = tokio::fs::File::open(path).await?;
    let mut hash = Sha256::new();
    let mut bytes = 0;
    let mut buffer = vec![0; BUFFER];
    loop {
        let count = file.read(&mut buffer).await?;
        if count == 0 {
            break;
        }
        hash.update(&buffer[..count]);
        bytes += count as u64;
        tokio::task::yield_now().await;
    }
    let mut digits = String::new();
    for byte in hash.finalize() {
        // Writing to a string cannot fail.
        let _ = write!(digits, "{byte:02x}");
    }
    Ok((digits, bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_file_has_the_checksum_that_sha256sum_gives() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, "abc").unwrap();
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(sha256(&path).await.unwrap(), (expected.to_owned(), 3));
        std::fs::write(&path, vec![7; 3 * BUFFER + 1]).unwrap();
        assert_eq!(sha256(&path).await.unwrap().1, 3 * BUFFER as u64 + 1);
    }
}
