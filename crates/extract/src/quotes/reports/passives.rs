//! `X was asked whether …`, `the plan was announced`.

use super::{Finder, Report, Rule};
use crate::quotes::{
    MIN_CONFIDENCE,
    sentence::{Range, VerbGroup},
    words::{Classes, Cue, Frame},
};

/// How sure a passive stays that names nobody, where only its subject is reported.
const AGENTLESS: f32 = 0.75;

impl Finder<'_, '_> {
    /// "It was stressed that …", "X was asked by Y whether …".
    pub(super) fn passive_report(&self, verb: usize, group: &VerbGroup, cue: &Cue) -> Option<Report> {
        let s = self.sentence;
        let mut at = verb + 1;
        let mut source = None;
        if s.at(at).is(Classes::BY) {
            let agent = s.noun_phrase_from(at + 1)?;
            at = agent.end;
            source = Some(agent);
        }
        at = s.skip_adjuncts(at, cue);
        let fits = |frame: Frame| {
            matches!(
                frame,
                Frame::That | Frame::Question | Frame::Preposition | Frame::Infinitive | Frame::Quote
            )
        };
        let confidence = cue.weight(Frame::Passive) * if source.is_some() { 1.0 } else { 0.8 };
        let behind = self.content_at(at, verb, cue).filter(|(_, frame, _)| fits(*frame));
        let agentless = source.is_none();
        let (content, confidence) = match behind {
            Some((content, ..)) if confidence >= MIN_CONFIDENCE => (vec![content], confidence),
            behind => {
                let content = self.passive_subject(group, verb, behind.map(|(content, ..)| content));
                match content {
                    Some(content) if cue.weight(Frame::Subject) > 0.0 => {
                        (content, cue.weight(Frame::Subject) * if source.is_some() { 1.0 } else { AGENTLESS })
                    }
                    _ => return None,
                }
            }
        };
        Some(Report {
            source,
            cue: group.start..verb + 1,
            content,
            rule: Rule::Passive,
            confidence,
            attitude: cue.attitude,
            agentless,
        })
    }

    /// Returns what a passive says of its subject: "|the plan| was announced", "|she| is said |to own it|".
    fn passive_subject(&self, group: &VerbGroup, verb: usize, behind: Option<Range>) -> Option<Vec<Range>> {
        let s = self.sentence;
        let subject = s.subject_before(group.start).filter(|_| group.passive)?;
        let mut content = vec![subject];
        let completes = s.at(verb + 1).is(Classes::INFINITIVE_MARK.or(Classes::AS));
        content.extend(behind.filter(|behind| completes && behind.start == verb + 1));
        Some(content)
    }
}
