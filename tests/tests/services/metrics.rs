//! What Prometheus reads of the three processes: what was done is counted, under the names that docs and alerts use.

use std::{collections::BTreeSet, fs, path::Path};

use dictum_client::{ClientOptions, Connection, IngestClient, StorageClient};
use dictum_proto::v1;
use dictum_tests::{Process, document};
use futures_util::{StreamExt, TryStreamExt, stream};

const FLAGS: [&str; 2] = ["--metrics-listen", "127.0.0.1:0"];

fn connection(process: &Process) -> Connection {
    Connection::new(&process.endpoint, ClientOptions::default()).unwrap()
}

/// Returns the value of a series, labels and all.
fn value(text: &str, series: &str) -> f64 {
    let line = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no {series} in\n{text}")).parse().unwrap()
}

/// Returns the names of all metrics, as they are registered.
fn names(text: &str) -> BTreeSet<String> {
    let types = text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    types.map(|line| line.split(' ').next().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_done_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_str().unwrap();
    let extraction = Process::start("dictum-extraction", &FLAGS).unwrap();
    let storage = Process::start("dictum-storage", &[&FLAGS[..], &["--data", data]].concat()).unwrap();
    let endpoints = ["--extraction-endpoint", &extraction.endpoint, "--storage-endpoint", &storage.endpoint];
    let ingest = Process::start("dictum-ingest", &[&FLAGS[..], &endpoints].concat()).unwrap();

    let client = IngestClient::new(connection(&ingest));
    let documents = (0..20).map(document).chain([document(0), v1::Document::default()]);
    let sent: Vec<_> = client.ingest_documents(stream::iter(documents)).try_collect().await.unwrap();
    assert_eq!(sent.len(), 22);
    let reader = StorageClient::new(connection(&storage));
    let mut watch = reader.watch(Default::default());
    watch.next().await.unwrap().unwrap();
    let revision = reader.list_claims(Default::default()).await.unwrap().revision;
    let words =
        v1::SearchClaimsRequest { query: "bridge".to_owned(), min_revision: revision, ..Default::default() };
    reader.search_claims(words).await.unwrap();
    assert!(reader.get_claim("ab".repeat(24)).await.is_err());
    // A path is the client's word: it must not become a series.
    let mut anything = tonic::client::Grpc::new(
        ClientOptions::default().endpoint(&storage.endpoint).unwrap().connect().await.unwrap(),
    );
    anything.ready().await.unwrap();
    let codec = tonic_prost::ProstCodec::<v1::GetClaimRequest, v1::GetClaimResponse>::default();
    let path = "/dictum.v1.StorageService/Invented".parse().unwrap();
    let refused = anything.unary(tonic::Request::new(Default::default()), path, codec).await;
    assert_eq!(refused.unwrap_err().code(), tonic::Code::Unimplemented);

    let [of_ingest, of_extraction, of_storage] = [&ingest, &extraction, &storage].map(Process::scrape);
    for (text, series, expected) in [
        (&of_ingest, r#"dictum_ingest_documents_total{outcome="stored"}"#, 20.0),
        (&of_ingest, r#"dictum_ingest_documents_total{outcome="duplicate"}"#, 1.0),
        (&of_ingest, r#"dictum_ingest_documents_total{outcome="rejected"}"#, 1.0),
        (
            &of_ingest,
            r#"dictum_grpc_calls_total{service="dictum.v1.IngestService",method="IngestDocuments",code="OK"}"#,
            1.0,
        ),
        (&of_extraction, "dictum_extraction_documents_total", 21.0),
        (
            &of_extraction,
            r#"dictum_extraction_claims_total{form="quoted-statement",rule="block-labelled"}"#,
            21.0,
        ),
        (&of_storage, "dictum_store_documents", 20.0),
        (&of_storage, "dictum_store_claims", 20.0),
        (&of_storage, "dictum_store_group_changes_sum", 20.0),
        (&of_storage, "dictum_search_lag_revisions", 0.0),
        (&of_storage, "dictum_search_ready", 1.0),
        (&of_storage, "dictum_watches", 1.0),
        (
            &of_storage,
            r#"dictum_grpc_calls_in_flight{service="dictum.v1.StorageService",method="WatchClaims"}"#,
            1.0,
        ),
        (
            &of_storage,
            r#"dictum_grpc_calls_total{service="dictum.v1.StorageService",method="WriteDocument",code="OK"}"#,
            21.0,
        ),
        (
            &of_storage,
            r#"dictum_grpc_calls_total{service="dictum.v1.StorageService",method="GetClaim",code="NOT_FOUND"}"#,
            1.0,
        ),
        (&of_storage, r#"dictum_grpc_calls_total{service="other",method="other",code="UNIMPLEMENTED"}"#, 1.0),
        (&of_storage, "dictum_connections_limit", 1024.0),
    ] {
        assert_eq!(value(text, series), expected, "{series}");
    }
    let syncs = value(&of_storage, "dictum_store_sync_duration_seconds_count");
    assert!((1.0..=20.0).contains(&syncs), "{syncs}");
    assert!(value(&of_storage, "dictum_connections") >= 2.0, "ingest and this test");
    assert!(value(&of_storage, "process_resident_memory_bytes") > 1e6);
    assert!(of_storage.contains("dictum_build_info{program=\"dictum-storage\",version="));
    assert!(!of_storage.contains("Invented"));

    let known: BTreeSet<String> =
        [of_ingest, of_extraction, of_storage].iter().flat_map(|t| names(t)).collect();
    agrees_with_docs(&known);
}

/// Every metric is explained, and nothing is said or watched that is none.
fn agrees_with_docs(known: &BTreeSet<String>) {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let docs = fs::read_to_string(top.join("docs/operations.md")).unwrap();
    for name in known.iter().filter(|name| name.starts_with("dictum_")) {
        assert!(docs.contains(&format!("`{name}")), "docs/operations.md does not explain {name}");
    }
    for file in ["docs/operations.md", "deploy/monitoring/alerts.yaml", "deploy/monitoring/dashboard.json"] {
        let text = fs::read_to_string(top.join(file)).unwrap();
        let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
        for word in words.filter(|word| word.starts_with("dictum_") && word.len() > "dictum_".len()) {
            let suffixes = ["", "_total", "_bucket", "_sum", "_count", "_info"];
            let is_known =
                suffixes.iter().any(|end| word.strip_suffix(end).is_some_and(|w| known.contains(w)));
            let is_volume = ["dictum_data", "dictum_backups"].contains(&word);
            assert!(is_known || is_volume, "{file}: there is no metric {word}");
        }
    }
}

#[test]
fn a_metrics_address_that_is_taken_is_said() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let said = Process::start("dictum-extraction", &["--metrics-listen", &address]).unwrap_err();
    assert!(said.contains("Address already in use"), "{said}");
}
