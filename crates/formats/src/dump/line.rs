//! What a line of a channel dump is: header, media residue, link, title or text. Judged by the line alone.

use std::str;

/// What a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LineKind {
    /// Nothing but white space.
    Blank,
    /// Stands for a picture or video: `Media is too big`.
    Media,
    /// A link's words alone: `Read in full`. It stays in the text, but says nothing when copies are compared.
    Link,
    /// The heading that opens a post: `🎙 …`.
    Title,
    /// Anything else.
    Text,
}

/// Longest name of a channel in a header, in characters: Telegram allows 128, an author's signature may follow.
const MAX_NAME_CHARS: usize = 200;
/// Longest line that may be a link's words, in bytes.
const MAX_LINK_BYTES: usize = 120;

const MEDIA_LINES: [&str; 6] = [
    "media is too big",
    "view in telegram",
    "this media is not supported in your browser",
    "this media is not supported in the widget",
    "please open telegram to view this post",
    "video is too big",
];

const LINK_STARTS: [&str; 9] = [
    "read in full",
    "read more",
    "read the full",
    "full text",
    "full transcript",
    "full video",
    "watch in full",
    "watch the full",
    "watch live",
];

/// Returns `line` without the white space that ends it: a carriage return, blanks, no-break spaces.
pub(crate) fn trim_end(line: &[u8]) -> &[u8] {
    let mut line = line;
    loop {
        let trimmed = line.trim_ascii_end();
        let trimmed = trimmed.strip_suffix("\u{a0}".as_bytes()).unwrap_or(trimmed);
        if trimmed.len() == line.len() {
            return line;
        }
        line = trimmed;
    }
}

/// Returns the name as written in the header `Forwarded from NAME`, or `None` when the line is no header.
///
/// The name may be bytes that are not UTF-8: the line opens a document all the same.
pub(crate) fn header_name(line: &[u8]) -> Option<&[u8]> {
    let rest = trim_end(line).trim_ascii_start().strip_prefix(b"Forwarded from")?;
    let name = rest.strip_prefix(b" ").or_else(|| rest.strip_prefix("\u{a0}".as_bytes()))?.trim_ascii_start();
    let sentence_goes_on = name.last().is_some_and(|last| b".,;:".contains(last));
    (!name.is_empty() && char_count(name) <= MAX_NAME_CHARS && !sentence_goes_on).then_some(name)
}

/// Returns what the line is; headers are not told apart here.
pub(crate) fn kind(line: &[u8]) -> LineKind {
    let line = trim_end(line).trim_ascii_start();
    if line.is_empty() {
        return LineKind::Blank;
    }
    if line.starts_with("🎙".as_bytes()) {
        return LineKind::Title;
    }
    if line.len() > MAX_LINK_BYTES {
        return LineKind::Text;
    }
    let Ok(line) = str::from_utf8(line) else { return LineKind::Text };
    let words = line.trim_matches(|c: char| !c.is_alphanumeric()).to_ascii_lowercase();
    if MEDIA_LINES.contains(&words.as_str()) {
        LineKind::Media
    } else if is_link(line, &words) {
        LineKind::Link
    } else {
        LineKind::Text
    }
}

fn is_link(line: &str, words: &str) -> bool {
    let ends_like_a_sentence = line.ends_with(['.', '!', '?', ';', ',']);
    let is_address =
        |word: &str| word.starts_with("http://") || word.starts_with("https://") || word.starts_with("t.me/");
    let led_by_link_words =
        words == "watch" || LINK_STARTS.iter().any(|start| words.starts_with(start)) && !ends_like_a_sentence;
    led_by_link_words || (is_address(words) && !words.contains(char::is_whitespace))
}

/// Returns the number of characters, of valid UTF-8; of other bytes, some number no greater than theirs.
pub(crate) fn char_count(line: &[u8]) -> usize {
    line.iter().filter(|&&byte| byte & 0xC0 != 0x80).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_told_from_sentences() {
        let name = |line: &'static str| header_name(line.as_bytes()).map(|n| str::from_utf8(n).unwrap());
        assert_eq!(name("Forwarded from Harbour Office 🇦🇶\r"), Some("Harbour Office 🇦🇶"));
        assert_eq!(name("Forwarded from\u{a0}Harbour Office"), Some("Harbour Office"));
        assert_eq!(name("Forwarded from the committee, the bill was read twice."), None);
        assert_eq!(name("Forwarded from"), None);
        assert_eq!(name("Forwarded fromage"), None);
    }

    #[test]
    fn each_line_is_of_one_kind() {
        for (line, expected) in [
            ("  \r", LineKind::Blank),
            ("\u{a0}", LineKind::Blank),
            ("VIEW IN TELEGRAM\r", LineKind::Media),
            ("Media is too big", LineKind::Media),
            ("Media is too big for one mast", LineKind::Text),
            ("👉 Read in full", LineKind::Link),
            ("Read more about the Regatta-2031", LineKind::Link),
            ("Read more books, and read them twice.", LineKind::Text),
            ("https://harbour.example/a/b", LineKind::Link),
            ("🎙\u{fe0f} The Harbour Master’s remarks", LineKind::Title),
            ("<...>", LineKind::Text),
        ] {
            assert_eq!(kind(line.as_bytes()), expected, "{line:?}");
        }
    }
}
