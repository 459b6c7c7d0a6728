//! `dictum list`: the claims that a server keeps.

use dictum_client::StorageClient;
use dictum_proto::v1::{ClaimOrder, ClaimView, ListClaimsRequest};
use futures_util::StreamExt;

use crate::{
    claims::ClaimWriter,
    cli::{ListArgs, Order, QueryArgs},
    exit::{Exit, Failure},
    terminal,
};

/// The largest page that servers answer.
const MAX_PAGE_SIZE: usize = 1000;

/// Lists claims page by page; prints them as they come.
pub(crate) async fn run(args: ListArgs) -> Result<Exit, Failure> {
    let QueryArgs { filter, limit, explain, server } = args.query;
    let failed = |source| Failure::Server { endpoint: server.endpoint.clone(), source };
    let client = StorageClient::new(server.connect().map_err(failed)?);
    let limit = if args.all { usize::MAX } else { limit };
    let order = match args.order {
        Order::Oldest => ClaimOrder::TimeAscending,
        Order::Newest => ClaimOrder::TimeDescending,
    };
    let request = ListClaimsRequest {
        filter: Some(filter.into()),
        page_size: i32::try_from(limit.clamp(1, MAX_PAGE_SIZE)).unwrap_or_default(),
        order: order.into(),
        view: ClaimView::Full.into(),
        ..Default::default()
    };
    if explain {
        let asked = ListClaimsRequest { page_size: 1, explain, ..request.clone() };
        let plan = client.list_claims(asked).await.map_err(failed)?.plan;
        anstream::eprintln!("{plan}");
    }
    let mut claims = client.list_all(request);

    let mut writer = ClaimWriter::new(args.output, terminal::stdout());
    let mut listed = 0;
    while listed < limit
        && let Some(claim) = claims.next().await
    {
        writer.write(claim.map_err(failed)?)?;
        listed += 1;
    }
    writer.finish()?;
    if listed == limit && claims.next().await.is_some() {
        anstream::eprintln!("the first {limit} claims; --all lists every one");
    }
    Ok(Exit::Done)
}
