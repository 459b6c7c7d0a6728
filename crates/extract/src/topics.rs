//! Hashtags.

use std::collections::HashSet;

use memchr::memchr_iter;

/// Returns the hashtags of the text without `#`: case kept, once each, in the order of the text.
///
/// As on the social networks that have them, a hashtag is a run of letters, digits and `_` that is not all digits
/// and does not follow a letter or digit (`C#sharp`, `page#part` hold none).
pub(crate) fn find(text: &str) -> Vec<String> {
    let (mut topics, mut seen) = (Vec::new(), HashSet::new());
    for at in memchr_iter(b'#', text.as_bytes()) {
        if text[..at]
            .chars()
            .next_back()
            .is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '/' | '&' | '#'))
        {
            continue;
        }
        let tag = &text[at + 1..at + 1 + tag_length(&text[at + 1..])];
        if tag.chars().any(|c| !c.is_numeric() && c != '_') && seen.insert(tag) {
            topics.push(tag.to_owned());
        }
    }
    topics
}

/// Returns the length in bytes of the hashtag at the start of `rest`, without `#`; combining signs belong to letters.
fn tag_length(rest: &str) -> usize {
    rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || is_mark(c))).unwrap_or(rest.len())
}

/// Returns whether `c` is a vowel sign or accent of a script that hashtags are written in.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36F}' | '\u{900}'..='\u{903}' | '\u{93A}'..='\u{94F}' | '\u{64B}'..='\u{65F}')
}

#[cfg(test)]
mod tests {
    use super::find;

    #[test]
    fn hashtags_keep_case_and_order_and_come_once() {
        assert_eq!(find("#Harbour, in #2024 (#G7) #Harbour a#b # ##x #नदी।"), ["Harbour", "G7", "नदी"]);
        assert_eq!(find("see https://x.example/#part &#39;"), [""; 0]);
    }
}
