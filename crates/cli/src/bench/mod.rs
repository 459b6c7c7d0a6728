//! `dictum bench`: how fast this machine stores and reads, over gRPC, beside what the disk and a bare call cost.
//!
//! Everything runs in one process on a temporary store, so that the ratios are of one moment. Latencies under load are
//! those of an open loop: counted from when a document was due, not from when there was time to send it.

mod bare;
mod documents;

use std::{
    fs::{self, File},
    io::{self, Write},
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use dictum_client::{ClientError, ClientOptions, Connection, IngestClient, StorageClient};
use dictum_core::ExtractedDocument;
use dictum_proto::{
    DESCRIPTOR_SET, document_to_wire, extraction_to_wire,
    v1::{
        ClaimFilter, ClaimView, CountClaimsRequest, GetDocumentRequest, IngestStatus, ListClaimsRequest,
        WatchClaimsRequest, WriteDocumentRequest,
    },
};
use dictum_server::Server;
use dictum_store::{Store, StoreOptions};
use futures_util::{StreamExt, TryStreamExt, stream};
use tokio::{
    sync::oneshot,
    task::JoinSet,
    time::{sleep, sleep_until},
};

use self::{
    bare::Bare,
    documents::{CLAIMS_A_DOCUMENT, Dice, document, extracted, people, person},
};
use crate::{
    cli::BenchArgs,
    demo::services_config,
    exit::{Exit, Failure},
    serve, services, terminal,
};

const IN_FLIGHT: usize = 64;
/// Documents of the runs that are compared.
const COMPARED: u64 = 10_000;
/// Calls one after another.
const CALLS: u64 = 1000;
const OPEN_LOOP: Duration = Duration::from_secs(5);
/// Share of the highest rate at which documents are due in the open loop.
const LOAD: f64 = 0.5;
const PAGE: i32 = 100;
const MIB: f64 = (1 << 20) as f64;

/// Measures and prints one table in Markdown.
pub(crate) async fn run(args: &BenchArgs) -> Result<Exit, Failure> {
    let within = args.within.clone().unwrap_or_else(std::env::temp_dir);
    let folder = tempfile::tempdir_in(within).map_err(Failure::Start)?;
    let mut table = Table::default();
    let people = people(args.documents);
    let compared = args.documents.min(COMPARED);

    let mut append = append(folder.path()).map_err(Failure::Start)?;
    let raw = append.at(50.0);
    table.latency("append 8 KB to a file + fdatasync", &mut append, "");

    let in_process = in_process(&folder.path().join("in-process"), compared, people).await?;
    table.rate("durable, in process, 64 in flight", in_process, "");

    let data = folder.path().join("served");
    let config = services_config(&data)?;
    let store = serve::open(&config).await?;
    let listener = serve::listen(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
    let endpoint = format!("http://{}", listener.local_addr().map_err(Failure::Start)?);
    let (stop, stopped) = oneshot::channel::<()>();
    let server = config.server.clone();
    let services = tokio::spawn(async move {
        let stopped = async {
            let _ = stopped.await; // the sender is dropped, never used
        };
        services::serve(listener, store, config, &serve::process_metrics(), stopped).await
    });
    let failed = |source| Failure::Server { endpoint: endpoint.clone(), source };
    let bench = Bench::new(&endpoint, people).map_err(failed)?;

    let (rate, mut times) = bench.ingest(0, compared).await.map_err(failed)?;
    let beside = format!("{:.2} × in process", rate / in_process);
    table.rate("durable, end to end, 64 in flight", rate, &beside);
    table.latency("a document, end to end, 64 in flight", &mut times, "");
    if args.documents > compared {
        let (rate, _) = bench.ingest(compared, args.documents).await.map_err(failed)?;
        table.rate("durable, end to end, the documents after those", rate, "");
    }
    let mut singles = bench.write_singly(args.documents).await.map_err(failed)?;
    table.ratio("WriteDocument, one in flight", &mut singles, raw, "append");
    let mut singles = bench.ingest_singly(args.documents + CALLS).await.map_err(failed)?;
    table.ratio("IngestDocument, one in flight", &mut singles, raw, "append");
    bench.reads(&mut table, args.documents, server).await?;
    bench.under_load(&mut table, args.documents + 2 * CALLS, rate * LOAD).await.map_err(failed)?;
    bench.read_all(&mut table).await.map_err(failed)?;
    table.line("memory of this process", &format!("{:.0} MiB", resident_mib()), "");

    drop(stop);
    services.await.map_err(stopped_early)?.map_err(stopped_early)?;
    reopen(&mut table, &data, args.documents, people).await?;
    let mut out = terminal::stdout();
    out.write_all(table.text.as_bytes())?;
    out.flush()?;
    Ok(Exit::Done)
}

fn stopped_early(error: impl std::error::Error + Send + Sync + 'static) -> Failure {
    Failure::Stopped(error.into())
}

/// Durations, to be asked for their percentiles: all are kept, so that none is rounded.
#[derive(Debug, Default)]
struct Times(Vec<Duration>);

impl Times {
    fn at(&mut self, percent: f64) -> Duration {
        self.0.sort_unstable();
        let last = self.0.len().saturating_sub(1);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place in the list")]
        let place = (last as f64 * percent / 100.0).round() as usize;
        self.0.get(place).copied().unwrap_or_default()
    }
}

/// The table, as it grows.
#[derive(Debug)]
struct Table {
    text: String,
}

impl Default for Table {
    fn default() -> Self {
        Self { text: "| what | p50 / p99, or rate | beside |\n|---|---|---|\n".to_owned() }
    }
}

impl Table {
    fn line(&mut self, what: &str, figure: &str, beside: &str) {
        anstream::eprintln!("{what}: {figure} {beside}"); // what comes takes minutes
        self.text.push_str(&format!("| {what} | {figure} | {beside} |\n"));
    }

    fn latency(&mut self, what: &str, times: &mut Times, beside: &str) {
        let millis = |time: Duration| time.as_secs_f64() * 1e3;
        let figure = format!("{:.2} / {:.2} ms", millis(times.at(50.0)), millis(times.at(99.0)));
        self.line(what, &figure, beside);
    }

    fn ratio(&mut self, what: &str, times: &mut Times, other: Duration, name: &str) {
        let ratio = times.at(50.0).as_secs_f64() / other.as_secs_f64();
        self.latency(what, times, &format!("{ratio:.2} × {name}"));
    }

    fn rate(&mut self, what: &str, documents_a_second: f64, beside: &str) {
        let claims = documents_a_second * CLAIMS_A_DOCUMENT as f64;
        self.line(what, &format!("{claims:.0} claims/s"), beside);
    }
}

fn append(folder: &Path) -> io::Result<Times> {
    let mut file = File::create(folder.join("append"))?;
    let mut times = Times::default();
    for number in 0..CALLS {
        let text = document(number, 1).text.clone();
        let start = Instant::now();
        file.write_all(text.as_bytes())?;
        file.sync_data()?;
        times.0.push(start.elapsed());
    }
    Ok(times)
}

/// Writes documents that were extracted before; returns documents a second.
async fn in_process(path: &Path, count: u64, people: u64) -> Result<f64, Failure> {
    let failed =
        |error: dictum_store::StoreError| Failure::Data { path: path.to_owned(), source: error.into() };
    let store = Store::open(path, StoreOptions::default()).await.map_err(failed)?;
    let waiting: Vec<ExtractedDocument> = (0..count).map(|number| extracted(number, people)).collect();
    let waiting = Arc::new(Mutex::new(waiting));
    let start = Instant::now();
    let mut writers = JoinSet::new();
    for _ in 0..IN_FLIGHT {
        let (store, waiting) = (store.clone(), waiting.clone());
        writers.spawn(async move {
            loop {
                let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).pop();
                let Some(document) = next else { return Ok(()) };
                store.write(document).await?;
            }
        });
    }
    while let Some(written) = writers.join_next().await {
        written.map_err(stopped_early)?.map_err(failed)?;
    }
    let elapsed = start.elapsed();
    store.close().await;
    fs::remove_dir_all(path).map_err(Failure::Start)?;
    Ok(count as f64 / elapsed.as_secs_f64())
}

/// A client of the measured server.
struct Bench {
    ingest: IngestClient,
    storage: StorageClient,
    people: u64,
}

impl Bench {
    fn new(endpoint: &str, people: u64) -> Result<Self, ClientError> {
        let options = ClientOptions { ingest_window: IN_FLIGHT, ..ClientOptions::default() };
        let connection = Connection::new(endpoint, options)?;
        let (ingest, storage) = (IngestClient::new(connection.clone()), StorageClient::new(connection));
        Ok(Self { ingest, storage, people })
    }

    /// Streams the documents from one number to another; returns how many a second, and the time of each from when it
    /// was handed over.
    async fn ingest(&self, from: u64, to: u64) -> Result<(f64, Times), ClientError> {
        let people = self.people;
        let handed_over = Arc::new(Mutex::new(Vec::new()));
        let clock = handed_over.clone();
        let documents = stream::iter((from..to).map(move |number| {
            let document = document_to_wire(&document(number, people));
            clock.lock().unwrap_or_else(PoisonError::into_inner).push(Instant::now());
            document
        }));
        let start = Instant::now();
        let mut acknowledgements = self.ingest.ingest_documents(documents);
        let mut times = Times::default();
        while let Some(acknowledgement) = acknowledgements.next().await {
            let acknowledgement = acknowledgement?;
            let place = usize::try_from(acknowledgement.sequence).unwrap_or(usize::MAX);
            let handed_over = handed_over.lock().unwrap_or_else(PoisonError::into_inner);
            let is_stored = acknowledgement.result.status() == IngestStatus::Stored;
            if let Some(since) = handed_over.get(place).filter(|_| is_stored) {
                times.0.push(since.elapsed());
            }
        }
        Ok((times.0.len() as f64 / start.elapsed().as_secs_f64(), times))
    }

    async fn write_singly(&self, from: u64) -> Result<Times, ClientError> {
        let mut times = Times::default();
        for number in from..from + CALLS {
            let ExtractedDocument { document, extraction } = extracted(number, self.people);
            let request = WriteDocumentRequest {
                document: Some(document_to_wire(&document)),
                extraction: Some(extraction_to_wire(&extraction, &document, ClaimView::Basic, 0)),
            };
            let start = Instant::now();
            self.storage.write_document(request).await?;
            times.0.push(start.elapsed());
        }
        Ok(times)
    }

    async fn ingest_singly(&self, from: u64) -> Result<Times, ClientError> {
        let mut times = Times::default();
        for number in from..from + CALLS {
            let document = document_to_wire(&document(number, self.people));
            let start = Instant::now();
            self.ingest.ingest_document(document).await?;
            times.0.push(start.elapsed());
        }
        Ok(times)
    }

    /// Reads from the store, and the same bytes from a service that does nothing.
    async fn reads(
        &self,
        table: &mut Table,
        documents: u64,
        config: dictum_server::ServerConfig,
    ) -> Result<(), Failure> {
        let listener = serve::listen(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
        let endpoint = format!("http://{}", listener.local_addr().map_err(Failure::Start)?);
        let failed = |source| Failure::Server { endpoint: endpoint.clone(), source };
        let bare = Bare {
            document: Arc::new(self.storage.get_document(get(0, self.people)).await.map_err(failed)?),
            page: Arc::new(self.storage.list_claims(page(None)).await.map_err(failed)?),
        };
        let (stop, stopped) = oneshot::channel::<()>();
        let server = tokio::spawn(
            Server::new(config, DESCRIPTOR_SET, &serve::process_metrics())
                .add(bare, dictum_storage::ACCESS)
                .serve(listener, async {
                    let _ = stopped.await; // the sender is dropped, never used
                }),
        );
        let other = Self::new(&endpoint, self.people).map_err(failed)?;
        let measured = async {
            let mut bare = other.gets(documents).await?;
            let (mut gets, bare) = (self.gets(documents).await?, bare.at(50.0));
            table.ratio("GetDocument, any of all", &mut gets, bare, "bare RPC");
            let mut bare = other.pages(None).await?;
            let (mut pages, bare) = (self.pages(None).await?, bare.at(50.0));
            table.ratio("ListClaims, page of 100 of all", &mut pages, bare, "bare RPC");
            let mut pages = self.pages(Some(self.people)).await?;
            table.ratio("ListClaims, page of 100 of any speaker", &mut pages, bare, "bare RPC");
            let mut counts = Times::default();
            for number in 0..CALLS {
                let filter = Some(speaker(number % self.people));
                let start = Instant::now();
                self.storage.count_claims(CountClaimsRequest { filter, ..Default::default() }).await?;
                counts.0.push(start.elapsed());
            }
            table.latency("CountClaims of any speaker (about 100)", &mut counts, "");
            Ok(())
        };
        measured.await.map_err(failed)?;
        drop(stop);
        server.await.map_err(stopped_early)?.map_err(stopped_early)
    }

    async fn gets(&self, documents: u64) -> Result<Times, ClientError> {
        let (mut times, mut dice) = (Times::default(), Dice::new(3));
        for _ in 0..CALLS {
            let request = get(dice.below(documents), self.people);
            let start = Instant::now();
            self.storage.get_document(request).await?;
            times.0.push(start.elapsed());
        }
        Ok(times)
    }

    async fn pages(&self, people: Option<u64>) -> Result<Times, ClientError> {
        let (mut times, mut dice) = (Times::default(), Dice::new(5));
        for _ in 0..CALLS {
            let request = page(people.map(|people| speaker(dice.below(people))));
            let start = Instant::now();
            self.storage.list_claims(request).await?;
            times.0.push(start.elapsed());
        }
        Ok(times)
    }

    /// Sends documents when they are due, whether or not the ones before are done; reads and watches meanwhile.
    async fn under_load(&self, table: &mut Table, from: u64, rate: f64) -> Result<(), ClientError> {
        let watched: Arc<Mutex<Vec<(u64, Instant)>>> = Arc::default();
        let seen = watched.clone();
        let mut changes = self.storage.watch(WatchClaimsRequest::default());
        let watcher = tokio::spawn(async move {
            while let Some(Ok(change)) = changes.next().await {
                let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
                if seen.last().is_none_or(|(revision, _)| *revision != change.revision) {
                    seen.push((change.revision, Instant::now()));
                }
            }
        });
        let done = Arc::new(AtomicU64::new(0));
        let mut reader = {
            let (storage, people, done) = (self.storage.clone(), self.people, done.clone());
            tokio::spawn(async move {
                let (mut times, mut dice) = (Times::default(), Dice::new(7));
                while done.load(Ordering::Relaxed) == 0 {
                    let request = get(dice.below(from), people);
                    let start = Instant::now();
                    storage.get_document(request).await?;
                    times.0.push(start.elapsed());
                    sleep(Duration::from_millis(1)).await;
                }
                Ok::<_, ClientError>(times)
            })
        };

        let start = tokio::time::Instant::now();
        let mut calls = JoinSet::new();
        for at in 0_u32.. {
            let due = start + Duration::from_secs_f64(f64::from(at) / rate);
            if due > start + OPEN_LOOP {
                break;
            }
            sleep_until(due).await;
            let (ingest, people) = (self.ingest.clone(), self.people);
            calls.spawn(async move {
                let document = document_to_wire(&document(from + u64::from(at), people));
                let result = ingest.ingest_document(document).await?;
                Ok::<_, ClientError>((result.revision, due.elapsed(), Instant::now()))
            });
        }
        let (mut writes, mut acknowledged) = (Times::default(), Vec::new());
        while let Some(call) = calls.join_next().await {
            let Ok(call) = call else { continue };
            let (revision, time, at) = call?;
            writes.0.push(time);
            acknowledged.push((revision, at));
        }
        done.store(1, Ordering::Relaxed);
        let reads = (&mut reader).await;
        sleep(Duration::from_millis(200)).await; // for the last changes to reach the watcher
        watcher.abort();

        let load = format!("open loop, {:.0} claims/s", rate * CLAIMS_A_DOCUMENT as f64);
        table.latency("IngestDocument under load", &mut writes, &load);
        if let Ok(reads) = reads {
            table.latency("GetDocument, any of all, under that load", &mut reads?, "");
        }
        let watched = watched.lock().unwrap_or_else(PoisonError::into_inner);
        let mut delays = Times::default();
        for (revision, at) in acknowledged {
            if let Ok(place) = watched.binary_search_by_key(&revision, |(revision, _)| *revision) {
                delays.0.push(watched[place].1.saturating_duration_since(at));
            }
        }
        let beside = format!("{} of {} seen", delays.0.len(), writes.0.len());
        table.latency("watch: from acknowledgement to change", &mut delays, &beside);
        Ok(())
    }

    async fn read_all(&self, table: &mut Table) -> Result<(), ClientError> {
        let request = ListClaimsRequest { page_size: 1000, ..Default::default() };
        let start = Instant::now();
        let claims = self.storage.list_all(request).try_fold(0_u64, |n, _| async move { Ok(n + 1) }).await?;
        let rate = claims as f64 / start.elapsed().as_secs_f64();
        table.line(
            "all claims, page by page of 1000",
            &format!("{rate:.0} claims/s"),
            &format!("{claims} claims"),
        );
        Ok(())
    }
}

fn get(number: u64, people: u64) -> GetDocumentRequest {
    GetDocumentRequest { document_id: document(number, people).id().to_string(), with_extraction: false }
}

fn speaker(number: u64) -> ClaimFilter {
    ClaimFilter { speaker: person(number), ..Default::default() }
}

fn page(filter: Option<ClaimFilter>) -> ListClaimsRequest {
    ListClaimsRequest { filter, page_size: PAGE, ..Default::default() }
}

/// Opens the store again, and compares its size with what was given to it.
async fn reopen(table: &mut Table, data: &Path, documents: u64, people: u64) -> Result<(), Failure> {
    let failed =
        |error: dictum_store::StoreError| Failure::Data { path: data.to_owned(), source: error.into() };
    let start = Instant::now();
    let store = Store::open(data, StoreOptions::default()).await.map_err(failed)?;
    table.line("open", &format!("{:.0} ms", start.elapsed().as_secs_f64() * 1e3), "");
    let stats = store.stats().await.map_err(failed)?;
    store.close().await;
    // What a document takes on the wire, with its claims by their places.
    const SAMPLED: u64 = 100;
    let sampled: usize = (0..SAMPLED.min(documents))
        .map(|number| {
            use prost::Message;
            let ExtractedDocument { document, extraction } = extracted(number, people);
            document.text.len()
                + extraction_to_wire(&extraction, &document, ClaimView::Basic, 0).encoded_len()
        })
        .sum();
    let given = sampled as f64 / SAMPLED.min(documents) as f64 * stats.documents as f64 / MIB;
    let disk = stats.disk_bytes as f64 / MIB;
    let beside = format!("{:.2} × texts and claims ({given:.0} MiB)", disk / given);
    table.line(&format!("disk, {} claims", stats.claims), &format!("{disk:.0} MiB"), &beside);
    Ok(())
}

fn resident_mib() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok()).unwrap_or_default() / 1024.0
}
