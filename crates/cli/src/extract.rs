//! `dictum extract`: source files to claims, offline, document by document.

use dictum_core::{Document, Extraction};
use dictum_extract::Options;
use dictum_proto::{extraction_to_wire, v1::ClaimView};
use indicatif::ProgressBar;

use crate::{
    claims::ClaimWriter,
    cli::{ExtractArgs, Output},
    exit::{Exit, Failure},
    explain,
    reading::{self, Found},
    report::{Report, words},
    terminal,
};

/// Finds the claims of every source file and prints them in order; what cannot be read is reported with its place, and
/// the rest goes on.
pub(crate) fn run(args: &ExtractArgs) -> Result<Exit, Failure> {
    let options = Options { attitudes: args.attitudes, min_confidence: args.min_confidence };
    let progress = ProgressBar::hidden(); // the claims themselves show how far it is
    let mut claims = ClaimWriter::new(args.output, terminal::stdout());
    let mut report = Report::new(progress.clone());
    for found in reading::read(&args.input, &progress) {
        match found {
            Found::Document { file, document } => {
                let (extraction, losses) = if args.explain {
                    dictum_extract::explain(&document, &options)
                } else {
                    (dictum_extract::extract(&document, &options), Vec::new())
                };
                count(&mut report, &extraction);
                if args.diagnostics {
                    say_diagnostics(&report, &file, &document, &extraction);
                }
                let wire = extraction_to_wire(&extraction, &document, ClaimView::Full, 0).claims;
                if !args.explain {
                    for claim in wire {
                        claims.write(claim)?;
                    }
                } else if args.output == Output::Table {
                    for (claim, found) in wire.into_iter().zip(&extraction.claims) {
                        explain::say_claim(&report, &file, &document, found);
                        claims.write(claim)?;
                    }
                    for loss in &losses {
                        explain::say_loss(&report, &file, &document, loss);
                    }
                } else {
                    let (lost, alone) = explain::by_claim(&extraction.claims, &losses);
                    for ((claim, found), lost) in wire.into_iter().zip(&extraction.claims).zip(&lost) {
                        claims.write_value(&explain::explained(claim, found, lost, &document))?;
                    }
                    for loss in alone {
                        claims.write_value(&explain::discarded(loss, &document))?;
                    }
                }
            }
            Found::End(end) => report.end_file(&end),
            Found::Rejected(rejected) => report.reject(&rejected),
        }
    }
    claims.finish()?;
    report.summarize();
    Ok(report.exit())
}

fn count(report: &mut Report, extraction: &Extraction) {
    report.documents += 1;
    report.claims += extraction.claims.len() as u64;
    for diagnostic in &extraction.diagnostics {
        report.count_diagnostic(diagnostic.kind);
    }
}

fn say_diagnostics(report: &Report, file: &str, document: &Document, extraction: &Extraction) {
    for diagnostic in &extraction.diagnostics {
        let start = diagnostic.span.map_or(0, |span| span.start() as u64);
        let byte = document.source_start_byte + start;
        report.say_diagnostic(format_args!(
            "{file}: byte {byte}: {}: {}",
            words(diagnostic.kind),
            diagnostic.message
        ));
    }
}
