//! Files in chunks.

use std::time::Duration;

use dictum_client::ClientError;
use dictum_proto::v1::{
    ErrorReason, IngestStatus, UploadFileResponse, UploadHeader, UploadSummary, UploadedDocument,
    upload_file_response::Event,
};
use dictum_tests::{Bench, BenchConfig};
use futures_util::{Stream, StreamExt, TryStreamExt, stream};

const DUMP: &str = "\
Forwarded from Harbour Office
Media is too big
VIEW IN TELEGRAM
💬 Mayor Ada Fenwick: The first bridge opens in May.
Forwarded from Harbour Office
💬 Mayor Ada Fenwick: The second bridge opens in June.
";

fn header() -> UploadHeader {
    UploadHeader { file_name: "posts.txt".to_owned(), ..Default::default() }
}

async fn upload(
    bench: &Bench,
    chunks: impl Stream<Item = Vec<u8>> + Send + 'static,
) -> Result<(Vec<UploadedDocument>, UploadSummary), ClientError> {
    let answers = bench.ingest().upload_file(header(), chunks).await?;
    let answers: Vec<UploadFileResponse> = answers.try_collect().await?;
    let mut events: Vec<Event> = answers.into_iter().filter_map(|answer| answer.event).collect();
    let Some(Event::Summary(summary)) = events.pop() else { panic!("the summary comes last: {events:?}") };
    let documents = events.into_iter().filter_map(|event| match event {
        Event::Document(document) => Some(document),
        Event::Rejected(_) | Event::Summary(_) => None,
    });
    Ok((documents.collect(), summary))
}

#[tokio::test]
async fn a_file_gives_the_same_whatever_its_chunks_are() {
    let mut summaries = Vec::new();
    for size in [1, 7, DUMP.len()] {
        let bench = Bench::start().await;
        let chunks: Vec<Vec<u8>> = DUMP.as_bytes().chunks(size).map(<[u8]>::to_vec).collect();
        let (documents, summary) = upload(&bench, stream::iter(chunks)).await.unwrap();
        assert_eq!(documents.len(), 2);
        assert!(documents.iter().all(|d| d.result.as_ref().unwrap().status() == IngestStatus::Stored));
        assert_eq!(documents[1].source_end_byte, DUMP.len() as u64);
        let claims = bench.claims().await;
        assert!(claims.iter().all(|claim| claim.provenance.as_ref().unwrap().source_file == "posts.txt"));
        summaries.push(summary);
    }
    let summary = &summaries[0];
    assert_eq!(
        (summary.format.as_str(), summary.stored_count, summary.claim_count, summary.source_bytes),
        ("channel-dump", 2, 2, DUMP.len() as u64)
    );
    assert!(summaries.iter().all(|other| other == summary));
}

#[tokio::test]
async fn a_file_sent_again_is_found_to_be_there() {
    let bench = Bench::start().await;
    let chunks = || stream::iter([DUMP.as_bytes().to_vec()]);
    upload(&bench, chunks()).await.unwrap();
    let (_, summary) = upload(&bench, chunks()).await.unwrap();
    assert_eq!((summary.stored_count, summary.duplicate_count), (0, 2));
}

#[tokio::test]
async fn a_part_with_bad_bytes_is_rejected_with_its_place() {
    let bench = Bench::start().await;
    let mut file = DUMP.as_bytes().to_vec();
    let bad = DUMP.find("second").unwrap();
    file[bad] = 0xFF;
    let (documents, summary) = upload(&bench, stream::iter([file])).await.unwrap();
    assert_eq!((documents.len(), summary.rejected_count), (1, 1));
    assert_eq!(summary.count_by_reason["invalid-utf8"], 1);
}

/// Returns the reason that an upload ends with.
async fn refusal(
    bench: &Bench,
    header: UploadHeader,
    chunks: impl Stream<Item = Vec<u8>> + Send + 'static,
) -> Option<ErrorReason> {
    let error = match bench.ingest().upload_file(header, chunks).await {
        Ok(answers) => answers.try_collect::<Vec<_>>().await.unwrap_err(),
        Err(error) => error,
    };
    error.reason()
}

#[tokio::test]
async fn what_is_not_taken_is_named() {
    let bench = Bench::start().await;
    let unknown = UploadHeader { format: "word".to_owned(), ..header() };
    assert_eq!(refusal(&bench, unknown, stream::empty()).await, Some(ErrorReason::FieldInvalid));
    let large = stream::iter([vec![b'a'; (1 << 20) + 1]]);
    assert_eq!(refusal(&bench, header(), large).await, Some(ErrorReason::FieldInvalid));
}

#[tokio::test]
async fn a_client_that_stops_in_the_middle_does_not_hold_a_thread() {
    let mut config = BenchConfig::default();
    config.ingest.upload_patience = Duration::from_millis(30);
    config.ingest.max_uploads = 1;
    let bench = Bench::with(config).await;
    let silent = stream::iter([DUMP.as_bytes().to_vec()]).chain(stream::pending());
    assert_eq!(refusal(&bench, header(), silent).await, Some(ErrorReason::DeadlineExceeded));
}

#[tokio::test]
async fn files_are_counted() {
    let mut config = BenchConfig::default();
    config.ingest.max_uploads = 1;
    let bench = Bench::with(config).await;
    let open = stream::iter([DUMP.as_bytes().to_vec()]).chain(stream::pending());
    let _first = bench.ingest().upload_file(header(), open).await.unwrap();
    assert_eq!(refusal(&bench, header(), stream::empty()).await, Some(ErrorReason::Overloaded));
}

#[tokio::test]
async fn ids_that_come_again_and_parts_without_text_are_counted() {
    let bench = Bench::start().await;
    let file = r#"{"name": "Pier Post", "messages": [
        {"id": 1, "type": "message", "text": "The pier opens on Monday."},
        {"id": 2, "type": "service", "action": "pin_message", "text": ""},
        {"id": 1, "type": "message", "text": "The pier opens on Tuesday."}]}"#;
    let (documents, summary) = upload(&bench, stream::iter([file.as_bytes().to_vec()])).await.unwrap();
    assert_eq!((documents.len(), summary.superseding_count, summary.skipped_count), (2, 1, 1));
    assert_eq!((summary.format.as_str(), summary.count_by_reason["service message"]), ("telegram-json", 1));
}
