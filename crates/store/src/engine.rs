//! The only file that names sled: one tree of ordered keys with atomic batches, made durable.
//!
//! sled 0.34 has traps that are dealt with here: its `flush` does not reach the disk on Linux (it ends in
//! `sync_file_range`), so the file is also synced by ourselves; it panics on damaged files, so opening is guarded; it
//! holds what it cannot write as an error for ever, so the engine can be opened again in place.

use std::{
    fs::{self, File},
    ops::Deref,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::{
        Arc, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use crate::{StoreError, key};

/// How long opening waits for a lock that nobody can be meant to hold: the directory has a lock of its own, so the
/// engine's is held only by readers that finish, by background work of an engine that was closed, or by a child
/// process between its fork and its exec.
const LOCK_WAIT: Duration = Duration::from_secs(10);
const LOCK_PAUSE: Duration = Duration::from_millis(20);

/// Bytes applied since the engine was opened from which closing also shortens the next opening.
const LONG_LOG_BYTES: u64 = 64 << 20;

/// Bytes of a key or value as the engine holds them.
pub(crate) type Bytes = sled::IVec;

/// A key with its value.
pub(crate) type Entry = (Bytes, Bytes);

/// The ordered keys of a store.
pub(crate) struct Engine {
    folder: PathBuf,
    cache_bytes: u64,
    /// Why it is not open, if it is not.
    open: RwLock<Result<Opened, StoreError>>,
    /// Bytes of keys and values applied since it was opened.
    applied_bytes: AtomicU64,
}

#[derive(Clone)]
struct Opened {
    db: sled::Db,
    data_file: Arc<File>,
}

/// Changes that take effect together or not at all.
#[derive(Default)]
pub(crate) struct Batch {
    batch: sled::Batch,
    length: usize,
    bytes: u64,
}

impl Batch {
    pub(crate) fn insert(&mut self, key: impl Into<Bytes>, value: impl Into<Bytes>) {
        let (key, value) = (key.into(), value.into());
        self.bytes += (key.len() + value.len()) as u64;
        self.batch.insert(key, value);
        self.length += 1;
    }

    pub(crate) fn remove(&mut self, key: impl Into<Bytes>) {
        self.batch.remove(key.into());
        self.length += 1;
    }

    /// Returns how many keys it changes.
    pub(crate) fn len(&self) -> usize {
        self.length
    }
}

impl Engine {
    /// Opens the keys in `folder`, which is made if it is absent.
    pub(crate) fn open(folder: &Path, cache_bytes: u64) -> Result<Self, StoreError> {
        let opened = Opened::open(folder, cache_bytes)?;
        Ok(Self {
            folder: folder.to_owned(),
            cache_bytes,
            open: RwLock::new(Ok(opened)),
            applied_bytes: AtomicU64::new(0),
        })
    }

    /// Closes the engine and opens it again: the only way out of an error that it keeps. Readers wait meanwhile.
    pub(crate) fn reopen(&self) -> Result<(), StoreError> {
        let mut open = self.open.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        *open = Err(StoreError::Closed); // Its lock on the file must go first.
        *open = Opened::open(&self.folder, self.cache_bytes);
        open.as_ref().map(drop).map_err(Clone::clone)
    }

    /// Closes the engine; whatever is called afterwards fails with [`StoreError::Closed`].
    pub(crate) fn close(&self) {
        *self.open.write().unwrap_or_else(std::sync::PoisonError::into_inner) = Err(StoreError::Closed);
    }

    /// Closes the engine in such a way that it opens fast again.
    ///
    /// sled notes where each page lies only while it opens, by reading its log from the last note on: a gigabyte takes
    /// seconds. So what was written since is read now, while nobody waits.
    pub(crate) fn close_for_long(&self) -> Result<(), StoreError> {
        self.close();
        if self.applied_bytes.swap(0, Ordering::Relaxed) < LONG_LOG_BYTES {
            return Ok(());
        }
        Opened::open(&self.folder, self.cache_bytes).map(drop)
    }

    fn opened(&self) -> Result<Opened, StoreError> {
        let open = self.open.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        open.clone()
    }

    /// Returns the value of `key`.
    pub(crate) fn get(&self, key: impl AsRef<[u8]>) -> Result<Option<Bytes>, StoreError> {
        self.opened()?.db.get(key).map_err(read_failed)
    }

    /// Returns the entries from `start` up to, not including, `end` in the order of keys, from the end if `descending`.
    pub(crate) fn range(
        &self,
        start: Vec<u8>,
        end: Option<Vec<u8>>,
        descending: bool,
    ) -> Result<impl Iterator<Item = Result<Entry, StoreError>> + Send + use<>, StoreError> {
        let tree = self.opened()?.db.deref().clone();
        let mut range = match end {
            Some(end) => tree.range(start..end),
            None => tree.range(start..),
        };
        Ok(std::iter::from_fn(move || if descending { range.next_back() } else { range.next() })
            .map(|entry| entry.map_err(read_failed)))
    }

    /// Returns the entries whose keys start with `prefix`.
    pub(crate) fn prefix(
        &self,
        prefix: &[u8],
        descending: bool,
    ) -> Result<impl Iterator<Item = Result<Entry, StoreError>> + Send + use<>, StoreError> {
        self.range(prefix.to_vec(), key::after_prefix(prefix), descending)
    }

    /// Applies `batch`; it is durable after the next [`Engine::sync`].
    pub(crate) fn apply(&self, batch: Batch) -> Result<(), StoreError> {
        self.applied_bytes.fetch_add(batch.bytes, Ordering::Relaxed);
        self.opened()?.db.apply_batch(batch.batch).map_err(write_failed)
    }

    /// Makes everything applied so far survive the loss of power.
    pub(crate) fn sync(&self) -> Result<(), StoreError> {
        let Opened { db, data_file } = self.opened()?;
        db.flush().map_err(write_failed)?;
        data_file.sync_data().map_err(|cause| StoreError::failed("write to disk", cause))
    }
}

impl Opened {
    fn open(folder: &Path, cache_bytes: u64) -> Result<Self, StoreError> {
        fs::create_dir_all(folder).map_err(|cause| StoreError::failed("make its directory", cause))?;
        let config = sled::Config::new()
            .path(folder)
            .cache_capacity(cache_bytes)
            .mode(sled::Mode::HighThroughput)
            .flush_every_ms(None);
        let give_up = Instant::now() + LOCK_WAIT;
        let db = loop {
            let opened = catch_unwind(AssertUnwindSafe(|| config.open()))
                .map_err(|panic| StoreError::damaged(panic_text(panic.as_ref())))?;
            match opened {
                Err(cause) if is_locked(&cause) && Instant::now() < give_up => {
                    std::thread::sleep(LOCK_PAUSE);
                }
                opened => break opened.map_err(open_failed)?,
            }
        };
        let data_file = File::options()
            .read(true)
            .write(true)
            .open(folder.join("db"))
            .map_err(|cause| StoreError::failed("open its data file", cause))?;
        Ok(Self { db, data_file: Arc::new(data_file) })
    }
}

/// Returns what a panic said.
pub(crate) fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text =
        panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("the engine gave up: {}", text.unwrap_or("no reason given"))
}

/// Whether opening failed because of the lock on the engine's file. sled gives the reason only in words.
fn is_locked(cause: &sled::Error) -> bool {
    matches!(cause, sled::Error::Io(cause) if cause.to_string().contains("could not acquire lock"))
}

fn open_failed(cause: sled::Error) -> StoreError {
    match cause {
        sled::Error::Io(_) => StoreError::failed("open its data file", cause),
        sled::Error::Corruption { .. } | sled::Error::Unsupported(_) | sled::Error::ReportableBug(_) => {
            damaged("its data file cannot be read", cause)
        }
        sled::Error::CollectionNotFound(_) => damaged("its keys are missing", cause),
    }
}

fn read_failed(cause: sled::Error) -> StoreError {
    match cause {
        sled::Error::Corruption { .. } | sled::Error::ReportableBug(_) => {
            damaged("a page cannot be read", cause)
        }
        _ => StoreError::failed("read from disk", cause),
    }
}

fn write_failed(cause: sled::Error) -> StoreError {
    StoreError::failed("write to disk", cause)
}

fn damaged(what: &str, cause: sled::Error) -> StoreError {
    StoreError::Damaged { what: what.to_owned(), cause: Some(Arc::new(cause)) }
}
