//! `dictum speakers`, `topics`, `channels`: the names that a server knows, with their counts.

use std::io::{self, Write};

use dictum_client::{ClientError, StorageClient};
use dictum_proto::v1::{ListChannelsRequest, ListSpeakersRequest, ListTopicsRequest, NameSummary};

use crate::{
    cli::{LineOutput, NamesArgs},
    exit::{Exit, Failure},
    json, table, terminal,
};

/// What is listed.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    Speakers,
    Topics,
    Channels,
}

/// Names of one answer: as many as a server gives.
const PAGE_SIZE: i32 = 1000;

/// Lists names page by page.
pub(crate) async fn run(kind: Kind, args: NamesArgs) -> Result<Exit, Failure> {
    let failed = |source| Failure::Server { endpoint: args.server.endpoint.clone(), source };
    let client = StorageClient::new(args.server.connect().map_err(failed)?);
    let mut names = Vec::new();
    let mut out = terminal::stdout();
    let mut page_token = String::new();
    loop {
        let (page, next) = page(&client, kind, &args.prefix, page_token).await.map_err(failed)?;
        match args.output {
            LineOutput::Table => names.extend(page), // a table is as wide as its widest row
            LineOutput::Ndjson => page.iter().try_for_each(|name| write_line(&mut out, name))?,
        }
        if next.is_empty() {
            break;
        }
        page_token = next;
    }
    if args.output == LineOutput::Table {
        table::print(&mut out, &table::names(&names, terminal::columns()))?;
    }
    out.flush()?;
    Ok(Exit::Done)
}

fn write_line(out: &mut impl Write, name: &NameSummary) -> io::Result<()> {
    json::write_line(&mut *out, name)?;
    out.write_all(b"\n")
}

async fn page(
    client: &StorageClient,
    kind: Kind,
    prefix: &str,
    page_token: String,
) -> Result<(Vec<NameSummary>, String), ClientError> {
    let (prefix, page_size) = (prefix.to_owned(), PAGE_SIZE);
    Ok(match kind {
        Kind::Speakers => {
            let page = client.list_speakers(ListSpeakersRequest { prefix, page_size, page_token }).await?;
            (page.speakers, page.next_page_token)
        }
        Kind::Topics => {
            let page = client.list_topics(ListTopicsRequest { prefix, page_size, page_token }).await?;
            (page.topics, page.next_page_token)
        }
        Kind::Channels => {
            let page = client.list_channels(ListChannelsRequest { prefix, page_size, page_token }).await?;
            (page.channels, page.next_page_token)
        }
    })
}
