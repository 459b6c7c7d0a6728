//! Measures a store: `cargo run --release -p dictum-store --example measure -- [CLAIMS] [FOLDER]`.
//!
//! Fills a store with documents of 8 KB and ten claims, 64 writes in flight, then measures single writes, reads, pages,
//! counts and opening, and prints one table. The raw append and fdatasync of the same bytes stands beside it.

#![expect(clippy::unwrap_used, reason = "a program to measure with: a panic is its report")]

use std::{
    io::Write,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use dictum_core::{
    Claim, ClaimId, Confidence, Document, DocumentId, DocumentParts, ExtractedDocument, Extraction, Form,
    Manner, QuotedStatement, Span, Speaker, Timestamp,
};
use dictum_store::{ClaimFilter, FacetField, ListOrder, Store, StoreOptions};
use tokio::task::JoinSet;

/// As the binaries have it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const CLAIMS_A_DOCUMENT: usize = 10;
const TEXT_BYTES: usize = 8192;
const IN_FLIGHT: usize = 64;

/// Words from which texts are put together, so that they compress as prose does.
const SYLLABLES: [&str; 32] = [
    "har", "bour", "tide", "ket", "lo", "mer", "sen", "ta", "ri", "vo", "ul", "den", "pa", "qui", "sto",
    "ne", "bri", "dge", "fi", "sher", "ies", "ox", "an", "gle", "wa", "ter", "mo", "on", "cra", "ne", "dock",
    "yard",
];

struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % n as u64).unwrap()
    }
}

fn document(number: u64) -> ExtractedDocument {
    let mut dice = Dice(number.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let mut text = format!("{number} ");
    while text.len() < TEXT_BYTES {
        for _ in 0..=dice.below(3) {
            text.push_str(SYLLABLES[dice.below(SYLLABLES.len())]);
        }
        text.push(if dice.below(12) == 0 { '.' } else { ' ' });
    }
    let document = Document::new(DocumentParts {
        text,
        channel: Some(format!("Channel {}", dice.below(20))),
        message_id: Some(number.to_string()),
        publish_time: Some(
            Timestamp::from_second(1_600_000_000 + i64::try_from(number).unwrap() * 60).unwrap(),
        ),
        source_file: Some("dump.txt".into()),
        ..DocumentParts::default()
    });
    // Three speakers share the ten claims; speakers are as unequal as they are in life.
    let speakers: Vec<Speaker> = (0..3)
        .map(|_| {
            let reach = 1 + dice.below(2000);
            let person = dice.below(reach);
            Speaker {
                name: format!("Speaker {person}"),
                role: Some(format!("Role {}", person % 40)),
                organization: Some(format!("Organization {}", person % 100)),
            }
        })
        .collect();
    let claims = (0..CLAIMS_A_DOCUMENT)
        .map(|at| {
            let form = Form::QuotedStatement(QuotedStatement {
                speaker: Ok(speakers[dice.below(3)].clone()),
                source: Some(Span::new(at * 800, at * 800 + 10).unwrap()),
                cue: None,
                content: Span::new(at * 800 + 12, at * 800 + 500).unwrap(),
                content_parts: Vec::new(),
                manner: [Manner::Block, Manner::Direct, Manner::Indirect][dice.below(3)],
                attribution_chain: Vec::new(),
            });
            Claim {
                id: ClaimId::of(document.id(), &form),
                form,
                rule_id: ["block-marked", "quote-cue-after"][dice.below(2)].into(),
                confidence: Confidence::new(0.9).unwrap(),
            }
        })
        .collect();
    let mut topics: Vec<String> = (0..4)
        .map(|_| {
            let reach = 1 + dice.below(300);
            format!("Topic{}", dice.below(reach))
        })
        .collect();
    topics.sort();
    topics.dedup();
    let extraction = Extraction {
        topics,
        language: Some("en".into()),
        claims,
        rule_set: "measure".into(),
        ..Extraction::default()
    };
    ExtractedDocument { document, extraction }
}

/// Durations, to be asked for their percentiles.
#[derive(Default)]
struct Times(Vec<Duration>);

impl Times {
    fn percentile(&mut self, percent: usize) -> Duration {
        self.0.sort();
        let last = self.0.len().saturating_sub(1);
        self.0.get(last * percent / 100).copied().unwrap_or_default()
    }

    fn print(&mut self, what: &str) {
        let (p50, p99) = (self.percentile(50), self.percentile(99));
        println!("| {what} | {:.1} | {:.1} |", micros(p50), micros(p99));
    }
}

fn micros(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}

/// Writes documents from `from` to `to`, 64 in flight; returns how long it took and the time of each.
async fn fill(store: &Store, from: u64, to: u64) -> (Duration, Times) {
    let start = Instant::now();
    let next = Arc::new(std::sync::atomic::AtomicU64::new(from));
    let mut writers = JoinSet::new();
    for _ in 0..IN_FLIGHT {
        let (store, next) = (store.clone(), next.clone());
        writers.spawn(async move {
            let mut times = Times::default();
            loop {
                let number = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                if number >= to {
                    return times;
                }
                let document = document(number);
                let start = Instant::now();
                store.write(document).await.unwrap();
                times.0.push(start.elapsed());
            }
        });
    }
    let mut times = Times::default();
    while let Some(more) = writers.join_next().await {
        times.0.extend(more.unwrap().0);
    }
    (start.elapsed(), times)
}

/// Measures `count` runs of a reading or writing task.
async fn measure<F: Future<Output = ()>>(count: u64, mut task: impl FnMut(u64) -> F) -> Times {
    let mut times = Times::default();
    for at in 0..count {
        let start = Instant::now();
        task(at).await;
        times.0.push(start.elapsed());
    }
    times
}

/// Returns the CPU time of the committer, and of all threads, in seconds.
fn cpu_seconds() -> (f64, f64) {
    let (mut committer, mut all) = (0.0, 0.0);
    for task in std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten() {
        let read = |file: &str| std::fs::read_to_string(task.path().join(file)).unwrap_or_default();
        let nanos =
            read("schedstat").split(' ').next().and_then(|n| n.parse::<f64>().ok()).unwrap_or_default();
        all += nanos / 1e9;
        committer += if read("comm").trim() == "store-committer" { nanos / 1e9 } else { 0.0 };
    }
    (committer, all)
}

fn resident_mb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok()).unwrap_or_default() / 1024.0
}

async fn measure_reads(store: &Store, documents: u64) {
    println!("| what | p50 µs | p99 µs |\n|---|---|---|");
    let ids: Arc<Vec<DocumentId>> =
        Arc::new((0..documents).step_by(7).map(|n| document(n).document.id()).take(5000).collect());
    let get = |at: u64| {
        let id = ids[usize::try_from(at * 31).unwrap() % ids.len()];
        async move { drop(store.get_document(id).await.unwrap()) }
    };
    measure(ids.len() as u64, get).await.print("get a document, cold and warm");
    let hot = ids[0];
    measure(5000, |_| async move { drop(store.get_document(hot).await.unwrap()) })
        .await
        .print("get one hot document");
    let filters = [
        (
            "page of 100 by speaker",
            ClaimFilter { speakers: vec!["Speaker 7".into()], ..ClaimFilter::default() },
        ),
        ("page of 100 by topic", ClaimFilter { topics: vec!["Topic7".into()], ..ClaimFilter::default() }),
        (
            "page of 100 by speaker and topic",
            ClaimFilter {
                speakers: vec!["Speaker 7".into()],
                topics: vec!["Topic7".into()],
                ..ClaimFilter::default()
            },
        ),
        (
            "page of 100 by role and channel",
            ClaimFilter {
                roles: vec!["Role 7".into()],
                channels: vec!["Channel 3".into()],
                ..ClaimFilter::default()
            },
        ),
        ("page of 100 of all", ClaimFilter::default()),
    ];
    for (what, filter) in &filters {
        let list = |order| async move { drop(store.list_claims(filter, order, 100, None).await.unwrap()) };
        measure(100, |_| list(ListOrder::TimeDescending)).await.print(what);
        measure(30, |_| list(ListOrder::WrittenAscending)).await.print(&format!("{what}, as written"));
    }
    for (what, filter) in &filters {
        let count = measure(20, |_| async move {
            store.count_claims(filter).await.unwrap();
        });
        let claims = store.count_claims(filter).await.unwrap();
        count.await.print(&format!("{} ({claims} claims)", what.replace("page of 100", "count")));
    }
    let by_speaker = measure(3, |_| async move {
        let filter = ClaimFilter { topics: vec!["Topic250".into()], ..ClaimFilter::default() };
        drop(store.facets(&filter, FacetField::Speaker, 10).await.unwrap());
    });
    by_speaker.await.print("facet of speakers for a topic");
}

/// Appends the same bytes to a file, each followed by fdatasync.
fn measure_raw(folder: &Path) -> Times {
    let mut file = std::fs::File::create(folder.join("raw")).unwrap();
    let mut times = Times::default();
    for number in 0..200 {
        let text = document(number).document.text.clone();
        let start = Instant::now();
        file.write_all(text.as_bytes()).unwrap();
        file.sync_data().unwrap();
        times.0.push(start.elapsed());
    }
    times
}

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let claims: u64 = arguments.next().map_or(100_000, |text| text.parse().unwrap());
    let folder = arguments.next().map_or_else(std::env::temp_dir, PathBuf::from).join("dictum-measure");
    let _ = std::fs::remove_dir_all(&folder); // Of an earlier run.
    std::fs::create_dir_all(&folder).unwrap();
    let documents = claims / CLAIMS_A_DOCUMENT as u64;
    let path = folder.join("store");
    let store = Store::open(&path, StoreOptions::default()).await.unwrap();
    println!("{documents} documents of 8 KB, {claims} claims, memory at the start {:.0} MB", resident_mb());

    let (elapsed, mut times) = fill(&store, 0, documents).await;
    let (committer, all) = cpu_seconds();
    let micros_a_document = |seconds: f64| seconds * 1e6 / documents as f64;
    println!(
        "CPU a document: committer {:.0} µs, all threads {:.0} µs (making the documents included)",
        micros_a_document(committer),
        micros_a_document(all)
    );
    let rate = documents as f64 / elapsed.as_secs_f64();
    println!("durable, 64 in flight: {rate:.0} documents/s, {:.0} claims/s", rate * CLAIMS_A_DOCUMENT as f64);
    println!("| what | p50 µs | p99 µs |\n|---|---|---|");
    times.print("write, 64 in flight");
    let single: Vec<_> = (documents..documents + 300).map(document).collect();
    measure(300, |at| {
        let document = single[usize::try_from(at).unwrap()].clone();
        let store = &store;
        async move {
            store.write(document).await.unwrap();
        }
    })
    .await
    .print("write, one in flight");
    measure_raw(&folder).print("append 8 KB to a file + fdatasync");
    println!("memory after writing {:.0} MB", resident_mb());

    let start = Instant::now();
    store.close().await;
    let closed = start.elapsed();
    drop(store);
    let start = Instant::now();
    let store = Store::open(&path, StoreOptions::default()).await.unwrap();
    let (opened, stats) = (start.elapsed(), store.stats().await.unwrap());
    println!("close {:.0} ms, open {:.0} ms", closed.as_secs_f64() * 1e3, opened.as_secs_f64() * 1e3);
    let given = (documents + 300) * (TEXT_BYTES as u64 + 10 * 100);
    println!("disk {} MB, texts about {} MB", stats.disk_bytes >> 20, given >> 20);
    measure_reads(&store, documents).await;

    let background = tokio::spawn({
        let store = store.clone();
        async move { fill(&store, documents + 300, documents + 300 + (documents / 10).clamp(2000, 20_000)).await }
    });
    let ids: Vec<_> = (0..200).map(|number| document(number * 37 % documents).document.id()).collect();
    let mut reads = Times::default();
    while !background.is_finished() {
        for id in &ids {
            let start = Instant::now();
            drop(store.get_document(*id).await.unwrap());
            reads.0.push(start.elapsed());
        }
        let start = Instant::now();
        let filter = ClaimFilter { speakers: vec!["Speaker 7".into()], ..ClaimFilter::default() };
        drop(store.list_claims(&filter, ListOrder::TimeDescending, 100, None).await.unwrap());
        reads.0.push(start.elapsed());
    }
    reads.print("get while 64 writes are in flight");
    println!("memory at the end {:.0} MB", resident_mb());
    store.close().await;
    let start = Instant::now();
    let (before, after) = Store::compact(&path, StoreOptions::default()).await.unwrap();
    println!("compact {} MB to {} MB in {:.1} s", before >> 20, after >> 20, start.elapsed().as_secs_f64());
    let _ = std::fs::remove_dir_all(&folder);
}
