//! A stream of documents, each answered on its own, in order.

use std::pin::Pin;

use dictum_proto::v1::{
    ExtractClaimsRequest, ExtractClaimsResponse, ExtractClaimsStreamRequest, ExtractClaimsStreamResponse,
};
use futures_util::{Stream, StreamExt, future, stream};
use tonic::{Status, Streaming};

use crate::service::Extractor;

/// Documents of one stream that are worked on at a time: enough to keep every core busy with long ones.
const WINDOW: usize = 16;

/// What a client of the stream reads.
pub(crate) type Answers = Pin<Box<dyn Stream<Item = Result<ExtractClaimsStreamResponse, Status>> + Send>>;

/// Extracts what comes until the client ends or the server stops.
pub(crate) fn answers(extractor: Extractor, requests: Streaming<ExtractClaimsStreamRequest>) -> Answers {
    let stopping = extractor.stopping.clone();
    let stop = {
        let stopping = stopping.clone();
        async move { stopping.begun().await }
    };
    let answers = requests
        .take_until(Box::pin(stop))
        .map(move |request| answer(extractor.clone(), request))
        .buffered(WINDOW);
    let end = stream::once(async move { stopping.has_begun().then(|| Err(dictum_server::shutting_down())) })
        .filter_map(future::ready);
    Box::pin(answers.chain(end))
}

async fn answer(
    extractor: Extractor,
    request: Result<ExtractClaimsStreamRequest, Status>,
) -> Result<ExtractClaimsStreamResponse, Status> {
    let ExtractClaimsStreamRequest { sequence, document, options, view } = request?;
    let answer = extractor.extract(ExtractClaimsRequest { document, options, view }).await;
    Ok(match answer {
        Ok(ExtractClaimsResponse { extraction, document_id }) => {
            ExtractClaimsStreamResponse { sequence, extraction, document_id, ..Default::default() }
        }
        Err(error) => refused(sequence, &error.into()),
    })
}

fn refused(sequence: u64, status: &Status) -> ExtractClaimsStreamResponse {
    ExtractClaimsStreamResponse {
        sequence,
        reason: dictum_proto::reason_name(status),
        message: status.message().to_owned(),
        ..Default::default()
    }
}
