//! The mark that starts a reported clause, and where the clause ends.

use super::{Finder, LIGHT, LONGEST_GAP, LONGEST_PHRASE, cues::LONGEST_GROUP, tagged::SHORTEST_QUOTE_WORDS};
use crate::quotes::{
    reports::Rule,
    sentence::{LONGEST_CONTENT, Range},
    tokens::Kind,
    words::{Classes, Cue, Forms, Frame, same_word},
};

impl Finder<'_, '_> {
    /// Finds the mark of what the cue reports: a conjunction, a colon, marks, a comma before a reported mood.
    pub(super) fn mark_after(&self, verb: usize, cue: &Cue) -> Option<(usize, Frame)> {
        let s = self.sentence;
        let mut particle = cue.particle.as_deref();
        let mut at = verb + 1;
        while at < s.end && at <= verb + LONGEST_GAP {
            let token = s.at(at);
            if particle.is_some_and(|word| token.is_wordlike() && same_word(word, s.word(at))) {
                particle = None;
            }
            let weighs =
                |frame: Frame| (particle.is_none() && cue.weight(frame) > 0.0).then_some((at, frame));
            match token.kind {
                Kind::Stop | Kind::Semicolon => return None,
                Kind::Colon => return weighs(Frame::Quote),
                Kind::Quote if at == verb + 1 || self.quote_words(at) >= SHORTEST_QUOTE_WORDS => {
                    return weighs(Frame::Quote).filter(|_| self.quote_words(at) >= SHORTEST_QUOTE_WORDS);
                }
                Kind::Comma => match self.mark_behind_comma(at + 1, cue) {
                    Some((place, frame)) => return particle.is_none().then_some((place, frame)),
                    None => return None,
                },
                Kind::Dash => return None,
                _ if token.is(Classes::THAT) && !self.grammar.comma_before_clause => {
                    return weighs(Frame::That);
                }
                _ if token.is(Classes::QUESTION_WORD)
                    && !self.grammar.comma_before_clause
                    && cue.weight(Frame::Question) > 0.0 =>
                {
                    return weighs(Frame::Question);
                }
                _ if self.starts_clause(at) || token.is(Classes::AUXILIARY) || self.is_finite_cue(at) => {
                    return None;
                }
                _ if !self.grammar.comma_before_clause && self.is_object(at, verb) => return None,
                _ => at += 1,
            }
        }
        None
    }

    /// Returns whether a word that opens a dependent clause, and no article, stands at `at`.
    fn starts_clause(&self, at: usize) -> bool {
        let token = self.sentence.at(at);
        token.is(Classes::RELATIVE.or(Classes::SUBORDINATOR)) && !token.is(Classes::DETERMINER)
    }

    /// Returns whether a thing stands right behind the verb, so that "que" belongs to it: "dijo unas palabras que".
    fn is_object(&self, at: usize, verb: usize) -> bool {
        let s = self.sentence;
        at == verb + 1
            && s.at(at).is(Classes::DETERMINER)
            && !s.at(at + 1).is(Classes::TIME)
            && !self.phrase_from(at).is_some_and(|phrase| self.can_speak(&phrase))
    }

    fn mark_behind_comma(&self, next: usize, cue: &Cue) -> Option<(usize, Frame)> {
        let s = self.sentence;
        let token = s.at(next);
        let weighs = |at: usize, frame: Frame| (cue.weight(frame) > 0.0).then_some((at, frame));
        if token.kind == Kind::Quote {
            return weighs(next, Frame::Quote).filter(|_| self.quote_words(next) >= SHORTEST_QUOTE_WORDS);
        }
        if token.is(Classes::THAT) {
            return weighs(next, Frame::That);
        }
        if token.is(Classes::QUESTION_WORD) {
            return weighs(next, Frame::Question);
        }
        if self.is_reported_mood(next) {
            return weighs(next, Frame::Clause);
        }
        // ", además, que": one short piece between commas.
        let short =
            (next..next + 12).find(|at| s.at(*at).kind != Kind::Word && s.at(*at).kind != Kind::Name)?;
        let opens = token.is(Classes::RELATIVE.or(Classes::SUBORDINATOR).or(Classes::COORDINATOR));
        (s.at(short).kind == Kind::Comma && s.at(short + 1).is(Classes::THAT) && !opens)
            .then(|| weighs(short + 1, Frame::That))
            .flatten()
    }

    /// Returns whether the clause from `from` on has a verb in the mood of reported speech.
    fn is_reported_mood(&self, from: usize) -> bool {
        let s = self.sentence;
        let first = s.at(from);
        if first.is(Classes::SUBORDINATOR.or(Classes::COORDINATOR)) {
            return false;
        }
        let mood = (from..s.end.min(from + LONGEST_PHRASE))
            .take_while(|at| !self.is_delimiter(*at))
            .find(|at| s.at(*at).is(Classes::REPORTED_MOOD) && s.at(*at).kind == Kind::Word);
        // "…, die gewonnen habe, …": in a relative clause the verb stands last.
        mood.is_some_and(|verb| !first.is(Classes::RELATIVE) || !self.is_delimiter(verb + 1))
    }

    /// Returns what is reported from its mark on.
    pub(super) fn content_from(&self, mark: usize, frame: Frame) -> Option<(Range, Rule)> {
        let s = self.sentence;
        let (from, rule) = match (s.at(mark).kind, frame) {
            (Kind::Colon, _) if s.at(mark + 1).kind == Kind::Quote => {
                return Some((mark + 1..mark + 2, Rule::CueBefore));
            }
            (Kind::Colon, _) => (mark + 1, Rule::Clause),
            (Kind::Quote, _) => return Some((mark..mark + 1, Rule::CueBefore)),
            (_, Frame::That) => (mark + 1, Rule::That),
            (_, Frame::Question) => (mark, Rule::Question),
            _ => (mark, Rule::Clause),
        };
        let end = self.clause_end(from);
        (end > from + 1 || end > from && s.at(from).kind == Kind::Quote).then_some((from..end, rule))
    }

    /// Returns where the clause that starts at `from` ends: before the place returned.
    pub(super) fn clause_end(&self, from: usize) -> usize {
        let s = self.sentence;
        let ceiling = s.end.min(from + LONGEST_CONTENT);
        let mut at = from;
        while at < ceiling {
            match s.at(at).kind {
                Kind::Stop | Kind::Semicolon => return at,
                Kind::Quote
                    if s.quote_ends_sentence(at)
                        && !matches!(s.at(at + 1).kind, Kind::Comma | Kind::Word | Kind::Dash) =>
                {
                    return at + 1;
                }
                Kind::Open => {
                    if let Some(close) = (at..ceiling.min(at + 40)).find(|at| s.at(*at).kind == Kind::Close) {
                        at = close;
                    }
                }
                Kind::Comma | Kind::Dash if at > from && self.breaks_at(at + 1) => return at,
                Kind::Word if at > from && s.at(at).is(Classes::COORDINATOR) && self.cue_at(at + 1) => {
                    return at;
                }
                _ => {}
            }
            at += 1;
        }
        ceiling
    }

    /// Returns whether a new report, or the words that attribute this one, start behind a comma.
    fn breaks_at(&self, next: usize) -> bool {
        let s = self.sentence;
        let token = s.at(next);
        if token.cues(Forms::GERUND) || s.phrase_at(next).is_some() {
            return true;
        }
        if token.is(Classes::AS) {
            return self.named_by_clause(next).is_some();
        }
        if token.is(Classes::COORDINATOR) {
            let subject = self.phrase_from(next + 1);
            return self.cue_at(next + 1) || subject.is_some_and(|subject| self.cue_at(subject.end));
        }
        let from = next + usize::from(token.kind == Kind::Dash);
        self.tag_at(from).is_some_and(|tag| {
            let end = self.adjuncts_end(tag.end);
            tag.source.is_some() && self.is_delimiter(end)
        })
    }

    /// Returns whether a finite cue with something to report stands at `at`, behind helpers.
    fn cue_at(&self, at: usize) -> bool {
        let s = self.sentence;
        let mut verb = at;
        while verb < at + LONGEST_GROUP
            && s.at(verb).is(LIGHT.or(Classes::AUXILIARY))
            && !self.is_finite_cue(verb)
        {
            verb += 1;
        }
        let finite = self.is_finite_cue(verb) || verb > at && s.at(verb).cues(Forms::PARTICIPLE);
        finite && self.mark_after(verb, s.words.verb(s.at(verb).word)).is_some()
    }
}
