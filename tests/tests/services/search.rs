//! Search: words, phrases, beginnings, filters, pages, highlights; the index beside its store.

use std::fs;

use dictum_proto::v1::{
    ClaimFilter, DeleteDocumentRequest, Document, ErrorReason, SearchClaimsRequest, SearchClaimsResponse,
};
use dictum_tests::{Bench, document};

/// Writes a statement; returns its document and the revision that has it.
async fn write(bench: &Bench, text: &str) -> (String, u64) {
    let document = Document { text: text.to_owned(), ..document(0) };
    let document = Document { message_id: text.len().to_string(), ..document };
    let written = bench.ingest().ingest_document(document).await.unwrap();
    let revision = bench.storage().list_claims(Default::default()).await.unwrap().revision;
    (written.document_id, revision)
}

async fn search(bench: &Bench, query: &str, min_revision: u64) -> SearchClaimsResponse {
    let request = SearchClaimsRequest { query: query.to_owned(), min_revision, ..Default::default() };
    bench.storage().search_claims(request).await.unwrap()
}

/// Returns the highlighted words of every result.
fn highlighted(found: &SearchClaimsResponse) -> Vec<Vec<&str>> {
    found
        .results
        .iter()
        .map(|result| result.highlights.iter().map(|span| span.text.as_str()).collect())
        .collect()
}

#[tokio::test]
async fn words_forms_phrases_and_beginnings_are_found_and_shown() {
    let bench = Bench::start().await;
    write(&bench, "💬 Mayor Ada Fenwick: The northern bridges were closed by the old storm.").await;
    let (_, revision) =
        write(&bench, "💬 Warden Oda Lindqvist: One pier is enough for this harbour town.").await;
    let found = async |query: &str| {
        let found = search(&bench, query, revision).await;
        highlighted(&found).concat().join("|")
    };
    assert_eq!(found("bridge closing").await, "bridges|closed", "other forms of the words");
    assert_eq!(found("\"northern bridges\"").await, "northern bridges");
    assert_eq!(found("\"bridges northern\"").await, "");
    assert_eq!(found("harb*").await, "harbour");
    assert_eq!(found("bridge pier").await, "", "both in one claim");
    let by_name = search(&bench, "lindqvist", revision).await;
    assert_eq!((by_name.results.len(), by_name.results[0].highlights.len()), (1, 0));

    let highlight = search(&bench, "storm", revision).await.results[0].highlights[0].clone();
    let text = "💬 Mayor Ada Fenwick: The northern bridges were closed by the old storm.";
    assert_eq!(highlight.start_byte as usize, text.find("storm").unwrap());
    assert_eq!(highlight.start_code_point + 3, highlight.start_byte, "a sign of four bytes stands before");
    assert_eq!(highlight.start_utf16, highlight.start_code_point + 1);
}

#[tokio::test]
async fn filters_and_pages_hold_for_search_too() {
    let bench = Bench::start().await;
    for n in 0..7 {
        bench.ingest().ingest_document(document(n)).await.unwrap();
    }
    let request = SearchClaimsRequest {
        query: "bridge".to_owned(),
        filter: Some(ClaimFilter { speaker: "ada fenwick".to_owned(), ..Default::default() }),
        page_size: 3,
        min_revision: 7,
        ..Default::default()
    };
    let (mut ids, mut sizes, mut next) = (Vec::new(), Vec::new(), request.clone());
    loop {
        let page = bench.storage().search_claims(next.clone()).await.unwrap();
        sizes.push(page.results.len());
        ids.extend(page.results.into_iter().filter_map(|result| Some(result.claim?.claim_id)));
        if page.next_page_token.is_empty() {
            break;
        }
        next.page_token = page.next_page_token;
    }
    ids.sort();
    ids.dedup();
    assert_eq!((ids.len(), sizes), (7, vec![3, 3, 1]));

    let filter = Some(ClaimFilter { speaker: "nobody".to_owned(), ..Default::default() });
    let none = SearchClaimsRequest { filter, ..request.clone() };
    assert_eq!(bench.storage().search_claims(none).await.unwrap().results, []);

    let reason = async |request| bench.storage().search_claims(request).await.unwrap_err().reason();
    let empty = SearchClaimsRequest { query: "…".to_owned(), ..request.clone() };
    assert_eq!(reason(empty).await, Some(ErrorReason::FieldInvalid));
    let ahead = SearchClaimsRequest { min_revision: 8, ..request.clone() };
    assert_eq!(reason(ahead).await, Some(ErrorReason::FieldInvalid));
    let other = SearchClaimsRequest { query: "opens".to_owned(), ..next };
    assert_eq!(reason(other).await, Some(ErrorReason::PageTokenInvalid));
}

#[tokio::test]
async fn the_index_follows_deletions_restarts_and_its_own_loss() {
    let mut bench = Bench::start().await;
    let (deleted, _) = write(&bench, "💬 Mayor Ada Fenwick: The first bridge opens.").await;
    let (_, revision) = write(&bench, "💬 Mayor Ada Fenwick: The second bridge opens soon.").await;
    assert_eq!(search(&bench, "bridge", revision).await.results.len(), 2);
    let request = DeleteDocumentRequest { document_id: deleted };
    let revision = bench.storage().delete_document(request).await.unwrap().revision;
    // Also before the index knows: the store has the last word.
    assert_eq!(search(&bench, "bridge", 0).await.results.len(), 1);

    let index = bench.data().join("search");
    for damage in ["nothing", "gone", "cut"] {
        bench.stop_storage().await;
        match damage {
            "gone" => fs::remove_dir_all(&index).unwrap(),
            "cut" => fs::write(index.join("meta.json"), "{").unwrap(),
            _ => {}
        }
        bench.start_storage().await;
        let found = search(&bench, "bridge", revision).await;
        assert_eq!((found.results.len(), found.revision), (1, revision), "{damage}");
    }
}
