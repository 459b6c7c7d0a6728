//! Search: words, phrases, beginnings, filters, pages, highlights; the index beside its store.

use std::{fs, path::Path};

use dictum_proto::timestamp_to_wire;
use dictum_proto::v1::{
    ClaimFilter, ClaimForm, DeleteDocumentRequest, Document, ErrorReason, Manner, SearchClaimsRequest,
    SearchClaimsResponse, SearchResult,
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
    for damage in ["nothing", "gone", "cut", "flipped", "shortened"] {
        bench.stop_storage().await;
        match damage {
            "gone" => fs::remove_dir_all(&index).unwrap(),
            "cut" => fs::write(index.join("meta.json"), "{").unwrap(),
            "flipped" => change_segments(&index, |bytes| bytes[0] ^= 1),
            "shortened" => change_segments(&index, |bytes| bytes.truncate(bytes.len() / 2)),
            _ => {}
        }
        bench.start_storage().await;
        let found = search(&bench, "bridge", revision).await;
        assert_eq!((found.results.len(), found.revision), (1, revision), "{damage}");
    }
}

/// Damages every file of every segment.
fn change_segments(index: &Path, change: impl Fn(&mut Vec<u8>)) {
    let mut changed = 0;
    for entry in fs::read_dir(index).unwrap().map(|entry| entry.unwrap().path()) {
        let kind = entry.extension().and_then(|kind| kind.to_str()).unwrap_or_default();
        if ["idx", "pos", "term", "store", "fast", "fieldnorm"].contains(&kind) {
            let mut bytes = fs::read(&entry).unwrap();
            change(&mut bytes);
            fs::write(&entry, bytes).unwrap();
            changed += 1;
        }
    }
    assert!(changed > 0, "no segment was damaged");
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

#[tokio::test]
async fn an_index_behind_its_store_catches_up_and_one_ahead_of_it_is_built_anew() {
    let mut bench = Bench::start().await;
    let folder = tempfile::tempdir().unwrap();
    let (first, revision) = write(&bench, "💬 Mayor Ada Fenwick: The first bridge opens.").await;
    search(&bench, "bridge", revision).await;
    bench.stop_storage().await;
    copy_folder(bench.data(), &folder.path().join("early"));
    bench.start_storage().await;
    let (second, _) = write(&bench, "💬 Mayor Ada Fenwick: The second bridge opens soon.").await;
    let request = DeleteDocumentRequest { document_id: first.clone() };
    let revision = bench.storage().delete_document(request).await.unwrap().revision;
    search(&bench, "bridge", revision).await;
    bench.stop_storage().await;
    copy_folder(bench.data(), &folder.path().join("late"));

    // As a crash leaves it: the store has what the index never heard of.
    let found = async |bench: &Bench, revision| {
        let found = search(bench, "bridge", revision).await;
        let ids = found.results.into_iter().map(|result| result.claim.unwrap().document_id);
        (ids.collect::<Vec<_>>(), found.revision)
    };
    let index = bench.data().join("search");
    fs::remove_dir_all(&index).unwrap();
    copy_folder(&folder.path().join("early/search"), &index);
    bench.start_storage().await;
    assert_eq!(found(&bench, revision).await, (vec![second], revision));

    // As an old copy of the store leaves it: the index knows of what the store has not.
    bench.stop_storage().await;
    fs::remove_dir_all(bench.data()).unwrap();
    copy_folder(&folder.path().join("early"), bench.data());
    fs::remove_dir_all(&index).unwrap();
    copy_folder(&folder.path().join("late/search"), &index);
    bench.start_storage().await;
    assert_eq!(found(&bench, 0).await, (vec![first], 1));
}

#[tokio::test]
async fn the_index_itself_finds_what_a_filter_lets_through() {
    let bench = Bench::start().await;
    let write = async |n: usize, name: &str, hour: &str, topic: &str| {
        let time = format!("2026-05-03T{hour}:00:00Z").parse().unwrap();
        let document = Document {
            text: format!("💬 Mayor {name}: Bridge number {n} opens in May.\n#{topic}"),
            publish_time: Some(timestamp_to_wire(time)),
            ..document(n)
        };
        bench.ingest().ingest_document(document).await.unwrap();
    };
    write(1, "Ada Fenwick", "10", "Bridges").await;
    write(2, "Ada Fenwick", "11", "Harbour").await;
    write(3, "Dr. Oda Lindqvist", "12", "Bridges").await;
    write(4, "Oda Lindqvist", "13", "Harbour").await;
    let time = |hour: &str| Some(timestamp_to_wire(format!("2026-05-03T{hour}:00:00Z").parse().unwrap()));
    let all = ClaimFilter::default();
    for (filter, numbers) in [
        (all.clone(), "1234"),
        (ClaimFilter { speaker: "oda lindqvist".into(), ..all.clone() }, "34"),
        (ClaimFilter { topic: "bridges".into(), ..all.clone() }, "13"),
        (ClaimFilter { topic: "bridges".into(), speaker: "Ada Fenwick".into(), ..all.clone() }, "1"),
        (ClaimFilter { from_publish_time: time("11"), to_publish_time: time("13"), ..all.clone() }, "23"),
        (ClaimFilter { to_publish_time: time("11"), ..all.clone() }, "1"),
        (ClaimFilter { channel: "harbour office".into(), role: "mayor".into(), ..all.clone() }, "1234"),
        (ClaimFilter { min_confidence: 1.0, ..all.clone() }, ""),
        (ClaimFilter { manner: Manner::Block.into(), ..all.clone() }, "1234"),
        (ClaimFilter { form: ClaimForm::QuestionAnswer.into(), ..all.clone() }, ""),
    ] {
        let request = SearchClaimsRequest {
            query: "bridge".to_owned(),
            filter: Some(filter.clone()),
            min_revision: 4,
            explain: true,
            ..Default::default()
        };
        let found = bench.storage().search_claims(request).await.unwrap();
        let id = |result: SearchResult| result.claim.unwrap().provenance.unwrap().message_id;
        let mut ids: Vec<String> = found.results.into_iter().map(id).collect();
        ids.sort();
        assert_eq!(ids.concat(), numbers, "{filter:?}, {}", found.plan);
        assert!(
            filter == all || found.plan.contains("the filter's") || found.plan.contains("its "),
            "{}",
            found.plan
        );
    }
}

#[tokio::test]
async fn the_claim_that_says_most_of_the_words_comes_first() {
    let bench = Bench::start().await;
    write(&bench, "💬 Mayor Ada Fenwick: The pier, the harbour, the ferry and much else will be looked at by the council in the coming year.")
        .await;
    write(&bench, "💬 Mayor Ada Fenwick: The pier that is closed is the old pier of the harbour town.").await;
    let (_, revision) =
        write(&bench, "💬 Mayor Ada Fenwick: Nothing else is planned for a long time in town.").await;
    let found = search(&bench, "pier", revision).await;
    assert_eq!(highlighted(&found), [vec!["pier", "pier"], vec!["pier"]], "twice in fewer words");
}
