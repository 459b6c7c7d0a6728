//! The main language of a text.

use std::sync::LazyLock;

use serde::Deserialize;
use whatlang::{Lang, Script};

use crate::lexicon::{self, WordMap};

/// Letters that are looked at: more do not make the guess better, only slower.
const SAMPLE_BYTES: usize = 1_024;
/// So many words must be looked at before their share decides.
const MIN_WORDS: usize = 12;
/// One word of so many must be a small word of the language: in running English it is one of two to three.
const MAX_WORDS_PER_SMALL_WORD: usize = 5;
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
    let sample = sample(text);
    // Capital letters and commas matter only where few of the words were known.
    if let Some(tag) = by_small_words(&sample).or_else(|| by_small_words(&plain(&sample)?)) {
        return Language { tag: Some(tag), is_supported: lexicon::supports(tag) };
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
    languages: WordMap<u32>,
}

static SMALL_WORDS: LazyLock<SmallWords> = LazyLock::new(|| {
    let mut all = SmallWords { tags: Vec::new(), languages: WordMap::default() };
    for (tag, file) in lexicon::load::<LanguageFile>("language.toml") {
        for word in file.function_words {
            *all.languages.entry(word).or_default() |= 1 << all.tags.len();
        }
        all.tags.push(tag);
    }
    all
});

/// Tells a language by its small words: thirty times as fast as by its letters, and as certain where there are enough.
fn by_small_words(sample: &str) -> Option<&'static str> {
    if !is_latin(sample) {
        return None;
    }
    let mut n_words = 0;
    let mut n_small = [0; u32::BITS as usize];
    for word in sample.split(' ') {
        n_words += 1;
        let mut languages = SMALL_WORDS.languages.get(word).copied().unwrap_or(0);
        while languages != 0 {
            n_small[languages.trailing_zeros() as usize] += 1;
            languages &= languages - 1;
        }
    }
    let mut counted = SMALL_WORDS.tags.iter().zip(n_small);
    counted
        .find(|(_, n_small)| n_words >= MIN_WORDS && n_small * MAX_WORDS_PER_SMALL_WORD >= n_words)
        .map(|(tag, _)| *tag)
}

/// Returns whether the sample starts in Latin letters; all other scripts that are read have higher first bytes.
fn is_latin(sample: &str) -> bool {
    sample.as_bytes().first().is_some_and(|first| *first < 0xD0)
}

/// Returns the first words of the text that are words of its language.
fn sample(text: &str) -> String {
    let mut sample = String::with_capacity(SAMPLE_BYTES);
    for word in text.split_whitespace() {
        if sample.len() + word.len() >= SAMPLE_BYTES {
            break;
        }
        let foreign = word.bytes().any(|byte| matches!(byte, b'#' | b'@')) || is_address(word);
        if !foreign && word.chars().any(char::is_alphabetic) {
            sample.push_str(word);
            sample.push(' ');
        }
    }
    sample
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
