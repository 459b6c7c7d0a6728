//! The main language of a text.

use std::sync::LazyLock;

use serde::Deserialize;
use whatlang::{Lang, Script};

use crate::{
    lexicon,
    table::{Entries, Table},
};

/// Letters that are looked at: more do not make the guess better, only slower.
const SAMPLE_BYTES: usize = 1_024;
/// So many words must be looked at before their share decides.
const MIN_WORDS: usize = 12;
/// One word of so many must be a small word of the language: in running English it is one of two to three.
const MAX_WORDS_PER_SMALL_WORD: usize = 5;
/// After so many words a language is clear that has one small word of so many, and twice as many as any other.
const CLEAR_WORDS: usize = 48;
const CLEAR_WORDS_PER_SMALL_WORD: usize = 4;
/// Shorter samples are not guessed at.
const MIN_LETTERS: usize = 24;

/// The language of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Language {
    /// BCP 47 tag; `None` when it is not certain.
    pub(crate) tag: Option<&'static str>,
    /// Whether there may be word lists for it.
    pub(crate) is_supported: bool,
}

/// Finds the main language.
///
/// Hashtags, mentions, addresses and emoji are left out: they are in English under posts of any language.
pub(crate) fn detect(text: &str) -> Language {
    let found = |tag| Language { tag: Some(tag), is_supported: lexicon::supports(tag) };
    if let Some(tag) = by_small_words(words(text)) {
        return found(tag);
    }
    // Capital letters and commas matter only where few of the words were known.
    let sample = sample(text);
    if let Some(tag) = plain(&sample).and_then(|plain| by_small_words(plain.split(' '))) {
        return found(tag);
    }
    if sample.chars().filter(|c| c.is_alphabetic()).count() < MIN_LETTERS {
        return Language { tag: None, is_supported: true };
    }
    let info = whatlang::detect(&sample);
    let tag = info.as_ref().filter(|info| info.is_reliable()).and_then(|info| tag(info.lang()));
    let is_supported = match (tag, info) {
        (Some(tag), _) => lexicon::supports(tag),
        // Short texts are often uncertain, but no list of ours is in another script than these.
        (None, Some(info)) => matches!(info.script(), Script::Latin | Script::Cyrillic),
        (None, None) => false,
    };
    Language { tag, is_supported }
}

/// One `language.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct LanguageFile {
    function_words: Vec<String>,
}

/// The small words of all languages.
struct SmallWords {
    /// The tags, in the order of the bits.
    tags: Vec<&'static str>,
    /// Word → one bit for each language that has it.
    languages: Table<u32>,
    /// Bytes of the longest.
    longest: usize,
}

static SMALL_WORDS: LazyLock<SmallWords> = LazyLock::new(|| {
    let mut all = SmallWords { tags: Vec::new(), languages: Table::default(), longest: 0 };
    let mut entries = Entries::<u32>::default();
    for (tag, file) in lexicon::load::<LanguageFile>("language.toml") {
        for word in file.function_words {
            if let Some(languages) = entries.entry(&word) {
                *languages |= 1 << all.tags.len();
            }
            all.longest = all.longest.max(word.len());
        }
        all.tags.push(tag);
    }
    all.languages = entries.into_table();
    all
});

/// Tells a language by its small words: thirty times as fast as by its letters, and as certain where there are enough.
fn by_small_words<'t>(words: impl Iterator<Item = &'t str>) -> Option<&'static str> {
    let small = &*SMALL_WORDS;
    let mut n_words = 0;
    let mut n_small = [0; u32::BITS as usize];
    for word in words {
        if n_words == 0 && !is_latin(word) {
            return None;
        }
        n_words += 1;
        if word.len() <= small.longest && !word.bytes().any(|byte| byte.is_ascii_uppercase()) {
            let mut languages = small.languages.look_up(word);
            while languages != 0 {
                n_small[languages.trailing_zeros() as usize] += 1;
                languages &= languages - 1;
            }
        }
        if n_words == CLEAR_WORDS
            && let Some(tag) = clear(&n_small)
        {
            return Some(tag);
        }
    }
    let mut counted = small.tags.iter().zip(n_small);
    counted
        .find(|(_, n_small)| n_words >= MIN_WORDS && n_small * MAX_WORDS_PER_SMALL_WORD >= n_words)
        .map(|(tag, _)| *tag)
}

/// Returns the language that has far more of the first small words than any other.
fn clear(n_small: &[usize]) -> Option<&'static str> {
    let most = n_small.iter().copied().max()?;
    let mut near = n_small.iter().enumerate().filter(|(_, n)| **n * 2 > most);
    let (language, _) = near.next()?;
    let alone = near.next().is_none() && most * CLEAR_WORDS_PER_SMALL_WORD >= CLEAR_WORDS;
    SMALL_WORDS.tags.get(language).copied().filter(|_| alone)
}

/// Returns whether the sample starts in Latin letters, behind any marks.
fn is_latin(sample: &str) -> bool {
    // All other scripts that are read start higher.
    sample.chars().find(|c| c.is_alphabetic()).is_some_and(|first| first < '\u{370}')
}

/// Returns the first words of the text that are words of its language.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let mut n_bytes = 0;
    let fitting = blank_parted(text).map_while(move |word| {
        if n_bytes + word.len() >= SAMPLE_BYTES {
            return None;
        }
        let own = is_own(word);
        n_bytes += if own { word.len() + 1 } else { 0 };
        Some((word, own))
    });
    fitting.filter(|(_, own)| *own).map(|(word, _)| word)
}

/// Returns the first bytes of a text, or a few less where a character would be cut.
pub(crate) fn head(text: &str, max_bytes: usize) -> &str {
    let end = (0..=max_bytes.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    &text[..end.unwrap_or(0)]
}

/// Splits at blanks, as `split_whitespace` does, but fast in ASCII. Of a word that fills the sample, no end is sought.
fn blank_parted(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        rest = rest.trim_start();
        let near = head(rest, SAMPLE_BYTES);
        let plain = near.bytes().take_while(u8::is_ascii_graphic).count();
        let length = match near.as_bytes().get(plain) {
            Some(b'\t'..=b'\r' | b' ') | None => plain,
            Some(_) => near.find(char::is_whitespace).unwrap_or(near.len()),
        };
        let (word, behind) = rest.split_at(length);
        rest = behind;
        (!word.is_empty()).then_some(word)
    })
}

/// Returns these words, each with a blank behind it.
fn sample(text: &str) -> String {
    let mut sample = String::with_capacity(SAMPLE_BYTES);
    for word in words(text) {
        sample.push_str(word);
        sample.push(' ');
    }
    sample
}

/// Returns whether it is a word, and no hashtag, mention or address.
fn is_own(word: &str) -> bool {
    if word.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        return true;
    }
    let foreign = word.bytes().any(|byte| matches!(byte, b'#' | b'@')) || is_address(word);
    !foreign && word.chars().any(char::is_alphabetic)
}

/// Returns the words in small letters, without the signs around them.
///
/// `None` in other scripts than Latin, whose small words are not counted.
fn plain(sample: &str) -> Option<String> {
    if !is_latin(sample) {
        return None;
    }
    let words = sample.split(' ').map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()));
    Some(words.collect::<Vec<_>>().join(" ").to_lowercase())
}

/// Looks for the colon first: looking for `://` in each word costs more than all else.
fn is_address(word: &str) -> bool {
    word.bytes().any(|byte| byte == b':') && word.contains("://")
}

/// Returns the shortest tag of a language, as BCP 47 asks.
fn tag(lang: Lang) -> Option<&'static str> {
    Some(match lang {
        Lang::Afr => "af",
        Lang::Ara => "ar",
        Lang::Aze => "az",
        Lang::Bel => "be",
        Lang::Ben => "bn",
        Lang::Bul => "bg",
        Lang::Cat => "ca",
        Lang::Ces => "cs",
        Lang::Cmn => "zh",
        Lang::Dan => "da",
        Lang::Deu => "de",
        Lang::Ell => "el",
        Lang::Eng => "en",
        Lang::Epo => "eo",
        Lang::Est => "et",
        Lang::Fin => "fi",
        Lang::Fra => "fr",
        Lang::Guj => "gu",
        Lang::Heb => "he",
        Lang::Hin => "hi",
        Lang::Hrv => "hr",
        Lang::Hun => "hu",
        Lang::Hye => "hy",
        Lang::Ind => "id",
        Lang::Ita => "it",
        Lang::Jav => "jv",
        Lang::Jpn => "ja",
        Lang::Kan => "kn",
        Lang::Kat => "ka",
        Lang::Khm => "km",
        Lang::Kor => "ko",
        Lang::Lat => "la",
        Lang::Lav => "lv",
        Lang::Lit => "lt",
        Lang::Mal => "ml",
        Lang::Mar => "mr",
        Lang::Mkd => "mk",
        Lang::Mya => "my",
        Lang::Nep => "ne",
        Lang::Nld => "nl",
        Lang::Nob => "nb",
        Lang::Ori => "or",
        Lang::Pan => "pa",
        Lang::Pes => "fa",
        Lang::Pol => "pl",
        Lang::Por => "pt",
        Lang::Ron => "ro",
        Lang::Rus => "ru",
        Lang::Sin => "si",
        Lang::Slk => "sk",
        Lang::Slv => "sl",
        Lang::Sna => "sn",
        Lang::Spa => "es",
        Lang::Srp => "sr",
        Lang::Swe => "sv",
        Lang::Tam => "ta",
        Lang::Tel => "te",
        Lang::Tgl => "tl",
        Lang::Tha => "th",
        Lang::Tuk => "tk",
        Lang::Tur => "tr",
        Lang::Ukr => "uk",
        Lang::Urd => "ur",
        Lang::Uzb => "uz",
        Lang::Vie => "vi",
        Lang::Yid => "yi",
        Lang::Zul => "zu",
        _ => return None,
    })
}
