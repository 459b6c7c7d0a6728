//! Cues before what they report: `X заявил, что …`.

use super::{Finder, LONGEST_PHRASE};
use crate::quotes::{
    reports::{Report, Rule},
    sentence::Range,
    tokens::Kind,
    words::{Classes, Forms, Frame},
};

/// A cue with its helpers.
#[derive(Debug, Clone, Copy)]
struct Group {
    start: usize,
    /// Its auxiliary, which may stand further left than `start`.
    helper: Option<usize>,
    negated: bool,
    unreal: bool,
}

/// Tokens of helpers around a cue.
pub(super) const LONGEST_GROUP: usize = 6;

impl Finder<'_, '_> {
    /// "X заявил, что …", "X dijo: «…»", "X sagte, er habe …".
    pub(super) fn cues(&mut self) {
        let s = self.sentence;
        let mut at = s.start;
        while at < s.end {
            if !s.at(at).cues(Forms::VERB) || self.taken(at) {
                at += 1;
                continue;
            }
            match self.verb_report(at) {
                Some(report) => {
                    at = report.content.last().map_or(at + 1, |content| content.end.max(at + 1));
                    self.push(report);
                }
                None => at += 1,
            }
        }
    }

    fn verb_report(&self, verb: usize) -> Option<Report> {
        let s = self.sentence;
        let token = s.at(verb);
        if token.kind == Kind::Name && verb > s.start && self.grammar.nouns_have_capitals {
            return None;
        }
        let cue = s.words.verb(token.word);
        let group = self.group(verb)?;
        let gerund = token.cues(Forms::GERUND) && !token.cues(Forms::FINITE);
        let (mark, frame) = self.mark_after(verb, cue)?;
        let negated = group.negated || (verb + 1..mark).any(|at| s.at(at).is(Classes::NEGATION));
        if negated != cue.negated || group.unreal && !gerund {
            return None;
        }
        let agentless = cue.weight(Frame::Passive) > 0.0;
        let source = if agentless {
            None
        } else if gerund {
            self.last_subject.clone().or_else(|| self.first_subject())
        } else {
            self.source_of(verb, &group, mark)
        };
        if let Some(source) = &source
            && (self.is_first_or_second_person(source)
                || s.voiced && s.at(source.start).is(Classes::FIRST_PERSON))
        {
            return None;
        }
        let known = source.is_some() || agentless;
        let absent = self.grammar.subject_may_be_absent && self.is_border(group.start);
        if !known && !absent {
            return None;
        }
        let (content, rule) = self.content_from(mark, frame)?;
        Some(Report {
            source,
            cue: group.start..verb + 1,
            content: vec![content],
            rule: if gerund {
                Rule::Gerund
            } else if agentless {
                Rule::Passive
            } else {
                rule
            },
            confidence: if agentless { cue.weight(Frame::Passive) } else { cue.weight(frame) },
            attitude: cue.attitude,
            agentless,
        })
    }

    /// Reads the helpers before a cue; `None` where its form needs a helper that is not there.
    fn group(&self, verb: usize) -> Option<Group> {
        let s = self.sentence;
        let token = s.at(verb);
        let mut group = Group { start: verb, helper: None, negated: false, unreal: false };
        while group.start > s.start && verb - group.start < LONGEST_GROUP {
            let left = s.before(group.start);
            let helps = left.is(Classes::AUXILIARY
                .or(Classes::NEGATION)
                .or(Classes::OBJECT_PRONOUN)
                .or(Classes::HYPOTHETICAL))
                || left.is(Classes::ADVERB) && left.kind == Kind::Word
                || left.is(Classes::SUBJECT_PRONOUN) && s.before(group.start - 1).is(Classes::AUXILIARY);
            if !helps
                || left.is(Classes::DETERMINER) && !left.is(Classes::OBJECT_PRONOUN)
                || left.is(Classes::AS)
            {
                break;
            }
            group.start -= 1;
            if left.is(Classes::AUXILIARY) {
                group.helper = Some(group.start);
            }
            group.negated |= left.is(Classes::NEGATION);
            group.unreal |= left.is(Classes::HYPOTHETICAL);
        }
        let clause = (s.start.max(verb.saturating_sub(LONGEST_PHRASE))..group.start).rev().take_while(|at| {
            !matches!(s.at(*at).kind, Kind::Comma | Kind::Semicolon | Kind::Stop | Kind::Colon)
        });
        for at in clause {
            let token = s.at(at);
            group.unreal |= token.is(Classes::HYPOTHETICAL);
            if self.grammar.participle_last && group.helper.is_none() && token.is(Classes::AUXILIARY) {
                group.helper = Some(at);
            }
        }
        let far_helper = group.helper.filter(|at| *at < group.start);
        if far_helper.is_some() {
            group.negated |= (far_helper?..verb).any(|at| s.at(at).is(Classes::NEGATION));
        }
        let fits = token.cues(Forms::FINITE.or(Forms::GERUND))
            || token.cues(Forms::PARTICIPLE) && group.helper.is_some();
        fits.then_some(group)
    }

    /// Returns who does what the cue says.
    fn source_of(&self, verb: usize, group: &Group, mark: usize) -> Option<Range> {
        let s = self.sentence;
        // Between helper and participle: "a-t-il dit", "hat Ministerin Fenwick gesagt".
        let speaks = |phrase: &Range| self.can_speak(phrase) || self.is_plain_subject(phrase);
        let helper = group.helper.unwrap_or(group.start);
        if let Some(pronoun) = (group.start..verb).find(|at| s.at(*at).is(Classes::SUBJECT_PRONOUN)) {
            return Some(pronoun..pronoun + 1);
        }
        let start = helper.min(group.start);
        if s.before(start).is(Classes::COORDINATOR)
            && s.at(start - 1).kind == Kind::Word
            && self.last_subject.is_some()
        {
            return self.last_subject.clone();
        }
        let inverted = || {
            let mut from = if helper < group.start { helper + 1 } else { verb + 1 };
            while from < mark && self.is_light(from) {
                from += 1;
            }
            let from = from + usize::from(s.at(from).is(Classes::WITHIN));
            self.phrase_from(from)
                .filter(|phrase| phrase.end <= mark && self.can_speak(phrase))
                .map(|phrase| self.with_apposition(phrase))
                .filter(|phrase| phrase.end <= mark)
        };
        self.subject_before(start).filter(speaks).or_else(inverted)
    }
}
