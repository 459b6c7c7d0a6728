//! Ingest: acknowledgements, order, rejections, outages, resumption.

use std::time::Duration;

use dictum_client::{Acknowledgement, ClientOptions, Connection, IngestClient};
use dictum_proto::v1::{
    self, ErrorReason, IngestDocumentsRequest, IngestStatus, ingest_service_client::IngestServiceClient,
};
use dictum_tests::{Bench, BenchConfig, document};
use futures_util::{StreamExt, TryStreamExt, stream};
use tonic::Code;

fn request(n: usize) -> IngestDocumentsRequest {
    IngestDocumentsRequest { sequence: n as u64, document: Some(document(n)) }
}

#[tokio::test]
async fn a_document_is_stored_once() {
    let bench = Bench::start().await;
    let first = bench.ingest().ingest_document(document(1)).await.unwrap();
    let second = bench.ingest().ingest_document(document(1)).await.unwrap();
    assert_eq!((first.status(), second.status()), (IngestStatus::Stored, IngestStatus::Duplicate));
    assert_eq!((&first.document_id, first.revision), (&second.document_id, second.revision));
    assert_eq!(bench.claims().await.len(), first.claim_count as usize);
}

#[tokio::test]
async fn acknowledgements_come_in_the_order_of_the_documents() {
    let bench = Bench::start().await;
    // Every seventh is long: it takes another way through extraction, and longer.
    let documents = (0..100).map(|n| {
        let mut document = document(n);
        if n % 7 == 0 {
            document.text += &"\n\nThe harbour stays open. ".repeat(2_000);
        }
        document
    });
    let acknowledged: Vec<Acknowledgement> =
        bench.ingest().ingest_documents(stream::iter(documents)).try_collect().await.unwrap();
    let order: Vec<u64> = acknowledged.iter().map(|a| a.sequence).collect();
    assert_eq!(order, (0..100).collect::<Vec<u64>>());
    assert!(acknowledged.iter().all(|a| a.result.status() == IngestStatus::Stored));
}

#[tokio::test]
async fn a_document_that_is_not_taken_is_rejected_alone() {
    let bench = Bench::start().await;
    let too_large = v1::Document { text: "a".repeat((4 << 20) + 1), ..Default::default() };
    let documents = [document(1), v1::Document::default(), document(2), too_large, document(3)];
    let acknowledged: Vec<Acknowledgement> =
        bench.ingest().ingest_documents(stream::iter(documents)).try_collect().await.unwrap();
    let outcomes: Vec<(IngestStatus, &str)> =
        acknowledged.iter().map(|a| (a.result.status(), a.result.reason.as_str())).collect();
    assert_eq!(
        outcomes,
        [
            (IngestStatus::Stored, ""),
            (IngestStatus::Rejected, "TEXT_EMPTY"),
            (IngestStatus::Stored, ""),
            (IngestStatus::Rejected, "DOCUMENT_TOO_LARGE"),
            (IngestStatus::Stored, ""),
        ]
    );
    assert!(acknowledged[3].result.message.starts_with("document.text: has 4194305 bytes"));
}

#[tokio::test]
async fn an_outage_ends_the_stream_and_acknowledges_nothing_more() {
    let mut bench = Bench::start().await;
    let (requests, receiver) = tokio::sync::mpsc::channel(4);
    let mut service = IngestServiceClient::new(bench.ingest.channel());
    let requested = tokio_stream::wrappers::ReceiverStream::new(receiver);
    let mut answers = service.ingest_documents(requested).await.unwrap().into_inner();

    requests.send(request(1)).await.unwrap();
    let first = answers.message().await.unwrap().unwrap();
    assert_eq!(first.result.unwrap().status(), IngestStatus::Stored);

    bench.stop_storage().await;
    requests.send(request(2)).await.unwrap();
    let status = answers.message().await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    assert_eq!(dictum_proto::reason(&status), Some(ErrorReason::DependencyUnavailable));

    bench.start_storage().await;
    assert_eq!(bench.claims().await.len(), 1, "what was not acknowledged is not there either");
}

#[tokio::test]
async fn the_client_resumes_when_storage_comes_back() {
    let mut bench = Bench::start().await;
    let options =
        ClientOptions { max_attempts: 100, max_pause: Duration::from_millis(200), ..Default::default() };
    let client = IngestClient::new(Connection::new(&bench.ingest.endpoint, options).unwrap());
    let mut acknowledged = client.ingest_documents(stream::iter((0..300).map(document)));
    let mut sequences = Vec::new();
    while let Some(acknowledgement) = acknowledged.try_next().await.unwrap() {
        sequences.push(acknowledgement.sequence);
        if sequences.len() == 50 {
            bench.stop_storage().await;
            bench.start_storage().await;
        }
    }
    assert_eq!(sequences, (0..300).collect::<Vec<u64>>(), "none lost, none twice");
    assert_eq!(bench.claims().await.len(), 300);
}

/// The window bounds what is taken from a client that does not read, and so what is held for it.
#[tokio::test]
async fn a_client_that_does_not_read_is_slowed() {
    let mut config = BenchConfig::default();
    config.ingest.ingest_window = 4.try_into().unwrap();
    config.server.stream_window_bytes = 64 << 10;
    let bench = Bench::with(config).await;
    let sent = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counter = sent.clone();
    let text = "The harbour stays open. ".repeat(2_000);
    let requests = stream::iter(0..2_000).map(move |n| {
        counter.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let document = v1::Document { text: format!("{n} {text}"), ..document(n) };
        IngestDocumentsRequest { sequence: n as u64, document: Some(document) }
    });
    let mut service = IngestServiceClient::new(bench.ingest.channel());
    let mut answers = service.ingest_documents(requests).await.unwrap().into_inner();
    answers.message().await.unwrap().unwrap();
    // Unread answers fill the client's window of 64 KiB long before 2,000 documents of 48 KB are through.
    let mut before = 0;
    loop {
        bench.ingest().ingest_document(document(5_000)).await.unwrap(); // others are served meanwhile
        let now = sent.load(std::sync::atomic::Ordering::Relaxed);
        if now == before {
            break;
        }
        before = now;
    }
    drop(answers); // the client leaves: the server gives up what is under way
    bench.ingest().ingest_document(document(5_001)).await.unwrap();
}
