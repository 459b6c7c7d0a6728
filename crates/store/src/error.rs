//! What can go wrong. Nothing of the engine shows but in the `source` of an error.

use std::{error::Error, path::PathBuf, sync::Arc};

use dictum_core::{ClaimId, DocumentId};

/// The engine's or the system's own error: for logs, not for clients.
pub type Cause = Arc<dyn Error + Send + Sync + 'static>;

/// Why the store did not do what was asked.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// No document has this id.
    #[error("document `{document_id}` was not found")]
    DocumentNotFound {
        /// The id that was asked for.
        document_id: DocumentId,
    },
    /// The document was there and was deleted.
    #[error("document `{document_id}` was deleted at revision {revision}")]
    DocumentDeleted {
        /// The id that was asked for.
        document_id: DocumentId,
        /// The revision of the deletion.
        revision: u64,
    },
    /// No claim has this id.
    #[error("claim `{claim_id}` was not found")]
    ClaimNotFound {
        /// The id that was asked for.
        claim_id: ClaimId,
    },
    /// No listed claim has a speaker of this name.
    #[error("no speaker `{name}` is known")]
    SpeakerNotFound {
        /// The name that was asked for.
        name: String,
    },
    /// An argument cannot be served; nothing was read or written.
    #[error("{field}: {reason}")]
    BadArgument {
        /// Which one, as the field of a request: `filter.document_ids`.
        field: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The page token is not one of this store, or belongs to another query.
    #[error("the page token does not belong to this query")]
    BadPageToken,
    /// The change log no longer reaches back to this revision.
    #[error("revision {revision} is compacted; the oldest that can be read from is {oldest_revision}")]
    RevisionCompacted {
        /// The revision that was asked for.
        revision: u64,
        /// The oldest revision to watch from.
        oldest_revision: u64,
    },
    /// The revision lies ahead of the store: it comes from another store, or this one was restored from a backup.
    #[error("revision {revision} is ahead of the store, which is at {newest_revision}")]
    RevisionAhead {
        /// The revision that was asked for.
        revision: u64,
        /// The newest revision there is.
        newest_revision: u64,
    },
    /// Another process has the directory open.
    #[error("the store in `{}` is open in another process", path.display())]
    Locked {
        /// The directory of the store.
        path: PathBuf,
    },
    /// A later version of Dictum wrote the store.
    #[error("the store has format {found}, this version reads up to format {supported}: use a newer version")]
    NewerFormat {
        /// The format of the directory.
        found: u32,
        /// The newest format this version reads.
        supported: u32,
    },
    /// An earlier version of Dictum wrote the store.
    #[error(
        "the store has format {found}, this version works with format {supported}: upgrade it (dictum store upgrade)"
    )]
    OlderFormat {
        /// The format of the directory.
        found: u32,
        /// The format this version works with.
        supported: u32,
    },
    /// The store lost acknowledged changes: its log ends before the last revision that `HEAD` proves.
    #[error(
        "the store ends at revision {log_revision} but had acknowledged {head_revision}: restore from backup"
    )]
    LostTail {
        /// The last acknowledged revision.
        head_revision: u64,
        /// The last revision in the log.
        log_revision: u64,
    },
    /// What is on disk is not what was written.
    #[error("the store is damaged ({what}): restore from backup")]
    Damaged {
        /// What does not fit.
        what: String,
        /// The engine's own error, if it gave one.
        #[source]
        cause: Option<Cause>,
    },
    /// A backup cannot be read: it is cut off, changed, or none at all.
    #[error("the backup cannot be read: {what}")]
    BadBackup {
        /// What does not fit.
        what: String,
    },
    /// The disk is (nearly) full. Reads go on; writes work again as soon as there is room.
    #[error("the disk has {free_bytes} bytes left, {needed_bytes} are kept free: nothing was written")]
    DiskFull {
        /// What is left.
        free_bytes: u64,
        /// What must be left for a write.
        needed_bytes: u64,
    },
    /// The disk or the engine failed. What was acknowledged is safe; this was not written.
    #[error("the store could not {action}")]
    Failed {
        /// What it was about to do: "write to disk".
        action: &'static str,
        /// Why not.
        #[source]
        cause: Cause,
    },
    /// The store was closed while the call was under way.
    #[error("the store is closed")]
    Closed,
}

impl StoreError {
    /// Returns the error for an action that the system or the engine failed.
    pub(crate) fn failed(action: &'static str, cause: impl Error + Send + Sync + 'static) -> Self {
        Self::Failed { action, cause: Arc::new(cause) }
    }

    /// Returns the error for stored bytes that are not what was written.
    pub(crate) fn damaged(what: impl Into<String>) -> Self {
        Self::Damaged { what: what.into(), cause: None }
    }
}
