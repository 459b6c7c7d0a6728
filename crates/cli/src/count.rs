//! `dictum count`: how many claims there are, and by one of their fields.

use std::io::Write;

use dictum_client::StorageClient;
use dictum_proto::v1::CountClaimsRequest;

use crate::{
    cli::{CountArgs, LineOutput},
    exit::{Exit, Failure},
    json, table, terminal,
};

/// Prints the counts of a filter.
pub(crate) async fn run(args: CountArgs) -> Result<Exit, Failure> {
    let failed = |source| Failure::Server { endpoint: args.server.endpoint.clone(), source };
    let client = StorageClient::new(args.server.connect().map_err(failed)?);
    let request = CountClaimsRequest {
        filter: Some(args.filter.into()),
        facet: args.by.unwrap_or_default().into(),
        max_values: args.limit,
    };
    let counted = client.count_claims(request).await.map_err(failed)?;
    let mut out = terminal::stdout();
    match args.output {
        LineOutput::Table => table::print(&mut out, &table::counts(&counted, terminal::columns()))?,
        LineOutput::Ndjson => {
            json::write_line(&mut out, &counted)?;
            out.write_all(b"\n")?;
        }
    }
    out.flush()?;
    Ok(Exit::Done)
}
