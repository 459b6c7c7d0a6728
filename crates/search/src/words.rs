//! Words of a text: where they are, their folded form, their stem.

use std::ops::Range;

use rust_stemmers::{Algorithm, Stemmer};
use unicode_normalization::UnicodeNormalization;

/// Longer runs of letters are no words that anybody looks for.
const MAX_WORD_BYTES: usize = 100;

/// A word of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Word {
    /// Lower case, without Latin, Greek and Cyrillic diacritics.
    pub(crate) folded: String,
    /// Its bytes in the text.
    pub(crate) place: Range<usize>,
}

/// Returns the words of a text. Scripts without blanks have a word for each sign.
pub(crate) fn words(text: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let mut start = None;
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        let alone = is_ideograph(c);
        if alone || !is_part_of_word(c) {
            if let Some(start) = start.take() {
                words.extend(word(text, start..at));
            }
            if alone {
                words.extend(word(text, at..at + c.len_utf8()));
            }
        } else {
            start = start.or(Some(at));
        }
    }
    words
}

fn word(text: &str, place: Range<usize>) -> Option<Word> {
    let folded: String =
        text[place.clone()].nfkd().filter(|c| !is_mark(*c)).flat_map(char::to_lowercase).nfc().collect();
    (!folded.is_empty() && folded.len() <= MAX_WORD_BYTES).then_some(Word { folded, place })
}

fn is_part_of_word(c: char) -> bool {
    c.is_alphanumeric() || is_mark(c) || ('\u{900}'..='\u{DFF}').contains(&c)
}

fn is_mark(c: char) -> bool {
    ('\u{300}'..='\u{36F}').contains(&c)
}

fn is_ideograph(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30FF}' | '\u{3400}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{323AF}')
}

/// The languages whose words are stemmed.
pub(crate) const STEMMED: [&str; 9] = ["ar", "de", "en", "es", "fr", "it", "pt", "ru", "tr"];

/// Stems the words of one language.
pub(crate) struct Stems {
    language: &'static str,
    stemmer: Stemmer,
}

impl Stems {
    /// Returns the stemmer of a language by its BCP 47 tag; `None` where there is none.
    pub(crate) fn of(language: &str) -> Option<Self> {
        let primary = language.split('-').next()?;
        let language = STEMMED.into_iter().find(|known| *known == primary)?;
        let algorithm = match language {
            "ar" => Algorithm::Arabic,
            "de" => Algorithm::German,
            "en" => Algorithm::English,
            "es" => Algorithm::Spanish,
            "fr" => Algorithm::French,
            "it" => Algorithm::Italian,
            "pt" => Algorithm::Portuguese,
            "ru" => Algorithm::Russian,
            _ => Algorithm::Turkish,
        };
        Some(Self { language, stemmer: Stemmer::create(algorithm) })
    }

    /// Returns the term of a folded word's stem: no word of a text looks like it.
    pub(crate) fn term(&self, folded: &str) -> String {
        format!("{}~{}", self.language, self.stemmer.stem(folded))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_folded_where_they_stand() {
        let text = "💬 Zoë’s  Żółw, 港口 हिन्दी";
        let found: Vec<_> = words(text).into_iter().map(|word| (word.folded, &text[word.place])).collect();
        let expected =
            [("zoe", "Zoë"), ("s", "s"), ("zołw", "Żółw"), ("港", "港"), ("口", "口"), ("हिन्दी", "हिन्दी")];
        assert_eq!(found, expected.map(|(folded, text)| (folded.to_owned(), text)));
    }

    #[test]
    fn stems_join_the_forms_of_a_word_within_a_language() {
        let english = Stems::of("en-GB").unwrap();
        assert_eq!(english.term("bridges"), english.term("bridge"));
        assert_ne!(english.term("bridge"), Stems::of("de").unwrap().term("bridge"));
        assert!(Stems::of("zh").is_none());
    }
}
