//! The last step to a document, the same for every format: is there text, is it UTF-8, is it short enough.

use std::str;

use dictum_core::{Document, DocumentParts};

use crate::{Item, ReadOptions, Rejection, RejectionReason, Skip, SkipReason};

/// A range of the source file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SourceRange {
    pub(crate) start: u64,
    pub(crate) end: u64,
}

impl SourceRange {
    pub(crate) fn skip(self, reason: SkipReason) -> Item {
        Item::Skipped(Skip { source_start_byte: self.start, source_end_byte: self.end, reason })
    }

    pub(crate) fn reject(self, reason: RejectionReason) -> Item {
        Item::Rejected(Rejection { source_start_byte: self.start, source_end_byte: self.end, reason })
    }
}

/// Turns a slice of the source file that starts at `slice_start_byte` into the item for `range`.
///
/// White space around the text is left out; `parts.text` and its place are set here, as is the file's name.
pub(crate) fn from_slice(
    slice: &[u8],
    slice_start_byte: u64,
    range: SourceRange,
    parts: DocumentParts,
    options: &ReadOptions,
) -> Item {
    let text = match str::from_utf8(slice) {
        Ok(text) => text,
        Err(error) => {
            return range.reject(invalid_utf8(slice_start_byte + error.valid_up_to() as u64));
        }
    };
    let leading = text.len() - text.trim_start().len();
    let parts = DocumentParts { source_start_byte: slice_start_byte + leading as u64, ..parts };
    from_text(text.trim(), range, parts, options)
}

/// Turns a trimmed text into the item for `range`; `parts.source_start_byte` is the caller's.
pub(crate) fn from_text(text: &str, range: SourceRange, parts: DocumentParts, options: &ReadOptions) -> Item {
    if text.len() > options.max_document_bytes {
        return too_large(range, options);
    }
    if text.is_empty() {
        return range.skip(SkipReason::NoText);
    }
    if !text.contains(char::is_alphanumeric) {
        return range.skip(SkipReason::NoWords);
    }
    Item::Document(Document::new(DocumentParts {
        text: text.to_owned(),
        source_file: options.source_file.clone(),
        source_end_byte: range.end,
        ..parts
    }))
}

pub(crate) fn too_large(range: SourceRange, options: &ReadOptions) -> Item {
    range.reject(RejectionReason::TooLarge { max_document_bytes: options.max_document_bytes })
}

pub(crate) fn invalid_utf8(source_byte: u64) -> RejectionReason {
    RejectionReason::InvalidUtf8 { source_byte }
}
