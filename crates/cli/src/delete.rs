//! `dictum delete`: takes documents with their claims out of a server's store.

use dictum_client::{ClientError, StorageClient};
use dictum_core::Timestamp;
use dictum_proto::{
    timestamp_to_wire,
    v1::{DeleteDocumentRequest, PurgeDocumentsRequest},
};
use tonic::Code;

use crate::{
    cli::DeleteArgs,
    exit::{Exit, Failure},
};

/// Documents that one call deletes.
const AT_ONCE: i32 = 500;

/// Deletes the documents in the order of their ids; says which are not there.
pub(crate) async fn run(args: &DeleteArgs) -> Result<Exit, Failure> {
    let failed = |source| Failure::Server { endpoint: args.server.endpoint.clone(), source };
    let client = StorageClient::new(args.server.connect().map_err(failed)?);
    if let Some(before) = args.published_before {
        return purge(&client, before, args.dry_run).await.map_err(failed);
    }
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

/// Deletes the documents before a time, so many at once; or says which the first of them are.
async fn purge(client: &StorageClient, before: Timestamp, dry_run: bool) -> Result<Exit, ClientError> {
    let mut deleted = 0;
    loop {
        let request = PurgeDocumentsRequest {
            before: Some(timestamp_to_wire(before)),
            max_documents: AT_ONCE,
            dry_run,
        };
        let purged = client.purge_documents(request).await?;
        let count = purged.document_ids.len();
        if dry_run {
            purged.document_ids.iter().for_each(|id| anstream::println!("{id}"));
            let more = if purged.more { " and more" } else { "" };
            anstream::eprintln!("{count} documents{more} would be deleted");
            return Ok(Exit::Done);
        }
        deleted += count;
        if !purged.more {
            anstream::eprintln!("deleted {deleted} documents, the last at revision {}", purged.revision);
            return Ok(Exit::Done);
        }
    }
}
