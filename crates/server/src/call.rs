//! What happens around every call: room for it, its deadline, its panic, its status.
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
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, timeout},
};
use tokio_util::sync::CancellationToken;
use tonic::body::Body;
use tower::{Layer, Service};

use crate::{
    answer::{Answer, Ends, translate},
    failure,
};

/// How long before the client's deadline the server answers: so that the answer arrives before the client gives up.
const ANSWER_EARLIER: Duration = Duration::from_millis(10);

/// What all calls of one server share.
#[derive(Debug)]
pub(crate) struct CallLimits {
    /// One permit a call, held until its answer is sent.
    pub(crate) room: Arc<Semaphore>,
    /// How many permits there are.
    pub(crate) max_calls: usize,
    /// Time until an answer begins.
    pub(crate) max_call_time: Duration,
    /// For the message of a refusal: the services themselves keep it.
    pub(crate) max_message_bytes: usize,
    /// Ends the streams of health and reflection: nobody waits for them when the server stops.
    pub(crate) stopping: CancellationToken,
    /// Ends every stream that is left at the stop deadline.
    pub(crate) cut: CancellationToken,
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

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let limits = Arc::clone(&self.limits);
        let path = request.uri().clone();
        // Health checks find room in an overloaded server too, else the orchestrator kills it when it is needed most.
        let ours = !path.path().starts_with("/grpc.");
        let permit = match Arc::clone(&limits.room).try_acquire_owned() {
            Ok(permit) if ours => Some(permit),
            Err(_) if ours => {
                let refusal = failure::overloaded(limits.max_calls).into_http();
                return Box::pin(std::future::ready(Ok(refusal)));
            }
            _ => None,
        };
        let deadline = client_timeout(request.headers()).map(|time| (Instant::now() + early(time), time));
        let cut = if ours { limits.cut.clone() } else { limits.stopping.clone() };
        let answered = AssertUnwindSafe(self.inner.call(request)).catch_unwind();
        Box::pin(async move {
            let time =
                deadline.map_or(limits.max_call_time, |(_, time)| early(time).min(limits.max_call_time));
            let outcome = tokio::select! {
                outcome = timeout(time, answered) => outcome,
                () = limits.cut.cancelled() => return Ok(failure::shutting_down().into_http()),
            };
            Ok(match outcome {
                Ok(Ok(Ok(response))) => finish(response, path, Ends { cut, deadline }, &limits, permit),
                Ok(Err(panic)) => failure::panicked(path.path(), &*panic).into_http(),
                Err(_) => failure::deadline_exceeded(time).into_http(),
            })
        })
    }
}

fn finish(
    mut response: Response<Body>,
    path: http::Uri,
    ends: Ends,
    limits: &CallLimits,
    permit: Option<OwnedSemaphorePermit>,
) -> Response<Body> {
    translate(response.headers_mut(), limits.max_message_bytes);
    response.map(|body| Body::new(Answer::new(body, path, ends, limits.max_message_bytes, permit)))
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
