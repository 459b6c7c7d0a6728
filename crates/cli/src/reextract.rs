//! `dictum reextract`: stored documents through the server's present rules.

use std::io::Write;

use dictum_client::IngestClient;
use dictum_proto::v1::{
    ReextractDocumentsRequest, ReextractSummary, ReextractedDocument, reextract_documents_response::Item,
};
use futures_util::TryStreamExt;

use crate::{
    cli::{LineOutput, ReextractArgs},
    exit::{Exit, Failure},
    terminal,
};

/// Prints each document of which something changes, and the sum on standard error.
pub(crate) async fn run(args: &ReextractArgs) -> Result<Exit, Failure> {
    let failed = |source| Failure::Server { endpoint: args.server.endpoint.clone(), source };
    let client = IngestClient::new(args.server.connect().map_err(failed)?);
    let request = ReextractDocumentsRequest { document_ids: args.ids.clone(), dry_run: args.dry_run };
    let mut answers = client.reextract_documents(request).await.map_err(failed)?;
    let mut out = terminal::stdout();
    let mut summary = None;
    while let Some(answer) = answers.try_next().await.map_err(failed)? {
        match answer.item {
            Some(Item::Document(document)) => print(&mut out, &document, args.output)?,
            Some(Item::Summary(sum)) => summary = Some(sum),
            None => {}
        }
    }
    out.flush()?;
    let Some(summary) = summary else {
        anstream::eprintln!("the server ended before all documents were done; run it again");
        return Ok(Exit::Incomplete);
    };
    say(&summary, args.dry_run);
    Ok(if summary.failed_document_count == 0 { Exit::Done } else { Exit::Incomplete })
}

fn print(out: &mut impl Write, document: &ReextractedDocument, output: LineOutput) -> std::io::Result<()> {
    let ReextractedDocument { document_id, reason, message, .. } = document;
    match output {
        LineOutput::Ndjson => writeln!(out, "{}", serde_json::to_string(document)?),
        LineOutput::Table if !reason.is_empty() => writeln!(out, "{document_id}  {reason}: {message}"),
        LineOutput::Table => writeln!(
            out,
            "{document_id}  +{} ~{} -{}",
            document.added_claim_ids.len(),
            document.changed_claim_ids.len(),
            document.retracted_claim_ids.len()
        ),
    }
}

fn say(summary: &ReextractSummary, dry_run: bool) {
    let ReextractSummary {
        document_count,
        changed_document_count,
        failed_document_count,
        added_claim_count,
        changed_claim_count,
        retracted_claim_count,
        unchanged_claim_count,
    } = summary;
    let would = if dry_run { " would be" } else { "" };
    anstream::eprintln!(
        "{document_count} documents, {changed_document_count} of them changed; claims{would}: {added_claim_count} added, \
         {changed_claim_count} changed, {retracted_claim_count} retracted, {unchanged_claim_count} as they were"
    );
    if *failed_document_count > 0 {
        anstream::eprintln!("{failed_document_count} documents could not be done");
    }
}
