//! Lists of documents in the order of writing, and of old ones.

use crate::{
    StoreError,
    bundle::{Bundle, RawBundle},
    inner::Inner,
    key::{self, Position},
    model::{DocumentPage, StoredDocument},
    token::{Cursor, QueryHash},
};

/// Bytes of texts after which a page ends.
const MAX_PAGE_BYTES: usize = 8 << 20;
/// Stands for the query: there is only one.
const ALL: QueryHash = *b"document";

/// Lists one page of listed documents in the order in which they were first written.
pub(crate) fn list(
    inner: &Inner,
    page_size: usize,
    page_token: Option<&str>,
) -> Result<DocumentPage, StoreError> {
    let cursor = page_token.map(|token| Cursor::decode(token, ALL, &inner.store_id())).transpose()?;
    let snapshot = cursor.map_or_else(|| inner.revision(), |cursor| cursor.snapshot);
    let start = key::bundle(cursor.map_or(0, |cursor| cursor.position.order)).to_vec();
    let end = key::bundle(snapshot.saturating_add(1)).to_vec();
    let mut documents: Vec<StoredDocument> = Vec::new();
    let (mut bytes, mut next) = (0, None);
    for entry in inner.engine.range(start, Some(end), false)? {
        let (key, value) = entry?;
        let order =
            key::revision_of(&key).ok_or_else(|| StoreError::damaged("a document's key is too short"))?;
        let raw = RawBundle::read(order, &value)?;
        if !raw.is_listed() {
            continue;
        }
        if documents.len() >= page_size || bytes >= MAX_PAGE_BYTES {
            let position = Position { order, document_id: raw.document_id };
            next = Some(Cursor { snapshot, position, ordinal: 0 });
            break;
        }
        if let Bundle::Present(document) = raw.decode()? {
            bytes += document.document.text.len();
            documents.push(*document);
        }
    }
    let next_page_token = next.map(|cursor| cursor.encode(ALL, &inner.store_id()));
    Ok(DocumentPage { documents, next_page_token, revision: snapshot })
}
