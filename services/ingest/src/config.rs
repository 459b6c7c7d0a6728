//! What can be set of ingest.

use std::{num::NonZeroUsize, path::PathBuf, time::Duration};

use clap::Args;
use dictum_server::parse_duration;

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

    /// Files that are read at a time, each on a thread of its own; more are refused with OVERLOADED.
    #[arg(long, env = "DICTUM_MAX_UPLOADS", value_name = "N", default_value_t = 32)]
    pub max_uploads: usize,

    /// How long a client may be silent in the middle of a file.
    #[arg(long, env = "DICTUM_UPLOAD_PATIENCE", value_name = "TIME", default_value = "60s", value_parser = parse_duration)]
    pub upload_patience: Duration,
}

/// Where the services behind ingest are.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
#[command(next_help_heading = "Services behind ingest")]
pub struct EndpointConfig {
    /// The extraction service; several addresses with commas between them. Of a name all addresses are used that are
    /// healthy.
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

    /// What ingest shows these services.
    #[command(flatten)]
    pub credentials: BackendCredentials,
}

/// By what ingest knows the services behind it, and what it shows them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Args)]
pub struct BackendCredentials {
    /// The authorities by which these services are known over https (PEM) [default: those of the machine].
    #[arg(long, env = "DICTUM_BACKEND_CA", value_name = "FILE")]
    pub backend_ca: Option<PathBuf>,

    /// The certificate that ingest shows them (PEM).
    #[arg(long, env = "DICTUM_BACKEND_CERT", value_name = "FILE")]
    pub backend_cert: Option<PathBuf>,

    /// The private key of that certificate (PEM).
    #[arg(long, env = "DICTUM_BACKEND_KEY", value_name = "FILE")]
    pub backend_key: Option<PathBuf>,

    /// A file with the token that ingest sends them; it needs the scope ingest.
    #[arg(long, env = "DICTUM_BACKEND_TOKEN_FILE", value_name = "FILE")]
    pub backend_token_file: Option<PathBuf>,
}
