//! `dictum-extraction`: the extraction service as a process of its own.

use std::{error::Error, net::SocketAddr, process::ExitCode};

use clap::Parser;
use dictum_extraction::ExtractionConfig;
use dictum_server::{
    Command, ServerConfig, SettingsConfig, Telemetry, TelemetryConfig, bind, configure, exit_code,
    stop_requested,
};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Finds claims in documents, over gRPC. Keeps nothing: run as many as you have cores.
#[derive(Debug, Parser)]
#[command(name = "dictum-extraction", version, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,

    /// The address to listen on.
    #[arg(long, env = "DICTUM_LISTEN", value_name = "ADDRESS", default_value = "127.0.0.1:50052")]
    listen: SocketAddr,

    #[command(flatten)]
    extraction: ExtractionConfig,

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
    let telemetry = Telemetry::start(&cli.telemetry, "dictum-extraction", env!("CARGO_PKG_VERSION")).await?;
    let listener = bind(cli.listen).await?;
    tracing::info!(address = %listener.local_addr()?, "extraction is listening");
    dictum_extraction::serve(listener, &cli.extraction, cli.server, &telemetry.metrics, stop_requested())
        .await?;
    telemetry.finish().await;
    Ok(())
}
