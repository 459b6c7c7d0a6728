//! Watches: from a revision, from now, across restarts, within limits.

use dictum_client::{ClientOptions, Connection, StorageClient};
use dictum_proto::v1::{ChangeKind, ClaimFilter, ErrorReason, WatchClaimsRequest, WatchClaimsResponse};
use dictum_tests::{Bench, BenchConfig, document};
use futures_util::{Stream, StreamExt, TryStreamExt};

/// Returns the message ids of the next `n` claims that are added.
async fn added<E: std::fmt::Debug>(
    changes: &mut (impl Stream<Item = Result<WatchClaimsResponse, E>> + Unpin),
    n: usize,
) -> Vec<String> {
    let mut found = Vec::new();
    while found.len() < n {
        let change = changes.try_next().await.unwrap().unwrap();
        if change.kind() == ChangeKind::Added {
            found.push(change.claim.unwrap().provenance.unwrap().message_id);
        }
    }
    found
}

#[tokio::test]
async fn a_watch_from_zero_sends_what_is_there_and_what_comes() {
    let bench = Bench::start().await;
    bench.ingest().ingest_document(document(1)).await.unwrap();
    let request = WatchClaimsRequest { filter: None, after_revision: Some(0) };
    let mut changes = bench.storage().watch(request);
    assert_eq!(added(&mut changes, 1).await, ["1"]);
    bench.ingest().ingest_document(document(2)).await.unwrap();
    assert_eq!(added(&mut changes, 1).await, ["2"]);
}

#[tokio::test]
async fn a_bookmark_follows_every_revision_and_a_watch_from_now_starts_with_one() {
    let bench = Bench::start().await;
    bench.ingest().ingest_document(document(1)).await.unwrap();
    let mut changes = bench.storage().watch(WatchClaimsRequest::default());
    let first = changes.next().await.unwrap().unwrap();
    assert_eq!((first.kind(), first.revision), (ChangeKind::Bookmark, 1));
    bench.ingest().ingest_document(document(2)).await.unwrap();
    let kinds: Vec<(ChangeKind, u64)> = changes
        .by_ref()
        .take(2)
        .map(|change| change.unwrap())
        .map(|c| (c.kind(), c.revision))
        .collect()
        .await;
    assert_eq!(kinds, [(ChangeKind::Added, 2), (ChangeKind::Bookmark, 2)]);
}

#[tokio::test]
async fn a_filter_lets_only_its_claims_through() {
    let bench = Bench::start().await;
    let filter = ClaimFilter { channel: "another office".to_owned(), ..Default::default() };
    let request = WatchClaimsRequest { filter: Some(filter), after_revision: Some(0) };
    let mut changes = bench.storage().watch(request);
    bench.ingest().ingest_document(document(1)).await.unwrap();
    let elsewhere = dictum_proto::v1::Document { channel: "Another Office".to_owned(), ..document(2) };
    bench.ingest().ingest_document(elsewhere).await.unwrap();
    assert_eq!(added(&mut changes, 1).await, ["2"]);
}

#[tokio::test]
async fn the_client_follows_across_a_restart_without_loss_or_repeat() {
    let mut bench = Bench::start().await;
    let options = ClientOptions { max_attempts: 100, ..Default::default() };
    let endpoint = bench.storage.as_ref().unwrap().endpoint.clone();
    let client = StorageClient::new(Connection::new(&endpoint, options).unwrap());
    let mut changes = client.watch(WatchClaimsRequest { filter: None, after_revision: Some(0) });
    for n in 0..5 {
        bench.ingest().ingest_document(document(n)).await.unwrap();
    }
    let mut seen = added(&mut changes, 3).await;
    bench.stop_storage().await;
    bench.start_storage().await;
    for n in 5..8 {
        bench.ingest().ingest_document(document(n)).await.unwrap();
    }
    seen.extend(added(&mut changes, 5).await);
    assert_eq!(seen, ["0", "1", "2", "3", "4", "5", "6", "7"]);
}

#[tokio::test]
async fn watches_are_counted() {
    let mut config = BenchConfig::default();
    config.storage.max_watches = 1;
    let bench = Bench::with(config).await;
    let mut first = bench.storage().watch(WatchClaimsRequest::default());
    first.next().await.unwrap().unwrap();
    let refused = bench.storage().watch(WatchClaimsRequest::default()).next().await.unwrap().unwrap_err();
    assert_eq!(refused.reason(), Some(ErrorReason::Overloaded));
    drop(first); // gives its place back, as soon as the server sees it
    let options = ClientOptions { max_attempts: 100, ..Default::default() };
    let connection = Connection::new(&bench.storage.as_ref().unwrap().endpoint, options).unwrap();
    let mut next = StorageClient::new(connection).watch(WatchClaimsRequest::default());
    next.next().await.unwrap().unwrap();
}

/// What this process has in memory, in KiB; 0 where that cannot be read.
fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse().unwrap_or_default()
}

#[tokio::test]
async fn a_thousand_watches_see_a_change_at_once() {
    const WATCHES: usize = 1000;
    let mut config = BenchConfig::default();
    (config.server.max_calls, config.server.max_calls_per_caller) = (WATCHES + 10, WATCHES + 10);
    let bench = Bench::with(config).await;
    let before = resident_kib();
    let mut watches = Vec::new();
    for _ in 0..5 {
        let storage = bench.storage(); // A connection takes 256 calls at a time.
        watches.extend((0..WATCHES / 5).map(|_| storage.watch(WatchClaimsRequest::default())));
    }
    for watch in &mut watches {
        assert_eq!(watch.next().await.unwrap().unwrap().kind(), ChangeKind::Bookmark);
    }
    // Server and client together: this process holds both.
    eprintln!("{} KiB a watch, both ends", resident_kib().saturating_sub(before) / WATCHES as u64);
    bench.ingest().ingest_document(document(1)).await.unwrap();
    for watch in &mut watches {
        assert_eq!(added(watch, 1).await, ["1"]);
    }
}
