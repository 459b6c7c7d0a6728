//! What can go wrong with a call, and the status that says so.

use std::time::Duration;

use dictum_proto::{ConvertError, field_violation, status, status_with_retry, v1::ErrorReason};
use dictum_search::SearchError;
use dictum_store::StoreError;
use tonic::{Code, Status};

/// When to try a write again that found no room.
const RETRY_WRITE_AFTER: Duration = Duration::from_secs(5);
/// When to ask again for a backup while another is under way.
const RETRY_BACKUP_AFTER: Duration = Duration::from_secs(10);
/// When to ask again for a watch that found no room.
const RETRY_WATCH_AFTER: Duration = Duration::from_secs(1);

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The request cannot be taken.
    #[error(transparent)]
    Request(#[from] ConvertError),
    /// The store did not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The store takes no writes now.
    #[error("the store takes no writes now")]
    NotWritten(#[source] StoreError),
    /// The claims could not be searched.
    #[error(transparent)]
    Search(#[from] SearchError),
    /// As many watches are open as may be.
    #[error("{max_watches} watches are open, which is the most this server takes")]
    TooManyWatches {
        /// How many may be open.
        max_watches: usize,
    },
    /// A backup is under way.
    #[error("a backup is under way; there is one at a time")]
    BackupUnderWay,
    /// A watcher did not read for too long.
    #[error("the watcher has not read for {} seconds; it can resume after revision {last_revision}", patience.as_secs())]
    ConsumerTooSlow {
        /// How long it may not read.
        patience: Duration,
        /// The last revision that was handed to it whole.
        last_revision: u64,
    },
}

impl Error {
    /// Returns the error of a write: the disk's fault is not the caller's, and passes.
    pub(crate) fn of_write(error: StoreError) -> Self {
        match error {
            StoreError::DiskFull { .. } | StoreError::Failed { .. } => Self::NotWritten(error),
            error => Self::Store(error),
        }
    }
}

impl From<Error> for Status {
    fn from(error: Error) -> Self {
        let message = error.to_string();
        match error {
            Error::Request(error) => error.into(),
            Error::Store(error) => store_status(error, message),
            Error::NotWritten(cause) => {
                tracing::error!(error = causes(&cause), "the store takes no writes");
                let reason = ErrorReason::StoreNotWritable;
                status_with_retry(Code::Unavailable, reason, message, [], RETRY_WRITE_AFTER)
            }
            Error::Search(SearchError::Store(error)) => store_status(error, message),
            Error::Search(SearchError::BadQuery(reason)) => {
                field_violation(ErrorReason::FieldInvalid, "query", &reason)
            }
            Error::Search(SearchError::BadPageToken) => {
                field_violation(ErrorReason::PageTokenInvalid, "page_token", &message)
            }
            Error::Search(error @ (SearchError::Index(_) | SearchError::Damaged)) => {
                dictum_server::internal(&error)
            }
            Error::TooManyWatches { max_watches } => status_with_retry(
                Code::ResourceExhausted,
                ErrorReason::Overloaded,
                message,
                [("max_watches", max_watches.to_string().as_str())],
                RETRY_WATCH_AFTER,
            ),
            Error::BackupUnderWay => {
                let reason = ErrorReason::Overloaded;
                status_with_retry(Code::ResourceExhausted, reason, message, [], RETRY_BACKUP_AFTER)
            }
            Error::ConsumerTooSlow { patience: _, last_revision } => status(
                Code::Aborted,
                ErrorReason::ConsumerTooSlow,
                message,
                [("last_revision", last_revision.to_string().as_str())],
            ),
        }
    }
}

fn store_status(error: StoreError, message: String) -> Status {
    let not_found =
        |reason, name, id: String| status(Code::NotFound, reason, message.clone(), [(name, id.as_str())]);
    match error {
        StoreError::DocumentNotFound { document_id }
        | StoreError::DocumentDeleted { document_id, revision: _ } => {
            not_found(ErrorReason::DocumentNotFound, "document_id", document_id.to_string())
        }
        StoreError::ClaimNotFound { claim_id } => {
            not_found(ErrorReason::ClaimNotFound, "claim_id", claim_id.to_string())
        }
        StoreError::SpeakerNotFound { name } => not_found(ErrorReason::SpeakerNotFound, "name", name),
        StoreError::BadArgument { field, reason } => {
            field_violation(ErrorReason::FieldInvalid, field, &reason)
        }
        StoreError::BadPageToken => field_violation(ErrorReason::PageTokenInvalid, "page_token", &message),
        StoreError::RevisionCompacted { revision, oldest_revision } => status(
            Code::OutOfRange,
            ErrorReason::RevisionCompacted,
            message,
            [
                ("after_revision", revision.to_string().as_str()),
                ("oldest_revision", oldest_revision.to_string().as_str()),
            ],
        ),
        StoreError::RevisionAhead { revision, newest_revision } => status(
            Code::OutOfRange,
            ErrorReason::RevisionCompacted,
            message,
            [
                ("after_revision", revision.to_string().as_str()),
                ("newest_revision", newest_revision.to_string().as_str()),
            ],
        ),
        StoreError::Damaged { .. } | StoreError::LostTail { .. } => {
            tracing::error!(error = causes(&error), "the store is damaged");
            status(Code::DataLoss, ErrorReason::RecordDamaged, "a stored record is damaged", [])
        }
        StoreError::Closed => dictum_server::shutting_down(),
        // The disk failed a read; the rest is met only when a store is opened or restored.
        StoreError::DiskFull { .. }
        | StoreError::Failed { .. }
        | StoreError::Locked { .. }
        | StoreError::NewerFormat { .. }
        | StoreError::OlderFormat { .. }
        | StoreError::BadBackup { .. } => dictum_server::internal(&error),
    }
}

fn causes(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {}", causes(cause)),
        None => error.to_string(),
    }
}
