//! The body of an answer: holds the call's permit to its end, ends in time, and says in gRPC's own words why.

use std::{
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};
use tokio::{sync::OwnedSemaphorePermit, time::Instant};
use tokio_util::sync::CancellationToken;
use tonic::{Code, Status};

use crate::failure;

/// When a stream is ended from outside.
#[derive(Debug, Clone)]
pub(crate) struct Ends {
    /// The server does not wait for this stream any longer.
    pub(crate) cut: CancellationToken,
    /// The client's deadline, and how far off it was at the start.
    pub(crate) deadline: Option<(Instant, Duration)>,
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
        tokio::select! {
            () = self.cut.cancelled() => failure::shutting_down(),
            time = expired => failure::deadline_exceeded(time),
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
    _permit: Option<OwnedSemaphorePermit>,
}

impl Answer {
    pub(crate) fn new(
        body: tonic::body::Body,
        path: http::Uri,
        ends: Ends,
        max_message_bytes: usize,
        permit: Option<OwnedSemaphorePermit>,
    ) -> Self {
        Self { body, max_message_bytes, path, ends, end: None, ended: false, _permit: permit }
    }

    fn end_with(&mut self, status: &Status) -> Frame<Bytes> {
        self.ended = true;
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
        match catch_unwind(AssertUnwindSafe(|| Pin::new(&mut this.body).poll_frame(cx))) {
            Ok(Poll::Ready(Some(Ok(mut frame)))) => {
                if let Some(trailers) = frame.trailers_mut() {
                    translate(trailers, this.max_message_bytes);
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
