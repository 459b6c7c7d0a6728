//! What standard output can show: width and colour.

use std::{
    env,
    io::{self, BufWriter, StdoutLock},
};

use anstream::{AutoStream, ColorChoice};

/// The width where there is no terminal to ask.
const DEFAULT_COLUMNS: u16 = 100;
const MIN_COLUMNS: u16 = 60;
/// Longer lines are hard to read on any screen.
const MAX_COLUMNS: u16 = 120;
/// One write of the system for many claims.
const BUFFER_BYTES: usize = 64 * 1024;

/// Standard output, locked once and buffered.
pub(crate) type Stdout = BufWriter<StdoutLock<'static>>;

/// Returns standard output.
pub(crate) fn stdout() -> Stdout {
    BufWriter::with_capacity(BUFFER_BYTES, io::stdout().lock())
}

/// Returns whether standard output shows styles: it is a terminal and `NO_COLOR` is not set.
pub(crate) fn styled() -> bool {
    AutoStream::choice(&io::stdout()) != ColorChoice::Never
}

/// Returns how many columns a table may take: those of the terminal, else of `COLUMNS`, within reason.
pub(crate) fn columns() -> u16 {
    let terminal = terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| width.0);
    let variable = || env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    terminal.or_else(variable).unwrap_or(DEFAULT_COLUMNS).clamp(MIN_COLUMNS, MAX_COLUMNS)
}
