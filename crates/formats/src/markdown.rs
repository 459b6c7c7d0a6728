//! The Markdown that Telegram's client libraries write into a message's text, resolved into plain text.

/// Marks that stand in pairs around words: bold, italic, struck out, hidden.
const PAIRS: [&str; 4] = ["**", "__", "~~", "||"];

/// Returns the text without marks of emphasis and with links as their words. A mark without its partner on the same
/// line is text.
pub(crate) fn to_plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        write_line(line, &mut plain);
    }
    plain
}

fn write_line(line: &str, plain: &mut String) {
    let mut rest = line;
    while let Some(at) = rest.find(['*', '_', '~', '|', '[']) {
        plain.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some((words, after)) = emphasis(rest).or_else(|| link(rest)) {
            // What is inside may hold marks again; it is shorter, so this ends.
            write_line(words, plain);
            rest = after;
        } else {
            plain.push_str(&rest[..1]);
            rest = &rest[1..];
        }
    }
    plain.push_str(rest);
}

/// Splits `**words** after`.
fn emphasis(text: &str) -> Option<(&str, &str)> {
    let mark = PAIRS.into_iter().find(|mark| text.starts_with(mark))?;
    let (words, after) = text[mark.len()..].split_once(mark)?;
    let stands_for_itself = words.trim().is_empty();
    (!stands_for_itself).then_some((words, after))
}

/// Splits `[words](https://address) after`.
fn link(text: &str) -> Option<(&str, &str)> {
    let (words, address) = text.strip_prefix('[')?.split_once("](")?;
    let (address, after) = address.split_once(')')?;
    let is_address =
        ["http://", "https://", "tg://", "mailto:"].iter().any(|start| address.starts_with(start));
    (is_address && !words.contains('[') && !address.contains(char::is_whitespace)).then_some((words, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_in_pairs_are_no_text() {
        for (markdown, plain) in [
            ("**💬 Odile Brandt:** We __open__.", "💬 Odile Brandt: We open."),
            ("[Read in full](https://pier.example/a_b)", "Read in full"),
            ("**[Pier](https://pier.example)** is **open", "Pier is **open"),
            ("a snake_case__name, 2**3 and [...] (sic)", "a snake_case__name, 2**3 and [...] (sic)"),
            ("**one\ntwo**", "**one\ntwo**"),
            ("****", "****"),
        ] {
            assert_eq!(to_plain(markdown), plain);
        }
    }
}
