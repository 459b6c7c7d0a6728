//! Who "he", "Fenwick" and "the minister" are.
//!
//! The people of the document are remembered in [`People`]; here is who was spoken of last. A pronoun is resolved only
//! when one person alone fits: a wrong speaker is worse than none.

use std::collections::{HashMap, VecDeque};

use dictum_core::{Speaker, UnknownSpeaker};
use memchr::memmem;

use super::{
    cases,
    sentence::{LONGEST_CONTENT, Range, Sentence},
    tokens::{Kind, Token},
    words::{Classes, Words},
};
use crate::people::{self, Naming, People};

/// Bytes of the text that are searched for the full form of a surname.
const FULL_NAME_BYTES: usize = 65_536;
/// Surnames beyond this number in one document are not looked up.
const MAX_LOOKED_UP: usize = 1_024;
/// Persons that are remembered as candidates for a pronoun.
const MAX_RECENT: usize = 8;
/// Runs of capitalised words that are kept unread.
const MAX_HEARD: usize = 16;
/// A longer run names no person.
const MAX_NAME_TOKENS: usize = 6;
/// Sentences back in which a candidate for a pronoun may stand.
const PRONOUN_REACH: usize = 6;

/// What is known of a person's sex from titles, roles and pronouns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sex {
    Male,
    Female,
    Unknown,
}

/// A person who was named.
#[derive(Debug, Clone)]
struct Mention {
    speaker: Speaker,
    sex: Sex,
    /// The sentence, counted from the start of the stretch.
    sentence: usize,
    /// They are reported to say something there.
    speaks: bool,
}

/// The people of a document as its sentences are read.
pub(super) struct Speakers<'a, 'r> {
    text: &'a str,
    people: &'r mut People,
    words: &'static Words,
    recent: Vec<Mention>,
    sentence: usize,
    heard: VecDeque<Heard<'a>>,
    full_names: HashMap<&'a str, Option<&'a str>>,
}

/// A run of capitalised words that is not read yet.
#[derive(Debug, Clone, Copy)]
struct Heard<'a> {
    name: &'a str,
    sex: Sex,
    sentence: usize,
}

impl<'a, 'r> Speakers<'a, 'r> {
    /// Starts a stretch.
    pub(super) fn new(text: &'a str, words: &'static Words, people: &'r mut People) -> Self {
        Self {
            text,
            people,
            words,
            recent: Vec::new(),
            sentence: 0,
            heard: VecDeque::new(),
            full_names: HashMap::new(),
        }
    }

    /// Ends a sentence: the persons it names are candidates for the pronouns after it.
    pub(super) fn end_sentence(&mut self, sentence: &Sentence<'_>) {
        self.hear(sentence, sentence.start..sentence.end);
        self.sentence += 1;
    }

    /// Ends a sentence that names nobody.
    pub(super) fn end_nameless_sentence(&mut self) {
        self.sentence += 1;
    }

    /// Keeps the runs of capitalised words in the range; what they name is read when a pronoun needs it.
    fn hear(&mut self, sentence: &Sentence<'_>, range: Range) {
        let mut at = range.start;
        let tokens = &sentence.tokens[..range.end];
        while let Some(next) = tokens[at..].iter().position(|token| token.kind == Kind::Name) {
            at += next;
            if tokens[at].is(Classes::FUNCTION) {
                at += 1;
                continue;
            }
            let end = tokens[at..].iter().position(|token| token.kind != Kind::Name);
            let end = end.map_or(range.end, |length| at + length);
            let possessive = sentence.at(end).kind == Kind::Possessive;
            if end - at <= MAX_NAME_TOKENS && !possessive {
                if self.heard.len() == MAX_HEARD {
                    self.heard.pop_front();
                }
                let name = phrase(self.text, sentence, &(at..end));
                let sex = tokens[at..end].iter().map(|token| sex_of_class(token.word.classes));
                let sex = sex.into_iter().find(|sex| *sex != Sex::Unknown).unwrap_or(Sex::Unknown);
                self.heard.push_back(Heard { name, sex, sentence: self.sentence });
            }
            at = end;
        }
    }

    /// Reads the names that were heard: persons among them are candidates.
    fn read_heard(&mut self) {
        while let Some(heard) = self.heard.pop_front() {
            let last = heard.name.rsplit(' ').next().unwrap_or(heard.name);
            if let Some(place) =
                self.recent.iter().position(|mention| ends_with_word(&mention.speaker.name, last))
            {
                let mut mention = self.recent.remove(place);
                mention.speaks &= mention.sentence == heard.sentence;
                mention.sentence = mention.sentence.max(heard.sentence);
                self.insert(mention);
            } else if heard.name.contains(' ')
                && let Some((Naming::Person, speaker)) = people::read(heard.name)
            {
                let speaker = self.complete(speaker);
                let sex = if heard.sex == Sex::Unknown { self.sex_in_role(&speaker) } else { heard.sex };
                self.insert(Mention { speaker, sex, sentence: heard.sentence, speaks: false });
            }
        }
    }

    /// Inserts in the order of sentences.
    fn insert(&mut self, mention: Mention) {
        let place = self.recent.partition_point(|other| other.sentence <= mention.sentence);
        self.recent.insert(place, mention);
        if self.recent.len() > MAX_RECENT {
            self.recent.remove(0);
        }
    }

    /// Returns who the words at `source` are.
    pub(super) fn resolve(
        &mut self,
        sentence: &Sentence<'_>,
        source: Option<&Range>,
        agentless: bool,
    ) -> Result<Speaker, UnknownSpeaker> {
        let Some(source) = source else {
            return Err(if agentless { UnknownSpeaker::AgentlessPassive } else { UnknownSpeaker::NotNamed });
        };
        let first = sentence.at(source.start);
        if source.len() == 1 && first.is(Classes::RELATIVE) {
            return match sentence.antecedent(source.start) {
                Some(antecedent) => self.resolve_phrase(sentence, &antecedent),
                None => Err(UnknownSpeaker::NoAntecedent),
            };
        }
        let pronoun = Classes::SUBJECT_PRONOUN
            .or(Classes::OBJECT_PRONOUN)
            .or(Classes::POSSESSIVE)
            .or(Classes::CONTRACTION);
        if source.len() == 1 && first.is(pronoun) {
            return self.resolve_pronoun(sentence, source.start);
        }
        self.resolve_phrase(sentence, source)
    }

    /// Returns whom words in another case than the nominative name.
    pub(super) fn resolve_oblique(
        &mut self,
        sentence: &Sentence<'_>,
        source: &Range,
    ) -> Result<Speaker, UnknownSpeaker> {
        self.read_heard();
        cases::speaker(phrase(self.text, sentence, source), sentence.words, self.people)
    }

    /// Returns the one person whom the pronoun can mean.
    fn resolve_pronoun(&mut self, sentence: &Sentence<'_>, at: usize) -> Result<Speaker, UnknownSpeaker> {
        let token = sentence.at(at);
        let wanted = if token.is(Classes::FEMALE) {
            Sex::Female
        } else if token.is(Classes::MALE) {
            Sex::Male
        } else {
            return Err(UnknownSpeaker::NoAntecedent); // "they", "it", "I"
        };
        // A pronoun in each clause of an endless sentence must not read all of it again.
        self.hear(sentence, sentence.start.max(at.saturating_sub(LONGEST_CONTENT))..at);
        self.read_heard();
        let now = self.sentence;
        let fits = |mention: &Mention| {
            (mention.sex == wanted || mention.sex == Sex::Unknown) && now - mention.sentence <= PRONOUN_REACH
        };
        let mut candidates = self.recent.iter().rev().filter(|mention| fits(mention));
        let Some(last) = candidates.next() else { return Err(UnknownSpeaker::NoAntecedent) };
        let others: Vec<&Mention> = candidates.collect();
        let mut known = self.recent.iter().filter(|mention| fits(mention) && mention.sex == wanted);
        let only_known = known.next().filter(|_| known.next().is_none());
        // The last speaker goes on, unless somebody else was named since; a person of known sex beats the unknown.
        let speaker = self.recent.iter().rev().find(|mention| fits(mention) && mention.speaks);
        let chosen = match speaker {
            _ if others.is_empty() => last,
            Some(speaker) if speaker.speaker == last.speaker => last,
            _ if only_known.is_some() => only_known.unwrap_or(last),
            _ if last.sex == wanted
                && others.iter().all(|other| other.sex != wanted || other.sentence + 2 < now) =>
            {
                last
            }
            _ => return Err(UnknownSpeaker::AmbiguousPronoun),
        };
        let chosen = chosen.speaker.clone();
        self.remember(chosen.clone(), wanted, true);
        Ok(chosen)
    }

    fn resolve_phrase(&mut self, sentence: &Sentence<'_>, source: &Range) -> Result<Speaker, UnknownSpeaker> {
        let words = phrase(self.text, sentence, source);
        let sex = sex_of(sentence, source);
        Ok(match people::read(words) {
            Some((Naming::Person, speaker)) => {
                let speaker = self.complete(speaker);
                self.remember(speaker.clone(), sex, true);
                speaker
            }
            Some((Naming::Role, role)) => match self.holder_of(&role) {
                Some(holder) => {
                    self.remember(holder.clone(), sex, true);
                    holder
                }
                None => Speaker { name: words.to_owned(), ..Speaker::default() },
            },
            Some((Naming::Institution, institution)) => institution,
            None => Speaker { name: words.to_owned(), ..Speaker::default() },
        })
    }

    /// Returns the person with this role, if the document knows one alone.
    fn holder_of(&mut self, role: &Speaker) -> Option<Speaker> {
        self.read_heard();
        self.people.in_role(&role.name).cloned()
    }

    /// Returns the speaker by the fullest form of the name in the text.
    fn complete(&mut self, speaker: Speaker) -> Speaker {
        let full = self.people.complete(speaker);
        if full.name.contains(' ') {
            self.people.note(&full);
            return full;
        }
        let Some(name) = self.full_name(&full.name) else { return full };
        match people::read(name) {
            Some((Naming::Person, found)) if ends_with_word(&found.name, &full.name) => {
                let found = Speaker {
                    name: found.name,
                    role: full.role.or(found.role),
                    organization: full.organization.or(found.organization),
                };
                self.people.note(&found);
                self.people.complete(found)
            }
            _ => full,
        }
    }

    /// Finds the first place where the surname has a first name before it, and returns the whole name.
    fn full_name(&mut self, surname: &str) -> Option<&'a str> {
        if let Some(known) = self.full_names.get(surname) {
            return *known;
        }
        if self.full_names.len() >= MAX_LOOKED_UP || surname.len() < 3 {
            return None;
        }
        let mut end = self.text.len().min(FULL_NAME_BYTES);
        while !self.text.is_char_boundary(end) {
            end -= 1;
        }
        let text = &self.text[..end];
        let mut key = None;
        let mut found = None;
        for at in memmem::find_iter(text.as_bytes(), surname.as_bytes()).take(64) {
            key = key.or(text.get(at..at + surname.len()));
            let ends = text[at + surname.len()..].chars().next().is_none_or(|c| !c.is_alphanumeric());
            if ends && let Some(start) = first_name_before(text, at) {
                found = Some(&text[start..at + surname.len()]);
                break;
            }
        }
        if let Some(key) = key {
            self.full_names.insert(key, found);
        }
        found
    }

    fn remember(&mut self, speaker: Speaker, sex: Sex, speaks: bool) {
        let known = self.recent.iter().position(|mention| mention.speaker.name == speaker.name);
        let before = known.map(|place| self.recent.remove(place).sex);
        let sex = match (sex, before) {
            (Sex::Unknown, Some(before)) => before,
            (Sex::Unknown, None) => self.sex_in_role(&speaker),
            (sex, _) => sex,
        };
        self.insert(Mention { speaker, sex, sentence: self.sentence, speaks });
    }

    fn sex_in_role(&self, speaker: &Speaker) -> Sex {
        let role = speaker.role.as_deref().unwrap_or("");
        let classes = role.split(' ').map(|word| self.words.look_up(word).classes);
        classes.map(sex_of_class).find(|sex| *sex != Sex::Unknown).unwrap_or(Sex::Unknown)
    }
}

fn sex_of_class(classes: Classes) -> Sex {
    match (classes.any(Classes::MALE), classes.any(Classes::FEMALE)) {
        (true, false) => Sex::Male,
        (false, true) => Sex::Female,
        _ => Sex::Unknown,
    }
}

fn sex_of(sentence: &Sentence<'_>, name: &Range) -> Sex {
    let sexes = name.clone().map(|at| sentence.at(at)).map(|token: Token| sex_of_class(token.word.classes));
    sexes.into_iter().find(|sex| *sex != Sex::Unknown).unwrap_or(Sex::Unknown)
}

fn ends_with_word(name: &str, word: &str) -> bool {
    name.rsplit(' ').next() == Some(word)
}

fn phrase<'a>(text: &'a str, sentence: &Sentence<'_>, range: &Range) -> &'a str {
    &text[sentence.tokens[range.start].start..sentence.tokens[range.end - 1].end]
}

/// Returns where the capitalised words start that stand right before `at`; `None` where there are none.
fn first_name_before(text: &str, at: usize) -> Option<usize> {
    let mut start = at;
    for _ in 0..3 {
        let before = text[..start].strip_suffix(' ')?;
        let word_start = before
            .rfind([' ', '\n', '“', '"', '(', ','])
            .map_or(0, |place| place + before[place..].chars().next().map_or(1, char::len_utf8));
        let word = &before[word_start..];
        let initial = word.len() == 2 && word.ends_with('.');
        let name = word.len() > 1
            && word.starts_with(char::is_uppercase)
            && word.chars().all(|c| c.is_alphabetic() || c == '-' || c == '\'')
            && word.chars().nth(1).is_some_and(char::is_lowercase);
        if !name && !initial {
            break;
        }
        start = word_start;
        if name && !initial {
            return Some(start);
        }
    }
    None
}
