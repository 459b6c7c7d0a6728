//! What is said about source files on standard error, and what it means for the exit code.

use std::{collections::BTreeMap, fmt};

use anstyle::{AnsiColor, Style};
use dictum_core::DiagnosticKind;
use indicatif::ProgressBar;

use crate::{
    exit::Exit,
    reading::{FileEnd, Rejected},
    table::count,
};

const ERROR: Style = AnsiColor::Red.on_default().bold();
const WARNING: Style = AnsiColor::Yellow.on_default();
const WHY: Style = AnsiColor::Cyan.on_default();
const LOST: Style = Style::new().dimmed();

/// Counts what became of the source files; says at once what went wrong.
#[derive(Debug)]
pub(crate) struct Report {
    /// Documents read or acknowledged.
    pub(crate) documents: u64,
    /// Of those, the ones that a server already had.
    pub(crate) duplicates: u64,
    /// Claims found.
    pub(crate) claims: u64,
    rejections: u64,
    /// Parts that hold no document.
    passed_over: u64,
    diagnostics: BTreeMap<DiagnosticKind, u64>,
    progress: ProgressBar,
}

impl Report {
    /// Returns an empty report that speaks around `progress`.
    pub(crate) fn new(progress: ProgressBar) -> Self {
        Self {
            documents: 0,
            duplicates: 0,
            claims: 0,
            rejections: 0,
            passed_over: 0,
            diagnostics: BTreeMap::new(),
            progress,
        }
    }

    /// Says that something was rejected.
    pub(crate) fn reject(&mut self, rejected: &Rejected) {
        self.rejections += 1;
        self.say(ERROR, "rejected", format_args!("{}: {}", rejected.file, rejected.message));
    }

    /// Counts what a source file held beside its documents; says what a reader may not expect.
    pub(crate) fn end_file(&mut self, end: &FileEnd) {
        self.passed_over += end.summary.skipped.values().sum::<u64>();
        if end.summary.superseding > 0 {
            let times = count(end.summary.superseding, "message id");
            self.say(
                WARNING,
                "odd",
                format_args!("{}: {times} came again with another text; the last text counts", end.file),
            );
        }
    }

    /// Counts something odd.
    pub(crate) fn count_diagnostic(&mut self, kind: DiagnosticKind) {
        *self.diagnostics.entry(kind).or_default() += 1;
    }

    /// Says something odd.
    pub(crate) fn say_diagnostic(&self, what: impl fmt::Display) {
        self.say(WARNING, "odd", what);
    }

    /// Says why a claim is there.
    pub(crate) fn say_why(&self, what: impl fmt::Display) {
        self.say(WHY, "found", what);
    }

    /// Says what became no claim.
    pub(crate) fn say_lost(&self, what: impl fmt::Display) {
        self.say(LOST, "discarded", what);
    }

    /// Says what there was in all.
    pub(crate) fn summarize(&self) {
        let mut parts = vec![count(self.documents, "document"), count(self.claims, "claim")];
        if self.duplicates > 0 {
            parts.push(count(self.duplicates, "duplicate"));
        }
        if self.rejections > 0 {
            parts.push(format!("{ERROR}{} rejected{ERROR:#}", self.rejections));
        }
        if self.passed_over > 0 {
            parts.push(format!("{} passed over", self.passed_over));
        }
        for (kind, n) in &self.diagnostics {
            parts.push(format!("{n} × {}", words(*kind))); // not every kind has its plural at its end
        }
        anstream::eprintln!("{}", parts.join(", "));
    }

    /// Returns the exit code.
    pub(crate) fn exit(&self) -> Exit {
        if self.rejections > 0 { Exit::Incomplete } else { Exit::Done }
    }

    fn say(&self, style: Style, what: &str, message: impl fmt::Display) {
        self.progress.suspend(|| anstream::eprintln!("{style}{what}{style:#} {message}"));
    }
}

/// Returns the kind in words, in the singular.
pub(crate) fn words(kind: DiagnosticKind) -> &'static str {
    match kind {
        DiagnosticKind::UnsupportedLanguage => "document in an unsupported language",
        DiagnosticKind::UnclosedQuote => "unclosed quotation",
        DiagnosticKind::RhetoricalQuestion => "rhetorical question",
        DiagnosticKind::AnswerWithoutQuestion => "answer without question",
        DiagnosticKind::UnknownSpeaker => "unknown speaker",
        DiagnosticKind::ListWithoutItems => "list without items",
        DiagnosticKind::PassedOver => "part over a limit",
    }
}
