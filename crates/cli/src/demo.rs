//! `dictum demo`: everything at work in one process, on a temporary store and the bundled sample.

use std::{
    collections::BTreeMap,
    env, error,
    io::{self, Write},
    net::{Ipv4Addr, SocketAddr},
    path::Path,
};

use anstyle::{AnsiColor, Style};
use clap::{Args, FromArgMatches};
use dictum_client::{ClientError, ClientOptions, Connection, IngestClient, StorageClient};
use dictum_formats::{Item, ReadOptions};
use dictum_proto::{
    document_to_wire,
    v1::{Document, GetDocumentRequest, IngestStatus, ListClaimsRequest, ResidueKind},
};
use futures_util::{StreamExt, TryStreamExt, stream};
use tokio::sync::oneshot;

use crate::{
    claims::ClaimWriter,
    cli::Output,
    exit::{Exit, Failure},
    serve,
    services::{self, ServicesConfig},
    table::{self, count},
    terminal, verify,
};

/// An invented channel, as a web-text extractor saves one: forwarded headers, media lines, every body twice.
pub(crate) const SAMPLE: &str = include_str!("../sample/posts.txt");
const SAMPLE_FILE: &str = "posts.txt";

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const GOOD: Style = AnsiColor::Green.on_default();
const COMMAND: Style = AnsiColor::Cyan.on_default();

/// Runs the services, sends them the sample twice, lists and verifies what they keep, and says what to try next.
pub(crate) async fn run() -> Result<Exit, Failure> {
    let data = tempfile::tempdir().map_err(Failure::Start)?;
    let config = services_config(data.path())?;
    let store = serve::open(&config).await?;
    let listener = serve::listen(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
    let endpoint = format!("http://{}", listener.local_addr().map_err(Failure::Start)?);
    let (stop, stopped) = oneshot::channel::<()>();
    let services = tokio::spawn(async move {
        let stopped = async {
            let _ = stopped.await; // the sender is dropped, never used
        };
        services::serve(listener, store, config, &serve::process_metrics(), stopped).await
    });

    let shown = show(&endpoint).await;
    drop(stop);
    services.await.map_err(stopped_early)?.map_err(stopped_early)?;
    shown
}

fn stopped_early(error: impl error::Error + Send + Sync + 'static) -> Failure {
    Failure::Stopped(error.into())
}

/// Returns the defaults with `DICTUM_…` variables, and this data directory.
pub(crate) fn services_config(data: &Path) -> Result<ServicesConfig, Failure> {
    let command = ServicesConfig::augment_args(clap::Command::new("demo"));
    let arguments = ["demo".as_ref(), "--data".as_ref(), data.as_os_str()];
    let matches = command.try_get_matches_from(arguments).map_err(stopped_early)?;
    let mut config = ServicesConfig::from_arg_matches(&matches).map_err(stopped_early)?;
    config.server.security = config.server.security.within_process(); // nobody else is to call it
    Ok(config)
}

async fn show(endpoint: &str) -> Result<Exit, Failure> {
    let failed = |source| Failure::Server { endpoint: endpoint.to_owned(), source };
    let connection = Connection::new(endpoint, ClientOptions::default()).map_err(failed)?;
    let (ingest, storage) = (IngestClient::new(connection.clone()), StorageClient::new(connection));
    let documents = sample_documents().map_err(Failure::Start)?;
    let folded = documents.iter().filter(|document| came_twice(document)).count();

    let first = send(&ingest, documents.clone()).await.map_err(failed)?;
    let second = send(&ingest, documents).await.map_err(failed)?;
    let languages = languages(&storage, &first.document_ids).await.map_err(failed)?;
    let claims: Vec<_> =
        storage.list_all(ListClaimsRequest::default()).try_collect().await.map_err(failed)?;
    let checked = verify::check(&storage, Default::default(), &mut io::sink())
        .await
        .map_err(|error| error.at(endpoint))?;

    let mut out = terminal::stdout();
    let mut say = |text: String| table::print(&mut out, &text);
    say(format!(
        "\n{BOLD}Dictum{BOLD:#} turns what officials publish into claims with proof. Here it reads an\n\
         invented channel and sends it through three gRPC services to a store on disk.\n\n"
    ))?;
    let mut writer = ClaimWriter::new(Output::Table, &mut out);
    for claim in claims {
        writer.write(claim)?;
    }
    writer.finish()?;
    let mut say = |text: String| table::print(&mut out, &text);
    say(format!(
        "{DIM}173–828 · 0.93: the bytes of the document that a claim rests on, and how sure the rule is.{DIM:#}\n\n"
    ))?;
    for line in [
        format!(
            "stored {}, in {languages}; {folded} of them came with their text twice",
            count(first.stored, "document")
        ),
        format!("sent them again: {}, nothing changed", count(second.duplicates, "duplicate")),
        checked.to_string(),
    ] {
        say(format!("{GOOD}✓{GOOD:#} {line}\n"))?;
    }
    say(next())?;
    out.flush()?;
    Ok(if checked.is_clean() { Exit::Done } else { Exit::Incomplete })
}

/// Returns the documents of the sample.
fn sample_documents() -> io::Result<Vec<Document>> {
    let options = ReadOptions { source_file: Some(SAMPLE_FILE.to_owned()), ..Default::default() };
    let mut documents = Vec::new();
    for item in dictum_formats::read(SAMPLE.as_bytes(), options) {
        if let Item::Document(document) = item? {
            documents.push(document_to_wire(&document));
        }
    }
    Ok(documents)
}

fn came_twice(document: &Document) -> bool {
    document.residue.iter().any(|residue| residue.kind() == ResidueKind::RepeatedBody)
}

#[derive(Debug, Default)]
struct Sent {
    stored: u64,
    duplicates: u64,
    document_ids: Vec<String>,
}

async fn send(client: &IngestClient, documents: Vec<Document>) -> Result<Sent, ClientError> {
    let mut acknowledgements = client.ingest_documents(stream::iter(documents));
    let mut sent = Sent::default();
    while let Some(acknowledgement) = acknowledgements.next().await {
        let result = acknowledgement?.result;
        match result.status() {
            IngestStatus::Duplicate => sent.duplicates += 1,
            _ => sent.stored += 1,
        }
        sent.document_ids.push(result.document_id);
    }
    Ok(sent)
}

/// Returns how many documents are in which language: "en (5), es (1)".
async fn languages(client: &StorageClient, document_ids: &[String]) -> Result<String, ClientError> {
    let mut languages: BTreeMap<String, u64> = BTreeMap::new();
    for document_id in document_ids {
        let request = GetDocumentRequest { document_id: document_id.clone(), with_extraction: true };
        let extraction = client.get_document(request).await?.extraction.unwrap_or_default();
        *languages.entry(extraction.language).or_default() += 1;
    }
    Ok(languages.iter().map(|(tag, n)| format!("{tag} ({n})")).collect::<Vec<_>>().join(", "))
}

/// Returns what to try next: every line works when it is pasted.
fn next() -> String {
    let dictum = program();
    let steps = [
        (
            "the same claims as JSON, without a server",
            format!("{dictum} sample | {dictum} extract - --output json"),
        ),
        ("a server that keeps what it is sent", format!("{dictum} serve &")),
        (
            "send it the sample, and ask it",
            format!("{dictum} sample | {dictum} ingest - && {dictum} list --speaker 'Halvard Brisk'"),
        ),
    ];
    let steps = steps.map(|(what, command)| format!("{DIM}# {what}{DIM:#}\n{COMMAND}{command}{COMMAND:#}\n"));
    format!("\n{BOLD}Try next:{BOLD:#}\n\n{}", steps.concat())
}

/// Returns what a shell must be told to run this program.
fn program() -> String {
    let Ok(program) = env::current_exe() else { return "dictum".to_owned() };
    let on_path = |folder: &Path| folder.join("dictum").canonicalize().is_ok_and(|found| found == program);
    if env::var_os("PATH").is_some_and(|path| env::split_paths(&path).any(|folder| on_path(&folder))) {
        return "dictum".to_owned();
    }
    let here = env::current_dir().ok();
    let relative = here.and_then(|here| program.strip_prefix(here).ok().map(Path::to_owned));
    quote(&relative.unwrap_or(program).display().to_string())
}

/// Returns a word as a shell reads it.
fn quote(word: &str) -> String {
    let plain = word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/._-+".contains(&byte));
    if plain { word.to_owned() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_quoted_for_a_shell() {
        assert_eq!(quote("target/release/dictum"), "target/release/dictum");
        assert_eq!(quote("my folder/it's"), r"'my folder/it'\''s'");
    }

    #[test]
    fn the_sample_shows_what_dictum_can_read() {
        let documents = sample_documents().unwrap();
        assert!(documents.len() >= 5);
        assert!(documents.iter().any(came_twice) && !documents.iter().all(came_twice));
    }
}
