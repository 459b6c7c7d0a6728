//! What can be set of extraction.

use std::{num::NonZeroUsize, thread};

use clap::Args;

/// How much extraction does at a time.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
#[command(next_help_heading = "Extraction")]
pub struct ExtractionConfig {
    /// Long documents that are extracted at a time; more wait [default: one a core].
    #[arg(long, env = "DICTUM_EXTRACTION_WORKERS", value_name = "N")]
    pub extraction_workers: Option<NonZeroUsize>,
}

impl ExtractionConfig {
    pub(crate) fn workers(&self) -> usize {
        let cores = || thread::available_parallelism().map_or(1, NonZeroUsize::get);
        self.extraction_workers.map_or_else(cores, NonZeroUsize::get)
    }
}
