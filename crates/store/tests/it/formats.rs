//! Stores that earlier versions wrote stay readable: `tests/data/format-N.backup` and the files of `tests/data/format-N`.
//!
//! `DICTUM_WRITE_FIXTURE=1` writes those of the present format where they are absent; they are never written again.

use std::path::{Path, PathBuf};

use dictum_store::{ClaimFilter, FORMAT_VERSION, ListOrder, Store, StoreError, UpgradeProgress};

use crate::sample::{document, small};

/// What every fixture holds.
const DIGEST: &str = "8 documents, revision 12, claims 2780515e0a93e8432d0176c770d05931";

fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data")
}

async fn describe(store: &Store) -> String {
    let report = store.check().await.unwrap();
    assert!(report.is_clean(), "{:#?}", report.described);
    let page =
        store.list_claims(&ClaimFilter::default(), ListOrder::WrittenAscending, 1000, None).await.unwrap();
    let claims: Vec<String> = page.claims.iter().map(|stored| format!("{:?}", stored.claim())).collect();
    let hash = dictum_core::ContentHash::of(&claims.join("\n"));
    format!("{} documents, revision {}, claims {hash}", report.listed_documents, report.revision)
}

async fn write_fixture() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path(), small()).await.unwrap();
    for seed in 0..10 {
        store.write(document(seed)).await.unwrap();
    }
    store.delete_document(document(3).document.id()).await.unwrap();
    let file = std::fs::File::create(data().join(format!("format-{FORMAT_VERSION}.backup"))).unwrap();
    store.backup(file).await.unwrap();
    store.close().await;
    pack(folder.path(), &data().join(format!("format-{FORMAT_VERSION}")));
}

/// Compresses the files of a store: most of them is room set aside.
fn pack(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in from.read_dir().unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            pack(&entry.path(), &to.join(entry.file_name()));
        } else {
            let packed = zstd::encode_all(&*std::fs::read(entry.path()).unwrap(), 19).unwrap();
            std::fs::write(to.join(entry.file_name()), packed).unwrap();
        }
    }
}

fn unpack(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in from.read_dir().unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            unpack(&entry.path(), &to.join(entry.file_name()));
        } else {
            let file = zstd::decode_all(&*std::fs::read(entry.path()).unwrap()).unwrap();
            std::fs::write(to.join(entry.file_name()), file).unwrap();
        }
    }
}

#[tokio::test]
async fn every_format_stays_readable() {
    if std::env::var("DICTUM_WRITE_FIXTURE").is_ok()
        && !data().join(format!("format-{FORMAT_VERSION}")).exists()
    {
        std::fs::create_dir_all(data()).unwrap();
        write_fixture().await;
    }
    for format in 1..=FORMAT_VERSION {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("restored");
        let backup = std::fs::File::open(data().join(format!("format-{format}.backup"))).unwrap();
        Store::restore(backup, &path, small()).await.unwrap();
        let restored = Store::open(&path, small()).await.unwrap();
        assert_eq!(describe(&restored).await, DIGEST, "the backup of format {format}");

        let path = folder.path().join("files");
        unpack(&data().join(format!("format-{format}")), &path);
        if format < FORMAT_VERSION {
            let error = Store::open(&path, small()).await.unwrap_err();
            assert!(matches!(error, StoreError::OlderFormat { found, .. } if found == format), "{error:?}");
            let upgraded = Store::upgrade(&path, small(), |_| {}).await.unwrap();
            assert_eq!((upgraded.from_format, upgraded.to_format), (format, FORMAT_VERSION));
        }
        assert_eq!(Store::upgrade(&path, small(), |_| {}).await.unwrap().documents, 0);
        let store = Store::open(&path, small()).await.unwrap();
        assert_eq!(describe(&store).await, DIGEST, "the files of format {format}");
        store.write(document(100)).await.unwrap();
        assert!(store.check().await.unwrap().is_clean());
    }
}

#[tokio::test]
async fn an_upgrade_that_was_cut_off_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    unpack(&data().join("format-1"), folder.path());
    for end_at in [
        UpgradeProgress::Documents(0),
        UpgradeProgress::LogEntries(0),
        UpgradeProgress::Indexes,
        UpgradeProgress::Indexes,
    ] {
        let end = move |at| assert!(at != end_at, "the end of the process");
        Store::upgrade(folder.path(), small(), end).await.unwrap_err();
        let error = Store::open(folder.path(), small()).await.unwrap_err();
        assert!(matches!(error, StoreError::OlderFormat { .. }), "{error:?}");
    }
    Store::upgrade(folder.path(), small(), |_| {}).await.unwrap();
    assert_eq!(describe(&Store::open(folder.path(), small()).await.unwrap()).await, DIGEST);
    assert!(!folder.path().join("sled.upgrade").exists());
}
