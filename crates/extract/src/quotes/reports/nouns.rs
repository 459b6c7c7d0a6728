//! Nouns that report: `his promise to …`, `criticism of …`.

use super::{Finder, Report, Rule, content::LONGEST_LEAD};
use crate::quotes::{
    MIN_CONFIDENCE,
    sentence::Range,
    tokens::Kind,
    words::{Classes, Forms, Frame},
};

/// How sure a noun stays of which the text does not say whose it is.
const NOBODYS: f32 = 0.95;

impl Finder<'_, '_> {
    /// "his promise to …", "Fenwick's statement that …".
    pub(super) fn noun_report(&self, noun: usize) -> Option<Report> {
        let s = self.sentence;
        let token = s.at(noun);
        if !token.cues(Forms::NOUN) {
            return None;
        }
        let cue = s.words.noun(token.word);
        let source = self.possessor(noun);
        let (content, frame, _) = self.content_at(noun + 1, noun, cue)?;
        let content = if frame == Frame::Preposition { self.until_main_verb(content) } else { content };
        if !matches!(frame, Frame::That | Frame::Infinitive | Frame::Preposition | Frame::Question) {
            return None;
        }
        let confidence = self.weight_of(cue, frame, &content) * if source.is_some() { 1.0 } else { NOBODYS };
        let agentless = source.is_none();
        (confidence >= MIN_CONFIDENCE).then(|| Report {
            source,
            cue: noun..noun + 1,
            content: vec![content],
            rule: Rule::Noun,
            confidence,
            attitude: cue.attitude,
            agentless,
        })
    }

    /// Cuts what a noun takes before the verb that the noun is the subject of: "the call for |a new pier| drew fire".
    fn until_main_verb(&self, content: Range) -> Range {
        let s = self.sentence;
        let verb = content.clone().skip(1).find(|at| {
            let token = s.at(*at);
            token.is(Classes::RELATIVE.or(Classes::SUBORDINATOR).or(Classes::QUESTION_WORD))
                || token.kind == Kind::Word
                    && (token.is(Classes::AUXILIARY)
                        || token.cues(Forms::FINITE)
                            && s.before(*at).is_wordlike()
                            && !s.before(*at).is(Classes::DETERMINER.or(Classes::POSSESSIVE)))
        });
        match verb {
            Some(at)
                if !s.at(at).is(Classes::RELATIVE.or(Classes::SUBORDINATOR).or(Classes::QUESTION_WORD)) =>
            {
                content.start..at
            }
            _ => content,
        }
    }

    /// Returns whose noun it is: "his", "Fenwick" of "Fenwick's".
    fn possessor(&self, noun: usize) -> Option<Range> {
        let s = self.sentence;
        let mut at = noun;
        while at > s.start
            && noun - at < 3
            && s.before(at).kind == Kind::Word
            && !s.before(at).is(Classes::NO_NOUN.or(Classes::POSSESSIVE).or(Classes::DETERMINER))
        {
            at -= 1;
        }
        let left = s.before(at);
        if left.is(Classes::POSSESSIVE) {
            return Some(at - 1..at);
        }
        if left.kind == Kind::Possessive {
            return s.noun_phrase_before(at - 1);
        }
        // "Fenwick made |no mention| of it": the subject of the verb before.
        while at > s.start
            && noun - at < LONGEST_LEAD
            && s.before(at).is(Classes::DETERMINER.or(Classes::NEGATION))
        {
            at -= 1;
        }
        let verb = at.checked_sub(1).filter(|verb| {
            let token = s.at(*verb);
            token.kind == Kind::Word
                && !token.is(Classes::AUXILIARY)
                && (token.is(Classes::VERB) || token.cues(Forms::FINITE.or(Forms::BASE)))
        })?;
        let group = s.verb_group(verb);
        if group.passive {
            return None;
        }
        s.subject_before(group.start).filter(|subject| self.speaks(subject))
    }
}
