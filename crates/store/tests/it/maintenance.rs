//! Check, backup, restore, compaction, trimming the log, and what a store that is not whole says.

use std::{io::Write, path::Path, sync::Arc};

use dictum_core::ClaimId;
use dictum_store::{CheckReport, ClaimFilter, ListOrder, Store, StoreError, StoreOptions, WatchFrom};

use crate::sample::{Dice, document, extraction, new_store, small};

/// Writes, extracts anew, supersedes and deletes.
async fn live(store: &Store, seeds: std::ops::Range<u64>) {
    let mut dice = Dice::new(seeds.start);
    for seed in seeds.clone() {
        store.write(document(seed)).await.unwrap();
        let any = document(seeds.start + dice.below(100) as u64);
        match dice.below(8) {
            0 => drop(store.delete_document(any.document.id()).await),
            1 => {
                let claims = any.extraction.claims.len();
                drop(
                    store
                        .replace_extraction(any.document.id(), extraction(&any.document, &mut dice, claims))
                        .await,
                );
            }
            _ => {}
        }
    }
}

async fn listed(store: &Store) -> Vec<ClaimId> {
    let page =
        store.list_claims(&ClaimFilter::default(), ListOrder::WrittenAscending, 1000, None).await.unwrap();
    page.claims.iter().map(|stored| stored.claim().id).collect()
}

fn assert_clean(report: &CheckReport) {
    assert!(report.is_clean(), "{:#?}", report.described);
}

async fn backup(store: &Store) -> (dictum_store::BackupSummary, Vec<u8>) {
    let file = tempfile::NamedTempFile::new().unwrap();
    let summary = store.backup(file.reopen().unwrap()).await.unwrap();
    (summary, std::fs::read(file.path()).unwrap())
}

#[tokio::test]
async fn a_lived_in_store_is_clean_and_says_what_is_in_it() {
    let (folder, store) = new_store().await;
    live(&store, 0..120).await;
    let report = store.check().await.unwrap();
    assert_clean(&report);
    let stats = store.stats().await.unwrap();
    assert_eq!(report.listed_documents, stats.documents);
    assert_eq!((report.revision, report.log_entries), (stats.revision, stats.revision));
    assert!(report.deleted_documents > 0 && report.superseded_documents > 0 && stats.disk_bytes > 0);
    store.close().await;
    let store = Store::open(folder.path(), small()).await.unwrap();
    assert_eq!(store.check().await.unwrap(), report);
}

#[tokio::test]
async fn a_restored_backup_is_the_store() {
    let (_folder, store) = new_store().await;
    live(&store, 0..100).await;
    let (summary, bytes) = backup(&store).await;
    assert_eq!((summary.revision, summary.bytes), (store.revision(), bytes.len() as u64));

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("restored");
    assert_eq!(Store::restore(std::io::Cursor::new(bytes), &path, small()).await.unwrap(), summary);
    let restored = Store::open(&path, small()).await.unwrap();
    assert_clean(&restored.check().await.unwrap());
    assert_eq!((restored.revision(), listed(&restored).await), (store.revision(), listed(&store).await));
    assert_eq!(
        restored.list_speakers("", 100, None).await.unwrap(),
        store.list_speakers("", 100, None).await.unwrap()
    );
    restored
        .watch(&ClaimFilter::default(), WatchFrom::After(0))
        .await
        .unwrap()
        .next()
        .await
        .unwrap()
        .unwrap();
    live(&restored, 200..220).await;
    assert_clean(&restored.check().await.unwrap());
}

/// A writer that a write to the store comes after each of its own.
struct Meddler {
    bytes: Vec<u8>,
    store: Store,
    runtime: tokio::runtime::Handle,
    seed: u64,
    done: Arc<std::sync::Mutex<Vec<u8>>>,
}

impl Write for Meddler {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.bytes.extend(bytes);
        if self.seed < 360 {
            self.seed += 1;
            let old = document(self.seed % 60).document.id();
            self.runtime.block_on(async {
                drop(self.store.write(document(1000 + self.seed)).await);
                drop(self.store.delete_document(old).await);
            });
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        *self.done.lock().unwrap() = std::mem::take(&mut self.bytes);
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_under_writes_is_the_store_at_one_revision() {
    let (_folder, store) = new_store().await;
    live(&store, 0..60).await;
    let done = Arc::default();
    let runtime = tokio::runtime::Handle::current();
    let meddler =
        Meddler { bytes: Vec::new(), store: store.clone(), runtime, seed: 300, done: Arc::clone(&done) };
    let before = store.revision();
    let summary = store.backup(meddler).await.unwrap();
    assert!(summary.revision > before);
    let bytes = std::mem::take(&mut *done.lock().unwrap());

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("restored");
    Store::restore(std::io::Cursor::new(bytes), &path, small()).await.unwrap();
    let restored = Store::open(&path, small()).await.unwrap();
    assert_eq!(restored.revision(), summary.revision);
    assert_clean(&restored.check().await.unwrap());
}

#[tokio::test]
async fn a_changed_or_cut_backup_is_refused_and_leaves_nothing() {
    let (_folder, store) = new_store().await;
    live(&store, 0..20).await;
    let (_, bytes) = backup(&store).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("restored");
    let mut dice = Dice::new(4);
    for _ in 0..12 {
        let mut damaged = bytes.clone();
        let at = dice.below(bytes.len());
        if dice.one_in(3) {
            damaged.truncate(at);
        } else {
            damaged[at] ^= 1 << dice.below(8);
        }
        assert!(Store::check_backup(std::io::Cursor::new(damaged.clone())).await.is_err(), "byte {at}");
        assert!(Store::restore(std::io::Cursor::new(damaged), &path, small()).await.is_err(), "byte {at}");
        assert!(!path.exists());
    }
    let summary = Store::check_backup(std::io::Cursor::new(bytes.clone())).await.unwrap();
    let restore = || Store::restore(std::io::Cursor::new(bytes.clone()), folder.path(), small());
    assert_eq!(restore().await.unwrap(), summary, "into an empty directory that is there");
    let full = restore().await;
    assert!(matches!(full, Err(StoreError::BadArgument { field: "path", .. })), "{full:?}");
    assert_clean(&Store::open(folder.path(), small()).await.unwrap().check().await.unwrap());
}

#[tokio::test]
async fn a_compacted_store_is_the_same_and_smaller() {
    let (folder, store) = new_store().await;
    live(&store, 0..200).await;
    let (revision, order) = (store.revision(), listed(&store).await);
    assert!(matches!(Store::compact(folder.path(), small()).await, Err(StoreError::Locked { .. })));
    store.close().await;
    let (before, after) = Store::compact(folder.path(), small()).await.unwrap();
    assert!(after <= before, "{before} to {after}");
    let store = Store::open(folder.path(), small()).await.unwrap();
    assert_eq!((store.revision(), listed(&store).await), (revision, order));
    assert_clean(&store.check().await.unwrap());
}

#[tokio::test]
async fn a_compaction_that_was_cut_off_leaves_the_old_files() {
    let (folder, store) = new_store().await;
    live(&store, 0..10).await;
    store.close().await;
    std::fs::create_dir(folder.path().join("sled.new")).unwrap();
    std::fs::rename(folder.path().join("sled"), folder.path().join("sled.old")).unwrap();
    let store = Store::open(folder.path(), small()).await.unwrap();
    assert_clean(&store.check().await.unwrap());
    assert!(!folder.path().join("sled.new").exists() && !folder.path().join("sled.old").exists());
}

#[tokio::test]
async fn a_trimmed_log_names_the_oldest_revision() {
    let (folder, store) = new_store().await;
    live(&store, 0..60).await;
    store.trim_log(40).await.unwrap();
    let early = store.watch(&ClaimFilter::default(), WatchFrom::After(39)).await;
    assert!(matches!(early, Err(StoreError::RevisionCompacted { revision: 39, oldest_revision: 40 })));
    let mut watch = store.watch(&ClaimFilter::default(), WatchFrom::After(40)).await.unwrap();
    watch.next().await.unwrap().unwrap();
    assert_clean(&store.check().await.unwrap());
    store.trim_log(u64::MAX - 1).await.unwrap();
    store.close().await;
    let store = Store::open(folder.path(), small()).await.unwrap();
    assert_eq!(store.stats().await.unwrap().oldest_revision, store.revision() - 1);
    live(&store, 100..110).await;
    assert_clean(&store.check().await.unwrap());
    let (_, bytes) = backup(&store).await;
    let restored = tempfile::tempdir().unwrap();
    let path = restored.path().join("restored");
    Store::restore(std::io::Cursor::new(bytes), &path, small()).await.unwrap();
    assert_clean(&Store::open(&path, small()).await.unwrap().check().await.unwrap());
}

#[tokio::test]
async fn documents_of_an_age_are_found() {
    let (_folder, store) = new_store().await;
    live(&store, 0..60).await;
    let before = "2023-11-20T00:00:00Z".parse().unwrap();
    let old = store.documents_before(before, 1000).await.unwrap();
    assert!(!old.is_empty());
    for id in old {
        store.delete_document(id).await.unwrap();
    }
    assert_eq!(store.documents_before(before, 1000).await.unwrap(), []);
}

#[tokio::test]
async fn a_lost_tail_is_told_at_opening() {
    let (folder, store) = new_store().await;
    live(&store, 0..5).await;
    store.close().await;
    let kept = tempfile::tempdir().unwrap();
    copy(&folder.path().join("sled"), kept.path());
    let store = Store::open(folder.path(), small()).await.unwrap();
    live(&store, 5..10).await;
    let newest = store.revision();
    store.close().await;

    std::fs::remove_dir_all(folder.path().join("sled")).unwrap();
    copy(kept.path(), &folder.path().join("sled"));
    let error = Store::open(folder.path(), small()).await.unwrap_err();
    assert!(
        matches!(error, StoreError::LostTail { head_revision, .. } if head_revision == newest),
        "{error}"
    );
    std::fs::remove_file(folder.path().join("HEAD")).unwrap();
    assert!(matches!(Store::open(folder.path(), small()).await, Err(StoreError::Damaged { .. })));
    std::fs::remove_dir_all(folder.path().join("sled")).unwrap();
    Store::open(folder.path(), StoreOptions::default()).await.unwrap();
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in from.read_dir().unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to.join(entry.file_name()));
        } else {
            std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}
