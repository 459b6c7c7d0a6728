//! The change log: one entry per change of a document, numbered without a gap, each hashed onto the one before.
//!
//! Bytes of a value: CRC-32 (4) | chain hash (16) | [`LogRecord`]. The CRC covers the revision and everything behind
//! itself. The chain hash is 16 bytes of BLAKE3 over the chain hash of the entry before and the record.

use std::sync::Arc;

use dictum_core::{DocumentId, DocumentParts, Extraction};
use prost::Message;

use crate::{
    StoreError,
    bundle::{self, Bundle},
    engine::Engine,
    head::Head,
    index::Indexed,
    key,
    model::{ChangeCause, StoredDocument},
    record::{LogRecord, OpRecord},
};

/// A change with the listed claims before and after: what every watcher's filter is put to.
#[derive(Debug, Clone)]
pub(crate) struct LoggedChange {
    pub(crate) revision: u64,
    pub(crate) document_id: DocumentId,
    pub(crate) cause: ChangeCause,
    /// What was listed before; the text may be absent.
    pub(crate) before: Option<Arc<Version>>,
    /// What is listed after.
    pub(crate) after: Option<Arc<StoredDocument>>,
}

/// What of a document filters and counters look at.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Version {
    /// Without text and residue.
    pub(crate) parts: DocumentParts,
    pub(crate) extraction: Extraction,
    pub(crate) first_revision: u64,
}

impl Version {
    /// Returns what the document is found by.
    pub(crate) fn indexed(&self, document_id: DocumentId) -> Indexed {
        Indexed::of(document_id, &self.parts, &self.extraction, self.first_revision)
    }

    pub(crate) fn of(document: &StoredDocument) -> Self {
        Self {
            parts: without_text(&document.document),
            extraction: document.extraction.clone(),
            first_revision: document.first_revision,
        }
    }
}

/// Returns the parts of a document but for the text and the residue.
pub(crate) fn without_text(parts: &DocumentParts) -> DocumentParts {
    DocumentParts {
        text: String::new(),
        residue: Vec::new(),
        channel: parts.channel.clone(),
        forwarded_from: parts.forwarded_from.clone(),
        url: parts.url.clone(),
        message_id: parts.message_id.clone(),
        reply_to_message_id: parts.reply_to_message_id.clone(),
        publish_time: parts.publish_time,
        edit_time: parts.edit_time,
        source_title: parts.source_title.clone(),
        source_file: parts.source_file.clone(),
        source_start_byte: parts.source_start_byte,
        source_end_byte: parts.source_end_byte,
    }
}

/// Returns the entry that follows `head` and the head after it.
pub(crate) fn append(head: Head, record: &LogRecord) -> (Head, Vec<u8>) {
    let revision = head.revision + 1;
    let record = record.encode_to_vec();
    let mut hasher = blake3::Hasher::new();
    hasher.update(&head.chain);
    hasher.update(&record);
    let mut chain = [0; 16];
    hasher.finalize_xof().fill(&mut chain);
    let mut value = Vec::with_capacity(20 + record.len());
    value.extend([0; 4]);
    value.extend(chain);
    value.extend(record);
    let crc = crc(revision, &value[4..]);
    value[..4].copy_from_slice(&crc.to_be_bytes());
    (Head { revision, chain }, value)
}

fn crc(revision: u64, rest: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&revision.to_be_bytes());
    hasher.update(rest);
    hasher.finalize()
}

/// Reads the entry of `revision`: its chain hash and its record.
pub(crate) fn decode(revision: u64, value: &[u8]) -> Result<([u8; 16], LogRecord), StoreError> {
    let parts = || {
        let (expected, rest) = value.split_first_chunk::<4>()?;
        let (chain, record) = rest.split_first_chunk::<16>()?;
        let fits = crc(revision, rest) == u32::from_be_bytes(*expected);
        fits.then(|| Some((*chain, LogRecord::decode(record).ok()?)))?
    };
    parts().ok_or_else(|| StoreError::damaged(format!("the log entry of revision {revision} cannot be read")))
}

/// Returns whether `value` is the entry that follows `chain`.
pub(crate) fn follows(chain: [u8; 16], value: &[u8]) -> bool {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&chain);
    let Some((own, record)) = value.get(4..).and_then(|rest| rest.split_first_chunk::<16>()) else {
        return false;
    };
    hasher.update(record);
    let mut expected = [0; 16];
    hasher.finalize_xof().fill(&mut expected);
    expected == *own
}

/// Reads the log and the documents that it speaks of.
#[derive(Clone, Copy)]
pub(crate) struct LogReader<'e> {
    pub(crate) engine: &'e Engine,
}

impl LogReader<'_> {
    /// Returns the newest entry as a head; revision 0 for an empty log.
    pub(crate) fn newest(self) -> Result<Head, StoreError> {
        match self.engine.prefix(&[key::LOG], true)?.next().transpose()? {
            None => Ok(Head::default()),
            Some((key, value)) => {
                let revision =
                    key::revision_of(&key).ok_or_else(|| StoreError::damaged("a log key is too short"))?;
                Ok(Head { revision, chain: decode(revision, &value)?.0 })
            }
        }
    }

    /// Checks that the log still reaches what was acknowledged.
    pub(crate) fn check_head(self, head: Head, newest: Head) -> Result<(), StoreError> {
        if newest.revision < head.revision {
            return Err(StoreError::LostTail { head_revision: head.revision, log_revision: newest.revision });
        }
        if head.revision == 0 {
            return Ok(());
        }
        let value = self.engine.get(key::log(head.revision))?;
        let value = value.ok_or_else(|| StoreError::damaged("its last acknowledged change is missing"))?;
        if decode(head.revision, &value)?.0 == head.chain {
            Ok(())
        } else {
            Err(StoreError::damaged("its log is not the one that was acknowledged"))
        }
    }

    /// Returns the record of `revision`.
    pub(crate) fn record(self, revision: u64) -> Result<LogRecord, StoreError> {
        let value = self.engine.get(key::log(revision))?;
        let value =
            value.ok_or_else(|| StoreError::damaged(format!("the log has no revision {revision}")))?;
        Ok(decode(revision, &value)?.1)
    }

    /// Returns what the entry of `revision` changed, as it was then.
    ///
    /// A document that was deleted since has no text any more: its being written then is passed over.
    pub(crate) fn change(self, revision: u64) -> Result<LoggedChange, StoreError> {
        let entry = Entry::read(self, revision)?;
        let before = self.before(&entry)?.map(Arc::new);
        let after = if entry.lists { self.document_at(entry.document_id, revision)? } else { None };
        Ok(LoggedChange { revision, document_id: entry.document_id, cause: entry.cause, before, after })
    }

    /// Returns what was found before and after the entry of `revision`, even of a document that was deleted since.
    pub(crate) fn indexed(self, revision: u64) -> Result<(Option<Indexed>, Option<Indexed>), StoreError> {
        let entry = Entry::read(self, revision)?;
        let after = entry.lists.then(|| self.version_at(entry.document_id, revision)).transpose()?;
        // A document that was deleted and written again since has another first revision by now.
        let indexed = |version: Version| {
            let first_revision = match (entry.cause, entry.record.first_revision) {
                (ChangeCause::Written, _) => revision,
                (_, 0) => version.first_revision,
                (_, first_revision) => first_revision,
            };
            Version { first_revision, ..version }.indexed(entry.document_id)
        };
        Ok((self.before(&entry)?.map(indexed), after.map(indexed)))
    }

    fn before(self, entry: &Entry) -> Result<Option<Version>, StoreError> {
        let Entry { revision, document_id, cause, record, .. } = entry;
        if !record.was_listed {
            return Ok(None);
        }
        match cause {
            ChangeCause::Written => Ok(None),
            ChangeCause::Reextracted => {
                let extraction = record.previous.as_ref().and_then(|bundle| bundle.extraction.clone());
                let extraction =
                    extraction.ok_or_else(|| incomplete(*document_id))?.into_domain(*document_id)?;
                Ok(Some(Version { extraction, ..self.version_at(*document_id, *revision)? }))
            }
            ChangeCause::Superseded { .. } => self.version_at(*document_id, *revision).map(Some),
            ChangeCause::Deleted => deleted_version(*document_id, record.clone()).map(Some),
        }
    }

    /// Returns the document as the change of `revision` left it; `None` when its text is gone.
    fn document_at(
        self,
        document_id: DocumentId,
        revision: u64,
    ) -> Result<Option<Arc<StoredDocument>>, StoreError> {
        match self.bundle(document_id)? {
            Bundle::Deleted(_) => Ok(None),
            Bundle::Present(mut document) => {
                let extraction = self.extraction_before(document_id, document.revision, revision)?;
                document.extracted.extraction = extraction.unwrap_or(document.extracted.extraction);
                document.revision = revision;
                Ok(Some(Arc::from(document)))
            }
        }
    }

    /// Returns the document as the change of `revision` left it, without its text, even if it was deleted since.
    fn version_at(self, document_id: DocumentId, revision: u64) -> Result<Version, StoreError> {
        let (newest, mut version) = match self.bundle(document_id)? {
            Bundle::Present(document) => (document.revision, Version::of(&document)),
            Bundle::Deleted(standing) => {
                (standing.revision, deleted_version(document_id, self.record(standing.revision)?)?)
            }
        };
        let extraction = self.extraction_before(document_id, newest, revision)?;
        version.extraction = extraction.unwrap_or(version.extraction);
        Ok(version)
    }

    fn bundle(self, document_id: DocumentId) -> Result<Bundle, StoreError> {
        bundle::load(self.engine, document_id)?
            .ok_or_else(|| StoreError::damaged(format!("document {document_id} of the log is missing")))
    }

    /// Walks back along a document's own changes from `newest` to `revision` and returns the extraction that the
    /// earliest of them replaced; `None` when none replaced any.
    fn extraction_before(
        self,
        document_id: DocumentId,
        newest: u64,
        revision: u64,
    ) -> Result<Option<Extraction>, StoreError> {
        let (mut at, mut extraction) = (newest, None);
        while at > revision {
            let record = self.record(at)?;
            extraction = record.previous.and_then(|bundle| bundle.extraction).or(extraction);
            if record.previous_revision >= at {
                return Err(StoreError::damaged(format!(
                    "the changes of document {document_id} run in a circle"
                )));
            }
            at = record.previous_revision;
        }
        extraction.map(|extraction| extraction.into_domain(document_id)).transpose()
    }
}

/// A log entry, its words understood.
struct Entry {
    revision: u64,
    document_id: DocumentId,
    cause: ChangeCause,
    /// Whether the document is listed after the change.
    lists: bool,
    record: LogRecord,
}

impl Entry {
    fn read(log: LogReader<'_>, revision: u64) -> Result<Self, StoreError> {
        let record = log.record(revision)?;
        let (cause, lists) = match OpRecord::try_from(record.op).unwrap_or(OpRecord::Unspecified) {
            OpRecord::Written => (ChangeCause::Written, true),
            OpRecord::WrittenOutdated => (ChangeCause::Written, false),
            OpRecord::Reextracted => (ChangeCause::Reextracted, record.was_listed),
            OpRecord::Superseded => {
                (ChangeCause::Superseded { by: document_id(&record.superseded_by)? }, false)
            }
            OpRecord::Deleted => (ChangeCause::Deleted, false),
            OpRecord::Unspecified => {
                return Err(StoreError::damaged(format!(
                    "revision {revision} is a change of an unknown kind"
                )));
            }
        };
        Ok(Self { revision, document_id: document_id(&record.document_id)?, cause, lists, record })
    }
}

/// Reads the document that a deletion took away.
fn deleted_version(document_id: DocumentId, record: LogRecord) -> Result<Version, StoreError> {
    let first_revision = record.first_revision;
    let bundle = record.previous.ok_or_else(|| incomplete(document_id))?;
    let (Some(document), Some(extraction)) = (bundle.document, bundle.extraction) else {
        return Err(incomplete(document_id));
    };
    let (parts, extraction) = (document.into_parts()?, extraction.into_domain(document_id)?);
    Ok(Version { parts, extraction, first_revision })
}

fn incomplete(document_id: DocumentId) -> StoreError {
    StoreError::damaged(format!("a log entry of document {document_id} is incomplete"))
}

/// Reads the document of a log entry.
pub(crate) fn document_id(bytes: &[u8]) -> Result<DocumentId, StoreError> {
    key::document_id_of(bytes).ok_or_else(|| StoreError::damaged("a log entry names no document"))
}
