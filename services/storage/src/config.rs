//! What can be set of storage.

use std::{path::PathBuf, time::Duration};

use clap::Args;
use dictum_server::parse_duration;
use dictum_store::StoreOptions;

/// Where the store is, and how much it may use.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
#[command(next_help_heading = "Storage")]
pub struct StorageConfig {
    /// The directory of the store; made if it is absent.
    #[arg(long, env = "DICTUM_DATA", value_name = "DIR", default_value_os_t = default_data())]
    pub data: PathBuf,

    /// Memory for the pages of the store, in bytes.
    #[arg(long, env = "DICTUM_STORE_CACHE_BYTES", value_name = "BYTES", default_value_t = 256 << 20)]
    pub store_cache_bytes: u64,

    /// Room that a write leaves on the disk, in bytes; below it writes are refused with STORE_NOT_WRITABLE.
    #[arg(long, env = "DICTUM_MIN_FREE_BYTES", value_name = "BYTES", default_value_t = 64 << 20)]
    pub min_free_bytes: u64,

    /// How long documents are kept after their time (of publication, else of the occasion), such as 8760h for a year;
    /// older ones are deleted. Documents without a time stay. Unset, nothing is deleted by its age.
    #[arg(long, env = "DICTUM_KEEP_FOR", value_name = "TIME", value_parser = parse_duration)]
    pub keep_for: Option<Duration>,

    /// Most watches at a time; more are refused with OVERLOADED. Each is a call too: see --max-calls.
    #[arg(long, env = "DICTUM_MAX_WATCHES", value_name = "N", default_value_t = 1000)]
    pub max_watches: usize,

    /// How long a watcher may take to read what was sent before it is told CONSUMER_TOO_SLOW.
    #[arg(long, env = "DICTUM_WATCH_PATIENCE", value_name = "TIME", default_value = "30s", value_parser = parse_duration)]
    pub watch_patience: Duration,
}

impl StorageConfig {
    pub(crate) fn store_options(&self) -> StoreOptions {
        StoreOptions {
            cache_bytes: self.store_cache_bytes,
            min_free_bytes: self.min_free_bytes,
            ..StoreOptions::default()
        }
    }
}

/// Returns where data is kept unless told otherwise: `$XDG_DATA_HOME/dictum`, by default `~/.local/share/dictum`.
#[must_use]
pub fn default_data() -> PathBuf {
    let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    absolute("XDG_DATA_HOME")
        .or_else(|| absolute("HOME").map(|home| home.join(".local/share")))
        .unwrap_or_else(|| PathBuf::from("."))
        .join("dictum")
}
