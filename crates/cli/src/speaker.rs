//! `dictum speaker`: what is known of a speaker.

use std::io::Write;

use dictum_client::StorageClient;
use tonic::Code;

use crate::{
    cli::{LineOutput, SpeakerArgs},
    exit::{Exit, Failure},
    json, table, terminal,
};

/// Prints counts, forms, months and topics of a speaker.
pub(crate) async fn run(args: SpeakerArgs) -> Result<Exit, Failure> {
    let failed = |source| Failure::Server { endpoint: args.server.endpoint.clone(), source };
    let client = StorageClient::new(args.server.connect().map_err(failed)?);
    let speaker = match client.get_speaker(args.name).await {
        Err(error) if error.code() == Code::NotFound => {
            anstream::eprintln!("{error}");
            return Ok(Exit::Incomplete);
        }
        speaker => speaker.map_err(failed)?,
    };
    let mut out = terminal::stdout();
    match args.output {
        LineOutput::Table => table::print(&mut out, &table::speaker(&speaker, terminal::columns()))?,
        LineOutput::Ndjson => {
            json::write_line(&mut out, &speaker)?;
            out.write_all(b"\n")?;
        }
    }
    out.flush()?;
    Ok(Exit::Done)
}
