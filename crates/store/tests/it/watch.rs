//! Watches against the lists that they follow, with restarts in between.
//!
//! `DICTUM_WATCH_ROUNDS` sets how many rounds of 20 changes are made (12 when unset).

use std::collections::BTreeMap;

use dictum_core::{Claim, ClaimId};
use dictum_store::{ClaimChange, ClaimFilter, ListOrder, Store, StoreError, Watch, WatchEvent, WatchFrom};

use crate::sample::{Dice, SPEAKERS, document, extraction, new_store, small};

/// Takes what a watch gives up to its first bookmark.
async fn take(watch: &mut Watch, seen: &mut BTreeMap<ClaimId, Claim>) -> u64 {
    let mut last = 0;
    loop {
        match watch.next().await.unwrap().unwrap() {
            WatchEvent::Bookmark { revision } => return revision,
            WatchEvent::Change(change) => {
                assert!(change.revision > last, "revisions count up");
                last = change.revision;
                for claim in change.claims {
                    match claim {
                        ClaimChange::Added(stored) => {
                            assert!(seen.insert(stored.claim().id, stored.claim().clone()).is_none());
                        }
                        ClaimChange::Changed(stored) => {
                            assert!(seen.insert(stored.claim().id, stored.claim().clone()).is_some());
                        }
                        ClaimChange::Retracted(id) => {
                            seen.remove(&id);
                        }
                    }
                }
            }
        }
    }
}

async fn listed(store: &Store, filter: &ClaimFilter) -> BTreeMap<ClaimId, Claim> {
    let page = store.list_claims(filter, ListOrder::default(), 1000, None).await.unwrap();
    assert_eq!(page.next_page_token, None);
    page.claims.iter().map(|stored| (stored.claim().id, stored.claim().clone())).collect()
}

/// Makes a change of any kind.
async fn change(store: &Store, dice: &mut Dice) {
    let any = document(dice.below(60) as u64);
    let id = any.document.id();
    match dice.below(6) {
        0 => drop(store.delete_document(id).await),
        1 | 2 => {
            let claims = any.extraction.claims.len();
            drop(store.replace_extraction(id, extraction(&any.document, dice, claims)).await);
        }
        _ => drop(store.write(any).await.unwrap()),
    }
}

#[tokio::test]
async fn a_watch_from_any_revision_ends_where_the_list_is() {
    let (folder, mut store) = new_store().await;
    let filters = [
        ClaimFilter::default(),
        ClaimFilter { speakers: vec![SPEAKERS[0].into()], ..ClaimFilter::default() },
        ClaimFilter { topics: vec!["tides".into()], languages: vec!["en".into()], ..ClaimFilter::default() },
    ];
    let mut dice = Dice::new(11);
    let mut states: Vec<(BTreeMap<ClaimId, Claim>, u64)> = vec![(BTreeMap::new(), 0); filters.len()];
    let rounds = std::env::var("DICTUM_WATCH_ROUNDS").map_or(12, |n| n.parse().unwrap());
    for round in 0..rounds {
        for _ in 0..20 {
            change(&store, &mut dice).await;
        }
        if round % 4 == 3 {
            store.close().await;
            store = Store::open(folder.path(), small()).await.unwrap();
        }
        for (filter, (seen, revision)) in filters.iter().zip(&mut states) {
            let expected = listed(&store, filter).await;
            let mut resumed = store.watch(filter, WatchFrom::After(*revision)).await.unwrap();
            *revision = take(&mut resumed, seen).await;
            assert_eq!(*revision, store.revision());
            assert_eq!(*seen, expected);
            let mut from_the_beginning = BTreeMap::new();
            let mut watch = store.watch(filter, WatchFrom::After(0)).await.unwrap();
            take(&mut watch, &mut from_the_beginning).await;
            assert_eq!(from_the_beginning, expected);
        }
    }
}

#[tokio::test]
async fn a_watch_from_now_sees_what_comes_and_ends_with_the_store() {
    let (_folder, store) = new_store().await;
    store.write(document(8)).await.unwrap();
    let mut watch = store.watch(&ClaimFilter::default(), WatchFrom::Now).await.unwrap();
    assert!(matches!(watch.next().await.unwrap().unwrap(), WatchEvent::Bookmark { revision: 1 }));
    let (written, event) =
        tokio::join!(store.write(document(9)), async { watch.next().await.unwrap().unwrap() });
    let WatchEvent::Change(change) = event else { panic!("no change but {event:?}") };
    assert_eq!(
        (change.revision, change.claims.len()),
        (written.unwrap().revision, document(9).extraction.claims.len())
    );
    assert_eq!(watch.position(), change.revision);
    store.close().await;
    assert!(watch.next().await.is_none());
}

#[tokio::test]
async fn a_form_that_becomes_known_while_a_watch_runs_is_followed() {
    let (_folder, store) = new_store().await;
    let filter = ClaimFilter { speakers: vec!["Iva Stone".into()], ..ClaimFilter::default() };
    let mut watch = store.watch(&filter, WatchFrom::Now).await.unwrap();
    assert!(matches!(watch.next().await.unwrap().unwrap(), WatchEvent::Bookmark { revision: 0 }));
    let mut seen = BTreeMap::new();
    let has_form =
        |claim: &Claim| claim.form.speaker().is_some_and(|speaker| speaker.name == "Dr. Iva Stone");
    let with_form = (0..).map(document).find(|document| document.extraction.claims.iter().any(has_form));
    let written = store.write(with_form.unwrap()).await.unwrap();
    let WatchEvent::Change(change) = watch.next().await.unwrap().unwrap() else { panic!("no change") };
    assert_eq!(change.revision, written.revision);
    let expected = listed(&store, &filter).await;
    seen.extend(change.claims.into_iter().filter_map(|claim| match claim {
        ClaimChange::Added(stored) => Some((stored.claim().id, stored.claim().clone())),
        _ => None,
    }));
    assert!(!seen.is_empty());
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn a_revision_ahead_of_the_store_is_refused() {
    let (_folder, store) = new_store().await;
    let watch = store.watch(&ClaimFilter::default(), WatchFrom::After(1)).await;
    assert!(matches!(watch, Err(StoreError::RevisionAhead { revision: 1, newest_revision: 0 })));
}
