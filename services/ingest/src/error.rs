//! What can go wrong with one document, and whether it is the document's fault.

use std::time::Duration;

use dictum_client::ClientError;
use dictum_proto::{ConvertError, status, status_with_retry, v1::ErrorReason};
use tokio::task::JoinError;
use tonic::{Code, Status};

/// When to send again while a service behind ingest is away.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Why a document is not stored.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The request cannot be taken.
    #[error(transparent)]
    Request(#[from] ConvertError),
    /// A service behind ingest does not take this document, and never will.
    #[error("{}", .0.message())]
    Refused(Box<Status>),
    /// A service behind ingest does not answer, or takes nothing now.
    #[error("{service} does not answer")]
    Outage {
        /// The service.
        service: &'static str,
        /// What the call came to.
        #[source]
        cause: ClientError,
    },
    /// As many files are being read as may be.
    #[error("{max_uploads} files are being read, which is the most this server takes")]
    TooManyUploads {
        /// How many may be read.
        max_uploads: usize,
    },
    /// A client has stopped to send in the middle of a file.
    #[error("nothing has come for {} ms in the middle of a file", patience.as_millis())]
    Silent {
        /// How long it may be silent.
        patience: Duration,
    },
    /// The transport broke.
    #[error("the stream broke")]
    Transport(#[from] Status),
    /// The work on the document broke off: a bug.
    #[error("ingest of a document broke off")]
    Broken(#[from] JoinError),
}

impl Error {
    /// Sorts what came back from a service behind ingest: is it about the document, or about the service?
    pub(crate) fn from_backend(service: &'static str, error: ClientError) -> Self {
        match error {
            ClientError::Status(status) if is_about_the_document(&status) => Self::Refused(status),
            cause => Self::Outage { service, cause },
        }
    }

    /// Returns what kind of error it is: a word for the audit log, without anything that a client wrote.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Request(_) => "invalid",
            Self::Refused(_) => "refused",
            Self::Outage { .. } => "outage",
            Self::TooManyUploads { .. } => "too many uploads",
            Self::Silent { .. } => "silent",
            Self::Transport(_) => "transport",
            Self::Broken(_) => "broken off",
        }
    }

    /// Returns whether other documents may be stored all the same.
    pub(crate) fn is_about_one_document(&self) -> bool {
        match self {
            Self::Request(_) | Self::Refused(_) | Self::Broken(_) => true,
            Self::Outage { .. } | Self::TooManyUploads { .. } | Self::Silent { .. } | Self::Transport(_) => {
                false
            }
        }
    }
}

/// INTERNAL is a bug that this document woke: to refuse it alone lets the others through.
fn is_about_the_document(status: &Status) -> bool {
    match status.code() {
        Code::InvalidArgument | Code::NotFound | Code::Internal => dictum_proto::reason(status).is_some(),
        Code::ResourceExhausted => dictum_proto::reason(status) == Some(ErrorReason::MessageTooLarge),
        _ => false,
    }
}

impl From<Error> for Status {
    fn from(error: Error) -> Self {
        match error {
            Error::Request(error) => error.into(),
            Error::Refused(status) => *status,
            Error::Outage { service: _, cause: ClientError::Status(status) }
                if dictum_proto::reason(&status) == Some(ErrorReason::StoreNotWritable) =>
            {
                *status // says more than that storage is away
            }
            Error::Outage { service, ref cause } => {
                tracing::warn!(service, %cause, "a service behind ingest does not answer");
                status_with_retry(
                    Code::Unavailable,
                    ErrorReason::DependencyUnavailable,
                    error.to_string(),
                    [("service", service)],
                    RETRY_AFTER,
                )
            }
            Error::TooManyUploads { max_uploads } => status_with_retry(
                Code::ResourceExhausted,
                ErrorReason::Overloaded,
                error.to_string(),
                [("max_uploads", max_uploads.to_string().as_str())],
                RETRY_AFTER,
            ),
            Error::Silent { patience } => status(
                Code::DeadlineExceeded,
                ErrorReason::DeadlineExceeded,
                error.to_string(),
                [("milliseconds", patience.as_millis().to_string().as_str())],
            ),
            Error::Transport(status) => status,
            Error::Broken(_) => dictum_server::internal(&error),
        }
    }
}
