//! JSON documents by name that are read in place: nothing is unpacked, parsed or allocated.
//!
//! All parts of all documents that are the same are kept once. They are in two files: the text of all strings, one after
//! another and the most used one first, so that the compiler proves that it is text; and the rest, in which what is not a
//! *number* below is 32 bits, little endian.
//!
//! ```text
//! magic      8 bytes "JSONPAK3"
//! header     number of documents, number of strings, bytes of text
//! directory  for each document, in order of names: its name, its slot with the position from the start of the nodes
//! strings    for each string: where it ends in the text
//! nodes      the arrays and objects, those inside before those around them
//!
//! array      how many elements; for each one a slot
//! object     how many entries; for each one the mark of its key, a byte; then for each one the number of its key among
//!            the strings, and a slot
//! mark       the lowest eight bits of the sum of the text's bytes: a key is looked for by its mark first
//! slot       tag in the lowest three bits, and above them
//!              null, false, true    nothing
//!              whole                a whole number below 2^29
//!              number, string       the number of its text among the strings
//!              array, object        how many bytes it is before the array or object around it
//! number     seven bits a byte, the lowest ones first; the highest bit says that more follow
//! ```

use std::borrow::Cow;

use crate::Json;

pub(crate) const MAGIC: &[u8; 8] = b"JSONPAK3";
const DIRECTORY: usize = MAGIC.len() + 3 * WORD;
const WORD: usize = 4;
/// The highest bits of eight bytes.
const HIGHEST: u64 = u64::from_ne_bytes([0x80; 8]);

/// JSON documents by name, packed.
#[derive(Debug)]
pub struct Packed {
    text: Cow<'static, str>,
    bytes: Cow<'static, [u8]>,
    documents: usize,
    /// Where the parts begin.
    strings: usize,
    nodes: usize,
}

/// What a slot holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tag {
    Null,
    False,
    True,
    Whole,
    Number,
    String,
    Array,
    Object,
}

impl Tag {
    pub const BITS: u32 = 3;
    pub const MASK: u32 = (1 << Self::BITS) - 1;

    pub fn of(slot: u32) -> Self {
        match slot & Self::MASK {
            0 => Self::Null,
            1 => Self::False,
            2 => Self::True,
            3 => Self::Whole,
            4 => Self::Number,
            5 => Self::String,
            6 => Self::Array,
            _ => Self::Object,
        }
    }
}

impl Packed {
    /// Opens the files that [`pack`](crate::pack) wrote. Damaged ones have no documents.
    pub fn open(text: impl Into<Cow<'static, str>>, bytes: impl Into<Cow<'static, [u8]>>) -> Self {
        let (text, bytes) = (text.into(), bytes.into());
        Self::parts(&text, &bytes).map_or(
            Self { text: Cow::Borrowed(""), bytes: Cow::Borrowed(&[]), documents: 0, strings: 0, nodes: 0 },
            |[documents, strings, nodes]| Self { text, bytes, documents, strings, nodes },
        )
    }

    fn parts(text: &str, bytes: &[u8]) -> Option<[usize; 3]> {
        let header = |index| word(bytes, MAGIC.len() + index * WORD);
        let documents = header(0)?;
        let strings = DIRECTORY + documents * 2 * WORD;
        let nodes = strings + header(1)? * WORD;
        let is_whole = bytes.starts_with(MAGIC) && nodes <= bytes.len() && header(2)? == text.len();
        is_whole.then_some([documents, strings, nodes])
    }

    /// Lists the names of the documents in order.
    pub fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        (0..self.documents).map(|position| self.name(position).unwrap_or_default())
    }

    /// Finds a document by its name.
    pub fn get(&self, name: &str) -> Option<Json<'_>> {
        Some(self.find(name)?.1)
    }

    /// Finds a document and its name as the file has it.
    pub fn find(&self, name: &str) -> Option<(&str, Json<'_>)> {
        let (mut low, mut high) = (0, self.documents);
        while low < high {
            let middle = usize::midpoint(low, high);
            let number = self.number_of_name(middle)?;
            match self.string(number)?.cmp(name) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
                std::cmp::Ordering::Equal => {
                    let slot = word(&self.bytes, DIRECTORY + middle * 2 * WORD + WORD)?;
                    return Some((self.string(number)?, Json { packed: self, slot: u32::try_from(slot).ok()? }));
                }
            }
        }
        None
    }

    fn name(&self, position: usize) -> Option<&str> {
        self.string(self.number_of_name(position)?)
    }

    fn number_of_name(&self, position: usize) -> Option<u32> {
        u32::try_from(word(&self.bytes, DIRECTORY + position * 2 * WORD)?).ok()
    }

    pub(crate) fn string(&self, number: u32) -> Option<&str> {
        let entry = self.strings + usize::try_from(number).ok()? * WORD;
        let end = word(&self.bytes, entry)?;
        // Before the end of the first string there is another number, and it begins where the text does.
        let start = if number == 0 { 0 } else { word(&self.bytes, entry - WORD)? };
        self.text.get(start..end)
    }

    /// Returns bytes among the nodes.
    pub(crate) fn bytes_of_nodes(&self, at: usize, length: usize) -> Option<&[u8]> {
        self.bytes.get(self.nodes + at..)?.get(..length)
    }

    /// Passes over numbers among the nodes, and tells where the next one begins.
    pub(crate) fn after(&self, at: usize, numbers: usize) -> Option<usize> {
        let nodes = self.bytes.get(self.nodes + at..)?;
        let (mut passed, mut left) = (0, numbers);
        // A number ends with a byte whose highest bit is not set; of eight bytes no more than eight are ends.
        while left >= 8 {
            let bytes = u64::from_ne_bytes(*nodes.get(passed..)?.first_chunk()?);
            left -= usize::try_from((!bytes & HIGHEST).count_ones()).ok()?;
            passed += 8;
        }
        while left > 0 {
            left -= usize::from(nodes.get(passed)? & 0x80 == 0);
            passed += 1;
        }
        Some(at + passed)
    }

    /// Reads a number among the nodes, and tells where the next one begins.
    pub(crate) fn number(&self, at: usize) -> Option<(u32, usize)> {
        let bytes = self.bytes.get(self.nodes + at..)?;
        let first = *bytes.first()?;
        if first & 0x80 == 0 {
            return Some((first.into(), at + 1));
        }
        let mut number = 0;
        for (index, byte) in bytes.iter().take(5).enumerate() {
            number |= u32::from(byte & 0x7f) << (7 * index);
            if byte & 0x80 == 0 {
                return Some((number, at + index + 1));
            }
        }
        None
    }
}

/// Returns the mark by which a key is looked for.
pub(crate) fn mark(key: &str) -> u8 {
    key.bytes().fold(0, u8::wrapping_add)
}

fn word(bytes: &[u8], at: usize) -> Option<usize> {
    let bytes = bytes.get(at..at.checked_add(WORD)?)?.try_into().ok()?;
    usize::try_from(u32::from_le_bytes(bytes)).ok()
}
