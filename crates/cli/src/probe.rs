//! `dictum probe`: whether a server is healthy, for scripts and containers.

use crate::{
    cli::ProbeArgs,
    exit::{Exit, Failure},
};

/// Asks a server; says on standard error why it is not healthy.
pub(crate) async fn run(args: ProbeArgs) -> Result<Exit, Failure> {
    match dictum_server::probe(&args.endpoint, &args.service).await {
        Ok(()) => Ok(Exit::Done),
        Err(error) => {
            anstream::eprintln!("dictum: {error}");
            Ok(Exit::Incomplete)
        }
    }
}
