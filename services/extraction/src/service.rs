//! The handlers: wire to domain, extract, domain to wire.

use std::{sync::Arc, time::Instant};

use dictum_core::{Confidence, Document, Extraction, FormKind};
use dictum_extract::Options;
use dictum_proto::{
    ConvertError, document_from_wire, document_within, extraction_to_wire,
    v1::{
        ClaimForm, ClaimView, DescribeRulesRequest, DescribeRulesResponse, ExtractClaimsRequest,
        ExtractClaimsResponse, ExtractClaimsStreamRequest, ExtractionOptions, Manner, Rule,
        extraction_service_server::ExtractionService,
    },
};
use dictum_server::{Metrics, Stopping, gauge_value};
use tokio::{sync::Semaphore, task};
use tonic::{Request, Response, Status, Streaming};

use crate::{
    ExtractionConfig,
    error::Error,
    metrics::ExtractionMetrics,
    stream::{self, Answers},
};

/// Texts up to this length are extracted where the call is answered: at 50 MB a second that takes a third of a
/// millisecond, about what handing them to another thread and back costs under load.
const INLINE_BYTES: usize = 16 << 10;

/// Answers the calls of `dictum.v1.ExtractionService`.
#[derive(Debug, Clone)]
pub struct Extractor {
    workers: Arc<Semaphore>,
    max_document_bytes: usize,
    pub(crate) stopping: Stopping,
    metrics: ExtractionMetrics,
}

impl Extractor {
    pub(crate) fn new(
        config: &ExtractionConfig,
        max_document_bytes: usize,
        stopping: Stopping,
        metrics: &Metrics,
    ) -> Self {
        let metrics = ExtractionMetrics::of(metrics);
        metrics.workers_limit.set(gauge_value(config.workers() as u64));
        Self { workers: Arc::new(Semaphore::new(config.workers())), max_document_bytes, stopping, metrics }
    }

    pub(crate) async fn extract(
        &self,
        request: ExtractClaimsRequest,
    ) -> Result<ExtractClaimsResponse, Error> {
        let view = request.view();
        let document = document_within(request.document, self.max_document_bytes, "document")?;
        let document = document_from_wire(document, "document")?;
        let options = options_from_wire(request.options.unwrap_or_default())?;
        if document.text.len() <= INLINE_BYTES {
            return Ok(answer(&document, &options, view, &self.metrics));
        }
        let _worker = self.workers.acquire().await.expect("the semaphore is never closed");
        let metrics = self.metrics.clone();
        let answer = task::spawn_blocking(move || {
            metrics.workers.inc();
            let answer = answer(&document, &options, view, &metrics);
            metrics.workers.dec();
            answer
        });
        Ok(answer.await?)
    }
}

fn answer(
    document: &Document,
    options: &Options,
    view: ClaimView,
    metrics: &ExtractionMetrics,
) -> ExtractClaimsResponse {
    let started = Instant::now();
    let extraction: Extraction = dictum_extract::extract(document, options);
    metrics.count(document, &extraction, started);
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

fn rule_to_wire(rule: &dictum_extract::Rule) -> Rule {
    let dictum_extract::Rule { id, form, manner, description, source } = *rule;
    let form = match form {
        FormKind::QuotedStatement => ClaimForm::QuotedStatement,
        FormKind::QuestionAnswer => ClaimForm::QuestionAnswer,
        FormKind::PrerequisiteList => ClaimForm::PrerequisiteList,
    };
    let manner = match manner {
        None => Manner::Unspecified,
        Some(dictum_core::Manner::Block) => Manner::Block,
        Some(dictum_core::Manner::Direct) => Manner::Direct,
        Some(dictum_core::Manner::Indirect) => Manner::Indirect,
        Some(dictum_core::Manner::Mixed) => Manner::Mixed,
        Some(dictum_core::Manner::Attitude) => Manner::Attitude,
    };
    Rule {
        rule_id: id.to_owned(),
        form: form.into(),
        manner: manner.into(),
        description: description.to_owned(),
        source: source.to_owned(),
    }
}

#[tonic::async_trait]
impl ExtractionService for Extractor {
    async fn extract_claims(
        &self,
        request: Request<ExtractClaimsRequest>,
    ) -> Result<Response<ExtractClaimsResponse>, Status> {
        Ok(Response::new(self.extract(request.into_inner()).await?))
    }

    type ExtractClaimsStreamStream = Answers;

    async fn extract_claims_stream(
        &self,
        request: Request<Streaming<ExtractClaimsStreamRequest>>,
    ) -> Result<Response<Self::ExtractClaimsStreamStream>, Status> {
        Ok(Response::new(stream::answers(self.clone(), request.into_inner())))
    }

    async fn describe_rules(
        &self,
        _: Request<DescribeRulesRequest>,
    ) -> Result<Response<DescribeRulesResponse>, Status> {
        let rules = dictum_extract::rules().iter().map(rule_to_wire).collect();
        Ok(Response::new(DescribeRulesResponse { rule_set: dictum_extract::RULE_SET.to_owned(), rules }))
    }
}
