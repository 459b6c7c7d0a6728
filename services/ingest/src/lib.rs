//! The ingest service: has documents extracted and stored, and acknowledges what is durable.
//!
//! It keeps nothing itself: extraction and storage are called over gRPC, also when all three share a process.

mod config;
mod error;
mod reextract;
mod service;
mod stream;
mod upload;

use std::future::Future;

use dictum_client::{ClientError, ClientOptions, ClientTls, Connection, Token};
use dictum_proto::{DESCRIPTOR_SET, v1::ingest_service_server::IngestServiceServer};
use dictum_server::{Access, Scope, ServeError, Server, ServerConfig, Stopping};
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
) -> IngestServiceServer<Intake> {
    IngestServiceServer::new(Intake::new(backends, config, server.max_document_bytes, stopping))
        .max_decoding_message_size(server.max_message_bytes)
        .max_encoding_message_size(server.max_message_bytes)
}

/// Serves ingest alone on `listener` until `stop` returns.
///
/// # Errors
///
/// Says why the server could not run.
pub async fn serve(
    listener: TcpListener,
    backends: Backends,
    config: &IngestConfig,
    server: ServerConfig,
    stop: impl Future<Output = ()>,
) -> Result<(), ServeError> {
    let process = Server::new(server.clone(), DESCRIPTOR_SET);
    let service = service(backends, config, &server, process.stopping());
    process.add(service, ACCESS).serve(listener, stop).await
}
