//! What storage counts: of the store, its committer and its watchers, and of the search index.

use std::sync::atomic::Ordering;

use dictum_search::Search;
use dictum_server::{Metrics, SECONDS, gauge_value};
use dictum_store::{Stats, Store};
use prometheus_client::metrics::{counter::Counter, gauge::Gauge, histogram::Histogram};

/// Bounds of the buckets of how many changes share a sync.
const CHANGES: [f64; 7] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0];

#[derive(Debug, Clone)]
pub(crate) struct StorageMetrics {
    /// Watches that are open.
    pub(crate) watches: Gauge,
    /// How many there may be.
    pub(crate) watches_limit: Gauge,
}

impl StorageMetrics {
    /// Returns the metrics of the one store of this process.
    pub(crate) fn of(metrics: &Metrics, store: &Store, search: &Search) -> Self {
        metrics.of(|metrics| {
            follow_committer(metrics, store);
            follow_store(metrics, store);
            follow_search(metrics, store, search);
            Self {
                watches: metrics.register("dictum_watches", "Watches that are open", Gauge::default()),
                watches_limit: metrics.register(
                    "dictum_watches_limit",
                    "Most watches at a time (--max-watches); more are refused with OVERLOADED",
                    Gauge::default(),
                ),
            }
        })
    }
}

fn follow_committer(metrics: &Metrics, store: &Store) {
    let changes = metrics.register(
        "dictum_store_group_changes",
        "Changes that were made durable together; the count is that of groups",
        Histogram::new(CHANGES),
    );
    let sync = metrics.register(
        "dictum_store_sync_duration_seconds",
        "Time that the disk took to have a group",
        Histogram::new(SECONDS),
    );
    let failed: Counter = metrics.register(
        "dictum_store_groups_failed",
        "Groups that were not made durable: a full or failing disk; nothing of them was acknowledged",
        Counter::default(),
    );
    store.observe(move |group| {
        if let Some(time) = group.sync_time {
            changes.observe(u32::try_from(group.changes).unwrap_or(u32::MAX).into());
            sync.observe(time.as_secs_f64());
        }
        if group.failed {
            failed.inc();
        }
    });
}

fn follow_store(metrics: &Metrics, store: &Store) {
    let gauge = |name: &str, help: &str| metrics.register(name, help, Gauge::<i64>::default());
    let counter = |name: &str, help: &str| metrics.register(name, help, Counter::<u64>::default());
    let documents = gauge("dictum_store_documents", "Documents that are listed");
    let claims = gauge("dictum_store_claims", "Claims that are listed");
    let revision = gauge("dictum_store_revision", "The newest durable revision");
    let oldest = gauge("dictum_store_oldest_revision", "The oldest revision to watch from");
    let disk = gauge("dictum_store_disk_bytes", "Files of the store");
    let free = gauge("dictum_store_disk_free_bytes", "Free room on its disk");
    let decoded = gauge("dictum_store_decoded_documents", "Documents kept decoded in memory");
    let queued = gauge("dictum_store_writes_queued", "Writes that wait for the committer");
    let hits = counter("dictum_store_decoded_hits", "Look-ups that found their document decoded");
    let misses = counter("dictum_store_decoded_misses", "Look-ups that did not");
    let show = move |stats: Stats| {
        for (gauge, number) in [
            (&documents, stats.documents),
            (&claims, stats.claims),
            (&revision, stats.revision),
            (&oldest, stats.oldest_revision),
            (&disk, stats.disk_bytes),
            (&free, stats.free_bytes),
            (&decoded, stats.decoded_documents),
            (&queued, stats.queued_writes),
        ] {
            gauge.set(gauge_value(number));
        }
        hits.inner().store(stats.decoded_hits, Ordering::Relaxed);
        misses.inner().store(stats.decoded_misses, Ordering::Relaxed);
    };
    let store = store.clone();
    metrics.before_scrape(move || {
        let (store, show) = (store.clone(), show.clone());
        async move {
            // A store that cannot say has said why in the log; one that is closed has nothing to say.
            if let Ok(stats) = store.stats().await {
                show(stats);
            }
        }
    });
}

fn follow_search(metrics: &Metrics, store: &Store, search: &Search) {
    let lag: Gauge = metrics.register(
        "dictum_search_lag_revisions",
        "Revisions of the store that searches do not know yet",
        Gauge::default(),
    );
    let ready: Gauge = metrics.register(
        "dictum_search_ready",
        "1 when the index can be searched, 0 while it is opened or built",
        Gauge::default(),
    );
    let (store, search) = (store.clone(), search.clone());
    metrics.before_scrape(move || {
        let known = search.revision();
        ready.set(known.is_some().into());
        lag.set(gauge_value(store.revision().saturating_sub(known.unwrap_or(0))));
        std::future::ready(())
    });
}
