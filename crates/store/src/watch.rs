//! Following the change log: from memory for those who keep up, from the log for those who do not.

use std::{collections::VecDeque, sync::Arc};

use tokio::sync::watch;

use crate::{
    StoreError, filter::PreparedFilter, inner::Inner, log::LoggedChange, model::WatchEvent, people,
    project::project, store::blocking,
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
///
/// A filter by speaker lets through every form of the name that is known when the watch starts, and those that come to be
/// known as one of the speaker's while it runs; what was let through once stays so.
pub struct Watch {
    inner: Arc<Inner>,
    /// As it was asked for.
    asked: PreparedFilter,
    /// With the forms of the speakers that it names.
    filter: PreparedFilter,
    /// The forms from which those were chosen, and the count of changes that they stand for.
    beside: (u64, Vec<Vec<String>>),
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
    pub(crate) fn new(inner: Arc<Inner>, asked: PreparedFilter, filter: PreparedFilter, after: u64) -> Self {
        Self {
            newest: inner.subscribe(),
            beside: (inner.known.generation(), people::forms_beside(&inner, &asked)),
            asked,
            inner,
            filter,
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
                let changes = match self.join_forms().await {
                    Ok(()) => self.read(newest).await,
                    Err(error) => Err(error),
                };
                match changes {
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

    /// Lets through the forms that became known as a speaker's since the last look.
    async fn join_forms(&mut self) -> Result<(), StoreError> {
        let generation = self.inner.known.generation();
        if self.asked.speakers.is_empty() || self.beside.0 == generation {
            return Ok(());
        }
        let beside = people::forms_beside(&self.inner, &self.asked);
        if beside != self.beside.1 {
            let (inner, asked) = (self.inner.clone(), self.asked.clone());
            let joined = blocking(move || people::resolve(&inner, &asked)).await?;
            self.filter.speakers.extend(joined.speakers);
            self.filter.speakers.sort();
            self.filter.speakers.dedup();
        }
        self.beside = (generation, beside);
        Ok(())
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
