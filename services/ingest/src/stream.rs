//! A stream of documents: so many at a time, acknowledged in order, each on its own.

use std::pin::Pin;

use dictum_proto::v1::{IngestDocumentsRequest, IngestDocumentsResponse, IngestResult, IngestStatus};
use dictum_server::trace_item;
use futures_util::{Stream, StreamExt, future, stream};
use tokio_util::task::AbortOnDropHandle;
use tonic::{Status, Streaming};

use crate::{error::Error, service::Intake};

/// What a client of the stream reads.
pub(crate) type Acknowledgements =
    Pin<Box<dyn Stream<Item = Result<IngestDocumentsResponse, Status>> + Send>>;

/// Ingests what comes until the client ends, the server stops, or a service behind ingest is away.
///
/// Nothing here queues: a document is taken from the transport when there is room for it, so a client that sends faster
/// is slowed by the window of its stream. When the client leaves, what is under way is given up.
pub(crate) fn acknowledge(intake: Intake, requests: Streaming<IngestDocumentsRequest>) -> Acknowledgements {
    let (window, stopping) = (intake.window, intake.stopping.clone());
    let stop = {
        let stopping = stopping.clone();
        async move { stopping.begun().await }
    };
    let acknowledgements = requests
        .take_until(Box::pin(stop))
        .then(move |request| admit(intake.clone(), request))
        .buffered(window);
    let end = stream::once(async move { stopping.has_begun().then(|| Err(dictum_server::shutting_down())) })
        .filter_map(future::ready);
    Box::pin(acknowledgements.chain(end))
}

/// Waits for room, then starts the work on one document; returns what waits for its end.
async fn admit(
    intake: Intake,
    request: Result<IngestDocumentsRequest, Status>,
) -> Pin<Box<dyn Future<Output = Result<IngestDocumentsResponse, Status>> + Send>> {
    let IngestDocumentsRequest { sequence, document } = match request {
        Ok(request) => request,
        Err(status) => return Box::pin(future::ready(Err(status))),
    };
    let room = intake.admit(document.as_ref()).await;
    // A task of its own goes on while the client is slow to read, and so gives its room back.
    let work = AbortOnDropHandle::new(tokio::spawn(trace_item("ingest a document", async move {
        let result = intake.ingest(document).await;
        drop(room);
        result
    })));
    Box::pin(async move {
        let result = work.await.unwrap_or_else(|error| Err(error.into()));
        Ok(IngestDocumentsResponse { sequence, result: Some(or_rejected(result)?) })
    })
}

/// A fault of one document is an answer; an outage ends the stream.
pub(crate) fn or_rejected(result: Result<IngestResult, Error>) -> Result<IngestResult, Status> {
    match result {
        Ok(result) => Ok(result),
        Err(error) if error.is_about_one_document() => Ok(rejected(&error.into())),
        Err(error) => Err(error.into()),
    }
}

fn rejected(status: &Status) -> IngestResult {
    IngestResult {
        status: IngestStatus::Rejected.into(),
        reason: dictum_proto::reason_name(status),
        message: status.message().to_owned(),
        ..Default::default()
    }
}
