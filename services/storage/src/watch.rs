//! Watches as streams: bounded, with bookmarks in quiet times, ended when the reader or the server stops.

use std::{pin::Pin, sync::Arc, time::Duration};

use dictum_core::ClaimId;
use dictum_proto::v1::{ChangeKind, Claim, ClaimView, WatchClaimsResponse};
use dictum_server::{Stopping, gauge_value};
use dictum_store::{Change, ClaimChange, Watch, WatchEvent};
use futures_util::{Stream, StreamExt, stream};
use prometheus_client::metrics::gauge::Gauge;
use tokio::{
    sync::{
        OwnedSemaphorePermit, Semaphore,
        mpsc::{self, error::SendTimeoutError},
        oneshot,
    },
    time::timeout,
};
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;

use crate::{error::Error, metrics::StorageMetrics, service::claims_to_wire};

/// Answers that wait for the reader; with the transport's window this is all that a watcher can hold.
const WAITING_ANSWERS: usize = 16;

/// Quiet time after which a bookmark is sent: proxies answer pings themselves, so only answers keep a stream alive.
const BOOKMARK_EVERY: Duration = Duration::from_secs(15);

/// What a watcher reads.
pub(crate) type Changes = Pin<Box<dyn Stream<Item = Result<WatchClaimsResponse, Status>> + Send>>;

/// Opens watches, so many at a time.
#[derive(Debug, Clone)]
pub(crate) struct Watches {
    room: Arc<Semaphore>,
    max_watches: usize,
    patience: Duration,
    stopping: Stopping,
    open: Gauge,
}

impl Watches {
    pub(crate) fn new(
        max_watches: usize,
        patience: Duration,
        stopping: Stopping,
        metrics: &StorageMetrics,
    ) -> Self {
        metrics.watches_limit.set(gauge_value(max_watches as u64));
        let open = metrics.watches.clone();
        Self { room: Arc::new(Semaphore::new(max_watches)), max_watches, patience, stopping, open }
    }

    /// Returns the stream of `watch`. Its last item says why it ended.
    pub(crate) fn open(&self, watch: Watch) -> Result<Changes, Error> {
        let permit = Arc::clone(&self.room)
            .try_acquire_owned()
            .map_err(|_| Error::TooManyWatches { max_watches: self.max_watches })?;
        let (answers, receiver) = mpsc::channel(WAITING_ANSWERS);
        let (ended, why) = oneshot::channel();
        let pump = Pump { last_revision: watch.position(), watch, answers, patience: self.patience };
        let (stopping, open) = (self.stopping.clone(), self.open.clone());
        tokio::spawn(async move {
            open.inc();
            let why = pump.run(stopping, permit).await;
            open.dec();
            let _ = ended.send(why); // the reader is gone: nobody to tell
        });
        let end = stream::once(why).filter_map(|why| async { why.ok().flatten().map(Err) });
        Ok(Box::pin(ReceiverStream::new(receiver).map(Ok).chain(end)))
    }
}

struct Pump {
    watch: Watch,
    answers: mpsc::Sender<WatchClaimsResponse>,
    patience: Duration,
    last_revision: u64,
}

impl Pump {
    /// Hands changes to the reader; returns why it stopped, unless the reader left.
    async fn run(mut self, stopping: Stopping, _permit: OwnedSemaphorePermit) -> Option<Status> {
        loop {
            let event = tokio::select! {
                event = timeout(BOOKMARK_EVERY, self.watch.next()) => event,
                () = stopping.begun() => return Some(dictum_server::shutting_down()),
                () = self.answers.closed() => return None,
            };
            let answers = match event {
                Ok(Some(Ok(WatchEvent::Change(change)))) => answers_of(change),
                Ok(Some(Ok(WatchEvent::Bookmark { revision }))) => vec![bookmark(revision)],
                Ok(Some(Err(error))) => return Some(Error::from(error).into()),
                Ok(None) => return Some(dictum_server::shutting_down()), // the store is closed
                Err(_) => vec![bookmark(self.watch.position())],
            };
            for answer in answers {
                let revision = answer.revision;
                let is_bookmark = answer.kind() == ChangeKind::Bookmark;
                match self.answers.send_timeout(answer, self.patience).await {
                    Ok(()) if is_bookmark => self.last_revision = revision,
                    Ok(()) => {}
                    Err(SendTimeoutError::Closed(_)) => return None,
                    Err(SendTimeoutError::Timeout(_)) => return Some(self.too_slow().into()),
                }
            }
        }
    }

    fn too_slow(&self) -> Error {
        Error::ConsumerTooSlow { patience: self.patience, last_revision: self.last_revision }
    }
}

/// The claims of one revision, then the bookmark that makes it safe to resume after it.
fn answers_of(change: Change) -> Vec<WatchClaimsResponse> {
    let revision = change.revision;
    let answer = |kind: ChangeKind, claim: Claim| WatchClaimsResponse {
        kind: kind.into(),
        claim: Some(claim),
        revision,
    };
    let mut answers = Vec::with_capacity(change.claims.len() + 1);
    for change in change.claims {
        answers.extend(match change {
            ClaimChange::Added(claim) => whole(&claim).map(|claim| answer(ChangeKind::Added, claim)),
            ClaimChange::Changed(claim) => whole(&claim).map(|claim| answer(ChangeKind::Changed, claim)),
            ClaimChange::Retracted(claim_id) => Some(answer(ChangeKind::Retracted, only_ids(claim_id))),
        });
    }
    answers.push(bookmark(revision));
    answers
}

fn whole(claim: &dictum_store::StoredClaim) -> Option<Claim> {
    claims_to_wire(std::slice::from_ref(claim), ClaimView::Full).pop()
}

fn only_ids(claim_id: ClaimId) -> Claim {
    Claim {
        claim_id: claim_id.to_string(),
        document_id: claim_id.document_id().to_string(),
        form: None,
        provenance: None,
    }
}

fn bookmark(revision: u64) -> WatchClaimsResponse {
    WatchClaimsResponse { kind: ChangeKind::Bookmark.into(), claim: None, revision }
}
