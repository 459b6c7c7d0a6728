//! Who "he", "Fenwick" and "the minister" are.

use dictum_core::{Speaker, UnknownSpeaker};

use super::{
    reports::Report,
    sentence::{Range, Sentence},
    words::{Classes, Words},
};
use crate::people::{self, Naming, People};

/// The people of a document as its sentences are read.
pub(super) struct Speakers<'a, 'r> {
    text: &'a str,
    words: &'static Words,
    people: &'r mut People,
    recent: Vec<Speaker>,
}

impl<'a, 'r> Speakers<'a, 'r> {
    /// Starts a stretch.
    pub(super) fn new(text: &'a str, words: &'static Words, people: &'r mut People) -> Self {
        Self { text, words, people, recent: Vec::new() }
    }

    /// Ends a sentence.
    pub(super) fn end_sentence(&mut self, _sentence: &Sentence<'_>) {}

    /// Ends a paragraph.
    pub(super) fn end_paragraph(&mut self) {}

    /// Returns who says what the report holds.
    pub(super) fn resolve(
        &mut self,
        sentence: &Sentence<'_>,
        report: &Report,
    ) -> Result<Speaker, UnknownSpeaker> {
        let Some(source) = &report.source else {
            return Err(if report.agentless {
                UnknownSpeaker::AgentlessPassive
            } else {
                UnknownSpeaker::NotNamed
            });
        };
        let phrase = self.phrase(sentence, source);
        let first = sentence.at(source.start);
        if source.len() == 1
            && first.is(Classes::SUBJECT_PRONOUN
                .or(Classes::OBJECT_PRONOUN)
                .or(Classes::POSSESSIVE)
                .or(Classes::RELATIVE))
        {
            return match self.recent.last() {
                Some(last) => Ok(last.clone()),
                None => Err(UnknownSpeaker::NoAntecedent),
            };
        }
        let _ = self.words;
        let speaker = match people::read(phrase) {
            Some((Naming::Person, speaker)) => {
                let full = self.people.complete(speaker);
                self.people.note(&full);
                self.recent.push(full.clone());
                full
            }
            Some((Naming::Role, role)) => self.people.in_role(&role.name).cloned().unwrap_or(role),
            Some((Naming::Institution, speaker)) => speaker,
            None => Speaker { name: phrase.to_owned(), ..Speaker::default() },
        };
        Ok(speaker)
    }

    fn phrase(&self, sentence: &Sentence<'_>, range: &Range) -> &'a str {
        let (first, last) = (sentence.tokens[range.start], sentence.tokens[range.end - 1]);
        &self.text[first.start..last.end]
    }
}
