//! The body of an answer: holds the call's places to its end, ends in time, and says in gRPC's own words why. And the
//! body of a request, which tells when something came.

use std::{
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use tonic::{Code, Status};

use crate::{
    connection::{Sending, milliseconds},
    failure,
    gate::Places,
    metrics::Call,
};

/// When a stream is ended from outside.
#[derive(Debug, Clone)]
pub(crate) struct Ends {
    /// The server does not wait for this stream any longer.
    pub(crate) cut: CancellationToken,
    /// The client's deadline, and how far off it was at the start.
    pub(crate) deadline: Option<(Instant, Duration)>,
    /// How long nothing may move, on a stream.
    pub(crate) idle: Option<(Duration, Activity)>,
}

/// When something moved last on a stream, in either direction.
#[derive(Debug, Clone, Default)]
pub(crate) struct Activity(Arc<AtomicU64>);

impl Activity {
    fn moved(&self) {
        self.0.store(milliseconds(), Ordering::Relaxed);
    }

    /// Returns when nothing has moved for so long.
    async fn quiet_for(&self, time: Duration) {
        let mut rest = time;
        loop {
            sleep(rest).await;
            let quiet = Duration::from_millis(milliseconds().saturating_sub(self.0.load(Ordering::Relaxed)));
            match time.checked_sub(quiet) {
                Some(left) if !left.is_zero() => rest = left,
                _ => return,
            }
        }
    }
}

impl Ends {
    /// Returns the status to end with, when it is time to.
    async fn status(self) -> Status {
        let expired = async {
            match self.deadline {
                Some((at, time)) => {
                    tokio::time::sleep_until(at).await;
                    time
                }
                None => std::future::pending().await,
            }
        };
        let quiet = async {
            match &self.idle {
                Some((time, activity)) => {
                    activity.quiet_for(*time).await;
                    *time
                }
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = self.cut.cancelled() => failure::shutting_down(),
            time = expired => failure::deadline_exceeded(time),
            time = quiet => failure::stream_idle(time),
        }
    }
}

type EndFuture = Pin<Box<dyn Future<Output = Status> + Send>>;

/// See the module.
pub(crate) struct Answer {
    body: tonic::body::Body,
    max_message_bytes: usize,
    path: http::Uri,
    ends: Ends,
    end: Option<EndFuture>, // made when the body first has to wait: answers that are there at once never need it
    ended: bool,
    sending: Option<Sending>,
    places: Option<Places>,
    call: Call,
}

impl Answer {
    pub(crate) fn new(
        body: tonic::body::Body,
        path: http::Uri,
        ends: Ends,
        max_message_bytes: usize,
        sending: Option<Sending>,
        places: Places,
        call: Call,
    ) -> Self {
        if let Some((_, activity)) = &ends.idle {
            activity.moved();
        }
        Self {
            body,
            max_message_bytes,
            path,
            ends,
            end: None,
            ended: false,
            sending,
            places: Some(places),
            call,
        }
    }

    fn end_with(&mut self, status: &Status) -> Frame<Bytes> {
        self.ended = true;
        self.body = tonic::body::Body::empty(); // the handler's stream ends now, not when the client has read this
        self.places = None;
        self.call.note_code(status.code());
        let mut trailers = HeaderMap::new();
        if status.add_header(&mut trailers).is_err() {
            trailers.clear(); // no headers is UNKNOWN to the client, which is true enough
        }
        Frame::trailers(trailers)
    }
}

impl Body for Answer {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        if self.ended {
            return Poll::Ready(None);
        }
        let this = &mut *self;
        if let Some(sending) = &this.sending {
            sending.asked();
        }
        let poll = AssertUnwindSafe(|| {
            let _current = this.call.context().map(opentelemetry::Context::attach); // a stream works as it is read
            Pin::new(&mut this.body).poll_frame(cx)
        });
        match catch_unwind(poll) {
            Ok(Poll::Ready(Some(Ok(mut frame)))) => {
                if let Some(trailers) = frame.trailers_mut() {
                    translate(trailers, this.max_message_bytes);
                    this.call.note(trailers);
                }
                if let Some((_, activity)) = &this.ends.idle {
                    activity.moved();
                }
                if let Some(sending) = &this.sending {
                    sending.handed_over();
                }
                Poll::Ready(Some(Ok(frame)))
            }
            Ok(Poll::Ready(end)) => Poll::Ready(end),
            Ok(Poll::Pending) => {
                let ends = &this.ends;
                let end = this.end.get_or_insert_with(|| Box::pin(ends.clone().status()));
                end.as_mut().poll(cx).map(|status| Some(Ok(self.end_with(&status))))
            }
            Err(panic) => {
                let status = failure::panicked(this.path.path(), &*panic);
                Poll::Ready(Some(Ok(self.end_with(&status))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.ended || self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The body of a request on a stream: what comes counts as something that moved.
pub(crate) struct Received {
    body: tonic::body::Body,
    activity: Activity,
}

impl Received {
    pub(crate) fn new(body: tonic::body::Body, activity: Activity) -> Self {
        Self { body, activity }
    }
}

impl Body for Received {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        if frame.is_ready() {
            self.activity.moved();
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Replaces what tonic says of a message over the limit: it answers OUT_OF_RANGE, other stacks and the retry rules of
/// clients expect RESOURCE_EXHAUSTED.
pub(crate) fn translate(headers: &mut HeaderMap, max_message_bytes: usize) {
    if headers.get("grpc-status").is_none_or(|code| code != "11") {
        return; // the common case, without a parse
    }
    let Some(status) = Status::from_header_map(headers) else { return };
    if status.code() == Code::OutOfRange && status.message().contains("message length too large") {
        let status = failure::message_too_large(max_message_bytes);
        headers.remove("grpc-status-details-bin");
        if status.add_header(headers).is_err() {
            tracing::error!("a status could not be written as headers");
        }
    }
}
