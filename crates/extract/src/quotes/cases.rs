//! Who is named by words in another case than the nominative: "по словам Ады Фенвик", "сообщили в министерстве".
//!
//! A name is not turned back by guessing. It is found among the people of the document, or the speaker is unknown; a role
//! or an institution is turned back where its first word is one that the lexicon knows.

use dictum_core::{Speaker, UnknownSpeaker};

use super::{
    sentence::{Range, Sentence},
    words::{Classes, Words},
};
use crate::people::{self, Naming, People};

/// Letters that a case ending may have.
const LONGEST_ENDING: usize = 3;
/// Letters that two forms of one word share at least.
const SHORTEST_STEM: usize = 3;

/// Returns whether the words that name the speaker stand in another case: behind a preposition, or inside a phrase.
pub(super) fn is_oblique(sentence: &Sentence<'_>, source: &Range, cue: usize) -> bool {
    let cue = sentence.at(cue);
    sentence.words.grammar().is_some_and(|grammar| grammar.names_decline)
        && (sentence.before(source.start).is(Classes::WITHIN)
            || cue.is(Classes::PHRASE) && !cue.is(Classes::AS))
}

/// Returns whom the phrase names.
pub(super) fn speaker(phrase: &str, words: &Words, people: &People) -> Result<Speaker, UnknownSpeaker> {
    let mut named = people.known().iter().filter(|person| ends_in_name(phrase, &person.name));
    match (named.next(), named.next()) {
        (Some(person), None) => return Ok(person.clone()),
        (Some(_), Some(_)) => return Err(UnknownSpeaker::SeveralCandidates),
        (None, _) => {}
    }
    let (first, rest) = phrase.split_once(' ').unwrap_or((phrase, ""));
    if rest.is_empty() && !first.chars().any(char::is_lowercase) {
        return Ok(Speaker { name: phrase.to_owned(), ..Speaker::default() }); // "ТАСС" has one form
    }
    let lower = first.to_lowercase();
    let mut nouns = words.speaking_nouns().iter().filter(|noun| is_form_of(&lower, noun));
    let noun = nouns.next().ok_or(UnknownSpeaker::NotNamed)?;
    let nominative = if rest.is_empty() { noun.clone() } else { format!("{noun} {rest}") };
    match people::read(&nominative) {
        Some((Naming::Person, _)) => Err(UnknownSpeaker::NotNamed),
        Some((_, speaker)) => Ok(speaker),
        None => Ok(Speaker { name: nominative, ..Speaker::default() }),
    }
}

/// Returns whether the last words of the phrase are forms of the words of the name.
fn ends_in_name(phrase: &str, name: &str) -> bool {
    let mut declined = phrase.rsplit(' ');
    name.contains(' ')
        && name.rsplit(' ').all(|word| declined.next().is_some_and(|form| is_form_of(form, word)))
}

/// Returns whether two words differ in nothing but what may be a case ending.
fn is_form_of(form: &str, word: &str) -> bool {
    let shared = form.chars().zip(word.chars()).take_while(|(a, b)| a == b).count();
    let letters = |word: &str| word.chars().count();
    shared >= SHORTEST_STEM.min(letters(word).saturating_sub(1)).max(2)
        && letters(form) - shared <= LONGEST_ENDING
        && letters(word) - shared <= 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_one_word_share_a_stem() {
        assert!(is_form_of("Ады", "Ада"));
        assert!(is_form_of("Фенвик", "Фенвик"));
        assert!(is_form_of("министерстве", "министерство"));
        assert!(is_form_of("Ильина", "Ильин"));
        assert!(!is_form_of("Ильина", "Иванов"));
        assert!(!is_form_of("мэра", "министр"));
    }

    #[test]
    fn names_end_a_phrase() {
        assert!(ends_in_name("министра портов Ады Фенвик", "Ада Фенвик"));
        assert!(!ends_in_name("министра портов Ады Линд", "Ада Фенвик"));
    }
}
