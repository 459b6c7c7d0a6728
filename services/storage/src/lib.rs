//! The storage service: documents with their claims, written, read, listed and followed.
//!
//! How they are kept is in `dictum-store`; this is its gRPC face.

mod backup;
mod compared;
mod config;
mod error;
mod filter;
mod metrics;
mod names;
mod retention;
mod service;
mod watch;

use std::future::Future;

use dictum_proto::{DESCRIPTOR_SET, v1::storage_service_server::StorageServiceServer};
use dictum_search::Search;
use dictum_server::{Access, Metrics, Scope, ServeError, Server, ServerConfig, Stopping};
use dictum_store::{Store, StoreError, UpgradeProgress};
use tokio::net::TcpListener;

pub use config::{StorageConfig, default_data};
pub use service::Keeper;

/// Who may call what.
pub const ACCESS: Access = &[
    ("WriteDocument", &[Scope::Ingest]),
    ("GetDocument", &[Scope::Read]),
    ("GetClaim", &[Scope::Read]),
    ("ListClaims", &[Scope::Read]),
    ("SearchClaims", &[Scope::Read]),
    ("WatchClaims", &[Scope::Read]),
    ("CountClaims", &[Scope::Read]),
    ("ListSpeakers", &[Scope::Read]),
    ("ListTopics", &[Scope::Read]),
    ("ListChannels", &[Scope::Read]),
    ("GetSpeaker", &[Scope::Read]),
    ("ListPrerequisites", &[Scope::Read]),
    ("ListExchanges", &[Scope::Read]),
    ("ListDocuments", &[Scope::Read]),
    ("DeleteDocument", &[Scope::Admin]),
    ("PurgeDocuments", &[Scope::Admin]),
    ("BackupStore", &[Scope::Admin]),
    ("ReplaceExtraction", &[Scope::Admin]),
];

/// Opens the store in the directory that the configuration names; one of an earlier format is upgraded first.
///
/// # Errors
///
/// Says who holds it, or what is wrong with it.
pub async fn open(config: &StorageConfig) -> Result<Store, StoreError> {
    match Store::open(config.data.clone(), config.store_options()).await {
        Err(StoreError::OlderFormat { found, supported }) => {
            tracing::info!(found, supported, "the store is upgraded before it opens");
            let progress = |at| match at {
                UpgradeProgress::Documents(copied) => tracing::info!(copied, "copying documents"),
                UpgradeProgress::LogEntries(copied) => tracing::info!(copied, "copying log entries"),
                UpgradeProgress::Indexes => tracing::info!("building indexes"),
            };
            Store::upgrade(config.data.clone(), config.store_options(), progress).await?;
            Store::open(config.data.clone(), config.store_options()).await
        }
        opened => opened,
    }
}

/// Starts the search index over `store`, in its own directory beside the store's files.
///
/// # Errors
///
/// When its thread cannot be started.
pub fn start_search(store: &Store, config: &StorageConfig) -> std::io::Result<Search> {
    Search::start(store.clone(), &config.data.join("search"))
}

/// Returns the service over `store` and its search index, ready to be added to a server.
#[must_use]
pub fn service(
    store: Store,
    search: Search,
    config: &StorageConfig,
    server: &ServerConfig,
    stopping: Stopping,
    metrics: &Metrics,
) -> StorageServiceServer<Keeper> {
    if let Some(keep) = config.keep_for {
        tokio::spawn(retention::keep_for(store.clone(), keep, stopping.clone()));
    }
    StorageServiceServer::new(Keeper::new(
        store,
        search,
        config,
        server.max_document_bytes,
        stopping,
        metrics,
    ))
    .max_decoding_message_size(server.max_message_bytes)
    .max_encoding_message_size(server.max_message_bytes)
}

/// Serves storage alone on `listener` until `stop` returns; then closes the store.
///
/// # Errors
///
/// Says why the server could not run.
pub async fn serve(
    listener: TcpListener,
    store: Store,
    config: &StorageConfig,
    server: ServerConfig,
    metrics: &Metrics,
    stop: impl Future<Output = ()>,
) -> Result<(), ServeError> {
    let process = Server::new(server.clone(), DESCRIPTOR_SET, metrics);
    let search = start_search(&store, config).map_err(ServeError::Thread)?;
    let service = service(store.clone(), search.clone(), config, &server, process.stopping(), metrics);
    let served = process.add(service, ACCESS).serve(listener, stop).await;
    store.close().await;
    search.finish().await;
    served
}
