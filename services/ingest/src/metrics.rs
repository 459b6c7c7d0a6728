//! What ingest counts.

use dictum_proto::v1::{IngestResult, IngestStatus};
use dictum_server::Metrics;
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge},
};

use crate::error::Error;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    outcome: &'static str,
}

#[derive(Debug, Clone)]
pub(crate) struct IngestMetrics {
    documents: Family<Outcome, Counter>,
    /// Text that is worked on.
    pub(crate) bytes: Gauge,
    /// How much there may be.
    pub(crate) bytes_limit: Gauge,
    /// Files that are being read.
    pub(crate) uploads: Gauge,
}

impl IngestMetrics {
    pub(crate) fn of(metrics: &Metrics) -> Self {
        metrics.of(|metrics| {
            let documents = metrics.register(
                "dictum_ingest_documents",
                "Documents by what became of them: stored, duplicate, rejected for good, or failed for now",
                Family::default(),
            );
            // From the start at 0, so that the first one is a rise.
            for outcome in ["stored", "duplicate", "rejected", "failed"] {
                let _: Counter = documents.get_or_create_owned(&Outcome { outcome });
            }
            Self::with(metrics, documents)
        })
    }

    fn with(metrics: &Metrics, documents: Family<Outcome, Counter>) -> Self {
        Self {
            documents,
            bytes: metrics.register(
                "dictum_ingest_text_in_flight_bytes",
                "Text of documents that are worked on",
                Gauge::default(),
            ),
            bytes_limit: metrics.register(
                "dictum_ingest_text_in_flight_limit_bytes",
                "Most text that is worked on (--max-ingest-bytes); more waits in the clients",
                Gauge::default(),
            ),
            uploads: metrics.register(
                "dictum_ingest_uploads_in_flight",
                "Files that are being read",
                Gauge::default(),
            ),
        }
    }

    pub(crate) fn count(&self, result: &Result<IngestResult, Error>) {
        let outcome = match result {
            Ok(result) if result.status() == IngestStatus::Duplicate => "duplicate",
            Ok(_) => "stored",
            Err(error) if error.is_about_one_document() => "rejected",
            Err(_) => "failed",
        };
        self.documents.get_or_create(&Outcome { outcome }).inc();
    }
}
