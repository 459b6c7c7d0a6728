//! Page tokens: where a list goes on, bound to its query and to this store.
//!
//! A token is the hexadecimal form of: query hash (8) | snapshot revision (8) | order key (8) | document (16) | next
//! ordinal (4) | keyed hash of all that (8). It carries no secret; the hash is there so that no other bytes are taken
//! for a place in a list.

use std::fmt::Write as _;

use dictum_core::DocumentId;

use crate::{ListOrder, StoreError, filter::PreparedFilter, key::Position};

const BODY_BYTES: usize = 44;
const TOKEN_BYTES: usize = BODY_BYTES + 8;

/// Where a list goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cursor {
    /// Documents that were first written later are left out.
    pub(crate) snapshot: u64,
    /// The document to go on with.
    pub(crate) position: Position,
    /// The claim of that document to go on with.
    pub(crate) ordinal: u32,
}

/// What makes a token one of this query: a hash of everything but the size of the page.
pub(crate) type QueryHash = [u8; 8];

/// Returns the hash of a query.
pub(crate) fn query_hash(filter: &PreparedFilter, order: ListOrder) -> QueryHash {
    let mut text = String::new();
    // The derived form names every field; it only has to be the same within one version of the program.
    let _ = write!(text, "{order:?} {filter:?}"); // Writing to a string does not fail.
    first_bytes(&blake3::hash(text.as_bytes()))
}

impl Cursor {
    /// Writes the token.
    pub(crate) fn encode(&self, query: QueryHash, store_id: &[u8; 16]) -> String {
        let Self { snapshot, position: Position { order, document_id }, ordinal } = self;
        let mut bytes = Vec::with_capacity(TOKEN_BYTES);
        bytes.extend(query);
        bytes.extend(snapshot.to_be_bytes());
        bytes.extend(order.to_be_bytes());
        bytes.extend(document_id.as_bytes());
        bytes.extend(ordinal.to_be_bytes());
        let seal = seal(&bytes, store_id);
        bytes.extend(seal);
        bytes.iter().fold(String::with_capacity(2 * TOKEN_BYTES), |mut text, byte| {
            let _ = write!(text, "{byte:02x}"); // Writing to a string does not fail.
            text
        })
    }

    /// Reads a token of this query.
    pub(crate) fn decode(token: &str, query: QueryHash, store_id: &[u8; 16]) -> Result<Self, StoreError> {
        let parts = || {
            let bytes = from_hex(token)?;
            let (body, found_seal) = bytes.split_at_checked(BODY_BYTES)?;
            if found_seal != seal(body, store_id) {
                return None;
            }
            let (found_query, rest) = body.split_first_chunk::<8>()?;
            let (snapshot, rest) = rest.split_first_chunk::<8>()?;
            let (order, rest) = rest.split_first_chunk::<8>()?;
            let (document, rest) = rest.split_first_chunk::<16>()?;
            let position = Position {
                order: u64::from_be_bytes(*order),
                document_id: DocumentId::from_bytes(*document),
            };
            let ordinal = u32::from_be_bytes(rest.try_into().ok()?);
            let cursor = Self { snapshot: u64::from_be_bytes(*snapshot), position, ordinal };
            (*found_query == query).then_some(cursor)
        };
        parts().ok_or(StoreError::BadPageToken)
    }
}

fn seal(body: &[u8], store_id: &[u8; 16]) -> [u8; 8] {
    let mut hasher = blake3::Hasher::new_derive_key("dictum 2026-11 store page token");
    hasher.update(store_id);
    hasher.update(body);
    first_bytes(&hasher.finalize())
}

fn first_bytes(hash: &blake3::Hash) -> [u8; 8] {
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&hash.as_bytes()[..8]);
    bytes
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    if text.len() != 2 * TOKEN_BYTES || text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return None;
    }
    text.as_bytes().chunks_exact(2).map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_token_itself_is_read() {
        let filter = PreparedFilter::default();
        let query = query_hash(&filter, ListOrder::TimeAscending);
        let position = Position { order: 77, document_id: DocumentId::from_bytes([9; 16]) };
        let cursor = Cursor { snapshot: 5, position, ordinal: 3 };
        let token = cursor.encode(query, &[1; 16]);
        assert_eq!(Cursor::decode(&token, query, &[1; 16]).unwrap(), cursor);

        assert!(Cursor::decode(&token, query, &[2; 16]).is_err(), "another store");
        let other_query = query_hash(&filter, ListOrder::TimeDescending);
        assert!(Cursor::decode(&token, other_query, &[1; 16]).is_err(), "another query");
        for at in 0..token.len() {
            let mut tampered = token.clone().into_bytes();
            tampered[at] = if tampered[at] == b'0' { b'1' } else { b'0' };
            let tampered = String::from_utf8(tampered).unwrap();
            assert!(Cursor::decode(&tampered, query, &[1; 16]).is_err(), "digit {at}");
        }
        for text in ["", "zz", &token[2..], &token.to_uppercase(), "é".repeat(52).as_str()] {
            assert!(Cursor::decode(text, query, &[1; 16]).is_err());
        }
    }
}
