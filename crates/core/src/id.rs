//! Ids that come from content: the same input has the same ids everywhere.

use std::{fmt, str::FromStr, sync::LazyLock};

use crate::{Form, Span};

/// A text is no id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an id of this kind is {expected_digits} lowercase hexadecimal digits")]
pub struct ParseIdError {
    /// How many digits the id has.
    pub expected_digits: usize,
}

/// Defines an id of `$n` bytes that is written as lowercase hexadecimal digits.
macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $n:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name([u8; $n]);

        impl $name {
            /// Returns the id with these bytes, as read from a store or the wire.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; $n]) -> Self {
                Self(bytes)
            }

            /// Returns the bytes.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; $n] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }

        impl FromStr for $name {
            type Err = ParseIdError;

            fn from_str(s: &str) -> Result<Self, ParseIdError> {
                let error = ParseIdError { expected_digits: 2 * $n };
                let digit = |b: u8| match b {
                    b'0'..=b'9' => Some(b - b'0'),
                    b'a'..=b'f' => Some(b - b'a' + 10),
                    _ => None,
                };
                let mut bytes = [0; $n];
                if s.len() != 2 * $n {
                    return Err(error);
                }
                for (byte, pair) in bytes.iter_mut().zip(s.as_bytes().chunks_exact(2)) {
                    *byte = match (digit(pair[0]), digit(pair[1])) {
                        (Some(high), Some(low)) => high << 4 | low,
                        _ => return Err(error),
                    };
                }
                Ok(Self(bytes))
            }
        }
    };
}

id! {
    /// The id of a document: 16 bytes of a BLAKE3 hash of channel, message id and text. File names never enter.
    DocumentId, 16
}
id! {
    /// The id of a claim: the id of its document, then 8 bytes of a BLAKE3 hash of its form and spans.
    ///
    /// Source, cue, speaker, language and rule set do not enter: better rules keep the id.
    ClaimId, 24
}
id! {
    /// 16 bytes of a BLAKE3 hash of a text alone: the same for one text from two channels.
    ContentHash, 16
}

impl DocumentId {
    /// Returns the id of the document with this channel, message id and text; absent ones count as empty.
    #[must_use]
    pub fn of(channel: &str, message_id: &str, text: &str) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key("dictum 2026-11 document id");
        for field in [channel, message_id, text] {
            hasher.update(&(field.len() as u64).to_le_bytes()); // so that "ab", "c" and "a", "bc" differ
            hasher.update(field.as_bytes());
        }
        Self(first_bytes(&hasher))
    }
}

impl ContentHash {
    /// Returns the hash of `text`.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key("dictum 2026-11 content hash");
        hasher.update(text.as_bytes());
        Self(first_bytes(&hasher))
    }
}

impl ClaimId {
    /// Returns the id of the claim of this form in this document.
    ///
    /// The spans that count: of a quoted statement its content parts (or its content), of a question–answer pair
    /// question and answer, of a prerequisite list its items.
    #[must_use]
    pub fn of(document_id: DocumentId, form: &Form) -> Self {
        // A document has many claims, and the key costs as much as the hash.
        static KEYED: LazyLock<blake3::Hasher> =
            LazyLock::new(|| blake3::Hasher::new_derive_key("dictum 2026-11 claim id"));
        let mut hasher = KEYED.clone();
        let mut add = |spans: &[Span]| {
            for span in spans {
                hasher.update(&(span.start() as u64).to_le_bytes());
                hasher.update(&(span.end() as u64).to_le_bytes());
            }
        };
        match form {
            Form::QuotedStatement(statement) => add(statement.parts()),
            Form::QuestionAnswer(pair) => add(&[pair.question, pair.answer]),
            Form::PrerequisiteList(list) => add(&list.items),
        }
        hasher.update(&[form.kind() as u8]);
        let tail: [u8; 8] = first_bytes(&hasher);
        let mut bytes = [0; 24];
        bytes[..16].copy_from_slice(&document_id.0);
        bytes[16..].copy_from_slice(&tail);
        Self(bytes)
    }

    /// Returns the id of the document that holds the claim.
    #[must_use]
    pub fn document_id(&self) -> DocumentId {
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&self.0[..16]);
        DocumentId(bytes)
    }
}

fn first_bytes<const N: usize>(hasher: &blake3::Hasher) -> [u8; N] {
    let mut bytes = [0; N];
    hasher.finalize_xof().fill(&mut bytes);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_what_it_prints() {
        let id = DocumentId::of("Harbour Office", "12", "We open on Monday.");
        assert_eq!(id.to_string().parse(), Ok(id));
        assert!("xyz".parse::<DocumentId>().is_err());
        assert!(id.to_string().to_uppercase().parse::<DocumentId>().is_err());
    }

    #[test]
    fn the_borders_between_fields_count() {
        assert_ne!(DocumentId::of("ab", "c", ""), DocumentId::of("a", "bc", ""));
    }

    /// Ids are stored and shared: a change of the hash input breaks every user, so the value is pinned.
    #[test]
    fn ids_stay_as_they_are() {
        let id = DocumentId::of("Harbour Office", "", "We open on Monday.");
        assert_eq!(id.to_string(), PINNED_DOCUMENT);
    }
    const PINNED_DOCUMENT: &str = "25debc02e55db6dd45d78bb703d72d65";
}
