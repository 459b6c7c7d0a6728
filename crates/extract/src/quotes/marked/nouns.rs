//! Noun phrases, and which of them can speak.

use super::{Finder, LONGEST_PHRASE};
use crate::quotes::{
    sentence::Range,
    tokens::Kind,
    words::{Classes, Forms},
};

/// Bytes of words in marks that name something inside a noun phrase: "the newspaper «Маяк»".
const LONGEST_TITLE_BYTES: usize = 80;
/// What no noun phrase holds.
const OUTSIDE_PHRASES: Classes = Classes::AUXILIARY
    .or(Classes::NEGATION)
    .or(Classes::SUBORDINATOR)
    .or(Classes::RELATIVE)
    .or(Classes::SUBJECT_PRONOUN)
    .or(Classes::QUESTION_WORD)
    .or(Classes::TIME)
    .or(Classes::THAT)
    .or(Classes::AS)
    .or(Classes::ADDRESSEE)
    .or(Classes::VERB);

impl Finder<'_, '_> {
    /// Returns the noun phrase that starts at `start`; whether its words can speak is another question.
    pub(super) fn phrase_from(&self, start: usize) -> Option<Range> {
        let s = self.sentence;
        if s.at(start).is(Classes::SUBJECT_PRONOUN) {
            return Some(start..start + 1);
        }
        let ceiling = s.end.min(start + LONGEST_PHRASE);
        let mut at = start;
        let mut named = false; // a capital letter so far
        while at < ceiling {
            let token = s.at(at);
            let opened = at > start;
            let fits = match token.kind {
                Kind::Open => match (at..ceiling.min(at + 12)).find(|at| s.at(*at).kind == Kind::Close) {
                    Some(close) if opened => {
                        at = close + 1;
                        continue;
                    }
                    _ => false,
                },
                Kind::Quote => {
                    opened && token.end - token.start <= LONGEST_TITLE_BYTES && s.before(at).is_wordlike()
                }
                Kind::Number => opened,
                Kind::Name => {
                    let article = !opened && token.is(Classes::DETERMINER);
                    (!token.is(OUTSIDE_PHRASES) || article) && !self.is_finite_cue(at)
                }
                Kind::Word => self.word_fits(at, opened, named),
                _ => false,
            };
            if !fits {
                break;
            }
            named |= token.kind == Kind::Name;
            at += 1;
        }
        let loose = Classes::PREPOSITION.or(Classes::COORDINATOR).or(Classes::DETERMINER).or(Classes::OF);
        while at > start && s.before(at).is(loose) && s.before(at).kind == Kind::Word {
            at -= 1;
        }
        (at > start).then_some(start..at)
    }

    fn word_fits(&self, at: usize, opened: bool, named: bool) -> bool {
        let s = self.sentence;
        let (token, previous, next) = (s.at(at), s.before(at), s.at(at + 1));
        let outside = token.is(OUTSIDE_PHRASES) && !token.is(Classes::SPEAKER_NOUN.or(Classes::DETERMINER));
        if outside || token.cues(Forms::FINITE) {
            return false;
        }
        let adjunct =
            next.is(Classes::TIME.or(Classes::VENUE)) || !next.is_wordlike() && next.kind != Kind::Quote;
        if token.is(Classes::OF) && opened {
            return !adjunct;
        }
        if token.is(Classes::DETERMINER.or(Classes::POSSESSIVE)) {
            return !next.is(Classes::TIME)
                && (!opened
                    || previous.is(Classes::OF
                        .or(Classes::PREPOSITION)
                        .or(Classes::COORDINATOR)
                        .or(Classes::DETERMINER)));
        }
        if token.is(Classes::PREPOSITION) {
            return false;
        }
        if token.is(Classes::COORDINATOR) {
            let speaks = next.kind == Kind::Name || next.is(Classes::SPEAKER_NOUN.or(Classes::DETERMINER));
            return opened && speaks && !token.is(Classes::CONTRAST) && !self.is_finite_cue(at + 1);
        }
        if token.is(Classes::ADVERB) {
            return false;
        }
        // "Ада Фенвик журналистам": behind a name, a plain word belongs to the verb.
        let only_first = at == s.start + 1 || previous.is(Classes::SPEAKER_NOUN);
        let behind_name =
            named && previous.kind == Kind::Name && (self.grammar.nouns_have_capitals || !only_first);
        !behind_name || token.is(Classes::SPEAKER_NOUN.or(Classes::HONORIFIC))
    }

    /// Returns whether the phrase can name somebody who speaks.
    pub(super) fn can_speak(&self, phrase: &Range) -> bool {
        let s = self.sentence;
        phrase.clone().any(|at| {
            let token = s.at(at);
            let noun = token.kind == Kind::Name
                && !token
                    .is(Classes::NO_SPEAKER.or(Classes::TIME).or(Classes::FUNCTION).or(Classes::DETERMINER));
            noun || token.is(Classes::SPEAKER_NOUN.or(Classes::SUBJECT_PRONOUN).or(Classes::HONORIFIC))
        })
    }

    pub(super) fn is_first_or_second_person(&self, phrase: &Range) -> bool {
        phrase.len() == 1
            && self.sentence.at(phrase.start).is(Classes::FIRST_PERSON.or(Classes::SECOND_PERSON))
    }

    /// Returns the phrase with the apposition behind it: `Ада Фенвик|, министр портов|,`.
    pub(super) fn with_apposition(&self, phrase: Range) -> Range {
        let s = self.sentence;
        if s.at(phrase.end).kind != Kind::Comma {
            return phrase;
        }
        let Some(beside) = self.phrase_from(phrase.end + 1) else { return phrase };
        let named = |range: &Range| range.clone().any(|at| s.at(at).kind == Kind::Name);
        let role = |range: &Range| range.clone().any(|at| s.at(at).is(Classes::SPEAKER_NOUN));
        let name_behind = role(&phrase)
            && !self.ends_in_name(&phrase)
            && beside.len() > 1
            && beside.clone().all(|at| s.at(at).kind == Kind::Name);
        let role_behind = named(&phrase)
            && !role(&phrase)
            && role(&beside)
            && !s.at(beside.start).is(Classes::SUBJECT_PRONOUN);
        if (name_behind || role_behind) && self.is_delimiter(beside.end) {
            phrase.start..beside.end
        } else {
            phrase
        }
    }

    fn ends_in_name(&self, phrase: &Range) -> bool {
        !self.grammar.nouns_have_capitals
            && phrase.len() > 1
            && self.sentence.before(phrase.end).kind == Kind::Name
            && self.sentence.before(phrase.end - 1).kind == Kind::Name
    }
}
