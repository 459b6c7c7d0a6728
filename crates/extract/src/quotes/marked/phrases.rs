//! `selon X, …`, `по словам X, …`, `wie X sagte, …`.

use super::{Finder, LIGHT};
use crate::quotes::{
    reports::{Report, Rule},
    sentence::Range,
    tokens::Kind,
    words::{Classes, Frame, Phrase},
};

impl Finder<'_, '_> {
    /// "По словам X, …", "…, selon X", "как заявил X, …".
    pub(super) fn phrases(&mut self) {
        let s = self.sentence;
        let mut at = s.start;
        while at < s.end {
            let token = s.at(at);
            if !token.is(Classes::PHRASE.or(Classes::AS)) || self.taken(at) {
                at += 1;
                continue;
            }
            let named = self.named_by_phrase(at).or_else(|| self.named_by_clause(at));
            let Some((cue, source, end, weight)) = named else {
                at += 1;
                continue;
            };
            let content = self.content_around(at, end);
            let attributed = !content.is_empty();
            if attributed {
                self.push(Report {
                    source: Some(source),
                    cue,
                    content,
                    rule: Rule::Phrase,
                    confidence: weight,
                    attitude: false,
                    agentless: false,
                });
            }
            at = end.max(at + 1);
        }
    }

    /// Reads "selon X" at `at`: cue, source, the token after them, weight.
    fn named_by_phrase(&self, at: usize) -> Option<(Range, Range, usize, f32)> {
        let s = self.sentence;
        let (after, phrase) = s.phrase_at(at)?;
        if phrase.only_behind && (!self.is_border(at) || at == s.start) {
            return None;
        }
        let source = self.phrase_object(after, phrase)?;
        Some((at..after, source.clone(), source.end, phrase.weight))
    }

    pub(super) fn phrase_object(&self, after: usize, phrase: &Phrase) -> Option<Range> {
        let s = self.sentence;
        let first = s.at(after);
        if first.is(Classes::OBJECT_PRONOUN.or(Classes::SUBJECT_PRONOUN)) && !first.is(Classes::DETERMINER)
            || first.is(Classes::POSSESSIVE) && !s.at(after + 1).is_wordlike()
        {
            return Some(after..after + 1);
        }
        let source = self.phrase_from(after).map(|source| self.with_apposition(source))?;
        (self.can_speak(&source) && !self.holds_work(&source) || !phrase.needs_speaker).then_some(source)
    }

    fn holds_work(&self, phrase: &Range) -> bool {
        phrase.clone().take(2).any(|at| self.sentence.at(at).is(Classes::NO_SPEAKER))
    }

    /// Reads "как заявил X" or "wie X sagte" at `at`.
    pub(super) fn named_by_clause(&self, at: usize) -> Option<(Range, Range, usize, f32)> {
        let s = self.sentence;
        if !s.at(at).is(Classes::AS) || !self.is_border(at) {
            return None;
        }
        if let Some(tag) = self.inverted_tag(at + 1) {
            let source = tag.source?;
            let end = self.adjuncts_end(tag.end);
            return self.is_delimiter(end).then_some((at..tag.cue.end, source, end, tag.weight));
        }
        // The verb stands last: "wie Ministerin Fenwick am Montag mitteilte".
        let source = self.phrase_from(at + 1).filter(|source| self.can_speak(source))?;
        let verb = (source.end..s.end.min(source.end + 8))
            .find(|at| self.is_finite_cue(*at) || self.is_delimiter(*at))?;
        let cue = self.is_finite_cue(verb).then(|| s.words.verb(s.at(verb).word))?;
        self.is_delimiter(verb + 1).then_some((verb..verb + 1, source, verb + 1, cue.weight(Frame::After)))
    }

    /// Returns what a phrase from `start` to `end` attributes: the clause behind it, before it, or around it.
    fn content_around(&self, start: usize, end: usize) -> Vec<Range> {
        let s = self.sentence;
        let before_end = self.without_delimiters_behind(start);
        let before = self.clause_start(before_end)..before_end;
        let comma_behind = matches!(s.at(end).kind, Kind::Comma | Kind::Dash | Kind::Colon);
        let mut from = end;
        while from < s.end && matches!(s.at(from).kind, Kind::Comma | Kind::Dash | Kind::Colon) {
            from += 1;
        }
        let loose =
            self.grammar.phrase_without_comma || self.sentence.at(end - 1).is(Classes::OBJECT_PRONOUN);
        let behind = match s.quote(from) {
            Some(_) if comma_behind => from..from + 1,
            _ if (comma_behind || loose) && from < s.end => from..self.clause_end(from),
            _ => from..from,
        };
        let opens = before.len() < 2
            && !before.clone().any(|at| s.at(at).kind == Kind::Quote)
            && before
                .clone()
                .all(|at| !s.at(at).is_wordlike() || s.at(at).is(Classes::COORDINATOR.or(LIGHT)));
        if opens || self.taken_between(&before) {
            return if behind.len() > 1 || s.quote(behind.start).is_some() && !behind.is_empty() {
                vec![behind]
            } else {
                Vec::new()
            };
        }
        if !self.is_border(start) && !self.grammar.phrase_without_comma {
            return Vec::new();
        }
        if behind.is_empty() || !self.is_border(start) && comma_behind {
            return vec![before];
        }
        if s.at(behind.start).is(Classes::RELATIVE.or(Classes::COORDINATOR).or(Classes::CONTRAST))
            && before.len() > 3
        {
            return vec![before];
        }
        vec![before, behind]
    }

    fn taken_between(&self, range: &Range) -> bool {
        range.clone().any(|at| self.taken(at))
    }
}
