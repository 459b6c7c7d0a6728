//! Prints claims one after another, as a table per document or as JSON.

use std::io::{self, Write};

use dictum_proto::v1;
use serde::Serialize;

use crate::{cli::Output, json, table, terminal};

/// Writes claims in the order they come; memory holds those of one document at most.
pub(crate) struct ClaimWriter<W> {
    out: W,
    output: Output,
    /// The claims of the document at hand; only a table waits for the last of them.
    waiting: Vec<v1::Claim>,
    written: u64,
}

impl<W: Write> ClaimWriter<W> {
    /// Returns a writer that prints to `out`.
    pub(crate) fn new(output: Output, out: W) -> Self {
        Self { out, output, waiting: Vec::new(), written: 0 }
    }

    /// Writes one claim.
    pub(crate) fn write(&mut self, claim: v1::Claim) -> io::Result<()> {
        match self.output {
            Output::Table => {
                if self.waiting.first().is_some_and(|first| first.document_id != claim.document_id) {
                    self.write_table()?;
                }
                self.waiting.push(claim);
            }
            Output::Json | Output::Ndjson => return self.write_value(&claim),
        }
        self.written += 1;
        Ok(())
    }

    /// Writes a claim with what explains it, or something else that explains the claims, as JSON.
    pub(crate) fn write_value(&mut self, value: &impl Serialize) -> io::Result<()> {
        if self.output == Output::Json {
            self.out.write_all(if self.written == 0 { b"[\n" } else { b",\n" })?;
            json::write_pretty(&mut self.out, value)?;
        } else {
            json::write_line(&mut self.out, value)?;
            self.out.write_all(b"\n")?;
        }
        self.written += 1;
        Ok(())
    }

    /// Hands everything written so far to the reader: for commands that wait between claims.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.write_table()?;
        self.out.flush()
    }

    /// Writes what must follow the last claim.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        if self.output == Output::Json {
            self.out.write_all(if self.written == 0 { b"[]\n" } else { b"\n]\n" })?;
        }
        self.flush()
    }

    fn write_table(&mut self) -> io::Result<()> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let table = table::document(&self.waiting, &[], terminal::columns());
        self.waiting.clear();
        table::print(&mut self.out, &table)
    }
}
