//! Traces: what one call did in all services, in the W3C's trace context, sent to a collector over OTLP.
//!
//! Off unless a collector is named. Spans are handed to a thread of the exporter through a bounded queue that drops what it
//! cannot take: a collector that is slow or away costs no call anything. Nothing of a text enters a span.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    sync::OnceLock,
    time::Duration,
};

use clap::Args;
use http::HeaderMap;
use opentelemetry::{
    Context, KeyValue, global,
    propagation::{Extractor, TextMapPropagator},
    trace::{Link, SpanKind, Status as SpanStatus, TraceContextExt, Tracer, TracerProvider},
};
use opentelemetry_otlp::{SpanExporter, WithExportConfig};
use opentelemetry_sdk::{
    Resource,
    propagation::TraceContextPropagator,
    trace::{Sampler, SdkTracer, SdkTracerProvider},
};
use tonic::Code;

/// How long a collector may take for one batch, and the process for the last one.
const EXPORT_TIME: Duration = Duration::from_secs(5);
const LAST_EXPORT_TIME: Duration = Duration::from_secs(2);

/// Where traces go, and how many.
#[derive(Debug, Clone, PartialEq, Args)]
#[command(next_help_heading = "Traces")]
pub struct TraceConfig {
    /// Send traces to this collector, over OTLP with gRPC in plain text [default: none are made].
    #[arg(long, env = "DICTUM_TRACE_ENDPOINT", value_name = "URL")]
    pub trace_endpoint: Option<String>,

    /// The share of calls that are traced, from 0 to 1. A caller that sends a trace context has decided already.
    #[arg(long, env = "DICTUM_TRACE_RATIO", value_name = "RATIO", default_value = "0.01", value_parser = ratio)]
    pub trace_ratio: f64,
}

fn ratio(text: &str) -> Result<f64, String> {
    let ratio = text.parse().ok().filter(|ratio| (0.0..=1.0).contains(ratio));
    ratio.ok_or_else(|| "must be from 0 to 1".to_owned())
}

/// There is one exporter in a process, as there is one log.
static TRACER: OnceLock<SdkTracer> = OnceLock::new();

/// Starts to make traces, if a collector is named.
pub(crate) fn start(
    config: &TraceConfig,
    program: &'static str,
    version: &'static str,
) -> Result<Option<SdkTracerProvider>, String> {
    let Some(endpoint) = &config.trace_endpoint else { return Ok(None) };
    let exporter = SpanExporter::builder()
        .with_tonic()
        .with_endpoint(endpoint)
        .with_timeout(EXPORT_TIME)
        .build()
        .map_err(|error| format!("the endpoint for traces: {error}"))?;
    let provider = SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .with_sampler(Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(config.trace_ratio))))
        .with_resource(
            Resource::builder()
                .with_service_name(program)
                .with_attribute(KeyValue::new("service.version", version))
                .build(),
        )
        .build();
    global::set_text_map_propagator(TraceContextPropagator::new()); // clients write it into their calls
    global::set_tracer_provider(provider.clone());
    TRACER
        .set(provider.tracer(program))
        .map_err(|_| "traces were started before".to_owned())
        .map(|()| Some(provider))
}

/// Sends what is left; gives up soon, since a process that stops must not wait for a collector.
pub(crate) async fn finish(provider: SdkTracerProvider) {
    let last = tokio::task::spawn_blocking(move || provider.shutdown_with_timeout(LAST_EXPORT_TIME));
    if let Ok(Err(error)) = last.await {
        tracing::warn!(%error, "the last traces were not sent");
    }
}

/// The span of a call on this server.
pub(crate) struct CallSpan(Context);

impl CallSpan {
    /// Begins a span for a call of this service and method, under the one that its headers name.
    pub(crate) fn begin(service: &str, method: &str, headers: &HeaderMap) -> Option<Self> {
        let tracer = TRACER.get()?;
        let parent = TraceContextPropagator::new().extract_with_context(&Context::new(), &Headers(headers));
        let span = tracer
            .span_builder(format!("{service}/{method}"))
            .with_kind(SpanKind::Server)
            .with_attributes([
                KeyValue::new("rpc.system", "grpc"),
                KeyValue::new("rpc.service", service.to_owned()),
                KeyValue::new("rpc.method", method.to_owned()),
            ])
            .start_with_context(tracer, &parent);
        Some(Self(parent.with_span(span)))
    }

    pub(crate) fn context(&self) -> Context {
        self.0.clone()
    }

    pub(crate) fn end(&self, code: Code) {
        let span = self.0.span();
        span.set_attribute(KeyValue::new("rpc.grpc.status_code", i64::from(i32::from(code))));
        // What is the server's fault, as the conventions of OpenTelemetry have it.
        if matches!(
            code,
            Code::Unknown
                | Code::DeadlineExceeded
                | Code::Unimplemented
                | Code::Internal
                | Code::Unavailable
                | Code::DataLoss
        ) {
            span.set_status(SpanStatus::error(""));
        }
        span.end();
    }
}

/// Runs `work` under `context`, if there is one: calls that it makes belong to that trace.
pub(crate) async fn within<F: Future>(context: Option<Context>, work: F) -> F::Output {
    let Some(context) = context else { return work.await };
    let mut work = pin!(work);
    poll_fn(|cx| {
        let _current = context.clone().attach();
        work.as_mut().poll(cx)
    })
    .await
}

/// Runs the work on one item of a stream in a trace of its own that is linked to the stream's: a stream may be endless,
/// a trace should not be.
///
/// The work may be spawned: it is linked to what was current when this was called.
pub fn trace_item<F: Future>(name: &'static str, work: F) -> impl Future<Output = F::Output> {
    let context = TRACER.get().map(|tracer| {
        let stream = Context::current().span().span_context().clone();
        let mut builder = tracer.span_builder(name).with_kind(SpanKind::Internal);
        if stream.is_valid() {
            builder = builder.with_links(vec![Link::with_context(stream)]);
        }
        Context::new().with_span(builder.start_with_context(tracer, &Context::new()))
    });
    within(context, work)
}

/// Returns the id of the trace that the current work belongs to, for the log.
pub(crate) fn trace_id() -> Option<String> {
    TRACER.get()?;
    let context = Context::current();
    let span = context.span().span_context().clone();
    span.is_sampled().then(|| span.trace_id().to_string())
}

struct Headers<'h>(&'h HeaderMap);

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(http::HeaderName::as_str).collect()
    }
}
