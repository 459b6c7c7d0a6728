//! What the handles of a store, its committer and its watches share.

use std::{
    collections::VecDeque,
    path::PathBuf,
    sync::{Arc, OnceLock, PoisonError, RwLock},
};

use dictum_core::DocumentId;
use tokio::sync::watch;

use crate::{
    StoreError, StoreOptions,
    bundle::{self, Bundle},
    decoded::DecodedCache,
    engine::Engine,
    key,
    log::{LogReader, LoggedChange},
    model::{GroupReport, StoredDocument},
    names::KnownForms,
    unwritten::Unwritten,
};

/// Who is told what the committer did.
pub(crate) type Observer = Box<dyn Fn(GroupReport) + Send + Sync>;

/// The store behind its handles.
pub(crate) struct Inner {
    pub(crate) path: PathBuf,
    pub(crate) options: StoreOptions,
    pub(crate) engine: Engine,
    pub(crate) decoded: DecodedCache,
    /// Forms of speakers' names.
    pub(crate) known: KnownForms,
    pub(crate) unwritten: Unwritten,
    /// Made at random when the store was made: keys its page tokens.
    store_id: OnceLock<[u8; 16]>,
    /// The newest durable revision; `None` once the store is closed.
    newest: watch::Sender<Option<u64>>,
    /// Who is told of every group.
    pub(crate) observer: OnceLock<Observer>,
    /// The last durable changes, without a gap, oldest first.
    recent: RwLock<VecDeque<Arc<LoggedChange>>>,
}

impl Inner {
    pub(crate) fn new(path: PathBuf, options: StoreOptions, engine: Engine) -> Self {
        Self {
            path,
            decoded: DecodedCache::new(options.decoded_cache_bytes),
            options,
            engine,
            known: KnownForms::default(),
            unwritten: Unwritten::default(),
            store_id: OnceLock::new(),
            newest: watch::Sender::new(Some(0)),
            observer: OnceLock::new(),
            recent: RwLock::new(VecDeque::new()),
        }
    }

    /// Sets the id of the store, once, as it is opened.
    pub(crate) fn set_store_id(&self, store_id: [u8; 16]) {
        self.store_id.get_or_init(|| store_id);
    }

    /// Returns the id of the store.
    pub(crate) fn store_id(&self) -> [u8; 16] {
        self.store_id.get().copied().unwrap_or_default()
    }

    /// Returns the newest durable revision.
    pub(crate) fn revision(&self) -> u64 {
        self.newest.borrow().unwrap_or_default()
    }

    /// Returns a receiver that is told of every new durable revision.
    pub(crate) fn subscribe(&self) -> watch::Receiver<Option<u64>> {
        self.newest.subscribe()
    }

    /// Returns a document, from memory if it is there.
    pub(crate) fn document(&self, id: DocumentId) -> Result<Arc<StoredDocument>, StoreError> {
        match self.decoded.get(id) {
            Some(document) => Ok(document),
            None => self.decoded.load(id, || self.load(id)),
        }
    }

    /// Returns a document as the engine has it.
    pub(crate) fn load(&self, document_id: DocumentId) -> Result<Arc<StoredDocument>, StoreError> {
        match bundle::load(&self.engine, document_id)? {
            Some(Bundle::Present(document)) => Ok(Arc::from(document)),
            Some(Bundle::Deleted(standing)) => {
                Err(StoreError::DocumentDeleted { document_id, revision: standing.revision })
            }
            None => Err(StoreError::DocumentNotFound { document_id }),
        }
    }

    /// Shows durable changes to readers and watchers.
    pub(crate) fn publish(&self, changes: Vec<LoggedChange>, revision: u64) {
        if changes.is_empty() {
            return;
        }
        let mut recent = self.recent.write().unwrap_or_else(PoisonError::into_inner);
        for change in changes {
            match (&change.before, &change.after) {
                (None, Some(document)) => self.decoded.insert_new(document.clone()),
                _ => self.decoded.forget(change.document_id),
            }
            recent.push_back(Arc::new(change));
        }
        let excess = recent.len().saturating_sub(self.options.recent_changes);
        recent.drain(..excess);
        drop(recent);
        self.newest.send_replace(Some(revision));
    }

    /// Shows a revision that was read from disk; watchers take what leads to it from the log.
    pub(crate) fn catch_up(&self, revision: u64) {
        self.recent.write().unwrap_or_else(PoisonError::into_inner).clear();
        self.newest.send_replace(Some(revision));
    }

    /// Ends all watches.
    pub(crate) fn close_watches(&self) {
        self.newest.send_replace(None);
    }

    /// Returns up to `limit` changes after `revision` from memory; `None` when they are no longer there.
    pub(crate) fn recent_after(&self, revision: u64, limit: usize) -> Option<Vec<Arc<LoggedChange>>> {
        let recent = self.recent.read().unwrap_or_else(PoisonError::into_inner);
        let oldest = recent.front()?.revision;
        let skip = usize::try_from((revision + 1).checked_sub(oldest)?).ok()?;
        let changes: Vec<_> = recent.iter().skip(skip).take(limit).cloned().collect();
        (!changes.is_empty()).then_some(changes)
    }

    /// Reads up to `limit` changes after `revision` from the log, none after `newest`.
    pub(crate) fn logged_after(
        &self,
        revision: u64,
        newest: u64,
        limit: usize,
    ) -> Result<Vec<Arc<LoggedChange>>, StoreError> {
        let log = LogReader { engine: &self.engine };
        let last = newest.min(revision.saturating_add(limit as u64));
        (revision + 1..=last).map(|revision| log.change(revision).map(Arc::new)).collect()
    }

    /// Returns the oldest revision that a watch can start from.
    pub(crate) fn oldest_revision(&self) -> Result<u64, StoreError> {
        let first = self.engine.prefix(&[key::LOG], false)?.next().transpose()?;
        let first = first.and_then(|(key, _)| key::revision_of(&key));
        Ok(first.map_or(0, |revision| revision.saturating_sub(1)))
    }

    /// Returns the free bytes of the disk.
    pub(crate) fn free_bytes(&self) -> Result<u64, StoreError> {
        fs2::available_space(&self.path)
            .map_err(|cause| StoreError::failed("ask for free room on its disk", cause))
    }
}
