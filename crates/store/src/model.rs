//! What the store gives back: documents and claims as stored, pages, changes, counts.

use std::{ops::Deref, sync::Arc, time::Duration};

use dictum_core::{Claim, ClaimId, DocumentId, ExtractedDocument, Timestamp};

use crate::{ItemChange, NameJoin};

/// A document as it is stored now.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredDocument {
    /// The document with what was found in it.
    pub extracted: ExtractedDocument,
    /// The revision of its first write: the order of writing.
    pub first_revision: u64,
    /// The revision of its last change.
    pub revision: u64,
    /// The document that took its place: another text under the same channel and message id. Its claims are no longer
    /// listed, but both are found by id.
    pub superseded_by: Option<DocumentId>,
}

impl Deref for StoredDocument {
    type Target = ExtractedDocument;

    fn deref(&self) -> &ExtractedDocument {
        &self.extracted
    }
}

/// A claim together with its document, which several claims share.
#[derive(Debug, Clone)]
pub struct StoredClaim {
    document: Arc<StoredDocument>,
    ordinal: usize, // Invariant: an index of `document.extraction.claims`.
}

impl StoredClaim {
    /// Returns the claim of `document` with this number, if there is one.
    pub(crate) fn new(document: Arc<StoredDocument>, ordinal: usize) -> Option<Self> {
        (ordinal < document.extraction.claims.len()).then_some(Self { document, ordinal })
    }

    /// Returns the claim.
    #[must_use]
    pub fn claim(&self) -> &Claim {
        &self.document.extraction.claims[self.ordinal]
    }

    /// Returns the document that holds the claim.
    #[must_use]
    pub fn document(&self) -> &Arc<StoredDocument> {
        &self.document
    }

    /// Returns the number of the claim in its document, from 0, in text order.
    #[must_use]
    pub fn ordinal(&self) -> usize {
        self.ordinal
    }
}

/// What became of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// The document.
    pub document_id: DocumentId,
    /// The revision of the write; of an unchanged document the revision that it already had.
    pub revision: u64,
    /// What was done.
    pub outcome: WriteOutcome,
    /// How many claims the document has in the store.
    pub claims: usize,
}

/// What a write did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteOutcome {
    /// The document is new.
    Stored,
    /// The document is new and took the place of another text under the same channel and message id.
    Superseded {
        /// The document that is no longer listed.
        older: DocumentId,
    },
    /// The document is new to the store but older than the one it has under the same channel and message id, by the
    /// time of the last edit or of publication: it is found by id and not listed.
    Outdated {
        /// The document that is listed.
        newer: DocumentId,
    },
    /// The document was there already; nothing was changed.
    Duplicate,
}

/// What a new extraction of a stored document changes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ExtractionDiff {
    /// Claims that the document did not have.
    pub added: Vec<ClaimId>,
    /// Claims that keep their id and read differently: another speaker, cue, rule, title, topic, date …
    pub changed: Vec<ClaimId>,
    /// Claims that the document no longer has.
    pub retracted: Vec<ClaimId>,
    /// How many claims stay exactly as they are.
    pub unchanged: usize,
}

impl ExtractionDiff {
    /// Returns whether no claim is added, changed or retracted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.changed.is_empty() && self.retracted.is_empty()
    }
}

/// What became of a new extraction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replaced {
    /// The revision of the document after it.
    pub revision: u64,
    /// What it changed.
    pub diff: ExtractionDiff,
}

/// In which order claims are listed. Within a document it is always the order of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ListOrder {
    /// Oldest first: by publish time, else the first day of the occasion (at 00:00 UTC); documents without either
    /// come last, in the order of writing. Documents of one time are ordered by id.
    #[default]
    TimeAscending,
    /// The opposite: documents without a time come first, the last written before the others.
    TimeDescending,
    /// In the order in which the documents were first written.
    WrittenAscending,
    /// The last written document first.
    WrittenDescending,
}

/// One page of a list.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// The claims, each with its document. May be fewer than asked for even if more pages follow.
    pub claims: Vec<StoredClaim>,
    /// The token of the next page; absent on the last one.
    pub next_page_token: Option<String>,
    /// The revision that the list shows: a watch from here continues it without a gap.
    pub revision: u64,
}

/// A prerequisite list beside the one before it on the same subject.
#[derive(Debug, Clone)]
pub struct ComparedList {
    /// The list.
    pub claim: StoredClaim,
    /// The list before it; absent for the first on its subject.
    pub earlier: Option<StoredClaim>,
    /// What became of the items of both.
    pub changes: Vec<ItemChange>,
}

/// One page of compared lists.
#[derive(Debug, Clone, Default)]
pub struct ComparedPage {
    /// The lists, the oldest first; may be fewer than asked for even if more pages follow.
    pub lists: Vec<ComparedList>,
    /// The token of the next page; absent on the last one.
    pub next_page_token: Option<String>,
}

/// One page of a list of documents.
#[derive(Debug, Clone, Default)]
pub struct DocumentPage {
    /// The documents with what was found in them.
    pub documents: Vec<StoredDocument>,
    /// The token of the next page; absent on the last one.
    pub next_page_token: Option<String>,
    /// The revision that the list shows.
    pub revision: u64,
}

/// A list of the values of a field, one page of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ValuePage {
    /// The values in the order of their folded names.
    pub values: Vec<ValueSummary>,
    /// The token of the next page; absent on the last one.
    pub next_page_token: Option<String>,
}

/// A speaker, topic or channel with its counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValueSummary {
    /// The form of the name that most claims have.
    pub name: String,
    /// Every form of the name, the most frequent first.
    pub forms: Vec<String>,
    /// Listed claims with it.
    pub claims: u64,
    /// Listed documents with it.
    pub documents: u64,
    /// The earliest time of those documents, where any has one.
    pub first_seen: Option<Timestamp>,
    /// The latest time of those documents, where any has one.
    pub last_seen: Option<Timestamp>,
}

/// What the store knows of a speaker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpeakerProfile {
    /// Name, counts, first and last time.
    pub summary: ValueSummary,
    /// Every way to write the name, the most frequent first, with why it is one of this person's.
    pub forms: Vec<SpeakerForm>,
    /// Claims by month (`2024-10`), the oldest first; claims of documents without a time are in none.
    pub months: Vec<FacetCount>,
    /// Claims by topic, the most frequent first.
    pub topics: Vec<FacetCount>,
}

/// A form of a speaker's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpeakerForm {
    /// The form as documents write it.
    pub form: String,
    /// Listed claims with it.
    pub claims: u64,
    /// Why it is one of this person's.
    pub how: NameJoin,
}

/// By what claims are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FacetField {
    /// The speaker or respondent.
    Speaker,
    /// The topics of the document.
    Topic,
    /// The channel.
    Channel,
    /// The form: `quoted-statement`, `question-answer`, `prerequisite-list`.
    Form,
    /// The language.
    Language,
    /// The day of the document's time (publish time in UTC, else the first day of the occasion): `2024-10-07`.
    Day,
    /// The month of that day: `2024-10`.
    Month,
}

/// A value with the number of claims that have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FacetCount {
    /// The value as the documents write it; folded forms are counted as one.
    pub value: String,
    /// How many claims have it.
    pub claims: u64,
}

/// The change of one document: the unit of the change log, with a revision of its own.
#[derive(Debug, Clone)]
pub struct Change {
    /// Its place in the log; revisions count up by one.
    pub revision: u64,
    /// The document that changed.
    pub document_id: DocumentId,
    /// Why.
    pub cause: ChangeCause,
    /// What that did to the claims of the document, in text order.
    pub claims: Vec<ClaimChange>,
}

/// Why the claims of a document changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeCause {
    /// The document was written.
    Written,
    /// The document was extracted anew.
    Reextracted,
    /// Another text under the same channel and message id took its place.
    Superseded {
        /// The document that took the place.
        by: DocumentId,
    },
    /// The document was deleted.
    Deleted,
}

/// What happened to one claim.
#[derive(Debug, Clone)]
pub enum ClaimChange {
    /// The claim is new, or came into the filter.
    Added(StoredClaim),
    /// The claim reads differently under the same id.
    Changed(StoredClaim),
    /// The claim is no longer listed, or left the filter.
    Retracted(ClaimId),
}

/// What a watch gives.
#[derive(Debug, Clone)]
pub enum WatchEvent {
    /// A document changed in a way that the filter lets through.
    Change(Change),
    /// Everything up to this revision was given or passed over by the filter: resume from here.
    Bookmark {
        /// The revision to resume from.
        revision: u64,
    },
}

/// What the committer did for the changes that waited together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupReport {
    /// How many documents it changed.
    pub changes: usize,
    /// How long the disk took to have them; `None` when the group was not made durable, or changed nothing.
    pub sync_time: Option<Duration>,
    /// Whether the group failed: nothing of it was acknowledged.
    pub failed: bool,
}

/// Numbers about the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stats {
    /// Documents that are listed.
    pub documents: u64,
    /// Claims that are listed.
    pub claims: u64,
    /// The newest revision.
    pub revision: u64,
    /// The oldest revision to watch from.
    pub oldest_revision: u64,
    /// Bytes on disk.
    pub disk_bytes: u64,
    /// Free bytes on the disk.
    pub free_bytes: u64,
    /// Documents kept decoded in memory.
    pub decoded_documents: u64,
    /// Look-ups that found their document decoded, since the store was opened.
    pub decoded_hits: u64,
    /// Look-ups that did not.
    pub decoded_misses: u64,
    /// Writes that wait for the committer.
    pub queued_writes: u64,
}
