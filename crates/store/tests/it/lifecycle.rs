//! Writing, reading back, superseding, extracting anew, deleting, opening again.

use dictum_core::{ClaimId, Document, DocumentId, DocumentParts, ExtractedDocument, Extraction};
use dictum_store::{ClaimFilter, ListOrder, Store, StoreError, WriteOutcome};

use crate::sample::{Dice, document, extraction, new_store, small};

fn post(text: &str, message_id: &str, publish_time: Option<&str>) -> ExtractedDocument {
    let document = Document::new(DocumentParts {
        text: format!("{text}{}", " We open the harbour on Monday.".repeat(12)),
        channel: Some("Harbour Office".into()),
        message_id: Some(message_id.into()),
        publish_time: publish_time.map(|time| time.parse().unwrap()),
        ..DocumentParts::default()
    });
    let extraction = extraction(&document, &mut Dice::new(7), 3);
    ExtractedDocument { document, extraction }
}

async fn listed(store: &Store) -> Vec<ClaimId> {
    let page = store.list_claims(&ClaimFilter::default(), ListOrder::default(), 1000, None).await.unwrap();
    page.claims.iter().map(|stored| stored.claim().id).collect()
}

#[tokio::test]
async fn what_is_written_is_read_back_after_opening_again() {
    let (folder, store) = new_store().await;
    let documents: Vec<_> = (0..40).map(document).collect();
    for document in &documents {
        let written = store.write(document.clone()).await.unwrap();
        assert_eq!(written.claims, document.extraction.claims.len());
    }
    let (revision, order) = (store.revision(), listed(&store).await);
    store.close().await;

    let store = Store::open(folder.path(), small()).await.unwrap();
    assert_eq!((store.revision(), listed(&store).await), (revision, order));
    for document in &documents {
        assert_eq!(store.get_document(document.document.id()).await.unwrap().extracted, *document);
        for claim in &document.extraction.claims {
            assert_eq!(store.get_claim(claim.id).await.unwrap().claim(), claim);
        }
    }
}

#[tokio::test]
async fn writing_twice_changes_nothing() {
    let (_folder, store) = new_store().await;
    let first = store.write(document(3)).await.unwrap();
    let again = store.write(document(3)).await.unwrap();
    assert_eq!((first.outcome, again.outcome), (WriteOutcome::Stored, WriteOutcome::Duplicate));
    assert_eq!((again.revision, again.claims), (first.revision, first.claims));
    let other = ExtractedDocument { extraction: Extraction::default(), ..document(3) };
    assert_eq!(store.write(other).await.unwrap().outcome, WriteOutcome::Duplicate);
    assert_eq!(store.get_document(first.document_id).await.unwrap().extracted, document(3));
}

#[tokio::test]
async fn another_text_of_a_message_takes_its_place() {
    let (_folder, store) = new_store().await;
    let (old, new) = (post("first", "1", None), post("second", "1", None));
    let (old_id, new_id) = (old.document.id(), new.document.id());
    store.write(old.clone()).await.unwrap();
    let written = store.write(new.clone()).await.unwrap();
    assert_eq!(written.outcome, WriteOutcome::Superseded { older: old_id });
    assert_eq!(listed(&store).await, new.extraction.claims.iter().map(|claim| claim.id).collect::<Vec<_>>());
    assert_eq!(store.get_document(old_id).await.unwrap().superseded_by, Some(new_id));
    assert!(store.get_claim(old.extraction.claims[0].id).await.is_ok());
    assert_eq!(store.write(old).await.unwrap().outcome, WriteOutcome::Duplicate);
    assert_eq!(store.count_claims(&ClaimFilter::default()).await.unwrap(), 3);
}

#[tokio::test]
async fn an_older_text_of_a_message_does_not_take_its_place() {
    let (_folder, store) = new_store().await;
    let new = post("second", "1", Some("2026-11-02T10:00:00Z"));
    let old = post("first", "1", Some("2026-11-02T09:00:00Z"));
    store.write(new.clone()).await.unwrap();
    let written = store.write(old.clone()).await.unwrap();
    assert_eq!(written.outcome, WriteOutcome::Outdated { newer: new.document.id() });
    assert_eq!(listed(&store).await[0].document_id(), new.document.id());
    assert!(store.get_document(old.document.id()).await.is_ok());
}

#[tokio::test]
async fn a_deleted_document_is_gone_until_it_is_written_again() {
    let (folder, store) = new_store().await;
    let extracted = post("only", "1", None);
    let id = extracted.document.id();
    store.write(extracted.clone()).await.unwrap();
    let revision = store.delete_document(id).await.unwrap();
    assert!(
        matches!(store.get_document(id).await, Err(StoreError::DocumentDeleted { revision: r, .. }) if r == revision)
    );
    assert!(matches!(store.delete_document(id).await, Err(StoreError::DocumentNotFound { .. })));
    assert_eq!(listed(&store).await, []);
    assert_eq!(store.stats().await.unwrap().documents, 0);
    assert_eq!(store.documents_with_content(extracted.document.content_hash()).await.unwrap(), []);
    store.close().await;

    let store = Store::open(folder.path(), small()).await.unwrap();
    assert_eq!(store.stats().await.unwrap().documents, 0);
    assert_eq!(store.write(extracted).await.unwrap().outcome, WriteOutcome::Stored);
    assert_eq!(listed(&store).await.len(), 3);
}

#[tokio::test]
async fn a_new_extraction_keeps_the_ids_of_what_stays() {
    let (_folder, store) = new_store().await;
    let extracted = document(8);
    let id = extracted.document.id();
    store.write(extracted.clone()).await.unwrap();
    let mut better = extracted.extraction.clone();
    let gone = better.claims.pop().unwrap().id;
    better.claims[0].rule_id = "better-rule".into();
    let changed = better.claims[0].id;

    let preview = store.diff_extraction(id, &better).await.unwrap();
    assert_eq!(
        (&preview.added, &preview.changed, &preview.retracted),
        (&vec![], &vec![changed], &vec![gone])
    );
    let replaced = store.replace_extraction(id, better.clone()).await.unwrap();
    assert_eq!(replaced.diff, preview);
    assert_eq!(store.get_document(id).await.unwrap().extraction, better);
    assert!(matches!(store.get_claim(gone).await, Err(StoreError::ClaimNotFound { .. })));
    let by_rule = ClaimFilter { rule_ids: vec!["better-rule".into()], ..ClaimFilter::default() };
    assert_eq!(store.count_claims(&by_rule).await.unwrap(), 1);
    assert_eq!(store.replace_extraction(id, better).await.unwrap().revision, replaced.revision);
}

#[tokio::test]
async fn claims_that_are_none_of_the_document_are_refused() {
    let (_folder, store) = new_store().await;
    let (a, b) = (document(8), document(9));
    let mixed = ExtractedDocument { document: a.document.clone(), extraction: b.extraction };
    assert!(matches!(
        store.write(mixed).await,
        Err(StoreError::BadArgument { field: "extraction.claims", .. })
    ));
    let mut twice = a;
    twice.extraction.claims.push(twice.extraction.claims[0].clone());
    assert!(store.write(twice).await.is_err());
    assert_eq!(store.revision(), 0);
}

#[tokio::test]
async fn two_of_one_text_are_linked() {
    let (_folder, store) = new_store().await;
    let from = |channel: &str| {
        let parts =
            DocumentParts { text: "We open.".into(), channel: Some(channel.into()), ..Default::default() };
        ExtractedDocument { document: Document::new(parts), extraction: Extraction::default() }
    };
    let (a, b) = (from("Harbour Office"), from("The Pier"));
    let hash = a.document.content_hash();
    let mut ids = vec![a.document.id(), b.document.id()];
    ids.sort();
    store.write(a).await.unwrap();
    store.write(b).await.unwrap();
    assert_eq!(store.documents_with_content(hash).await.unwrap(), ids);
}

#[tokio::test]
async fn one_directory_is_open_once() {
    let (folder, store) = new_store().await;
    assert!(matches!(Store::open(folder.path(), small()).await, Err(StoreError::Locked { .. })));
    store.close().await;
    Store::open(folder.path(), small()).await.unwrap();
    assert!(matches!(store.write(document(1)).await, Err(StoreError::Closed)));
}

#[tokio::test]
async fn an_unknown_id_is_not_found() {
    let (_folder, store) = new_store().await;
    let id = DocumentId::from_bytes([1; 16]);
    assert!(matches!(store.get_document(id).await, Err(StoreError::DocumentNotFound { .. })));
    let id = ClaimId::from_bytes([1; 24]);
    assert!(matches!(store.get_claim(id).await, Err(StoreError::ClaimNotFound { .. })));
}

#[tokio::test]
async fn a_full_disk_stops_writes_and_not_reads() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path(), small()).await.unwrap();
    store.write(document(1)).await.unwrap();
    store.close().await;
    let options = dictum_store::StoreOptions { min_free_bytes: u64::MAX, ..small() };
    let store = Store::open(folder.path(), options).await.unwrap();
    assert!(matches!(store.write(document(2)).await, Err(StoreError::DiskFull { .. })));
    assert!(store.get_document(document(1).document.id()).await.is_ok());
}
