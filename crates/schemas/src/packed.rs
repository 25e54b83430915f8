//! The embedded file: an index that is searched in place, and compressed blocks.
//!
//! All numbers are 32 bits, little endian.
//!
//! ```text
//! magic     8 bytes "CFNSCHM1"
//! header    number of types, number of blocks, bytes of names
//! index     for each type, in order of names: start and length of its name, its block, start and length in the block
//! table     for each block: start and length in the data, length when unpacked
//! names     the names, one after another
//! data      the blocks, each one a Zstandard frame that holds compact JSON schemas one after another
//! ```

use std::io::Read as _;
use std::sync::OnceLock;

use ruzstd::decoding::StreamingDecoder;

use crate::Schema;

static FILE: &[u8] = include_bytes!("schemas.bin");

const HEADER: usize = 8;
const INDEX: usize = HEADER + 3 * WORD;
const ENTRY: usize = 5 * WORD;
const BLOCK: usize = 3 * WORD;
const WORD: usize = 4;

type Slots<T> = OnceLock<Box<[OnceLock<Option<T>>]>>;
static SCHEMAS: Slots<Schema> = OnceLock::new();
static BLOCKS: Slots<Vec<u8>> = OnceLock::new();

pub fn schema(type_name: &str) -> Option<&'static Schema> {
    let position = position(type_name)?;
    slot(&SCHEMAS, types(), position)?.get_or_init(|| parse(position)).as_ref()
}

pub fn type_names() -> impl ExactSizeIterator<Item = &'static str> {
    (0..types()).map(|position| name(position).unwrap_or_default())
}

/// Finds a type in the index by halving.
pub fn position(type_name: &str) -> Option<usize> {
    let (mut low, mut high) = (0, types());
    while low < high {
        let middle = usize::midpoint(low, high);
        match name(middle)?.cmp(type_name) {
            std::cmp::Ordering::Less => low = middle + 1,
            std::cmp::Ordering::Greater => high = middle,
            std::cmp::Ordering::Equal => return Some(middle),
        }
    }
    None
}

fn parse(position: usize) -> Option<Schema> {
    let entry = INDEX + position * ENTRY;
    let number = word(entry + 2 * WORD)?;
    let block = slot(&BLOCKS, blocks(), number)?.get_or_init(|| unpack(number)).as_ref()?;
    let text = part(block, word(entry + 3 * WORD)?, word(entry + 4 * WORD)?)?;
    Some(Schema::new(name(position)?, serde_json::from_slice(text).ok()?))
}

fn unpack(number: usize) -> Option<Vec<u8>> {
    let table = INDEX + types() * ENTRY;
    let data = table + blocks() * BLOCK + word(HEADER + 2 * WORD)?;
    let entry = table + number * BLOCK;
    let packed = part(FILE, data + word(entry)?, word(entry + WORD)?)?;
    let mut block = Vec::with_capacity(word(entry + 2 * WORD)?);
    StreamingDecoder::new(packed).ok()?.read_to_end(&mut block).ok()?;
    Some(block)
}

fn slot<T>(slots: &'static Slots<T>, length: usize, position: usize) -> Option<&'static OnceLock<Option<T>>> {
    slots.get_or_init(|| (0..length).map(|_| OnceLock::new()).collect()).get(position)
}

fn name(position: usize) -> Option<&'static str> {
    let entry = INDEX + position * ENTRY;
    let names = INDEX + types() * ENTRY + blocks() * BLOCK;
    std::str::from_utf8(part(FILE, names + word(entry)?, word(entry + WORD)?)?).ok()
}

fn types() -> usize {
    word(HEADER).unwrap_or_default()
}

fn blocks() -> usize {
    word(HEADER + WORD).unwrap_or_default()
}

fn part(bytes: &[u8], start: usize, length: usize) -> Option<&[u8]> {
    bytes.get(start..start.checked_add(length)?)
}

fn word(at: usize) -> Option<usize> {
    let bytes = FILE.get(at..at.checked_add(WORD)?)?.try_into().ok()?;
    usize::try_from(u32::from_le_bytes(bytes)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the accessors above take for granted, so that a damaged file fails here and not at a user's.
    #[test]
    fn every_type_of_the_embedded_file_is_readable() {
        assert_eq!(FILE.get(..HEADER), Some(b"CFNSCHM1".as_slice()));
        let names: Vec<_> = type_names().collect();
        assert!(names.len() > 1_800, "{} types", names.len());
        assert!(names.is_sorted(), "the index is searched by halving");
        for name in names {
            let schema = schema(name).unwrap_or_else(|| panic!("`{name}` cannot be read"));
            assert_eq!(schema.value()["typeName"], name);
        }
    }
}
