//! Words of one sentence, and patterns of words from the lexicon. Used only near an introducer, so it may allocate.

use std::ops::Range;

use serde::{Deserialize, Deserializer};

use crate::{eights, lexicon::WordMap};

/// No phrase that announces conditions has more words.
const MAX_PHRASE: usize = 5;

/// One word: letters and digits, with hyphens inside; a Chinese or Japanese sign is a word of its own.
#[derive(Debug, Clone)]
pub(super) struct Word {
    pub start: usize,
    pub end: usize,
    /// In lower case.
    pub lower: Lower,
    /// Starts with a capital letter.
    pub capital: bool,
}

impl Word {
    /// Adds ASCII letters and figures.
    fn grow(&mut self, more: &str) {
        self.end += more.len();
        more.chars().for_each(|c| self.lower.push(c.to_ascii_lowercase()));
    }
}

/// A word in lower case; all but very long ones need no string of their own.
#[derive(Debug, Clone)]
pub(super) enum Lower {
    Short { length: u8, bytes: [u8; Self::SHORT] },
    Long(String),
}

impl Lower {
    const SHORT: usize = 30;

    const fn new() -> Self {
        Self::Short { length: 0, bytes: [0; Self::SHORT] }
    }

    fn push_str(&mut self, more: &str) {
        match self {
            Self::Short { length, bytes } => {
                let start = usize::from(*length);
                match bytes.get_mut(start..start + more.len()) {
                    Some(free) => {
                        free.copy_from_slice(more.as_bytes());
                        *length += u8::try_from(more.len()).unwrap_or(0);
                    }
                    None => *self = Self::Long([&**self, more].concat()),
                }
            }
            Self::Long(string) => string.push_str(more),
        }
    }

    fn push(&mut self, c: char) {
        self.push_str(c.encode_utf8(&mut [0; 4]));
    }

    fn of_ascii(word: &str) -> Self {
        let mut lower = Self::new();
        lower.push_str(word);
        match &mut lower {
            Self::Short { bytes, .. } => bytes.make_ascii_lowercase(), // of fixed length, which is faster
            Self::Long(string) => string.make_ascii_lowercase(),
        }
        lower
    }

    fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Short { length, bytes } => bytes.get(..usize::from(*length)).unwrap_or_default(),
            Self::Long(string) => string.as_bytes(),
        }
    }
}

impl std::ops::Deref for Lower {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Self::Short { .. } => str::from_utf8(self.as_bytes()).unwrap_or_default(),
            Self::Long(string) => string,
        }
    }
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
    let bytes = text.as_bytes();
    let mut words: Vec<Word> = Vec::with_capacity(range.len() / 5 + 2);
    let mut open = false; // the last word may still grow
    let mut at = range.start;
    while at < range.end {
        if bytes[at].is_ascii_alphanumeric() {
            // Most words are plain from end to end.
            let end = at + eights::run(&bytes[at..range.end]);
            match words.last_mut().filter(|_| open) {
                Some(word) => word.grow(&text[at..end]),
                None => words.push(Word {
                    start: at,
                    end,
                    lower: Lower::of_ascii(&text[at..end]),
                    capital: bytes[at].is_ascii_uppercase(),
                }),
            }
            open = true;
            at = end;
            continue;
        }
        let Some(c) = text[at..range.end].chars().next() else { break };
        let (start, end) = (at, at + c.len_utf8());
        at = end;
        let hyphen = open && matches!(c, '-' | '\u{2011}') && text[end..range.end].starts_with(is_word_char);
        if !hyphen && (c.is_ascii() || !is_word_char(c)) {
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
        let mut lower = Lower::new();
        push_lower(&mut lower, c);
        words.push(Word { start, end, lower, capital: c.is_uppercase() });
    }
    words
}

/// Adds the small form of `c`; of the Turkish `İ` without the dot that Unicode keeps as a letter of its own.
fn push_lower(lower: &mut Lower, c: char) {
    match c {
        'İ' => lower.push('i'),
        c if c.is_ascii() => lower.push(c.to_ascii_lowercase()),
        c => c.to_lowercase().for_each(|small| lower.push(small)),
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
    /// How these words start: nearly all others start otherwise.
    starts: Starts,
    /// Places of those whose first word is not spelled out.
    open_first: Vec<usize>,
    /// How last words start that are spelled out.
    last_starts: Starts,
    /// Whether one is not.
    has_open_last: bool,
}

/// A set of the first two bytes of words, in which there may be some more.
#[derive(Debug, Clone, Copy, Default)]
struct Starts([u64; 4]);

impl Starts {
    fn add(&mut self, word: &[u8]) {
        let (place, bit) = Self::bit(word);
        self.0[place] |= bit;
    }

    fn may_hold(&self, word: &[u8]) -> bool {
        let (place, bit) = Self::bit(word);
        self.0[place] & bit != 0
    }

    fn bit(word: &[u8]) -> (usize, u64) {
        let byte = |at: usize| word.get(at).map_or(0, |byte| u32::from(*byte));
        let hash = (byte(0) | byte(1) << 8).wrapping_mul(0x9E37_79B1) >> 24;
        (hash as usize / 64, 1 << (hash % 64))
    }
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
    pub(super) fn matches(&self, lower: &[u8]) -> bool {
        let text = self.text.as_bytes();
        match (self.any_start, self.any_end) {
            (false, false) => lower == text,
            (false, true) => lower.starts_with(text),
            (true, false) => lower.ends_with(text),
            (true, true) => memchr::memmem::find(lower, text).is_some(),
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
                Some(first) => {
                    phrases.starts.add(first.as_bytes());
                    phrases.by_first.entry(first.to_owned()).or_default().push(place);
                }
                None => phrases.open_first.push(place),
            }
            match phrase[phrase.len() - 1].exact() {
                Some(last) => phrases.last_starts.add(last.as_bytes()),
                None => phrases.has_open_last = true,
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
            text: (*word.lower).to_owned(),
        })
        .collect()
}

/// Returns whether the words from `at` on are those of the phrase.
pub(super) fn covers(phrase: &[Pattern], words: &[Word], at: usize) -> bool {
    words.get(at..at + phrase.len()).is_some_and(|words| {
        phrase.iter().zip(words).all(|(pattern, word)| pattern.matches(word.lower.as_bytes()))
    })
}

impl Phrases {
    /// Returns how many of `words` from `at` on the longest phrase covers that starts there.
    pub(super) fn at(&self, words: &[Word], at: usize) -> Option<usize> {
        let first = words.get(at)?;
        let spelled = self
            .starts
            .may_hold(first.lower.as_bytes())
            .then(|| self.by_first.get(&*first.lower))
            .into_iter()
            .flatten()
            .flatten();
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
        let Some(last) = at.checked_sub(1).map(|last| words[last].lower.as_bytes()) else { return false };
        let phrases: &[_] =
            if self.has_open_last || self.last_starts.may_hold(last) { &self.all } else { &[] };
        phrases
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
