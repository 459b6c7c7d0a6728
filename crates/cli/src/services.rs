//! All three services in one process.

use std::{future::Future, time::Duration};

use dictum_client::Connection;
use dictum_extraction::ExtractionConfig;
use dictum_ingest::{Backends, IngestConfig};
use dictum_proto::DESCRIPTOR_SET;
use dictum_server::{Metrics, ServeError, Server, ServerConfig, in_process};
use dictum_storage::StorageConfig;
use dictum_store::Store;
use tokio::{net::TcpListener, sync::oneshot};

/// What can be set of the three services.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct ServicesConfig {
    #[command(flatten)]
    pub(crate) storage: StorageConfig,

    #[command(flatten)]
    pub(crate) ingest: IngestConfig,

    #[command(flatten)]
    pub(crate) extraction: ExtractionConfig,

    #[command(flatten)]
    pub(crate) server: ServerConfig,
}

/// Serves the three services on `listener` until `stop` returns; then closes the store.
///
/// Ingest calls the other two over gRPC here as everywhere: through memory, on a server of their own that outlives the
/// public one, so that what is under way at the end can still be stored.
pub(crate) async fn serve(
    listener: TcpListener,
    store: Store,
    config: ServicesConfig,
    metrics: &Metrics,
    stop: impl Future<Output = ()>,
) -> Result<(), ServeError> {
    let ServicesConfig { storage, ingest, extraction, server } = config;
    let search = dictum_storage::start_search(&store, &storage).map_err(ServeError::Thread)?;
    let (connector, inner_listener) = in_process();
    let options = dictum_ingest::client_options(&server);
    let endpoint = tonic::transport::Endpoint::from_static("http://in-process");
    let backend = || Connection::over(connector.channel(&endpoint), options.clone());

    // Nobody balances over the inner server: it need not say for a while that it stops.
    let inner =
        Server::new(ServerConfig { drain_delay: Duration::ZERO, ..server.clone() }, DESCRIPTOR_SET, metrics);
    let stopping = inner.stopping();
    let inner = inner
        .add(
            dictum_extraction::service(&extraction, &server, stopping.clone(), metrics),
            dictum_extraction::ACCESS,
        )
        .add(
            dictum_storage::service(store.clone(), search.clone(), &storage, &server, stopping, metrics),
            dictum_storage::ACCESS,
        );

    let public = Server::new(server.clone(), DESCRIPTOR_SET, metrics);
    let stopping = public.stopping();
    let backends = Backends { extraction: backend(), storage: backend() };
    let public = public
        .add(
            dictum_ingest::service(backends, &ingest, &server, stopping.clone(), metrics),
            dictum_ingest::ACCESS,
        )
        .add(
            dictum_extraction::service(&extraction, &server, stopping.clone(), metrics),
            dictum_extraction::ACCESS,
        )
        .add(
            dictum_storage::service(store.clone(), search.clone(), &storage, &server, stopping, metrics),
            dictum_storage::ACCESS,
        );

    let (public_ended, public_has_ended) = oneshot::channel::<()>();
    let (outcome, inner_outcome) = tokio::join!(
        async {
            let outcome = public.serve(listener, stop).await;
            drop(public_ended);
            outcome
        },
        inner.serve_in_process(inner_listener, async {
            let _ = public_has_ended.await; // the sender is dropped, never used
        }),
    );
    store.close().await;
    search.finish().await;
    outcome.and(inner_outcome)
}
