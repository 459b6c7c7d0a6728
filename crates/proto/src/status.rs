//! Statuses that a client can act on: `google.rpc.Status` with an `ErrorInfo` from `error_reason.proto`.

use std::{collections::HashMap, time::Duration};

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

use crate::v1::ErrorReason;

/// The `domain` of every `ErrorInfo` of ours.
pub const ERROR_DOMAIN: &str = "dictum.v1";

/// Returns a status with an `ErrorInfo`; `metadata` holds whatever varies in `message`.
///
/// ```
/// use dictum_proto::{status, v1::ErrorReason};
/// use tonic::Code;
///
/// let status = status(Code::NotFound, ErrorReason::ClaimNotFound, "claim `ab` was not found", [("claim_id", "ab")]);
/// assert_eq!(status.code(), Code::NotFound);
/// ```
pub fn status<'a>(
    code: Code,
    reason: ErrorReason,
    message: impl Into<String>,
    metadata: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Status {
    Status::with_error_details(code, message, details(reason, metadata))
}

/// Returns a status as [`status`] does, with a `RetryInfo`: the same call may succeed after `retry_after`.
pub fn status_with_retry<'a>(
    code: Code,
    reason: ErrorReason,
    message: impl Into<String>,
    metadata: impl IntoIterator<Item = (&'a str, &'a str)>,
    retry_after: Duration,
) -> Status {
    let mut details = details(reason, metadata);
    details.set_retry_info(Some(retry_after));
    Status::with_error_details(code, message, details)
}

/// Returns INVALID_ARGUMENT for one field, with a `BadRequest` that names it.
pub fn field_violation(reason: ErrorReason, field: &str, message: &str) -> Status {
    field_violation_with(reason, field, message, &[])
}

/// Returns a status as [`field_violation`] does, with more that varies in the message.
pub fn field_violation_with(
    reason: ErrorReason,
    field: &str,
    message: &str,
    metadata: &[(&str, &str)],
) -> Status {
    let mut details = details(reason, metadata.iter().copied().chain([("field", field)]));
    details.add_bad_request_violation(field, message);
    Status::with_error_details(Code::InvalidArgument, format!("{field}: {message}"), details)
}

/// Returns the reason in a status of ours; `None` for any other status.
#[must_use]
pub fn reason(status: &Status) -> Option<ErrorReason> {
    let details = status.get_error_details();
    let info = details.error_info().filter(|info| info.domain == ERROR_DOMAIN)?;
    ErrorReason::from_str_name(&format!("ERROR_REASON_{}", info.reason))
}

/// Returns the name of the reason in a status of ours without its prefix, as answers carry it; empty for any other.
#[must_use]
pub fn reason_name(status: &Status) -> String {
    reason(status).map(|reason| name(reason).to_owned()).unwrap_or_default()
}

fn name(reason: ErrorReason) -> &'static str {
    reason.as_str_name().trim_start_matches("ERROR_REASON_")
}

fn details<'a>(reason: ErrorReason, metadata: impl IntoIterator<Item = (&'a str, &'a str)>) -> ErrorDetails {
    let metadata: HashMap<String, String> =
        metadata.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
    ErrorDetails::with_error_info(name(reason), ERROR_DOMAIN, metadata)
}
