//! Every reason of `error_reason.proto`, provoked through a real client.

use std::{collections::BTreeMap, future::Future, pin::Pin, sync::Arc, time::Duration};

use dictum_client::{ClientError, ClientOptions, Connection, IngestClient, StorageClient};
use dictum_proto::{
    DESCRIPTOR_SET, reason,
    v1::{
        self, ErrorReason,
        ingest_service_client::IngestServiceClient,
        storage_service_client::StorageServiceClient,
        storage_service_server::{StorageService, StorageServiceServer},
    },
};
use dictum_server::{Scope, Server, ServerConfig};
use dictum_tests::{Access, Bench, BenchConfig, Running, document, metrics};
use futures_util::StreamExt;
use tokio::sync::Notify;
use tonic::{Code, Request, Response, Status};
use tonic_types::StatusExt;

type Provoked = Pin<Box<dyn Future<Output = Status>>>;

/// What provokes each reason, and the code and retry that `error_reason.proto` promises.
fn provocations() -> BTreeMap<i32, (Code, bool, Provoked)> {
    use ErrorReason as Reason;
    let all: Vec<(Reason, Code, bool, Provoked)> = vec![
        (Reason::TextEmpty, Code::InvalidArgument, false, Box::pin(text_empty())),
        (Reason::DocumentTooLarge, Code::InvalidArgument, false, Box::pin(document_too_large())),
        (Reason::DocumentIdMismatch, Code::InvalidArgument, false, Box::pin(document_id_mismatch())),
        (Reason::ClaimNotProved, Code::InvalidArgument, false, Box::pin(claim_not_proved())),
        (Reason::FieldInvalid, Code::InvalidArgument, false, Box::pin(field_invalid())),
        (Reason::PageTokenInvalid, Code::InvalidArgument, false, Box::pin(page_token_invalid())),
        (Reason::ClaimNotFound, Code::NotFound, false, Box::pin(claim_not_found())),
        (Reason::DocumentNotFound, Code::NotFound, false, Box::pin(document_not_found())),
        (Reason::SpeakerNotFound, Code::NotFound, false, Box::pin(speaker_not_found())),
        (Reason::RevisionCompacted, Code::OutOfRange, false, Box::pin(revision_not_there())),
        (Reason::ConsumerTooSlow, Code::Aborted, false, Box::pin(consumer_too_slow())),
        (Reason::DependencyUnavailable, Code::Unavailable, true, Box::pin(dependency_unavailable())),
        (Reason::StoreNotWritable, Code::Unavailable, true, Box::pin(store_not_writable())),
        (Reason::ShuttingDown, Code::Unavailable, true, Box::pin(shutting_down())),
        (Reason::Overloaded, Code::ResourceExhausted, true, Box::pin(overloaded())),
        (Reason::Internal, Code::Internal, false, Box::pin(internal())),
        (Reason::RecordDamaged, Code::DataLoss, false, Box::pin(record_damaged())),
        (Reason::MessageTooLarge, Code::ResourceExhausted, false, Box::pin(message_too_large())),
        (Reason::DeadlineExceeded, Code::DeadlineExceeded, false, Box::pin(deadline_exceeded())),
        (Reason::Unauthenticated, Code::Unauthenticated, false, Box::pin(unauthenticated())),
        (Reason::PermissionDenied, Code::PermissionDenied, false, Box::pin(permission_denied())),
        (Reason::RateLimited, Code::ResourceExhausted, true, Box::pin(rate_limited())),
        (Reason::StreamIdle, Code::Unavailable, true, Box::pin(stream_idle())),
    ];
    all.into_iter().map(|(reason, code, retry, provoked)| (reason.into(), (code, retry, provoked))).collect()
}

#[tokio::test]
async fn every_reason_reaches_a_client() {
    let mut provocations = provocations();
    for number in 1.. {
        let Ok(expected) = ErrorReason::try_from(number) else {
            assert!(provocations.is_empty());
            return;
        };
        let name = expected.as_str_name();
        let (code, retry, provoked) =
            provocations.remove(&number).unwrap_or_else(|| panic!("nothing provokes {name}"));
        let status = provoked.await;
        assert_eq!(reason(&status), Some(expected), "{status:?}");
        assert_eq!(status.code(), code, "{name}");
        assert_eq!(status.get_error_details().retry_info().is_some(), retry, "{name}");
        assert!(!status.message().is_empty() && !status.message().contains('/'), "{name}: {status}");
    }
}

fn status<T: std::fmt::Debug>(outcome: Result<T, ClientError>) -> Status {
    match outcome.unwrap_err() {
        ClientError::Status(status) => *status,
        error => panic!("{error}"),
    }
}

async fn ingest(document: v1::Document) -> Status {
    status(Bench::start().await.ingest().ingest_document(document).await)
}

async fn text_empty() -> Status {
    ingest(v1::Document::default()).await
}

async fn document_too_large() -> Status {
    let status = ingest(v1::Document { text: "a".repeat((4 << 20) + 1), ..Default::default() }).await;
    assert_eq!(status.get_error_details().error_info().unwrap().metadata["bytes"], "4194305");
    status
}

async fn document_id_mismatch() -> Status {
    ingest(v1::Document { document_id: "0".repeat(32), ..document(1) }).await
}

async fn claim_not_proved() -> Status {
    let bench = Bench::start().await;
    let request = v1::ExtractClaimsRequest { document: Some(document(1)), ..Default::default() };
    let mut extraction = bench.extraction().extract_claims(request).await.unwrap().extraction.unwrap();
    let Some(v1::claim::Form::QuotedStatement(statement)) = &mut extraction.claims[0].form else { panic!() };
    statement.content.as_mut().unwrap().text = "other words".to_owned();
    let request = v1::WriteDocumentRequest { document: Some(document(1)), extraction: Some(extraction) };
    status(bench.storage().write_document(request).await)
}

async fn list(request: v1::ListClaimsRequest) -> Status {
    status(Bench::start().await.storage().list_claims(request).await)
}

async fn field_invalid() -> Status {
    let filter = v1::ClaimFilter { from_date: "yesterday".to_owned(), ..Default::default() };
    let status = list(v1::ListClaimsRequest { filter: Some(filter), ..Default::default() }).await;
    let details = status.get_error_details();
    assert_eq!(details.bad_request().unwrap().field_violations[0].field, "filter.from_date");
    status
}

async fn page_token_invalid() -> Status {
    list(v1::ListClaimsRequest { page_token: "AAAA".to_owned(), ..Default::default() }).await
}

async fn claim_not_found() -> Status {
    status(Bench::start().await.storage().get_claim("ab".repeat(24)).await)
}

async fn document_not_found() -> Status {
    let request = v1::GetDocumentRequest { document_id: "ab".repeat(16), with_extraction: false };
    status(Bench::start().await.storage().get_document(request).await)
}

async fn speaker_not_found() -> Status {
    status(Bench::start().await.storage().get_speaker("Ada Fenwick".to_owned()).await)
}

async fn revision_not_there() -> Status {
    let request = v1::WatchClaimsRequest { filter: None, after_revision: Some(99) };
    status(Bench::start().await.storage().watch(request).next().await.unwrap())
}

/// A reader that stops: the transport's window and the stream's queue fill, then its patience ends.
async fn consumer_too_slow() -> Status {
    let mut config = BenchConfig::default();
    config.storage.watch_patience = Duration::from_millis(20);
    config.server.max_document_bytes = 1 << 20;
    let bench = Bench::with(config).await;
    let mut service = StorageServiceClient::new(bench.storage.as_ref().unwrap().channel());
    let request = v1::WatchClaimsRequest { filter: None, after_revision: Some(0) };
    let mut changes = service.watch_claims(request).await.unwrap().into_inner();
    let long = "The bridge opens in May. ".repeat(8_000);
    for n in 0..40 {
        let document = v1::Document { text: format!("💬 Mayor Ada Fenwick: {n} {long}"), ..document(n) };
        bench.ingest().ingest_document(document).await.unwrap();
    }
    loop {
        match changes.message().await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("the stream ended without a status"),
            Err(status) => return status,
        }
    }
}

async fn dependency_unavailable() -> Status {
    let mut bench = Bench::start().await;
    bench.stop_storage().await;
    let status = status(bench.ingest().ingest_document(document(1)).await);
    let details = status.get_error_details();
    assert_eq!(details.error_info().unwrap().metadata["service"], "dictum.v1.StorageService");
    status
}

async fn store_not_writable() -> Status {
    let mut config = BenchConfig::default();
    config.storage.min_free_bytes = u64::MAX;
    status(Bench::with(config).await.ingest().ingest_document(document(1)).await)
}

async fn shutting_down() -> Status {
    let mut bench = Bench::start().await;
    let mut changes = bench.storage().watch(v1::WatchClaimsRequest::default());
    changes.next().await.unwrap().unwrap(); // the first bookmark: the watch is open
    bench.stop_storage().await;
    status(changes.next().await.unwrap())
}

async fn overloaded() -> Status {
    let mut config = BenchConfig::default();
    config.server.max_calls = 1;
    let bench = Bench::with(config).await;
    let mut changes = bench.storage().watch(v1::WatchClaimsRequest::default());
    changes.next().await.unwrap().unwrap(); // takes the only place
    status(bench.storage().get_claim("ab".repeat(24)).await)
}

async fn internal() -> Status {
    let running = Faulty::start(ServerConfig::default()).await;
    let status = status(StorageClient::new(running.connection()).get_claim("panic".to_owned()).await);
    assert!(status.get_error_details().error_info().unwrap().metadata.contains_key("error_id"));
    assert!(!status.message().contains("secret"), "the client sees no inside");
    // The process lives.
    let again = StorageClient::new(running.connection()).get_claim("panic".to_owned()).await;
    assert_eq!(again.unwrap_err().code(), Code::Internal);
    status
}

/// A bundle is changed behind the store's back, as a bad disk would.
async fn record_damaged() -> Status {
    let mut bench = Bench::start().await;
    let result = bench.ingest().ingest_document(document(1)).await.unwrap();
    bench.stop_storage().await;
    damage_bundles(&bench.data().join("sled"));
    bench.start_storage().await;
    let request = v1::GetDocumentRequest { document_id: result.document_id, with_extraction: true };
    status(bench.storage().get_document(request).await)
}

fn damage_bundles(path: &std::path::Path) {
    const BUNDLE: u8 = 1; // the first byte of the key: docs/store.md
    let engine = sled::open(path).unwrap();
    let mut damaged = 0;
    for tree in engine.tree_names() {
        let tree = engine.open_tree(tree).unwrap();
        for entry in tree.scan_prefix([BUNDLE]) {
            let (key, value) = entry.unwrap();
            let mut value = value.to_vec();
            let last = value.len() - 1;
            value[last] ^= 1;
            tree.insert(key, value).unwrap();
            damaged += 1;
        }
    }
    engine.flush().unwrap();
    assert!(damaged > 0, "no bundle was found");
}

async fn message_too_large() -> Status {
    let mut config = BenchConfig::default();
    config.server.max_message_bytes = 64 << 10;
    let bench = Bench::with(config).await;
    let document = v1::Document { text: "a".repeat(65 << 10), ..Default::default() };
    status(bench.ingest().ingest_document(document).await)
}

async fn deadline_exceeded() -> Status {
    let config = ServerConfig { max_call_time: Duration::from_millis(20), ..Default::default() };
    let running = Faulty::start(config).await;
    status(StorageClient::new(running.connection()).get_claim("wait".to_owned()).await)
}

async fn unauthenticated() -> Status {
    let access = Access::default();
    let bench = Bench::with(access.config()).await;
    status(bench.storage().get_claim("ab".repeat(24)).await)
}

async fn permission_denied() -> Status {
    let mut access = Access::default();
    let reader = access.token("reader", &[Scope::Read]);
    let bench = Bench::with(access.config()).await;
    let options = ClientOptions { token: Some(reader), ..Default::default() };
    let client = IngestClient::new(bench.ingest.connection_of(options));
    let status = status(client.ingest_document(document(1)).await);
    let details = status.get_error_details();
    let metadata = &details.error_info().unwrap().metadata;
    assert_eq!((metadata["identity"].as_str(), metadata["scopes"].as_str()), ("reader", "ingest,admin"));
    status
}

async fn rate_limited() -> Status {
    let mut config = BenchConfig::default();
    config.server.max_calls_per_second = 1;
    let bench = Bench::with(config).await;
    loop {
        let answer = status(bench.storage().get_claim("ab".repeat(24)).await);
        if answer.code() != Code::NotFound {
            return answer;
        }
    }
}

async fn stream_idle() -> Status {
    let mut config = BenchConfig::default();
    config.server.max_stream_idle = Duration::from_millis(50);
    let bench = Bench::with(config).await;
    let mut service = IngestServiceClient::new(bench.ingest.channel());
    let mut answers = service.ingest_documents(futures_util::stream::pending()).await.unwrap().into_inner();
    answers.message().await.unwrap_err()
}

/// The client's own deadline comes back under the same code and reason: the server answers before it. On a busy machine
/// the client's timer may win a race, which tonic tells as a cancelled call: then the call is made again.
#[tokio::test]
async fn the_deadline_of_a_client_is_kept() {
    let running = Faulty::start(ServerConfig::default()).await;
    let mut service = StorageServiceClient::new(running.channel());
    let mut answer = None;
    for _ in 0..10 {
        let mut request = Request::new(v1::GetClaimRequest { claim_id: "wait".to_owned() });
        request.set_timeout(Duration::from_millis(300));
        let status = service.get_claim(request).await.unwrap_err();
        answer = Some((status.code(), reason(&status)));
        if status.code() != Code::Cancelled {
            break;
        }
    }
    assert_eq!(answer, Some((Code::DeadlineExceeded, Some(ErrorReason::DeadlineExceeded))));
}

/// A call that never ends does not hold the server at its stop deadline, and its client is told why.
#[tokio::test]
async fn a_stop_cuts_calls_that_do_not_end() {
    let config = ServerConfig { stop_deadline: Duration::from_millis(50), ..Default::default() };
    let called = Arc::new(Notify::new());
    let running = Faulty { called: called.clone() }.serve(config).await;
    let client = StorageClient::new(running.connection());
    let waiting = tokio::spawn(async move { client.get_claim("wait".to_owned()).await });
    called.notified().await;
    running.stop().await;
    assert_eq!(waiting.await.unwrap().unwrap_err().reason(), Some(ErrorReason::ShuttingDown));
}

/// A storage service with the faults that ours should not have.
#[derive(Debug, Default)]
struct Faulty {
    /// Told when a call has arrived that will not end.
    called: Arc<Notify>,
}

impl Faulty {
    async fn start(config: ServerConfig) -> Running {
        Self::default().serve(config).await
    }

    async fn serve(self, config: ServerConfig) -> Running {
        Running::of(
            Server::new(config, DESCRIPTOR_SET, &metrics())
                .add(StorageServiceServer::new(self), dictum_storage::ACCESS),
        )
        .await
    }
}

#[tonic::async_trait]
impl StorageService for Faulty {
    async fn get_claim(
        &self,
        request: Request<v1::GetClaimRequest>,
    ) -> Result<Response<v1::GetClaimResponse>, Status> {
        match request.get_ref().claim_id.as_str() {
            "panic" => panic!("a secret of the server"),
            _ => {
                self.called.notify_one();
                std::future::pending().await
            }
        }
    }

    async fn write_document(
        &self,
        _: Request<v1::WriteDocumentRequest>,
    ) -> Result<Response<v1::WriteDocumentResponse>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn get_document(
        &self,
        _: Request<v1::GetDocumentRequest>,
    ) -> Result<Response<v1::GetDocumentResponse>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn list_claims(
        &self,
        _: Request<v1::ListClaimsRequest>,
    ) -> Result<Response<v1::ListClaimsResponse>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn search_claims(
        &self,
        _: Request<v1::SearchClaimsRequest>,
    ) -> Result<Response<v1::SearchClaimsResponse>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn count_claims(
        &self,
        _: Request<v1::CountClaimsRequest>,
    ) -> Result<Response<v1::CountClaimsResponse>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn list_speakers(
        &self,
        _: Request<v1::ListSpeakersRequest>,
    ) -> Result<Response<v1::ListSpeakersResponse>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn get_speaker(
        &self,
        _: Request<v1::GetSpeakerRequest>,
    ) -> Result<Response<v1::GetSpeakerResponse>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn list_prerequisites(
        &self,
        _: Request<v1::ListPrerequisitesRequest>,
    ) -> Result<Response<v1::ListPrerequisitesResponse>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn list_exchanges(
        &self,
        _: Request<v1::ListExchangesRequest>,
    ) -> Result<Response<v1::ListExchangesResponse>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn list_topics(
        &self,
        _: Request<v1::ListTopicsRequest>,
    ) -> Result<Response<v1::ListTopicsResponse>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn list_channels(
        &self,
        _: Request<v1::ListChannelsRequest>,
    ) -> Result<Response<v1::ListChannelsResponse>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn delete_document(
        &self,
        _: Request<v1::DeleteDocumentRequest>,
    ) -> Result<Response<v1::DeleteDocumentResponse>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn purge_documents(
        &self,
        _: Request<v1::PurgeDocumentsRequest>,
    ) -> Result<Response<v1::PurgeDocumentsResponse>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn list_documents(
        &self,
        _: Request<v1::ListDocumentsRequest>,
    ) -> Result<Response<v1::ListDocumentsResponse>, Status> {
        Err(Status::unimplemented(""))
    }

    type BackupStoreStream = futures_util::stream::Empty<Result<v1::BackupStoreResponse, Status>>;

    async fn backup_store(
        &self,
        _: Request<v1::BackupStoreRequest>,
    ) -> Result<Response<Self::BackupStoreStream>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn replace_extraction(
        &self,
        _: Request<v1::ReplaceExtractionRequest>,
    ) -> Result<Response<v1::ReplaceExtractionResponse>, Status> {
        Err(Status::unimplemented(""))
    }

    type WatchClaimsStream = futures_util::stream::Empty<Result<v1::WatchClaimsResponse, Status>>;

    async fn watch_claims(
        &self,
        _: Request<v1::WatchClaimsRequest>,
    ) -> Result<Response<Self::WatchClaimsStream>, Status> {
        Err(Status::unimplemented(""))
    }
}

/// The reasons that `dictum-server` writes by name are reasons of the contract.
#[test]
fn the_server_uses_our_domain() {
    assert_eq!(dictum_server::ERROR_DOMAIN, dictum_proto::ERROR_DOMAIN);
    assert_eq!(reason(&dictum_server::shutting_down()), Some(ErrorReason::ShuttingDown));
}

#[tokio::test]
async fn an_endpoint_that_is_none_is_named() {
    let error = Connection::new("not an address", Default::default()).unwrap_err();
    assert!(error.to_string().contains("not an address"));
}
