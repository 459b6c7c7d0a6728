//! What each word of a language can do in a sentence, read from `words.toml` and `cues.toml`.
//!
//! The rules know classes of words and frames of cues, never a word itself: a new language is a new folder of data.

use std::{collections::BTreeMap, sync::LazyLock};

use serde::Deserialize;

use super::grammar::Grammar;
use crate::{
    lexicon,
    table::{Entries, Key, Table},
};

/// A set of word classes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Classes(u64);

macro_rules! classes {
    ($($(#[$doc:meta])* $constant:ident = $name:literal),* $(,)?) => {
        /// The names of the classes in `words.toml`, in the order of their bits.
        const CLASS_NAMES: &[&str] = &[$($name),*];

        #[expect(non_camel_case_types, clippy::upper_case_acronyms, reason = "only counts the constants")]
        enum Bit { $($constant),* }

        impl Classes {
            $($(#[$doc])* pub(super) const $constant: Self = Self(1 << Bit::$constant as u64);)*
        }
    };
}

classes! {
    /// "the", "some", "three".
    DETERMINER = "determiner",
    /// "his", "their".
    POSSESSIVE = "possessive",
    /// "he", "they", "who" is not one.
    SUBJECT_PRONOUN = "subject-pronoun",
    /// "him", "them".
    OBJECT_PRONOUN = "object-pronoun",
    /// "herself", "themselves": may stand behind the subject.
    REFLEXIVE = "reflexive",
    /// "I", "we", "my".
    FIRST_PERSON = "first-person",
    /// "you", "your".
    SECOND_PERSON = "second-person",
    /// "he", "his", "mr".
    MALE = "male",
    /// "she", "her", "mrs".
    FEMALE = "female",
    /// "they", "them".
    PLURAL = "plural",
    /// "of", "with".
    PREPOSITION = "preposition",
    /// "is", "been": with a participle, a passive.
    BE = "be",
    /// "has", "did", "will".
    AUXILIARY = "auxiliary",
    /// "not", "never".
    NEGATION = "negation",
    /// "might", "would": what follows may not have been said.
    HYPOTHETICAL = "hypothetical",
    /// "that" before a clause.
    THAT = "that",
    /// "whether", "how".
    QUESTION_WORD = "question-word",
    /// "because", "while".
    SUBORDINATOR = "subordinator",
    /// "who", "which".
    RELATIVE = "relative",
    /// "and", "but".
    COORDINATOR = "coordinator",
    /// "but": a contrast ends what was reported before it.
    CONTRAST = "contrast",
    /// "Monday", "yesterday", "later".
    TIME = "time",
    /// "also", "repeatedly".
    ADVERB = "adverb",
    /// "he's", "they've": pronoun and auxiliary in one.
    CONTRACTION = "contraction",
    /// Verbs that are no cues: "went", "took".
    VERB = "verb",
    /// "to" before a verb.
    INFINITIVE_MARK = "infinitive-mark",
    /// "as".
    AS = "as",
    /// The first word of a phrase that attributes: "according to". Set from `cues.toml`.
    PHRASE = "phrase",
    /// "by": the agent of a passive.
    BY = "by",
    /// "of".
    OF = "of",
    /// "Mr", "Dr": before a name, and with a full stop that ends no sentence.
    HONORIFIC = "honorific",
    /// "Inc.", "Jan.": a full stop that ends no sentence.
    ABBREVIATION = "abbreviation",
    /// "statement", "interview": where something is said.
    VENUE = "venue",
    /// "minister", "spokeswoman": nouns for people and bodies that speak.
    SPEAKER_NOUN = "speaker-noun",
    /// "it", "there": no one who speaks.
    EXPLETIVE = "expletive",
    /// "it", "this": a thing.
    NEUTER = "neuter",
    /// "someone", "others": nobody in particular.
    INDEFINITE = "indefinite",
    /// "a", "who": behind a comma, often what the narrator adds.
    BACKGROUND = "background",
    /// "compared": behind a comma, always what the narrator adds.
    COMPARISON = "comparison",
    /// "No.": a full stop before figures ends no sentence.
    NUMBERING = "numbering",
    /// "importance", "commitment": with its complement, what somebody stands for.
    STANCE = "stance",
    /// "sei", "habe": a verb form that shows that the clause is reported.
    REPORTED_MOOD = "reported-mood",
    /// "закон", "plan": what people go by and what does not speak.
    NO_SPEAKER = "no-speaker",
    /// "журналистам": those whom words are said to, where a case or a preposition shows it.
    ADDRESSEE = "addressee",
    /// "в" in "сообщили в министерстве": before an institution that speaks.
    WITHIN = "within",
}

impl Classes {
    /// What can stand between a subject and its verb.
    pub(super) const HELPER: Self =
        Self::AUXILIARY.or(Self::ADVERB).or(Self::NEGATION).or(Self::INFINITIVE_MARK);
    /// What is no noun and no part of a noun phrase.
    pub(super) const NO_NOUN: Self = Self::AUXILIARY
        .or(Self::ADVERB)
        .or(Self::NEGATION)
        .or(Self::PREPOSITION)
        .or(Self::SUBORDINATOR)
        .or(Self::RELATIVE)
        .or(Self::COORDINATOR)
        .or(Self::SUBJECT_PRONOUN)
        .or(Self::OBJECT_PRONOUN)
        .or(Self::QUESTION_WORD)
        .or(Self::TIME)
        .or(Self::VERB);
    /// Words whose capital letter only shows that a sentence starts.
    pub(super) const FUNCTION: Self = Self::AUXILIARY
        .or(Self::PREPOSITION)
        .or(Self::SUBORDINATOR)
        .or(Self::RELATIVE)
        .or(Self::COORDINATOR)
        .or(Self::SUBJECT_PRONOUN)
        .or(Self::QUESTION_WORD)
        .or(Self::ADVERB);
    /// No class.
    pub(super) const NONE: Self = Self(0);

    /// Returns whether the two sets share a class.
    pub(super) const fn any(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Returns both sets as one.
    pub(super) const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    fn named(name: &str) -> Option<Self> {
        CLASS_NAMES.iter().position(|known| *known == name).map(|bit| Self(1 << bit))
    }
}

/// Which form of a verb a word is. A word can be more than one: "put".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Forms(u8);

impl Forms {
    /// None.
    pub(super) const NONE: Self = Self(0);
    /// "say": after "to" and auxiliaries, or with a plural subject.
    pub(super) const BASE: Self = Self(1);
    /// "says", "said".
    pub(super) const FINITE: Self = Self(2);
    /// "said" after "has" or "is".
    pub(super) const PARTICIPLE: Self = Self(4);
    /// "saying".
    pub(super) const GERUND: Self = Self(8);
    /// "statement".
    pub(super) const NOUN: Self = Self(16);
    /// Any form of a verb.
    pub(super) const VERB: Self = Self(15);

    /// Returns whether the two share a form.
    pub(super) const fn any(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Returns both sets as one.
    pub(super) const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// What can follow a cue, or stand around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Frame {
    /// "said that he agreed".
    That,
    /// "said he agreed".
    Clause,
    /// "asked whether he agreed".
    Question,
    /// "promised to come".
    Infinitive,
    /// "outlined the plan".
    Object,
    /// "spoke about the plan", with any preposition of the cue's list.
    Preposition,
    /// "said: “…”".
    Quote,
    /// "he agreed, X said".
    After,
    /// "was accused of lying".
    Passive,
    /// ", noting the plan".
    Gerund,
    /// "noted the importance of the plan": a noun that holds what was said.
    Stance,
    /// "the plan was announced": the subject of a passive is what was said.
    Subject,
    /// "asked him to come": with those who shall act.
    Order,
}

/// How many frames there are.
const FRAMES: usize = 13;

/// A word or lemma that attributes.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Cue {
    /// The lemma, for explanations and tests.
    pub lemma: String,
    /// How often a use in this frame reports something; 0 where it never does.
    weights: [f32; FRAMES],
    /// The prepositions after which its content can stand, with how often it does.
    prepositions: Vec<(String, f32)>,
    /// "told him": a person can stand between cue and content.
    pub addressee: bool,
    /// "hopes": no act of saying.
    pub attitude: bool,
    /// "mit" of "teilte … mit": a word that must follow.
    pub particle: Option<String>,
    /// "не исключил": reports only with a negation.
    pub negated: bool,
}

impl Cue {
    /// Returns how often a use of this cue in `frame` reports something, from 0 to 1.
    pub(super) fn weight(&self, frame: Frame) -> f32 {
        self.weights[frame as usize]
    }

    /// Returns how often what stands behind the preposition is reported; `None` for those that it does not take.
    pub(super) fn preposition(&self, word: &str) -> Option<f32> {
        self.prepositions
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(word))
            .map(|(_, weight)| *weight)
    }
}

/// What is known of one word.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Word {
    /// Its classes.
    pub classes: Classes,
    /// Which forms of its cue it is; empty if it is none.
    pub forms: Forms,
    /// The place of its verb among the cues.
    pub verb: u16,
    /// The place of its noun among the cues.
    pub noun: u16,
}

impl Word {
    /// Returns whether it is a form of a cue.
    pub(super) fn is_cue(self) -> bool {
        self.forms != Forms::NONE
    }

    /// Returns whether anything is known of it.
    pub(super) const fn is_known(self) -> bool {
        self.classes.0 != 0 || self.forms.0 != 0
    }
}

static ALL: LazyLock<Vec<(&'static str, Words)>> = LazyLock::new(read_all);

/// The words of one language.
#[derive(Debug)]
pub(super) struct Words {
    /// What becomes `table`.
    entries: Entries<Word>,
    table: Table<Word>,
    cues: Vec<Cue>,
    phrases: Vec<Phrase>,
    /// What the endings of unknown words say about them.
    endings: Endings,
    /// The last bytes of these endings: nearly all words have another.
    ending_bytes: [bool; 256],
    grammar: Option<Grammar>,
    speaking_nouns: Vec<String>,
}

/// Words that stand before a speaker and attribute a clause: "according to".
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Phrase {
    /// The words in small letters.
    pub words: Vec<String>,
    /// How often it reports something.
    pub weight: f32,
    /// "as … put it": the words after the speaker.
    pub tail: Vec<String>,
    /// "selon": attributes only where the words after it name somebody who can speak.
    pub needs_speaker: bool,
    /// "so": attributes only what stands before it.
    pub only_behind: bool,
}

/// What an ending may show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// "unlocked".
    Verb,
    /// "unlocking".
    Gerund,
    /// "unlocks".
    Present,
    /// "locks", but not "dress".
    Plural,
}

impl Phrase {
    /// Returns whether the first word may be this one, as far as its first letter and length tell.
    pub(super) fn may_start_with(&self, word: &str) -> bool {
        let known = self.words.first().map_or("", String::as_str);
        !word.is_ascii()
            || known.len() == word.len()
                && known.bytes().zip(word.bytes()).next().is_some_and(|(a, b)| a == b.to_ascii_lowercase())
    }
}

#[derive(Debug, Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Endings {
    adverb: Vec<String>,
    verb: Vec<String>,
    gerund: Vec<String>,
    present: Vec<String>,
    plural: Vec<String>,
    /// Endings that look like a plural's and are none.
    singular: Vec<String>,
}

impl Endings {
    fn last_bytes(&self) -> [bool; 256] {
        let mut last = [false; 256];
        for ending in self.adverb.iter().chain(&self.verb) {
            last[usize::from(ending.as_bytes().last().copied().unwrap_or(0))] = true;
        }
        last
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WordsFile {
    classes: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    endings: Endings,
    /// Lemma → weight in [`Frame::Stance`].
    #[serde(default)]
    stance_verbs: BTreeMap<String, f32>,
    grammar: Option<Grammar>,
}

/// The words of `people.toml` that speak.
#[derive(Debug, Deserialize)]
struct Nouns {
    role_heads: Vec<String>,
    organizations: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CuesFile {
    verbs: BTreeMap<String, CueEntry>,
    #[serde(default)]
    nouns: BTreeMap<String, CueEntry>,
    #[serde(default)]
    phrases: Vec<PhraseEntry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CueEntry {
    #[serde(default)]
    base: Vec<String>,
    #[serde(default)]
    finite: Vec<String>,
    #[serde(default)]
    participle: Vec<String>,
    #[serde(default)]
    gerund: Vec<String>,
    #[serde(default)]
    forms: Vec<String>,
    frames: BTreeMap<Frame, f32>,
    #[serde(default)]
    prepositions: Prepositions,
    #[serde(default)]
    addressee: bool,
    #[serde(default)]
    attitude: bool,
    particle: Option<String>,
    #[serde(default)]
    negated: bool,
}

/// A list, where all have the weight of the frame, or a table with the weight of each.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Prepositions {
    Alike(Vec<String>),
    Weighed(BTreeMap<String, f32>),
}

impl Default for Prepositions {
    fn default() -> Self {
        Self::Alike(Vec::new())
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PhraseEntry {
    words: String,
    #[serde(default)]
    tail: String,
    weight: f32,
    #[serde(default)]
    needs_speaker: bool,
    #[serde(default)]
    only_behind: bool,
}

impl Words {
    /// Returns the words of a language, or `None` where there are none.
    pub(super) fn of(language: &str) -> Option<&'static Self> {
        ALL.iter().find(|(known, _)| *known == language).map(|(_, words)| words)
    }

    /// Returns the words of every language.
    pub(super) fn all() -> impl Iterator<Item = &'static Self> {
        ALL.iter().map(|(_, words)| words)
    }

    /// Returns what is known of a word.
    pub(super) fn find(&self, key: &Key) -> Word {
        self.table.get(key)
    }

    /// Returns what is known of the word that these up to eight ASCII bytes are, zeros behind them.
    #[inline]
    pub(super) fn find_eight(&self, lane: u64) -> Word {
        self.table.get_eight(lane)
    }

    /// Looks a word up.
    pub(super) fn look_up(&self, word: &str) -> Word {
        self.table.look_up(word)
    }

    /// Returns the verb that a word with a verb's form belongs to.
    pub(super) fn verb(&self, word: Word) -> &Cue {
        &self.cues[usize::from(word.verb)]
    }

    /// Returns the noun that a word with [`Forms::NOUN`] belongs to.
    pub(super) fn noun(&self, word: Word) -> &Cue {
        &self.cues[usize::from(word.noun)]
    }

    /// Returns how the language marks reported speech, where it does so by more than the order of words.
    pub(super) fn grammar(&self) -> Option<&Grammar> {
        self.grammar.as_ref()
    }

    /// Returns the nominatives of roles and institutions.
    pub(super) fn speaking_nouns(&self) -> &[String] {
        &self.speaking_nouns
    }

    /// Returns the phrases that attribute a clause.
    pub(super) fn phrases(&self) -> &[Phrase] {
        &self.phrases
    }

    /// Returns whether the ending of a word shows this; for words that no list holds.
    pub(super) fn ends_in(&self, ending: Ending, word: &str) -> bool {
        let any = |endings: &[String]| endings.iter().any(|ending| word.ends_with(ending.as_str()));
        match ending {
            Ending::Verb => any(&self.endings.verb),
            Ending::Gerund => any(&self.endings.gerund),
            Ending::Present => any(&self.endings.present),
            Ending::Plural => any(&self.endings.plural) && !any(&self.endings.singular),
        }
    }

    /// Returns whether an ending that says something ends in this byte.
    #[inline]
    pub(super) const fn may_end(&self, last: u8) -> bool {
        self.ending_bytes[last as usize]
    }

    /// Returns the classes that the ending of an unknown word in small letters suggests.
    pub(super) fn by_ending(&self, word: &str) -> Classes {
        if ends_with_any(word, &self.endings.adverb) {
            Classes::ADVERB
        } else if ends_with_any(word, &self.endings.verb) {
            Classes::VERB
        } else {
            Classes::default()
        }
    }

    fn read(words: WordsFile, cues: CuesFile) -> Self {
        let mut all = Self {
            entries: Entries::default(),
            table: Table::default(),
            cues: Vec::new(),
            phrases: cues.phrases.into_iter().map(Phrase::from).collect(),
            ending_bytes: words.endings.last_bytes(),
            endings: words.endings,
            grammar: words.grammar,
            speaking_nouns: Vec::new(),
        };
        for (name, list) in &words.classes {
            let class = Classes::named(name).unwrap_or_else(|| panic!("words.toml: no class `{name}`"));
            for word in list {
                all.add_class(word, class);
            }
        }
        for first in all.phrases.iter().filter_map(|phrase| phrase.words.first().cloned()).collect::<Vec<_>>()
        {
            all.add_class(&first, Classes::PHRASE);
        }
        for (lemma, mut entry) in cues.verbs {
            entry.frames.extend(words.stance_verbs.get(&lemma).map(|weight| (Frame::Stance, *weight)));
            let forms = [
                (Forms::BASE, &entry.base),
                (Forms::FINITE, &entry.finite),
                (Forms::PARTICIPLE, &entry.participle),
                (Forms::GERUND, &entry.gerund),
            ]
            .map(|(form, words)| (form, words.clone()));
            all.add_cue(lemma, &entry, &forms);
        }
        for (lemma, entry) in cues.nouns {
            let forms = [(Forms::NOUN, entry.forms.clone())];
            all.add_cue(lemma, &entry, &forms);
        }
        all
    }

    fn add_cue(&mut self, lemma: String, entry: &CueEntry, forms: &[(Forms, Vec<String>)]) {
        let Ok(place) = u16::try_from(self.cues.len()) else { return };
        let mut weights = [0.0; FRAMES];
        for (frame, weight) in &entry.frames {
            weights[*frame as usize] = *weight;
        }
        let alike = weights[Frame::Preposition as usize];
        let prepositions: Vec<(String, f32)> = match &entry.prepositions {
            Prepositions::Alike(words) => words.iter().map(|word| (word.clone(), alike)).collect(),
            Prepositions::Weighed(words) => {
                words.iter().map(|(word, weight)| (word.clone(), *weight)).collect()
            }
        };
        let surest = prepositions.iter().map(|(_, weight)| *weight).fold(0.0, f32::max);
        weights[Frame::Preposition as usize] = surest;
        self.cues.push(Cue {
            lemma,
            weights,
            prepositions,
            addressee: entry.addressee,
            attitude: entry.attitude,
            particle: entry.particle.clone(),
            negated: entry.negated,
        });
        for (form, words) in forms {
            for word in words {
                let Some(word) = self.entries.entry(word) else { continue };
                if *form == Forms::NOUN {
                    word.noun = place;
                } else if word.forms.any(Forms::VERB) && word.verb != place {
                    continue; // of two verbs with one form ("found"), the first keeps it
                } else {
                    word.verb = place;
                }
                word.forms = word.forms.or(*form);
            }
        }
    }

    fn add_class(&mut self, word: &str, class: Classes) {
        if let Some(word) = self.entries.entry(word) {
            word.classes = word.classes.or(class);
        }
    }
}

impl From<PhraseEntry> for Phrase {
    fn from(entry: PhraseEntry) -> Self {
        let split = |words: &str| words.split(' ').filter(|w| !w.is_empty()).map(str::to_owned).collect();
        Self {
            words: split(&entry.words),
            weight: entry.weight,
            tail: split(&entry.tail),
            needs_speaker: entry.needs_speaker,
            only_behind: entry.only_behind,
        }
    }
}

fn read_all() -> Vec<(&'static str, Words)> {
    let mut cues: Vec<(&str, CuesFile)> = lexicon::load("cues.toml");
    let nouns: Vec<(&str, Nouns)> = lexicon::load("people.toml");
    lexicon::load::<WordsFile>("words.toml")
        .into_iter()
        .filter_map(|(language, words)| {
            let at = cues.iter().position(|(known, _)| *known == language)?;
            let mut words = Words::read(words, cues.swap_remove(at).1);
            if let (true, Some((_, nouns))) =
                (words.grammar.is_some(), nouns.iter().find(|(known, _)| *known == language))
            {
                for noun in nouns.role_heads.iter().chain(&nouns.organizations) {
                    words.add_class(noun, Classes::SPEAKER_NOUN);
                    words.speaking_nouns.push(noun.clone());
                }
            }
            words.table = std::mem::take(&mut words.entries).into_table();
            Some((language, words))
        })
        .collect()
}

fn ends_with_any(word: &str, endings: &[String]) -> bool {
    endings.iter().any(|ending| word.len() > ending.len() + 2 && word.ends_with(ending.as_str()))
}

/// Compares without regard to case and to the shape of apostrophes; `known` is in small letters.
pub(super) fn same_word(known: &str, word: &str) -> bool {
    if word.is_ascii() {
        return known.eq_ignore_ascii_case(word);
    }
    let mut folded = word.chars().map(|c| if c == '’' { '\'' } else { c }).flat_map(char::to_lowercase);
    known.chars().all(|c| folded.next() == Some(c)) && folded.next().is_none()
}
