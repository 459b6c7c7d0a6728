//! `dictum search`: claims by their words.

use std::io::Write;

use dictum_client::StorageClient;
use dictum_proto::v1::{ClaimView, SearchClaimsRequest};

use crate::{
    cli::{LineOutput, SearchArgs},
    exit::{Exit, Failure},
    json, table, terminal,
};

/// The largest page that servers answer.
const MAX_PAGE_SIZE: usize = 1000;

/// Searches page by page; prints the results as they come.
pub(crate) async fn run(args: SearchArgs) -> Result<Exit, Failure> {
    let failed = |source| Failure::Server { endpoint: args.server.endpoint.clone(), source };
    let client = StorageClient::new(args.server.connect().map_err(failed)?);
    let mut request = SearchClaimsRequest {
        query: args.query,
        filter: Some(args.filter.into()),
        page_size: i32::try_from(args.limit.clamp(1, MAX_PAGE_SIZE)).unwrap_or_default(),
        page_token: String::new(),
        view: ClaimView::Full.into(),
        min_revision: args.min_revision,
    };
    let mut out = terminal::stdout();
    let mut left = args.limit;
    while left > 0 {
        let page = client.search_claims(request.clone()).await.map_err(failed)?;
        for result in page.results.into_iter().take(left) {
            left -= 1;
            match args.output {
                LineOutput::Table => {
                    let claims: Vec<_> = result.claim.into_iter().collect();
                    table::print(&mut out, &table::document(&claims, terminal::columns()))?;
                }
                LineOutput::Ndjson => {
                    json::write_line(&mut out, &result)?;
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
