//! `dictum ingest`: source files to a server; says of each document what became of it, as soon as the server does.

use std::{
    collections::HashMap,
    io::{IsTerminal, Write},
    sync::{Arc, mpsc as blocking},
    thread,
};

use dictum_client::{Acknowledgement, ClientError, IngestClient};
use dictum_proto::{
    document_to_wire,
    v1::{Document, IngestStatus},
};
use futures_util::{Stream, StreamExt};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use crate::{
    cli::{IngestArgs, InputArgs, LineOutput},
    exit::{Exit, Failure},
    inputs,
    reading::{self, Found, Rejected},
    report::Report,
    table, terminal,
};

/// Documents that are read ahead of what the client sends: enough to keep it busy, little memory.
const READ_AHEAD: usize = 4;

/// Sends the documents of every source file; what cannot be read is reported with its place, and the rest goes on.
pub(crate) async fn run(args: &IngestArgs) -> Result<Exit, Failure> {
    let failed = |source| Failure::Server { endpoint: args.server.endpoint.clone(), source };
    let client = IngestClient::new(args.server.connect().map_err(failed)?);
    let progress = progress_bar(&args.input);
    let mut outcomes = Outcomes::new(args.output, progress.clone());
    let sent = send(client, args.input.clone(), &mut outcomes).await;
    progress.finish_and_clear();
    outcomes.finish()?;
    match sent {
        Ok(()) => Ok(outcomes.report.exit()),
        Err(SendError::Server(error)) => Err(failed(error)),
        Err(SendError::Output(error)) => Err(error.into()),
    }
}

#[derive(Debug)]
enum SendError {
    Server(ClientError),
    Output(std::io::Error),
}

impl From<std::io::Error> for SendError {
    fn from(error: std::io::Error) -> Self {
        Self::Output(error)
    }
}

async fn send(client: IngestClient, input: InputArgs, outcomes: &mut Outcomes) -> Result<(), SendError> {
    let Reading { documents, files, mut others } = start_reading(input, outcomes.report_progress());
    let mut acknowledgements = client.ingest_documents(documents);
    loop {
        tokio::select! {
            acknowledgement = acknowledgements.next() => match acknowledgement {
                Some(Ok(acknowledgement)) => {
                    // Documents are acknowledged in the order in which they were read.
                    let file = files.recv().unwrap_or_else(|_| "".into());
                    outcomes.acknowledged(file, acknowledgement)?;
                }
                Some(Err(error)) => return Err(SendError::Server(error)),
                None => break,
            },
            Some(found) = others.recv() => outcomes.not_sent(found)?,
        }
    }
    while let Some(found) = others.recv().await {
        outcomes.not_sent(found)?;
    }
    Ok(())
}

/// What a reading thread hands over.
struct Reading<S> {
    documents: S,
    /// The source file of each document; bounded by the documents that are under way.
    files: blocking::Receiver<Arc<str>>,
    /// What is no document.
    others: mpsc::Receiver<Found>,
}

/// Reads on a thread of its own: source files block, standard input perhaps for ever.
fn start_reading(
    input: InputArgs,
    progress: ProgressBar,
) -> Reading<impl Stream<Item = Document> + Send + Unpin> {
    let (documents, document_receiver) = mpsc::channel(READ_AHEAD);
    let (files, file_receiver) = blocking::channel();
    let (others, other_receiver) = mpsc::channel(READ_AHEAD);
    thread::spawn(move || {
        for found in reading::read(&input, &progress) {
            // Errors mean that nobody listens any more: the command is ending.
            let handed_over = match found {
                Found::Document { file, document } => {
                    let document = document_to_wire(&document);
                    files.send(file).is_ok() && documents.blocking_send(document).is_ok()
                }
                other => others.blocking_send(other).is_ok(),
            };
            if !handed_over {
                return;
            }
        }
    });
    Reading {
        documents: ReceiverStream::new(document_receiver),
        files: file_receiver,
        others: other_receiver,
    }
}

/// What became of the documents: a line each as it happens, counts per file at the end.
struct Outcomes {
    output: LineOutput,
    out: terminal::Stdout,
    report: Report,
    progress: ProgressBar,
    files: Vec<FileOutcome>,
    places: HashMap<Arc<str>, usize>,
}

/// What became of the documents of one source file.
#[derive(Debug)]
pub(crate) struct FileOutcome {
    /// The source file.
    pub(crate) file: Arc<str>,
    /// The format that it was read as; empty where it could not be read.
    pub(crate) format: &'static str,
    /// Documents that were stored.
    pub(crate) stored: u64,
    /// Documents that the server already had.
    pub(crate) duplicates: u64,
    /// Documents that were not taken.
    pub(crate) rejected: u64,
    /// Parts that hold no document, by reason.
    pub(crate) passed_over: String,
    /// Claims found in the documents.
    pub(crate) claims: u64,
}

/// A line of `--output ndjson`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    file: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    document_id: &'a str,
    status: &'a str,
    claims: u32,
    #[serde(skip_serializing_if = "str::is_empty")]
    reason: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    message: &'a str,
}

impl Outcomes {
    fn new(output: LineOutput, progress: ProgressBar) -> Self {
        Self {
            output,
            out: terminal::stdout(),
            report: Report::new(progress.clone()),
            progress,
            files: Vec::new(),
            places: HashMap::new(),
        }
    }

    fn report_progress(&self) -> ProgressBar {
        self.progress.clone()
    }

    fn acknowledged(&mut self, file: Arc<str>, acknowledgement: Acknowledgement) -> std::io::Result<()> {
        let result = acknowledgement.result;
        let (status, claims) = (result.status(), result.claim_count);
        let line = Line {
            file: &file,
            document_id: &result.document_id,
            status: status.as_str_name(),
            claims,
            reason: &result.reason,
            message: &result.message,
        };
        write_line(self.output, &mut self.out, &line)?;
        if status == IngestStatus::Rejected {
            self.rejected(&Rejected { file, reason: result.reason, message: result.message });
            return Ok(());
        }
        let duplicate = u64::from(status == IngestStatus::Duplicate);
        self.report.documents += 1;
        self.report.duplicates += duplicate;
        self.report.claims += u64::from(claims);
        let outcome = self.file(&file);
        outcome.stored += 1 - duplicate;
        outcome.duplicates += duplicate;
        outcome.claims += u64::from(claims);
        self.progress
            .set_message(format!("{} documents, {} claims", self.report.documents, self.report.claims));
        Ok(())
    }

    fn not_sent(&mut self, found: Found) -> std::io::Result<()> {
        match found {
            Found::End(end) => {
                self.report.end_file(&end);
                let outcome = self.file(&end.file);
                outcome.format = end.format.name();
                outcome.passed_over = end.passed_over();
            }
            Found::Rejected(rejected) => {
                let line = Line {
                    file: &rejected.file,
                    document_id: "",
                    status: IngestStatus::Rejected.as_str_name(),
                    claims: 0,
                    reason: &rejected.reason,
                    message: &rejected.message,
                };
                write_line(self.output, &mut self.out, &line)?;
                self.rejected(&rejected);
            }
            Found::Document { .. } => {} // goes to the client
        }
        Ok(())
    }

    fn rejected(&mut self, rejected: &Rejected) {
        self.report.reject(rejected);
        self.file(&rejected.file).rejected += 1;
    }

    fn file(&mut self, file: &Arc<str>) -> &mut FileOutcome {
        let files = &mut self.files;
        let place = *self.places.entry(Arc::clone(file)).or_insert_with(|| {
            files.push(FileOutcome {
                file: Arc::clone(file),
                format: "",
                stored: 0,
                duplicates: 0,
                rejected: 0,
                passed_over: String::new(),
                claims: 0,
            });
            files.len() - 1
        });
        &mut self.files[place]
    }

    fn finish(&mut self) -> std::io::Result<()> {
        if self.output == LineOutput::Table && !self.files.is_empty() {
            table::print(&mut self.out, &table::outcomes(&self.files, terminal::columns()))?;
        }
        self.out.flush()?;
        self.report.summarize();
        Ok(())
    }
}

fn write_line(output: LineOutput, out: &mut impl Write, line: &Line<'_>) -> std::io::Result<()> {
    if output == LineOutput::Ndjson {
        serde_json::to_writer(&mut *out, line)?;
        out.write_all(b"\n")?;
        out.flush()?; // whoever reads the lines relies on what is acknowledged
    }
    Ok(())
}

/// Returns a bar over the bytes of all source files; hidden where standard error is no terminal.
fn progress_bar(input: &InputArgs) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:32.cyan/dim} {bytes}/{total_bytes} {msg} {elapsed}");
    ProgressBar::new(inputs::total_bytes(&input.files)).with_style(style.expect("the template is right"))
}
