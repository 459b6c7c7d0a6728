//! The bytes of every key. `docs/store.md` shows them in one table; change both together, and the format version.
//!
//! All numbers in keys are big-endian, so that the order of keys is the order of numbers. All keys live in one tree, so
//! that one batch of the engine is atomic over all of them.

use dictum_core::{ContentHash, DocumentId};

/// Where a document stands in an order: its key in that order, then its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Position {
    pub(crate) order: u64,
    pub(crate) document_id: DocumentId,
}

/// By what an index entry finds documents. The letters are part of the format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub(crate) enum Tag {
    /// Every listed document; its value is empty.
    All = b'a',
    Channel = b'c',
    /// A day of the occasion, or [`LONG_OCCASION`].
    Day = b'd',
    /// Form and manner: [`form_value`](crate::index::form_value).
    Form = b'f',
    Language = b'l',
    Organization = b'o',
    Role = b'p',
    Reporter = b'r',
    Speaker = b's',
    Topic = b't',
    Rule = b'u',
}

impl Tag {
    /// Every tag, in the order of their letters.
    pub(crate) const ALL: [Self; 11] = [
        Self::All,
        Self::Channel,
        Self::Day,
        Self::Form,
        Self::Language,
        Self::Organization,
        Self::Role,
        Self::Reporter,
        Self::Speaker,
        Self::Topic,
        Self::Rule,
    ];

    fn from_byte(byte: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|tag| *tag as u8 == byte)
    }
}

/// The value under which occasions of more than [`MAX_INDEXED_DAYS`] are indexed: they are looked at for every range.
pub(crate) const LONG_OCCASION: &str = "~";
/// Longest occasion that has an index entry for each of its days.
pub(crate) const MAX_INDEXED_DAYS: i64 = 31;

pub(crate) const META: u8 = 0x00;
pub(crate) const BUNDLE: u8 = 0x01;
pub(crate) const INDEX: u8 = 0x02;
pub(crate) const LOG: u8 = 0x03;
pub(crate) const CONTENT: u8 = 0x04;
pub(crate) const MESSAGE: u8 = 0x05;
pub(crate) const COUNTER: u8 = 0x06;
pub(crate) const DOCUMENT: u8 = 0x07;

/// `00 name`.
pub(crate) fn meta(name: &str) -> Vec<u8> {
    [&[META], name.as_bytes()].concat()
}

/// `01 first revision(8)`: documents lie in the order in which they were first written.
pub(crate) fn bundle(first_revision: u64) -> [u8; 9] {
    prefixed(BUNDLE, &first_revision.to_be_bytes())
}

/// `02 tag value 00`: what all blocks of a value start with, and the key of the first. Folded values hold no 00.
pub(crate) fn index_prefix(tag: Tag, value: &str) -> Vec<u8> {
    let mut key = Vec::with_capacity(value.len() + 27);
    key.extend([INDEX, tag as u8]);
    key.extend(value.as_bytes());
    key.push(0);
    key
}

/// `02 tag value 00 time(8) document(16)`: the key of a block that starts here.
pub(crate) fn index(tag: Tag, value: &str, position: Position) -> Vec<u8> {
    let mut key = index_prefix(tag, value);
    key.extend(position.order.to_be_bytes());
    key.extend(position.document_id.as_bytes());
    key
}

/// Takes the key of a block apart; without a position it is the first block of its value.
pub(crate) fn parse_index(key: &[u8]) -> Option<(Tag, &str, Option<Position>)> {
    let [INDEX, tag, rest @ ..] = key else { return None };
    let end = rest.iter().position(|byte| *byte == 0)?;
    let position = match &rest[end + 1..] {
        [] => None,
        rest => {
            let (order, document) = rest.split_first_chunk::<8>()?;
            Some(Position { order: u64::from_be_bytes(*order), document_id: document_id_of(document)? })
        }
    };
    Some((Tag::from_byte(*tag)?, std::str::from_utf8(&rest[..end]).ok()?, position))
}

/// `03 revision(8)`.
pub(crate) fn log(revision: u64) -> [u8; 9] {
    prefixed(LOG, &revision.to_be_bytes())
}

/// `04 content(16)`: what the entries of all documents of one text start with.
pub(crate) fn content_prefix(hash: ContentHash) -> [u8; 17] {
    prefixed(CONTENT, hash.as_bytes())
}

/// `04 content(16) document(16)`.
pub(crate) fn content(hash: ContentHash, document_id: DocumentId) -> Vec<u8> {
    [&content_prefix(hash)[..], document_id.as_bytes()].concat()
}

/// `05 hash(16) of channel and message id`; both are needed to know a message again.
pub(crate) fn message(channel: Option<&str>, message_id: Option<&str>) -> Option<[u8; 17]> {
    let mut hasher = blake3::Hasher::new_derive_key("dictum 2026-11 store message");
    for field in [channel?, message_id?] {
        hasher.update(&(field.len() as u64).to_be_bytes());
        hasher.update(field.as_bytes());
    }
    let mut hash = [0; 16];
    hasher.finalize_xof().fill(&mut hash);
    Some(prefixed(MESSAGE, &hash))
}

/// `06 tag`: what the counters of all values of a tag start with.
pub(crate) fn counter_prefix(tag: Tag) -> [u8; 2] {
    [COUNTER, tag as u8]
}

/// `06 tag value`.
pub(crate) fn counter(tag: Tag, value: &str) -> Vec<u8> {
    [&counter_prefix(tag)[..], value.as_bytes()].concat()
}

/// Takes the key of a counter apart.
pub(crate) fn parse_counter(key: &[u8]) -> Option<(Tag, &str)> {
    let [COUNTER, tag, value @ ..] = key else { return None };
    Some((Tag::from_byte(*tag)?, std::str::from_utf8(value).ok()?))
}

/// `07 document(16)`.
pub(crate) fn document(document_id: DocumentId) -> [u8; 17] {
    prefixed(DOCUMENT, document_id.as_bytes())
}

/// Reads the eight bytes after the prefix of a bundle's or a log entry's key.
pub(crate) fn revision_of(key: &[u8]) -> Option<u64> {
    number(key.get(1..)?)
}

/// Reads a number that is a whole value.
pub(crate) fn number(bytes: &[u8]) -> Option<u64> {
    bytes.try_into().ok().map(u64::from_be_bytes)
}

/// Reads an id that is a whole value or the rest of one.
pub(crate) fn document_id_of(bytes: &[u8]) -> Option<DocumentId> {
    bytes.try_into().ok().map(DocumentId::from_bytes)
}

/// Returns the first key behind all that start with `prefix`, or `None` when there is none.
pub(crate) fn after_prefix(prefix: &[u8]) -> Option<Vec<u8>> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if last < 0xFF {
            end.push(last + 1);
            return Some(end);
        }
    }
    None
}

fn prefixed<const N: usize, const M: usize>(prefix: u8, bytes: &[u8; N]) -> [u8; M] {
    let mut key = [0; M];
    key[0] = prefix;
    key[1..].copy_from_slice(bytes);
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_read_back() {
        let position = Position { order: 0x00FF_0000_1234, document_id: DocumentId::from_bytes([0; 16]) };
        for (tag, value) in [(Tag::All, ""), (Tag::Speaker, "ada marsh"), (Tag::Topic, "हिन्दी")]
        {
            assert_eq!(parse_index(&index(tag, value, position)), Some((tag, value, Some(position))));
            assert_eq!(parse_index(&index_prefix(tag, value)), Some((tag, value, None)));
            assert_eq!(parse_counter(&counter(tag, value)), Some((tag, value)));
        }
        assert_eq!(parse_index(b"\x02s"), None);
    }

    #[test]
    fn keys_of_one_value_never_mix_with_those_of_a_longer_one() {
        let end = after_prefix(&index_prefix(Tag::Speaker, "ada")).unwrap();
        let position = Position { order: u64::MAX, document_id: DocumentId::from_bytes([0xFF; 16]) };
        assert!(index(Tag::Speaker, "ada", position) < end);
        assert!(index_prefix(Tag::Speaker, "ada marsh") > end);
    }
}
