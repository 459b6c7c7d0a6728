//! The handlers: wire to domain, extract, domain to wire.

use std::sync::Arc;

use dictum_core::{Confidence, Document, Extraction};
use dictum_extract::Options;
use dictum_proto::{
    ConvertError, document_from_wire, document_within, extraction_to_wire,
    v1::{
        ClaimView, ExtractClaimsRequest, ExtractClaimsResponse, ExtractionOptions,
        extraction_service_server::ExtractionService,
    },
};
use tokio::{sync::Semaphore, task};
use tonic::{Request, Response, Status};

use crate::{ExtractionConfig, error::Error};

/// Texts up to this length are extracted where the call is answered: at 50 MB a second that takes a third of a
/// millisecond, about what handing them to another thread and back costs under load.
const INLINE_BYTES: usize = 16 << 10;

/// Answers the calls of `dictum.v1.ExtractionService`.
#[derive(Debug, Clone)]
pub struct Extractor {
    workers: Arc<Semaphore>,
    max_document_bytes: usize,
}

impl Extractor {
    pub(crate) fn new(config: &ExtractionConfig, max_document_bytes: usize) -> Self {
        Self { workers: Arc::new(Semaphore::new(config.workers())), max_document_bytes }
    }

    async fn extract(&self, request: ExtractClaimsRequest) -> Result<ExtractClaimsResponse, Error> {
        let view = request.view();
        let document = document_within(request.document, self.max_document_bytes, "document")?;
        let document = document_from_wire(document, "document")?;
        let options = options_from_wire(request.options.unwrap_or_default())?;
        if document.text.len() <= INLINE_BYTES {
            return Ok(answer(&document, &options, view));
        }
        let _worker = self.workers.acquire().await.expect("the semaphore is never closed");
        Ok(task::spawn_blocking(move || answer(&document, &options, view)).await?)
    }
}

fn answer(document: &Document, options: &Options, view: ClaimView) -> ExtractClaimsResponse {
    let extraction: Extraction = dictum_extract::extract(document, options);
    ExtractClaimsResponse {
        extraction: Some(extraction_to_wire(&extraction, document, view, 0)),
        document_id: document.id().to_string(),
    }
}

fn options_from_wire(options: ExtractionOptions) -> Result<Options, ConvertError> {
    let ExtractionOptions { attitudes, min_confidence } = options;
    let min_confidence = Confidence::new(min_confidence).ok_or_else(|| ConvertError::Invalid {
        field: "options.min_confidence".to_owned(),
        message: "must be from 0 to 1".to_owned(),
    })?;
    Ok(Options { attitudes, min_confidence })
}

#[tonic::async_trait]
impl ExtractionService for Extractor {
    async fn extract_claims(
        &self,
        request: Request<ExtractClaimsRequest>,
    ) -> Result<Response<ExtractClaimsResponse>, Status> {
        Ok(Response::new(self.extract(request.into_inner()).await?))
    }
}
