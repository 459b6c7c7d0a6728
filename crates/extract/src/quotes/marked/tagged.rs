//! What a tag attributes: marks or a clause before it.

use super::{Finder, tags::Tag};
use crate::quotes::{
    reports::{Report, Rule},
    sentence::LONGEST_CONTENT,
    tokens::Kind,
    words::{Classes, Forms},
};

/// Words that a quotation holds at least where only its place says that it is one.
pub(super) const SHORTEST_QUOTE_WORDS: usize = 4;

impl Finder<'_, '_> {
    /// Makes the report of the marks at `at` with the tag behind them, and returns where it ends.
    pub(super) fn quote_report(&self, at: usize, tag: &Tag) -> Option<(Report, usize)> {
        let s = self.sentence;
        let start = self.clause_start(at);
        let alone = start >= at
            || matches!(s.before(at).kind, Kind::Colon | Kind::Dash)
            || self.is_sentence(at) && matches!(s.before(at).kind, Kind::Comma | Kind::Stop);
        if !alone && self.is_title(at) && s.at(at + 1).kind == Kind::Comma && s.at(at + 2).kind != Kind::Dash
        {
            return None; // `Die Zeitung „Anker“, sagte X, …` may be a clause: the other rules decide
        }
        let first = if alone { at..at + 1 } else { start..at + 1 };
        let mut content = vec![first];
        let mut end = tag.end;
        let mut rule = Rule::CueAfter;
        let rest = self.adjuncts_end(tag.end);
        let mut from = rest;
        while from < s.end && matches!(s.at(from).kind, Kind::Comma | Kind::Dash | Kind::Colon) {
            from += 1;
        }
        if from > rest && s.at(from).kind == Kind::Quote {
            content.push(from..from + 1);
            end = from + 1;
            rule = Rule::CueInside;
        }
        let report = Report {
            source: tag.source.clone(),
            cue: tag.cue.clone(),
            content,
            rule,
            confidence: tag.weight,
            attitude: false,
            agentless: false,
        };
        Some((report, end))
    }

    /// Returns whether the words in marks at `at` read like a sentence.
    fn is_sentence(&self, at: usize) -> bool {
        self.quote_words(at) >= SHORTEST_QUOTE_WORDS
            && self.sentence.quote(at).is_some_and(|quote| {
                let inner = self.sentence.text[quote.inner_start..quote.inner_end].trim_start();
                inner.starts_with(|c: char| !c.is_lowercase())
            })
    }

    /// Returns whether the words in marks at `at` stand behind the noun that they name.
    pub(super) fn is_title(&self, at: usize) -> bool {
        self.sentence.before(at).is_wordlike() && self.quote_words(at) < SHORTEST_QUOTE_WORDS
    }

    pub(super) fn quote_words(&self, at: usize) -> usize {
        self.sentence.quote(at).map_or(0, |quote| {
            self.sentence.text[quote.inner_start..quote.inner_end]
                .split_whitespace()
                .take(SHORTEST_QUOTE_WORDS)
                .count()
        })
    }

    /// "…, сообщили власти.", "…, dijo X, …": the clause has no marks.
    pub(super) fn clause_first(&self, comma: usize) -> Option<(Report, usize)> {
        let s = self.sentence;
        let mut from = comma;
        while matches!(s.at(from).kind, Kind::Comma | Kind::Dash) && from < s.end {
            from += 1;
        }
        let tag = self.tag_at(from)?;
        let end = self.adjuncts_end(tag.end);
        let start = self.clause_start(comma);
        let ends = end >= s.end || matches!(s.at(end).kind, Kind::Stop | Kind::Semicolon | Kind::Close);
        if comma < start + 2
            || tag.source.is_none()
            || s.at(start).is(Classes::SUBORDINATOR.or(Classes::COORDINATOR))
        {
            return None;
        }
        let mut content = Vec::from_iter(std::iter::once(start..comma));
        if !ends {
            if s.at(end).kind != Kind::Comma || start > s.start {
                return None;
            }
            let rest = end + 1..self.clause_end(end + 1);
            let goes_on =
                s.at(rest.start).is(Classes::RELATIVE.or(Classes::COORDINATOR).or(Classes::SUBORDINATOR))
                    || s.at(rest.start).cues(Forms::GERUND);
            if !goes_on && rest.len() > 2 {
                content.push(rest);
            }
        }
        let report = Report {
            source: tag.source,
            cue: tag.cue,
            content,
            rule: Rule::ClauseFirst,
            confidence: tag.weight * 0.9,
            attitude: false,
            agentless: false,
        };
        Some((report, end))
    }

    pub(super) fn without_delimiters_behind(&self, from: usize) -> usize {
        let s = self.sentence;
        let mut end = from;
        while end > s.start && matches!(s.before(end).kind, Kind::Comma | Kind::Dash | Kind::Open) {
            end -= 1;
        }
        end
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
        start
    }
}
