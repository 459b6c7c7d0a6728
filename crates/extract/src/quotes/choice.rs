//! Whose words a text is read with where it is too short, or too mixed, for its language to be certain.

use super::words::{Classes, Words};
use crate::{language, table::Key};

/// Words that are looked at.
const SAMPLE_WORDS: usize = 64;
/// Bytes in which these words are sought.
const SAMPLE_BYTES: usize = 16_384;
/// The language of a text that shows no other.
const DEFAULT_LANGUAGE: &str = "en";

/// Returns the words of the language; where it is not certain, of the one that knows most of the text's words.
pub(super) fn words(language: Option<&str>, text: &str) -> Option<&'static Words> {
    if let Some(language) = language {
        return Words::of(language);
    }
    let text = language::head(text, SAMPLE_BYTES);
    let letters = |c: char| !c.is_alphanumeric() && c != '\'' && c != '’';
    let sample: Vec<Key> =
        text.split(letters).filter(|word| !word.is_empty()).take(SAMPLE_WORDS).filter_map(Key::of).collect();
    let known = |words: &Words| {
        let is_known = |key: &&Key| {
            let word = words.find(key);
            word.classes != Classes::NONE || word.is_cue()
        };
        sample.iter().filter(is_known).count()
    };
    let default = Words::of(DEFAULT_LANGUAGE)?;
    let mut best = (known(default), default);
    for words in Words::all() {
        let count = known(words);
        if count > best.0 {
            best = (count, words);
        }
    }
    Some(best.1)
}
