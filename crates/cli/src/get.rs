//! `dictum get`: claims and documents by id.

use std::io::{self, Write};

use dictum_client::{ClientError, StorageClient};
use dictum_core::ClaimId;
use dictum_proto::v1::{Document, GetDocumentRequest};
use tonic::Code;

use crate::{
    claims::ClaimWriter,
    cli::{GetArgs, Output},
    exit::{Exit, Failure},
    json, terminal,
};

/// Prints what the ids name, in their order; says which name nothing.
pub(crate) async fn run(args: &GetArgs) -> Result<Exit, Failure> {
    let failed = |source| Failure::Server { endpoint: args.server.endpoint.clone(), source };
    let client = StorageClient::new(args.server.connect().map_err(failed)?);
    let mut exit = Exit::Done;
    for id in &args.ids {
        match get(&client, id, args.output).await {
            Ok(()) => {}
            Err(GetError::Output(error)) => return Err(error.into()),
            Err(GetError::Server(error)) => match error.code() {
                Code::NotFound | Code::InvalidArgument => {
                    exit = Exit::Incomplete;
                    anstream::eprintln!("{id}: {error}");
                }
                _ => return Err(failed(error)),
            },
        }
    }
    Ok(exit)
}

#[derive(Debug)]
enum GetError {
    Server(ClientError),
    Output(io::Error),
}

impl From<ClientError> for GetError {
    fn from(error: ClientError) -> Self {
        Self::Server(error)
    }
}

impl From<io::Error> for GetError {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

/// A claim's id starts with its document's: what is no claim's id is asked for as a document.
async fn get(client: &StorageClient, id: &str, output: Output) -> Result<(), GetError> {
    if id.parse::<ClaimId>().is_ok() {
        let claim = client.get_claim(id.to_owned()).await?.claim.unwrap_or_default();
        let mut claims = ClaimWriter::new(output, terminal::stdout());
        claims.write(claim)?;
        claims.finish()?;
    } else {
        let request = GetDocumentRequest { document_id: id.to_owned(), with_extraction: false };
        let document = client.get_document(request).await?.document.unwrap_or_default();
        write_document(&document, output)?;
    }
    Ok(())
}

fn write_document(document: &Document, output: Output) -> io::Result<()> {
    let mut out = terminal::stdout();
    match output {
        Output::Table => out.write_all(document.text.as_bytes())?,
        Output::Json => json::write_pretty(&mut out, document)?,
        Output::Ndjson => json::write_line(&mut out, document)?,
    }
    out.write_all(b"\n")?;
    out.flush()
}
