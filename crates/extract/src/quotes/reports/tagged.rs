//! What a tag attributes: the clause or the marks before it, and more of the same behind it.

use super::{Finder, Report, Rule, tags::Tag};
use crate::quotes::{
    sentence::{LONGEST_CONTENT, Range},
    tokens::Kind,
    words::{Classes, Ending, Forms},
};

impl Finder<'_, '_> {
    pub(super) fn report_after(&self, tag: &Tag) -> Option<Report> {
        let s = self.sentence;
        let mut end = tag.start;
        while end > s.start
            && (matches!(s.before(end).kind, Kind::Comma | Kind::Dash | Kind::Stop)
                || s.before(end).is(Classes::ADVERB.or(Classes::AS))
                    && !self.taken(end - 1)
                    && s.quote(end - 1).is_none()
                    && matches!(s.before(end - 1).kind, Kind::Comma | Kind::Quote | Kind::Dash))
        {
            end -= 1;
        }
        if end == s.start {
            return None;
        }
        let quoted = s.quote(end - 1).is_some();
        let mut start = self.clause_start(end);
        if quoted && (!s.has_finite_verb(start..end - 1) || s.before(end - 1).kind == Kind::Colon) {
            start = end - 1;
        }
        let rest = self.rest_after_tag(tag.end, quoted);
        let is_clause = quoted
            || rest.is_some()
            || s.has_finite_verb(start..end)
            || (start..end).any(|at| s.at(at).kind == Kind::Quote);
        if start >= end || !is_clause || !quoted && rest.is_none() && !self.is_full_clause(start..end) {
            return None;
        }
        if !quoted && s.at(tag.end).kind == Kind::Colon {
            return None;
        }
        let full = quoted || self.is_full_clause(start..end);
        let rest = rest.filter(|rest| {
            let next = s.at(rest.start);
            let joined = next.is(Classes::COORDINATOR
                .or(Classes::SUBORDINATOR)
                .or(Classes::PREPOSITION)
                .or(Classes::AUXILIARY));
            !full || joined || next.kind == Kind::Quote
        });
        if let Some(rest) = &rest
            && !full
            && s.quote(rest.start).is_some()
            && !s.quote_goes_on(rest.start)
        {
            // "A little later, he said, “…”"
            return Some(Report {
                source: Some(tag.source.clone()),
                cue: tag.cue.clone(),
                content: vec![rest.clone()],
                rule: Rule::CueBefore,
                confidence: tag.weight,
                attitude: false,
                agentless: false,
            });
        }
        let mut content: Vec<Range> = std::iter::once(start..end).collect();
        let mut rule = if quoted { Rule::CueAfter } else { Rule::ClauseFirst };
        if let Some(rest) = rest {
            content.push(rest);
            rule = Rule::CueInside;
        }
        let confidence = if quoted { (tag.weight + 1.0) / 2.0 } else { tag.weight };
        Some(Report {
            source: Some(tag.source.clone()),
            cue: tag.cue.clone(),
            content,
            rule,
            confidence,
            attitude: false,
            agentless: false,
        })
    }

    /// Returns whether the range can stand as a sentence: what starts like an adjunct needs a clause behind its comma.
    fn is_full_clause(&self, range: Range) -> bool {
        let s = self.sentence;
        let first = s.at(range.start);
        if (range.clone()).any(|at| s.at(at).kind == Kind::Quote) {
            return true;
        }
        // "But he operates on another principle": no list holds every verb.
        let pronoun = range.start + usize::from(first.is(Classes::COORDINATOR));
        if s.at(pronoun).is(Classes::SUBJECT_PRONOUN) && range.len() > 2 {
            return true;
        }
        let quantity = first.is(Classes::PREPOSITION) && s.at(range.start + 1).kind == Kind::Number;
        let adjunct = first.is(Classes::PREPOSITION.or(Classes::SUBORDINATOR).or(Classes::TIME)) && !quantity
            || first.cues(Forms::GERUND.or(Forms::PARTICIPLE)) && first.kind == Kind::Name
            || first.kind == Kind::Name && s.words.ends_in(Ending::Gerund, s.word(range.start));
        if adjunct {
            let comma = range.clone().find(|at| s.at(*at).kind == Kind::Comma);
            return comma.is_some_and(|comma| s.has_finite_verb(comma + 1..range.end));
        }
        range.take(LONGEST_CONTENT).any(|at| {
            let token = s.at(at);
            let by_ending = token.is(Classes::VERB)
                && !token.is(Classes::AUXILIARY)
                && s.words.ends_in(Ending::Verb, s.word(at));
            let subject = s.before(at).is(Classes::SUBJECT_PRONOUN)
                || s.before(at).kind == Kind::Name
                || s.before(at).is_wordlike() && !s.at(at + 1).is(Classes::PREPOSITION);
            // "the new pier |marks| a beginning"
            let by_place = token.kind == Kind::Word
                && s.words.ends_in(Ending::Present, s.word(at))
                && s.before(at).is_wordlike()
                && !s.before(at).is(Classes::NO_NOUN.or(Classes::DETERMINER).or(Classes::POSSESSIVE))
                && s.at(at + 1).is(Classes::DETERMINER.or(Classes::POSSESSIVE));
            token.is(Classes::AUXILIARY.or(Classes::CONTRACTION))
                || by_place
                || token.is(Classes::VERB) && (!by_ending || subject)
                || token.cues(Forms::FINITE) && !token.is(Classes::SPEAKER_NOUN.or(Classes::VENUE))
        })
    }

    /// Returns the second piece of a content that a tag cuts.
    fn rest_after_tag(&self, tag_end: usize, quoted: bool) -> Option<Range> {
        let s = self.sentence;
        if quoted && s.at(tag_end).kind == Kind::Quote {
            return Some(tag_end..self.quoted_end(tag_end));
        }
        if !matches!(s.at(tag_end).kind, Kind::Comma | Kind::Dash | Kind::Colon) {
            return None;
        }
        let from = tag_end + 1;
        let next = s.at(from);
        if next.kind == Kind::Quote {
            return Some(from..self.quoted_end(from));
        }
        if quoted
            || next.cues(Forms::GERUND)
            || next.is(Classes::RELATIVE)
            || self.is_gerund(from)
            || next.is(Classes::CONTRAST)
        {
            return None;
        }
        if next.is(Classes::COORDINATOR) && (s.report_verb(from + 1).is_some()) {
            return None;
        }
        if s.at(tag_end).kind == Kind::Dash || next.is(Classes::COORDINATOR) && s.starts_report(from + 1) {
            return None;
        }
        let end = s.clause_end(from);
        let says = s.has_finite_verb(from..end) || (from..end).any(|at| s.at(at).kind == Kind::Quote);
        says.then_some(from..end)
    }

    /// Returns where the clause that ends before `end` starts.
    pub(super) fn clause_start(&self, end: usize) -> usize {
        let s = self.sentence;
        let mut start = (s.start.max(end.saturating_sub(LONGEST_CONTENT))..end)
            .rev()
            .find(|at| s.at(*at).kind == Kind::Semicolon || self.taken(*at))
            .map_or(s.start, |at| at + 1);
        while start < end && matches!(s.at(start).kind, Kind::Comma | Kind::Dash | Kind::Sign | Kind::Stop) {
            start += 1;
        }
        if start > s.start && s.at(start).is(Classes::COORDINATOR) {
            start += 1;
        }
        start
    }
}
