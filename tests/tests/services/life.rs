//! Start, stop and death of real processes.

use dictum_client::{ClientOptions, Connection, IngestClient, StorageClient};
use dictum_proto::v1::{self, IngestStatus};
use dictum_tests::{Process, document};
use futures_util::{StreamExt, TryStreamExt, stream};
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};

fn connection(process: &Process) -> Connection {
    Connection::new(&process.endpoint, ClientOptions::default()).unwrap()
}

struct Three {
    _extraction: Process,
    storage: Process,
    ingest: Process,
}

fn start_three(data: &str) -> Three {
    let extraction = Process::start("dictum-extraction", &[]).unwrap();
    let storage = Process::start("dictum-storage", &["--data", data]).unwrap();
    let endpoints = ["--extraction-endpoint", &extraction.endpoint, "--storage-endpoint", &storage.endpoint];
    let ingest = Process::start("dictum-ingest", &endpoints).unwrap();
    Three { _extraction: extraction, storage, ingest }
}

async fn claims(storage: &Process) -> Vec<v1::Claim> {
    StorageClient::new(connection(storage)).list_all(Default::default()).try_collect().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn three_processes_ingest_and_list_and_keep_over_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_str().unwrap();
    let three = start_three(data);
    let client = IngestClient::new(connection(&three.ingest));
    let stored: Vec<_> =
        client.ingest_documents(stream::iter((0..20).map(document))).try_collect().await.unwrap();
    assert!(stored.iter().all(|a| a.result.status() == IngestStatus::Stored));
    let before = claims(&three.storage).await;
    assert_eq!(before.len(), 20);
    let ended = three.storage.end_with("TERM");
    assert_eq!(ended.code(), Some(0));
    let again = Process::start("dictum-storage", &["--data", data]).unwrap();
    assert_eq!(claims(&again).await, before);
}

/// The same documents through three processes and through `dictum serve`: the same answers and the same claims.
/// Revisions and their order are left out: documents without a time that are written at once may get them in any order.
#[tokio::test(flavor = "multi_thread")]
async fn three_processes_do_what_serve_does_in_one() {
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let three = start_three(folders[0].path().to_str().unwrap());
    let serve = Process::serve(folders[1].path().to_str().unwrap()).unwrap();
    let mut kept = Vec::new();
    for (ingest, storage) in [(&three.ingest, &three.storage), (&serve, &serve)] {
        let client = IngestClient::new(connection(ingest));
        let answers: Vec<_> =
            client.ingest_documents(stream::iter((0..20).map(document))).try_collect().await.unwrap();
        let results: Vec<_> =
            answers.into_iter().map(|a| v1::IngestResult { revision: 0, ..a.result }).collect();
        let mut claims = claims(storage).await;
        for claim in &mut claims {
            claim.provenance.as_mut().unwrap().revision = 0;
        }
        claims.sort_by(|a, b| a.claim_id.cmp(&b.claim_id));
        kept.push((results, claims));
    }
    assert_eq!(kept[0].1.len(), 20);
    assert!(kept[0] == kept[1], "three processes and one keep different claims");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_survives_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_str().unwrap();
    let three = start_three(data);
    let client = IngestClient::new(connection(&three.ingest));
    let mut stream = client.ingest_documents(stream::iter((0..10_000).map(document)));
    let mut acknowledged = Vec::new();
    while acknowledged.len() < 200 {
        acknowledged.push(stream.try_next().await.unwrap().unwrap().result.document_id);
    }
    three.storage.end_with("KILL");
    drop(stream);
    let again = Process::start("dictum-storage", &["--data", data]).unwrap();
    let storage = StorageClient::new(connection(&again));
    for document_id in acknowledged {
        let request = v1::GetDocumentRequest { document_id, with_extraction: true };
        let response = storage.get_document(request).await.unwrap();
        assert_eq!(response.extraction.unwrap().claims.len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_does_not_wait_for_watchers() {
    let folder = tempfile::tempdir().unwrap();
    // With a stop deadline of an hour, only a stop that waits for nobody ends this test.
    let data = folder.path().to_str().unwrap();
    let flags = ["--data", data, "--stop-deadline", "1h", "--handshake-timeout", "1s"];
    let storage = Process::start("dictum-storage", &flags).unwrap();
    let mut changes = StorageClient::new(connection(&storage)).watch(Default::default());
    changes.next().await.unwrap().unwrap();
    let endpoint = ClientOptions::default().endpoint(&storage.endpoint).unwrap();
    let mut health = HealthClient::new(endpoint.connect_lazy());
    let mut statuses = health.watch(HealthCheckRequest::default()).await.unwrap().into_inner();
    statuses.message().await.unwrap().unwrap();
    // A connection that never says a word must not hold the process either.
    let _mute = tokio::net::TcpStream::connect(storage.endpoint.trim_start_matches("http://")).await.unwrap();

    let ended = tokio::task::spawn_blocking(|| storage.end_with("TERM")).await.unwrap();
    assert_eq!(ended.code(), Some(0));
    let said = statuses.message().await.unwrap().unwrap();
    assert_eq!(said.status().as_str_name(), "NOT_SERVING");
}

/// Storage answers, but does not serve yet: ingest says so of itself, of what it waits for, and serves as soon as it can.
#[tokio::test(flavor = "multi_thread")]
async fn ingest_serves_when_the_services_behind_it_do() {
    let extraction = Process::start("dictum-extraction", &[]).unwrap();
    let (reporter, health) = tonic_health::server::health_reporter();
    let name = "dictum.v1.StorageService";
    reporter.set_service_status(name, tonic_health::ServingStatus::NotServing).await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let storage = format!("http://{}", listener.local_addr().unwrap());
    let server = tonic::transport::Server::builder().add_service(health);
    tokio::spawn(server.serve_with_incoming(tokio_stream::wrappers::TcpListenerStream::new(listener)));
    let endpoints = ["--extraction-endpoint", &extraction.endpoint, "--storage-endpoint", &storage];
    let ingest = Process::start("dictum-ingest", &endpoints).unwrap();

    let endpoint = ClientOptions::default().endpoint(&ingest.endpoint).unwrap();
    let mut health = HealthClient::new(endpoint.connect_lazy());
    let of_ingest = HealthCheckRequest { service: "dictum.v1.IngestService".to_owned() };
    let mut statuses = health.watch(of_ingest).await.unwrap().into_inner();
    let said = statuses.message().await.unwrap().unwrap();
    assert_eq!(said.status().as_str_name(), "NOT_SERVING");
    let whole = health.check(HealthCheckRequest::default()).await.unwrap().into_inner();
    assert_eq!(whole.status().as_str_name(), "SERVING", "a process that waits does not hang");

    // It has asked, and says what it waits for; its log comes through a pipe.
    let waited = loop {
        let log = ingest.log();
        match log
            .lines()
            .find(|line| line.contains("waiting for a service behind ingest") && line.contains(name))
        {
            Some(line) => break line.to_owned(),
            None => tokio::task::yield_now().await,
        }
    };
    assert!(waited.contains("NOT_SERVING"), "{waited}");
    reporter.set_service_status(name, tonic_health::ServingStatus::Serving).await;
    let said = statuses.message().await.unwrap().unwrap();
    assert_eq!(said.status().as_str_name(), "SERVING");
}

/// The drain would last an hour; whoever cannot wait asks twice.
#[tokio::test(flavor = "multi_thread")]
async fn a_second_signal_leaves_at_once() {
    let extraction = Process::start("dictum-extraction", &["--drain-delay", "1h"]).unwrap();
    let endpoint = ClientOptions::default().endpoint(&extraction.endpoint).unwrap();
    let mut health = HealthClient::new(endpoint.connect_lazy());
    let mut statuses = health.watch(HealthCheckRequest::default()).await.unwrap().into_inner();
    statuses.message().await.unwrap().unwrap();
    extraction.signal("TERM");
    assert_eq!(statuses.message().await.unwrap().unwrap().status().as_str_name(), "NOT_SERVING");
    let ended = tokio::task::spawn_blocking(|| extraction.end_with("INT")).await.unwrap();
    assert_eq!(ended.code(), Some(130));
}

#[test]
fn a_second_process_on_one_directory_leaves_and_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_str().unwrap();
    let _first = Process::start("dictum-storage", &["--data", data]).unwrap();
    let said = Process::start("dictum-storage", &["--data", data]).unwrap_err();
    assert!(said.contains("is open in another process"), "{said}");
}

#[test]
fn plain_text_beyond_this_machine_must_be_asked_for() {
    let refused = Process::run("dictum-extraction", &["--listen", "0.0.0.0:0"]);
    let said = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(64));
    assert!(said.contains("can be reached by other machines"), "{said}");
}

#[test]
fn every_binary_explains_itself() {
    for name in ["dictum-ingest", "dictum-extraction", "dictum-storage"] {
        let help = Process::run(name, &["--help"]);
        let text = String::from_utf8(help.stdout).unwrap();
        assert!(help.status.success());
        for word in ["--listen", "DICTUM_LISTEN", "--max-calls", "probe"] {
            assert!(text.contains(word), "{name} --help does not name {word}");
        }
    }
}

#[test]
fn a_probe_tells_by_its_exit_code() {
    let extraction = Process::start("dictum-extraction", &[]).unwrap();
    let probe = |service: &str| {
        let arguments = ["probe", "--endpoint", &extraction.endpoint, "--service", service];
        Process::run("dictum-extraction", &arguments).status.code()
    };
    assert_eq!(probe(""), Some(0));
    assert_eq!(probe("dictum.v1.ExtractionService"), Some(0));
    assert_eq!(probe("dictum.v1.IngestService"), Some(1));
    let endpoint = extraction.endpoint.clone();
    extraction.end_with("TERM");
    let nobody = Process::run("dictum-extraction", &["probe", "--endpoint", &endpoint]);
    assert_eq!(nobody.status.code(), Some(1));
}

#[test]
fn settings_come_from_flag_variable_file_and_default_and_say_so() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("dictum.toml");
    std::fs::write(&file, "max_calls = 7\nlog_format = \"json\"\n").unwrap();
    let arguments = ["--config", file.to_str().unwrap(), "--print-config", "--drain-delay", "2s"];
    let printed = Process::run("dictum-ingest", &arguments);
    let text = String::from_utf8(printed.stdout).unwrap();
    assert!(printed.status.success());
    for line in ["max_calls = \"7\" # file", "drain_delay = \"2s\" # flag", "max_uploads = \"32\" # default"]
    {
        assert!(text.lines().any(|printed| printed == line), "{line}: {text}");
    }

    std::fs::write(&file, "max_calls = \"many\"\ndata_dir = 3\n").unwrap();
    let refused = Process::run("dictum-ingest", &arguments);
    let text = String::from_utf8(refused.stderr).unwrap();
    assert_eq!((refused.status.code(), text.lines().count()), (Some(64), 2), "{text}");
}

/// `dictum serve` reads the same kind of file; what `dictum config` prints is one itself.
#[test]
fn dictum_config_prints_a_file_that_it_reads_again() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("dictum.toml");
    let path = file.to_str().unwrap();
    std::fs::write(&file, "max_calls = 7\nmax_uploads = 3\n").unwrap();
    let printed = Process::run("dictum", &["config", "--config", path, "--drain-delay", "2s"]);
    let text = String::from_utf8(printed.stdout).unwrap();
    for line in ["max_calls = \"7\" # file", "max_uploads = \"3\" # file", "drain_delay = \"2s\" # flag"] {
        assert!(text.lines().any(|printed| printed == line), "{line}: {text}");
    }
    let set: String =
        text.lines().filter(|line| !line.contains(" = \"\"")).map(|l| format!("{l}\n")).collect();
    std::fs::write(&file, set).unwrap();
    let again = String::from_utf8(Process::run("dictum", &["config", "--config", path]).stdout).unwrap();
    assert!(again.contains("drain_delay = \"2s\" # file"), "{again}");

    std::fs::write(&file, "max_calls = \"many\"\ndata_dir = 3\n").unwrap();
    let refused =
        Process::run("dictum", &["serve", "--config", path, "--drain-delay", "5", "--max-calls", "x"]);
    let text = String::from_utf8(refused.stderr).unwrap();
    assert_eq!((refused.status.code(), text.lines().count()), (Some(64), 4), "{text}");
}

#[test]
fn dictum_probes_a_server() {
    let folder = tempfile::tempdir().unwrap();
    let serve = Process::serve(folder.path().to_str().unwrap()).unwrap();
    let probe = |service: &str| {
        Process::run("dictum", &["probe", "--endpoint", &serve.endpoint, "--service", service]).status.code()
    };
    assert_eq!(
        (probe(""), probe("dictum.v1.StorageService"), probe("dictum.v1.None")),
        (Some(0), Some(0), Some(1))
    );
}
