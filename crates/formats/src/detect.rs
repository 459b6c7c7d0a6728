//! Finds out encoding and format of a source file from its first bytes.

use memchr::memmem;
use serde::de::IgnoredAny;

use crate::{Format, csv, dump, html};

/// Bytes that are looked at.
pub(crate) const HEAD_BYTES: usize = 256 * 1024;
/// The byte order mark of UTF-8.
pub(crate) const UTF8_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Bytes in which a page or a feed shows that it is one.
const MARKUP_START_BYTES: usize = 4096;
const FEED_TAGS: [&str; 3] = ["<rss", "<feed", "<rdf:rdf"];
const PAGE_TAGS: [&str; 9] =
    ["<!doctype html", "<html", "<head", "<body", "<article", "<main", "<div", "<p>", "<h1"];

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
    let start = head.trim_ascii_start();
    let marked_up = || {
        json(start).or_else(|| markup(start)).or_else(|| csv::has_header(start).then_some(Format::MessageCsv))
    };
    let text = || if dump::evidence(head) { Format::ChannelDump } else { Format::PlainText };
    marked_up().unwrap_or_else(text)
}

/// Returns the format of a file that starts like HTML or XML.
fn markup(head: &[u8]) -> Option<Format> {
    if head.first() != Some(&b'<') {
        return None;
    }
    let has = |words: &str| memmem::find(head, words.as_bytes()).is_some();
    if has(html::PREVIEW_MARKER) {
        return Some(Format::TelegramPreview);
    }
    if has(html::EXPORT_MARKER) || has("class=\"page_header\"") {
        return Some(Format::TelegramHtml);
    }
    let start = head[..head.len().min(MARKUP_START_BYTES)].to_ascii_lowercase();
    let starts_like = |tags: &[&str]| tags.iter().any(|tag| memmem::find(&start, tag.as_bytes()).is_some());
    // A feed may carry pages; a page carries no feed.
    if starts_like(&FEED_TAGS) {
        Some(Format::Feed)
    } else if starts_like(&PAGE_TAGS) {
        Some(Format::ArticleHtml)
    } else {
        None
    }
}

/// Returns the format of a file that starts like JSON.
fn json(head: &[u8]) -> Option<Format> {
    let opens =
        |rest: &[u8], expected: &[u8]| rest.trim_ascii_start().first().is_some_and(|b| expected.contains(b));
    match head {
        [b'[', rest @ ..] if opens(rest, b"{]") => Some(Format::TelethonJson),
        [b'{', rest @ ..] if opens(rest, b"\"}") => {
            let line = head.split(|&byte| byte == b'\n').next().unwrap_or_default();
            let first_line_is_whole = serde_json::from_slice::<IgnoredAny>(line).is_ok();
            let has_key = |key: &[u8]| memmem::find(head, key).is_some();
            if has_key(b"//jsonfeed.org/version/") || has_key(br"\/\/jsonfeed.org\/version\/") {
                return Some(Format::Feed);
            }
            let lists_messages = has_key(b"\"messages\"") || has_key(b"\"chats\"");
            let first_line_lists = memmem::find(line, b"\"messages\":").is_some();
            let is_ndjson = if first_line_is_whole { !first_line_lists } else { !lists_messages };
            Some(if is_ndjson { Format::Ndjson } else { Format::TelegramJson })
        }
        _ => None,
    }
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
