//! Documents that are older than they are to be kept are deleted, the oldest first.

use std::time::{Duration, Instant};

use dictum_core::{DocumentId, Timestamp};
use dictum_server::Stopping;
use dictum_store::{Store, StoreError};
use futures_util::{StreamExt, TryStreamExt, stream};

/// How often old documents are looked for.
const EVERY: Duration = Duration::from_secs(600);
/// Documents that are deleted in one go.
const AT_ONCE: usize = 200;
/// Deletions that share a flush to disk.
const IN_FLIGHT: usize = 32;

/// Deletes documents whose time lies more than `keep` back, now and every ten minutes, until the server stops.
pub(crate) async fn keep_for(store: Store, keep: Duration, stopping: Stopping) {
    // The clock is read once: one that jumps ahead later must not delete what is not old.
    let (started, instant) = (Timestamp::now(), Instant::now());
    loop {
        let now = started.saturating_add(instant.elapsed());
        let before = now.and_then(|now| now.saturating_sub(keep));
        if let Ok(before) = before {
            tokio::select! {
                purged = purge_all(&store, before) => match purged {
                    Ok(0) => {}
                    Ok(documents) => tracing::info!(documents, %before, "deleted documents by their age"),
                    Err(error) => {
                        let error = &error as &dyn std::error::Error;
                        tracing::warn!(error, "could not delete documents by their age; trying again later");
                    }
                },
                () = stopping.begun() => return,
            }
        }
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            () = stopping.begun() => return,
        }
    }
}

async fn purge_all(store: &Store, before: Timestamp) -> Result<usize, StoreError> {
    let mut documents = 0;
    loop {
        let ids = store.documents_before(before, AT_ONCE).await?;
        if ids.is_empty() {
            return Ok(documents);
        }
        documents += ids.len();
        delete(store, &ids).await?;
    }
}

/// Deletes documents; those that are gone meanwhile are no error.
pub(crate) async fn delete(store: &Store, ids: &[DocumentId]) -> Result<(), StoreError> {
    let deletions = ids.iter().map(|id| {
        let (store, id) = (store.clone(), *id);
        async move {
            match store.delete_document(id).await {
                Ok(_) | Err(StoreError::DocumentNotFound { .. }) => Ok(()),
                Err(error) => Err(error),
            }
        }
    });
    stream::iter(deletions.collect::<Vec<_>>()).buffer_unordered(IN_FLIGHT).try_collect::<()>().await
}
