//! `dictum store …`: the keeping of a data directory, without a server (but for the backup of one that goes on).
//!
//! What each command does is in `dictum-store`; here are its arguments, its progress and how its outcome is printed.

use std::{
    fs::{self, File},
    io::{self, BufReader, BufWriter, Read, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use dictum_client::StorageClient;
use dictum_proto::v1::backup_store_response::Item;
use dictum_store::{BackupSummary, CheckReport, Store, StoreError, StoreOptions, UpgradeProgress, Upgraded};
use indicatif::ProgressBar;
use serde_json::{Value, json};

use crate::{
    cli::{DataArgs, ServerArgs, StoreCommand, SummaryOutput},
    exit::{Exit, Failure},
    terminal,
};

/// One write of the system for many frames of a backup.
const BUFFER_BYTES: usize = 1 << 20;
const TICK: Duration = Duration::from_millis(200);

/// Runs one of the commands.
pub(crate) async fn run(command: StoreCommand) -> Result<Exit, Failure> {
    match command {
        StoreCommand::Check(args) => check(&args).await,
        StoreCommand::Backup { file, online: true, server, data } => download(&file, &server, &data).await,
        StoreCommand::Backup { file, online: false, server: _, data } => backup(&file, &data).await,
        StoreCommand::Restore { file, data } => restore(&file, &data).await,
        StoreCommand::Compact(args) => compact(&args).await,
        StoreCommand::Upgrade(args) => upgrade(&args).await,
        StoreCommand::Stats(args) => stats(&args).await,
    }
}

async fn check(args: &DataArgs) -> Result<Exit, Failure> {
    let store = open(args).await?;
    let progress = progress("checking");
    let report = store.check().await;
    store.close().await;
    progress.finish_and_clear();
    let CheckReport {
        revision,
        listed_documents,
        superseded_documents,
        deleted_documents,
        claims,
        index_entries,
        log_entries,
        problems,
        described,
    } = report.map_err(|error| failure(args, error))?;
    for problem in &described {
        anstream::eprintln!("problem: {problem}");
    }
    print(
        args.output,
        &json!({
            "revision": revision,
            "listedDocuments": listed_documents,
            "supersededDocuments": superseded_documents,
            "deletedDocuments": deleted_documents,
            "claims": claims,
            "indexEntries": index_entries,
            "logEntries": log_entries,
            "problems": problems,
        }),
    )?;
    Ok(if problems == 0 { Exit::Done } else { Exit::Incomplete })
}

async fn backup(file: &Path, args: &DataArgs) -> Result<Exit, Failure> {
    let store = open(args).await?;
    let progress = progress("backing up");
    let is_stdout = file == Path::new("-");
    let partial = beside(file, ".partial");
    let out: Box<dyn Write + Send> = if is_stdout {
        Box::new(io::stdout())
    } else {
        Box::new(File::create(&partial).map_err(|source| file_failure(&partial, source))?)
    };
    let counting =
        Counting { out: BufWriter::with_capacity(BUFFER_BYTES, out), written: 0, bar: progress.clone() };
    let summary = store.backup(counting).await;
    store.close().await;
    progress.finish_and_clear();
    let summary = summary.map_err(|error| failure(args, error))?;
    if is_stdout {
        anstream::eprintln!("{}", lines(&summary_value(&summary)).trim_end());
        return Ok(Exit::Done);
    }
    keep(&partial, file)?;
    print(args.output, &summary_value(&summary))?;
    Ok(Exit::Done)
}

/// Writes the backup of a server that goes on, and reads the file once more to see that it can be restored.
async fn download(file: &Path, server: &ServerArgs, args: &DataArgs) -> Result<Exit, Failure> {
    let failed = |source| Failure::Server { endpoint: server.endpoint.clone(), source };
    let client = StorageClient::new(server.connect().map_err(failed)?);
    let mut answers = client.backup_store().await.map_err(failed)?;
    let progress = progress("backing up");
    let is_stdout = file == Path::new("-");
    let partial = beside(file, ".partial");
    let out: Box<dyn Write + Send> = if is_stdout {
        Box::new(io::stdout())
    } else {
        Box::new(File::create(&partial).map_err(|source| file_failure(&partial, source))?)
    };
    let mut out = Counting { out, written: 0, bar: progress.clone() };
    let mut summary = None;
    while let Some(answer) = answers.message().await.map_err(|status| failed(status.into()))? {
        match answer.item {
            Some(Item::Chunk(chunk)) => {
                out.write_all(&chunk).map_err(|source| file_failure(file, source))?;
            }
            Some(Item::Summary(sum)) => summary = Some(sum),
            None => {}
        }
    }
    out.flush().map_err(|source| file_failure(file, source))?;
    progress.finish_and_clear();
    let Some(summary) = summary.filter(|summary| summary.byte_count == out.written) else {
        let what = "the server ended before it was whole".to_owned();
        return Err(Failure::Backup(StoreError::BadBackup { what }));
    };
    let value = json!({
        "revision": summary.revision,
        "documents": summary.document_count,
        "logEntries": summary.log_entry_count,
        "bytes": summary.byte_count,
        "blake3": summary.blake3,
    });
    if is_stdout {
        anstream::eprintln!("{}", lines(&value).trim_end());
        return Ok(Exit::Done);
    }
    let written = File::open(&partial).map_err(|source| file_failure(&partial, source))?;
    let reader = BufReader::with_capacity(BUFFER_BYTES, written);
    let read = Store::check_backup(reader).await.map_err(|error| failure(args, error))?;
    if summary_value(&read) != value {
        let what = "it is not what the server sent".to_owned();
        return Err(Failure::Backup(StoreError::BadBackup { what }));
    }
    keep(&partial, file)?;
    print(args.output, &value)?;
    Ok(Exit::Done)
}

/// Whole or not at all: the name is given when the bytes are on the disk.
fn keep(partial: &Path, file: &Path) -> Result<(), Failure> {
    let keep = || File::open(partial)?.sync_all().and_then(|()| fs::rename(partial, file));
    keep().map_err(|source| file_failure(file, source))
}

async fn restore(file: &Path, args: &DataArgs) -> Result<Exit, Failure> {
    let input: Box<dyn Read + Send> = if file == Path::new("-") {
        Box::new(io::stdin())
    } else {
        Box::new(File::open(file).map_err(|source| file_failure(file, source))?)
    };
    let progress = progress("restoring");
    let reader = BufReader::with_capacity(BUFFER_BYTES, input);
    let summary = Store::restore(reader, args.data.clone(), StoreOptions::default()).await;
    progress.finish_and_clear();
    print(args.output, &summary_value(&summary.map_err(|error| failure(args, error))?))?;
    Ok(Exit::Done)
}

async fn compact(args: &DataArgs) -> Result<Exit, Failure> {
    let progress = progress("compacting");
    let compacted = Store::compact(args.data.clone(), options()).await;
    progress.finish_and_clear();
    let (before, after) = compacted.map_err(|error| failure(args, error))?;
    print(args.output, &json!({ "bytesBefore": before, "bytesAfter": after }))?;
    Ok(Exit::Done)
}

async fn upgrade(args: &DataArgs) -> Result<Exit, Failure> {
    let progress = progress("upgrading");
    let bar = progress.clone();
    let say = move |at| match at {
        UpgradeProgress::Documents(number) => bar.set_message(format!("upgrading, {number} documents")),
        UpgradeProgress::LogEntries(number) => bar.set_message(format!("upgrading, {number} log entries")),
        UpgradeProgress::Indexes => bar.set_message("upgrading, building the indexes"),
    };
    let upgraded = Store::upgrade(args.data.clone(), options(), say).await;
    progress.finish_and_clear();
    let Upgraded { from_format, to_format, documents, bytes } =
        upgraded.map_err(|error| failure(args, error))?;
    print(
        args.output,
        &json!({
            "fromFormat": from_format,
            "toFormat": to_format,
            "documents": documents,
            "bytesBefore": bytes.0,
            "bytesAfter": bytes.1,
        }),
    )?;
    Ok(Exit::Done)
}

async fn stats(args: &DataArgs) -> Result<Exit, Failure> {
    let store = open(args).await?;
    let stats = store.stats().await;
    store.close().await;
    let stats = stats.map_err(|error| failure(args, error))?;
    print(
        args.output,
        &json!({
            "documents": stats.documents,
            "claims": stats.claims,
            "revision": stats.revision,
            "oldestRevision": stats.oldest_revision,
            "diskBytes": stats.disk_bytes,
            "freeBytes": stats.free_bytes,
        }),
    )?;
    Ok(Exit::Done)
}

/// These commands look after what is there: they make no store.
fn options() -> StoreOptions {
    StoreOptions { create: false, ..StoreOptions::default() }
}

async fn open(args: &DataArgs) -> Result<Store, Failure> {
    Store::open(&args.data, options()).await.map_err(|error| failure(args, error))
}

fn failure(args: &DataArgs, error: StoreError) -> Failure {
    match error {
        StoreError::Locked { path } => Failure::InUse { path },
        StoreError::BadBackup { .. } => Failure::Backup(error),
        error => Failure::Data { path: args.data.clone(), source: error.into() },
    }
}

fn file_failure(path: &Path, source: io::Error) -> Failure {
    Failure::File { path: path.to_owned(), source }
}

fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

fn summary_value(summary: &BackupSummary) -> Value {
    let BackupSummary { revision, documents, log_entries, bytes, hash } = summary;
    let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    json!({
        "revision": revision,
        "documents": documents,
        "logEntries": log_entries,
        "bytes": bytes,
        "blake3": hash,
    })
}

fn print(output: SummaryOutput, summary: &Value) -> io::Result<()> {
    let mut out = terminal::stdout();
    match output {
        SummaryOutput::Table => out.write_all(lines(summary).as_bytes())?,
        SummaryOutput::Json => writeln!(out, "{summary:#}")?,
    }
    out.flush()
}

/// Returns the members of an object, one a line: `logEntries` as "log entries".
fn lines(summary: &Value) -> String {
    let members = summary.as_object().into_iter().flatten();
    members
        .map(|(name, value)| {
            let mut words = String::new();
            for letter in name.chars() {
                if letter.is_ascii_uppercase() {
                    words.push(' ');
                }
                words.push(letter.to_ascii_lowercase());
            }
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            format!("{words:<22}{value}\n")
        })
        .collect()
}

/// A sign of life on standard error, where that is a terminal.
fn progress(what: &'static str) -> ProgressBar {
    let progress = ProgressBar::new_spinner().with_message(what);
    progress.enable_steady_tick(TICK);
    progress
}

/// Counts what is written, for the progress.
struct Counting<W> {
    out: W,
    written: u64,
    bar: ProgressBar,
}

impl<W: Write> Write for Counting<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        let before = self.written;
        self.written += written as u64;
        if before >> 20 != self.written >> 20 {
            self.bar.set_message(format!("backing up, {} MiB", self.written >> 20));
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
