//! `dictum serve`: all three services on one port, with an embedded store.

use std::net::SocketAddr;

use dictum_server::{Metrics, SecurityConfig, Telemetry, TelemetryError, bind, stop_requested};
use dictum_store::{Store, StoreError};
use tokio::net::TcpListener;

use crate::{
    cli::ServeArgs,
    exit::{Exit, Failure},
    services,
};

/// What metrics and traces call this program.
const PROGRAM: &str = "dictum";
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Serves until the process is told to stop.
pub(crate) async fn run(args: ServeArgs) -> Result<Exit, Failure> {
    let telemetry =
        Telemetry::start(&args.telemetry, PROGRAM, VERSION).await.map_err(|error| match error {
            TelemetryError::Setting(message) => Failure::Usage { message },
            TelemetryError::Metrics(source) => Failure::Metrics { source },
        })?;
    let store = open(&args.services).await?;
    let listener = listen(args.listen).await?;
    greet(&listener, &args);
    services::serve(listener, store, args.services, &telemetry.metrics, stop_requested()).await.map_err(
        |error| match error {
            error if error.is_about_settings() => Failure::Usage { message: error.to_string() },
            error => Failure::Stopped(error.into()),
        },
    )?;
    telemetry.finish().await;
    Ok(Exit::Done)
}

/// Returns the metrics of this process; nobody sees them unless they are served.
pub(crate) fn process_metrics() -> Metrics {
    Metrics::new(PROGRAM, VERSION)
}

/// Opens the store of the configuration.
pub(crate) async fn open(config: &services::ServicesConfig) -> Result<Store, Failure> {
    dictum_storage::open(&config.storage).await.map_err(|error| match error {
        StoreError::Locked { path } => Failure::InUse { path },
        error => Failure::Data { path: config.storage.data.clone(), source: error.into() },
    })
}

/// Listens on an address.
pub(crate) async fn listen(address: SocketAddr) -> Result<TcpListener, Failure> {
    bind(address).await.map_err(|source| Failure::Listen { address, source })
}

/// Says where the server listens and what to call first, on standard error: standard output is for data.
fn greet(listener: &TcpListener, args: &ServeArgs) {
    let address = listener.local_addr().unwrap_or(args.listen);
    let data = args.services.storage.data.display();
    if args.services.server.security != SecurityConfig::default() {
        // What to call first depends on names and tokens that only the operator knows.
        let scheme = if args.services.server.security.tls_cert.is_some() { "https" } else { "http" };
        anstream::eprintln!("dictum listens on {scheme}://{address} and keeps its data in {data}");
        return;
    }
    anstream::eprintln!(
        "dictum listens on http://{address} and keeps its data in {data}
try it:
  dictum list --endpoint http://{address}
  buf curl --protocol grpc --http2-prior-knowledge -d '{{\"pageSize\":2}}' \\
    http://{address}/dictum.v1.StorageService/ListClaims"
    );
}
