//! The extraction service: claims of a document, found and not stored.
//!
//! Stateless: every instance answers the same. What a claim is and how it is found is in `dictum-extract`.

mod config;
mod error;
mod metrics;
mod service;
mod stream;

use std::future::Future;

use dictum_proto::{DESCRIPTOR_SET, v1::extraction_service_server::ExtractionServiceServer};
use dictum_server::{Access, Metrics, Scope, ServeError, Server, ServerConfig, Stopping};
use tokio::net::TcpListener;

pub use config::ExtractionConfig;
pub use service::Extractor;

/// Who may call what. Extraction keeps nothing: whoever may read or add documents may ask for it.
pub const ACCESS: Access = &[
    ("ExtractClaims", &[Scope::Read, Scope::Ingest]),
    ("ExtractClaimsStream", &[Scope::Read, Scope::Ingest]),
    ("DescribeRules", &[Scope::Read, Scope::Ingest]),
];

/// Returns the service, ready to be added to a server.
#[must_use]
pub fn service(
    config: &ExtractionConfig,
    server: &ServerConfig,
    stopping: Stopping,
    metrics: &Metrics,
) -> ExtractionServiceServer<Extractor> {
    ExtractionServiceServer::new(Extractor::new(config, server.max_document_bytes, stopping, metrics))
        .max_decoding_message_size(server.max_message_bytes)
        .max_encoding_message_size(server.max_message_bytes)
}

/// Serves extraction alone on `listener` until `stop` returns.
///
/// # Errors
///
/// Says why the server could not run.
pub async fn serve(
    listener: TcpListener,
    config: &ExtractionConfig,
    server: ServerConfig,
    metrics: &Metrics,
    stop: impl Future<Output = ()>,
) -> Result<(), ServeError> {
    let process = Server::new(server.clone(), DESCRIPTOR_SET, metrics);
    let service = service(config, &server, process.stopping(), metrics);
    process.add(service, ACCESS).serve(listener, stop).await
}
