//! Words of one sentence, and patterns of words from the lexicon. Used only near an introducer, so it may allocate.

use std::ops::Range;

use serde::{Deserialize, Deserializer};

/// No phrase that announces conditions has more words.
const MAX_PHRASE: usize = 5;

/// One word: letters and digits, with hyphens inside; a Chinese or Japanese sign is a word of its own.
#[derive(Debug, Clone)]
pub(super) struct Word {
    pub start: usize,
    pub end: usize,
    /// In lower case.
    pub lower: String,
    /// Starts with a capital letter.
    pub capital: bool,
}

/// Returns whether `c` is part of a word. Vowel signs of Indic scripts are, though Unicode counts some as marks.
pub(super) fn is_word_char(c: char) -> bool {
    c.is_alphanumeric()
        || matches!(c, '\u{0300}'..='\u{036F}' | '\u{0900}'..='\u{0963}' | '\u{064B}'..='\u{0652}')
}

/// Returns whether `c` is written without blanks between words.
pub(super) fn is_ideograph(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30FF}' | '\u{3400}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}')
}

/// Splits `text[range]` into words.
pub(super) fn split(text: &str, range: Range<usize>) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    let mut open = false; // the last word may still grow
    for (offset, c) in text[range.clone()].char_indices() {
        let (start, end) = (range.start + offset, range.start + offset + c.len_utf8());
        let hyphen = open && matches!(c, '-' | '\u{2011}') && text[end..range.end].starts_with(is_word_char);
        if !is_word_char(c) && !hyphen {
            open = false;
            continue;
        }
        if open && !is_ideograph(c) {
            if let Some(word) = words.last_mut() {
                word.end = end;
                push_lower(&mut word.lower, c);
            }
            continue;
        }
        let mut lower = String::with_capacity(12);
        push_lower(&mut lower, c);
        words.push(Word { start, end, lower, capital: c.is_uppercase() });
        open = !is_ideograph(c);
    }
    words
}

/// Adds the small form of `c`; of the Turkish `İ` without the dot that Unicode keeps as a letter of its own.
fn push_lower(lower: &mut String, c: char) {
    if c == 'İ' {
        lower.push('i');
    } else {
        lower.extend(c.to_lowercase());
    }
}

/// A list of phrases. In the file, `*` at the start or the end of a word stands for any letters: `услови*`.
#[derive(Debug, Clone, Default)]
pub(super) struct Phrases(Vec<Vec<Pattern>>);

#[derive(Debug, Clone)]
struct Pattern {
    text: String,
    any_start: bool,
    any_end: bool,
}

impl Pattern {
    fn matches(&self, lower: &str) -> bool {
        match (self.any_start, self.any_end) {
            (false, false) => lower == self.text,
            (false, true) => lower.starts_with(&self.text),
            (true, false) => lower.ends_with(&self.text),
            (true, true) => lower.contains(&self.text),
        }
    }
}

impl<'de> Deserialize<'de> for Phrases {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let lines = Vec::<String>::deserialize(deserializer)?;
        Ok(Self(lines.iter().map(|line| pattern(line)).filter(|phrase| !phrase.is_empty()).collect()))
    }
}

fn pattern(line: &str) -> Vec<Pattern> {
    split(line, 0..line.len())
        .into_iter()
        .map(|word| Pattern {
            any_start: line[..word.start].ends_with('*'),
            any_end: line[word.end..].starts_with('*'),
            text: word.lower,
        })
        .collect()
}

impl Phrases {
    /// Returns how many of `words` from `at` on the longest phrase covers that starts there.
    pub(super) fn at(&self, words: &[Word], at: usize) -> Option<usize> {
        self.0
            .iter()
            .filter(|phrase| {
                let end = at + phrase.len();
                end <= words.len()
                    && phrase.iter().zip(&words[at..end]).all(|(p, word)| p.matches(&word.lower))
            })
            .map(Vec::len)
            .max()
    }

    /// Returns whether a phrase covers the words just before `at`.
    pub(super) fn before(&self, words: &[Word], at: usize) -> bool {
        self.0.iter().any(|phrase| {
            phrase.len() <= at
                && phrase.iter().zip(&words[at - phrase.len()..at]).all(|(p, word)| p.matches(&word.lower))
        })
    }

    /// Returns the first place in `range` where a phrase starts and ends, as word numbers.
    pub(super) fn find(&self, words: &[Word], range: Range<usize>) -> Option<Range<usize>> {
        let end = range.end.min(words.len());
        (range.start..end).find_map(|i| self.at(words, i).map(|n| i..i + n).filter(|hit| hit.end <= end))
    }

    /// Returns the last such place.
    pub(super) fn find_last(&self, words: &[Word], range: Range<usize>) -> Option<Range<usize>> {
        let end = range.end.min(words.len());
        (range.start..end)
            .rev()
            .find_map(|i| self.at(words, i).map(|n| i..i + n).filter(|hit| hit.end <= end))
    }

    /// Returns how many of `words` a phrase covers that holds the word at `at`, and where it starts.
    pub(super) fn around(&self, words: &[Word], at: usize) -> Option<Range<usize>> {
        (at.saturating_sub(MAX_PHRASE)..=at).find_map(|start| {
            self.at(words, start).map(|len| start..start + len).filter(|hit| hit.contains(&at))
        })
    }

    /// Returns the letters by which each phrase is found in a text: the whole phrase with single blanks, so that common
    /// words alone ("only") do not count; where a word inside is open, the longest word.
    pub(super) fn anchors(&self) -> impl Iterator<Item = String> {
        self.0.iter().filter_map(|phrase| {
            let (last, front) = phrase.split_last()?;
            let open_inside =
                front.iter().any(|word| word.any_end) || phrase[1..].iter().any(|word| word.any_start);
            if open_inside {
                return phrase.iter().map(|word| &word.text).max_by_key(|text| text.len()).cloned();
            }
            let signs = last.text.chars().all(is_ideograph);
            let words: Vec<&str> = phrase.iter().map(|word| word.text.as_str()).collect();
            Some(words.join(if signs { "" } else { " " }))
        })
    }

    /// Returns whether there are no phrases.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
