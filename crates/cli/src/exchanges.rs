//! `dictum exchanges`: the questions and answers of one occasion.

use dictum_client::StorageClient;
use dictum_proto::v1::{ClaimView, ListExchangesRequest};

use crate::{
    claims::ClaimWriter,
    cli::ExchangesArgs,
    exit::{Exit, Failure},
    terminal,
};

/// Pairs of one answer: as many as a server gives.
const PAGE_SIZE: i32 = 1000;

/// Prints the pairs page by page.
pub(crate) async fn run(args: ExchangesArgs) -> Result<Exit, Failure> {
    let failed = |source| Failure::Server { endpoint: args.server.endpoint.clone(), source };
    let client = StorageClient::new(args.server.connect().map_err(failed)?);
    let mut request = ListExchangesRequest {
        document_id: args.document,
        page_size: PAGE_SIZE,
        page_token: String::new(),
        view: ClaimView::Full.into(),
    };
    let mut writer = ClaimWriter::new(args.output, terminal::stdout());
    loop {
        let page = client.list_exchanges(request.clone()).await.map_err(failed)?;
        page.exchanges.into_iter().try_for_each(|claim| writer.write(claim))?;
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    writer.finish()?;
    Ok(Exit::Done)
}
