//! The words that attribute what stands before them: `…, X said`, `…, said X`.

use super::Finder;
use crate::quotes::{
    sentence::Range,
    tokens::Kind,
    words::{Classes, Ending, Forms, Frame},
};

/// The words that attribute what stands before them.
#[derive(Debug, Clone)]
pub(super) struct Tag {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) source: Range,
    pub(super) cue: Range,
    pub(super) weight: f32,
}

/// Tokens after the verb of a tag.
pub(super) const LONGEST_TAG: usize = 24;
/// How sure a tag is whose verb is no cue: `“…,” he grunted`.
const UNKNOWN_VERB: f32 = 0.5;
/// A verb below this makes no tag without marks.
const MIN_BARE_TAG: f32 = 0.66;
/// The same behind "as": ", as he |put| it".
const MIN_AS_TAG: f32 = 0.75;
/// A verb below this takes its subject behind it only after marks.
pub(super) const MIN_INVERTED: f32 = 0.7;

impl Finder<'_, '_> {
    /// "…, X said." and "…, said X", with or without more of the same content behind.
    ///
    /// Verbs that are no cues attribute marks alone.
    pub(super) fn cues_after(&mut self, has_quote: bool) {
        let s = self.sentence;
        let mut at = s.start;
        while at < s.end {
            let token = s.at(at);
            if (token.cues(Forms::VERB) || has_quote && token.is(Classes::VERB))
                && !self.taken(at)
                && let Some(tag) = self.tag_after(at)
                && let Some(report) = self.report_after(&tag)
            {
                at = tag.end;
                self.push(report);
                continue;
            }
            at += 1;
        }
    }

    /// Reads a tag with its verb at `verb`: `, X said|,` or `, said X|.`
    pub(super) fn tag_after(&self, verb: usize) -> Option<Tag> {
        let s = self.sentence;
        let group = s.verb_group(verb);
        if group.infinitive || group.passive {
            return None;
        }
        if let Some(subject) = s.subject_before(group.start).filter(|subject| self.starts_tag(subject.start))
            && !s.at(subject.start).is(Classes::RELATIVE)
            && !self.is_relative_subject(&subject)
            && let Some(weight) = self.tag_weight(verb, subject.start)
            && self.is_finite(verb, &group, &subject)
            && let Some(end) = self.tag_end(verb + 1).or_else(|| self.loose_tag_end(verb + 1, subject.start))
        {
            return Some(Tag {
                start: subject.start,
                end,
                source: subject,
                cue: group.start..verb + 1,
                weight,
            });
        }
        // Inverted: the subject stands behind.
        if group.helped || !self.starts_tag(group.start) || s.at(verb).is(Classes::CONTRACTION) {
            return None;
        }
        let weight = self.tag_weight(verb, group.start)?;
        let mut from = verb + 1;
        while s.at(from).is(Classes::ADVERB) {
            from += 1;
        }
        let subject = s.with_apposed_name(s.noun_phrase_from(from)?);
        let named = subject.clone().any(|at| {
            s.at(at).kind == Kind::Name
                || s.at(at).is(Classes::SPEAKER_NOUN
                    .or(Classes::SUBJECT_PRONOUN)
                    .or(Classes::DETERMINER)
                    .or(Classes::POSSESSIVE)
                    .or(Classes::INDEFINITE))
        });
        if !named
            || s.at(subject.start).is(Classes::OBJECT_PRONOUN)
                && !s.at(subject.start).is(Classes::SUBJECT_PRONOUN.or(Classes::POSSESSIVE))
        {
            return None;
        }
        if !self.is_finite(verb, &group, &subject) {
            return None;
        }
        let end = if self.quote_before(group.start) {
            self.end_of_apposition(subject.end)
        } else {
            // Without marks only a person or a body right behind a verb of saying is a subject: ", said the mayor."
            let first = s.at(subject.start);
            let who = first.kind == Kind::Name
                || first.is(Classes::SUBJECT_PRONOUN)
                    && !first.is(Classes::NEUTER.or(Classes::SECOND_PERSON))
                || subject.clone().any(|at| s.at(at).is(Classes::SPEAKER_NOUN))
                    && !first.is(Classes::POSSESSIVE);
            let end = self.tag_end(subject.end)?;
            if !who || weight < MIN_INVERTED {
                return None;
            }
            end
        };
        Some(Tag { start: group.start, end, source: subject, cue: group.start..verb + 1, weight })
    }

    /// Returns whether the phrase holds a noun and the subject of its relative clause: `— |a phrase nobody| said`.
    fn is_relative_subject(&self, phrase: &Range) -> bool {
        let s = self.sentence;
        let noun = s.before(phrase.end - 1);
        s.before(phrase.start).kind == Kind::Dash
            && phrase.len() > 2
            && s.before(phrase.end).is(Classes::INDEFINITE)
            && noun.kind == Kind::Word
            && !noun.is(Classes::DETERMINER.or(Classes::INDEFINITE).or(Classes::ADVERB))
    }

    /// Returns how sure a tag with this verb is; verbs that are no cues attribute only marks right before them.
    fn tag_weight(&self, verb: usize, start: usize) -> Option<f32> {
        let s = self.sentence;
        let token = s.at(verb);
        if token.cues(Forms::VERB) {
            let cue = s.words.verb(token.word);
            // Without marks the verb must be one of saying: ", swing |states| …" and ", experts |fear|" are no tags.
            let mut behind = start;
            while behind > s.start && s.before(behind).is(Classes::ADVERB.or(Classes::AS)) {
                behind -= 1;
            }
            if !self.quote_before(behind) {
                let weight = cue.weight(Frame::After);
                let least = if s.before(start).is(Classes::AS) { MIN_AS_TAG } else { MIN_BARE_TAG };
                return (weight >= least && (!cue.attitude || self.attitudes)).then_some(weight);
            }
            let weight = cue.weight(Frame::After).max(cue.weight(Frame::Quote) * 0.9);
            if weight >= 0.2 {
                return Some(weight);
            }
        }
        let any_verb = token.kind == Kind::Word && token.is(Classes::VERB) && !token.is(Classes::AUXILIARY);
        // A title inside a sentence is followed by verbs too.
        let opens = start < s.start + 2 || !s.before(start - 1).is_wordlike();
        (any_verb && opens && self.quote_before(start)).then_some(UNKNOWN_VERB)
    }

    /// Returns whether marks that a tag can follow end before `at`: `“…,” |he`.
    fn quote_before(&self, at: usize) -> bool {
        let s = self.sentence;
        let Some(quote) = at.checked_sub(1).and_then(|before| s.quote(before)) else { return false };
        s.text[quote.inner_start..quote.inner_end].trim_end().ends_with([',', '?', '!', '—', '-', '–', '…'])
    }

    /// Returns whether what stands before `at` can be content that a tag follows.
    fn starts_tag(&self, at: usize) -> bool {
        let s = self.sentence;
        let mut before = at;
        while before > s.start && s.before(before).is(Classes::ADVERB) {
            before -= 1;
        }
        let previous = s.before(before);
        match previous.kind {
            Kind::Quote | Kind::Dash => true,
            Kind::Comma => true,
            Kind::Stop => before - 1 > s.start,
            _ => {
                previous.is(Classes::AS)
                    && before - 1 > s.start
                    && matches!(s.before(before - 1).kind, Kind::Comma | Kind::Quote | Kind::Dash)
            }
        }
    }

    /// Returns the end of a tag whose verb ends before `at`: nothing but adjuncts may follow up to a comma or stop.
    pub(super) fn tag_end(&self, at: usize) -> Option<usize> {
        let s = self.sentence;
        let mut end = at;
        if s.words.verb(s.before(at).word).addressee {
            end = s.skip_addressee(end);
        }
        let closes = |at: usize| {
            at >= s.end
                || matches!(
                    s.at(at).kind,
                    Kind::Comma | Kind::Stop | Kind::Dash | Kind::Semicolon | Kind::Colon | Kind::Close
                )
        };
        for _ in 0..LONGEST_TAG {
            if closes(end) {
                // "a voter raised in Chile, said": a participle, not the verb.
                let participle =
                    end > at && s.at(end).kind == Kind::Comma && s.report_verb(end + 1).is_some();
                return (!participle).then_some(end);
            }
            let token = s.at(end);
            let names_venue =
                end > at && !matches!(s.before(end).kind, Kind::Comma | Kind::Colon) && closes(end + 1);
            if token.kind == Kind::Quote && !(names_venue || end > at && s.quote_ends_sentence(end))
                || token.is(Classes::THAT) && !self.subordinated(at..end)
            {
                return None;
            }
            if token.kind == Kind::Quote {
                return Some(end + 1);
            }
            let finite =
                token.kind == Kind::Word && token.is(Classes::AUXILIARY.or(Classes::SUBJECT_PRONOUN));
            let timed = token.is(Classes::DETERMINER) && s.at(end + 1).is(Classes::TIME);
            let adjunct = end > at
                || timed
                || token
                    .is(Classes::PREPOSITION.or(Classes::TIME).or(Classes::ADVERB).or(Classes::SUBORDINATOR))
                || token.cues(Forms::GERUND)
                || self.is_gerund(end);
            if finite && !self.subordinated(at..end) || !adjunct {
                return None;
            }
            end += 1;
        }
        None
    }

    /// Returns the end of a tag right behind marks whatever follows it, unless that is a clause of its own:
    /// `“…,” she said| onstage`, but not `“The Hour,” she said she …`.
    fn loose_tag_end(&self, at: usize, start: usize) -> Option<usize> {
        let s = self.sentence;
        let next = s.at(at);
        if !self.quote_before(start) || next.is(Classes::THAT.or(Classes::SUBJECT_PRONOUN)) {
            return None;
        }
        let clause = s
            .noun_phrase_from(at)
            .is_some_and(|subject| s.at(subject.end).is(Classes::AUXILIARY.or(Classes::VERB)));
        (!clause).then_some(at)
    }

    /// Steps over what is put beside the speaker before more marks: `said Ada Fenwick|, the mayor|, “and …”`.
    fn end_of_apposition(&self, at: usize) -> usize {
        let s = self.sentence;
        if s.at(at).kind != Kind::Comma || s.at(at + 1).kind == Kind::Quote {
            return at;
        }
        let second = (at + 1..at + LONGEST_TAG)
            .find(|at| matches!(s.at(*at).kind, Kind::Comma | Kind::Stop | Kind::Quote));
        second.filter(|end| s.at(*end).kind == Kind::Comma && s.at(end + 1).kind == Kind::Quote).unwrap_or(at)
    }

    pub(super) fn is_gerund(&self, at: usize) -> bool {
        self.sentence.at(at).kind == Kind::Word
            && self.sentence.words.ends_in(Ending::Gerund, self.sentence.word(at))
    }

    fn subordinated(&self, range: Range) -> bool {
        let s = self.sentence;
        range
            .into_iter()
            .any(|at| s.at(at).is(Classes::SUBORDINATOR.or(Classes::RELATIVE)) || self.is_gerund(at))
    }
}
