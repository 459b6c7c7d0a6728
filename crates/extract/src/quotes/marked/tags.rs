//! Cues behind what they attribute: `“…”, dijo X`.

use super::{Finder, LIGHT, LONGEST_GAP, LONGEST_PHRASE, cues::LONGEST_GROUP};
use crate::quotes::{
    sentence::Range,
    tokens::Kind,
    words::{Classes, Forms, Frame, same_word},
};

/// The words that attribute what stands before them.
#[derive(Debug, Clone)]
pub(super) struct Tag {
    pub(super) end: usize,
    pub(super) source: Option<Range>,
    pub(super) cue: Range,
    pub(super) weight: f32,
}

impl Finder<'_, '_> {
    /// "«…», — сказал X", "…, dijo X."
    pub(super) fn tags(&mut self) {
        let s = self.sentence;
        let mut at = s.start + 1;
        while at < s.end {
            if !matches!(s.at(at).kind, Kind::Comma | Kind::Dash | Kind::Quote) || self.taken(at) {
                at += 1;
                continue;
            }
            let report = if s.at(at).kind == Kind::Quote {
                self.tag_behind(at + 1).and_then(|tag| self.quote_report(at, &tag))
            } else if s.before(at).is_wordlike() || s.before(at).kind == Kind::Close {
                self.clause_first(at)
            } else {
                None
            };
            match report {
                Some((report, end)) => {
                    self.push(report);
                    at = end.max(at + 1);
                }
                None => at += 1,
            }
        }
        if let Some(tag) = s.quote(s.start).and_then(|_| self.tag_behind(s.start + 1))
            && !self.taken(s.start)
            && let Some((report, _)) = self.quote_report(s.start, &tag)
        {
            self.push(report);
        }
    }

    /// Reads a tag behind marks that end before `at`.
    pub(super) fn tag_behind(&self, at: usize) -> Option<Tag> {
        let s = self.sentence;
        let quote = at.checked_sub(1).and_then(|at| s.quote(at))?;
        let inner = s.text[quote.inner_start..quote.inner_end].trim_end();
        let mut from = at;
        while from < s.end && matches!(s.at(from).kind, Kind::Comma | Kind::Dash) {
            from += 1;
        }
        let parted = from > at || inner.ends_with([',', '!', '?', '…', '.']);
        if !parted {
            return None;
        }
        if let Some((after, phrase)) = s.phrase_at(from) {
            let source = self.phrase_object(after, phrase)?;
            return Some(Tag {
                end: source.end,
                source: Some(source),
                cue: from..after,
                weight: phrase.weight,
            });
        }
        self.tag_at(from).or_else(|| self.straight_tag(from))
    }

    /// Reads a tag that starts at `at`: `|сказал X`, `|a déclaré X`, `|a-t-il dit`.
    pub(super) fn tag_at(&self, at: usize) -> Option<Tag> {
        let tag = self.inverted_tag(at)?;
        // "…, сказал X, что …" reports what follows.
        let s = self.sentence;
        let next = s.at(tag.end);
        let goes_on =
            next.is(Classes::THAT) || next.kind == Kind::Comma && s.at(tag.end + 1).is(Classes::THAT);
        (!goes_on).then_some(tag)
    }

    pub(super) fn inverted_tag(&self, at: usize) -> Option<Tag> {
        let s = self.sentence;
        let mut subject = None;
        let mut helped = false;
        let mut verb = at;
        loop {
            let token = s.at(verb);
            if verb >= at + LONGEST_GROUP || token.is(Classes::NEGATION.or(Classes::HYPOTHETICAL)) {
                return None;
            }
            if self.is_finite_cue(verb) || helped && token.cues(Forms::PARTICIPLE) {
                break;
            }
            if token.is(Classes::SUBJECT_PRONOUN) && helped {
                subject = Some(verb..verb + 1);
            } else if token.is(Classes::AUXILIARY) {
                helped = true;
            } else if helped && self.grammar.participle_last && subject.is_none() {
                let phrase = self.phrase_from(verb).filter(|phrase| self.can_speak(phrase))?;
                verb = (phrase.end..s.end.min(phrase.end + LONGEST_GAP))
                    .take_while(|at| !self.is_delimiter(*at))
                    .find(|at| s.at(*at).cues(Forms::PARTICIPLE))?;
                subject = Some(phrase);
                break;
            } else if !token.is(LIGHT) {
                return None;
            }
            verb += 1;
        }
        let cue = s.words.verb(s.at(verb).word);
        let weight = cue.weight(Frame::After);
        if weight == 0.0 || cue.negated {
            return None;
        }
        let mut end = verb + 1;
        while self.is_light(end) {
            end += 1;
        }
        if subject.is_none() {
            let within = s.at(end).is(Classes::WITHIN);
            let phrase = self
                .phrase_from(end + usize::from(within))
                .filter(|phrase| self.can_speak(phrase) || within && !s.at(phrase.start).is(Classes::VENUE))
                .filter(|phrase| !self.is_first_or_second_person(phrase))
                .map(|phrase| self.with_apposition(phrase));
            end = phrase.as_ref().map_or(verb + 1, |phrase| phrase.end);
            subject = phrase;
        }
        if let Some(particle) = &cue.particle {
            end = (end..s.end.min(end + 12))
                .take_while(|at| !self.is_delimiter(*at))
                .find(|at| same_word(particle, s.word(*at)))?
                + 1;
        }
        let absent = self.grammar.subject_may_be_absent && self.is_delimiter(end);
        (subject.is_some() || absent).then_some(Tag { end, source: subject, cue: at..verb + 1, weight })
    }

    /// Reads a tag whose subject stands first: `„…“, |er sagte.`
    fn straight_tag(&self, at: usize) -> Option<Tag> {
        let s = self.sentence;
        let source = self.phrase_from(at).filter(|source| self.can_speak(source))?;
        let mut verb = source.end;
        let mut helped = false;
        while verb < source.end + LONGEST_GROUP
            && s.at(verb).is(LIGHT.or(Classes::AUXILIARY))
            && !s.at(verb).cues(Forms::FINITE)
        {
            helped |= s.at(verb).is(Classes::AUXILIARY);
            verb += 1;
        }
        let token = s.at(verb);
        if !(self.is_finite_cue(verb) || helped && token.cues(Forms::PARTICIPLE)) {
            return None;
        }
        let cue = s.words.verb(token.word);
        let ends = matches!(s.at(verb + 1).kind, Kind::Stop | Kind::Comma | Kind::Dash) || verb + 1 >= s.end;
        let goes_on = s.at(verb + 1).kind == Kind::Comma && s.at(verb + 2).is(Classes::THAT);
        (ends && !goes_on && cue.weight(Frame::After) > 0.0 && cue.particle.is_none()).then_some(Tag {
            end: verb + 1,
            source: Some(source),
            cue: verb..verb + 1,
            weight: cue.weight(Frame::After),
        })
    }

    /// Steps over "в понедельник", "lors d'une conférence", "журналистам" behind a tag.
    pub(super) fn adjuncts_end(&self, from: usize) -> usize {
        let s = self.sentence;
        let mut at = from;
        while at < from + LONGEST_PHRASE {
            let token = s.at(at);
            let short_quote = token.kind == Kind::Quote && self.is_title(at);
            let open = token.is_wordlike() || short_quote;
            if !open
                || at >= s.end
                || token.is(Classes::RELATIVE.or(Classes::THAT).or(Classes::SUBORDINATOR))
                || self.is_finite_cue(at)
            {
                break;
            }
            at += 1;
        }
        at
    }
}
