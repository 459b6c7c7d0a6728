//! Exit codes and the errors that end a command.

use std::{error::Error, io, net::SocketAddr, path::PathBuf, process::ExitCode};

use dictum_client::ClientError;

/// How a command ended. The numbers are part of the contract (`dictum --help` lists them).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Everything was done.
    Done = 0,
    /// Something was rejected, not found or not proved; the rest was done.
    Incomplete = 1,
}

/// What ended a command before its end. The exit codes are those of `sysexits.h`.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The server does not answer, or answers with an error.
    #[error("the server at {endpoint} failed")]
    Server {
        /// Its address.
        endpoint: String,
        /// What it said.
        source: ClientError,
    },
    /// The program is at fault.
    #[error("could not start")]
    Start(#[source] io::Error),
    /// The data directory cannot be used.
    #[error("could not open the data directory {}", path.display())]
    Data {
        /// The data directory.
        path: PathBuf,
        /// Why not.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The address cannot be listened on.
    #[error("could not listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why not.
        source: io::Error,
    },
    /// Metrics cannot be served at their address.
    #[error("could not serve metrics")]
    Metrics {
        /// Why not.
        source: io::Error,
    },
    /// Standard output cannot be written.
    #[error("could not write to standard output")]
    Output(#[from] io::Error),
    /// Another process has the data directory.
    #[error("the data directory {} is in use by another process", path.display())]
    InUse {
        /// The data directory.
        path: PathBuf,
    },
    /// Labels cannot be read.
    #[error("{0:#}")]
    Labels(anyhow::Error),
    /// A backup is cut off, changed, or none at all.
    #[error("could not read the backup")]
    Backup(#[source] dictum_store::StoreError),
    /// A file that a command names cannot be read or written.
    #[error("could not use the file {}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Settings of a server cannot be used.
    #[error("{message}")]
    Usage {
        /// What is wrong with it.
        message: String,
    },
    /// A server ended before it was told to.
    #[error("the server stopped")]
    Stopped(#[source] Box<dyn Error + Send + Sync>),
}

impl Failure {
    fn code(&self) -> u8 {
        match self {
            Self::Usage { .. } => dictum_server::EXIT_USAGE,
            Self::Labels(_) | Self::Backup(_) => 65,
            Self::Server { .. } => 69,
            Self::Start(_) | Self::Stopped(_) => 70,
            Self::Data { .. } | Self::Listen { .. } | Self::Metrics { .. } => 73,
            Self::Output(_) | Self::File { .. } => 74,
            Self::InUse { .. } => 75,
        }
    }
}

/// Returns the exit code of an outcome; says on standard error why a command failed.
///
/// A reader of our output that goes away (`| head`) has what it wanted: that is no failure.
pub(crate) fn code(outcome: Result<Exit, Failure>) -> ExitCode {
    match outcome {
        Ok(exit) => ExitCode::from(exit as u8),
        Err(Failure::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(failure) => {
            let causes = std::iter::successors(failure.source(), |&error| error.source());
            let message = causes.fold(failure.to_string(), |message, cause| format!("{message}: {cause}"));
            anstream::eprintln!("dictum: {message}");
            ExitCode::from(failure.code())
        }
    }
}
