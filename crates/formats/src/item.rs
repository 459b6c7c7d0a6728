//! What comes out of a source file: documents, what was passed over, what was rejected, and their counts.

use std::{collections::BTreeMap, fmt};

use dictum_core::Document;

/// One thing found in a source file, in the order of the file.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "nearly every item is a document")]
pub enum Item {
    /// A document.
    Document(Document),
    /// Something that is no document and never was meant as one.
    Skipped(Skip),
    /// Something that should be a document and cannot be one; the rest of the file goes on.
    Rejected(Rejection),
}

/// A part of the source file that holds no document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Skip {
    /// First byte of the source file.
    pub source_start_byte: u64,
    /// Byte after the last.
    pub source_end_byte: u64,
    /// Why it holds none.
    pub reason: SkipReason,
}

/// Why a part of a source file holds no document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum SkipReason {
    /// The whole source file: there is nothing in it.
    EmptySource,
    /// A post or message without text: a picture alone.
    NoText,
    /// A text without a letter or digit: emoji alone.
    NoWords,
    /// A message of the service: somebody joined, something was pinned.
    Service,
    /// A message that the exporting program could not write.
    Unsupported,
}

impl SkipReason {
    /// Returns the reason in a few words: `no text`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EmptySource => "empty source file",
            Self::NoText => "no text",
            Self::NoWords => "no words",
            Self::Service => "service message",
            Self::Unsupported => "unsupported message",
        }
    }
}

impl fmt::Display for SkipReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A part of the source file that cannot become a document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("bytes {source_start_byte}..{source_end_byte}: {reason}")]
pub struct Rejection {
    /// First byte of the source file.
    pub source_start_byte: u64,
    /// Byte after the last.
    pub source_end_byte: u64,
    /// Why it cannot.
    pub reason: RejectionReason,
}

/// Why a part of a source file cannot become a document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RejectionReason {
    /// Its bytes are not UTF-8. Nothing is ever replaced.
    #[error("invalid UTF-8 at byte {source_byte} of the file")]
    InvalidUtf8 {
        /// The first bad byte of the source file.
        source_byte: u64,
    },
    /// Its text is too long.
    #[error("longer than {max_document_bytes} bytes, the limit of one document")]
    TooLarge {
        /// The limit.
        max_document_bytes: usize,
    },
    /// The file has an encoding in which no byte of the text could be pointed at.
    #[error("the file is {encoding}, not UTF-8: convert it first")]
    UnsupportedEncoding {
        /// Its name: "UTF-16".
        encoding: &'static str,
    },
    /// It does not follow its format.
    #[error("{problem}")]
    Malformed {
        /// What is wrong with it.
        problem: String,
    },
    /// The file ends in the middle of it.
    #[error("the file ends in the middle")]
    Truncated,
    /// It holds lists or elements in one another without end.
    #[error("nested too deep")]
    NestedTooDeep,
}

impl RejectionReason {
    /// Returns the kind in kebab case, for counts and metadata: `invalid-utf8`.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::InvalidUtf8 { .. } => "invalid-utf8",
            Self::TooLarge { .. } => "too-large",
            Self::UnsupportedEncoding { .. } => "unsupported-encoding",
            Self::Malformed { .. } => "malformed",
            Self::Truncated => "truncated",
            Self::NestedTooDeep => "nested-too-deep",
        }
    }
}

/// What came out of a source file, counted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Summary {
    /// Documents.
    pub documents: u64,
    /// Parts without a document, by reason.
    pub skipped: BTreeMap<SkipReason, u64>,
    /// Parts that could not become a document.
    pub rejected: u64,
    /// Documents whose channel and message id came before in the file, with another text: the last one counts.
    ///
    /// The first [`Summary::MAX_MESSAGE_IDS`] ids are compared, so that memory does not grow with the file.
    pub superseding: u64,
    /// Bytes of the source file that were read and dealt with.
    pub bytes: u64,
}

impl Summary {
    /// Ids of messages that are compared within one source file.
    pub const MAX_MESSAGE_IDS: usize = 1 << 18;

    /// Returns whether nothing was found yet.
    pub(crate) fn is_empty(&self) -> bool {
        self.documents == 0 && self.skipped.is_empty() && self.rejected == 0
    }

    pub(crate) fn count(&mut self, item: &Item) {
        match item {
            Item::Document(_) => self.documents += 1,
            Item::Skipped(skip) => *self.skipped.entry(skip.reason).or_default() += 1,
            Item::Rejected(_) => self.rejected += 1,
        }
    }
}
