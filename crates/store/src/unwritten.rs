//! What documents are found by and how often, as far as it is not on the disk yet.
//!
//! Index blocks and counters follow from the documents and the change log. What a change does to them is kept in memory,
//! from where readers see it, and written value by value, a little with each group, so that many changes of a value
//! make one write. A counter says up to which revision it and the blocks of its value go, so that a crash in between
//! does no harm: the log behind the last full round is counted again, and a value that has a revision already passes
//! it over.
//!
//! Bytes of a counter: CRC-32 of key and record (4) | [`CounterRecord`].

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard},
};

use prost::Message;

use crate::{
    StoreError,
    engine::{Batch, Engine},
    index::{EntryValue, IndexEntry, Indexed},
    key::{self, Tag},
    names::KnownForms,
    postings::{self, UnwrittenPostings},
    record::{CounterRecord, NameFormRecord},
};

/// Changes in which a round of writing goes once through all values: at most twice as many are counted again after a
/// crash.
const ROUND_CHANGES: usize = 1024;
/// Keys that are written in one batch: while it is applied, the engine's readers wait.
const BATCH_KEYS: usize = 100;
/// Names that are read in one go.
const LISTED_NAMES: usize = 1000;
/// Ways to write a name that are kept.
const MAX_FORMS: usize = 16;
/// The name of the revision up to which blocks and counters are written.
const COUNTED: &str = "counted-revision";

/// A value with its counter and its postings that are not written. The committer alone changes it.
#[derive(Default)]
struct UnwrittenValue {
    counter: CounterRecord,
    postings: Arc<UnwrittenPostings>,
}

type Values = BTreeMap<Vec<u8>, UnwrittenValue>;

/// The values that changed since they were last written, by the keys of their counters.
#[derive(Default)]
pub(crate) struct Unwritten {
    values: RwLock<Values>,
}

/// How far a round of writing is.
#[derive(Default)]
pub(crate) struct Round {
    keys: std::vec::IntoIter<Vec<u8>>,
    values_a_change: usize,
    /// The revision up to which everything is written when the round ends.
    covers: u64,
}

impl Unwritten {
    fn read(&self) -> RwLockReadGuard<'_, Values> {
        self.values.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the counter of a value; all zero for a value that nothing has.
    pub(crate) fn counter(
        &self,
        engine: &Engine,
        tag: Tag,
        value: &str,
    ) -> Result<CounterRecord, StoreError> {
        let key = key::counter(tag, value);
        if let Some(value) = self.read().get(&key) {
            return Ok(value.counter.clone());
        }
        stored(engine, &key)
    }

    /// Returns the postings of a value that are not in its blocks: to be taken before the blocks are read.
    pub(crate) fn postings(&self, tag: Tag, value: &str) -> Arc<UnwrittenPostings> {
        self.read().get(&key::counter(tag, value)).map(|value| value.postings.clone()).unwrap_or_default()
    }

    /// Returns up to `limit` values of a tag from `start` on, in their order, with their counters.
    pub(crate) fn list(
        &self,
        engine: &Engine,
        tag: Tag,
        start: &str,
        limit: usize,
    ) -> Result<Vec<(String, CounterRecord)>, StoreError> {
        let (from, end) = (key::counter(tag, start), key::after_prefix(&key::counter_prefix(tag)));
        let changed = self.read();
        let mut in_memory = match &end {
            Some(end) => changed.range(from.clone()..end.clone()),
            None => changed.range(from.clone()..),
        }
        .peekable();
        let mut on_disk = engine.range(from, end, false)?.peekable();
        let mut values = Vec::new();
        while values.len() < limit {
            let (key, counter) = match (in_memory.peek(), on_disk.peek()) {
                (None, None) => break,
                (_, Some(Err(error))) => return Err(error.clone()),
                (Some((key, value)), disk) if disk_is_not_before(disk, key) => {
                    let found = ((*key).clone(), value.counter.clone());
                    if matches!(disk, Some(Ok((disk_key, _))) if disk_key == *key) {
                        on_disk.next();
                    }
                    in_memory.next();
                    found
                }
                (_, Some(Ok((key, value)))) => {
                    let found = (key.to_vec(), decode(key, value)?);
                    on_disk.next();
                    found
                }
                (Some(_), None) => break, // Not reached: nothing on disk is never before.
            };
            if counter.documents > 0 {
                let value = std::str::from_utf8(&key[2..])
                    .map_err(|_| StoreError::damaged("a counter has no name"))?;
                values.push((value.to_owned(), counter));
            }
        }
        Ok(values)
    }

    /// Takes in a change of what one document is found by. Called in the order of revisions; a revision that a value has
    /// already is passed over.
    pub(crate) fn count(
        &self,
        engine: &Engine,
        revision: u64,
        before: Option<Indexed>,
        after: Option<Indexed>,
        known: &KnownForms,
    ) -> Result<(), StoreError> {
        let mut steps: BTreeMap<Vec<u8>, (Option<IndexEntry>, Option<IndexEntry>)> = BTreeMap::new();
        let mut place = |indexed: Option<Indexed>, is_after: bool| {
            let Indexed { position, first_revision, entries } = indexed?;
            for ((tag, value), entry) in entries {
                let step = steps.entry(key::counter(tag, &value)).or_default();
                *(if is_after { &mut step.1 } else { &mut step.0 }) = Some(entry);
            }
            Some((position, first_revision))
        };
        let (place_before, place_after) = (place(before, false), place(after, true));
        // Counters that are on the disk are read before the lock is taken: readers wait for it.
        let absent: Vec<&Vec<u8>> = {
            let values = self.read();
            steps.keys().filter(|key| !values.contains_key(*key)).collect()
        };
        let mut read = Vec::with_capacity(absent.len());
        for key in absent {
            read.push((key.clone(), UnwrittenValue { counter: stored(engine, key)?, ..Default::default() }));
        }
        let mut values = self.values.write().unwrap_or_else(PoisonError::into_inner);
        values.extend(read);
        let mut changed_names = Vec::new();
        for (key, (before, after)) in steps {
            let speaker = key.strip_prefix(&key::counter_prefix(Tag::Speaker)[..]);
            let speaker = speaker.map(|name| String::from_utf8_lossy(name).into_owned());
            let UnwrittenValue { counter, postings } = values.entry(key).or_default();
            if counter.revision >= revision {
                continue;
            }
            counter.revision = revision;
            let was_known = counter.documents > 0;
            let postings = Arc::make_mut(postings);
            if let (Some(entry), Some((position, _))) = (before, place_before) {
                subtract(counter, &entry);
                postings.insert(position, None);
            }
            if let (Some(entry), Some((position, first_revision))) = (after, place_after) {
                add(counter, &entry);
                let value = EntryValue { first_revision, ordinals: entry.ordinals };
                postings.insert(position, Some(Arc::new(value)));
            }
            let is_known = counter.documents > 0;
            changed_names.extend(speaker.filter(|_| was_known != is_known).map(|name| (name, is_known)));
        }
        drop(values);
        for (name, is_known) in changed_names {
            if is_known { known.insert(&name) } else { known.remove(&name) }
        }
        Ok(())
    }

    /// Puts the forms of all speakers' names into `known`.
    pub(crate) fn list_names(&self, engine: &Engine, known: &KnownForms) -> Result<(), StoreError> {
        known.clear();
        let mut start = String::new();
        loop {
            let chunk = self.list(engine, Tag::Speaker, &start, LISTED_NAMES)?;
            let Some((last, _)) = chunk.last() else { return Ok(()) };
            start = format!("{last}\0");
            chunk.iter().for_each(|(name, _)| known.insert(name));
        }
    }

    /// Goes on with a round after so many changes. `revision` is the newest that was counted.
    pub(crate) fn write_some(
        &self,
        engine: &Engine,
        round: &mut Round,
        changes: usize,
        revision: u64,
    ) -> Result<(), StoreError> {
        if round.keys.len() == 0 {
            let keys: Vec<_> = self.read().keys().cloned().collect();
            let values_a_change = keys.len().div_ceil(ROUND_CHANGES);
            *round = Round { keys: keys.into_iter(), values_a_change, covers: revision };
        }
        let some = round.values_a_change * changes;
        self.write(engine, round.keys.by_ref().take(some))?;
        if round.keys.len() == 0 {
            let mut batch = Batch::default();
            batch.insert(key::meta(COUNTED), &round.covers.to_be_bytes());
            engine.apply(batch)?;
        }
        Ok(())
    }

    /// Writes all that is left. `revision` is the newest that was counted.
    pub(crate) fn write_all(&self, engine: &Engine, revision: u64) -> Result<(), StoreError> {
        let keys: Vec<_> = self.read().keys().cloned().collect();
        self.write(engine, keys.into_iter())?;
        let mut batch = Batch::default();
        batch.insert(key::meta(COUNTED), &revision.to_be_bytes());
        engine.apply(batch)
    }

    /// Writes the blocks and counters of some values. A value is in one batch whole.
    fn write(&self, engine: &Engine, keys: impl Iterator<Item = Vec<u8>>) -> Result<(), StoreError> {
        let (mut batch, mut written) = (Batch::default(), Vec::new());
        let apply = |batch: &mut Batch, written: &mut Vec<Vec<u8>>| {
            engine.apply(std::mem::take(batch))?;
            // Only now: whoever finds a value gone must find it on the disk.
            let mut values = self.values.write().unwrap_or_else(PoisonError::into_inner);
            written.drain(..).for_each(|key| drop(values.remove(&key)));
            Ok(())
        };
        for key in keys {
            let Some((counter, postings)) =
                self.read().get(&key).map(|value| (encode(&key, &value.counter), value.postings.clone()))
            else {
                continue;
            };
            let (tag, value) =
                key::parse_counter(&key).ok_or_else(|| StoreError::damaged("a counter has no name"))?;
            for (key, value) in postings::changes(engine, tag, value, &postings)? {
                match value {
                    Some(value) => batch.insert(key, value),
                    None => batch.remove(key),
                }
            }
            batch.insert(key.as_slice(), counter);
            written.push(key);
            if batch.len() >= BATCH_KEYS {
                apply(&mut batch, &mut written)?;
            }
        }
        if written.is_empty() { Ok(()) } else { apply(&mut batch, &mut written) }
    }

    /// Forgets what was not written; returns the revision after which to count again.
    pub(crate) fn forget(&self, engine: &Engine) -> Result<u64, StoreError> {
        self.values.write().unwrap_or_else(PoisonError::into_inner).clear();
        let Some(value) = engine.get(key::meta(COUNTED))? else { return Ok(0) };
        key::number(&value).ok_or_else(|| StoreError::damaged("the counted revision is no number"))
    }
}

/// Returns whether the next entry on disk is not before `key`.
fn disk_is_not_before(disk: Option<&Result<crate::engine::Entry, StoreError>>, key: &[u8]) -> bool {
    match disk {
        Some(Ok((disk_key, _))) => disk_key.as_ref() >= key,
        _ => true,
    }
}

fn stored(engine: &Engine, key: &[u8]) -> Result<CounterRecord, StoreError> {
    engine.get(key)?.map_or_else(|| Ok(CounterRecord::default()), |value| decode(key, &value))
}

fn encode(key: &[u8], counter: &CounterRecord) -> Vec<u8> {
    let mut value = vec![0; 4];
    counter.encode(&mut value).unwrap_or_default(); // A vector never lacks room.
    let crc = crc(key, &value[4..]);
    value[..4].copy_from_slice(&crc.to_be_bytes());
    value
}

pub(crate) fn decode(key: &[u8], value: &[u8]) -> Result<CounterRecord, StoreError> {
    let parts = || {
        let (expected, record) = value.split_first_chunk::<4>()?;
        (crc(key, record) == u32::from_be_bytes(*expected)).then(|| CounterRecord::decode(record).ok())?
    };
    parts().ok_or_else(|| StoreError::damaged("the checksum of a counter does not fit"))
}

fn crc(key: &[u8], record: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(key);
    hasher.update(record);
    hasher.finalize()
}

fn add(counter: &mut CounterRecord, entry: &IndexEntry) {
    let claims = entry.ordinals.len() as u64;
    counter.claims += claims;
    counter.documents += 1;
    let has_room = counter.forms.len() < MAX_FORMS;
    match counter.forms.iter_mut().find(|form| form.text == entry.name) {
        Some(form) => form.claims += claims,
        None if has_room => counter.forms.push(NameFormRecord { text: entry.name.clone(), claims }),
        None => {}
    }
}

fn subtract(counter: &mut CounterRecord, entry: &IndexEntry) {
    let claims = entry.ordinals.len() as u64;
    counter.claims = counter.claims.saturating_sub(claims);
    counter.documents = counter.documents.saturating_sub(1);
    if let Some(form) = counter.forms.iter_mut().find(|form| form.text == entry.name) {
        form.claims = form.claims.saturating_sub(claims);
    }
    if counter.documents == 0 {
        counter.forms.clear();
    }
}
