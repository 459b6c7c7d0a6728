//! A source file in chunks: read while it arrives, document by document.
//!
//! Three stages with a small queue between each two, so that the slowest sets the pace and nothing piles up: chunks
//! from the transport, documents from the reader (a blocking thread), results from extraction and storage.

use std::{io, pin::Pin, sync::Arc, time::Duration};

use dictum_core::{Document, DocumentParts};
use dictum_formats::{Format, Item, ReadOptions, Rejection, Summary, TimeZone};
use dictum_proto::{
    ConvertError, document_to_wire,
    v1::{
        IngestResult, IngestStatus, RejectedPart, UploadFileRequest, UploadFileResponse, UploadHeader,
        UploadSummary, UploadedDocument, upload_file_request::Part, upload_file_response::Event,
    },
};
use dictum_server::trace_item;
use futures_util::{Stream, StreamExt, future, stream};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, mpsc},
    task,
    time::timeout,
};
use tokio_util::task::AbortOnDropHandle;
use tonic::{Status, Streaming};

use crate::{error::Error, service::Intake, stream::or_rejected};

/// Largest chunk: far below every default limit of a message.
const MAX_CHUNK_BYTES: usize = 1 << 20;
/// Chunks that wait for the reader.
const WAITING_CHUNKS: usize = 4;
/// Longest name in a header.
const MAX_NAME_BYTES: usize = 1024;

/// What a client of the upload reads.
pub(crate) type Results = Pin<Box<dyn Stream<Item = Result<UploadFileResponse, Status>> + Send>>;

/// Files that are read at a time, and how long their clients may be silent.
#[derive(Debug, Clone)]
pub(crate) struct Uploads {
    room: Arc<Semaphore>,
    max_uploads: usize,
    patience: Duration,
}

impl Uploads {
    pub(crate) fn new(max_uploads: usize, patience: Duration) -> Self {
        Self { room: Arc::new(Semaphore::new(max_uploads)), max_uploads, patience }
    }

    /// Returns how many files are being read.
    pub(crate) fn under_way(&self) -> usize {
        self.max_uploads.saturating_sub(self.room.available_permits())
    }

    fn admit(&self) -> Result<OwnedSemaphorePermit, Error> {
        Arc::clone(&self.room)
            .try_acquire_owned()
            .map_err(|_| Error::TooManyUploads { max_uploads: self.max_uploads })
    }
}

/// Reads the header, then starts to read the file.
pub(crate) async fn upload(
    intake: Intake,
    mut requests: Streaming<UploadFileRequest>,
) -> Result<Results, Error> {
    let permit = intake.uploads.admit()?;
    let first = receive(&mut requests, intake.uploads.patience).await?;
    let Some(Part::Header(header)) = first.and_then(|request| request.part) else {
        return Err(missing_header().into());
    };
    let options = options_from_wire(header, intake.max_document_bytes)?;

    let (chunks, received) = mpsc::channel(WAITING_CHUNKS);
    let (found, items) = mpsc::channel(intake.window);
    let pump = AbortOnDropHandle::new(tokio::spawn(pump(requests, chunks, intake.clone())));
    task::spawn_blocking(move || read(received, options, &found, permit));
    Ok(results(intake, items, pump))
}

/// What a reader hands on.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "nearly everything found is a document")]
enum Found {
    Item(Item),
    End(Format, Summary),
    Broken(io::Error),
}

/// Moves chunks from the transport to the reader, until the client ends, breaks off or stays silent.
async fn pump(
    mut requests: Streaming<UploadFileRequest>,
    chunks: mpsc::Sender<io::Result<Vec<u8>>>,
    intake: Intake,
) {
    loop {
        let next = tokio::select! {
            next = next_chunk(&mut requests, intake.uploads.patience) => next,
            () = intake.stopping.begun() => Err(dictum_server::shutting_down()),
        };
        let (chunk, last) = match next {
            Ok(Some(chunk)) => (Ok(chunk), false),
            Ok(None) => return,
            Err(status) => (Err(io::Error::other(status)), true),
        };
        if chunks.send(chunk).await.is_err() || last {
            return; // the reader is gone
        }
    }
}

async fn next_chunk(
    requests: &mut Streaming<UploadFileRequest>,
    patience: Duration,
) -> Result<Option<Vec<u8>>, Status> {
    match receive(requests, patience).await? {
        None => Ok(None),
        Some(UploadFileRequest { part: Some(Part::Chunk(chunk)) }) if chunk.len() <= MAX_CHUNK_BYTES => {
            Ok(Some(chunk))
        }
        Some(UploadFileRequest { part: Some(Part::Chunk(chunk)) }) => {
            let message = format!("holds {} bytes, more than the {MAX_CHUNK_BYTES} of a chunk", chunk.len());
            Err(invalid("chunk", message).into())
        }
        Some(_) => Err(invalid("chunk", "must be set: the header comes first, and once".to_owned()).into()),
    }
}

async fn receive(
    requests: &mut Streaming<UploadFileRequest>,
    patience: Duration,
) -> Result<Option<UploadFileRequest>, Status> {
    match timeout(patience, requests.message()).await {
        Ok(request) => request,
        Err(_) => Err(Error::Silent { patience }.into()),
    }
}

/// Reads the file on a thread of its own, as fast as its documents are taken.
fn read(
    chunks: mpsc::Receiver<io::Result<Vec<u8>>>,
    options: ReadOptions,
    found: &mpsc::Sender<Found>,
    _permit: OwnedSemaphorePermit,
) {
    let mut documents = dictum_formats::read(ChunkReader { chunks, chunk: Vec::new(), at: 0 }, options);
    for item in documents.by_ref() {
        let (found_item, last) = match item {
            Ok(item) => (Found::Item(item), false),
            Err(error) => (Found::Broken(error), true),
        };
        if found.blocking_send(found_item).is_err() || last {
            return; // the client is gone
        }
    }
    let _ = found.blocking_send(Found::End(documents.format(), documents.summary().clone())); // likewise
}

/// Chunks as a reader wants them.
struct ChunkReader {
    chunks: mpsc::Receiver<io::Result<Vec<u8>>>,
    chunk: Vec<u8>,
    at: usize,
}

impl io::Read for ChunkReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.at == self.chunk.len() {
            match self.chunks.blocking_recv() {
                None => return Ok(0),
                Some(chunk) => (self.chunk, self.at) = (chunk?, 0),
            }
        }
        let length = buffer.len().min(self.chunk.len() - self.at);
        buffer[..length].copy_from_slice(&self.chunk[self.at..self.at + length]);
        self.at += length;
        Ok(length)
    }
}

/// Turns what the reader finds into answers, so many documents at a time, in the order of the file.
fn results(intake: Intake, items: mpsc::Receiver<Found>, pump: AbortOnDropHandle<()>) -> Results {
    let window = intake.window;
    let mut tally = Tally::default();
    let found = stream::unfold((items, pump), |(mut items, pump)| async {
        Some((items.recv().await?, (items, pump)))
    });
    let events = found
        .then(move |found| start(intake.clone(), found))
        .buffered(window)
        .map(move |outcome| outcome.map(|outcome| tally.answer(outcome)))
        .filter_map(|answer| future::ready(answer.transpose()));
    Box::pin(events)
}

/// What became of something found.
enum Outcome {
    Document(UploadedDocument),
    Rejected(RejectedPart),
    Skipped(&'static str),
    End(Format, Summary),
}

type Work = Pin<Box<dyn Future<Output = Result<Outcome, Status>> + Send>>;

/// Waits for room, then starts the work on one document; returns what waits for its end.
async fn start(intake: Intake, found: Found) -> Work {
    let outcome = match found {
        Found::Item(Item::Document(document)) => return start_document(intake, document).await,
        Found::Item(Item::Rejected(rejection)) => Ok(Outcome::Rejected(rejection_to_wire(&rejection))),
        Found::Item(Item::Skipped(skip)) => Ok(Outcome::Skipped(skip.reason.as_str())),
        Found::End(format, read) => Ok(Outcome::End(format, read)),
        Found::Broken(error) => Err(broken(error)),
    };
    Box::pin(future::ready(outcome))
}

async fn start_document(intake: Intake, document: Document) -> Work {
    let DocumentParts { source_start_byte, source_end_byte, .. } = *document;
    let document = Some(document_to_wire(&document));
    let room = intake.admit(document.as_ref()).await;
    let work = AbortOnDropHandle::new(tokio::spawn(trace_item("ingest a document", async move {
        let result = intake.ingest(document).await;
        drop(room);
        result
    })));
    Box::pin(async move {
        let result = work.await.unwrap_or_else(|error| Err(error.into()));
        let result = Some(or_rejected(result)?);
        Ok(Outcome::Document(UploadedDocument { result, source_start_byte, source_end_byte }))
    })
}

/// The transport's status where the transport broke; everything else that a reader in memory can say is a bug.
fn broken(error: io::Error) -> Status {
    match error.downcast::<Status>() {
        Ok(status) => status,
        Err(error) => dictum_server::internal(&error),
    }
}

/// Counts what became of a file.
#[derive(Debug, Default)]
struct Tally {
    summary: UploadSummary,
}

impl Tally {
    /// Counts an outcome; returns what the client is told of it.
    fn answer(&mut self, outcome: Outcome) -> Option<UploadFileResponse> {
        let event = match outcome {
            Outcome::Document(document) => {
                self.count_document(document.result.as_ref());
                Event::Document(document)
            }
            Outcome::Rejected(part) => {
                self.count_rejected(&part.reason);
                Event::Rejected(part)
            }
            Outcome::Skipped(reason) => {
                self.summary.skipped_count += 1;
                *self.summary.count_by_reason.entry(reason.to_owned()).or_default() += 1;
                return None; // the summary tells
            }
            Outcome::End(format, read) => {
                let summary = std::mem::take(&mut self.summary);
                Event::Summary(UploadSummary {
                    format: format.name().to_owned(),
                    source_bytes: read.bytes,
                    superseding_count: read.superseding,
                    ..summary
                })
            }
        };
        Some(UploadFileResponse { event: Some(event) })
    }

    fn count_document(&mut self, result: Option<&IngestResult>) {
        let Some(result) = result else { return };
        self.summary.claim_count += u64::from(result.claim_count);
        match result.status() {
            IngestStatus::Stored => self.summary.stored_count += 1,
            IngestStatus::Duplicate => self.summary.duplicate_count += 1,
            IngestStatus::Rejected | IngestStatus::Unspecified => self.count_rejected(&result.reason),
        }
    }

    fn count_rejected(&mut self, reason: &str) {
        self.summary.rejected_count += 1;
        *self.summary.count_by_reason.entry(reason.to_owned()).or_default() += 1;
    }
}

fn rejection_to_wire(rejection: &Rejection) -> RejectedPart {
    RejectedPart {
        source_start_byte: rejection.source_start_byte,
        source_end_byte: rejection.source_end_byte,
        reason: rejection.reason.kind().to_owned(),
        message: rejection.to_string(),
    }
}

fn options_from_wire(header: UploadHeader, max_document_bytes: usize) -> Result<ReadOptions, ConvertError> {
    let UploadHeader { file_name, format, channel, time_zone } = header;
    let name = |value: String, field: &str| {
        if value.len() > MAX_NAME_BYTES {
            return Err(invalid(field, format!("must be at most {MAX_NAME_BYTES} bytes long")));
        }
        Ok((!value.is_empty()).then_some(value))
    };
    let format = if format.is_empty() {
        Format::Auto
    } else {
        format.parse().map_err(|error| invalid("header.format", format!("{error}")))?
    };
    let zone = |name: String| {
        TimeZone::get(&name)
            .map_err(|_| invalid("header.time_zone", "is no zone of the IANA database".to_owned()))
    };
    Ok(ReadOptions {
        format,
        channel: name(channel, "header.channel")?,
        source_file: name(file_name, "header.file_name")?,
        max_document_bytes,
        time_zone: name(time_zone, "header.time_zone")?.map(zone).transpose()?,
    })
}

fn missing_header() -> ConvertError {
    ConvertError::Missing { field: "header".to_owned() }
}

fn invalid(field: &str, message: String) -> ConvertError {
    ConvertError::Invalid { field: field.to_owned(), message }
}
