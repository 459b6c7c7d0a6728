//! How fast texts of each kind are read, beside a plain UTF-8 validation of the same bytes.
//!
//! Run `cargo bench -p dictum-extract`; the last figure of each line is the throughput on one core. The texts are made
//! here; a dump in `../shared/corpus` is read as well where it is present: `corpus` is its posts as they stand in it,
//! doubled bodies and all, and `dump` is the source file, from its bytes to claims.

use std::{fs, hint::black_box, path::Path};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use dictum_core::{Document, DocumentParts, Units};
use dictum_extract::{Options, extract};
use dictum_formats::{Item, ReadOptions, read};

/// As in the programs.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Bytes of each kind of text.
const SAMPLE_BYTES: usize = 1 << 20;
/// A post or article is about this long.
const DOCUMENT_BYTES: usize = 4 << 10;

const POST: &str = "🎙 Harbour Minister Ada Fenwick’s interview to Tide magazine (Saltmarsh, May 5, 2024)\n\
    ❓Question: How high is the new wall, and who will pay for it when the winter floods are over?\n\
    💬 Ada Fenwick: It is high. We have worked on it for ten years, together with our neighbours in #Northland. <...>\n\
    ☝️ President Bo Lind said that nobody has to fear the water any more, and that “the gate will open in May.”\n\
    On 14 June, Mayor Cora Holt listed prerequisites for the opening as follows: dry stones; strong steel; and calm water.\n\
    Read in full\n\n";
const NEWS: &str = "SALTMARSH — The harbour town will open its new gate in May, officials said on Monday, after a winter of repairs.\n\n\
    “We have waited long enough,” said Ada Fenwick, the harbour minister. “The wall is done, and the gate will follow.”\n\n\
    Bo Lind, a fisherman, said that he did not believe it. According to the Tide Office, the water rose by two metres in \
    January, the \u{201c}worst flood\u{201d} in thirty years. The mayor told reporters the town would pay for the steel.\n\n";
const CYRILLIC: &str = "Новые ворота порта откроются в мае, сообщили власти в понедельник после зимы, полной ремонтов.\n\n\
    «Мы ждали достаточно долго, — сказала министр портов Ада Фенвик. — Стена готова, и ворота тоже будут готовы».\n\n\
    Рыбак Бо Линд заявил, что не верит этому. По словам мэра, вода в январе поднялась на два метра.\n\n";
const HINDI: &str =
    "नए शहर के बंदरगाह का द्वार मई में खुलेगा, अधिकारियों ने सोमवार को कहा। मंत्री ने कहा कि दीवार तैयार है।\n\n";

fn documents(piece: &str, document_bytes: usize) -> Vec<Document> {
    let text = piece.repeat(document_bytes.div_ceil(piece.len()));
    let document = Document::new(DocumentParts { text, ..Default::default() });
    vec![document; SAMPLE_BYTES.div_ceil(document_bytes)]
}

/// The shared dump, where it is present.
fn shared_dump() -> Option<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus/channel-dump.txt");
    let dump = fs::read_to_string(&path).ok();
    if dump.is_none() {
        eprintln!("skipped the shared corpus: {} is absent", path.display());
    }
    dump
}

/// The posts of a dump, one document each.
fn posts(dump: &str) -> Vec<Document> {
    let posts = dump.split("Forwarded from ").filter(|post| !post.is_empty());
    posts.map(|post| Document::new(DocumentParts { text: post.to_owned(), ..Default::default() })).collect()
}

fn kinds(dump: Option<&str>) -> Vec<(&'static str, Vec<Document>)> {
    let whole = |piece: &str| documents(piece, SAMPLE_BYTES);
    let mut kinds = vec![
        ("posts", documents(POST, DOCUMENT_BYTES)),
        ("news", documents(NEWS, DOCUMENT_BYTES)),
        ("cyrillic", documents(CYRILLIC, DOCUMENT_BYTES)),
        ("hindi", documents(HINDI, DOCUMENT_BYTES)),
        ("hostile/open-quotes", whole("“")),
        ("hostile/straight-quotes", whole("\" ")),
        ("hostile/colons", whole(":")),
        ("hostile/colon-words", whole("Ada Fenwick: ")),
        ("hostile/one-line", whole("We said that he said ")),
        ("hostile/labels", whole("💬 A:\n")),
        ("hostile/questions", whole("❓\n")),
        ("hostile/hashtags", whole("#a")),
        ("hostile/open-brackets", whole("(")),
        ("hostile/conditions", whole("three conditions: ")),
    ];
    kinds.extend(dump.map(|dump| ("corpus", posts(dump))));
    kinds
}

fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("extract");
    group.sample_size(10);
    let options = Options::default();
    let dump = shared_dump();
    for (kind, documents) in kinds(dump.as_deref()) {
        group
            .throughput(Throughput::Bytes(documents.iter().map(|document| document.text.len() as u64).sum()));
        group.bench_with_input(BenchmarkId::new("claims", kind), &documents, |bencher, documents| {
            bencher.iter(|| {
                documents.iter().map(|document| spans_in_all_units(document, &options)).sum::<usize>()
            });
        });
        group.bench_with_input(
            BenchmarkId::new("utf8-validation", kind),
            &documents,
            |bencher, documents| {
                bencher.iter(|| {
                    documents
                        .iter()
                        .all(|document| std::str::from_utf8(black_box(document.text.as_bytes())).is_ok())
                });
            },
        );
    }
    if let Some(dump) = dump {
        let file = dump.repeat(SAMPLE_BYTES.div_ceil(dump.len())).into_bytes();
        group.throughput(Throughput::Bytes(file.len() as u64));
        group.bench_with_input(BenchmarkId::new("claims", "dump"), &file, |bencher, file| {
            bencher.iter(|| spans_of_file(file, &options));
        });
        group.bench_with_input(BenchmarkId::new("utf8-validation", "dump"), &file, |bencher, file| {
            bencher.iter(|| std::str::from_utf8(black_box(file)).is_ok());
        });
    }
    group.finish();
}

/// Reads a source file into documents, and them into claims; returns how many spans there are.
fn spans_of_file(file: &[u8], options: &Options) -> usize {
    let items = read(file, ReadOptions::default());
    let documents = items.filter_map(|item| match item {
        Ok(Item::Document(document)) => Some(document),
        _ => None,
    });
    documents.map(|document| spans_in_all_units(&document, options)).sum()
}

/// Extracts, and converts every span as the wire does; returns how many spans there are.
fn spans_in_all_units(document: &Document, options: &Options) -> usize {
    let extraction = extract(document, options);
    let units = Units::new(&document.text);
    let spans = extraction.claims.iter().flat_map(|claim| claim.form.spans());
    spans.fold(0, |n, span| {
        black_box(units.span(span));
        n + 1
    })
}

criterion_group!(benches, bench);
criterion_main!(benches);
