//! `dictum extract`: source files to claims, offline, document by document.

use dictum_core::{Document, Extraction};
use dictum_extract::Options;
use dictum_formats::Item;
use dictum_proto::{extraction_to_wire, v1::ClaimView};

use crate::{
    claims::ClaimWriter,
    cli::ExtractArgs,
    exit::{Exit, Failure},
    inputs::{self, Input},
    report::{Report, words},
    terminal,
};

/// Finds the claims of every source file and prints them in order; what cannot be read is reported with its place, and
/// the rest goes on.
pub(crate) fn run(args: &ExtractArgs) -> Result<Exit, Failure> {
    let mut run = Run {
        args,
        options: Options { attitudes: args.attitudes, min_confidence: args.min_confidence },
        claims: ClaimWriter::new(args.output, terminal::stdout()),
        report: Report::default(),
    };
    for input in inputs::expand(&args.input.files) {
        match input {
            Ok(input) => run.source_file(&input)?,
            Err(error) => run.report.reject(error),
        }
    }
    run.claims.finish()?;
    run.report.summarize();
    Ok(run.report.exit())
}

struct Run<'a, W: std::io::Write> {
    args: &'a ExtractArgs,
    options: Options,
    claims: ClaimWriter<W>,
    report: Report,
}

impl<W: std::io::Write> Run<'_, W> {
    fn source_file(&mut self, input: &Input) -> Result<(), Failure> {
        let reader = match input.open() {
            Ok(reader) => reader,
            Err(error) => {
                self.report.reject(error);
                return Ok(());
            }
        };
        let mut documents = dictum_formats::read(reader, self.args.input.read_options(input.source_file()));
        for item in documents.by_ref() {
            match item {
                Ok(Item::Document(document)) => self.document(input, &document)?,
                Ok(Item::Skipped(skip)) => self.report.pass_over(format_args!(
                    "{}: bytes {}..{}: {}",
                    input.name(),
                    skip.source_start_byte,
                    skip.source_end_byte,
                    skip.reason
                )),
                Ok(Item::Rejected(rejection)) => {
                    self.report.reject(format_args!("{}: {rejection}", input.name()));
                }
                Err(error) => self.report.reject(format_args!("{}: {error}", input.name())),
            }
        }
        let summary = documents.summary();
        if summary.documents == 0 && summary.rejected == 0 {
            self.report.reject(format_args!("{}: holds no document", input.name()));
        }
        Ok(())
    }

    fn document(&mut self, input: &Input, document: &Document) -> Result<(), Failure> {
        let extraction = dictum_extract::extract(document, &self.options);
        self.report.documents += 1;
        self.report.claims += extraction.claims.len() as u64;
        self.diagnostics(input, document, &extraction);
        for claim in extraction_to_wire(&extraction, document, ClaimView::Full, 0).claims {
            self.claims.write(claim)?;
        }
        Ok(())
    }

    fn diagnostics(&mut self, input: &Input, document: &Document, extraction: &Extraction) {
        for diagnostic in &extraction.diagnostics {
            self.report.count_diagnostic(diagnostic.kind);
            if self.args.diagnostics {
                let start = diagnostic.span.map_or(0, |span| span.start() as u64);
                let byte = document.source_start_byte + start;
                let (name, kind, message) = (input.name(), words(diagnostic.kind), &diagnostic.message);
                self.report.say_diagnostic(format_args!("{name}: byte {byte}: {kind}: {message}"));
            }
        }
    }
}
