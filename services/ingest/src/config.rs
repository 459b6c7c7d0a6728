//! What can be set of ingest.

use std::num::NonZeroUsize;

use clap::Args;

/// How much ingest holds at a time.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
#[command(next_help_heading = "Ingest")]
pub struct IngestConfig {
    /// Documents of one stream that are worked on at a time; a client that sends faster is slowed.
    #[arg(long, env = "DICTUM_INGEST_WINDOW", value_name = "N", default_value = "64")]
    pub ingest_window: NonZeroUsize,

    /// Bytes of text that are worked on at a time, over all streams; more wait in their clients.
    #[arg(long, env = "DICTUM_MAX_INGEST_BYTES", value_name = "BYTES", default_value_t = 256 << 20)]
    pub max_ingest_bytes: usize,
}

/// Where the services behind ingest are.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
#[command(next_help_heading = "Services behind ingest")]
pub struct EndpointConfig {
    /// The extraction service.
    #[arg(
        long,
        env = "DICTUM_EXTRACTION_ENDPOINT",
        value_name = "URL",
        default_value = "http://127.0.0.1:50052"
    )]
    pub extraction_endpoint: String,

    /// The storage service.
    #[arg(
        long,
        env = "DICTUM_STORAGE_ENDPOINT",
        value_name = "URL",
        default_value = "http://127.0.0.1:50053"
    )]
    pub storage_endpoint: String,
}
