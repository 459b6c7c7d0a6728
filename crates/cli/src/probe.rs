//! `dictum probe`: whether a server is healthy, for scripts and containers.

use std::time::Duration;

use dictum_client::{ClientOptions, Connection};
use tokio::time::timeout;

use crate::{
    cli::ProbeArgs,
    exit::{Exit, Failure},
};

/// How long the answer may take.
const PATIENCE: Duration = Duration::from_secs(4);

/// Asks a server; says on standard error why it is not healthy.
pub(crate) async fn run(args: ProbeArgs) -> Result<Exit, Failure> {
    let failed = |source| Failure::Server { endpoint: args.endpoint.clone(), source };
    let options = args.credentials.options().map_err(failed)?;
    let options = ClientOptions { connect_timeout: PATIENCE / 2, ..options };
    let connection = Connection::new(&args.endpoint, options).map_err(failed)?;
    let asked = dictum_server::probe_through(connection.transport(), &args.endpoint, &args.service);
    let said = match timeout(PATIENCE, asked).await {
        Ok(Ok(())) => return Ok(Exit::Done),
        Ok(Err(error)) => error.to_string(),
        Err(_) => format!("the server at {} does not answer", args.endpoint),
    };
    anstream::eprintln!("dictum: {said}");
    Ok(Exit::Incomplete)
}
