//! The statuses that a server answers by itself, whatever service was called.
//!
//! Their reasons are those of `dictum.v1.ErrorReason`; this crate does not know the generated enum, so a test of the
//! whole compares the names.

use std::{error::Error, fmt::Write, time::Duration};

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

use crate::{Scope, trace::trace_id};

/// The `domain` of every `ErrorInfo`.
pub const ERROR_DOMAIN: &str = "dictum.v1";

/// When to call again after a refusal.
const RETRY_AFTER: Duration = Duration::from_millis(500);

/// Returns INTERNAL with an id, and logs the error with all its causes under that id: clients see no inside.
#[must_use]
pub fn internal(error: &(dyn Error + 'static)) -> Status {
    let error_id = new_error_id();
    tracing::error!(error_id, trace_id = trace_id(), error = with_causes(error), "a call failed");
    internal_with_id(&error_id)
}

/// Returns UNAVAILABLE: this server is stopping, another or a later one will answer.
#[must_use]
pub fn shutting_down() -> Status {
    let details = details("SHUTTING_DOWN", [], Some(RETRY_AFTER));
    Status::with_error_details(Code::Unavailable, "the server is stopping", details)
}

/// Returns RESOURCE_EXHAUSTED for a call too many of `whose`: the server, or one caller.
pub(crate) fn overloaded(max_calls: usize, whose: &str) -> Status {
    let details = details("OVERLOADED", [("max_calls", max_calls.to_string())], Some(RETRY_AFTER));
    let message = format!("{max_calls} calls are under way, which is the most for {whose}");
    Status::with_error_details(Code::ResourceExhausted, message, details)
}

/// Says nothing of what is wrong: whoever guesses learns nothing.
pub(crate) fn unauthenticated() -> Status {
    let details = details("UNAUTHENTICATED", [], None);
    let message = "the call needs a token or a client certificate that this server knows";
    Status::with_error_details(Code::Unauthenticated, message, details)
}

pub(crate) fn permission_denied(identity: &str, enough: &[Scope]) -> Status {
    let scopes: Vec<String> = enough.iter().chain(&[Scope::Admin]).map(ToString::to_string).collect();
    let message = format!("`{identity}` may not make this call: it needs the scope {}", scopes.join(" or "));
    let metadata = [("identity", identity.to_owned()), ("scopes", scopes.join(","))];
    Status::with_error_details(Code::PermissionDenied, message, details("PERMISSION_DENIED", metadata, None))
}

pub(crate) fn rate_limited(calls_per_second: u32, retry_after: Duration) -> Status {
    let details =
        details("RATE_LIMITED", [("calls_per_second", calls_per_second.to_string())], Some(retry_after));
    let message = format!("one caller may make {calls_per_second} calls in a second");
    Status::with_error_details(Code::ResourceExhausted, message, details)
}

/// Returns UNAVAILABLE: the stream is ended because nobody used it; another may be opened.
pub(crate) fn stream_idle(time: Duration) -> Status {
    let details =
        details("STREAM_IDLE", [("milliseconds", time.as_millis().to_string())], Some(Duration::ZERO));
    let message = format!("nothing has moved on the stream for {} ms", time.as_millis());
    Status::with_error_details(Code::Unavailable, message, details)
}

pub(crate) fn deadline_exceeded(time: Duration) -> Status {
    let details = details("DEADLINE_EXCEEDED", [("milliseconds", time.as_millis().to_string())], None);
    let message = format!("the call was not answered within {} ms", time.as_millis());
    Status::with_error_details(Code::DeadlineExceeded, message, details)
}

pub(crate) fn message_too_large(max_message_bytes: usize) -> Status {
    let details = details("MESSAGE_TOO_LARGE", [("max_message_bytes", max_message_bytes.to_string())], None);
    let message = format!("a message is larger than {max_message_bytes} bytes");
    Status::with_error_details(Code::ResourceExhausted, message, details)
}

/// Returns INTERNAL for a handler that panicked, and logs what it said.
pub(crate) fn panicked(path: &str, panic: &(dyn std::any::Any + Send)) -> Status {
    let said = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("something that is no text");
    let error_id = new_error_id();
    tracing::error!(error_id, trace_id = trace_id(), path, panic = said, "a handler panicked");
    internal_with_id(&error_id)
}

fn internal_with_id(error_id: &str) -> Status {
    let details = details("INTERNAL", [("error_id", error_id.to_owned())], None);
    Status::with_error_details(
        Code::Internal,
        format!("a fault of the server, logged as {error_id}"),
        details,
    )
}

fn details<const N: usize>(
    reason: &str,
    metadata: [(&str, String); N],
    retry_after: Option<Duration>,
) -> ErrorDetails {
    let metadata: std::collections::HashMap<_, _> =
        metadata.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    let mut details = ErrorDetails::with_error_info(reason, ERROR_DOMAIN, metadata);
    if retry_after.is_some() {
        details.set_retry_info(retry_after);
    }
    details
}

fn new_error_id() -> String {
    format!("{:016x}", fastrand::u64(..))
}

fn with_causes(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let _ = write!(text, ": {error}"); // writing to a String does not fail
        cause = error.source();
    }
    text
}
