//! One publication with the place it came from.

use crate::{ContentHash, DocumentId, Timestamp};

/// One publication: a post, a message, an article, a transcript. Its text never changes and its id comes from it.
///
/// ```
/// use dictum_core::{Document, DocumentParts};
///
/// let document = Document::new(DocumentParts { text: "💬 We agree.".into(), ..Default::default() });
/// assert_eq!(document.text, "💬 We agree.");
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    id: DocumentId, // Invariant: the hash of channel, message id and text in `parts`.
    content_hash: ContentHash,
    parts: DocumentParts,
}

/// What a [`Document`] is made of.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DocumentParts {
    /// The text that every span of the document's claims is relative to.
    pub text: String,
    /// Where it was published: `--channel`, else the name in the source file.
    pub channel: Option<String>,
    /// Whom the channel took it from, without trailing flags.
    pub forwarded_from: Option<String>,
    /// Its public address.
    pub url: Option<String>,
    /// The id of the message in its channel.
    pub message_id: Option<String>,
    /// The id of the message that it answers.
    pub reply_to_message_id: Option<String>,
    /// When it was published; only from a true instant.
    pub publish_time: Option<Timestamp>,
    /// When it was last edited.
    pub edit_time: Option<Timestamp>,
    /// The title that the source file gives apart from the text (an article's headline), if any.
    pub source_title: Option<String>,
    /// The name of the source file, without its folders.
    pub source_file: Option<String>,
    /// The byte of the source file where the text starts; for formats that resolve markup, where the record starts.
    pub source_start_byte: u64,
    /// The byte of the source file after the document, with everything that was folded or skipped in it.
    pub source_end_byte: u64,
    /// What of the source file belongs to the document but is not in its text.
    pub residue: Vec<Residue>,
}

/// A range of the source file that was read but is not in the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Residue {
    /// Why it is not in the text.
    pub kind: ResidueKind,
    /// First byte, counted in the source file.
    pub source_start_byte: u64,
    /// Byte after the last, counted in the source file.
    pub source_end_byte: u64,
}

/// Why a range of the source file is not in a document's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ResidueKind {
    /// The header that opened the document ("Forwarded from …").
    Header,
    /// A line that stands for media ("Media is too big").
    Media,
    /// A second copy of the body.
    RepeatedBody,
    /// Furniture of the page or transcript.
    Furniture,
}

impl Document {
    /// Returns the document; its ids are computed here.
    #[must_use]
    pub fn new(parts: DocumentParts) -> Self {
        let field = |value: &'_ Option<String>| value.clone().unwrap_or_default();
        Self {
            id: DocumentId::of(&field(&parts.channel), &field(&parts.message_id), &parts.text),
            content_hash: ContentHash::of(&parts.text),
            parts,
        }
    }

    /// Returns the id.
    #[must_use]
    pub fn id(&self) -> DocumentId {
        self.id
    }

    /// Returns the hash of the text alone: it links the same text from two channels.
    #[must_use]
    pub fn content_hash(&self) -> ContentHash {
        self.content_hash
    }

    /// Returns the parts, to take them over or to change one and make another document.
    #[must_use]
    pub fn into_parts(self) -> DocumentParts {
        self.parts
    }
}

impl std::ops::Deref for Document {
    type Target = DocumentParts;

    fn deref(&self) -> &DocumentParts {
        &self.parts
    }
}
