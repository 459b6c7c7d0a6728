//! Storage: pages, filters, counts, names, deletion, new extractions.

use dictum_proto::v1::{
    ClaimFacet, ClaimFilter, ClaimOrder, CountClaimsRequest, DeleteDocumentRequest, ErrorReason,
    ExtractClaimsRequest, GetDocumentRequest, ListChannelsRequest, ListClaimsRequest, ListSpeakersRequest,
    ListTopicsRequest, ReplaceExtractionRequest,
};
use dictum_tests::{Bench, document};
use futures_util::TryStreamExt;

async fn bench_with(documents: usize) -> Bench {
    let bench = Bench::start().await;
    for n in 0..documents {
        let mut document = document(n);
        document.text += if n % 2 == 0 { "\n#Bridges" } else { "\n#Harbour" };
        bench.ingest().ingest_document(document).await.unwrap();
    }
    bench
}

#[tokio::test]
async fn pages_hold_every_claim_once_whatever_is_written_meanwhile() {
    let bench = bench_with(5).await;
    let request = ListClaimsRequest { page_size: 2, ..Default::default() };
    let mut pages = bench.storage().list_all(request.clone());
    let mut ids = vec![pages.try_next().await.unwrap().unwrap().claim_id];
    bench.ingest().ingest_document(document(99)).await.unwrap();
    while let Some(claim) = pages.try_next().await.unwrap() {
        ids.push(claim.claim_id);
    }
    let listed = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!((listed, ids.len()), (5, 5));
    let all: Vec<_> = bench.storage().list_all(request).try_collect().await.unwrap();
    assert_eq!(all.len(), 6);
}

#[tokio::test]
async fn the_order_of_writing_can_be_asked_for_and_reversed() {
    let bench = bench_with(3).await;
    let list = async |order: ClaimOrder| {
        let request = ListClaimsRequest { order: order.into(), ..Default::default() };
        let claims = bench.storage().list_claims(request).await.unwrap().claims;
        claims.into_iter().map(|claim| claim.provenance.unwrap().message_id).collect::<Vec<_>>()
    };
    assert_eq!(list(ClaimOrder::WrittenAscending).await, ["0", "1", "2"]);
    assert_eq!(list(ClaimOrder::WrittenDescending).await, ["2", "1", "0"]);
}

#[tokio::test]
async fn claims_are_counted_by_field() {
    let bench = bench_with(3).await;
    let filter = ClaimFilter { speaker: "ada fenwick".to_owned(), ..Default::default() };
    let request = CountClaimsRequest { filter: Some(filter), facet: ClaimFacet::Topic.into(), max_values: 1 };
    let counted = bench.storage().count_claims(request).await.unwrap();
    assert_eq!(counted.claim_count, 3);
    let counts: Vec<(&str, u64)> = counted.counts.iter().map(|c| (c.value.as_str(), c.claim_count)).collect();
    assert_eq!(counts, [("Bridges", 2)]);
    let request = CountClaimsRequest { max_values: -1, ..Default::default() };
    let error = bench.storage().count_claims(request).await.unwrap_err();
    assert_eq!(error.reason(), Some(ErrorReason::FieldInvalid));
}

#[tokio::test]
async fn speakers_topics_and_channels_are_listed_with_their_counts() {
    let bench = bench_with(3).await;
    let storage = bench.storage();
    let speakers = storage.list_speakers(ListSpeakersRequest::default()).await.unwrap().speakers;
    assert_eq!(speakers.len(), 1);
    assert_eq!((speakers[0].name.as_str(), speakers[0].claim_count), ("Ada Fenwick", 3));
    let first = storage.list_topics(ListTopicsRequest { page_size: 1, ..Default::default() }).await.unwrap();
    let request = ListTopicsRequest { page_size: 1, page_token: first.next_page_token, ..Default::default() };
    let second = storage.list_topics(request).await.unwrap();
    assert_eq!((first.topics[0].name.as_str(), second.topics[0].name.as_str()), ("Bridges", "Harbour"));
    let request = ListChannelsRequest { prefix: "no such".to_owned(), ..Default::default() };
    assert_eq!(storage.list_channels(request).await.unwrap().channels, []);
}

#[tokio::test]
async fn a_deleted_document_is_gone_with_its_claims() {
    let bench = Bench::start().await;
    let document_id = bench.ingest().ingest_document(document(1)).await.unwrap().document_id;
    let request = DeleteDocumentRequest { document_id: document_id.clone() };
    assert_eq!(bench.storage().delete_document(request.clone()).await.unwrap().revision, 2);
    assert_eq!(bench.claims().await, []);
    let get = GetDocumentRequest { document_id, with_extraction: false };
    let gone = bench.storage().get_document(get).await.unwrap_err();
    let again = bench.storage().delete_document(request).await.unwrap_err();
    assert_eq!(gone.reason(), Some(ErrorReason::DocumentNotFound));
    assert_eq!(again.reason(), Some(ErrorReason::DocumentNotFound));
}

#[tokio::test]
async fn a_new_extraction_can_be_tried_before_it_takes_the_place_of_the_old_one() {
    let bench = Bench::start().await;
    let document_id = bench.ingest().ingest_document(document(1)).await.unwrap().document_id;
    let request = ExtractClaimsRequest { document: Some(document(1)), ..Default::default() };
    let mut extraction = bench.extraction().extract_claims(request).await.unwrap().extraction.unwrap();
    extraction.claims.clear(); // as if better rules found nothing there
    let request = |dry_run| ReplaceExtractionRequest {
        document_id: document_id.clone(),
        extraction: Some(extraction.clone()),
        dry_run,
    };
    let tried = bench.storage().replace_extraction(request(true)).await.unwrap();
    assert_eq!((tried.retracted_claim_ids.len(), tried.revision), (1, 0));
    assert_eq!(bench.claims().await.len(), 1);
    let replaced = bench.storage().replace_extraction(request(false)).await.unwrap();
    assert_eq!((replaced.retracted_claim_ids, replaced.revision), (tried.retracted_claim_ids, 2));
    assert_eq!(bench.claims().await, []);
}
