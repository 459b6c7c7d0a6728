//! Reads a source file and prints what came out, how fast, and the peak of memory.
//!
//! ```text
//! cargo run --release -p dictum-formats --example measure -- FILE [FORMAT]
//! cargo run --release -p dictum-formats --example measure -- --make result-json|preview MEGABYTES > FILE
//! ```

use std::{env, error::Error, fs, fs::File, io, time::Instant};

use dictum_formats::{Format, Item, ReadOptions, read};

#[path = "../tests/it/generator.rs"]
mod generator;

use generator::{Generated, Kind};

const USAGE: &str = "usage: measure FILE [FORMAT] | --make result-json|preview MEGABYTES";

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--make", "result-json", megabytes] => make(Kind::ResultJson, megabytes.parse()?),
        ["--make", "preview", megabytes] => make(Kind::Preview, megabytes.parse()?),
        [file] => measure(file, Format::Auto),
        [file, format] => measure(file, format.parse()?),
        _ => Err(USAGE.into()),
    }
}

fn make(kind: Kind, megabytes: u64) -> Result<(), Box<dyn Error>> {
    io::copy(&mut Generated::new(kind, megabytes * 1_000_000), &mut io::stdout().lock())?;
    Ok(())
}

fn measure(file: &str, format: Format) -> Result<(), Box<dyn Error>> {
    let started = Instant::now();
    let mut documents = read(File::open(file)?, ReadOptions { format, ..Default::default() });
    for item in &mut documents {
        if let Item::Rejected(rejection) = item? {
            eprintln!("{rejection}");
        }
    }
    let seconds = started.elapsed().as_secs_f64();
    let summary = documents.summary();
    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    let megabytes = summary.bytes as f64 / 1e6;
    println!("{} {summary:?}", documents.format());
    println!("{megabytes:.1} MB in {seconds:.2} s, {:.0} MB/s", megabytes / seconds);
    // Linux only: elsewhere the peak is simply not printed.
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().filter(|line| line.starts_with("VmHWM")).for_each(|line| println!("{line}"));
    Ok(())
}
