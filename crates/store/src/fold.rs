//! The one form of a name under which it is indexed and compared.

use unicode_normalization::UnicodeNormalization;

/// Most bytes of a folded value that stand in a key; longer ones are cut and told apart by a hash.
const MAX_FOLDED_BYTES: usize = 160;

/// Returns `text` in lower case, without Latin, Greek and Cyrillic diacritics, signs of no width and control
/// characters, with single blanks; a leading `#` falls away.
///
/// A text that would be longer than 160 bytes is cut and ends in a hash of the whole, so that keys stay short and
/// different texts stay different.
pub(crate) fn fold(text: &str) -> String {
    if text.bytes().all(is_plain)
        && !text.starts_with([' ', '#'])
        && !text.ends_with(' ')
        && !text.contains("  ")
    {
        return cut(text.to_ascii_lowercase());
    }
    let text = text.trim_start().trim_start_matches('#');
    let mut folded = String::with_capacity(text.len());
    let letters = text.nfkd().filter(|c| !is_diacritic(*c)).flat_map(char::to_lowercase).nfc();
    for c in letters {
        match c {
            c if c.is_whitespace() && !folded.is_empty() && !folded.ends_with(' ') => folded.push(' '),
            c if c.is_whitespace() || c.is_control() || is_without_width(c) => {}
            c => folded.push(c),
        }
    }
    folded.truncate(folded.trim_end().len());
    cut(folded)
}

fn is_plain(byte: u8) -> bool {
    (b' '..0x7F).contains(&byte)
}

/// The block of marks that Latin, Greek and Cyrillic letters carry. The marks of other scripts are letters in their
/// own right (vowels of Devanagari, say) and stay.
fn is_diacritic(c: char) -> bool {
    ('\u{300}'..='\u{36F}').contains(&c)
}

fn is_without_width(c: char) -> bool {
    matches!(c, '\u{AD}' | '\u{200B}'..='\u{200F}' | '\u{2060}' | '\u{FE0E}' | '\u{FE0F}' | '\u{FEFF}')
}

fn cut(folded: String) -> String {
    if folded.len() <= MAX_FOLDED_BYTES {
        return folded;
    }
    let hash = blake3::hash(folded.as_bytes()).to_hex();
    let mut end = MAX_FOLDED_BYTES - 17;
    while !folded.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}~{}", &folded[..end], &hash[..16])
}

#[cfg(test)]
mod tests {
    use super::fold;

    #[test]
    fn case_diacritics_and_blanks_do_not_count() {
        for (text, folded) in [
            ("Zoë  Brontë", "zoe bronte"),
            (" #Harbour ", "harbour"),
            ("İpek\u{a0}Çelik", "ipek celik"),
            ("ÉMILE\u{200d}", "emile"),
            ("हिन्दी", "हिन्दी"),
            ("a\0b", "ab"),
        ] {
            assert_eq!(fold(text), folded);
            assert_eq!(fold(folded), folded);
        }
    }

    #[test]
    fn long_names_stay_different_and_short() {
        let (a, b) = (fold(&format!("{}a", "é".repeat(400))), fold(&format!("{}b", "é".repeat(400))));
        assert!(a != b && a.len() <= 160);
    }
}
