//! Stored documents through extraction once more.

use std::pin::Pin;

use dictum_core::DocumentId;
use dictum_proto::{
    ConvertError, field_violation,
    v1::{
        ErrorReason, GetDocumentRequest, ListDocumentsRequest, ReextractDocumentsRequest,
        ReextractDocumentsResponse, ReextractSummary, ReextractedDocument, ReplaceExtractionRequest,
        ReplaceExtractionResponse, reextract_documents_response::Item, storage_service_server as storage,
    },
};
use futures_util::{Stream, StreamExt, TryStreamExt, stream};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;

use crate::{error::Error, service::Intake};

/// Documents that are asked for in one go.
const PAGE_SIZE: i32 = 100;
/// Answers that wait for the reader.
const WAITING_ANSWERS: usize = 16;

type Answer = Result<ReextractDocumentsResponse, Status>;
type Ids = Pin<Box<dyn Stream<Item = Result<String, Error>> + Send>>;

/// What the client reads.
pub(crate) type Reextracted = Pin<Box<dyn Stream<Item = Answer> + Send>>;

/// Extracts documents anew until all are done, the client leaves, the server stops, or a service behind is away.
pub(crate) fn reextract(intake: Intake, request: ReextractDocumentsRequest) -> Result<Reextracted, Status> {
    let ReextractDocumentsRequest { document_ids, dry_run } = request;
    if let Some(at) = document_ids.iter().position(|id| id.parse::<DocumentId>().is_err()) {
        let field = format!("document_ids[{at}]");
        return Err(field_violation(ErrorReason::FieldInvalid, &field, "must be 32 hexadecimal digits"));
    }
    let ids = if document_ids.is_empty() {
        listed(intake.clone())
    } else {
        Box::pin(stream::iter(document_ids.into_iter().map(Ok)))
    };
    let (answers, receiver) = mpsc::channel(WAITING_ANSWERS);
    tokio::spawn(async move {
        let stopping = intake.stopping.clone();
        let last = tokio::select! {
            done = run(intake, ids, dry_run, &answers) => match done {
                Ok(summary) => Ok(answer(Item::Summary(summary))),
                Err(error) => Err(error.into()),
            },
            () = stopping.begun() => Err(dictum_server::shutting_down()),
            () = answers.closed() => return,
        };
        let _ = answers.send(last).await; // the reader is gone: nobody to tell
    });
    Ok(Box::pin(ReceiverStream::new(receiver)))
}

fn answer(item: Item) -> ReextractDocumentsResponse {
    ReextractDocumentsResponse { item: Some(item) }
}

/// Returns the ids of all documents that are listed now.
fn listed(intake: Intake) -> Ids {
    let pages = stream::try_unfold(Some(String::new()), move |token| {
        let intake = intake.clone();
        async move {
            let Some(page_token) = token else { return Ok(None) };
            let request = ListDocumentsRequest { page_size: PAGE_SIZE, page_token };
            let page = intake.storage.list_documents(request).await;
            let page = page.map_err(|error| Error::from_backend(storage::SERVICE_NAME, error))?;
            let next = (!page.next_page_token.is_empty()).then_some(page.next_page_token);
            let ids = page.documents.into_iter().filter_map(|listed| Some(listed.document?.document_id));
            Ok::<_, Error>(Some((stream::iter(ids.map(Ok)), next)))
        }
    });
    Box::pin(pages.try_flatten())
}

/// Extracts a window of documents at a time and answers in their order.
async fn run(
    intake: Intake,
    ids: Ids,
    dry_run: bool,
    answers: &mpsc::Sender<Answer>,
) -> Result<ReextractSummary, Error> {
    let window = intake.window;
    let mut work = ids
        .map(|id| {
            let intake = intake.clone();
            async move {
                let id = id?;
                let replaced = one(&intake, id.clone(), dry_run).await;
                Ok::<_, Error>((id, replaced))
            }
        })
        .buffered(window);
    let mut summary = ReextractSummary::default();
    while let Some((id, replaced)) = work.try_next().await? {
        let document = match replaced {
            Ok(replaced) => add(&mut summary, id, replaced),
            Err(error) if error.is_about_one_document() => {
                summary.failed_document_count += 1;
                let status = Status::from(error);
                Some(ReextractedDocument {
                    document_id: id,
                    reason: dictum_proto::reason_name(&status),
                    message: status.message().to_owned(),
                    ..Default::default()
                })
            }
            Err(error) => return Err(error),
        };
        if let Some(document) = document {
            let _ = answers.send(Ok(answer(Item::Document(document)))).await; // `closed` ends this
        }
    }
    Ok(summary)
}

/// Counts what became of a document; returns it if anything changes.
fn add(
    summary: &mut ReextractSummary,
    document_id: String,
    replaced: ReplaceExtractionResponse,
) -> Option<ReextractedDocument> {
    let ReplaceExtractionResponse {
        added_claim_ids,
        changed_claim_ids,
        retracted_claim_ids,
        unchanged_count,
        revision,
    } = replaced;
    summary.document_count += 1;
    summary.added_claim_count += added_claim_ids.len() as u64;
    summary.changed_claim_count += changed_claim_ids.len() as u64;
    summary.retracted_claim_count += retracted_claim_ids.len() as u64;
    summary.unchanged_claim_count += u64::from(unchanged_count);
    if added_claim_ids.is_empty() && changed_claim_ids.is_empty() && retracted_claim_ids.is_empty() {
        return None;
    }
    summary.changed_document_count += 1;
    Some(ReextractedDocument {
        document_id,
        added_claim_ids,
        changed_claim_ids,
        retracted_claim_ids,
        unchanged_count,
        revision,
        ..Default::default()
    })
}

async fn one(
    intake: &Intake,
    document_id: String,
    dry_run: bool,
) -> Result<ReplaceExtractionResponse, Error> {
    let of_storage = |error| Error::from_backend(storage::SERVICE_NAME, error);
    let request = GetDocumentRequest { document_id: document_id.clone(), with_extraction: false };
    let stored = intake.storage.get_document(request).await.map_err(of_storage)?;
    let document = stored.document.ok_or_else(|| ConvertError::Missing { field: "document".to_owned() })?;
    let _room = intake.admit(Some(&document)).await;
    let extraction = intake.extract(document).await?;
    let request = ReplaceExtractionRequest { document_id, extraction: Some(extraction), dry_run };
    intake.storage.replace_extraction(request).await.map_err(of_storage)
}
