//! The subject before a verb, with what stands between.

use super::{Finder, LIGHT, LONGEST_PHRASE};
use crate::quotes::{sentence::Range, tokens::Kind, words::Classes};

impl Finder<'_, '_> {
    /// Returns the subject that ends before `end`, where only light words and adjuncts may follow it.
    pub(super) fn subject_before(&self, end: usize) -> Option<Range> {
        let s = self.sentence;
        if s.before(end).kind == Kind::Comma {
            return self.subject_across_commas(end - 1);
        }
        let floor = s.start.max(end.saturating_sub(LONGEST_PHRASE));
        let clause = (floor..end)
            .rev()
            .find(|at| {
                let token = s.at(*at);
                matches!(
                    token.kind,
                    Kind::Comma | Kind::Dash | Kind::Stop | Kind::Colon | Kind::Semicolon | Kind::Sign
                ) || token.is(Classes::THAT.or(Classes::SUBORDINATOR).or(Classes::RELATIVE))
                    && !token.is(Classes::DETERMINER)
                    || token.is(Classes::COORDINATOR) && s.at(*at + 1).is(Classes::SUBJECT_PRONOUN)
            })
            .map_or(floor, |at| at + 1);
        let mut behind_preposition = false;
        for start in clause..end {
            let token = s.at(start);
            let left = s.before(start);
            if token.is(Classes::PREPOSITION.or(Classes::OF)) {
                behind_preposition = true;
                continue;
            }
            let article = Classes::DETERMINER.or(Classes::POSSESSIVE);
            if behind_preposition {
                // The noun of "на встрече", and names that follow one another: "в Нижнем Броде".
                let still = token.is(article) || token.is(Classes::TIME);
                let pair = token.kind == Kind::Name && s.at(start + 1).kind == Kind::Name && start + 2 < end;
                behind_preposition = still || pair && !self.grammar.nouns_have_capitals;
                continue;
            }
            let opens = start == clause
                || token.kind == Kind::Name
                || token.is(Classes::SPEAKER_NOUN.or(article).or(Classes::SUBJECT_PRONOUN))
                || s.at(start + 1).is(Classes::SPEAKER_NOUN)
                || left.is(Classes::COORDINATOR.or(LIGHT));
            if !opens || self.is_light(start) {
                continue;
            }
            if let Some(phrase) = self.phrase_from(start)
                && self.only_adjuncts(phrase.end, end)
            {
                return Some(phrase);
            }
        }
        None
    }

    /// Returns whether nothing but light words and short adjuncts stand there: "в понедельник", "este lunes".
    fn only_adjuncts(&self, from: usize, to: usize) -> bool {
        let s = self.sentence;
        let mut at = from;
        while at < to {
            let token = s.at(at);
            if token.is(LIGHT.or(Classes::AUXILIARY).or(Classes::NEGATION)) {
                at += 1;
                continue;
            }
            let adjunct = token.is(Classes::PREPOSITION.or(Classes::DETERMINER))
                && (at + 1..to.min(at + 4)).any(|at| s.at(at).is(Classes::TIME.or(Classes::VENUE)));
            if !adjunct {
                return false;
            }
            at = (at + 1..to)
                .find(|at| s.at(*at).is(Classes::TIME.or(Classes::VENUE)))
                .map_or(to, |at| at + 1);
        }
        true
    }

    /// Finds the noun before what is put in between commas: `NAME , министр , |заявила`.
    fn subject_across_commas(&self, comma: usize) -> Option<Range> {
        let s = self.sentence;
        let floor = s.start.max(comma.saturating_sub(LONGEST_PHRASE));
        let open = (floor..comma).rev().find(|at| s.at(*at).kind == Kind::Comma)?;
        let put_in = open + 1..comma;
        let first = s.at(put_in.start);
        let relative = first.is(Classes::RELATIVE) || s.at(put_in.start + 1).is(Classes::RELATIVE);
        if put_in.is_empty() || s.before(open).kind == Kind::Comma {
            return None;
        }
        let phrase = self.subject_before(open).filter(|phrase| phrase.end == open)?;
        if relative {
            return Some(phrase);
        }
        let role = self.phrase_from(put_in.start).filter(|role| role.end == comma);
        if role.is_some_and(|role| self.can_speak(&role)) {
            return Some(phrase.start..comma);
        }
        // ", выступая на форуме,": an adverbial clause without a subject of its own.
        let own_clause =
            first.is(Classes::SUBORDINATOR.or(Classes::COORDINATOR).or(Classes::SUBJECT_PRONOUN));
        (!own_clause && !put_in.clone().any(|at| self.is_finite_cue(at))).then_some(phrase)
    }

    /// Returns who the sentence starts with: the subject of a cue that is no finite verb.
    pub(super) fn first_subject(&self) -> Option<Range> {
        self.phrase_from(self.sentence.start).filter(|phrase| self.can_speak(phrase))
    }

    /// Returns whether the phrase can be a subject that no list knows: "рыбаки", "el vecino".
    pub(super) fn is_plain_subject(&self, phrase: &Range) -> bool {
        let s = self.sentence;
        let nouns = phrase.clone().filter(|at| {
            s.at(*at).kind == Kind::Word && !s.at(*at).is(Classes::DETERMINER.or(Classes::POSSESSIVE))
        });
        self.is_border(phrase.start)
            && (1..=3).contains(&nouns.count())
            && !s.at(phrase.start).is(Classes::EXPLETIVE)
    }
}
