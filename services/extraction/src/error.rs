//! What can go wrong with a call, and the status that says so.

use dictum_proto::ConvertError;
use tokio::task::JoinError;
use tonic::Status;

/// Why a call failed. Odd text is none of it: it is answered with diagnostics.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The request cannot be taken.
    #[error(transparent)]
    Request(#[from] ConvertError),
    /// The rules panicked: a bug.
    #[error("extraction broke off")]
    Broken(#[from] JoinError),
}

impl From<Error> for Status {
    fn from(error: Error) -> Self {
        match error {
            Error::Request(error) => error.into(),
            Error::Broken(_) => dictum_server::internal(&error),
        }
    }
}
