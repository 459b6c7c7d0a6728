//! Finds out encoding and format of a source file from its first bytes.

use crate::{Format, dump};

/// Bytes that are looked at.
pub(crate) const HEAD_BYTES: usize = 256 * 1024;
/// The byte order mark of UTF-8.
pub(crate) const UTF8_MARK: &[u8] = b"\xEF\xBB\xBF";

/// How the characters of a source file are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// UTF-8, or what is taken for it until a bad byte turns up.
    Utf8,
    /// UTF-8 after a byte order mark.
    Utf8WithMark,
    /// Another one, by name.
    Other(&'static str),
}

/// Returns the encoding that a byte order mark or the zero bytes of ASCII in wide characters show.
pub(crate) fn encoding(head: &[u8]) -> Encoding {
    match head {
        [0xEF, 0xBB, 0xBF, ..] => Encoding::Utf8WithMark,
        [0xFF, 0xFE, 0, 0, ..] | [0, 0, 0xFE, 0xFF, ..] => Encoding::Other("UTF-32"),
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => Encoding::Other("UTF-16"),
        [first, 0, second, 0, ..] | [0, first, 0, second, ..] if *first != 0 && *second != 0 => {
            Encoding::Other("UTF-16")
        }
        _ => Encoding::Utf8,
    }
}

/// Returns the format that the first bytes show; never [`Format::Auto`].
pub(crate) fn format(head: &[u8]) -> Format {
    if dump::evidence(head) { Format::ChannelDump } else { Format::PlainText }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_characters_are_noticed() {
        assert_eq!(encoding(b"\xFF\xFEH\0i\0"), Encoding::Other("UTF-16"));
        assert_eq!(encoding(b"\0H\0i"), Encoding::Other("UTF-16"));
        assert_eq!(encoding(b"Hi"), Encoding::Utf8);
        assert_eq!(encoding(b""), Encoding::Utf8);
    }

    #[test]
    fn an_article_is_one_document() {
        let article =
            "Harbour opens\n\n\"No.\"\n\n\"No.\"\n\nForwarded from the desk, she said.\n\nIt rains.\n";
        assert_eq!(format(article.as_bytes()), Format::PlainText);
    }
}
