//! `X said that …`: a cue before what it reports.

use super::{Finder, Report, Rule, tags::MIN_INVERTED};
use crate::quotes::{
    MIN_CONFIDENCE,
    sentence::{LONGEST_CONTENT, Range},
    tokens::Kind,
    words::{Classes, Cue, Forms, Frame},
};

/// A weaker cue needs a subject that can speak.
const THING: f32 = 0.6;
/// A report below this must not hide those inside what would be its content.
const TOO_WEAK: f32 = 0.2;

impl Finder<'_, '_> {
    /// "X said that …", "X promised to …", "…, noting that …".
    pub(super) fn cues_before(&mut self) {
        let s = self.sentence;
        let mut at = s.start;
        while at < s.end {
            let token = s.at(at);
            if !token.cues(Forms::VERB.or(Forms::NOUN)) || self.taken(at) {
                at += 1;
                continue;
            }
            let report = self.verb_report(at).or_else(|| self.noun_report(at));
            // "“…,” said Ada, and she laughed, “…”": the second piece has its speaker.
            let report = report.filter(|report| !report.content.iter().any(|piece| self.taken(piece.start)));
            match report {
                // One that is no claim hides none: "the man who wrote the speech |says| …".
                Some(report) if report.confidence < MIN_CONFIDENCE => {
                    if report.content.iter().all(|piece| piece.start < piece.end) {
                        self.weak.push(report);
                    }
                    at += 1;
                }
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
        if !token.cues(Forms::VERB) {
            return None;
        }
        let cue = s.words.verb(token.word);
        if cue.attitude && !self.attitudes {
            return None;
        }
        let group = s.verb_group(verb);
        let gerund = token.cues(Forms::GERUND) && !group.passive;
        if group.passive && token.cues(Forms::PARTICIPLE) && !token.cues(Forms::GERUND) {
            return self.passive_report(verb, &group, cue);
        }
        let reduced = token.cues(Forms::PARTICIPLE)
            && cue.addressee
            && (s.before(group.start).is(Classes::SUBORDINATOR) || group.start == s.start && verb == s.start);
        if reduced {
            return self.passive_report(verb, &group, cue); // "when asked whether …"
        }
        let (content, frame, rule) = self.content_after(verb, cue)?;
        // "He reads “The Long Night”": a title is nobody's words.
        let unmarked = s.before(content.start).is_wordlike();
        if rule == Rule::CueBefore && content.len() == 1 && unmarked && s.quote_is_title(content.start) {
            return None;
        }
        let source = if gerund { self.gerund_subject(&group) } else { self.finite_subject(&group, verb) }?;
        let mut confidence = self.weight_of(cue, frame, &content);
        if gerund {
            confidence = confidence.min(cue.weight(Frame::Gerund));
        }
        if group.infinitive {
            confidence *= 0.6;
        } else if group.unreal {
            confidence *= 0.75;
        }
        if group.negated {
            confidence *= 0.7;
        }
        // "You say …" names nobody, and "it goes without saying" says nothing.
        let pronoun = if source.len() == 1 { s.at(source.start) } else { s.at(s.end) };
        if pronoun.is(Classes::SECOND_PERSON)
            || pronoun.is(Classes::NEUTER) && (gerund || confidence < MIN_INVERTED)
        {
            return None;
        }
        let relative = s.at(source.start).is(Classes::RELATIVE) && !s.at(source.start).is(Classes::EXPLETIVE);
        let thing = !relative && !self.speaks(&source);
        if thing && (confidence < THING || s.voiced || frame == Frame::Object) {
            return None; // "the real challenges that plague …"
        }
        if confidence < TOO_WEAK {
            return None;
        }
        let rule = if gerund { Rule::Gerund } else { rule };
        // "which |she said| was late": what the clause is about stands before it.
        let about = source.start.checked_sub(1).filter(|at| {
            let token = s.at(*at);
            (token.is(Classes::RELATIVE) || token.is(Classes::QUESTION_WORD) && token.is(Classes::EXPLETIVE))
                && (frame == Frame::Clause || frame == Frame::Object && !token.is(Classes::THAT))
                && token.kind == Kind::Word
        });
        let lacks_subject = frame == Frame::Object || {
            let first = s.at(content.start);
            first.is(Classes::AUXILIARY.or(Classes::VERB)) || first.cues(Forms::FINITE)
        };
        let content = self.until_main_clause(content, &source);
        let mut pieces: Vec<Range> =
            about.filter(|_| lacks_subject).map(|at| at..at + 1).into_iter().collect();
        pieces.push(content);
        Some(Report {
            source: Some(source),
            cue: group.start..verb + 1,
            content: pieces,
            rule,
            confidence,
            attitude: cue.attitude,
            agentless: false,
        })
    }

    /// Cuts the content before the clause that the report only leads to: "While she says |she is ready|, she waits",
    /// "Fenwick, who says |she is ready|, waits".
    fn until_main_clause(&self, content: Range, source: &Range) -> Range {
        let s = self.sentence;
        let lead = s.start..source.start;
        let fronted = lead.len() < LONGEST_CONTENT
            && (lead.clone()).any(|at| s.at(at).is(Classes::SUBORDINATOR) && !s.at(at).is(Classes::RELATIVE))
            && !s.has_finite_verb(lead);
        let relative = source.len() == 1
            && s.at(source.start).is(Classes::RELATIVE)
            && s.before(source.start).kind == Kind::Comma;
        if !fronted && !relative {
            return content;
        }
        let comma = content.clone().skip(1).find(|at| {
            let next = s.at(at + 1);
            if s.at(*at).kind != Kind::Comma {
                false
            } else if relative {
                next.is(Classes::AUXILIARY.or(Classes::VERB)) || next.cues(Forms::FINITE)
            } else {
                !next.is(Classes::RELATIVE.or(Classes::COORDINATOR)) && s.has_finite_verb(at + 1..s.end)
            }
        });
        comma.map_or(content.clone(), |comma| content.start..comma)
    }

    /// Returns how often a use of the cue before this content reports something.
    pub(super) fn weight_of(&self, cue: &Cue, frame: Frame, content: &Range) -> f32 {
        if frame != Frame::Preposition {
            return cue.weight(frame);
        }
        content.start.checked_sub(1).and_then(|at| cue.preposition(self.sentence.word(at))).unwrap_or(0.0)
    }
}
