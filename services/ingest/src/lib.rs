//! The ingest service: has documents extracted and stored, and acknowledges what is durable.
//!
//! It keeps nothing itself: extraction and storage are called over gRPC, also when all three share a process.

mod config;
mod error;
mod metrics;
mod reextract;
mod service;
mod stream;
mod upload;

use std::future::Future;

use dictum_client::{ClientError, ClientOptions, ClientTls, Connection, Token};
use dictum_proto::{
    DESCRIPTOR_SET,
    v1::{
        extraction_service_server as extraction, ingest_service_server::IngestServiceServer,
        storage_service_server as storage,
    },
};
use dictum_server::{Access, Metrics, Scope, ServeError, Server, ServerConfig, Stopping};
use tokio::net::TcpListener;

pub use config::{BackendCredentials, EndpointConfig, IngestConfig};
pub use service::Intake;

/// Who may call what.
pub const ACCESS: Access = &[
    ("IngestDocument", &[Scope::Ingest]),
    ("IngestDocuments", &[Scope::Ingest]),
    ("UploadFile", &[Scope::Ingest]),
    ("ReextractDocuments", &[Scope::Admin]),
];

/// The services behind ingest.
#[derive(Debug, Clone)]
pub struct Backends {
    /// Where claims are extracted.
    pub extraction: Connection,
    /// Where documents are kept.
    pub storage: Connection,
}

impl Backends {
    /// Returns connections to the endpoints of the configuration; they are made when they are first used.
    ///
    /// # Errors
    ///
    /// Fails when an endpoint is no address, or what should be shown to it cannot be read.
    pub fn at(endpoints: &EndpointConfig, server: &ServerConfig) -> Result<Self, ClientError> {
        let BackendCredentials { backend_ca, backend_cert, backend_key, backend_token_file } =
            &endpoints.credentials;
        let options = ClientOptions {
            tls: ClientTls::from_files(
                backend_ca.as_deref(),
                backend_cert.as_deref(),
                backend_key.as_deref(),
            )?,
            token: backend_token_file.as_deref().map(Token::from_file).transpose()?,
            insecure: server.insecure,
            ..client_options(server)
        };
        Ok(Self {
            extraction: Connection::new(&endpoints.extraction_endpoint, options.clone())?,
            storage: Connection::new(&endpoints.storage_endpoint, options)?,
        })
    }

    /// Returns once both services serve; the log says what is waited for.
    pub async fn ready(&self) {
        tokio::join!(
            until_serving(&self.extraction, extraction::SERVICE_NAME),
            until_serving(&self.storage, storage::SERVICE_NAME),
        );
    }
}

async fn until_serving(connection: &Connection, service: &'static str) {
    let mut said = String::new();
    let waiting = |reason: &str| {
        if said != reason {
            tracing::info!(service, reason, "waiting for a service behind ingest");
            reason.clone_into(&mut said);
        }
    };
    connection.until_serving(service, waiting).await;
    tracing::info!(service, "a service behind ingest serves");
}

/// Returns how patient ingest is with the services behind it: it tries again for moments, not for the length of an
/// outage, which its own client hears of.
#[must_use]
pub fn client_options(server: &ServerConfig) -> ClientOptions {
    ClientOptions {
        max_attempts: 3,
        call_timeout: server.max_call_time / 2,
        max_message_bytes: server.max_message_bytes,
        ..ClientOptions::default()
    }
}

/// Returns the service over `backends`, ready to be added to a server.
#[must_use]
pub fn service(
    backends: Backends,
    config: &IngestConfig,
    server: &ServerConfig,
    stopping: Stopping,
    metrics: &Metrics,
) -> IngestServiceServer<Intake> {
    IngestServiceServer::new(Intake::new(backends, config, server.max_document_bytes, stopping, metrics))
        .max_decoding_message_size(server.max_message_bytes)
        .max_encoding_message_size(server.max_message_bytes)
}

/// Serves ingest alone on `listener` until `stop` returns. It is ready when the services behind it are.
///
/// # Errors
///
/// Says why the server could not run.
pub async fn serve(
    listener: TcpListener,
    backends: Backends,
    config: &IngestConfig,
    server: ServerConfig,
    metrics: &Metrics,
    stop: impl Future<Output = ()>,
) -> Result<(), ServeError> {
    let process = Server::new(server.clone(), DESCRIPTOR_SET, metrics);
    let service = service(backends.clone(), config, &server, process.stopping(), metrics);
    let ready = async move { backends.ready().await };
    process.add(service, ACCESS).ready_when(ready).serve(listener, stop).await
}
