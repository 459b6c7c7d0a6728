//! `dictum count`: how many claims there are, and by one of their fields.

use std::io::Write;

use clap::ValueEnum;
use dictum_client::StorageClient;
use dictum_proto::v1::{ClaimFacet, CountClaimsRequest};

use crate::{
    cli::{CountArgs, LineOutput},
    exit::{Exit, Failure},
    json, table, terminal,
};

/// The fields by which claims are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Facet {
    Speaker,
    Topic,
    Channel,
    Form,
    Language,
    Day,
    Month,
}

/// Prints the counts of a filter.
pub(crate) async fn run(args: CountArgs) -> Result<Exit, Failure> {
    let failed = |source| Failure::Server { endpoint: args.server.endpoint.clone(), source };
    let client = StorageClient::new(args.server.connect().map_err(failed)?);
    let request = CountClaimsRequest {
        filter: Some(args.filter.into()),
        facet: args.by.map_or(ClaimFacet::Unspecified, Into::into).into(),
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

impl From<Facet> for ClaimFacet {
    fn from(facet: Facet) -> Self {
        match facet {
            Facet::Speaker => Self::Speaker,
            Facet::Topic => Self::Topic,
            Facet::Channel => Self::Channel,
            Facet::Form => Self::Form,
            Facet::Language => Self::Language,
            Facet::Day => Self::Day,
            Facet::Month => Self::Month,
        }
    }
}
