//! The value under a first revision: the document that was written then, its extraction, and where it stands.
//!
//! Bytes: codec (1) | CRC-32 (4) | document (16) | revision (8) | superseded by (16, zero when not) | payload. The CRC
//! covers the first revision, the codec and everything behind itself, so that a value under a wrong key shows. The
//! payload is a [`BundleRecord`], plain (codec 0) or compressed by zstd behind its length of four bytes (codec 1); a
//! deleted document has codec 255 and no payload.
//!
//! Format 1 had bundles under their documents, and in the place of the document the first revision; its CRC covered the
//! document's id in the place of the first revision.

use std::sync::{Mutex, PoisonError};

use dictum_core::{Document, DocumentId, ExtractedDocument, Extraction};
use prost::Message;

use crate::{
    StoreError,
    engine::{Bytes, Engine},
    key,
    model::StoredDocument,
    record::{BundleRecord, DocumentRecord, ExtractionRecord},
};

const PLAIN: u8 = 0;
const ZSTD: u8 = 1;
const DELETED: u8 = 255;

/// Records of more bytes are compressed: below, a read costs more than the room is worth.
const COMPRESS_OVER_BYTES: usize = 4096;
/// Lowest level: higher ones save little on single documents.
const ZSTD_LEVEL: i32 = 1;
/// Largest record that is read, against lengths made up by damage.
const MAX_RECORD_BYTES: usize = 256 << 20;

const HEADER_BYTES: usize = 45;

/// Where a document stands: what changes without its text and extraction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) first_revision: u64,
    pub(crate) revision: u64,
    pub(crate) superseded_by: Option<DocumentId>,
}

impl Standing {
    pub(crate) fn of(document: &StoredDocument) -> Self {
        Self {
            first_revision: document.first_revision,
            revision: document.revision,
            superseded_by: document.superseded_by,
        }
    }
}

/// An encoded record with its codec: what takes time to make and does not depend on revisions.
#[derive(Debug, Clone)]
pub(crate) struct Payload {
    codec: u8,
    bytes: Vec<u8>,
}

impl Payload {
    /// Encodes a document with its extraction.
    pub(crate) fn of(extracted: &ExtractedDocument) -> Result<Self, StoreError> {
        let record = BundleRecord {
            document: Some(DocumentRecord::of(&extracted.document)),
            extraction: Some(ExtractionRecord::of(&extracted.extraction)),
        }
        .encode_to_vec();
        if record.len() <= COMPRESS_OVER_BYTES {
            return Ok(Self { codec: PLAIN, bytes: record });
        }
        let length = u32::try_from(record.len()).ok().filter(|length| *length as usize <= MAX_RECORD_BYTES);
        let length = length.ok_or_else(|| StoreError::BadArgument {
            field: "document",
            reason: format!("a record of {} bytes is over the limit of {MAX_RECORD_BYTES}", record.len()),
        })?;
        let compressed = COMPRESSORS
            .with(|| zstd::bulk::Compressor::new(ZSTD_LEVEL), |zstd| zstd.compress(&record))
            .map_err(|cause| StoreError::failed("compress a document", cause))?;
        Ok(Self { codec: ZSTD, bytes: [&length.to_be_bytes()[..], &compressed].concat() })
    }
}

/// Contexts of zstd, kept to be used again: to make one takes longer than to use it.
struct Contexts<T>(Mutex<Vec<T>>);

static COMPRESSORS: Contexts<zstd::bulk::Compressor<'static>> = Contexts(Mutex::new(Vec::new()));
static DECOMPRESSORS: Contexts<zstd::bulk::Decompressor<'static>> = Contexts(Mutex::new(Vec::new()));

/// Contexts that are kept while nobody uses them.
const IDLE_CONTEXTS: usize = 8;

impl<T> Contexts<T> {
    fn with<R>(
        &self,
        make: impl FnOnce() -> std::io::Result<T>,
        work: impl FnOnce(&mut T) -> std::io::Result<R>,
    ) -> std::io::Result<R> {
        let idle = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = idle().pop();
        let mut context = kept.map_or_else(make, Ok)?;
        let result = work(&mut context)?;
        let mut idle = idle();
        if idle.len() < IDLE_CONTEXTS {
            idle.push(context);
        }
        Ok(result)
    }
}

/// What is under a first revision.
pub(crate) enum Bundle {
    /// The document.
    Present(Box<StoredDocument>),
    /// It was deleted.
    Deleted(Standing),
}

/// A bundle whose CRC fits and whose record is not decoded.
pub(crate) struct RawBundle<'a> {
    pub(crate) document_id: DocumentId,
    codec: u8,
    pub(crate) standing: Standing,
    payload: &'a [u8],
}

/// Returns the value for a document.
pub(crate) fn encode(document_id: DocumentId, standing: Standing, payload: &Payload) -> Vec<u8> {
    assemble(document_id, payload.codec, standing, &payload.bytes)
}

/// Returns the value for a deleted document.
pub(crate) fn encode_deleted(document_id: DocumentId, standing: Standing) -> Vec<u8> {
    assemble(document_id, DELETED, standing, &[])
}

fn assemble(document_id: DocumentId, codec: u8, standing: Standing, payload: &[u8]) -> Vec<u8> {
    let mut value = Vec::with_capacity(HEADER_BYTES + payload.len());
    value.push(codec);
    value.extend([0; 4]);
    value.extend(document_id.as_bytes());
    value.extend(standing.revision.to_be_bytes());
    value.extend(standing.superseded_by.map_or([0; 16], |id| *id.as_bytes()));
    value.extend(payload);
    let crc = crc(&standing.first_revision.to_be_bytes(), codec, &value[5..]);
    value[1..5].copy_from_slice(&crc.to_be_bytes());
    value
}

fn crc(key: &[u8], codec: u8, rest: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(key);
    hasher.update(&[codec]);
    hasher.update(rest);
    hasher.finalize()
}

/// Returns the first revision of a document and the value under it.
pub(crate) fn find(engine: &Engine, document_id: DocumentId) -> Result<Option<(u64, Bytes)>, StoreError> {
    let mut before = None;
    loop {
        let Some(value) = engine.get(key::document(document_id))? else { return Ok(None) };
        let first_revision = key::number(&value).ok_or_else(|| {
            StoreError::damaged(format!("the revision of document {document_id} is no number"))
        })?;
        if let Some(bundle) = engine.get(key::bundle(first_revision))? {
            return Ok(Some((first_revision, bundle)));
        }
        // A deleted document that is written again moves between the two look-ups.
        if before == Some(first_revision) {
            return Err(StoreError::damaged(format!("document {document_id} is missing")));
        }
        before = Some(first_revision);
    }
}

/// Reads a document; `None` when there never was one of this id.
pub(crate) fn load(engine: &Engine, document_id: DocumentId) -> Result<Option<Bundle>, StoreError> {
    let Some((first_revision, value)) = find(engine, document_id)? else { return Ok(None) };
    let raw = RawBundle::read(first_revision, &value)?;
    if raw.document_id != document_id {
        return Err(StoreError::damaged(format!("another document is in the place of {document_id}")));
    }
    raw.decode().map(Some)
}

impl<'a> RawBundle<'a> {
    /// Reads the header of a value and checks its CRC.
    pub(crate) fn read(first_revision: u64, value: &'a [u8]) -> Result<Self, StoreError> {
        let parts = || {
            let (codec, rest) = value.split_first()?;
            let (expected, rest) = rest.split_first_chunk::<4>()?;
            let fits = crc(&first_revision.to_be_bytes(), *codec, rest) == u32::from_be_bytes(*expected);
            let (document_id, rest) = rest.split_first_chunk::<16>()?;
            let (revision, rest) = rest.split_first_chunk::<8>()?;
            let (superseded_by, payload) = rest.split_first_chunk::<16>()?;
            fits.then_some(Self::new(
                DocumentId::from_bytes(*document_id),
                *codec,
                (first_revision, u64::from_be_bytes(*revision)),
                superseded_by,
                payload,
            ))
        };
        parts().ok_or_else(|| {
            StoreError::damaged(format!(
                "the checksum of the document of revision {first_revision} does not fit"
            ))
        })
    }

    /// Reads a value of format 1.
    pub(crate) fn read_format_1(document_id: DocumentId, value: &'a [u8]) -> Result<Self, StoreError> {
        let parts = || {
            let (codec, rest) = value.split_first()?;
            let (expected, rest) = rest.split_first_chunk::<4>()?;
            let fits = crc(document_id.as_bytes(), *codec, rest) == u32::from_be_bytes(*expected);
            let (first_revision, rest) = rest.split_first_chunk::<8>()?;
            let (revision, rest) = rest.split_first_chunk::<8>()?;
            let (superseded_by, payload) = rest.split_first_chunk::<16>()?;
            let revisions = (u64::from_be_bytes(*first_revision), u64::from_be_bytes(*revision));
            fits.then_some(Self::new(document_id, *codec, revisions, superseded_by, payload))
        };
        parts().ok_or_else(|| {
            StoreError::damaged(format!("the checksum of document {document_id} does not fit"))
        })
    }

    fn new(
        document_id: DocumentId,
        codec: u8,
        (first_revision, revision): (u64, u64),
        superseded_by: &[u8; 16],
        payload: &'a [u8],
    ) -> Self {
        let superseded_by = (*superseded_by != [0; 16]).then(|| DocumentId::from_bytes(*superseded_by));
        let standing = Standing { first_revision, revision, superseded_by };
        Self { document_id, codec, standing, payload }
    }

    /// Returns whether the document is listed: neither deleted nor superseded.
    pub(crate) fn is_listed(&self) -> bool {
        !self.is_deleted() && self.standing.superseded_by.is_none()
    }

    /// Returns the value to be written under the first revision.
    pub(crate) fn value(&self) -> Vec<u8> {
        assemble(self.document_id, self.codec, self.standing, self.payload)
    }

    /// Returns whether the document was deleted.
    pub(crate) fn is_deleted(&self) -> bool {
        self.codec == DELETED
    }

    /// Returns the encoded record, to store it again with another standing.
    pub(crate) fn payload(&self) -> Payload {
        Payload { codec: self.codec, bytes: self.payload.to_vec() }
    }

    /// Decodes the record.
    pub(crate) fn decode(&self) -> Result<Bundle, StoreError> {
        if self.is_deleted() {
            return Ok(Bundle::Deleted(self.standing));
        }
        let record = self.record()?;
        let Standing { first_revision, revision, superseded_by } = self.standing;
        let (Some(document), Some(extraction)) = (record.document, record.extraction) else {
            return Err(StoreError::damaged(format!(
                "the record of document {} is incomplete",
                self.document_id
            )));
        };
        let document = Document::new(document.into_parts()?);
        if document.id() != self.document_id {
            return Err(StoreError::damaged(format!(
                "the text of document {} has another id",
                self.document_id
            )));
        }
        let extraction: Extraction = extraction.into_domain(self.document_id)?;
        let extracted = ExtractedDocument { document, extraction };
        Ok(Bundle::Present(Box::new(StoredDocument { extracted, first_revision, revision, superseded_by })))
    }

    fn record(&self) -> Result<BundleRecord, StoreError> {
        let unreadable =
            || StoreError::damaged(format!("the record of document {} cannot be read", self.document_id));
        match self.codec {
            PLAIN => BundleRecord::decode(self.payload).map_err(|_| unreadable()),
            ZSTD => {
                let (length, compressed) = self.payload.split_first_chunk::<4>().ok_or_else(unreadable)?;
                let length = u32::from_be_bytes(*length) as usize;
                if length > MAX_RECORD_BYTES {
                    return Err(unreadable());
                }
                let record = DECOMPRESSORS
                    .with(zstd::bulk::Decompressor::new, |zstd| zstd.decompress(compressed, length))
                    .map_err(|_| unreadable())?;
                BundleRecord::decode(&record[..]).map_err(|_| unreadable())
            }
            codec => Err(StoreError::damaged(format!(
                "document {} has the unknown codec {codec}",
                self.document_id
            ))),
        }
    }
}
