//! Reads a source file and prints what came out, how fast, and the peak of memory.
//!
//! ```text
//! cargo run --release -p dictum-formats --example measure -- FILE [FORMAT]
//! ```

use std::{env, error::Error, fs, fs::File, time::Instant};

use dictum_formats::{Format, Item, ReadOptions, read};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let path = arguments.next().ok_or("usage: measure FILE [FORMAT]")?;
    let format = arguments.next().map_or(Ok(Format::Auto), |name| name.parse())?;
    let started = Instant::now();
    let mut documents = read(File::open(path)?, ReadOptions { format, ..Default::default() });
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
