//! The words of Dictum as types: ids, spans, documents, claims and their invariants.
//!
//! Absent on purpose: input and output, serde, gRPC, storage. Every other crate may use this one; this one uses
//! none of ours. The words are those of `docs/glossary.md`.

mod claim;
mod date;
mod document;
mod extraction;
mod id;
mod span;
mod units;

pub use claim::{
    Claim, Confidence, Form, FormKind, Manner, PrerequisiteList, QuestionAnswer, QuotedStatement, Speaker,
    UnknownSpeaker,
};
pub use date::{DateInterval, ParseDateError};
pub use document::{Document, DocumentParts, Residue, ResidueKind};
pub use extraction::{Diagnostic, DiagnosticKind, ExtractedDocument, Extraction, Occasion};
pub use id::{ClaimId, ContentHash, DocumentId, ParseIdError};
pub use jiff::{Timestamp, civil::Date};
pub use span::{Span, SpanError};
pub use units::{Position, Units};
