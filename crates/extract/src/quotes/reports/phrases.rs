//! `According to X, …` and `As X noted, …`.

use super::{Finder, Report, Rule, tags::LONGEST_TAG, tags::MIN_INVERTED};
use crate::quotes::{
    sentence::Range,
    tokens::Kind,
    words::{Classes, Forms, Frame},
};

/// How sure "As X noted, …" is.
const AS_CLAUSE: f32 = 0.8;

impl Finder<'_, '_> {
    /// "According to X, …" and "…, according to X".
    pub(super) fn phrases(&mut self) {
        let s = self.sentence;
        let mut at = s.start;
        while at < s.end {
            let token = s.at(at);
            if !token.is(Classes::PHRASE) {
                at += 1;
                continue;
            }
            let Some((after, phrase)) = s.phrase_at(at) else {
                at += 1;
                continue;
            };
            let Some(name_end) = self.end_of_phrase_name(after) else {
                at = after;
                continue;
            };
            let source = after..name_end;
            let content = self.content_of_phrase(at, name_end);
            if !content.is_empty() {
                self.push(Report {
                    source: Some(source),
                    cue: at..after,
                    content,
                    rule: Rule::Phrase,
                    confidence: phrase.weight,
                    attitude: false,
                    agentless: false,
                });
            }
            at = name_end;
        }
    }

    /// "As X noted on Monday, …": the clause behind the comma.
    pub(super) fn as_clause(&mut self) {
        let s = self.sentence;
        let start = s.start + usize::from(s.at(s.start).is(Classes::COORDINATOR));
        if !s.at(start).is(Classes::AS) {
            return;
        }
        let Some(source) = s.noun_phrase_from(start + 1).filter(|source| self.speaks(source)) else { return };
        let mut verb = source.end;
        while s.at(verb).is(Classes::HELPER) && verb < source.end + 4 {
            verb += 1;
        }
        let group = s.verb_group(verb);
        let token = s.at(verb);
        let weight =
            if token.cues(Forms::VERB) { s.words.verb(token.word).weight(Frame::After) } else { 0.0 };
        if weight < MIN_INVERTED || group.passive || !self.is_finite(verb, &group, &source) {
            return;
        }
        let Some(end) = self.tag_end(verb + 1).filter(|end| s.at(*end).kind == Kind::Comma) else { return };
        let content = match s.quote(end + 1) {
            Some(_) => end + 1..self.quoted_end(end + 1),
            None => end + 1..s.clause_end(end + 1),
        };
        self.push(Report {
            source: Some(source.clone()),
            cue: source.end..verb + 1,
            content: vec![content],
            rule: Rule::Phrase,
            confidence: AS_CLAUSE,
            attitude: false,
            agentless: false,
        });
    }

    /// Returns where the name after "according to" ends: before a comma that ends no apposition, a stop or marks.
    fn end_of_phrase_name(&self, from: usize) -> Option<usize> {
        let s = self.sentence;
        let mut at = from;
        while at < s.end && at < from + 40 {
            match s.at(at).kind {
                Kind::Stop | Kind::Semicolon | Kind::Colon | Kind::Comma | Kind::Dash | Kind::Close => break,
                Kind::Quote if at > from && s.at(at).end - s.at(at).start > 60 => break,
                _ => at += 1,
            }
        }
        (at > from).then_some(at)
    }

    fn content_of_phrase(&self, phrase: usize, name_end: usize) -> Vec<Range> {
        let s = self.sentence;
        let follows = phrase > s.start
            && self.clause_start(phrase) < phrase
            && !s.before(phrase).is(Classes::COORDINATOR.or(Classes::CONTRAST));
        let mut content = Vec::new();
        if follows {
            let mut end = phrase;
            while end > s.start && matches!(s.before(end).kind, Kind::Comma | Kind::Dash | Kind::Open) {
                end -= 1;
            }
            let start = self.clause_start(end);
            let only_adjunct = !s.has_finite_verb(start..end)
                && s.at(name_end).kind == Kind::Comma
                && !(start..end).any(|at| s.at(at).kind == Kind::Quote);
            content.push(start..end);
            if s.before(phrase).kind == Kind::Comma
                && s.at(name_end).kind == Kind::Comma
                && (only_adjunct || s.at(name_end + 1).is(Classes::AUXILIARY.or(Classes::VERB)))
            {
                let rest = name_end + 1..s.clause_end(name_end + 1);
                if s.has_finite_verb(rest.clone()) {
                    content.push(rest);
                }
            }
            return content;
        }
        let mut start = name_end;
        while matches!(s.at(start).kind, Kind::Comma | Kind::Colon) {
            start += 1;
        }
        start = self.behind_apposition(start);
        let end = s.clause_end(start);
        if start < end && start > name_end {
            content.push(start..end);
        }
        content
    }

    /// Steps over what is put beside a name: "According to Ada Fenwick, |the mayor, |the bridge is safe".
    fn behind_apposition(&self, start: usize) -> usize {
        let s = self.sentence;
        let comma = |from: usize| (from..s.end).take(LONGEST_TAG).find(|at| s.at(*at).kind == Kind::Comma);
        let Some(end) = comma(start) else { return start };
        let next = end + 1..comma(end + 1).unwrap_or(s.end);
        let role = s.at(start).is(Classes::DETERMINER.or(Classes::SPEAKER_NOUN))
            && (start..end).any(|at| s.at(at).is(Classes::SPEAKER_NOUN))
            && !s.has_finite_verb(start..end);
        let beside = role || s.at(start).is(Classes::RELATIVE) && !s.at(start).is(Classes::THAT);
        if beside && s.has_finite_verb(next) { end + 1 } else { start }
    }
}
