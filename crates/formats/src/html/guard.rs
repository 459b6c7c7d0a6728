//! Refuses hostile HTML before it is parsed.
//!
//! A conforming parser walks the open elements at every tag, copies unclosed formatting elements into every paragraph
//! and compares every attribute with those before it: a few megabytes can cost hours and all memory. One pass over
//! the tags bounds that work.

use memchr::{memchr, memmem};

/// Elements of one page: a tree of them is what memory holds.
const MAX_ELEMENTS: usize = 500_000;
/// `<html>` and `<body>` tags of one page.
const MAX_ROOTS: usize = 64;
/// Elements open at once.
const MAX_DEPTH: usize = 512;
/// Attributes of one tag.
const MAX_ATTRIBUTES: usize = 1000;
/// Copies of unclosed formatting elements that a parser may have to make.
const MAX_COPIES: usize = 1_000_000;

/// Bytes of a name that are looked at: more than any name that is known here has.
const MAX_NAME_BYTES: usize = 32;

const VOID: [&str; 13] =
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"];
/// Elements that need no end tag: the next of their kind closes them.
const SELF_ENDING: [&str; 11] =
    ["dd", "dt", "li", "option", "p", "tbody", "td", "tfoot", "th", "thead", "tr"];
const FORMATTING: [&str; 14] =
    ["a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"];
/// Elements whose content is no markup.
const RAW: [&str; 4] = ["script", "style", "textarea", "title"];

/// Returns whether parsing `html` costs no more than its length warrants.
pub(super) fn is_tame(html: &str) -> bool {
    let mut rest = html.as_bytes();
    let (mut elements, mut roots) = (0_usize, 0_usize);
    let (mut depth, mut formatting, mut copies) = (0_usize, 0_usize, 0_usize);
    while let Some(at) = memchr(b'<', rest) {
        rest = &rest[at + 1..];
        let (closes, name_and_more) = match rest.strip_prefix(b"/") {
            Some(more) => (true, more),
            None => (false, rest),
        };
        let is_name = |byte: &&u8| !byte.is_ascii_whitespace() && !matches!(byte, b'/' | b'>');
        let starts_like_one = name_and_more.first().is_some_and(u8::is_ascii_alphabetic);
        let length = if starts_like_one { name_and_more.iter().take_while(is_name).count() } else { 0 };
        let mut lower = [0; MAX_NAME_BYTES];
        let lower = &mut lower[..length.min(MAX_NAME_BYTES)];
        lower.copy_from_slice(&name_and_more[..lower.len()]);
        lower.make_ascii_lowercase();
        let name = std::str::from_utf8(lower).unwrap_or("?"); // no element that is known here
        // An end tag may make an element too: `</p>` does. What `<body>` says is added to the first one's attributes.
        elements += usize::from(!name.is_empty());
        roots += usize::from(!closes && matches!(name, "html" | "body"));
        if elements > MAX_ELEMENTS || roots > MAX_ROOTS {
            return false;
        }
        if name.is_empty() || VOID.contains(&name) {
            continue;
        }
        if closes {
            depth = depth.saturating_sub(usize::from(!SELF_ENDING.contains(&name)));
            formatting = formatting.saturating_sub(usize::from(FORMATTING.contains(&name)));
            continue;
        }
        copies += formatting;
        depth += usize::from(!SELF_ENDING.contains(&name));
        formatting += usize::from(FORMATTING.contains(&name));
        if depth > MAX_DEPTH || copies > MAX_COPIES || attributes(name_and_more) > MAX_ATTRIBUTES {
            return false;
        }
        if RAW.contains(&name) {
            let end = memmem::find(rest, format!("</{name}").as_bytes());
            rest = &rest[end.unwrap_or(rest.len())..];
        }
    }
    true
}

/// Counts the attributes of the tag that starts here, up to a little more than are allowed.
fn attributes(tag: &[u8]) -> usize {
    let mut quote = None;
    let mut count = 0;
    let mut after_blank = false;
    for &byte in tag {
        match (quote, byte) {
            (Some(open), _) if byte == open => quote = None,
            (Some(_), _) => {}
            (None, b'>') => break,
            (None, b'"' | b'\'') => quote = Some(byte),
            (None, _) => {
                let blank = byte.is_ascii_whitespace() || byte == b'/';
                count += usize::from(after_blank && !blank);
                after_blank = blank;
            }
        }
        if count > MAX_ATTRIBUTES {
            break;
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_markup_is_told_from_long_markup() {
        assert!(is_tame(&"<div><p>One<br>two<p>three</div>".repeat(10_000)));
        assert!(is_tame(&"<p><b>One</b> two".repeat(10_000)));
        assert!(is_tame(&format!("<script>{}</script>", "'<div>'".repeat(10_000))));
        assert!(is_tame(&format!("<img src='data:{}'>", "a b ".repeat(10_000))));
        assert!(!is_tame(&"<div>".repeat(10_000)));
        assert!(!is_tame(&"<p>".repeat(600_000)));
        assert!(!is_tame(&"</p>".repeat(600_000)));
        assert!(!is_tame(&"<body a></body>".repeat(100)));
        assert!(!is_tame(&"<p-with-a-name-of-our-own-that-is-long>".repeat(10_000)));
        assert!(is_tame(&"1 < 2 <> ".repeat(10_000)));
        assert!(!is_tame(&("<font>".repeat(400) + &"<p>x".repeat(100_000))));
        assert!(!is_tame(&format!("<p{}>", " a=b".repeat(10_000))));
    }
}
