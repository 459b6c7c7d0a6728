//! `dictum watch`: claims as they are added, changed and retracted.

use std::io::{self, Write};

use dictum_client::StorageClient;
use dictum_proto::v1::{ChangeKind, WatchClaimsRequest, WatchClaimsResponse};
use futures_util::{FutureExt, StreamExt};

use crate::{
    cli::{LineOutput, WatchArgs},
    exit::{Exit, Failure},
    json, table, terminal,
};

/// Prints changes until the limit, or for ever; goes on by itself after a cut connection.
pub(crate) async fn run(args: WatchArgs) -> Result<Exit, Failure> {
    let failed = |source| Failure::Server { endpoint: args.server.endpoint.clone(), source };
    let client = StorageClient::new(args.server.connect().map_err(failed)?);
    let request =
        WatchClaimsRequest { filter: Some(args.filter.into()), after_revision: args.after_revision };
    let mut changes = client.watch(request);
    let mut out = terminal::stdout();
    let mut left = args.limit.unwrap_or(u64::MAX);
    while left > 0 {
        let change = match changes.next().now_or_never() {
            Some(change) => change,
            None => {
                out.flush()?; // nothing is at hand: show what there is
                changes.next().await
            }
        };
        let Some(change) = change else { break };
        let change = change.map_err(failed)?;
        left -= u64::from(change.kind() != ChangeKind::Bookmark);
        write(&mut out, args.output, &change)?;
    }
    out.flush()?;
    Ok(Exit::Done)
}

fn write(out: &mut impl Write, output: LineOutput, change: &WatchClaimsResponse) -> io::Result<()> {
    if output == LineOutput::Ndjson {
        json::write_line(&mut *out, change)?;
        return out.write_all(b"\n");
    }
    let Some(claim) = &change.claim else { return Ok(()) };
    match change.kind() {
        ChangeKind::Retracted => writeln!(out, "retracted {}\n", claim.claim_id),
        _ => table::print(out, &table::document(std::slice::from_ref(claim), &[], terminal::columns())),
    }
}
