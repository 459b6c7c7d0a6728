//! What happens around every call: its way in, its deadline, its panic, its status.
//!
//! One layer instead of five, so that one page says in which order things happen. tonic's own timeout and load shedding
//! are not used: they answer CANCELLED and count each connection by itself.

use std::{
    convert::Infallible,
    panic::AssertUnwindSafe,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use futures_util::FutureExt;
use http::{HeaderMap, Request, Response};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use tonic::{Status, body::Body};
use tower::{Layer, Service};

use crate::{
    answer::{Activity, Answer, Ends, Received, translate},
    connection::Link,
    failure,
    gate::{Admitted, Gate, ends_at_once},
    metrics::{Call, Methods},
    trace,
};

/// How long before the client's deadline the server answers: so that the answer arrives before the client gives up.
const ANSWER_EARLIER: Duration = Duration::from_millis(10);

/// What all calls of one server share.
#[derive(Debug)]
pub(crate) struct CallLimits {
    /// Lets calls in.
    pub(crate) gate: Gate,
    /// Time until an answer begins.
    pub(crate) max_call_time: Duration,
    /// Time in which something must move on a stream.
    pub(crate) max_stream_idle: Duration,
    /// For the message of a refusal: the services themselves keep it.
    pub(crate) max_message_bytes: usize,
    /// Ends the streams of health and reflection: nobody waits for them when the server stops.
    pub(crate) stopping: CancellationToken,
    /// Ends every stream that is left at the stop deadline.
    pub(crate) cut: CancellationToken,
    /// Counts calls by method.
    pub(crate) methods: Methods,
}

/// Wraps the routes of a server.
#[derive(Debug, Clone)]
pub(crate) struct CallLayer(pub(crate) Arc<CallLimits>);

impl<S> Layer<S> for CallLayer {
    type Service = Calls<S>;

    fn layer(&self, inner: S) -> Calls<S> {
        Calls { inner, limits: Arc::clone(&self.0) }
    }
}

/// See the module.
#[derive(Debug, Clone)]
pub(crate) struct Calls<S> {
    inner: S,
    limits: Arc<CallLimits>,
}

impl<S> Service<Request<Body>> for Calls<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let limits = Arc::clone(&self.limits);
        let path = request.uri().clone();
        let mut call = limits.methods.begin(path.path(), request.headers());
        let link = request.extensions().get::<Link>().cloned();
        let admitted = match limits.gate.admit(path.path(), request.headers(), link.as_ref()) {
            Ok(admitted) => admitted,
            Err(refusal) => {
                call.note_code(refusal.code());
                return Box::pin(std::future::ready(Ok(refusal.into_http())));
            }
        };
        request.extensions_mut().insert(admitted.caller.clone());
        let mut idle = None;
        if admitted.method.is_some_and(|method| method.streams) {
            let activity = Activity::default();
            idle = Some((limits.max_stream_idle, activity.clone()));
            request = request.map(|body| Body::new(Received::new(body, activity)));
        }
        let deadline = client_timeout(request.headers()).map(|time| (Instant::now() + early(time), time));
        let ends_at_once = ends_at_once(path.path());
        let cut = if ends_at_once { limits.stopping.clone() } else { limits.cut.clone() };
        let work = trace::within(call.context(), self.inner.call(request));
        let answered = AssertUnwindSafe(work).catch_unwind();
        Box::pin(async move {
            let time =
                deadline.map_or(limits.max_call_time, |(_, time)| early(time).min(limits.max_call_time));
            let outcome = tokio::select! {
                outcome = timeout(time, answered) => outcome,
                () = limits.cut.cancelled() => return Ok(failed(&admitted, &mut call, failure::shutting_down())),
            };
            Ok(match outcome {
                Ok(Ok(Ok(response))) => {
                    let ends = Ends { cut, deadline, idle };
                    finish(response, path, ends, &limits, admitted, link.as_ref(), call)
                }
                Ok(Err(panic)) => failed(&admitted, &mut call, failure::panicked(path.path(), &*panic)),
                Err(_) => failed(&admitted, &mut call, failure::deadline_exceeded(time)),
            })
        })
    }
}

fn failed(admitted: &Admitted, call: &mut Call, status: Status) -> Response<Body> {
    call.note_code(status.code());
    admitted.caller.failed(admitted.method, &status);
    status.into_http()
}

fn finish(
    mut response: Response<Body>,
    path: http::Uri,
    ends: Ends,
    limits: &CallLimits,
    admitted: Admitted,
    link: Option<&Link>,
    mut call: Call,
) -> Response<Body> {
    translate(response.headers_mut(), limits.max_message_bytes);
    call.note(response.headers());
    if response.headers().get("grpc-status").is_some_and(|code| code != "0")
        && let Some(status) = Status::from_header_map(response.headers())
    {
        admitted.caller.failed(admitted.method, &status);
    }
    let Admitted { places, .. } = admitted;
    let sending = link.map(Link::answer);
    response
        .map(|body| Body::new(Answer::new(body, path, ends, limits.max_message_bytes, sending, places, call)))
}

fn early(time: Duration) -> Duration {
    time - ANSWER_EARLIER.min(time / 10)
}

/// Reads `grpc-timeout`: up to eight digits and a unit. What is no timeout is none, as the specification says nothing.
fn client_timeout(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get("grpc-timeout")?.to_str().ok()?;
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if digits.is_empty() || digits.len() > 8 {
        return None;
    }
    let value: u64 = digits.parse().ok()?;
    Some(match unit {
        "H" => Duration::from_secs(value * 3600),
        "M" => Duration::from_secs(value * 60),
        "S" => Duration::from_secs(value),
        "m" => Duration::from_millis(value),
        "u" => Duration::from_micros(value),
        "n" => Duration::from_nanos(value),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        headers.insert("grpc-timeout", text.parse().unwrap());
        client_timeout(&headers)
    }

    #[test]
    fn a_client_timeout_has_up_to_eight_digits_and_a_unit() {
        assert_eq!(read("250m"), Some(Duration::from_millis(250)));
        assert_eq!(read("99999999H"), Some(Duration::from_secs(99_999_999 * 3600)));
        for wrong in ["", "m", "100000000S", "1x", "-1S", "1.5S", "é"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
