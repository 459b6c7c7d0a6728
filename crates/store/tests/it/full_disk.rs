//! A disk that is really full: a small file system in memory. Skips with a message where none can be mounted.

use std::{path::Path, process::Command};

use dictum_store::{Store, StoreError, StoreOptions};

use crate::sample::{document, small};

/// A mounted file system that is taken away with this.
struct Mounted<'p>(&'p Path);

impl Drop for Mounted<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0).status(); // A left mount does no harm to later runs.
    }
}

fn mount(path: &Path) -> Option<Mounted<'_>> {
    let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=24m", "tmpfs"]).arg(path).output();
    mounted.is_ok_and(|output| output.status.success()).then(|| Mounted(path))
}

async fn a_full_disk(options: StoreOptions) {
    let folder = tempfile::tempdir().unwrap();
    let Some(_mounted) = mount(folder.path()) else {
        eprintln!("skipped: no file system can be mounted here");
        return;
    };
    let ballast = folder.path().join("ballast");
    std::fs::write(&ballast, vec![1; 12 << 20]).unwrap();
    let path = folder.path().join("store");
    let store = Store::open(&path, options.clone()).await.unwrap();
    let (mut seed, mut written) = (0, Vec::new());
    let error = loop {
        seed += 1;
        assert!(seed < 50_000, "the disk never fills");
        match store.write(document(seed)).await {
            Ok(_) => written.push(seed),
            Err(error) => break error,
        }
    };
    assert!(matches!(error, StoreError::DiskFull { .. } | StoreError::Failed { .. }), "{error:?}");
    for seed in written.iter().rev().take(50) {
        match store.get_document(document(*seed).document.id()).await {
            Ok(found) => assert_eq!(found.extracted, document(*seed)),
            // Known: an engine that met the full disk itself needs room to open again, and reads wait for that. The
            // room that is kept free is there so that this does not come about.
            Err(StoreError::Failed { .. }) if options.min_free_bytes == 0 => {}
            Err(error) => panic!("reads do not go on: {error:?}"),
        }
    }

    std::fs::remove_file(&ballast).unwrap();
    let mut attempts = 0;
    while let Err(error) = store.write(document(seed)).await {
        attempts += 1;
        assert!(attempts < 10, "writes do not work again: {error:?}");
    }
    written.push(seed);
    for seed in &written {
        let id = document(*seed).document.id();
        assert_eq!(store.get_document(id).await.unwrap().extracted, document(*seed));
    }
    let report = store.check().await.unwrap();
    assert!(report.is_clean(), "{:#?}", report.described);
    store.close().await;
    let store = Store::open(&path, options).await.unwrap();
    assert!(store.check().await.unwrap().is_clean());
}

#[tokio::test]
async fn writes_are_refused_before_the_disk_is_full_and_work_again() {
    a_full_disk(StoreOptions { min_free_bytes: 4 << 20, ..small() }).await;
}

#[tokio::test]
async fn a_disk_that_fills_under_the_engine_loses_nothing() {
    a_full_disk(StoreOptions { min_free_bytes: 0, ..small() }).await;
}

#[tokio::test]
async fn a_backup_is_restored_into_a_mounted_directory() {
    let folder = tempfile::tempdir().unwrap();
    let Some(_mounted) = mount(folder.path()) else {
        eprintln!("skipped: no file system can be mounted here");
        return;
    };
    let (_folder, store) = crate::sample::new_store().await;
    store.write(document(1)).await.unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    store.backup(file.reopen().unwrap()).await.unwrap();
    Store::restore(file.reopen().unwrap(), folder.path(), small()).await.unwrap();
    let restored = Store::open(folder.path(), small()).await.unwrap();
    let id = document(1).document.id();
    assert_eq!(restored.get_document(id).await.unwrap().extracted, document(1));
    restored.close().await;
}
