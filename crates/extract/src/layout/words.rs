//! The words of `layout.toml`, of all languages together: a heading may be in another language than its text.

use std::sync::LazyLock;

use serde::Deserialize;

use crate::lexicon::{self, WordSet};

/// The words that carry the layout. Each list is described in `data/en/layout.toml`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Words {
    pub(super) question_labels: WordSet,
    pub(super) answer_labels: WordSet,
    pub(super) key_points: Vec<String>,
    pub(super) link_starts: Vec<String>,
    pub(super) speech_nouns: WordSet,
    pub(super) speech_verbs: WordSet,
    pub(super) by_words: WordSet,
    pub(super) stop_words: WordSet,
    pub(super) soft_stop_words: WordSet,
    pub(super) label_starts: Vec<String>,
    pub(super) asker_starts: Vec<String>,
    pub(super) medium_nouns: WordSet,
    pub(super) generic_askers: WordSet,
    pub(super) heading_starts: Vec<String>,
    pub(super) not_names: WordSet,
    pub(super) first_person: WordSet,
}

pub(super) static WORDS: LazyLock<Words> = LazyLock::new(|| {
    let mut all = Words::default();
    for (_, file) in lexicon::load::<Words>("layout.toml") {
        all.question_labels.extend(file.question_labels);
        all.answer_labels.extend(file.answer_labels);
        all.key_points.extend(file.key_points);
        all.link_starts.extend(file.link_starts);
        all.speech_nouns.extend(file.speech_nouns);
        all.speech_verbs.extend(file.speech_verbs);
        all.by_words.extend(file.by_words);
        all.stop_words.extend(file.stop_words);
        all.soft_stop_words.extend(file.soft_stop_words);
        all.label_starts.extend(file.label_starts);
        all.asker_starts.extend(file.asker_starts);
        all.medium_nouns.extend(file.medium_nouns);
        all.generic_askers.extend(file.generic_askers);
        all.heading_starts.extend(file.heading_starts);
        all.not_names.extend(file.not_names);
        all.first_person.extend(file.first_person);
    }
    all
});

/// Returns the words of a short text with their places, each without the marks around it.
pub(super) fn words_of(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let base = text.as_ptr() as usize;
    text.split_whitespace().filter_map(move |raw| {
        let word = raw.trim_matches(|c: char| !c.is_alphanumeric());
        (!word.is_empty()).then(|| (word.as_ptr() as usize - base, word))
    })
}

/// Returns the rest of `text` behind the first of `starts` that it begins with as whole words, ignoring case.
pub(super) fn after_start<'t>(text: &'t str, starts: &[String]) -> Option<&'t str> {
    // Nearly all of them fail at the first letter.
    let first = text.chars().next()?;
    let small = first.to_lowercase().next().unwrap_or(first);
    starts
        .iter()
        .filter(|start| start.starts_with([first, small]))
        .filter_map(|start| strip_word_prefix(text, start))
        .min_by_key(|rest| rest.len())
}

/// Returns `text` without `start`, if it begins with it as a whole word, ignoring case. `start` is in lower case.
fn strip_word_prefix<'t>(text: &'t str, start: &str) -> Option<&'t str> {
    let mut rest = text.chars();
    for expected in start.chars() {
        let found = rest.next()?;
        if found != expected && !found.to_lowercase().eq(std::iter::once(expected)) {
            return None;
        }
    }
    let rest = rest.as_str();
    let ends_word =
        start.ends_with(|c: char| !c.is_alphanumeric()) || !rest.starts_with(char::is_alphanumeric);
    ends_word.then_some(rest)
}

/// Whether the text holds a word of somebody who speaks for themselves.
pub(super) fn is_first_person(text: &str) -> bool {
    words_of(text).any(|(_, word)| {
        let word = if word.is_ascii() { word.to_ascii_lowercase() } else { word.to_lowercase() };
        WORDS.first_person.contains(&word)
    })
}

/// Whether a line ends as a sentence does; closing marks and elisions after the full stop do not matter.
pub(super) fn ends_sentence(line: &str) -> bool {
    let line = line.trim_end_matches(|c: char| {
        c.is_whitespace()
            || matches!(c, '"' | '”' | '»' | '’' | '\'' | ')' | ']' | '“' | '*' | '_')
            || super::lines::is_sign(c)
    });
    line.ends_with(['.', '!', '?', '…', '।', '。', '！', '？', ';', '؟', ',', '>', ':'])
}
