//! Following the change log: from memory for those who keep up, from the log for those who do not.

use std::{collections::VecDeque, sync::Arc};

use tokio::sync::watch;

use crate::{
    StoreError, filter::PreparedFilter, inner::Inner, log::LoggedChange, model::WatchEvent, project::project,
    store::blocking,
};

/// Changes that are looked at in one go: small, so that a slow reader holds little.
const CHUNK: usize = 64;

/// Where a watch starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WatchFrom {
    /// With the next change.
    Now,
    /// With the first change after this revision; 0 is the beginning.
    After(u64),
}

/// The changes of the store that a filter lets through, in the order of revisions, each once.
///
/// A watch never holds up the store: it keeps no queue that fills, but reads on from where it is. Whoever reads slowly
/// sees everything, later. The first event, after what was missed, is a bookmark.
pub struct Watch {
    inner: Arc<Inner>,
    filter: Arc<PreparedFilter>,
    newest: watch::Receiver<Option<u64>>,
    /// The last revision that was looked at.
    read_to: u64,
    /// The last revision of which everything was given.
    position: u64,
    pending: VecDeque<WatchEvent>,
    caught_up: bool,
}

impl std::fmt::Debug for Watch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watch").field("position", &self.position).finish_non_exhaustive()
    }
}

impl Watch {
    pub(crate) fn new(inner: Arc<Inner>, filter: PreparedFilter, after: u64) -> Self {
        Self {
            newest: inner.subscribe(),
            inner,
            filter: Arc::new(filter),
            read_to: after,
            position: after,
            pending: VecDeque::new(),
            caught_up: false,
        }
    }

    /// Returns the revision to resume from after the events that were given: for bookmarks in quiet times.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Waits for the next event; `None` once the store is closed. Nothing is lost when the wait is given up.
    ///
    /// # Errors
    ///
    /// [`StoreError::RevisionCompacted`] when the log was cut behind a reader that was too slow; reading errors.
    pub async fn next(&mut self) -> Option<Result<WatchEvent, StoreError>> {
        loop {
            if let Some(event) = self.pending.pop_front() {
                self.position = match &event {
                    WatchEvent::Change(change) => change.revision,
                    WatchEvent::Bookmark { revision } => *revision,
                };
                return Some(Ok(event));
            }
            self.position = self.read_to;
            let newest = (*self.newest.borrow_and_update())?;
            if self.read_to < newest {
                match self.read(newest).await {
                    Ok(changes) => self.take(&changes),
                    Err(error) => return Some(Err(error)),
                }
            } else if !self.caught_up {
                self.caught_up = true;
                return Some(Ok(WatchEvent::Bookmark { revision: self.read_to }));
            } else {
                self.newest.changed().await.ok()?;
            }
        }
    }

    async fn read(&self, newest: u64) -> Result<Vec<Arc<LoggedChange>>, StoreError> {
        if let Some(changes) = self.inner.recent_after(self.read_to, CHUNK) {
            return Ok(changes);
        }
        let (inner, position) = (self.inner.clone(), self.read_to);
        blocking(move || {
            let oldest_revision = inner.oldest_revision()?;
            if position < oldest_revision {
                return Err(StoreError::RevisionCompacted { revision: position, oldest_revision });
            }
            inner.logged_after(position, newest, CHUNK)
        })
        .await
    }

    fn take(&mut self, changes: &[Arc<LoggedChange>]) {
        for change in changes {
            self.read_to = change.revision;
            self.pending.extend(project(change, &self.filter).map(WatchEvent::Change));
        }
    }
}
