//! `dictum delete`: takes documents with their claims out of a server's store.

use dictum_client::StorageClient;
use dictum_proto::v1::DeleteDocumentRequest;
use tonic::Code;

use crate::{
    cli::DeleteArgs,
    exit::{Exit, Failure},
};

/// Deletes the documents in the order of their ids; says which are not there.
pub(crate) async fn run(args: &DeleteArgs) -> Result<Exit, Failure> {
    let failed = |source| Failure::Server { endpoint: args.server.endpoint.clone(), source };
    let client = StorageClient::new(args.server.connect().map_err(failed)?);
    let mut exit = Exit::Done;
    for id in &args.ids {
        match client.delete_document(DeleteDocumentRequest { document_id: id.clone() }).await {
            Ok(deleted) => anstream::eprintln!("deleted {id} at revision {}", deleted.revision),
            Err(error) if matches!(error.code(), Code::NotFound | Code::InvalidArgument) => {
                exit = Exit::Incomplete;
                anstream::eprintln!("{id}: {error}");
            }
            Err(error) => return Err(failed(error)),
        }
    }
    Ok(exit)
}
