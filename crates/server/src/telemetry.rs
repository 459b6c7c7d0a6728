//! What a process tells of itself: logs, metrics, traces.

use std::io;

use clap::Args;
use opentelemetry_sdk::trace::SdkTracerProvider;

use crate::{LogConfig, Metrics, MetricsConfig, TraceConfig, start_logs, trace};

/// What can be set of it.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct TelemetryConfig {
    /// Of logs.
    #[command(flatten)]
    pub log: LogConfig,

    /// Of metrics.
    #[command(flatten)]
    pub metrics: MetricsConfig,

    /// Of traces.
    #[command(flatten)]
    pub traces: TraceConfig,
}

/// Why a process cannot tell of itself.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// A setting is wrong.
    #[error("{0}")]
    Setting(String),
    /// Metrics cannot be served at their address.
    #[error("could not serve metrics")]
    Metrics(#[source] io::Error),
}

/// Logs, metrics and traces of this process.
#[derive(Debug)]
pub struct Telemetry {
    /// Where everything is counted.
    pub metrics: Metrics,
    traces: Option<SdkTracerProvider>,
}

impl Telemetry {
    /// Starts all three, for a program of this name and version.
    ///
    /// # Errors
    ///
    /// Says which setting is wrong, or why metrics cannot be served.
    pub async fn start(
        config: &TelemetryConfig,
        program: &'static str,
        version: &'static str,
    ) -> Result<Self, TelemetryError> {
        start_logs(&config.log).map_err(TelemetryError::Setting)?;
        let traces = trace::start(&config.traces, program, version).map_err(TelemetryError::Setting)?;
        let metrics = Metrics::new(program, version);
        metrics.serve(&config.metrics).await.map_err(TelemetryError::Metrics)?;
        Ok(Self { metrics, traces })
    }

    /// Sends the last traces.
    pub async fn finish(self) {
        if let Some(traces) = self.traces {
            trace::finish(traces).await;
        }
    }
}
