//! Looking after what is kept: backups of a server that goes on, deletion by age, new extractions.

use dictum_proto::{
    timestamp_to_wire,
    v1::{
        BackupSummary, Document, ErrorReason, Extraction, ListDocumentsRequest, PurgeDocumentsRequest,
        ReextractDocumentsRequest, ReextractSummary, ReextractedDocument, WriteDocumentRequest,
        backup_store_response, reextract_documents_response,
    },
};
use dictum_store::Store;
use dictum_tests::{Bench, BenchConfig, document};
use futures_util::TryStreamExt;

/// Returns a document of the first day of a year.
fn of_year(year: usize) -> Document {
    let time = format!("{year}-01-01T00:00:00Z").parse().unwrap();
    Document { publish_time: Some(timestamp_to_wire(time)), ..document(year) }
}

async fn listed(bench: &Bench) -> Vec<String> {
    let request = ListDocumentsRequest { page_size: 2, ..Default::default() };
    let (mut ids, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = ListDocumentsRequest { page_token, ..request.clone() };
        let page = bench.storage().list_documents(request).await.unwrap();
        ids.extend(page.documents.into_iter().map(|listed| listed.document.unwrap().document_id));
        if page.next_page_token.is_empty() {
            return ids;
        }
        page_token = page.next_page_token;
    }
}

#[tokio::test]
async fn a_backup_comes_in_chunks_and_ends_with_what_is_in_it() {
    let bench = Bench::start().await;
    for n in 1..=5 {
        bench.ingest().ingest_document(document(n)).await.unwrap();
    }
    let mut answers = bench.storage().backup_store().await.unwrap();
    let (mut bytes, mut summary) = (Vec::new(), BackupSummary::default());
    while let Some(answer) = answers.message().await.unwrap() {
        match answer.item.unwrap() {
            backup_store_response::Item::Chunk(chunk) => bytes.extend(chunk),
            backup_store_response::Item::Summary(sum) => summary = sum,
        }
    }
    assert!(bytes.starts_with(b"DICTUMBK"));
    assert_eq!(summary.byte_count, bytes.len() as u64);
    assert_eq!((summary.revision, summary.document_count, summary.log_entry_count), (5, 5, 5));
    let read = Store::check_backup(std::io::Cursor::new(bytes)).await.unwrap();
    assert_eq!(summary.blake3, read.hash.map(|byte| format!("{byte:02x}")).concat());
}

#[tokio::test]
async fn old_documents_are_named_and_then_deleted() {
    let bench = Bench::start().await;
    let mut ids = Vec::new();
    for year in [2021, 2019, 2020] {
        ids.push(bench.ingest().ingest_document(of_year(year)).await.unwrap().document_id);
    }
    let undated = bench.ingest().ingest_document(document(1)).await.unwrap().document_id;
    let request = |max_documents, dry_run| PurgeDocumentsRequest {
        before: of_year(2021).publish_time,
        max_documents,
        dry_run,
    };
    let named = bench.storage().purge_documents(request(1, true)).await.unwrap();
    assert_eq!((named.document_ids, named.more, named.revision), (vec![ids[1].clone()], true, 4));
    assert_eq!(listed(&bench).await.len(), 4);
    let deleted = bench.storage().purge_documents(request(0, false)).await.unwrap();
    assert_eq!((deleted.document_ids, deleted.more), (vec![ids[1].clone(), ids[2].clone()], false));
    assert_eq!(listed(&bench).await, [ids[0].clone(), undated]);
    let error = bench.storage().purge_documents(PurgeDocumentsRequest::default()).await.unwrap_err();
    assert_eq!(error.reason(), Some(ErrorReason::FieldInvalid));
}

async fn reextract(
    bench: &Bench,
    document_ids: Vec<String>,
    dry_run: bool,
) -> (Vec<ReextractedDocument>, ReextractSummary) {
    let request = ReextractDocumentsRequest { document_ids, dry_run };
    let mut answers = bench.ingest().reextract_documents(request).await.unwrap();
    let (mut documents, mut summary) = (Vec::new(), None);
    while let Some(answer) = answers.try_next().await.unwrap() {
        match answer.item.unwrap() {
            reextract_documents_response::Item::Document(document) => documents.push(document),
            reextract_documents_response::Item::Summary(sum) => summary = Some(sum),
        }
    }
    (documents, summary.unwrap())
}

#[tokio::test]
async fn documents_are_extracted_anew_and_claims_that_stay_keep_their_ids() {
    let bench = Bench::start().await;
    let known = bench.ingest().ingest_document(document(1)).await.unwrap();
    // As if rules of then had found nothing in it.
    let request = WriteDocumentRequest {
        document: Some(document(2)),
        extraction: Some(Extraction { rule_set: "of-then".to_owned(), ..Default::default() }),
    };
    let id = bench.storage().write_document(request).await.unwrap().document_id;
    let before = bench.claims().await;

    let (documents, tried) = reextract(&bench, Vec::new(), true).await;
    assert_eq!((tried.document_count, tried.changed_document_count, tried.unchanged_claim_count), (2, 1, 1));
    assert_eq!((documents[0].document_id.as_str(), documents[0].added_claim_ids.len()), (id.as_str(), 1));
    assert_eq!(bench.claims().await, before, "a dry run");

    let (done, summary) = reextract(&bench, Vec::new(), false).await;
    assert_eq!((summary, &done[0].added_claim_ids), (tried, &documents[0].added_claim_ids));
    assert_eq!(done[0].revision, 3);
    assert_eq!(bench.claims().await.len(), 2);
    let (nothing, again) = reextract(&bench, vec![id, known.document_id], false).await;
    assert_eq!((nothing, again.unchanged_claim_count), (Vec::new(), 2));

    let (failed, summary) = reextract(&bench, vec!["0".repeat(32)], false).await;
    assert_eq!((summary.failed_document_count, summary.document_count), (1, 0));
    assert_eq!(failed[0].reason, "DOCUMENT_NOT_FOUND");
    let request = ReextractDocumentsRequest { document_ids: vec!["none".to_owned()], dry_run: true };
    let refused = bench.ingest().reextract_documents(request).await.err().unwrap();
    assert_eq!(refused.reason(), Some(ErrorReason::FieldInvalid));
}

#[tokio::test]
async fn what_is_older_than_it_is_to_be_kept_is_deleted_when_storage_starts() {
    let mut config = BenchConfig::default();
    config.storage.keep_for = Some(std::time::Duration::from_secs(3600));
    let mut bench = Bench::with(config).await;
    bench.ingest().ingest_document(document(1)).await.unwrap();
    bench.ingest().ingest_document(of_year(2019)).await.unwrap();
    bench.stop_storage().await;
    bench.start_storage().await;
    while bench.claims().await.len() > 1 {
        tokio::task::yield_now().await;
    }
    assert_eq!(bench.claims().await[0].provenance.as_ref().unwrap().message_id, "1");
}
