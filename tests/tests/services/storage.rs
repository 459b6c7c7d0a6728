//! Storage: pages, filters, counts, names, deletion, new extractions.

use dictum_proto::timestamp_to_wire;
use dictum_proto::v1::{
    ClaimFacet, ClaimFilter, ClaimForm, ClaimOrder, CountClaimsRequest, DeleteDocumentRequest, Document,
    ErrorReason, ExtractClaimsRequest, GetDocumentRequest, ItemChangeKind, ListChannelsRequest,
    ListClaimsRequest, ListExchangesRequest, ListPrerequisitesRequest, ListSpeakersRequest,
    ListTopicsRequest, NameJoin, ReplaceExtractionRequest, TextSpan, claim,
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
async fn a_speaker_is_shown_by_any_form_of_the_name() {
    let bench = bench_with(3).await;
    let text = "💬 Mayor A. Fenwick: The old bridge stays open until June.".to_owned();
    bench.ingest().ingest_document(Document { text, ..document(7) }).await.unwrap();
    let storage = bench.storage();
    let speaker = storage.get_speaker("mayor ada fenwick".to_owned()).await.unwrap();
    let summary = speaker.summary.unwrap();
    assert_eq!((summary.name.as_str(), summary.claim_count, summary.document_count), ("Ada Fenwick", 4, 4));
    let forms: Vec<_> = speaker.forms.iter().map(|form| (form.form.as_str(), form.join())).collect();
    assert_eq!(forms, [("Ada Fenwick", NameJoin::Itself), ("A. Fenwick", NameJoin::Initials)]);
    let count = async |exact_speaker| {
        let filter = ClaimFilter { speaker: "Ada Fenwick".to_owned(), exact_speaker, ..Default::default() };
        let request = CountClaimsRequest { filter: Some(filter), ..Default::default() };
        storage.count_claims(request).await.unwrap().claim_count
    };
    assert_eq!((count(false).await, count(true).await), (4, 3));
    let error = storage.get_speaker(" ".to_owned()).await.unwrap_err();
    assert_eq!(error.reason(), Some(ErrorReason::FieldInvalid));
}

#[tokio::test]
async fn a_list_says_how_it_was_found_when_asked() {
    let bench = bench_with(2).await;
    let filter = ClaimFilter { topic: "Bridges".to_owned(), ..Default::default() };
    let request = ListClaimsRequest { filter: Some(filter), ..Default::default() };
    assert_eq!(bench.storage().list_claims(request.clone()).await.unwrap().plan, "");
    let request = ListClaimsRequest { explain: true, ..request };
    let plan = bench.storage().list_claims(request).await.unwrap().plan;
    assert!(plan.contains("the index of topics (1 values, about 1 documents)"), "{plan}");
}

#[tokio::test]
async fn condition_lists_are_compared_with_the_one_before_on_the_same_subject() {
    let bench = Bench::start().await;
    let list = |day: &str, subject: &str, items: [&str; 2]| Document {
        text: format!(
            "🎙 Mayor Ada Fenwick’s remarks (Tarnholm, May {day}, 2026)\n\n💬 Mayor Ada Fenwick: The prerequisites for \
             {subject} are as follows:\n1. {};\n2. {}.",
            items[0], items[1]
        ),
        message_id: day.to_owned(),
        ..document(0)
    };
    let talks = ["withdrawal of the patrols within 30 days", "release of the crews"];
    let later = ["withdrawal of the patrols within 60 days", "an inquiry into the storm"];
    for document in [list("3", "talks", talks), list("4", "a loan", talks), list("5", "the talks", later)] {
        bench.ingest().ingest_document(document).await.unwrap();
    }
    let filter = ClaimFilter { speaker: "Ada Fenwick".to_owned(), ..Default::default() };
    let request = |page_size| ListPrerequisitesRequest {
        filter: Some(filter.clone()),
        page_size,
        ..Default::default()
    };
    let all = bench.storage().list_prerequisites(request(10)).await.unwrap().lists;
    assert_eq!(all.len(), 3, "{all:?}");
    assert!(all[0].earlier_claim_id.is_empty() && all[1].earlier_claim_id.is_empty());
    assert_eq!(all[2].earlier_claim_id, all[0].claim.as_ref().unwrap().claim_id);
    let text = |span: &Option<TextSpan>| span.as_ref().map(|span| span.text.clone()).unwrap_or_default();
    let changes: Vec<_> = all[2]
        .changes
        .iter()
        .map(|change| (change.kind(), text(&change.item), text(&change.earlier_item)))
        .collect();
    let owned = |kind, item: &str, earlier: &str| (kind, item.to_owned(), earlier.to_owned());
    let expected = [
        owned(ItemChangeKind::Reworded, later[0], talks[0]),
        owned(ItemChangeKind::Added, later[1], ""),
        owned(ItemChangeKind::Dropped, "", talks[1]),
    ];
    assert_eq!(changes, expected);

    let (mut paged, mut next) = (Vec::new(), request(1));
    loop {
        let page = bench.storage().list_prerequisites(next.clone()).await.unwrap();
        paged.extend(page.lists);
        if page.next_page_token.is_empty() {
            break;
        }
        next.page_token = page.next_page_token;
    }
    assert_eq!(paged, all, "pages of one, which find the list before them all the same");
    let of_talks = ListPrerequisitesRequest { subject: "Talks".to_owned(), ..request(10) };
    assert_eq!(bench.storage().list_prerequisites(of_talks).await.unwrap().lists.len(), 2);
    let nobody = bench.storage().list_prerequisites(Default::default()).await.unwrap_err();
    assert_eq!(nobody.reason(), Some(ErrorReason::FieldInvalid));
    let pairs = ClaimFilter { form: ClaimForm::QuestionAnswer.into(), ..filter.clone() };
    let pairs = ListPrerequisitesRequest { filter: Some(pairs), ..Default::default() };
    assert_eq!(
        bench.storage().list_prerequisites(pairs).await.unwrap_err().reason(),
        Some(ErrorReason::FieldInvalid)
    );
}

#[tokio::test]
async fn the_exchanges_of_an_occasion_come_in_order_from_all_its_documents() {
    let bench = Bench::start().await;
    let post = |id: &str, place: &str, question: &str| Document {
        text: format!(
            "🎙 Mayor Ada Fenwick’s answers to questions ({place}, May 3, 2026)\n\n❓ Question: {question}\n💬 Answer: We \
             will see about it in the council.\n\n💬 Ada Fenwick: The bridge stays open."
        ),
        message_id: id.to_owned(),
        publish_time: Some(timestamp_to_wire(format!("2026-05-03T1{}:00:00Z", id.len()).parse().unwrap())),
        ..document(0)
    };
    let first = post("1", "Tarnholm", "Will the pier be repaired?");
    let elsewhere = post("22", "Osterby", "Is the ferry late?");
    let second = post("333", "Tarnholm", "Who pays for the harbour?");
    let mut ids = Vec::new();
    for document in [second, elsewhere, first] {
        ids.push(bench.ingest().ingest_document(document).await.unwrap().document_id);
    }
    let request = ListExchangesRequest { document_id: ids[0].clone(), ..Default::default() };
    let found = bench.storage().list_exchanges(request.clone()).await.unwrap();
    let questions: Vec<_> = found
        .exchanges
        .iter()
        .map(|claim| match claim.form.as_ref().unwrap() {
            claim::Form::QuestionAnswer(pair) => pair.question.as_ref().unwrap().text.as_str(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(questions, ["Will the pier be repaired?", "Who pays for the harbour?"]);
    assert_eq!((found.place.as_str(), found.date.as_str()), ("Tarnholm", "2026-05-03"));
    let unknown = ListExchangesRequest { document_id: "0".repeat(32), ..request };
    let error = bench.storage().list_exchanges(unknown).await.unwrap_err();
    assert_eq!(error.reason(), Some(ErrorReason::DocumentNotFound));
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
