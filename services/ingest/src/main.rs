//! `dictum-ingest`: the ingest service as a process of its own.

use std::{error::Error, net::SocketAddr, process::ExitCode};

use clap::Parser;
use dictum_ingest::{Backends, EndpointConfig, IngestConfig};
use dictum_server::{
    Command, ServerConfig, SettingsConfig, Telemetry, TelemetryConfig, bind, configure, exit_code,
    stop_requested,
};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Takes documents in over gRPC: has them extracted and stored, and acknowledges what is durable.
#[derive(Debug, Parser)]
#[command(name = "dictum-ingest", version, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,

    /// The address to listen on.
    #[arg(long, env = "DICTUM_LISTEN", value_name = "ADDRESS", default_value = "127.0.0.1:50051")]
    listen: SocketAddr,

    #[command(flatten)]
    endpoints: EndpointConfig,

    #[command(flatten)]
    ingest: IngestConfig,

    #[command(flatten)]
    server: ServerConfig,

    #[command(flatten)]
    telemetry: TelemetryConfig,

    #[command(flatten)]
    _settings: SettingsConfig,
}

#[tokio::main]
async fn main() -> ExitCode {
    match configure() {
        Ok(cli) => exit_code(run(cli).await),
        Err(code) => code,
    }
}

async fn run(cli: Cli) -> Result<(), Box<dyn Error>> {
    if let Some(command) = cli.command {
        return Ok(command.run(cli.listen, &cli.server).await?);
    }
    let telemetry = Telemetry::start(&cli.telemetry, "dictum-ingest", env!("CARGO_PKG_VERSION")).await?;
    let backends = Backends::at(&cli.endpoints, &cli.server)?;
    let listener = bind(cli.listen).await?;
    tracing::info!(address = %listener.local_addr()?, "ingest is listening");
    dictum_ingest::serve(listener, backends, &cli.ingest, cli.server, &telemetry.metrics, stop_requested())
        .await?;
    telemetry.finish().await;
    Ok(())
}
