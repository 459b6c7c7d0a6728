//! Backups as streams: one at a time, no faster than it is read.

use std::{
    io::{self, Write},
    pin::Pin,
    sync::Arc,
};

use dictum_proto::v1::{BackupStoreResponse, BackupSummary, backup_store_response::Item};
use dictum_server::Stopping;
use dictum_store::Store;
use futures_util::Stream;
use tokio::sync::{Semaphore, mpsc};
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;

use crate::error::Error;

const CHUNK_BYTES: usize = 256 << 10;
/// Chunks that wait for the reader.
const WAITING_CHUNKS: usize = 4;

type Answer = Result<BackupStoreResponse, Status>;

/// What the client of a backup reads.
pub(crate) type Pieces = Pin<Box<dyn Stream<Item = Answer> + Send>>;

/// Starts backups, one at a time.
#[derive(Debug, Clone)]
pub(crate) struct Backups {
    room: Arc<Semaphore>,
    stopping: Stopping,
}

impl Backups {
    pub(crate) fn new(stopping: Stopping) -> Self {
        Self { room: Arc::new(Semaphore::new(1)), stopping }
    }

    /// Returns the stream of a backup. Its last item is the summary, or says why there is none.
    pub(crate) fn start(&self, store: Store) -> Result<Pieces, Error> {
        let permit = Arc::clone(&self.room).try_acquire_owned().map_err(|_| Error::BackupUnderWay)?;
        let (answers, receiver) = mpsc::channel(WAITING_CHUNKS);
        let stopping = self.stopping.clone();
        let writer = Chunks { answers: answers.clone(), chunk: Vec::new() };
        tokio::spawn(async move {
            let last = tokio::select! {
                written = store.backup(writer) => match written {
                    Ok(summary) => Ok(answer(Item::Summary(summary_to_wire(&summary)))),
                    Err(error) => Err(Status::from(Error::from(error))),
                },
                // What still writes meanwhile ends with the stream, which ends with this answer.
                () = stopping.begun() => Err(dictum_server::shutting_down()),
            };
            let _ = answers.send(last).await; // the reader is gone: nobody to tell
            drop(permit);
        });
        Ok(Box::pin(ReceiverStream::new(receiver)))
    }
}

fn answer(item: Item) -> BackupStoreResponse {
    BackupStoreResponse { item: Some(item) }
}

fn summary_to_wire(summary: &dictum_store::BackupSummary) -> BackupSummary {
    let dictum_store::BackupSummary { revision, documents, log_entries, bytes, hash } = summary;
    BackupSummary {
        revision: *revision,
        document_count: *documents,
        log_entry_count: *log_entries,
        byte_count: *bytes,
        blake3: hash.iter().map(|byte| format!("{byte:02x}")).collect(),
    }
}

/// Hands what is written to the stream, a chunk at a time. Waits while the reader does not read.
struct Chunks {
    answers: mpsc::Sender<Answer>,
    chunk: Vec<u8>,
}

impl Write for Chunks {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = CHUNK_BYTES - self.chunk.len();
        let taken = bytes.len().min(room);
        self.chunk.extend_from_slice(&bytes[..taken]);
        if self.chunk.len() == CHUNK_BYTES {
            self.flush()?;
        }
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.chunk.is_empty() {
            return Ok(());
        }
        let chunk = std::mem::take(&mut self.chunk);
        let gone = |_| io::Error::from(io::ErrorKind::BrokenPipe);
        self.answers.blocking_send(Ok(answer(Item::Chunk(chunk)))).map_err(gone)
    }
}
