//! Traces, as a collector receives them: one call seen in all three services, and a collector that harms nobody.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use dictum_client::{ClientOptions, Connection, IngestClient};
use dictum_proto::v1::{self, ingest_service_client::IngestServiceClient};
use dictum_tests::{Process, document};
use futures_util::{TryStreamExt, stream};
use opentelemetry_proto::tonic::{
    collector::trace::v1::{
        ExportTraceServiceRequest, ExportTraceServiceResponse,
        trace_service_server::{TraceService, TraceServiceServer},
    },
    common::v1::any_value::Value,
    trace::v1::{Span, span::SpanKind},
};
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status};

/// A span with the name of the service that sent it.
type Sent = (String, Span);

/// A collector that keeps what it is sent.
#[derive(Debug, Clone, Default)]
struct Collector(Arc<Mutex<Vec<Sent>>>);

#[tonic::async_trait]
impl TraceService for Collector {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        for resource in request.into_inner().resource_spans {
            let attributes = resource.resource.unwrap().attributes;
            let name = attributes.into_iter().find(|attribute| attribute.key == "service.name").unwrap();
            let Some(Value::StringValue(name)) = name.value.unwrap().value else { panic!("no text") };
            let spans = resource.scope_spans.into_iter().flat_map(|scope| scope.spans);
            self.0.lock().unwrap().extend(spans.map(|span| (name.clone(), span)));
        }
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

impl Collector {
    async fn start() -> (Self, String) {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let collector = Self::default();
        let server =
            tonic::transport::Server::builder().add_service(TraceServiceServer::new(collector.clone()));
        tokio::spawn(server.serve_with_incoming(TcpListenerStream::new(listener)));
        (collector, endpoint)
    }

    fn spans(&self) -> Vec<Sent> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

struct Three {
    processes: Vec<Process>,
    ingest: String,
    _folder: tempfile::TempDir,
}

impl Three {
    fn start(collector: &str, ratio: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let flags = ["--trace-endpoint", collector, "--trace-ratio", ratio];
        let data = ["--data", folder.path().to_str().unwrap()];
        let extraction = Process::start("dictum-extraction", &flags).unwrap();
        let storage = Process::start("dictum-storage", &[&flags[..], &data].concat()).unwrap();
        let endpoints =
            ["--extraction-endpoint", &extraction.endpoint, "--storage-endpoint", &storage.endpoint];
        let ingest = Process::start("dictum-ingest", &[&flags[..], &endpoints].concat()).unwrap();
        let endpoint = ingest.endpoint.clone();
        Self { processes: vec![ingest, extraction, storage], ingest: endpoint, _folder: folder }
    }

    /// Ends all three: each sends its last spans first.
    async fn stop(self) {
        let Self { processes, ingest: _, _folder } = self;
        let stop = move || processes.into_iter().map(|p| p.end_with("TERM").code()).collect::<Vec<_>>();
        assert_eq!(tokio::task::spawn_blocking(stop).await.unwrap(), [Some(0); 3]);
    }
}

const TRACE_ID: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN_ID: &str = "00f067aa0ba902b7";

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

async fn ingest_one(endpoint: &str, n: usize, flags: &str) {
    let channel = ClientOptions::default().endpoint(endpoint).unwrap().connect().await.unwrap();
    let mut request = Request::new(v1::IngestDocumentRequest { document: Some(document(n)) });
    let context = format!("00-{TRACE_ID}-{SPAN_ID}-{flags}");
    request.metadata_mut().insert("traceparent", context.parse().unwrap());
    IngestServiceClient::new(channel).ingest_document(request).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn one_call_is_one_trace_through_all_services() {
    let (collector, endpoint) = Collector::start().await;
    let three = Three::start(&endpoint, "0");
    ingest_one(&three.ingest, 1, "01").await;
    ingest_one(&three.ingest, 2, "00").await; // its caller decided against it
    three.stop().await;

    let spans = collector.spans();
    assert!(spans.iter().all(|(_, span)| hex(&span.trace_id) == TRACE_ID));
    let by_id: BTreeMap<String, &Sent> = spans.iter().map(|sent| (hex(&sent.1.span_id), sent)).collect();
    let mut seen: Vec<(&str, &str)> = Vec::new();
    for (service, span) in spans.iter().filter(|(_, span)| span.kind() == SpanKind::Server) {
        seen.push((service, &span.name));
        let parent = hex(&span.parent_span_id);
        if service == "dictum-ingest" {
            assert_eq!(parent, SPAN_ID);
        } else {
            let (caller, call) = by_id[&parent];
            assert_eq!((caller.as_str(), call.kind()), ("dictum-ingest", SpanKind::Client));
            assert_eq!(by_id[&hex(&call.parent_span_id)].1.name, "dictum.v1.IngestService/IngestDocument");
        }
    }
    seen.sort_unstable();
    assert_eq!(
        seen,
        [
            ("dictum-extraction", "dictum.v1.ExtractionService/ExtractClaims"),
            ("dictum-ingest", "dictum.v1.IngestService/IngestDocument"),
            ("dictum-storage", "dictum.v1.StorageService/WriteDocument"),
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn each_document_of_a_stream_has_a_trace_linked_to_the_streams() {
    let (collector, endpoint) = Collector::start().await;
    let three = Three::start(&endpoint, "1");
    let client = IngestClient::new(Connection::new(&three.ingest, ClientOptions::default()).unwrap());
    let sent = client.ingest_documents(stream::iter((0..3).map(document)));
    assert_eq!(sent.try_collect::<Vec<_>>().await.unwrap().len(), 3);
    three.stop().await;

    let spans = collector.spans();
    let named = |name: &str| spans.iter().map(|(_, span)| span).filter(|span| span.name == name).collect();
    let streams: Vec<&Span> = named("dictum.v1.IngestService/IngestDocuments");
    let items: Vec<&Span> = named("ingest a document");
    let writes: Vec<&Span> = named("dictum.v1.StorageService/WriteDocument");
    assert_eq!((streams.len(), items.len(), writes.len()), (1, 3, 3));
    for item in &items {
        assert_ne!(item.trace_id, streams[0].trace_id);
        assert_eq!(item.links[0].span_id, streams[0].span_id);
        assert!(writes.iter().any(|write| write.trace_id == item.trace_id));
    }
}

/// It accepts connections, and never says a word.
#[tokio::test(flavor = "multi_thread")]
async fn a_mute_collector_costs_no_call_and_no_stop() {
    let mute = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let three = Three::start(&format!("http://{}", mute.local_addr().unwrap()), "1");
    let client = IngestClient::new(Connection::new(&three.ingest, ClientOptions::default()).unwrap());
    // Many more spans than the queue holds.
    let sent = client.ingest_documents(stream::iter((0..1500).map(document)));
    assert_eq!(sent.try_collect::<Vec<_>>().await.unwrap().len(), 1500);
    three.stop().await;
}

#[test]
fn a_ratio_that_is_none_is_refused() {
    let refused = Process::run("dictum-extraction", &["--trace-ratio", "2"]);
    assert_eq!(refused.status.code(), Some(64));
}
