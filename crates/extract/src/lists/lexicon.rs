//! The words that announce, order and attribute conditions, one file a language: `data/<language>/introducers.toml`.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
    sync::LazyLock,
};

use aho_corasick::{AhoCorasick, AhoCorasickKind, Anchored, Input, MatchKind, StartKind};
use serde::Deserialize;

use super::words::{self, Pattern, Phrases, Word};
use crate::{
    eights,
    lexicon::{self, WordMap},
};

/// What one language's `introducers.toml` holds. Every list may be absent.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Introducers {
    /// Nouns that mean a condition set for something: "conditions", "prerequisites".
    pub nouns: Phrases,
    /// Nouns that do so only where somebody sets them: "requirements", "demands".
    pub weak_nouns: Phrases,
    /// Verbs and clauses that introduce conditions without a noun, directly before the items: "only if", "we demand".
    pub clauses: Phrases,
    /// Words before the noun that give it another sense: "weather conditions", "under the conditions".
    pub not_after: Phrases,
    /// Words after the noun that do so: "conditions in the camp".
    pub not_before: Phrases,
    /// Words of the sentence that make it a report of something else: "met", "discussed", "no".
    pub not_with: Phrases,
    /// "Bad", "ideal": conditions that are so are circumstances.
    pub states: Phrases,
    /// Exceptions to `not_before`: "in exchange", "in return".
    pub despite: Phrases,
    /// "if", "once": with one of these before it, "met" speaks of conditions still to be met.
    pub conditionals: Phrases,
    /// "several", "a number of": a count that is not told.
    pub many: Phrases,
    /// Questions for conditions without a noun: "what it would take". Marked items follow, or the answer holds them.
    pub asks: Phrases,
    /// "those are": with these before it, the noun names what was listed before.
    pub behind: Phrases,
    /// "until", "unless": the words after which such a list starts.
    pub limits: Phrases,
    /// Clauses that conditions follow in the same sentence: "unless", "only if".
    pub running: Phrases,
    /// "included", "guarantees": the items are what such a clause holds.
    pub contains: Phrases,
    /// "as": "named *as* conditions a, b and c".
    pub as_words: Phrases,
    /// "report", "statement": papers set nothing for anybody.
    pub papers: Phrases,
    /// "of" before an owner: "the demands *of* Ada Fenwick".
    pub of_words: Phrases,
    /// Words between an owner and the noun: the Hindi "की".
    pub owner_before: Phrases,
    /// Lists of words for two, three, four, …
    pub numbers: Vec<Phrases>,
    /// "as follows", "the following", "these".
    pub follow: Phrases,
    /// "are", "include", "consist of": items may follow without a colon.
    pub copulas: Phrases,
    /// Verbs of setting conditions, in every form.
    pub set_verbs: Phrases,
    /// Verbs of saying, in every form.
    pub say_verbs: Phrases,
    /// "according to".
    pub according: Phrases,
    /// Prepositions of the agent: "by" in "set by the minister".
    pub by: Phrases,
    /// "we", "our", "my".
    pub first_person: Phrases,
    /// "he", "she", "they", "his".
    pub pronouns: Phrases,
    /// Words that may stand between a name and its verb: "has", "also", "today".
    pub fillers: Phrases,
    /// Words before what the conditions are for: "for", "to".
    pub subject_after: Phrases,
    /// Words after what they are for: "के लिए", "için".
    pub subject_before: Phrases,
    /// Words that end it: "as follows", "set", "which".
    pub subject_end: Phrases,
    /// Articles, prepositions, conjunctions: never part of a name, and how a language is told from its neighbours.
    pub function_words: Phrases,
    /// Prepositions: a name after one is no subject.
    pub prepositions: Phrases,
    /// Small words inside names: "de", "von".
    pub particles: Phrases,
    /// Words written with a capital that are no names: months, days.
    pub not_names: Phrases,
    /// Words of roles, for scripts without capitals and to tell role from name.
    pub roles: Phrases,
    /// "and", "or", "as well as": between the last two items.
    pub joins: Phrases,
    /// A joining word that is written as one with the next: the Arabic "و".
    pub join_prefix: String,
    /// Words that start with these letters by nature.
    pub join_prefix_not: Phrases,
    /// Lists of words for first, second, third, …
    pub ordinals: Vec<Phrases>,
    /// "finally", "last".
    pub last: Phrases,
    /// "which", "who", "including": what follows belongs to the item before.
    pub relatives: Phrases,
    /// "must", "should": they mark a sentence as a condition.
    pub modals: Phrases,
    /// Words after the agent: the Hindi "ने".
    pub agent_before: Phrases,
    /// The subject follows its verb (Arabic).
    pub verb_first: bool,
    /// The script has no capitals: names are told by their place.
    pub caseless: bool,
    /// Words are glued to others (Arabic particles, Chinese): a noun may start or end inside a word.
    pub glued: bool,
}

impl Introducers {
    /// Returns the lists of phrases that announce.
    fn announcing(&self) -> impl Iterator<Item = &Phrases> {
        [&self.nouns, &self.weak_nouns, &self.clauses, &self.running, &self.asks].into_iter()
    }
}

/// How an introducer announces: the class of its anchor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Anchor {
    Noun,
    WeakNoun,
    Clause,
    /// "What would it take?"
    Question,
}

/// What the phrases that announce say of one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Known {
    /// It is in none.
    No,
    /// It is in one, with others.
    InPhrase,
    /// It is one by itself.
    Alone,
}

/// All languages at once.
pub(super) struct Lexicon {
    pub languages: Vec<(&'static str, Introducers)>,
    anchors: AhoCorasick,
    starts: Starts,
    /// For each pattern of `anchors`, the numbers of the languages that have it.
    owners: Vec<Vec<usize>>,
    /// The phrases that announce, of all languages.
    phrases: Vec<Vec<Pattern>>,
    /// A word → the phrases that hold it and where.
    by_word: WordMap<Vec<Place>>,
    /// The places of words that are not spelled out.
    open: Vec<Place>,
}

/// A word of a phrase.
#[derive(Debug, Clone, Copy)]
struct Place {
    phrase: usize,
    word: usize,
}

/// A place where a word stands that may announce conditions.
pub(super) struct Hit<'l> {
    /// Where, in the text searched.
    pub place: Range<usize>,
    /// The languages whose word it is, as numbers into [`Lexicon::languages`].
    pub owners: &'l [usize],
}

/// The lexicon that the program carries.
pub(super) static LEXICON: LazyLock<Lexicon> =
    LazyLock::new(|| Lexicon::new(lexicon::load("introducers.toml")));

impl Lexicon {
    fn new(languages: Vec<(&'static str, Introducers)>) -> Self {
        let mut literals: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (n, (_, words)) in languages.iter().enumerate() {
            for anchor in words.announcing().flat_map(Phrases::anchors) {
                for form in spellings(&anchor) {
                    literals.entry(form).or_default().push(n);
                }
            }
        }
        // The longest pattern wins, so it also stands for the shorter ones that it starts with.
        let owners = literals.keys().map(|literal| {
            let small = literal.to_ascii_lowercase();
            let shorter = literals.iter().filter(|(other, _)| small.starts_with(&other.to_ascii_lowercase()));
            let all: BTreeSet<usize> = shorter.flat_map(|(_, owners)| owners.iter().copied()).collect();
            all.into_iter().collect()
        });
        let owners = owners.collect();
        let anchors = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            .ascii_case_insensitive(true)
            .start_kind(StartKind::Anchored)
            .kind(Some(AhoCorasickKind::DFA)) // three times as fast as what it takes by itself for so many words
            .build(literals.keys())
            .expect("a few hundred short words fit an automaton");
        let lists = languages.iter().flat_map(|(_, words)| words.announcing());
        let phrases: Vec<Vec<Pattern>> = lists.flat_map(Phrases::iter).map(<[Pattern]>::to_vec).collect();
        let (mut by_word, mut open) = (WordMap::<Vec<Place>>::default(), Vec::new());
        for (phrase, patterns) in phrases.iter().enumerate() {
            for (word, pattern) in patterns.iter().enumerate() {
                match pattern.exact() {
                    Some(text) => by_word.entry(text.to_owned()).or_default().push(Place { phrase, word }),
                    None => open.push(Place { phrase, word }),
                }
            }
        }
        let starts = Starts::of(literals.keys());
        Self { languages, anchors, starts, owners, phrases, by_word, open }
    }

    /// Returns whether the word alone, in small letters, is one of a phrase that announces, and whether it is all of it.
    pub(super) fn knows(&self, word: &str) -> Known {
        let mut known = Known::No;
        for place in self.places(word) {
            if self.phrases[place.phrase].len() == 1 {
                return Known::Alone;
            }
            known = Known::InPhrase;
        }
        known
    }

    /// Returns whether a phrase that announces holds the word at `at`.
    pub(super) fn announces(&self, tokens: &[Word], at: usize) -> bool {
        self.places(&tokens[at].lower).any(|place| {
            at.checked_sub(place.word)
                .is_some_and(|start| words::covers(&self.phrases[place.phrase], tokens, start))
        })
    }

    fn places<'w>(&'w self, word: &'w str) -> impl Iterator<Item = Place> + 'w {
        let open = self
            .open
            .iter()
            .filter(move |place| self.phrases[place.phrase][place.word].matches(word.as_bytes()));
        self.by_word.get(word).into_iter().flatten().chain(open).copied()
    }

    /// Returns the places in `text` where a word that may announce conditions stands.
    pub(super) fn candidates<'t>(&'t self, text: &'t str) -> impl Iterator<Item = Hit<'t>> + 't {
        let mut from = 0;
        std::iter::from_fn(move || {
            while let Some(at) = self.starts.next(text.as_bytes(), from) {
                let input = Input::new(text).range(at..).anchored(Anchored::Yes);
                if let Some(hit) = self.anchors.find(input) {
                    from = hit.end().max(at + 1);
                    let owners = &self.owners[hit.pattern().as_usize()];
                    return Some(Hit { place: hit.range(), owners });
                }
                from = at + 1;
            }
            None
        })
    }
}

/// How anchors start: their first bytes rule out nearly every place of a text before the automaton looks at it.
///
/// Anchors start where a word does, but for scripts that write words as one.
struct Starts {
    /// The first three bytes of anchors of less than six.
    three: [u64; 16],
    /// The first six bytes of the others.
    six: [u64; 256],
}

impl Starts {
    fn of<'w>(words: impl Iterator<Item = &'w String>) -> Self {
        let mut starts = Self { three: [0; 16], six: [0; 256] };
        for word in words {
            let lane = eights::small(eights::load(word.as_bytes(), 0, word.len()));
            if word.len() < 6 {
                let hash = Self::hash(lane, 3);
                starts.three[hash % 1024 / 64] |= 1 << (hash % 64);
            } else {
                let hash = Self::hash(lane, 6);
                starts.six[hash / 64] |= 1 << (hash % 64);
            }
        }
        starts
    }

    /// Returns the next place from `from` on where an anchor may start.
    fn next(&self, bytes: &[u8], from: usize) -> Option<usize> {
        let fits = |at: &usize| {
            can_start(bytes, *at) && {
                let lane = eights::small(eights::load(bytes, *at, bytes.len()));
                let (three, six) = (Self::hash(lane, 3), Self::hash(lane, 6));
                let three = self.three[three % 1024 / 64] >> (three % 64);
                let six = self.six[six / 64] >> (six % 64);
                (three | six) & 1 != 0
            }
        };
        if from == 0 && !bytes.is_empty() && fits(&0) {
            return Some(0);
        }
        // Where a letter or figure follows another sign, and where a character outside ASCII starts.
        let before = eights::places(bytes, from.saturating_sub(1), |here, later| {
            eights::alphanumeric(later) & !eights::alphanumeric(here) | eights::leads(later)
        });
        before.map(|before| before + 1).find(fits)
    }

    /// Returns a number below 16384 for the first bytes of a lane.
    const fn hash(lane: u64, length: usize) -> usize {
        (eights::first(lane, length).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 50) as usize
    }
}

/// Returns whether a character starts at `at` that does not go on with the word before it, as far as its bytes tell.
fn can_start(bytes: &[u8], at: usize) -> bool {
    let before = |n: usize| at.checked_sub(n).map_or(b' ', |at| bytes[at]);
    match bytes[at] {
        b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => !before(1).is_ascii_alphanumeric(),
        0xC2..=0xD3 => !before(1).is_ascii_alphanumeric() && !matches!(before(2), 0xC3..=0xD3),
        0xE0 => before(3) != 0xE0,
        byte => byte > 0xD3,
    }
}

/// Returns `word` in lower case, with a capital, and in capitals; of ASCII words the first stands for all, which keeps
/// the automaton small enough for the cache.
fn spellings(word: &str) -> Vec<String> {
    if word.is_ascii() {
        return vec![word.to_owned()];
    }
    let mut chars = word.chars();
    let capital = chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default();
    vec![word.to_owned(), capital, word.to_uppercase()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_has_what_a_list_needs() {
        for (language, words) in &LEXICON.languages {
            for anchor in words.announcing().flat_map(Phrases::anchors) {
                assert!(anchor.len() >= 3, "{language}: `{anchor}` is too short to be looked for");
                let text = format!("({anchor}");
                assert!(LEXICON.candidates(&text).any(|hit| hit.place.start == 1), "{language}: {anchor}");
            }
            assert!(!words.nouns.is_empty(), "{language} has no nouns");
            assert!(!words.joins.is_empty(), "{language} has no joining words");
            assert!(!words.set_verbs.is_empty(), "{language} has no verbs");
            assert!(words.numbers.len() >= 4, "{language} counts to less than five");
            assert!(!words.function_words.is_empty(), "{language} has no function words");
        }
    }
}
