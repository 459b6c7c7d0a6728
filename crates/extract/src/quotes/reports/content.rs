//! What follows a cue, and where it ends.

use super::{Finder, Rule, subjects::MIN_DESCRIBED};
use crate::quotes::{
    sentence::Range,
    tokens::Kind,
    words::{Classes, Cue, Frame},
};

/// Tokens before the noun that leads an object: "the council's *firm* policy".
pub(super) const LONGEST_LEAD: usize = 8;

impl Finder<'_, '_> {
    /// Reads what follows the verb.
    pub(super) fn content_after(&self, verb: usize, cue: &Cue) -> Option<(Range, Frame, Rule)> {
        let s = self.sentence;
        let mut at = verb + 1;
        while s.at(at).is(Classes::ADVERB)
            && s.at(at).kind == Kind::Word
            && !s.at(at).is(Classes::PREPOSITION)
        {
            at += 1;
        }
        let addressee = at;
        if cue.addressee {
            at = s.skip_addressee(at);
        }
        let behind = at;
        at = s.skip_adjuncts(at, cue);
        let (content, frame, rule) = self.content_at(at, verb, cue)?;
        // "asked |the council to open it|": who shall act is part of it.
        if frame == Frame::Infinitive && addressee < behind && cue.weight(Frame::Order) > 0.0 {
            return Some((addressee..content.end, Frame::Order, rule));
        }
        (self.weight_of(cue, frame, &content) > 0.0).then_some((content, frame, rule))
    }

    pub(super) fn content_at(&self, at: usize, verb: usize, cue: &Cue) -> Option<(Range, Frame, Rule)> {
        let s = self.sentence;
        let token = s.at(at);
        match token.kind {
            Kind::Quote if cue.weight(Frame::Clause) < 0.3 => {
                let joined = s.at(at + 1).is(Classes::COORDINATOR) && s.at(at + 2).kind == Kind::Quote;
                Some((at..at + if joined { 3 } else { 1 }, Frame::Quote, Rule::CueBefore))
            }
            Kind::Quote => Some((at..self.quoted_end(at), Frame::Quote, Rule::CueBefore)),
            Kind::Comma | Kind::Colon if s.at(at + 1).kind == Kind::Quote => {
                Some((at + 1..self.quoted_end(at + 1), Frame::Quote, Rule::CueBefore))
            }
            Kind::Colon => Some((at + 1..s.clause_end(at + 1), Frame::Clause, Rule::Clause)),
            _ if token.is(Classes::THAT) && !s.is_demonstrative(at) => {
                let mut from = at + 1;
                if s.at(from).kind == Kind::Comma {
                    from += 1;
                }
                if s.quote(from).is_some() {
                    let end = self.quoted_end(from);
                    return Some((from..end, Frame::That, Rule::That));
                }
                if s.is_relative_that(at) {
                    // "said |that was late|", but "in the states |that voted|".
                    let speaks = cue.weight(Frame::Clause) >= MIN_DESCRIBED;
                    return speaks.then(|| (at..s.clause_end(from), Frame::Clause, Rule::Clause));
                }
                Some((from..s.clause_end(from), Frame::That, Rule::That))
            }
            _ if token.is(Classes::INFINITIVE_MARK)
                && s.is_infinitive(at)
                && !self.own_preposition(at, cue) =>
            {
                Some((at..s.phrase_end(at), Frame::Infinitive, Rule::Infinitive))
            }
            _ if self.own_preposition(at, cue) => {
                let from = at + 1;
                let end = match s.quote(from) {
                    Some(_) => self.quoted_end(from),
                    // "spoke about |how it had been closed and sold|"
                    None if s.at(from).is(Classes::QUESTION_WORD) => s.clause_end(from),
                    None => s.phrase_end(from),
                };
                (from < end).then_some((from..end, Frame::Preposition, Rule::Preposition))
            }
            _ if token.is(Classes::QUESTION_WORD) => {
                Some((at..s.clause_end(at), Frame::Question, Rule::Question))
            }
            _ if token.is_wordlike() || token.kind == Kind::Sign => {
                if token.is(Classes::PREPOSITION.or(Classes::SUBORDINATOR).or(Classes::COORDINATOR))
                    && !token.is(Classes::DETERMINER.or(Classes::ADVERB))
                    && cue.weight(Frame::Clause) < 0.8
                {
                    return None;
                }
                let end = s.clause_end(at);
                if cue.weight(Frame::Stance) > 0.0 && self.names_stance(at..end) {
                    return Some((at..end, Frame::Stance, Rule::Object));
                }
                let finite = token.is(Classes::AUXILIARY) || s.has_finite_verb(at + 1..end);
                if finite && cue.weight(Frame::Clause) > 0.0 {
                    return Some((at..end, Frame::Clause, Rule::Clause));
                }
                // "What she said |surprised| him": the verb of another clause.
                if token.kind == Kind::Word && token.is(Classes::VERB) && !token.is(Classes::DETERMINER) {
                    return None;
                }
                let end = s.phrase_end(at);
                (end > verb + 1).then_some((at..end, Frame::Object, Rule::Object))
            }
            _ => None,
        }
    }

    /// Returns whether an object is led by a noun that holds what was said: "|the importance of trade".
    fn names_stance(&self, range: Range) -> bool {
        let s = self.sentence;
        let led = (range.start..range.end.min(range.start + LONGEST_LEAD)).find(|at| {
            let ends = Classes::STANCE.or(Classes::PREPOSITION).or(Classes::RELATIVE).or(Classes::AUXILIARY);
            s.at(*at).kind != Kind::Possessive && s.at(*at).is(ends)
        });
        led.is_some_and(|noun| {
            s.at(noun).is(Classes::STANCE)
                && s.at(noun + 1).is(Classes::PREPOSITION.or(Classes::INFINITIVE_MARK).or(Classes::THAT))
        })
    }

    fn own_preposition(&self, at: usize, cue: &Cue) -> bool {
        let token = self.sentence.at(at);
        token.is(Classes::PREPOSITION) && cue.preposition(self.sentence.word(at)).is_some()
    }

    /// Returns the end of a content that starts with marks at `at`.
    pub(super) fn quoted_end(&self, at: usize) -> usize {
        let s = self.sentence;
        let next = s.at(at + 1);
        if s.quote_ends_sentence(at) || !(next.is_wordlike()) {
            return at + 1;
        }
        if next.is(Classes::COORDINATOR) && s.at(at + 2).kind == Kind::Quote {
            return self.quoted_end(at + 2);
        }
        if next.is(Classes::COORDINATOR.or(Classes::TIME).or(Classes::SUBORDINATOR))
            || next.is(Classes::PREPOSITION) && !next.is(Classes::OF)
        {
            return at + 1;
        }
        s.clause_end(at + 1).max(at + 1)
    }
}
