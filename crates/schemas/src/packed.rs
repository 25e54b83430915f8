//! A file of JSON documents by name that is read in place: nothing is unpacked, parsed or allocated.
//!
//! All parts of all documents that are the same are kept once. What is not a *number* below is 32 bits, little endian.
//!
//! ```text
//! magic      8 bytes "JSONPAK2"
//! header     number of documents, number of strings, bytes of text
//! directory  for each document, in order of names: its name, its slot with the position from the start of the nodes
//! strings    for each string, the most used one first: where it ends in the text
//! text       the strings, one after another
//! nodes      the arrays and objects, those inside before those around them
//!
//! array      how many elements; for each one a slot
//! object     how many entries; for each one the number of its key among the strings, and a slot
//! slot       tag in the lowest three bits, and above them
//!              null, false, true    nothing
//!              whole                a whole number below 2^29
//!              number, string       the number of its text among the strings
//!              array, object        how many bytes it is before the array or object around it
//! number     seven bits a byte, the lowest ones first; the highest bit says that more follow
//! ```

use std::borrow::Cow;

use crate::Json;

pub(crate) const MAGIC: &[u8; 8] = b"JSONPAK2";
const DIRECTORY: usize = MAGIC.len() + 3 * WORD;
const WORD: usize = 4;

/// JSON documents by name, packed.
#[derive(Debug)]
pub struct Packed {
    bytes: Cow<'static, [u8]>,
    documents: usize,
    /// Where the parts begin.
    strings: usize,
    text: usize,
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
    /// Opens a file that [`pack`](crate::pack) wrote. One that is damaged has no documents.
    pub fn open(bytes: impl Into<Cow<'static, [u8]>>) -> Self {
        let bytes = bytes.into();
        Self::parts(&bytes).map_or(
            Self { bytes: Cow::Borrowed(&[]), documents: 0, strings: 0, text: 0, nodes: 0 },
            |[documents, strings, text, nodes]| Self { bytes, documents, strings, text, nodes },
        )
    }

    fn parts(bytes: &[u8]) -> Option<[usize; 4]> {
        let header = |index| word(bytes, MAGIC.len() + index * WORD);
        let documents = header(0)?;
        let strings = DIRECTORY + documents * 2 * WORD;
        let text = strings + header(1)? * WORD;
        let nodes = text + header(2)?;
        (bytes.starts_with(MAGIC) && nodes <= bytes.len()).then_some([documents, strings, text, nodes])
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
            let own = self.name(middle)?;
            match own.cmp(name) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
                std::cmp::Ordering::Equal => {
                    let slot = word(&self.bytes, DIRECTORY + middle * 2 * WORD + WORD)?;
                    return Some((own, Json { packed: self, slot: u32::try_from(slot).ok()? }));
                }
            }
        }
        None
    }

    fn name(&self, position: usize) -> Option<&str> {
        let number = word(&self.bytes, DIRECTORY + position * 2 * WORD)?;
        self.string(u32::try_from(number).ok()?)
    }

    pub(crate) fn string(&self, number: u32) -> Option<&str> {
        std::str::from_utf8(self.bytes_of_string(number)?).ok()
    }

    pub(crate) fn bytes_of_string(&self, number: u32) -> Option<&[u8]> {
        let entry = self.strings + usize::try_from(number).ok()? * WORD;
        let end = word(&self.bytes, entry)?;
        // Before the end of the first string there is another number, and it begins where the text does.
        let start = if number == 0 { 0 } else { word(&self.bytes, entry - WORD)? };
        self.bytes.get(self.text + start..self.text + end)
    }

    /// Reads a number among the nodes, and tells where the next one begins.
    pub(crate) fn number(&self, at: usize) -> Option<(u32, usize)> {
        let mut number = 0;
        for (index, byte) in self.bytes.get(self.nodes + at..)?.iter().take(5).enumerate() {
            number |= u32::from(byte & 0x7f) << (7 * index);
            if byte & 0x80 == 0 {
                return Some((number, at + index + 1));
            }
        }
        None
    }
}

fn word(bytes: &[u8], at: usize) -> Option<usize> {
    let bytes = bytes.get(at..at.checked_add(WORD)?)?.try_into().ok()?;
    usize::try_from(u32::from_le_bytes(bytes)).ok()
}
