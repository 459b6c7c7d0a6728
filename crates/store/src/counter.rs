//! How many claims and documents have a value: for lists of speakers, topics and channels, and for the planner.
//!
//! Counters are derived from the change log. Changed ones are kept in memory and written now and then in small batches.
//! Each says up to which revision it counts, so that a crash between two batches does no harm: the log behind the last
//! complete writing is counted again, and a counter that has a revision already passes it over.
//!
//! Bytes of a value: CRC-32 of key and record (4) | [`CounterRecord`].

use std::{
    collections::{BTreeMap, btree_map},
    sync::{
        PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
};

use prost::Message;

use crate::{
    StoreError,
    engine::{Batch, Engine},
    index::{Entries, IndexEntry},
    key::{self, Tag},
    names::KnownForms,
    record::{CounterRecord, NameFormRecord},
};

/// Changed counters that are kept in memory.
const MAX_CHANGED: usize = 4096;
/// Revisions that are counted again after a crash, at most.
const MAX_UNWRITTEN_REVISIONS: u64 = 4096;
/// Counters that are written in one batch: while it is applied, the engine's readers wait.
const BATCH_COUNTERS: usize = 150;
/// Names that are read in one go.
const LISTED_NAMES: usize = 1000;
/// Ways to write a name that are kept.
const MAX_FORMS: usize = 16;
/// The name of the revision up to which the written counters count.
const COUNTED: &str = "counted-revision";

/// The counters that changed since they were last written. The committer alone changes them.
#[derive(Default)]
pub(crate) struct Counters {
    changed: RwLock<BTreeMap<Vec<u8>, CounterRecord>>,
    written_revision: AtomicU64,
}

impl Counters {
    /// Returns the counter of a value; all zero for a value that nothing has.
    pub(crate) fn get(&self, engine: &Engine, tag: Tag, value: &str) -> Result<CounterRecord, StoreError> {
        let key = key::counter(tag, value);
        if let Some(counter) = self.changed.read().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return Ok(counter.clone());
        }
        stored(engine, &key)
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
        let changed = self.changed.read().unwrap_or_else(PoisonError::into_inner);
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
                (Some((key, counter)), disk) if disk_is_not_before(disk, key) => {
                    let found = ((*key).clone(), (*counter).clone());
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

    /// Counts a change of what one document is found by. Called in the order of revisions; a revision that a counter has
    /// already does not count twice.
    pub(crate) fn count(
        &self,
        engine: &Engine,
        revision: u64,
        before: Entries,
        after: Entries,
        known: &KnownForms,
    ) -> Result<(), StoreError> {
        let mut steps: BTreeMap<Vec<u8>, (Option<IndexEntry>, Option<IndexEntry>)> = BTreeMap::new();
        for ((tag, value), entry) in before {
            steps.entry(key::counter(tag, &value)).or_default().0 = Some(entry);
        }
        for ((tag, value), entry) in after {
            steps.entry(key::counter(tag, &value)).or_default().1 = Some(entry);
        }
        let mut changed = self.changed.write().unwrap_or_else(PoisonError::into_inner);
        let mut changed_names = Vec::new();
        for (key, (before, after)) in steps {
            let is_speaker = key.starts_with(&key::counter_prefix(Tag::Speaker));
            let name =
                if is_speaker { String::from_utf8_lossy(&key[2..]).into_owned() } else { String::new() };
            let counter = match changed.entry(key) {
                btree_map::Entry::Occupied(entry) => entry.into_mut(),
                btree_map::Entry::Vacant(entry) => {
                    let counter = stored(engine, entry.key())?;
                    entry.insert(counter)
                }
            };
            if counter.revision >= revision {
                continue;
            }
            counter.revision = revision;
            let was_known = counter.documents > 0;
            if let Some(entry) = before {
                subtract(counter, &entry);
            }
            if let Some(entry) = after {
                add(counter, &entry);
            }
            if is_speaker && was_known != (counter.documents > 0) {
                changed_names.push((name, counter.documents > 0));
            }
        }
        drop(changed);
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

    /// Writes the changed counters if there are many, or any and `always`. `revision` is the newest that they count.
    pub(crate) fn write(&self, engine: &Engine, revision: u64, always: bool) -> Result<(), StoreError> {
        let unwritten = revision.saturating_sub(self.written_revision.load(Ordering::Relaxed));
        let changed = self.changed.read().unwrap_or_else(PoisonError::into_inner);
        let is_due = changed.len() >= MAX_CHANGED || unwritten >= MAX_UNWRITTEN_REVISIONS;
        if changed.is_empty() || !(is_due || always) {
            return Ok(());
        }
        let mut batch = Batch::default();
        for (key, counter) in &*changed {
            batch.insert(key.as_slice(), encode(key, counter));
            if batch.len() >= BATCH_COUNTERS {
                engine.apply(std::mem::take(&mut batch))?;
            }
        }
        batch.insert(key::meta(COUNTED), &revision.to_be_bytes());
        engine.apply(batch)?;
        drop(changed);
        self.changed.write().unwrap_or_else(PoisonError::into_inner).clear();
        self.written_revision.store(revision, Ordering::Relaxed);
        Ok(())
    }

    /// Returns the revision up to which the written counters count.
    fn counted_revision(engine: &Engine) -> Result<u64, StoreError> {
        let Some(value) = engine.get(key::meta(COUNTED))? else { return Ok(0) };
        let bytes = value
            .as_ref()
            .try_into()
            .map_err(|_| StoreError::damaged("the counted revision is no number"))?;
        Ok(u64::from_be_bytes(bytes))
    }

    /// Forgets what was not written; returns the revision after which to count again.
    pub(crate) fn forget(&self, engine: &Engine) -> Result<u64, StoreError> {
        self.changed.write().unwrap_or_else(PoisonError::into_inner).clear();
        let revision = Self::counted_revision(engine)?;
        self.written_revision.store(revision, Ordering::Relaxed);
        Ok(revision)
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
