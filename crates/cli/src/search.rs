//! `dictum search`: claims by their words.

use std::io::Write;

use dictum_client::StorageClient;
use dictum_proto::v1::{ClaimView, SearchClaimsRequest};

use crate::{
    cli::{LineOutput, QueryArgs, SearchArgs},
    exit::{Exit, Failure},
    json, table, terminal,
};

/// The largest page that servers answer.
const MAX_PAGE_SIZE: usize = 1000;

/// Searches page by page; prints the results as they come.
pub(crate) async fn run(args: SearchArgs) -> Result<Exit, Failure> {
    let QueryArgs { filter, limit, explain, server } = args.query;
    let failed = |source| Failure::Server { endpoint: server.endpoint.clone(), source };
    let client = StorageClient::new(server.connect().map_err(failed)?);
    let mut request = SearchClaimsRequest {
        query: args.words,
        filter: Some(filter.into()),
        page_size: i32::try_from(limit.clamp(1, MAX_PAGE_SIZE)).unwrap_or_default(),
        page_token: String::new(),
        view: ClaimView::Full.into(),
        min_revision: args.min_revision,
        explain,
    };
    let mut out = terminal::stdout();
    let mut left = limit;
    while left > 0 {
        let page = client.search_claims(request.clone()).await.map_err(failed)?;
        if std::mem::take(&mut request.explain) {
            anstream::eprintln!("{}", page.plan);
        }
        for result in page.results.into_iter().take(left) {
            left -= 1;
            match args.output {
                LineOutput::Table => {
                    let claims: Vec<_> = result.claim.into_iter().collect();
                    let table = table::document(&claims, &result.highlights, terminal::columns());
                    table::print(&mut out, &table)?;
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
