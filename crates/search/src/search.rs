//! The face: opening the index, and pages of hits that the store confirms.

use std::{
    collections::VecDeque,
    path::Path,
    sync::{Arc, Mutex, PoisonError, RwLock},
    thread::JoinHandle,
};

use dictum_core::{ClaimId, Span};
use dictum_store::{ClaimFilter, FilterTerms, Store, StoreError, StoredClaim};
use tokio::sync::{Notify, watch};

use crate::{
    feed,
    index::{IndexError, Snapshot},
    query::Query,
};

/// Hits of the index that one call looks at before it gives a short page.
const MAX_HITS_A_CALL: usize = 20_000;

/// Why a search failed.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// The query cannot be searched for.
    #[error("{0}")]
    BadQuery(String),
    /// The page token is not one of this query.
    #[error("the page token does not belong to this query")]
    BadPageToken,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The index failed.
    #[error("the search index failed")]
    Index(#[from] IndexError),
    /// The index is damaged, which a search noticed; it is being built anew.
    #[error("the search index is damaged and is being built anew")]
    Damaged,
}

/// A claim that was found.
#[derive(Debug, Clone)]
pub struct Hit {
    /// The claim, as the store has it.
    pub claim: StoredClaim,
    /// Where the words of the query are in its document's text, in text order.
    pub highlights: Vec<Span>,
}

/// A page of hits, the most relevant first.
#[derive(Debug, Clone)]
pub struct Hits {
    /// The hits.
    pub hits: Vec<Hit>,
    /// Ask with this for the next page; `None` on the last.
    pub next_page_token: Option<String>,
    /// The revision of the store up to which the index knew.
    pub revision: u64,
}

/// What searches and the feed share.
pub(crate) struct Shared {
    pub(crate) store_id: String,
    /// The last commits, the newest last: so that pages go on in the index that the first one saw.
    pub(crate) snapshots: RwLock<VecDeque<(u64, Snapshot)>>,
    pub(crate) revision: watch::Sender<Option<u64>>,
    /// Told by a search that could not read the index.
    pub(crate) damaged: Notify,
}

impl Shared {
    pub(crate) const KEPT_SNAPSHOTS: usize = 16;

    /// Takes away what can be searched, before another index comes in its place.
    pub(crate) fn hide(&self) {
        self.revision.send_replace(None);
        self.snapshots.write().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// Searches the claims of a store. A handle is cheap to clone.
#[derive(Clone)]
pub struct Search {
    store: Store,
    shared: Arc<Shared>,
    thread: Arc<Mutex<Option<JoinHandle<()>>>>,
}

impl std::fmt::Debug for Search {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Search").field("revision", &*self.shared.revision.borrow()).finish_non_exhaustive()
    }
}

impl Search {
    /// Starts the thread that keeps an index of `store` in the directory `path`; it ends when the store is closed.
    ///
    /// # Errors
    ///
    /// When the thread cannot be started.
    pub fn start(store: Store, path: &Path) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            store_id: store.id(),
            snapshots: RwLock::default(),
            revision: watch::Sender::new(None),
            damaged: Notify::new(),
        });
        let (runtime, path) = (tokio::runtime::Handle::current(), path.to_owned());
        let (fed_store, fed) = (store.clone(), shared.clone());
        let thread = std::thread::Builder::new()
            .name("search-feed".to_owned())
            .spawn(move || runtime.block_on(feed::run(fed_store, path, fed)))?;
        Ok(Self { store, shared, thread: Arc::new(Mutex::new(Some(thread))) })
    }

    /// Waits until the index has seen the end of the closed store.
    pub async fn finish(&self) {
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            let _ = tokio::task::spawn_blocking(move || thread.join()).await; // a panic is in the log already
        }
    }

    /// Returns the revision of the store up to which the index knows; `None` while it is opened or built.
    #[must_use]
    pub fn revision(&self) -> Option<u64> {
        *self.shared.revision.borrow()
    }

    /// Waits until the index knows what the store had at `revision`.
    pub async fn reached(&self, revision: u64) {
        let mut seen = self.shared.revision.subscribe();
        let _ = seen.wait_for(|seen| seen.is_some_and(|seen| seen >= revision)).await; // the sender is ours
    }

    /// Returns the most relevant claims that hold every word, `"phrase"` and `prefix*` of `text` and that the filter
    /// lets through. What the index knows of and the store no longer lists is left out.
    ///
    /// # Errors
    ///
    /// [`SearchError::BadQuery`], [`SearchError::BadPageToken`], and reading errors. While an index is opened or built, the
    /// search waits.
    pub async fn search(
        &self,
        text: &str,
        filter: &ClaimFilter,
        page_size: usize,
        page_token: Option<&str>,
    ) -> Result<Hits, SearchError> {
        match self.search_once(text, filter, page_size, page_token).await {
            Err(SearchError::Damaged) => {
                // Until it is taken away; then until another one is there.
                let _ = self.shared.revision.subscribe().wait_for(Option::is_none).await; // the sender is ours
                self.search_once(text, filter, page_size, page_token).await
            }
            found => found,
        }
    }

    async fn search_once(
        &self,
        text: &str,
        filter: &ClaimFilter,
        page_size: usize,
        page_token: Option<&str>,
    ) -> Result<Hits, SearchError> {
        let query = Query::parse(text).map_err(SearchError::BadQuery)?;
        let seal = |place: &str| {
            let bound = format!("{} {place} {query:?} {filter:?}", self.shared.store_id);
            blake3::hash(bound.as_bytes()).to_hex()[..16].to_owned()
        };
        let (wanted, mut offset) = match page_token.filter(|token| !token.is_empty()) {
            None => (None, 0),
            Some(token) => {
                let (found_seal, place) = token.split_once('-').ok_or(SearchError::BadPageToken)?;
                let (revision, offset) = place.split_once('-').ok_or(SearchError::BadPageToken)?;
                if seal(place) != found_seal {
                    return Err(SearchError::BadPageToken);
                }
                let bad = |_| SearchError::BadPageToken;
                (Some(revision.parse::<u64>().map_err(bad)?), offset.parse::<usize>().map_err(bad)?)
            }
        };
        let terms = self.store.filter_terms(filter).await?;
        let (revision, snapshot) = self.shown(wanted).await;
        let (mut hits, mut looked_at, mut limit) = (Vec::new(), 0, page_size.saturating_mul(2).max(64));
        let next = loop {
            let ids = match best(&snapshot, &query, &terms, offset, limit).await {
                Err(SearchError::Damaged) => {
                    self.shared.damaged.notify_one();
                    return Err(SearchError::Damaged);
                }
                ids => ids?,
            };
            let is_last = ids.len() < limit;
            let confirmed = self.store.confirm_claims(filter, ids.clone()).await?;
            for (ids_at, claim) in confirmed {
                if hits.len() == page_size {
                    break;
                }
                let document = claim.document();
                let language = document.extraction.language.as_deref();
                let highlights = query.highlights(&document.document.text, &claim.claim().form, language);
                hits.push((offset + ids_at + 1, Hit { claim, highlights }));
            }
            offset = if hits.len() == page_size {
                hits.last().map_or(offset, |(next, _)| *next)
            } else {
                offset + ids.len()
            };
            looked_at += ids.len();
            if hits.len() == page_size || looked_at >= MAX_HITS_A_CALL {
                break Some(offset);
            }
            if is_last {
                break None;
            }
            limit = (limit * 4).min(MAX_HITS_A_CALL - looked_at);
        };
        let next_page_token = next.map(|offset| {
            let place = format!("{revision}-{offset}");
            format!("{}-{place}", seal(&place))
        });
        Ok(Hits { hits: hits.into_iter().map(|(_, hit)| hit).collect(), next_page_token, revision })
    }

    /// Returns how a search is answered, in words.
    ///
    /// # Errors
    ///
    /// [`SearchError::BadQuery`] and reading errors.
    pub async fn explain(&self, text: &str, filter: &ClaimFilter) -> Result<String, SearchError> {
        let query = Query::parse(text).map_err(SearchError::BadQuery)?;
        let FilterTerms { all_of, published, min_confidence } = self.store.filter_terms(filter).await?;
        let mut all: Vec<String> = query.parts.iter().map(ToString::to_string).collect();
        all.extend(all_of.iter().map(|terms| format!("the filter's {}", terms.join(" or "))));
        all.extend((!published.is_open()).then(|| "its publish times".to_owned()));
        all.extend(min_confidence.map(|_| "its confidence".to_owned()));
        Ok(format!("search the index for {}; the store confirms every hit", all.join(" and ")))
    }

    /// Waits while an index is opened or built; returns the commit of this revision, or the newest.
    async fn shown(&self, revision: Option<u64>) -> (u64, Snapshot) {
        loop {
            self.reached(0).await;
            if let Some(shown) = self.snapshot(revision) {
                return shown;
            }
            tokio::task::yield_now().await; // It was just taken away.
        }
    }

    /// Returns the commit of this revision, or the newest.
    fn snapshot(&self, revision: Option<u64>) -> Option<(u64, Snapshot)> {
        let snapshots = self.shared.snapshots.read().unwrap_or_else(PoisonError::into_inner);
        let wanted = snapshots.iter().find(|(known, _)| Some(*known) == revision);
        wanted.or(snapshots.back()).cloned()
    }
}

async fn best(
    snapshot: &Snapshot,
    query: &Query,
    filter: &FilterTerms,
    offset: usize,
    limit: usize,
) -> Result<Vec<ClaimId>, SearchError> {
    let (snapshot, query, filter) = (snapshot.clone(), query.clone(), filter.clone());
    match tokio::task::spawn_blocking(move || snapshot.best(&query, &filter, offset, limit)).await {
        Ok(Ok(found)) => Ok(found),
        Ok(Err(error)) => {
            tracing::error!(error = &error as &dyn std::error::Error, "the search index cannot be read");
            Err(SearchError::Damaged)
        }
        Err(panicked) if panicked.is_panic() => Err(SearchError::Damaged),
        Err(_) => Err(StoreError::Closed.into()), // the runtime stops
    }
}
