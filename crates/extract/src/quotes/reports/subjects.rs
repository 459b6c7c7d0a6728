//! Who does what a verb says.

use super::Finder;
use crate::quotes::{
    sentence::{Range, VerbGroup},
    tokens::Kind,
    words::{Classes, Ending, Forms, Frame},
};

/// A verb below this needs its subject beside it: "the man who said he saw it |slept".
pub(super) const MIN_DESCRIBED: f32 = 0.4;

impl Finder<'_, '_> {
    /// Returns who does what a finite verb says.
    pub(super) fn finite_subject(&self, group: &VerbGroup, verb: usize) -> Option<Range> {
        let s = self.sentence;
        let left = s.before(group.start);
        if left.is(Classes::CONTRACTION) {
            return Some(group.start - 1..group.start);
        }
        if group.infinitive && s.at(verb).cues(Forms::BASE) {
            // "When it was late, Fenwick |continued| to say": who does what stands before "to".
            let governor = left.kind == Kind::Word
                && (left.is(Classes::VERB) || left.cues(Forms::FINITE))
                && !left.is(Classes::AUXILIARY);
            let subject = governor
                .then(|| s.subject_before(s.verb_group(group.start - 1).start))
                .flatten()
                .filter(|subject| self.speaks(subject));
            if subject.is_some() {
                return subject;
            }
            return self.last_subject.clone().or_else(|| s.main_subject(s.start, group.start));
        }
        if left.is(Classes::COORDINATOR)
            || left.kind == Kind::Comma && s.before(group.start - 1).is(Classes::COORDINATOR)
        {
            return self.last_subject.clone().or_else(|| s.main_subject(s.start, group.start));
        }
        let plain =
            s.subject_before(group.start).filter(|subject| !self.is_participle_of(subject, verb, group));
        // "the man who wrote |the speech| said": an object of the clause before is no subject.
        let sure = plain.as_ref().is_some_and(|subject| {
            let left = s.before(subject.start);
            !left.is(Classes::VERB) && !left.cues(Forms::FINITE)
                || s.at(subject.start).is(Classes::SUBJECT_PRONOUN)
        });
        let certain = !sure
            && s.at(verb).cues(Forms::FINITE)
            && s.words.verb(s.at(verb).word).weight(Frame::Clause) >= MIN_DESCRIBED;
        let described = certain
            .then(|| s.described_subject(group.start))
            .flatten()
            .filter(|subject| self.speaks(subject));
        let subject = described.or(plain)?;
        if !group.passive && !self.is_finite(verb, group, &subject) {
            return None;
        }
        Some(subject)
    }

    /// Returns whether the verb belongs to a noun that is no subject: `he launched |a drive called| “…”`.
    fn is_participle_of(&self, subject: &Range, verb: usize, group: &VerbGroup) -> bool {
        let s = self.sentence;
        let left = s.before(subject.start);
        let governed = left.is(Classes::PREPOSITION.or(Classes::VERB).or(Classes::BE))
            && !left.is(Classes::SUBORDINATOR.or(Classes::TIME))
            || left.cues(Forms::FINITE.or(Forms::GERUND))
                && left.kind == Kind::Word
                && !left.is(Classes::SPEAKER_NOUN);
        let named = subject.clone().any(|at| {
            let token = s.at(at);
            let capital_only = token.is(Classes::DETERMINER.or(Classes::TIME));
            token.kind == Kind::Name && !capital_only || token.is(Classes::SUBJECT_PRONOUN)
        });
        // "A boat named “Northern Star”": words in marks right behind it are a name.
        let names = s.quote(verb + 1).is_some()
            && !subject.clone().any(|at| s.at(at).is(Classes::SPEAKER_NOUN.or(Classes::VENUE)));
        let no_clause = s.words.verb(s.at(verb).word).weight(Frame::Clause) < 0.3;
        let participle = group.start == verb && s.at(verb).cues(Forms::PARTICIPLE) && !named;
        participle && (governed || names && no_clause)
    }

    fn is_plural(&self, subject: &Range) -> bool {
        let s = self.sentence;
        let last = s.at(subject.end - 1);
        last.is(Classes::PLURAL
            .or(Classes::FIRST_PERSON)
            .or(Classes::SECOND_PERSON)
            .or(Classes::RELATIVE)
            .or(Classes::INDEFINITE))
            || s.words.ends_in(Ending::Plural, s.word(subject.end - 1))
            || last.kind == Kind::Close
            || subject.clone().any(|at| s.at(at).kind == Kind::Number)
            || last.is(Classes::SPEAKER_NOUN)
            || subject
                .clone()
                .any(|at| s.at(at).is(Classes::COORDINATOR) || s.words.ends_in(Ending::Plural, s.word(at)))
    }

    /// Returns whether the verb is finite with this subject.
    pub(super) fn is_finite(&self, verb: usize, group: &VerbGroup, subject: &Range) -> bool {
        let token = self.sentence.at(verb);
        if !token.cues(Forms::VERB) {
            return token.is(Classes::VERB);
        }
        token.cues(Forms::FINITE)
            || group.helped && token.cues(Forms::PARTICIPLE.or(Forms::BASE))
            || group.passive && token.cues(Forms::GERUND)
            || token.cues(Forms::BASE) && self.is_plural(subject)
    }

    /// Returns who does what a verb in "-ing" says: the subject before it.
    pub(super) fn gerund_subject(&self, group: &VerbGroup) -> Option<Range> {
        let s = self.sentence;
        let left = s.before(group.start);
        let joined = matches!(left.kind, Kind::Comma | Kind::Quote | Kind::Dash)
            || left.is(Classes::COORDINATOR.or(Classes::SUBORDINATOR).or(Classes::PREPOSITION));
        if group.start == s.start {
            // "Noting that …, Ada Fenwick voted": the subject comes later.
            let comma = (group.start..s.end).find(|at| s.at(*at).kind == Kind::Comma)?;
            return s.main_subject(comma + 1, s.end);
        }
        if left.is(Classes::OBJECT_PRONOUN) && !left.is(Classes::POSSESSIVE) {
            return Some(group.start - 1..group.start); // "him saying that …"
        }
        if !joined {
            let phrase = s.subject_before(group.start)?;
            // "Fenwick sent |a letter| saying …": what carries the words is not who says them.
            let carrier =
                s.at(phrase.end - 1).is(Classes::VENUE) && s.at(phrase.start).is(Classes::DETERMINER);
            if carrier && s.has_finite_verb(s.start..phrase.start) {
                return s.main_subject(s.start, phrase.start).or(Some(phrase));
            }
            // "Fenwick presented the situation, noting …": things do not speak.
            if self.speaks(&phrase) || !s.has_finite_verb(s.start..phrase.start) {
                return Some(phrase);
            }
        }
        self.last_subject.clone().or_else(|| s.main_subject(s.start, group.start))
    }

    /// Returns whether a noun phrase can be somebody who speaks, or something that is said.
    pub(super) fn speaks(&self, phrase: &Range) -> bool {
        let s = self.sentence;
        phrase.clone().any(|at| {
            let speaker = Classes::SPEAKER_NOUN
                .or(Classes::VENUE)
                .or(Classes::SUBJECT_PRONOUN)
                .or(Classes::OBJECT_PRONOUN);
            s.at(at).kind == Kind::Name && s.at(at + 1).kind != Kind::Possessive
                || s.at(at).is(speaker.or(Classes::INDEFINITE))
        })
    }
}
