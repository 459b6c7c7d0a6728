//! The three services in this process, each on its own port, so that each can be stopped alone.

use std::{future::Future, path::PathBuf};

use clap::Parser;
use dictum_client::{ClientOptions, Connection, ExtractionClient, IngestClient, StorageClient};
use dictum_extraction::ExtractionConfig;
use dictum_ingest::{BackendCredentials, Backends, EndpointConfig, IngestConfig};
use dictum_proto::v1;
use dictum_server::{Metrics, ServeError, Server, ServerConfig, bind};
use dictum_storage::StorageConfig;
use tempfile::TempDir;
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};

/// What a test can set; the defaults are those of the binaries.
#[derive(Debug, Clone, Parser)]
pub struct BenchConfig {
    /// Limits of all three servers.
    #[command(flatten)]
    pub server: ServerConfig,
    /// Of ingest.
    #[command(flatten)]
    pub ingest: IngestConfig,
    /// Of extraction.
    #[command(flatten)]
    pub extraction: ExtractionConfig,
    /// What ingest shows the other two.
    #[command(flatten)]
    pub backend: BackendCredentials,
    /// Of storage; its directory is replaced by one of the bench's own.
    #[command(flatten)]
    pub storage: StorageConfig,
}

impl Default for BenchConfig {
    fn default() -> Self {
        Self::parse_from(["bench"])
    }
}

/// A server in this process.
#[derive(Debug)]
pub struct Running {
    /// Where it listens.
    pub endpoint: String,
    stop: oneshot::Sender<()>,
    served: JoinHandle<Result<(), ServeError>>,
}

/// Starts a server on a free port; `serve` gets the listener and what tells it to stop.
///
/// # Panics
///
/// When there is no free port.
pub async fn start<F, S>(serve: F) -> Running
where
    F: FnOnce(TcpListener, oneshot::Receiver<()>) -> S,
    S: Future<Output = Result<(), ServeError>> + Send + 'static,
{
    let listener = bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let (stop, stopped) = oneshot::channel();
    Running { endpoint, stop, served: tokio::spawn(serve(listener, stopped)) }
}

impl Running {
    /// Returns this with `https://` where TLS is set.
    fn speaking(mut self, server: &ServerConfig) -> Self {
        if server.security.tls_cert.is_some() {
            self.endpoint = self.endpoint.replace("http://", "https://");
        }
        self
    }

    /// Returns a server of one tonic service.
    pub async fn of(server: Server) -> Self {
        start(|listener, stopped| server.serve(listener, until(stopped))).await
    }

    /// Tells it to stop and waits until it has.
    ///
    /// # Panics
    ///
    /// When it did not stop cleanly.
    pub async fn stop(self) {
        let _ = self.stop.send(());
        self.served.await.unwrap().unwrap();
    }

    /// Returns a connection that does not try again: a test wants to see the first answer.
    #[must_use]
    pub fn connection(&self) -> Connection {
        self.connection_of(ClientOptions::default())
    }

    /// Returns a connection with these options that does not try again.
    ///
    /// # Panics
    ///
    /// When the options cannot be used.
    #[must_use]
    pub fn connection_of(&self, options: ClientOptions) -> Connection {
        Connection::new(&self.endpoint, ClientOptions { max_attempts: 1, ..options }).unwrap()
    }

    /// Returns a channel for calls by the generated clients.
    #[must_use]
    pub fn channel(&self) -> tonic::transport::Channel {
        ClientOptions::default().endpoint(&self.endpoint).unwrap().connect_lazy()
    }
}

async fn until(stopped: oneshot::Receiver<()>) {
    let _ = stopped.await; // a dropped sender stops too
}

/// The three services over a store of their own.
#[derive(Debug)]
pub struct Bench {
    /// What was set.
    pub config: BenchConfig,
    /// Extraction.
    pub extraction: Running,
    /// Storage; `None` while it is stopped.
    pub storage: Option<Running>,
    /// Ingest.
    pub ingest: Running,
    storage_address: std::net::SocketAddr,
    _folder: TempDir,
}

impl Bench {
    /// Starts all three.
    pub async fn start() -> Self {
        Self::with(BenchConfig::default()).await
    }

    /// Starts all three with these settings.
    ///
    /// # Panics
    ///
    /// When one cannot be started.
    pub async fn with(mut config: BenchConfig) -> Self {
        let folder = tempfile::tempdir().unwrap();
        config.storage.data = folder.path().join("store");
        let extraction = start_extraction(&config).await;
        let listener = bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let storage_address = listener.local_addr().unwrap();
        let storage = start_storage(&config, listener).await;
        let ingest = start_ingest(&config, &extraction.endpoint, &storage.endpoint).await;
        Self { config, extraction, storage: Some(storage), ingest, storage_address, _folder: folder }
    }

    /// Stops storage and closes the store.
    ///
    /// # Panics
    ///
    /// When it did not run.
    pub async fn stop_storage(&mut self) {
        self.storage.take().unwrap().stop().await;
    }

    /// Starts storage again, where it was.
    ///
    /// # Panics
    ///
    /// When its port was taken meanwhile.
    pub async fn start_storage(&mut self) {
        let listener = bind(self.storage_address).await.unwrap();
        self.storage = Some(start_storage(&self.config, listener).await);
    }

    /// Returns the directory of the store.
    #[must_use]
    pub fn data(&self) -> &PathBuf {
        &self.config.storage.data
    }

    /// Returns a client of ingest that does not try again.
    #[must_use]
    pub fn ingest(&self) -> IngestClient {
        IngestClient::new(self.ingest.connection())
    }

    /// Returns a client of extraction that does not try again.
    #[must_use]
    pub fn extraction(&self) -> ExtractionClient {
        ExtractionClient::new(self.extraction.connection())
    }

    /// Returns a client of storage that does not try again.
    ///
    /// # Panics
    ///
    /// While storage is stopped.
    #[must_use]
    pub fn storage(&self) -> StorageClient {
        StorageClient::new(self.storage.as_ref().unwrap().connection())
    }

    /// Returns every claim of the store, in the default order.
    ///
    /// # Panics
    ///
    /// When they cannot be listed.
    pub async fn claims(&self) -> Vec<v1::Claim> {
        let request = v1::ListClaimsRequest { page_size: 1000, ..Default::default() };
        self.storage().list_claims(request).await.unwrap().claims
    }
}

async fn start_extraction(config: &BenchConfig) -> Running {
    let BenchConfig { server, extraction, .. } = config.clone();
    let running = start(|listener, stopped| async move {
        dictum_extraction::serve(listener, &extraction, server, &metrics(), until(stopped)).await
    });
    running.await.speaking(&config.server)
}

async fn start_storage(config: &BenchConfig, listener: TcpListener) -> Running {
    let BenchConfig { server, storage, .. } = config.clone();
    let store = dictum_storage::open(&storage).await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let (stop, stopped) = oneshot::channel();
    let served = tokio::spawn(async move {
        dictum_storage::serve(listener, store, &storage, server, &metrics(), until(stopped)).await
    });
    Running { endpoint, stop, served }.speaking(&config.server)
}

async fn start_ingest(config: &BenchConfig, extraction: &str, storage: &str) -> Running {
    let BenchConfig { server, ingest, .. } = config.clone();
    let endpoints = EndpointConfig {
        extraction_endpoint: extraction.to_owned(),
        storage_endpoint: storage.to_owned(),
        credentials: config.backend.clone(),
    };
    let backends = Backends::at(&endpoints, &server).unwrap();
    let running = start(|listener, stopped| async move {
        dictum_ingest::serve(listener, backends, &ingest, server, &metrics(), until(stopped)).await
    });
    running.await.speaking(&config.server)
}

/// Returns metrics that nobody scrapes.
#[must_use]
pub fn metrics() -> Metrics {
    Metrics::new("bench", "0")
}

/// Returns a document of one marked statement by an invented person; `n` makes it another one.
#[must_use]
pub fn document(n: usize) -> v1::Document {
    v1::Document {
        text: format!("💬 Mayor Ada Fenwick: Bridge number {n} opens in May."),
        channel: "Harbour Office".to_owned(),
        message_id: n.to_string(),
        ..Default::default()
    }
}
