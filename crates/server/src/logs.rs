//! Logs: one line an event on standard error, as text for people or JSON for machines.

use std::io::{self, IsTerminal};

use clap::{Args, ValueEnum};
use tracing_subscriber::{EnvFilter, fmt};

/// What is logged, and how.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
#[command(next_help_heading = "Logs")]
pub struct LogConfig {
    /// What to log: a level, or levels by module (`info,dictum_ingest=debug`). The search engine tells of every commit at
    /// level info.
    #[arg(long, env = "DICTUM_LOG", value_name = "FILTER", default_value = "info,tantivy=warn")]
    pub log: String,

    /// How a line looks.
    #[arg(long, env = "DICTUM_LOG_FORMAT", value_name = "FORMAT", default_value = "text")]
    pub log_format: LogFormat,
}

/// How a line of the log looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Sends the process's logs to standard error from now on.
///
/// # Errors
///
/// Returns what is wrong with the filter, or that logs were started before.
pub fn start_logs(config: &LogConfig) -> Result<(), String> {
    let filter = EnvFilter::try_new(&config.log).map_err(|error| format!("the log filter: {error}"))?;
    let builder = fmt().with_env_filter(filter).with_writer(io::stderr);
    let started = match config.log_format {
        LogFormat::Text => builder.with_ansi(colour()).try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
    started.map_err(|error| error.to_string())
}

fn colour() -> bool {
    io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}
