//! What a caller learns when a call fails.

use std::time::Duration;

use dictum_proto::v1::ErrorReason;
use tonic::{Code, Status};
use tonic_types::StatusExt;

/// Why a call failed, after the retries that made sense.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ClientError {
    /// The endpoint is no address.
    #[error("`{endpoint}` is not an address such as http://127.0.0.1:50051")]
    Endpoint {
        /// What was given.
        endpoint: String,
    },
    /// What should be shown to the server, or by what it should be known, cannot be used.
    #[error("{message}")]
    Credentials {
        /// Why not.
        message: String,
    },
    /// The token would travel where others can read it.
    #[error("a token would go to {endpoint} in plain text: use https, or say that it may")]
    PlainToken {
        /// Where to.
        endpoint: String,
    },
    /// The server, or the way to it, answered with this status.
    #[error("{}", describe(.0))]
    Status(Box<Status>),
}

impl From<Status> for ClientError {
    fn from(status: Status) -> Self {
        Self::Status(Box::new(status))
    }
}

impl ClientError {
    /// Returns the status code; INVALID_ARGUMENT where nothing was sent.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Endpoint { .. } | Self::Credentials { .. } | Self::PlainToken { .. } => {
                Code::InvalidArgument
            }
            Self::Status(status) => status.code(),
        }
    }

    /// Returns the documented reason, where the server gave one.
    #[must_use]
    pub fn reason(&self) -> Option<ErrorReason> {
        match self {
            Self::Endpoint { .. } | Self::Credentials { .. } | Self::PlainToken { .. } => None,
            Self::Status(status) => dictum_proto::reason(status),
        }
    }
}

/// The server's own words are for people already; those of the transport hide the cause.
fn describe(status: &Status) -> String {
    let mut text = if status.message().is_empty() {
        format!("{:?}", status.code())
    } else {
        status.message().to_owned()
    };
    let mut cause = std::error::Error::source(status);
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.ends_with(&more) {
            text = format!("{text}: {more}");
        }
        cause = error.source();
    }
    text
}

/// Returns whether the same call may succeed later: nobody answered, or the server said when to come back.
pub(crate) fn may_pass(status: &Status) -> bool {
    match status.code() {
        Code::Unavailable => true,
        Code::ResourceExhausted => retry_after(status).is_some(),
        // A connection that breaks in the middle of a call; tonic has no code of its own for it.
        Code::Unknown | Code::Cancelled | Code::Internal => is_transport(status),
        _ => false,
    }
}

/// Returns how long the server asks to wait.
pub(crate) fn retry_after(status: &Status) -> Option<Duration> {
    status.get_error_details().retry_info().and_then(|info| info.retry_delay)
}

/// A status that no server sent has a cause on this side; one of ours has a reason.
fn is_transport(status: &Status) -> bool {
    std::error::Error::source(status).is_some() && dictum_proto::reason(status).is_none()
}
