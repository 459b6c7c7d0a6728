//! Decoded documents in memory: hot reads touch neither the engine nor zstd.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use dictum_core::DocumentId;
use quick_cache::{Weighter, sync::Cache};

use crate::{StoreError, model::StoredDocument};

/// The cache. A document in it is never older than the last published change of it.
pub(crate) struct DecodedCache {
    cache: Cache<DocumentId, Arc<StoredDocument>, Bytes>,
    /// Counts published changes of documents that were there before: whoever loaded one meanwhile must not keep it.
    changes: AtomicU64,
    hits: AtomicU64,
    misses: AtomicU64,
}

/// Weighs a document by the memory it takes, about.
#[derive(Clone)]
struct Bytes;

impl Weighter<DocumentId, Arc<StoredDocument>> for Bytes {
    fn weight(&self, _: &DocumentId, document: &Arc<StoredDocument>) -> u64 {
        const OF_A_DOCUMENT: usize = 1024;
        const OF_A_CLAIM: usize = 512;
        (OF_A_DOCUMENT + document.document.text.len() + OF_A_CLAIM * document.extraction.claims.len()) as u64
    }
}

impl DecodedCache {
    /// Makes a cache of this many bytes.
    pub(crate) fn new(bytes: u64) -> Self {
        const TYPICAL_DOCUMENT_BYTES: u64 = 8192;
        let documents = usize::try_from(bytes / TYPICAL_DOCUMENT_BYTES).unwrap_or(usize::MAX).max(16);
        Self {
            cache: Cache::with_weighter(documents, bytes, Bytes),
            changes: AtomicU64::new(0),
            hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
        }
    }

    /// Returns the document if it is here.
    pub(crate) fn get(&self, id: DocumentId) -> Option<Arc<StoredDocument>> {
        let found = self.cache.get(&id);
        let counter = if found.is_some() { &self.hits } else { &self.misses };
        counter.fetch_add(1, Ordering::Relaxed);
        found
    }

    /// Loads a document and keeps it, unless a change was published while it was loaded.
    pub(crate) fn load(
        &self,
        id: DocumentId,
        load: impl FnOnce() -> Result<Arc<StoredDocument>, StoreError>,
    ) -> Result<Arc<StoredDocument>, StoreError> {
        let changes = self.changes.load(Ordering::SeqCst);
        let document = load()?;
        self.cache.insert(id, document.clone());
        if self.changes.load(Ordering::SeqCst) != changes {
            self.cache.remove(&id);
        }
        Ok(document)
    }

    /// Keeps a document that was just written.
    pub(crate) fn insert_new(&self, document: Arc<StoredDocument>) {
        self.cache.insert(document.document.id(), document);
    }

    /// Forgets a document that was changed.
    pub(crate) fn forget(&self, id: DocumentId) {
        self.changes.fetch_add(1, Ordering::SeqCst);
        self.cache.remove(&id);
    }

    /// Forgets all.
    pub(crate) fn clear(&self) {
        self.changes.fetch_add(1, Ordering::SeqCst);
        self.cache.clear();
    }

    /// Returns how many documents are kept, and how many look-ups found theirs and how many did not.
    pub(crate) fn counts(&self) -> (u64, u64, u64) {
        let (hits, misses) = (self.hits.load(Ordering::Relaxed), self.misses.load(Ordering::Relaxed));
        (self.cache.len() as u64, hits, misses)
    }
}
