//! Exit codes and the errors that end a command.

use std::{error::Error, io, process::ExitCode};

/// How a command ended. The numbers are part of the contract (`dictum --help` lists them); from 64 on they are those
/// of `sysexits.h`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Everything was done.
    Done = 0,
    /// Something was rejected, not found or not proved; the rest was done.
    Incomplete = 1,
}

/// What ended a command before its end.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// Standard output cannot be written.
    #[error("could not write to standard output")]
    Output(#[from] io::Error),
    /// Labels cannot be read.
    #[error("{0:#}")]
    Labels(anyhow::Error),
}

impl Failure {
    fn code(&self) -> u8 {
        match self {
            Self::Labels(_) => 65,
            Self::Output(_) => 74,
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
            let mut message = failure.to_string();
            let mut source = failure.source();
            while let Some(cause) = source {
                message.push_str(&format!(": {cause}"));
                source = cause.source();
            }
            anstream::eprintln!("dictum: {message}");
            ExitCode::from(failure.code())
        }
    }
}
