//! `dictum prerequisites`: the condition lists of a speaker over time.

use std::io::Write;

use dictum_client::StorageClient;
use dictum_proto::v1::{ClaimView, ListPrerequisitesRequest};

use crate::{
    cli::{LineOutput, PrerequisitesArgs},
    exit::{Exit, Failure},
    json, table, terminal,
};

/// Lists one answer: as many as a server gives.
const PAGE_SIZE: i32 = 1000;

/// Prints the lists page by page, each with what changed since the one before it.
pub(crate) async fn run(args: PrerequisitesArgs) -> Result<Exit, Failure> {
    let failed = |source| Failure::Server { endpoint: args.server.endpoint.clone(), source };
    let client = StorageClient::new(args.server.connect().map_err(failed)?);
    let mut request = ListPrerequisitesRequest {
        filter: Some(args.filter.into()),
        subject: args.subject,
        page_size: PAGE_SIZE,
        page_token: String::new(),
        view: ClaimView::Full.into(),
    };
    let mut out = terminal::stdout();
    loop {
        let page = client.list_prerequisites(request.clone()).await.map_err(failed)?;
        for list in &page.lists {
            match args.output {
                LineOutput::Table => table::print(&mut out, &table::compared(list, terminal::columns()))?,
                LineOutput::Ndjson => {
                    json::write_line(&mut out, list)?;
                    out.write_all(b"\n")?;
                }
            }
        }
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    out.flush()?;
    Ok(Exit::Done)
}
