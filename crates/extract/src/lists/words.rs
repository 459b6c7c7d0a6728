//! Words of one sentence, and patterns of words from the lexicon. Used only near an introducer, so it may allocate.

use std::ops::Range;

use serde::{Deserialize, Deserializer};

use crate::lexicon::WordMap;

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
    let mut chars = text[range.clone()].char_indices();
    while let Some((offset, c)) = chars.next() {
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
        open = !is_ideograph(c);
        // Most words are plain from end to end.
        let rest = chars.as_str();
        let plain = if c.is_ascii() { rest.bytes().take_while(u8::is_ascii_alphanumeric).count() } else { 0 };
        let mut lower = String::with_capacity((1 + plain).max(12));
        push_lower(&mut lower, c);
        lower.push_str(&rest[..plain]);
        lower.make_ascii_lowercase();
        words.push(Word { start, end: end + plain, lower, capital: c.is_uppercase() });
        if plain > 0 {
            chars.nth(plain - 1);
        }
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
///
/// Long lists are asked about every word of a sentence, so that phrases are found by their first words.
#[derive(Debug, Clone, Default)]
pub(super) struct Phrases {
    all: Vec<Vec<Pattern>>,
    /// First word → places in `all`.
    by_first: WordMap<Vec<usize>>,
    /// Places of those whose first word is not spelled out.
    open_first: Vec<usize>,
}

/// One word of a phrase.
#[derive(Debug, Clone)]
pub(super) struct Pattern {
    text: String,
    any_start: bool,
    any_end: bool,
    /// A comma stands before it where the phrase is looked for: "при условии, что".
    comma: bool,
}

impl Pattern {
    /// Returns the word, if one word alone fits.
    pub(super) fn exact(&self) -> Option<&str> {
        (!self.any_start && !self.any_end).then_some(self.text.as_str())
    }

    /// Returns whether a word in small letters fits.
    pub(super) fn matches(&self, lower: &str) -> bool {
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
        let mut phrases = Self::default();
        for phrase in lines.iter().map(|line| pattern(line)).filter(|phrase| !phrase.is_empty()) {
            let place = phrases.all.len();
            match phrase[0].exact() {
                Some(first) => phrases.by_first.entry(first.to_owned()).or_default().push(place),
                None => phrases.open_first.push(place),
            }
            phrases.all.push(phrase);
        }
        Ok(phrases)
    }
}

fn pattern(line: &str) -> Vec<Pattern> {
    split(line, 0..line.len())
        .into_iter()
        .map(|word| Pattern {
            any_start: line[..word.start].ends_with('*'),
            any_end: line[word.end..].starts_with('*'),
            comma: line[..word.start].ends_with(", "),
            text: word.lower,
        })
        .collect()
}

/// Returns whether the words from `at` on are those of the phrase.
pub(super) fn covers(phrase: &[Pattern], words: &[Word], at: usize) -> bool {
    words
        .get(at..at + phrase.len())
        .is_some_and(|words| phrase.iter().zip(words).all(|(pattern, word)| pattern.matches(&word.lower)))
}

impl Phrases {
    /// Returns how many of `words` from `at` on the longest phrase covers that starts there.
    pub(super) fn at(&self, words: &[Word], at: usize) -> Option<usize> {
        let first = words.get(at)?;
        let spelled = self.by_first.get(&first.lower).into_iter().flatten();
        spelled
            .chain(&self.open_first)
            .map(|place| &self.all[*place])
            .filter(|phrase| covers(phrase, words, at))
            .map(Vec::len)
            .max()
    }

    /// Returns the phrases.
    pub(super) fn iter(&self) -> impl Iterator<Item = &[Pattern]> {
        self.all.iter().map(Vec::as_slice)
    }

    /// Returns whether a phrase covers the words just before `at`.
    pub(super) fn before(&self, words: &[Word], at: usize) -> bool {
        self.all
            .iter()
            .any(|phrase| at.checked_sub(phrase.len()).is_some_and(|from| covers(phrase, words, from)))
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
        self.all.iter().filter_map(|phrase| {
            let (last, front) = phrase.split_last()?;
            let open_inside =
                front.iter().any(|word| word.any_end) || phrase[1..].iter().any(|word| word.any_start);
            if open_inside {
                return phrase.iter().map(|word| &word.text).max_by_key(|text| text.len()).cloned();
            }
            let signs = last.text.chars().all(is_ideograph);
            let mut anchor = String::new();
            for (n, word) in phrase.iter().enumerate() {
                let gap = match (n, word.comma) {
                    (0, _) => "",
                    (_, true) => ", ",
                    (_, false) if signs => "",
                    (_, false) => " ",
                };
                anchor.push_str(gap);
                anchor.push_str(&word.text);
            }
            Some(anchor)
        })
    }

    /// Returns whether there are no phrases.
    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }
}
