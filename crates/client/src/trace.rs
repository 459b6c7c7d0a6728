//! The caller's side of traces: a span for each attempt of a call, and its context in the call's metadata.
//!
//! Only work that is part of a trace makes spans; who started it decided whether it is kept.

use opentelemetry::{
    Context, KeyValue, global,
    propagation::Injector,
    trace::{SpanKind, Status as SpanStatus, TraceContextExt, Tracer},
};
use tonic::{
    Code, Status,
    metadata::{MetadataKey, MetadataMap},
};

/// The span of one attempt; it ends when it is told how, or dropped.
pub(crate) struct Attempt(Option<Context>);

impl Attempt {
    /// Begins the attempt and notes it in the metadata, if the current work is part of a trace.
    pub(crate) fn begin(metadata: &mut MetadataMap) -> Self {
        let parent = Context::current();
        if !parent.span().span_context().is_valid() {
            return Self(None);
        }
        let tracer = global::tracer("dictum-client");
        let span =
            tracer.span_builder("call").with_kind(SpanKind::Client).start_with_context(&tracer, &parent);
        let context = parent.with_span(span);
        global::get_text_map_propagator(|propagator| {
            propagator.inject_context(&context, &mut Metadata(metadata));
        });
        Self(Some(context))
    }

    pub(crate) fn end<T>(&self, outcome: &Result<T, Status>) {
        let Some(context) = &self.0 else { return };
        let code = outcome.as_ref().map_or_else(Status::code, |_| Code::Ok);
        let span = context.span();
        span.set_attribute(KeyValue::new("rpc.system", "grpc"));
        span.set_attribute(KeyValue::new("rpc.grpc.status_code", i64::from(i32::from(code))));
        if code != Code::Ok {
            span.set_status(SpanStatus::error(""));
        }
        span.end();
    }
}

struct Metadata<'m>(&'m mut MetadataMap);

impl Injector for Metadata<'_> {
    fn set(&mut self, key: &str, value: String) {
        if let (Ok(key), Ok(value)) = (MetadataKey::from_bytes(key.as_bytes()), value.parse()) {
            self.0.insert(key, value);
        }
    }
}
