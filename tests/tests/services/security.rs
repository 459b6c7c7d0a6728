//! TLS, tokens, certificates, scopes, and what is written down of who called.

use std::{fs, path::Path};

use dictum_client::{
    ClientError, ClientOptions, Connection, ExtractionClient, IngestClient, StorageClient, Token,
};
use dictum_proto::v1::{self, ErrorReason, IngestStatus};
use dictum_server::{Health, NewToken, Reflection, Scope, ServerConfig};
use dictum_tests::{Access, Authority, Bench, BenchConfig, Process, document};
use futures_util::{StreamExt, TryStreamExt, stream};
use serde_json::Value;
use tonic::Code;
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};

fn with_token(token: Token) -> ClientOptions {
    ClientOptions { token: Some(token), ..Default::default() }
}

fn encrypted(authority: &Authority, config: &mut BenchConfig) {
    let certificate = authority.issue("dictum.example");
    config.server.security.tls_cert = Some(certificate.certificate);
    config.server.security.tls_key = Some(certificate.key);
    config.backend.backend_ca = Some(authority.file());
}

fn lines(audit: &Path) -> Vec<Value> {
    let text = fs::read_to_string(audit).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// What each scope may: one method of each kind, by somebody with that scope alone.
#[tokio::test]
async fn scopes_open_what_they_name_and_nothing_else() {
    let mut access = Access::default();
    let tokens =
        [Scope::Read, Scope::Ingest, Scope::Admin].map(|scope| access.token(&scope.to_string(), &[scope]));
    let mut config = access.config();
    config.backend.backend_token_file = Some(access.token_file("ingest-service", &[Scope::Ingest]));
    let bench = Bench::with(config).await;
    let storage_at = &bench.storage.as_ref().unwrap();
    let mut allowed = Vec::new();
    for token in tokens {
        let options = with_token(token);
        let ingest = IngestClient::new(bench.ingest.connection_of(options.clone()));
        let extraction = ExtractionClient::new(bench.extraction.connection_of(options.clone()));
        let storage = StorageClient::new(storage_at.connection_of(options));
        let document_id = "ab".repeat(16);
        let codes = [
            storage.list_claims(v1::ListClaimsRequest::default()).await.err(),
            storage.watch(v1::WatchClaimsRequest::default()).next().await.unwrap().err(),
            extraction.describe_rules().await.err(),
            ingest.ingest_document(document(1)).await.err(),
            storage.delete_document(v1::DeleteDocumentRequest { document_id }).await.err(),
        ];
        allowed.push(codes.map(|error| error.is_none_or(|e| e.code() != Code::PermissionDenied)));
    }
    assert_eq!(
        allowed,
        [
            [true, true, true, false, false],  // read
            [false, false, true, true, false], // ingest
            [true; 5],                         // admin
        ]
    );
}

#[tokio::test]
async fn wrong_tokens_of_every_kind_are_refused_alike() {
    let mut access = Access::default();
    let good = NewToken::generate().unwrap();
    access.line(&good.line("desk", &[Scope::Read]));
    let bench = Bench::with(access.config()).await;
    let other = NewToken::generate().unwrap();
    let hash = good.line("desk", &[]).split(':').next_back().unwrap().to_owned();
    let mut statuses = Vec::new();
    for wrong in [other.secret(), &hash, "x", &good.secret().to_uppercase(), &"a".repeat(8_000)] {
        let client = StorageClient::new(
            bench.storage.as_ref().unwrap().connection_of(with_token(Token::new(wrong).unwrap())),
        );
        let Err(ClientError::Status(status)) = client.list_claims(Default::default()).await else {
            panic!("{wrong}")
        };
        statuses.push((status.code(), status.message().to_owned()));
    }
    statuses.dedup();
    assert_eq!(statuses.len(), 1, "{statuses:?}");
    assert_eq!(statuses[0].0, Code::Unauthenticated);
}

/// What is sent twice could be read differently by something in between: neither counts.
#[tokio::test]
async fn two_tokens_in_one_call_are_none() {
    let mut access = Access::default();
    let good = NewToken::generate().unwrap();
    access.line(&good.line("desk", &[Scope::Read]));
    let bench = Bench::with(access.config()).await;
    let mut service =
        v1::storage_service_client::StorageServiceClient::new(bench.storage.as_ref().unwrap().channel());
    let mut call = async |tokens: &[&str]| {
        let mut request = tonic::Request::new(v1::ListClaimsRequest::default());
        for token in tokens {
            request.metadata_mut().append("authorization", format!("Bearer {token}").parse().unwrap());
        }
        service.list_claims(request).await.map_err(|status| status.code()).err()
    };
    assert_eq!(call(&[good.secret()]).await, None);
    assert_eq!(call(&[good.secret(), "x"]).await, Some(Code::Unauthenticated));
    assert_eq!(call(&[]).await, Some(Code::Unauthenticated));
}

#[tokio::test]
async fn documents_go_through_three_services_with_tls_and_certificates() {
    let authority = Authority::default();
    let mut access = Access::default();
    access.line("ingest-service ingest certificate:spiffe://dictum.example/ingest");
    access.line("desk read,ingest certificate:desk.example");
    let mut config = access.config();
    encrypted(&authority, &mut config);
    config.server.security.tls_client_ca = Some(authority.file());
    config.server.security.tls_client_required = true;
    let service = authority.issue("spiffe://dictum.example/ingest");
    config.backend.backend_cert = Some(service.certificate);
    config.backend.backend_key = Some(service.key);
    let bench = Bench::with(config).await;

    let desk = authority.issue("desk.example");
    let options = ClientOptions { tls: authority.client(Some(&desk)), ..Default::default() };
    let client = IngestClient::new(bench.ingest.connection_of(options.clone()));
    let stored: Vec<_> =
        client.ingest_documents(stream::iter((0..20).map(document))).try_collect().await.unwrap();
    assert!(stored.iter().all(|a| a.result.status() == IngestStatus::Stored));
    let storage_at = bench.storage.as_ref().unwrap();
    let storage = StorageClient::new(storage_at.connection_of(options));
    assert_eq!(storage.list_all(Default::default()).try_collect::<Vec<_>>().await.unwrap().len(), 20);

    // A certificate of the authority that nobody has a line for; one of another authority; none at all.
    let stranger = authority.issue("stranger.example");
    let other = Authority::default();
    let forged = other.issue("desk.example");
    for (certificate, code) in [
        (Some(&stranger), Code::Unauthenticated),
        (Some(&forged), Code::Unavailable),
        (None, Code::Unavailable),
    ] {
        let options = ClientOptions { tls: authority.client(certificate), ..Default::default() };
        let refused = StorageClient::new(storage_at.connection_of(options));
        let error = refused.list_claims(Default::default()).await.unwrap_err();
        assert!(error.code() == code || code == Code::Unavailable && error.reason().is_none(), "{error:?}");
    }
    // A server that the client's authority does not vouch for; and no TLS where there should be some.
    let options = ClientOptions { tls: other.client(None), ..Default::default() };
    StorageClient::new(storage_at.connection_of(options)).list_claims(Default::default()).await.unwrap_err();
    let plain = storage_at.endpoint.replace("https", "http");
    let plain = Connection::new(&plain, ClientOptions { max_attempts: 1, ..Default::default() }).unwrap();
    StorageClient::new(plain).list_claims(Default::default()).await.unwrap_err();
}

/// With an authority alone, whoever has one of its certificates may everything.
#[tokio::test]
async fn a_certificate_is_enough_where_there_are_no_identities() {
    let authority = Authority::default();
    let mut config = BenchConfig::default();
    encrypted(&authority, &mut config);
    config.server.security.tls_client_ca = Some(authority.file());
    config.server.security.tls_client_required = true;
    let bench = Bench::with(config).await;
    let anyone = authority.issue("anyone.example");
    let options = ClientOptions { tls: authority.client(Some(&anyone)), ..Default::default() };
    let storage = StorageClient::new(bench.storage.as_ref().unwrap().connection_of(options));
    storage.list_claims(Default::default()).await.unwrap();
}

#[tokio::test]
async fn health_and_reflection_are_open_to_whom_the_settings_say() {
    use tonic_reflection::pb::v1::{
        ServerReflectionRequest, server_reflection_client::ServerReflectionClient,
        server_reflection_request::MessageRequest,
    };
    let access = Access::default();
    let ask = async |config: BenchConfig| {
        let bench = Bench::with(config).await;
        let health = HealthClient::new(bench.extraction.channel()).check(HealthCheckRequest::default()).await;
        let request = ServerReflectionRequest {
            host: String::new(),
            message_request: Some(MessageRequest::ListServices(String::new())),
        };
        let mut reflection = ServerReflectionClient::new(bench.extraction.channel());
        let answers = reflection.server_reflection_info(stream::iter([request])).await;
        let reflection = match answers {
            Ok(answers) => answers.into_inner().message().await.map(|_| ()),
            Err(status) => Err(status),
        };
        (health.map_err(|s| s.code()).err(), reflection.map_err(|s| s.code()).err())
    };
    let refused = Some(Code::Unauthenticated);
    assert_eq!(ask(BenchConfig::default()).await, (None, None));
    assert_eq!(ask(access.config()).await, (None, refused));
    let mut config = access.config();
    config.server.security.health = Health::Identified;
    config.server.security.reflection = Reflection::Anybody;
    assert_eq!(ask(config).await, (refused, None));
    let mut config = BenchConfig::default();
    config.server.security.reflection = Reflection::Off;
    assert_eq!(ask(config).await, (None, Some(Code::Unimplemented)));
}

/// Somebody who is not known learns nothing, not even what there is; and no path comes around the gate.
#[tokio::test]
async fn no_path_comes_around_the_gate() {
    let access = Access::default();
    let bench = Bench::with(access.config()).await;
    let address = bench.extraction.endpoint.trim_start_matches("http://");
    let socket = tokio::net::TcpStream::connect(address).await.unwrap();
    let (mut requests, connection) = h2::client::handshake(socket).await.unwrap();
    tokio::spawn(connection);
    for path in [
        "/dictum.v1.ExtractionService/DescribeRules",
        "/dictum.v1.ExtractionService/describeRules",
        "/dictum.v1.ExtractionService/DescribeRules/",
        "//dictum.v1.ExtractionService/DescribeRules",
        "/dictum.v1.ExtractionService/%44escribeRules",
        "/dictum.v1.ExtractionService/DescribeRules?/grpc.health.v1.Health/Check",
        "/grpc.health.v1.Health/../dictum.v1.ExtractionService/DescribeRules",
        "/grpc.health.v1.Health/Check/../../dictum.v1.ExtractionService/DescribeRules",
        "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
        "/",
        "/*",
    ] {
        requests = requests.ready().await.unwrap();
        let request = http::Request::post(format!("http://{address}{path}"))
            .header("content-type", "application/grpc")
            .body(())
            .unwrap();
        let (answer, _) = requests.send_request(request, true).unwrap();
        let answer = answer.await.unwrap();
        assert_eq!(answer.headers()["grpc-status"], "16", "{path}");
    }
}

#[tokio::test]
async fn what_was_written_and_who_was_refused_is_written_down_without_a_word_of_the_text() {
    let mut access = Access::default();
    let desk = access.token("desk", &[Scope::Ingest]);
    let mut config = access.config();
    let folder = tempfile::tempdir().unwrap();
    let audit = folder.path().join("audit.ndjson");
    config.server.security.audit_log = Some(audit.clone());
    config.backend.backend_token_file = Some(access.token_file("ingest-service", &[Scope::Ingest]));
    let bench = Bench::with(config).await;

    let client = IngestClient::new(bench.ingest.connection_of(with_token(desk.clone())));
    let stored = client.ingest_document(document(1)).await.unwrap();
    let sent: Vec<_> = client
        .ingest_documents(stream::iter([document(1), v1::Document::default()]))
        .try_collect()
        .await
        .unwrap();
    assert_eq!(sent[1].result.status(), IngestStatus::Rejected);
    let refused = StorageClient::new(bench.storage.as_ref().unwrap().connection_of(with_token(desk)));
    let document_id = stored.document_id.clone();
    refused.delete_document(v1::DeleteDocumentRequest { document_id }).await.unwrap_err();
    bench.storage().list_claims(Default::default()).await.unwrap_err();

    let text = fs::read_to_string(&audit).unwrap();
    assert!(!text.contains("Fenwick") && !text.contains("Bridge"), "{text}");
    let lines = lines(&audit);
    let told: Vec<(&str, &str, &str)> = lines
        .iter()
        .map(|line| {
            let of = |name: &str| line[name].as_str().unwrap_or_default();
            assert!(of("time").ends_with('Z'));
            assert_eq!(of("address"), "127.0.0.1");
            if of("outcome") == "STORED" {
                assert_eq!(of("documentId"), stored.document_id);
            }
            (of("caller"), of("method").rsplit('/').next().unwrap(), of("outcome"))
        })
        .collect();
    for expected in [
        ("ingest-service", "WriteDocument", "STORED"),
        ("desk", "IngestDocument", "STORED"),
        ("desk", "IngestDocuments", "DUPLICATE"),
        ("desk", "IngestDocuments", "REJECTED"),
        ("desk", "DeleteDocument", "REFUSED"),
        ("", "ListClaims", "REFUSED"),
    ] {
        assert!(told.contains(&expected), "{expected:?}: {told:?}");
    }
    assert_eq!(told.iter().filter(|(_, _, outcome)| *outcome == "STORED").count(), 2);
}

/// Certificates and identities are read again on SIGHUP; what cannot be used changes nothing.
#[tokio::test(flavor = "multi_thread")]
async fn certificates_and_identities_are_read_again() {
    let authority = Authority::default();
    let (first, second) = (authority.issue("one.example"), authority.issue("two.example"));
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    fs::copy(&first.certificate, &certificate).unwrap();
    fs::copy(&first.key, &key).unwrap();
    let mut access = Access::default();
    let token = access.token("desk", &[Scope::Read]);
    let flags = [
        "--tls-cert",
        certificate.to_str().unwrap(),
        "--tls-key",
        key.to_str().unwrap(),
        "--access",
        access.file().to_str().unwrap(),
    ]
    .map(str::to_owned);
    let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    let process = Process::start("dictum-extraction", &flags).unwrap();
    let endpoint = process.endpoint.replace("http://127.0.0.1", "https://localhost");
    // `localhost` is in no certificate: what the client says of the names it found tells which one is served.
    let names = async || {
        let options = ClientOptions { tls: authority.client(None), max_attempts: 1, ..Default::default() };
        let client = ExtractionClient::new(Connection::new(&endpoint, options).unwrap());
        client.describe_rules().await.unwrap_err().to_string()
    };
    let call = async |token: &Token| {
        let options =
            ClientOptions { tls: authority.client(None), max_attempts: 1, ..with_token(token.clone()) };
        let https = process.endpoint.replace("http://", "https://");
        let client = ExtractionClient::new(Connection::new(&https, options).unwrap());
        client.describe_rules().await.map(|_| ()).map_err(|error| error.code())
    };
    assert_eq!(call(&token).await, Ok(()));
    assert!(names().await.contains("one.example"), "{}", names().await);

    fs::write(&key, "no key").unwrap();
    access.clear();
    process.signal("HUP");
    assert_eq!(call(&token).await, Ok(()), "what cannot be used changes nothing");

    fs::copy(&second.certificate, &certificate).unwrap();
    fs::copy(&second.key, &key).unwrap();
    process.signal("HUP");
    while call(&token).await != Err(Code::Unauthenticated) {}
    assert!(names().await.contains("two.example"));
}

#[test]
fn a_server_that_others_reach_wants_tls_and_identities() {
    let authority = Authority::default();
    let certificate = authority.issue("dictum.example");
    let (cert, key) = (certificate.certificate.to_str().unwrap(), certificate.key.to_str().unwrap());
    let access = Access::default();
    let access = access.file();
    let access = access.to_str().unwrap();
    let refused = |flags: &[&str]| {
        let output = Process::run("dictum-extraction", &[&["--listen", "0.0.0.0:0"], flags].concat());
        assert_eq!(output.status.code(), Some(64));
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(refused(&[]).contains("in plain text"));
    assert!(refused(&["--access", access]).contains("in plain text"));
    assert!(refused(&["--tls-cert", cert, "--tls-key", key]).contains("by anybody"));
    let open = ["--tls-cert", cert, "--tls-key", key, "--access", access, "--listen", "0.0.0.0:0"];
    drop(Process::start_as("dictum-extraction", &open).unwrap());
    drop(Process::start_as("dictum-extraction", &["--insecure", "--listen", "0.0.0.0:0"]).unwrap());
}

#[test]
fn everything_that_is_wrong_with_tls_and_identities_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (cert, key, access) = (path("cert"), path("key"), path("access"));
    fs::write(&cert, "").unwrap();
    fs::write(&access, "desk read\nother all blake3:0\n").unwrap();
    let flags = ["--tls-cert", &cert, "--tls-key", &key, "--access", &access, "--listen", "127.0.0.1:0"];
    let output = Process::run("dictum-extraction", &flags);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(64));
    for part in [format!("{cert}:"), format!("{key}:"), "line 1".to_owned(), "line 2".to_owned()] {
        assert!(said.contains(&part), "{part}: {said}");
    }
    let half = Process::run("dictum-extraction", &["--tls-cert", &cert, "--listen", "127.0.0.1:0"]);
    assert_eq!(half.status.code(), Some(64));
}

/// Probes speak no TLS: a server with it answers them on an address of their own, and nothing else there.
#[tokio::test(flavor = "multi_thread")]
async fn health_checks_have_an_address_of_their_own() {
    let authority = Authority::default();
    let mut config = BenchConfig::default();
    encrypted(&authority, &mut config);
    let free = dictum_server::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let address = free.local_addr().unwrap();
    drop(free);
    let server = ServerConfig { ..config.server };
    let mut server = server;
    server.security.health_listen = Some(address);
    let running = dictum_tests::start(|listener, stopped| async move {
        let stop = async { drop(stopped.await) };
        dictum_extraction::serve(listener, &config.extraction, server, &dictum_tests::metrics(), stop).await
    })
    .await;
    let channel = || ClientOptions::default().endpoint(&format!("http://{address}")).unwrap().connect_lazy();
    let request = HealthCheckRequest { service: "dictum.v1.ExtractionService".to_owned() };
    let mut health = HealthClient::new(channel());
    while health.check(request.clone()).await.is_err() {} // until it listens
    let connection = Connection::over(channel(), ClientOptions { max_attempts: 1, ..Default::default() });
    let error = ExtractionClient::new(connection).describe_rules().await.unwrap_err();
    assert_ne!(error.code(), Code::Ok);
    running.stop().await;
}

/// At the chattiest level of everything, no log holds a word of a text or a secret.
#[tokio::test(flavor = "multi_thread")]
async fn no_log_holds_a_word_of_a_text_or_a_secret() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let mut access = Access::default();
    let secret = NewToken::generate().unwrap();
    access.line(&secret.line("desk", &[Scope::Admin]));
    let (process, said) = Process::serve_telling(&[
        "--data",
        data.to_str().unwrap(),
        "--access",
        access.file().to_str().unwrap(),
        "--log",
        "trace",
    ]);
    let options = with_token(Token::new(secret.secret()).unwrap());
    let client = IngestClient::new(Connection::new(&process.endpoint, options.clone()).unwrap());
    let word = "Quillwortshire";
    let text = format!("💬 Mayor Ada Fenwick: The pier of {word} opens in May.");
    let good = v1::Document { text: text.clone(), channel: "Harbour".to_owned(), ..Default::default() };
    let wrong = v1::Document { document_id: "0".repeat(32), ..good.clone() };
    client.ingest_document(good).await.unwrap();
    assert_eq!(
        client.ingest_document(wrong).await.unwrap_err().reason(),
        Some(ErrorReason::DocumentIdMismatch)
    );
    let storage = StorageClient::new(Connection::new(&process.endpoint, options).unwrap());
    let request = v1::SearchClaimsRequest { query: word.to_owned(), ..Default::default() };
    storage.search_claims(request).await.unwrap();
    let header = v1::UploadHeader::default();
    let parts = client.upload_file(header, stream::iter([text.into_bytes()])).await.unwrap();
    parts.try_collect::<Vec<_>>().await.unwrap();
    process.end_with("TERM");
    let said = said.join().unwrap();
    assert!(said.len() > 10_000, "it was chatty: {}", said.len());
    for hidden in [word, secret.secret()] {
        if let Some(at) = said.find(hidden) {
            panic!("a log holds `{hidden}`: {}", &said[said[..at].rfind('\n').unwrap_or(0)..][..400]);
        }
    }
}
