//! The documents of a value in the order of time, kept in blocks, together with what is not written yet.
//!
//! A block is under `02 tag value 00 time(8) document(16)` and holds the postings from that place up to the next block;
//! the first block of a value has neither time nor document in its key. Bytes: CRC-32 (4) of the key and the rest |
//! postings. A posting: distance of the time (varint) | document (16) | distance of the first revision (zigzag varint) |
//! how many claims have the value, times two, plus one when they are the first ones (varint) | else the distances of
//! their numbers (varints).

use std::{collections::BTreeMap, ops::Bound, sync::Arc};

use dictum_core::DocumentId;
use prost::encoding::{decode_varint, encode_varint};

use crate::{
    StoreError,
    engine::{Engine, Entry},
    index::{EntryValue, MAX_CLAIMS},
    key::{self, Position, Tag},
};

/// Most postings of a block: a look-up reads one block, and a change writes it anew.
const MAX_BLOCK_POSTINGS: usize = 64;
/// How full blocks are when postings come in between others.
const SPLIT_POSTINGS: usize = 48;

/// A document that an index found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Posting {
    /// Its place in the order of time.
    pub(crate) time: Position,
    pub(crate) value: EntryValue,
}

/// What is not in the blocks yet: postings that were added, and places of those that were removed.
pub(crate) type UnwrittenPostings = BTreeMap<Position, Option<Arc<EntryValue>>>;

/// A key to be written, or to be removed when it has no value.
pub(crate) type KeyChange = (Vec<u8>, Option<Vec<u8>>);

fn damaged() -> StoreError {
    StoreError::damaged("the checksum of an index block does not fit")
}

fn crc(key: &[u8], rest: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(key);
    hasher.update(rest);
    hasher.finalize()
}

/// Writes a block.
fn encode(key: &[u8], postings: &[Posting]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(4 + 32 * postings.len());
    bytes.extend([0; 4]);
    let (mut order, mut revision) = (0u64, 0u64);
    for Posting { time, value } in postings {
        encode_varint(time.order.wrapping_sub(order), &mut bytes);
        bytes.extend(time.document_id.as_bytes());
        encode_varint(zigzag(value.first_revision.wrapping_sub(revision)), &mut bytes);
        (order, revision) = (time.order, value.first_revision);
        let are_first = (0..).zip(&value.ordinals).all(|(number, ordinal)| number == *ordinal);
        encode_varint((value.ordinals.len() as u64) << 1 | u64::from(are_first), &mut bytes);
        if !are_first {
            let mut next = 0;
            for ordinal in &value.ordinals {
                encode_varint(u64::from(ordinal - next), &mut bytes);
                next = ordinal + 1;
            }
        }
    }
    let crc = crc(key, &bytes[4..]);
    bytes[..4].copy_from_slice(&crc.to_be_bytes());
    bytes
}

/// Reads a block.
pub(crate) fn decode(key: &[u8], value: &[u8]) -> Result<Vec<Posting>, StoreError> {
    let postings = || {
        let (expected, mut bytes) = value.split_first_chunk::<4>()?;
        if crc(key, bytes) != u32::from_be_bytes(*expected) {
            return None;
        }
        let mut postings = Vec::with_capacity(MAX_BLOCK_POSTINGS);
        let (mut order, mut revision) = (0u64, 0u64);
        while !bytes.is_empty() {
            order = order.wrapping_add(decode_varint(&mut bytes).ok()?);
            let (document, rest) = bytes.split_first_chunk::<16>()?;
            bytes = rest;
            revision = revision.wrapping_add(unzigzag(decode_varint(&mut bytes).ok()?));
            let header = decode_varint(&mut bytes).ok()?;
            let claims = u32::try_from(header >> 1).ok().filter(|claims| *claims <= MAX_CLAIMS)?;
            let ordinals = if header & 1 == 1 {
                (0..claims).collect()
            } else {
                let mut next = 0u32;
                let mut ordinals = Vec::with_capacity(claims.min(64) as usize);
                for _ in 0..claims {
                    let ordinal = next.checked_add(u32::try_from(decode_varint(&mut bytes).ok()?).ok()?)?;
                    ordinals.push(ordinal);
                    next = ordinal.checked_add(1)?;
                }
                ordinals
            };
            let time = Position { order, document_id: DocumentId::from_bytes(*document) };
            postings.push(Posting { time, value: EntryValue { first_revision: revision, ordinals } });
        }
        Some(postings)
    };
    postings().ok_or_else(damaged)
}

/// Maps small distances in both directions onto small numbers.
fn zigzag(distance: u64) -> u64 {
    let signed = distance.cast_signed();
    ((signed << 1) ^ (signed >> 63)).cast_unsigned()
}

fn unzigzag(number: u64) -> u64 {
    (number >> 1) ^ (number & 1).wrapping_neg()
}

/// Returns the key of the last block that starts at or before `position`.
fn block_of(engine: &Engine, tag: Tag, value: &str, position: Position) -> Result<Option<Entry>, StoreError> {
    let mut end = key::index(tag, value, position);
    end.push(0); // The first key behind that of the position.
    engine.range(key::index_prefix(tag, value), Some(end), true)?.next().transpose()
}

/// Returns the changes of the blocks of a value that bring in what is not written yet.
pub(crate) fn changes(
    engine: &Engine,
    tag: Tag,
    value: &str,
    unwritten: &UnwrittenPostings,
) -> Result<Vec<KeyChange>, StoreError> {
    let prefix = key::index_prefix(tag, value);
    let mut changes = Vec::new();
    let mut rest = unwritten.iter().peekable();
    while let Some((first, _)) = rest.peek() {
        let (block_key, old) = match block_of(engine, tag, value, **first)? {
            Some((key, bytes)) => (key.to_vec(), decode(&key, &bytes)?),
            None => (prefix.clone(), Vec::new()),
        };
        let behind = [block_key.as_slice(), &[0]].concat();
        let next_block = engine.range(behind, key::after_prefix(&prefix), false)?.next().transpose()?;
        let end = next_block.and_then(|(key, _)| key::parse_index(&key)?.2);
        let last_old = old.last().map(|posting| posting.time);
        let is_appended = last_old.is_none_or(|last| **first > last);
        let was_there = !old.is_empty();
        let mut merged: BTreeMap<Position, EntryValue> =
            old.into_iter().map(|posting| (posting.time, posting.value)).collect();
        while let Some((position, entry)) =
            rest.next_if(|(position, _)| end.is_none_or(|end| **position < end))
        {
            match entry {
                Some(entry) => drop(merged.insert(*position, (**entry).clone())),
                None => drop(merged.remove(position)),
            }
        }
        let postings: Vec<Posting> =
            merged.into_iter().map(|(time, value)| Posting { time, value }).collect();
        if postings.is_empty() {
            if was_there {
                changes.push((block_key, None));
            }
            continue;
        }
        let size = if postings.len() <= MAX_BLOCK_POSTINGS || is_appended {
            MAX_BLOCK_POSTINGS
        } else {
            postings.len().div_ceil(postings.len().div_ceil(SPLIT_POSTINGS))
        };
        for (at, piece) in postings.chunks(size).enumerate() {
            let piece_key = if at == 0 { block_key.clone() } else { key::index(tag, value, piece[0].time) };
            let bytes = encode(&piece_key, piece);
            changes.push((piece_key, Some(bytes)));
        }
    }
    Ok(changes)
}

/// Walks the postings of a value.
pub(crate) struct Postings {
    /// What was not written when the walk began. What is written meanwhile is met twice at most, and passed over.
    unwritten: Arc<UnwrittenPostings>,
    blocks: Box<dyn Iterator<Item = Result<Entry, StoreError>> + Send>,
    block: std::vec::IntoIter<Posting>,
    /// The next posting of the blocks.
    written: Option<Posting>,
    /// Where the walk is.
    at: Bound<Position>,
    descending: bool,
}

impl Postings {
    /// Starts at `from`, or at the end where the walk begins. `unwritten` must be taken before.
    pub(crate) fn new(
        engine: &Engine,
        unwritten: Arc<UnwrittenPostings>,
        tag: Tag,
        value: &str,
        from: Option<Position>,
        descending: bool,
    ) -> Result<Self, StoreError> {
        let prefix = key::index_prefix(tag, value);
        let (mut start, mut end) = (prefix.clone(), key::after_prefix(&prefix));
        match from {
            Some(position) if descending => {
                let mut included = key::index(tag, value, position);
                included.push(0); // The first key behind that of the position.
                end = Some(included);
            }
            Some(position) => {
                if let Some((key, _)) = block_of(engine, tag, value, position)? {
                    start = key.to_vec();
                }
            }
            None => {}
        }
        Ok(Self {
            unwritten,
            blocks: Box::new(engine.range(start, end, descending)?),
            block: Vec::new().into_iter(),
            written: None,
            at: from.map_or(Bound::Unbounded, Bound::Included),
            descending,
        })
    }

    fn is_ahead(&self, position: Position) -> bool {
        match (self.at, self.descending) {
            (Bound::Unbounded, _) => true,
            (Bound::Included(at), false) => position >= at,
            (Bound::Included(at), true) => position <= at,
            (Bound::Excluded(at), false) => position > at,
            (Bound::Excluded(at), true) => position < at,
        }
    }

    fn read_written(&mut self) -> Result<(), StoreError> {
        while self.written.is_none() {
            let next = if self.descending { self.block.next_back() } else { self.block.next() };
            match next {
                Some(posting) => self.written = self.is_ahead(posting.time).then_some(posting),
                None => {
                    let Some(entry) = self.blocks.next() else { break };
                    let (key, value) = entry?;
                    self.block = decode(&key, &value)?.into_iter();
                }
            }
        }
        Ok(())
    }

    fn next_unwritten(&self) -> Option<(Position, Option<Arc<EntryValue>>)> {
        let next = if self.descending {
            self.unwritten.range((Bound::Unbounded, self.at)).next_back()
        } else {
            self.unwritten.range((self.at, Bound::Unbounded)).next()
        };
        next.map(|(position, value)| (*position, value.clone()))
    }
}

impl Iterator for Postings {
    type Item = Result<Posting, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Err(error) = self.read_written() {
                return Some(Err(error));
            }
            let unwritten = self.next_unwritten();
            let written_is_first = match (&self.written, &unwritten) {
                (None, None) => return None,
                (Some(_), None) => true,
                (None, Some(_)) => false,
                (Some(written), Some((position, _))) if self.descending => written.time > *position,
                (Some(written), Some((position, _))) => written.time < *position,
            };
            if written_is_first {
                let posting = self.written.take()?;
                self.at = Bound::Excluded(posting.time);
                return Some(Ok(posting));
            }
            let (time, value) = unwritten?;
            self.at = Bound::Excluded(time);
            self.written.take_if(|written| written.time == time);
            if let Some(value) = value {
                return Some(Ok(Posting { time, value: (*value).clone() }));
            }
        }
    }
}

/// Looks up whether documents have a value. Look-ups in the order of time mostly meet the block of the one before.
pub(crate) struct Lookup {
    tag: Tag,
    value: String,
    unwritten: Arc<UnwrittenPostings>,
    /// The places from and to which the block holds all postings.
    covered: Option<(Position, Position)>,
    block: Vec<Posting>,
}

impl Lookup {
    /// Looks in the blocks of a value. `unwritten` must be taken before.
    pub(crate) fn new(unwritten: Arc<UnwrittenPostings>, tag: Tag, value: &str) -> Self {
        Self { tag, value: value.to_owned(), unwritten, covered: None, block: Vec::new() }
    }

    /// Returns the claims that have the value of the document at this place.
    pub(crate) fn find(&mut self, engine: &Engine, position: Position) -> Result<&[u32], StoreError> {
        if !self.unwritten.is_empty()
            && let Some(found) = self.unwritten.get(&position)
        {
            return Ok(found.as_deref().map_or(&[], |value| &value.ordinals));
        }
        if self.covered.is_none_or(|(first, last)| position < first || position > last) {
            self.block.clear();
            let (mut first, mut last) = (position, position);
            if let Some((key, bytes)) = block_of(engine, self.tag, &self.value, position)? {
                self.block = decode(&key, &bytes)?;
                first = self.block.first().map_or(first, |posting| posting.time.min(first));
                last = self.block.last().map_or(last, |posting| posting.time.max(last));
            }
            self.covered = Some((first, last));
        }
        let found = self.block.binary_search_by(|posting| posting.time.cmp(&position));
        Ok(found.map_or(&[], |at| &self.block[at].value.ordinals))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn position(order: u64) -> Position {
        Position { order, document_id: DocumentId::from_bytes([(order % 251) as u8; 16]) }
    }

    fn entry(first_revision: u64) -> EntryValue {
        EntryValue { first_revision, ordinals: vec![u32::try_from(first_revision % 7).unwrap()] }
    }

    proptest! {
        #[test]
        fn a_block_reads_back(
            postings in proptest::collection::btree_map(
                any::<(u64, [u8; 16])>(),
                (any::<u64>(), proptest::collection::btree_set(0u32..400, 0..40)),
                0..70,
            ),
        ) {
            let postings: Vec<Posting> = postings
                .into_iter()
                .map(|((order, document), (first_revision, ordinals))| Posting {
                    time: Position { order, document_id: DocumentId::from_bytes(document) },
                    value: EntryValue { first_revision, ordinals: ordinals.into_iter().collect() },
                })
                .collect();
            prop_assert_eq!(decode(b"key", &encode(b"key", &postings)).unwrap(), postings);
        }

        #[test]
        fn no_bytes_make_it_panic(rest: Vec<u8>) {
            let bytes = [&crc(b"key", &rest).to_be_bytes()[..], &rest].concat();
            let _ = decode(b"key", &bytes);
        }

    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        /// Whatever is written in whatever pieces, walks and look-ups see what a plain map holds.
        #[test]
        fn blocks_hold_what_was_put_in(
            rounds in proptest::collection::vec(
                proptest::collection::btree_map(0u64..600, proptest::option::weighted(0.8, 0u64..1000), 1..150),
                1..8,
            ),
            from in 0u64..600,
        ) {
            let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
            let engine = Engine::open(folder.path(), 1 << 20).unwrap();
            let (tag, value) = (Tag::Topic, "tides");
            let mut expected = BTreeMap::new();
            let (last, written) = rounds.split_last().unwrap();
            let unwritten = |round: &BTreeMap<u64, Option<u64>>| -> UnwrittenPostings {
                round.iter().map(|(at, revision)| (position(*at), revision.map(|r| Arc::new(entry(r))))).collect()
            };
            for round in written {
                let mut batch = crate::engine::Batch::default();
                for (key, value) in changes(&engine, tag, value, &unwritten(round)).unwrap() {
                    match value {
                        Some(value) => batch.insert(key, value),
                        None => batch.remove(key),
                    }
                }
                engine.apply(batch).unwrap();
            }
            for (at, revision) in rounds.iter().flatten() {
                match revision {
                    Some(revision) => drop(expected.insert(position(*at), entry(*revision))),
                    None => drop(expected.remove(&position(*at))),
                }
            }
            let last = Arc::new(unwritten(last));
            for descending in [false, true] {
                for from in [None, Some(position(from))] {
                    let walk = Postings::new(&engine, last.clone(), tag, value, from, descending).unwrap();
                    let found: Vec<_> = walk.map(|posting| posting.map(|p| (p.time, p.value)).unwrap()).collect();
                    let ahead = |at: &Position| from.is_none_or(|from| if descending { *at <= from } else { *at >= from });
                    let mut wanted: Vec<_> = expected.clone().into_iter().filter(|(at, _)| ahead(at)).collect();
                    if descending {
                        wanted.reverse();
                    }
                    prop_assert_eq!(found, wanted);
                }
            }
            let mut lookup = Lookup::new(last, tag, value);
            for at in 0..600 {
                let wanted = expected.get(&position(at)).map_or(&[][..], |entry| &entry.ordinals);
                prop_assert_eq!(lookup.find(&engine, position(at)).unwrap(), wanted);
            }
        }
    }
}
