//! The thread that follows the store: reads the change log, writes the index, starts anew after failures.

use std::{
    path::PathBuf,
    sync::{Arc, PoisonError},
    time::{Duration, Instant},
};

use dictum_store::{
    ClaimChange, ClaimFilter, ListOrder, MAX_PAGE_SIZE, Store, StoreError, WatchEvent, WatchFrom,
};
use tokio::time::timeout;

use crate::{
    index::{Index, Writer},
    search::{SearchError, Shared},
};

/// Quiet time after which what was indexed is committed.
const QUIET: Duration = Duration::from_millis(200);
/// The longest time between two commits while writes go on: a commit waits for the disk, as writes do.
const COMMIT_EVERY: Duration = Duration::from_secs(2);
/// Pause after a failure.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// Follows the store until it is closed.
pub(crate) async fn run(store: Store, path: PathBuf, shared: Arc<Shared>) {
    let mut anew = false;
    loop {
        match follow(&store, &path, &shared, anew).await {
            Ok(()) | Err(SearchError::Store(StoreError::Closed)) => return,
            Err(SearchError::Damaged) => {
                anew = true; // At once: searches wait for it.
                tracing::warn!("a search met a damaged index, which is built anew");
            }
            Err(error) => {
                // What cannot be followed is built anew; a full disk passes, and the index was whole before it.
                anew = matches!(error, SearchError::Store(_));
                tracing::error!(error = %error, cause = ?std::error::Error::source(&error), "the search index fell behind");
                tokio::time::sleep(RETRY_AFTER).await;
            }
        }
    }
}

async fn follow(
    store: &Store,
    path: &std::path::Path,
    shared: &Shared,
    anew: bool,
) -> Result<(), SearchError> {
    let store_id = shared.store_id.as_str();
    shared.hide();
    let index = if anew { Index::create(path)? } else { Index::open(path, store_id, store.revision())? };
    let mut feed = Feed { writer: index.writer(store_id)?, index, shared };
    let mut known = feed.index.revision(store_id);
    // Additions up to here may be in the index already.
    let mut listed_to = 0;
    if known.is_none() {
        let (from, to) = fill(store, &feed.writer).await?;
        feed.commit(from)?;
        (known, listed_to) = (Some(from), to);
    }
    let mut committed = known.unwrap_or_default();
    feed.show(committed)?;
    let mut watch = store.watch(&ClaimFilter::default(), WatchFrom::After(committed)).await?;
    let mut last_commit = Instant::now();
    loop {
        let event = tokio::select! {
            event = timeout(QUIET, watch.next()) => event,
            () = shared.damaged.notified() => return Err(SearchError::Damaged),
        };
        let is_quiet = event.is_err();
        let is_closed = matches!(event, Ok(None));
        if let Ok(Some(event)) = event
            && let WatchEvent::Change(change) = event?
        {
            for claim in change.claims {
                match claim {
                    ClaimChange::Added(claim) => {
                        if change.revision <= listed_to {
                            feed.writer.remove(claim.claim().id);
                        }
                        feed.writer.add(&claim)?;
                    }
                    ClaimChange::Changed(claim) => {
                        feed.writer.remove(claim.claim().id);
                        feed.writer.add(&claim)?;
                    }
                    ClaimChange::Retracted(id) => feed.writer.remove(id),
                }
            }
        }
        let position = watch.position();
        if position > committed && (is_quiet || is_closed || last_commit.elapsed() >= COMMIT_EVERY) {
            feed.commit(position)?;
            feed.show(position)?;
            (committed, last_commit) = (position, Instant::now());
        }
        if is_closed {
            return Ok(());
        }
    }
}

/// Adds what is listed now. Returns the revision from which changes must be followed, and the one at the end.
async fn fill(store: &Store, writer: &Writer) -> Result<(u64, u64), SearchError> {
    let from = store.revision();
    let mut token: Option<String> = None;
    loop {
        let page = store
            .list_claims(
                &ClaimFilter::default(),
                ListOrder::WrittenAscending,
                MAX_PAGE_SIZE,
                token.as_deref(),
            )
            .await?;
        // A page may show documents that were written or changed after `from`: those come again with their change.
        for claim in page.claims.iter().filter(|claim| claim.document().revision <= from) {
            writer.add(claim)?;
        }
        token = page.next_page_token;
        if token.is_none() {
            return Ok((from, store.revision()));
        }
    }
}

struct Feed<'s> {
    writer: Writer,
    index: Index,
    shared: &'s Shared,
}

impl Feed<'_> {
    fn commit(&mut self, revision: u64) -> Result<(), SearchError> {
        Ok(self.writer.commit(revision)?)
    }

    /// Lets searches see the last commit.
    fn show(&self, revision: u64) -> Result<(), SearchError> {
        let snapshot = self.index.snapshot()?;
        let mut snapshots = self.shared.snapshots.write().unwrap_or_else(PoisonError::into_inner);
        snapshots.push_back((revision, snapshot));
        let excess = snapshots.len().saturating_sub(Shared::KEPT_SNAPSHOTS);
        snapshots.drain(..excess);
        drop(snapshots);
        self.shared.revision.send_replace(Some(revision));
        Ok(())
    }
}
