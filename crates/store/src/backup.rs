//! Backups: the whole store as one stream, independent of the engine. Also the way to rewrite a store more densely.
//!
//! Bytes: `DICTUMBK` | frames. A frame is kind (1) | length (4, big-endian) | content:
//!
//! | kind | content |
//! |---|---|
//! | `H` | format version (4) \| store id (16) |
//! | `B` | first revision (8) \| the value under its key; a later frame of the same document replaces an earlier one |
//! | `L` | revision (8) \| the value under its key |
//! | `E` | revision (8) \| documents, deleted ones included (8) \| log entries (8) \| BLAKE3 of all bytes before this frame (32) |
//!
//! Indexes and counters are derived and not in it: restoring builds them anew. In backups of format 1 `B` holds the
//! document (16) and the value of that format.

use std::{
    collections::HashSet,
    fs,
    io::{self, Read, Write},
    path::Path,
};

use dictum_core::DocumentId;

use crate::{
    StoreError, StoreOptions,
    bundle::{self, Bundle, RawBundle},
    commit::message_key,
    engine::{Batch, Engine},
    head::{Head, HeadFile},
    index::Indexed,
    inner::Inner,
    key,
    log::{self, LogReader},
    names::KnownForms,
    store::{FORMAT_VERSION, lock_folder, open_folder, sync_folder, write_meta},
    unwritten::Unwritten,
};

const MAGIC: &[u8; 8] = b"DICTUMBK";
const HEADER: u8 = b'H';
const BUNDLE: u8 = b'B';
const LOG: u8 = b'L';
const END: u8 = b'E';

/// Largest frame that is read, against lengths made up by damage.
const MAX_FRAME_BYTES: u32 = 300 << 20;
/// Bytes of values that are applied in one batch while restoring.
const BATCH_BYTES: usize = 1 << 20;
/// A pause while a change becomes durable.
const SETTLE_TIME: std::time::Duration = std::time::Duration::from_millis(1);
/// Keys likewise.
const BATCH_KEYS: usize = 500;
/// Documents whose index entries are kept in memory while indexes are built.
const DOCUMENTS_AT_ONCE: u64 = 4096;

/// What is in a backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BackupSummary {
    /// The revision of which it holds the store.
    pub revision: u64,
    /// Documents in it, with the marks of deleted ones.
    pub documents: u64,
    /// Entries of the change log in it.
    pub log_entries: u64,
    /// Its length in bytes.
    pub bytes: u64,
    /// BLAKE3 of all bytes before its last frame.
    pub hash: [u8; 32],
}

/// Writes frames and hashes what it writes.
struct FrameWriter<W> {
    writer: W,
    hasher: blake3::Hasher,
    bytes: u64,
}

impl<W: Write> FrameWriter<W> {
    fn raw(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.hasher.update(bytes);
        self.bytes += bytes.len() as u64;
        self.writer.write_all(bytes)
    }

    fn frame(&mut self, kind: u8, parts: &[&[u8]]) -> Result<(), StoreError> {
        let length: usize = parts.iter().map(|part| part.len()).sum();
        let length = u32::try_from(length).unwrap_or(u32::MAX); // Values are far below 4 GiB.
        let mut write = || {
            self.raw(&[kind])?;
            self.raw(&length.to_be_bytes())?;
            parts.iter().try_for_each(|part| self.raw(part))
        };
        write().map_err(|cause| StoreError::failed("write the backup", cause))
    }
}

/// Writes the store to `writer` as it is at one revision, while writes go on.
///
/// All documents are written once; those that changed meanwhile are written again, until none of what was written is
/// newer than the log up to the revision that the backup ends with.
pub(crate) fn write(inner: &Inner, writer: impl Write) -> Result<BackupSummary, StoreError> {
    let mut out = FrameWriter { writer, hasher: blake3::Hasher::new(), bytes: 0 };
    out.raw(MAGIC).map_err(|cause| StoreError::failed("write the backup", cause))?;
    out.frame(HEADER, &[&FORMAT_VERSION.to_be_bytes(), &inner.store_id()])?;
    let mut revision = inner.revision();
    let mut written = WrittenBundles::default();
    let end = key::bundle(revision + 1).to_vec();
    for entry in inner.engine.range(vec![key::BUNDLE], Some(end), false)? {
        let (key, value) = entry?;
        written.write(&mut out, first_revision(&key)?, &value)?;
    }
    loop {
        let since = std::mem::replace(&mut revision, inner.revision());
        for id in changed(inner, since, revision)? {
            if let Some((first_revision, value)) = bundle::find(&inner.engine, id)? {
                written.write(&mut out, first_revision, &value)?;
            }
        }
        if written.newest_revision <= revision {
            break;
        }
        std::thread::sleep(SETTLE_TIME); // A change that was read is about to become durable.
    }
    let mut log_entries: u64 = 0;
    for revision in inner.oldest_revision()? + 1..=revision {
        let value = inner.engine.get(key::log(revision))?;
        let value =
            value.ok_or_else(|| StoreError::damaged(format!("the log has no revision {revision}")))?;
        out.frame(LOG, &[&revision.to_be_bytes(), &value])?;
        log_entries += 1;
    }
    let WrittenBundles { documents, .. } = written;
    let (documents, hash) = (documents.len() as u64, *out.hasher.finalize().as_bytes());
    let end = [revision.to_be_bytes(), documents.to_be_bytes(), log_entries.to_be_bytes()].concat();
    out.frame(END, &[&end, &hash])?;
    out.writer.flush().map_err(|cause| StoreError::failed("write the backup", cause))?;
    Ok(BackupSummary { revision, documents, log_entries, bytes: out.bytes, hash })
}

/// What was written so far.
#[derive(Default)]
struct WrittenBundles {
    documents: HashSet<DocumentId>,
    newest_revision: u64,
}

impl WrittenBundles {
    fn write(
        &mut self,
        out: &mut FrameWriter<impl Write>,
        first_revision: u64,
        value: &[u8],
    ) -> Result<(), StoreError> {
        let raw = RawBundle::read(first_revision, value)?;
        self.newest_revision = self.newest_revision.max(raw.standing.revision);
        self.documents.insert(raw.document_id);
        out.frame(BUNDLE, &[&first_revision.to_be_bytes(), value])
    }
}

/// Returns the documents that the log entries after `since` up to `until` changed.
fn changed(inner: &Inner, since: u64, until: u64) -> Result<HashSet<DocumentId>, StoreError> {
    let log = LogReader { engine: &inner.engine };
    (since + 1..=until).map(|revision| log::document_id(&log.record(revision)?.document_id)).collect()
}

fn first_revision(key: &[u8]) -> Result<u64, StoreError> {
    key::revision_of(key).ok_or_else(|| StoreError::damaged("a document's key is too short"))
}

/// Reads frames and hashes what it reads.
struct FrameReader<R> {
    reader: R,
    hasher: blake3::Hasher,
    bytes: u64,
}

impl<R: Read> FrameReader<R> {
    fn raw(&mut self, length: usize) -> Result<Vec<u8>, StoreError> {
        let mut bytes = Vec::new();
        let read = (&mut self.reader).take(length as u64).read_to_end(&mut bytes);
        read.map_err(|cause| StoreError::failed("read the backup", cause))?;
        if bytes.len() < length {
            return Err(bad("it is cut off"));
        }
        self.hasher.update(&bytes);
        self.bytes += length as u64;
        Ok(bytes)
    }

    /// Reads a frame; also returns the hash of everything before it.
    fn frame(&mut self) -> Result<(u8, Vec<u8>, blake3::Hash), StoreError> {
        let hash = self.hasher.finalize();
        let head = self.raw(5)?;
        let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]);
        if length > MAX_FRAME_BYTES {
            return Err(bad("a frame is too long"));
        }
        Ok((head[0], self.raw(length as usize)?, hash))
    }
}

fn bad(what: &str) -> StoreError {
    StoreError::BadBackup { what: what.to_owned() }
}

/// Makes a store in the directory `path` out of a backup. The directory must be absent or empty (but for `lost+found`); a
/// mounted one is kept. What is built lies in `restoring` until it is whole.
///
/// # Errors
///
/// [`StoreError::BadBackup`] when the backup is cut off, changed or of a newer format; [`StoreError::BadArgument`] when
/// the directory holds something.
pub(crate) fn restore(
    reader: impl Read,
    path: &Path,
    options: &StoreOptions,
) -> Result<BackupSummary, StoreError> {
    let failed = |cause| StoreError::failed("make its directory", cause);
    let was_there = path.exists();
    if was_there {
        for entry in path.read_dir().map_err(failed)? {
            let name = entry.map_err(failed)?.file_name();
            // A restore that was cut off left the last two.
            if !["lost+found", "restoring", "LOCK"].iter().any(|known| name == *known) {
                return Err(StoreError::BadArgument {
                    field: "path",
                    reason: "the directory is not empty".to_owned(),
                });
            }
        }
    }
    fs::create_dir_all(path).map_err(failed)?;
    let lock = lock_folder(path)?;
    let building = path.join("restoring");
    let restored = restore_into(reader, path, &building, options);
    if restored.is_err() {
        drop(lock);
        // The error is the one to be told, not what its leftovers do.
        let _ = fs::remove_dir_all(&building);
        let _ = fs::remove_file(path.join("LOCK"));
        if !was_there {
            let _ = fs::remove_dir(path);
        }
    }
    restored
}

fn restore_into(
    reader: impl Read,
    path: &Path,
    building: &Path,
    options: &StoreOptions,
) -> Result<BackupSummary, StoreError> {
    let failed = |cause| StoreError::failed("make its directory", cause);
    if building.exists() {
        fs::remove_dir_all(building).map_err(failed)?;
    }
    fs::create_dir_all(building).map_err(failed)?;
    let engine = Engine::open(&building.join("sled"), options.cache_bytes)?;
    let (summary, head) = load(&engine, reader)?;
    let (mut head_file, _) = HeadFile::open(&building.join("HEAD"))?;
    engine.sync()?;
    head_file.write(head)?;
    head_file.sync()?;
    engine.close_for_long()?;
    sync_folder(building)?;
    // `HEAD` comes last: without it, what is there does not open.
    fs::rename(building.join("sled"), path.join("sled")).map_err(failed)?;
    sync_folder(path)?;
    fs::rename(building.join("HEAD"), path.join("HEAD")).map_err(failed)?;
    fs::remove_dir(building).map_err(failed)?;
    sync_folder(path)?;
    Ok(summary)
}

/// Fills an empty engine from a backup and builds indexes and counters.
fn load(engine: &Engine, reader: impl Read) -> Result<(BackupSummary, Head), StoreError> {
    let mut batch = Filling::new(engine);
    let (summary, head) = read(reader, |item| match item {
        Item::Start { store_id } => write_meta(engine, store_id),
        Item::Document(raw) => batch.insert_document(&raw),
        Item::LogEntry { revision, value } => batch.insert(key::log(revision).to_vec(), value.to_vec()),
    })?;
    batch.apply()?;
    if summary.documents != derive(engine, head.revision)? {
        return Err(bad("documents are missing"));
    }
    Ok((summary, head))
}

/// Reads a backup to its end and makes nothing of it.
pub(crate) fn check(reader: impl Read) -> Result<BackupSummary, StoreError> {
    let mut documents = HashSet::new();
    let (summary, _) = read(reader, |item| {
        if let Item::Document(raw) = item {
            documents.insert(raw.document_id);
            raw.decode()?;
        }
        Ok(())
    })?;
    if summary.documents == documents.len() as u64 { Ok(summary) } else { Err(bad("documents are missing")) }
}

/// What a backup holds, one after the other.
enum Item<'b> {
    Start { store_id: [u8; 16] },
    Document(RawBundle<'b>),
    LogEntry { revision: u64, value: &'b [u8] },
}

/// Reads a backup, hands out what is in it, and checks everything but how many documents there are.
fn read(
    reader: impl Read,
    mut take: impl FnMut(Item<'_>) -> Result<(), StoreError>,
) -> Result<(BackupSummary, Head), StoreError> {
    let mut input = FrameReader { reader, hasher: blake3::Hasher::new(), bytes: 0 };
    if input.raw(MAGIC.len())? != MAGIC {
        return Err(bad("it is no backup of this program"));
    }
    let (kind, header, _) = input.frame()?;
    let (format, store_id) = header.split_first_chunk::<4>().ok_or_else(|| bad("its header is cut off"))?;
    let store_id = <[u8; 16]>::try_from(store_id).map_err(|_| bad("its header has another length"))?;
    let format = u32::from_be_bytes(*format);
    if kind != HEADER || format > FORMAT_VERSION {
        return Err(bad("a later version of the program wrote it"));
    }
    take(Item::Start { store_id })?;
    let mut head = Head::default();
    let mut log_entries = 0;
    let (end, hash) = loop {
        let (kind, content, hash) = input.frame()?;
        match kind {
            BUNDLE => {
                let cut_off = || bad("a document is cut off");
                let raw = if format == 1 {
                    let (id, value) = content.split_first_chunk::<16>().ok_or_else(cut_off)?;
                    RawBundle::read_format_1(DocumentId::from_bytes(*id), value)?
                } else {
                    let (revision, value) = content.split_first_chunk::<8>().ok_or_else(cut_off)?;
                    RawBundle::read(u64::from_be_bytes(*revision), value)?
                };
                take(Item::Document(raw))?;
            }
            LOG => {
                let (revision, value) =
                    content.split_first_chunk::<8>().ok_or_else(|| bad("an entry is cut off"))?;
                let revision = u64::from_be_bytes(*revision);
                let (chain, _) = log::decode(revision, value)?;
                if log_entries > 0 && (revision != head.revision + 1 || !log::follows(head.chain, value)) {
                    return Err(bad("its log entries do not follow each other"));
                }
                head = Head { revision, chain };
                log_entries += 1;
                take(Item::LogEntry { revision, value })?;
            }
            END => break (content, hash),
            _ => return Err(bad("it has a frame of an unknown kind")),
        }
    };
    let numbers = end.split_first_chunk::<24>().ok_or_else(|| bad("its end is cut off"))?;
    let number = |at: usize| numbers.0[at..at + 8].try_into().map(u64::from_be_bytes).unwrap_or_default();
    if numbers.1 != hash.as_bytes() || number(0) != head.revision || number(16) != log_entries {
        return Err(bad("its contents are not those that were written"));
    }
    let (documents, bytes) = (number(8), input.bytes);
    let summary =
        BackupSummary { revision: head.revision, documents, log_entries, bytes, hash: *hash.as_bytes() };
    Ok((summary, head))
}

/// Builds indexes and counters from the documents, or goes on with it; returns how many documents there are, deleted
/// ones included.
pub(crate) fn derive(engine: &Engine, revision: u64) -> Result<u64, StoreError> {
    let unwritten = Unwritten::default();
    let counted = unwritten.forget(engine)?;
    let mut batch = Filling::new(engine);
    let mut documents = 0;
    for entry in engine.prefix(&[key::BUNDLE], false)? {
        let (key, value) = entry?;
        let first_revision = first_revision(&key)?;
        documents += 1;
        if first_revision <= counted {
            continue;
        }
        let raw = RawBundle::read(first_revision, &value)?;
        let (id, is_listed) = (raw.document_id, raw.is_listed());
        let Bundle::Present(document) = raw.decode()? else { continue };
        batch.insert(key::content(document.document.content_hash(), id), Vec::new())?;
        if !is_listed {
            continue;
        }
        if let Some(key) = message_key(&document.document) {
            batch.insert(key.to_vec(), id.as_bytes().to_vec())?;
        }
        let indexed = Indexed::of(id, &document.document, &document.extraction, first_revision);
        // The store that is opened later lists the names itself.
        unwritten.count(engine, first_revision, None, Some(indexed), &KnownForms::default())?;
        if documents % DOCUMENTS_AT_ONCE == 0 {
            batch.apply()?;
            unwritten.write_all(engine, first_revision)?;
            engine.sync()?;
        }
    }
    batch.apply()?;
    unwritten.write_all(engine, revision)?;
    Ok(documents)
}

/// Applies entries in batches of bounded size.
pub(crate) struct Filling<'e> {
    engine: &'e Engine,
    batch: Batch,
    bytes: usize,
    /// The documents in the batch.
    documents: HashSet<DocumentId>,
}

impl<'e> Filling<'e> {
    pub(crate) fn new(engine: &'e Engine) -> Self {
        Self { engine, batch: Batch::default(), bytes: 0, documents: HashSet::new() }
    }

    pub(crate) fn insert(&mut self, key: Vec<u8>, value: Vec<u8>) -> Result<(), StoreError> {
        self.bytes += value.len();
        self.batch.insert(key, value);
        if self.batch.len() >= BATCH_KEYS || self.bytes >= BATCH_BYTES { self.apply() } else { Ok(()) }
    }

    /// Inserts a document in the place of an earlier state of it.
    pub(crate) fn insert_document(&mut self, raw: &RawBundle<'_>) -> Result<(), StoreError> {
        let (id, first_revision) = (raw.document_id, raw.standing.first_revision);
        if !self.documents.insert(id) {
            self.apply()?;
            self.documents.insert(id);
        }
        let before = self.engine.get(key::document(id))?.and_then(|value| key::number(&value));
        if let Some(before) = before.filter(|before| *before != first_revision) {
            self.batch.remove(&key::bundle(before));
        }
        let value = raw.value();
        self.bytes += value.len();
        self.batch.insert(&key::bundle(first_revision), value);
        self.insert(key::document(id).to_vec(), first_revision.to_be_bytes().to_vec())
    }

    pub(crate) fn apply(&mut self) -> Result<(), StoreError> {
        self.bytes = 0;
        self.documents.clear();
        self.engine.apply(std::mem::take(&mut self.batch))
    }
}

/// Rewrites the closed store in `path` so that it takes less room; returns its bytes before and after.
///
/// The new files are built beside the old ones and take their place when they are whole. A compaction that is cut off
/// at any moment leaves a store that opens.
pub(crate) fn compact(path: &Path, options: &StoreOptions) -> Result<(u64, u64), StoreError> {
    let failed = |cause| StoreError::failed("put the new files in their place", cause);
    let opened = open_folder(path, options.clone())?;
    let (old, new) = (path.join("sled"), path.join("sled.new"));
    let before = crate::store::folder_bytes(&old).map_err(failed)?;
    let engine = Engine::open(&new, options.cache_bytes)?;
    let (reader, writer) = io::pipe().map_err(failed)?;
    let (_, head) = std::thread::scope(|scope| {
        let backup = scope.spawn(|| write(&opened.inner, io::BufWriter::with_capacity(1 << 16, writer)));
        let loaded = load(&engine, io::BufReader::with_capacity(1 << 16, reader));
        let written = backup.join().unwrap_or_else(|_| Err(StoreError::damaged("the engine gave up")));
        written.and(loaded)
    })?;
    if head != opened.head {
        return Err(StoreError::damaged("the rewritten log is another one"));
    }
    engine.sync()?;
    engine.close_for_long()?;
    opened.inner.engine.close();
    replace_engine(path, &new)?;
    Ok((before, crate::store::folder_bytes(&old).map_err(failed)?))
}

/// Puts a new folder of the engine, closed and on the disk, in the place of the old one.
pub(crate) fn replace_engine(path: &Path, new: &Path) -> Result<(), StoreError> {
    let failed = |cause| StoreError::failed("put the new files in their place", cause);
    let (current, aside) = (path.join("sled"), path.join("sled.old"));
    sync_folder(path)?;
    fs::rename(&current, &aside).map_err(failed)?;
    fs::rename(new, &current).map_err(failed)?;
    sync_folder(path)?;
    fs::remove_dir_all(&aside).map_err(failed)
}

/// Puts right what a compaction that was cut off left behind.
pub(crate) fn finish_compaction(path: &Path) -> Result<(), StoreError> {
    let failed = |cause| StoreError::failed("remove what a compaction left", cause);
    let (current, new, aside) = (path.join("sled"), path.join("sled.new"), path.join("sled.old"));
    if aside.exists() && !current.exists() {
        fs::rename(&aside, &current).map_err(failed)?;
    }
    for leftover in [new, aside] {
        if leftover.exists() {
            fs::remove_dir_all(leftover).map_err(failed)?;
        }
    }
    Ok(())
}
