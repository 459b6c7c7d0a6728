//! What extraction finds in one document.

use std::{borrow::Cow, cmp::Reverse};

use crate::{Claim, DateInterval, Document, Span};

/// What extraction finds in one document: what it is about, its claims, and what is odd in it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Extraction {
    /// The heading of the document, without its sign, as it stands in the text.
    pub title: Option<Span>,
    /// Where and when it happened.
    pub occasion: Occasion,
    /// The hashtags without `#`, case kept, once each, in the order of the text.
    pub topics: Vec<String>,
    /// BCP 47 tag of the main language ("en"), or `None` when unknown.
    pub language: Option<Cow<'static, str>>,
    /// The claims, in the order of [`Extraction::sort_claims`].
    pub claims: Vec<Claim>,
    /// What is odd in the text.
    pub diagnostics: Vec<Diagnostic>,
    /// The version of the rules, such as `2026.11-1`.
    pub rule_set: Cow<'static, str>,
}

/// Where and when the thing that the document is about took place.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Occasion {
    /// "Jakarta".
    pub place: Option<String>,
    /// Absent without a year: no year is guessed.
    pub date: Option<DateInterval>,
}

/// Something odd in the text. Never an error: the claims are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// What is odd.
    pub kind: DiagnosticKind,
    /// Where.
    pub span: Option<Span>,
    /// For a person, in one sentence.
    pub message: String,
}

/// Kinds of odd things.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DiagnosticKind {
    /// No rules for the document's language: it is stored and tagged.
    UnsupportedLanguage,
    /// A quotation mark that is never closed.
    UnclosedQuote,
    /// A question that nobody answers: part of the statement around it.
    RhetoricalQuestion,
    /// An answer without a question.
    AnswerWithoutQuestion,
    /// A marked statement whose speaker is not known.
    UnknownSpeaker,
    /// A condition list announced but not found.
    ListWithoutItems,
    /// A part of the text over a limit of the rules, passed over.
    PassedOver,
}

/// A document with what was found in it: the unit that is written to the store.
#[derive(Debug, Clone, PartialEq)]
pub struct ExtractedDocument {
    /// The document.
    pub document: Document,
    /// What was found in it.
    pub extraction: Extraction,
}

impl Extraction {
    /// Puts the claims into their one order: by start, then by end descending, then by form.
    pub fn sort_claims(&mut self) {
        self.claims.sort_by_key(|claim| {
            let extent = claim.form.extent();
            (extent.start(), Reverse(extent.end()), claim.form.kind(), claim.id)
        });
    }
}
