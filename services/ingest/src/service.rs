//! One document through extraction and storage.

use std::sync::Arc;

use dictum_client::{ExtractionClient, StorageClient};
use dictum_proto::{
    ConvertError, document_within,
    v1::{
        ClaimView, Document, ExtractClaimsRequest, Extraction, IngestDocumentRequest, IngestDocumentResponse,
        IngestDocumentsRequest, IngestResult, IngestStatus, ReextractDocumentsRequest, UploadFileRequest,
        WriteDocumentRequest, extraction_service_server as extraction, ingest_service_server::IngestService,
        storage_service_server as storage,
    },
};
use dictum_server::{Caller, Metrics, Stopping, gauge_value};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tonic::{Request, Response, Status, Streaming};

use crate::{
    Backends, IngestConfig,
    error::Error,
    metrics::IngestMetrics,
    reextract::{Reextracted, reextract},
    stream::{Acknowledgements, acknowledge},
    upload::{Results, Uploads, upload},
};

/// Answers the calls of `dictum.v1.IngestService`.
#[derive(Debug, Clone)]
pub struct Intake {
    extraction: ExtractionClient,
    pub(crate) storage: StorageClient,
    pub(crate) max_document_bytes: usize,
    pub(crate) window: usize,
    pub(crate) stopping: Stopping,
    pub(crate) uploads: Uploads,
    room: Arc<Semaphore>, // one permit a KiB of text
    max_permits: u32,
    caller: Caller,
    metrics: IngestMetrics,
}

impl Intake {
    pub(crate) fn new(
        backends: Backends,
        config: &IngestConfig,
        max_document_bytes: usize,
        stopping: Stopping,
        metrics: &Metrics,
    ) -> Self {
        let max_permits = u32::try_from(config.max_ingest_bytes / 1024).unwrap_or(u32::MAX >> 4).max(1);
        let room = Arc::new(Semaphore::new(max_permits as usize));
        let uploads = Uploads::new(config.max_uploads, config.upload_patience);
        let counts = IngestMetrics::of(metrics);
        counts.bytes_limit.set(gauge_value(u64::from(max_permits) * 1024));
        let (shown, free, reading) = (counts.clone(), Arc::clone(&room), uploads.clone());
        metrics.before_scrape(move || {
            let taken = (max_permits as usize).saturating_sub(free.available_permits());
            shown.bytes.set(gauge_value(taken as u64 * 1024));
            shown.uploads.set(gauge_value(reading.under_way() as u64));
            std::future::ready(())
        });
        Self {
            extraction: ExtractionClient::new(backends.extraction),
            storage: StorageClient::new(backends.storage),
            max_document_bytes,
            window: config.ingest_window.get(),
            stopping,
            uploads,
            room,
            max_permits,
            caller: Caller::default(),
            metrics: counts,
        }
    }

    /// Returns this for the documents of one call.
    fn called_by<T>(&self, request: &Request<T>) -> Self {
        Self { caller: Caller::of(request), ..self.clone() }
    }

    /// Waits until the text of `document` has room among those that are worked on.
    pub(crate) async fn admit(&self, document: Option<&Document>) -> OwnedSemaphorePermit {
        let bytes = document.map_or(0, |document| document.text.len());
        let permits = u32::try_from(bytes / 1024 + 1).unwrap_or(u32::MAX).min(self.max_permits);
        Arc::clone(&self.room).acquire_many_owned(permits).await.expect("the semaphore is never closed")
    }

    /// Has one document extracted and stored; returns when it is durable, and writes down what came of it.
    pub(crate) async fn ingest(&self, document: Option<Document>) -> Result<IngestResult, Error> {
        let outcome = self.store(document).await;
        self.metrics.count(&outcome);
        match &outcome {
            Ok(result) if result.status() == IngestStatus::Duplicate => {
                self.caller.audit("DUPLICATE", &result.document_id, "");
            }
            Ok(result) => self.caller.audit("STORED", &result.document_id, ""),
            Err(error) => self.caller.audit("REJECTED", "", error.kind()),
        }
        outcome
    }

    async fn store(&self, document: Option<Document>) -> Result<IngestResult, Error> {
        let document = document_within(document, self.max_document_bytes, "document")?;
        let extraction = self.extract(document.clone()).await?;
        let diagnostic_count = count(extraction.diagnostics.len());
        let request = WriteDocumentRequest { document: Some(document), extraction: Some(extraction) };
        let written = self
            .storage
            .write_document(request)
            .await
            .map_err(|error| Error::from_backend(storage::SERVICE_NAME, error))?;
        let status = if written.duplicate { IngestStatus::Duplicate } else { IngestStatus::Stored };
        Ok(IngestResult {
            status: status.into(),
            document_id: written.document_id,
            claim_count: written.claim_count,
            revision: written.revision,
            diagnostic_count,
            ..Default::default()
        })
    }

    /// Storage has the text: claims go to it without texts and second units.
    pub(crate) async fn extract(&self, document: Document) -> Result<Extraction, Error> {
        let request =
            ExtractClaimsRequest { document: Some(document), options: None, view: ClaimView::Basic.into() };
        let response = self
            .extraction
            .extract_claims(request)
            .await
            .map_err(|error| Error::from_backend(extraction::SERVICE_NAME, error))?;
        response
            .extraction
            .ok_or_else(|| Error::Request(ConvertError::Missing { field: "extraction".to_owned() }))
    }
}

fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

#[tonic::async_trait]
impl IngestService for Intake {
    async fn ingest_document(
        &self,
        request: Request<IngestDocumentRequest>,
    ) -> Result<Response<IngestDocumentResponse>, Status> {
        let intake = self.called_by(&request);
        let document = request.into_inner().document;
        let _room = intake.admit(document.as_ref()).await;
        let result = intake.ingest(document).await?;
        Ok(Response::new(IngestDocumentResponse { result: Some(result) }))
    }

    type IngestDocumentsStream = Acknowledgements;

    async fn ingest_documents(
        &self,
        request: Request<Streaming<IngestDocumentsRequest>>,
    ) -> Result<Response<Self::IngestDocumentsStream>, Status> {
        Ok(Response::new(acknowledge(self.called_by(&request), request.into_inner())))
    }

    type UploadFileStream = Results;

    async fn upload_file(
        &self,
        request: Request<Streaming<UploadFileRequest>>,
    ) -> Result<Response<Self::UploadFileStream>, Status> {
        Ok(Response::new(upload(self.called_by(&request), request.into_inner()).await?))
    }

    type ReextractDocumentsStream = Reextracted;

    async fn reextract_documents(
        &self,
        request: Request<ReextractDocumentsRequest>,
    ) -> Result<Response<Self::ReextractDocumentsStream>, Status> {
        Ok(Response::new(reextract(self.clone(), request.into_inner())?))
    }
}
