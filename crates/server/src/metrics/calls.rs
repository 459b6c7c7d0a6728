//! Calls by method and code, how long they took, and how many are under way.

use std::{collections::HashMap, sync::Arc, time::Instant};

use http::HeaderMap;
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
};
use prost::Message;
use prost_types::FileDescriptorSet;
use tonic::Code;

use super::{Metrics, SECONDS};
use crate::trace::CallSpan;

/// Stands for what is no method of ours: a path is the client's word, and every new one would be kept for ever.
const OTHER: &str = "other";

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct MethodLabels {
    service: String,
    method: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CodeLabels {
    service: String,
    method: String,
    code: &'static str,
}

/// What the servers of one process count.
#[derive(Clone)]
pub(crate) struct CallMetrics {
    calls: Family<CodeLabels, Counter>,
    seconds: Family<MethodLabels, Histogram, fn() -> Histogram>,
    in_flight: Family<MethodLabels, Gauge>,
    /// Connections that are open.
    pub(crate) connections: Gauge,
    /// How many there may be.
    pub(crate) connections_limit: Gauge,
    /// How many calls there may be under way.
    pub(crate) calls_limit: Gauge,
}

impl CallMetrics {
    pub(crate) fn of(metrics: &Metrics) -> Self {
        metrics.of(|metrics| Self {
            calls: metrics.register(
                "dictum_grpc_calls",
                "Calls that ended, by the code of their status; CANCELLED also when the client left",
                Family::default(),
            ),
            seconds: metrics.register(
                "dictum_grpc_call_duration_seconds",
                "Time from a call's headers to the end of its answer; for streams, their length",
                Family::new_with_constructor((|| Histogram::new(SECONDS)) as fn() -> Histogram),
            ),
            in_flight: metrics.register(
                "dictum_grpc_calls_in_flight",
                "Calls under way, open streams among them",
                Family::default(),
            ),
            connections: metrics.register(
                "dictum_connections",
                "Connections from outside that are open",
                Gauge::default(),
            ),
            connections_limit: metrics.register(
                "dictum_connections_limit",
                "Most connections at a time (--max-connections); more wait",
                Gauge::default(),
            ),
            calls_limit: metrics.register(
                "dictum_grpc_calls_in_flight_limit",
                "Most calls under way (--max-calls); more are refused with OVERLOADED",
                Gauge::default(),
            ),
        })
    }

    fn method(&self, service: &str, method: &str) -> Arc<Method> {
        let labels = MethodLabels { service: service.to_owned(), method: method.to_owned() };
        let method = Method {
            seconds: self.seconds.get_or_create_owned(&labels),
            in_flight: self.in_flight.get_or_create_owned(&labels),
            calls: self.calls.clone(),
            ok: self.calls.get_or_create_owned(&with_code(&labels, Code::Ok)),
            labels,
        };
        Arc::new(method)
    }
}

fn with_code(labels: &MethodLabels, code: Code) -> CodeLabels {
    let MethodLabels { service, method } = labels.clone();
    CodeLabels { service, method, code: code_name(code) }
}

/// The metrics of one method, found once: a call costs no look-up of labels.
struct Method {
    labels: MethodLabels,
    seconds: Histogram,
    in_flight: Gauge,
    ok: Counter,
    calls: Family<CodeLabels, Counter>,
}

/// The methods of a server, by their paths.
pub(crate) struct Methods {
    by_path: HashMap<String, Arc<Method>>,
    other: Arc<Method>,
}

impl std::fmt::Debug for Methods {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.by_path.keys()).finish()
    }
}

impl Methods {
    /// Returns the methods of `services` that the descriptors describe.
    pub(crate) fn new(metrics: &CallMetrics, descriptor_sets: &[&[u8]], services: &[&str]) -> Self {
        let mut by_path = HashMap::new();
        for set in descriptor_sets {
            // Reflection reads the same bytes and says what is wrong with them.
            let set = FileDescriptorSet::decode(*set).unwrap_or_default();
            for file in set.file {
                for service in &file.service {
                    let name = format!("{}.{}", file.package(), service.name());
                    if services.contains(&name.as_str()) {
                        by_path.extend(service.method.iter().map(|method| {
                            let path = format!("/{name}/{}", method.name());
                            (path, metrics.method(&name, method.name()))
                        }));
                    }
                }
            }
        }
        Self { by_path, other: metrics.method(OTHER, OTHER) }
    }

    /// Begins to count a call, and to trace it.
    pub(crate) fn begin(&self, path: &str, headers: &HeaderMap) -> Call {
        let method = Arc::clone(self.by_path.get(path).unwrap_or(&self.other));
        method.in_flight.inc();
        let MethodLabels { service, method: name } = &method.labels;
        let is_traced = service != OTHER && !service.starts_with("grpc.");
        let span = is_traced.then(|| CallSpan::begin(service, name, headers)).flatten();
        Call { method, started: Instant::now(), code: None, span }
    }
}

/// A call under way. It ends when it is dropped; if nobody said how, the client has left.
pub(crate) struct Call {
    method: Arc<Method>,
    started: Instant,
    code: Option<Code>,
    span: Option<CallSpan>,
}

impl Call {
    /// Notes the status, if these headers or trailers carry one.
    pub(crate) fn note(&mut self, headers: &HeaderMap) {
        if let Some(code) = headers.get("grpc-status") {
            self.code = Some(Code::from_bytes(code.as_bytes()));
        }
    }

    /// Returns what work for the call must run under to be part of its trace.
    pub(crate) fn context(&self) -> Option<opentelemetry::Context> {
        self.span.as_ref().map(CallSpan::context)
    }

    /// Notes the status.
    pub(crate) fn note_code(&mut self, code: Code) {
        self.code = Some(code);
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        let Method { labels, seconds, in_flight, ok, calls } = &*self.method;
        in_flight.dec();
        seconds.observe(self.started.elapsed().as_secs_f64());
        let code = self.code.unwrap_or(Code::Cancelled);
        if let Some(span) = &self.span {
            span.end(code);
        }
        match code {
            Code::Ok => ok.inc(),
            code => calls.get_or_create(&with_code(labels, code)).inc(),
        };
    }
}

/// The codes as the specification of gRPC writes them.
fn code_name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}
