//! Invented documents to measure with: 8 KB of text, ten statements, by as many people as the store is large.

use dictum_core::{Document, DocumentParts, ExtractedDocument, Timestamp};
use dictum_extract::Options;

pub(crate) const TEXT_BYTES: usize = 8192;
pub(crate) const CLAIMS_A_DOCUMENT: usize = 10;
/// However many documents there are, a person has about this many claims.
const CLAIMS_A_PERSON: u64 = 100;

const WORDS: [&str; 48] = [
    "the", "harbour", "of", "a", "ferry", "and", "quiet", "tide", "in", "winter", "repairs", "for", "every",
    "bridge", "with", "new", "lamps", "on", "north", "quay", "until", "spring", "crews", "work", "by",
    "night", "because", "trade", "grows", "slowly", "under", "old", "rules", "that", "nobody", "likes",
    "while", "boats", "wait", "at", "anchor", "near", "islands", "where", "fish", "are", "plenty", "again",
];
const FIRST_NAMES: [&str; 16] = [
    "Ada", "Bruno", "Clara", "Dario", "Elin", "Falk", "Greta", "Hanno", "Iris", "Jonas", "Klara", "Lars",
    "Mirela", "Nils", "Oda", "Pavel",
];
const SYLLABLES: [&str; 24] = [
    "ber", "dal", "fen", "gar", "hol", "kes", "lind", "mar", "nor", "ost", "pel", "quist", "rem", "sand",
    "tor", "ul", "vik", "wal", "brisk", "croft", "stad", "ham", "gren", "berg",
];

/// Numbers that are the same every time.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % end.max(1)
    }

    fn of<'w>(&mut self, words: &[&'w str]) -> &'w str {
        words[usize::try_from(self.below(words.len() as u64)).unwrap_or(0)]
    }
}

/// Returns the name of a person; the first 13,824 have names of their own, later ones a third syllable.
pub(crate) fn person(number: u64) -> String {
    let at = |n: u64, of: u64| usize::try_from(n % of).unwrap_or(0);
    let (first, rest) = (FIRST_NAMES[at(number, 16)], number / 16);
    let mut last: String = SYLLABLES[at(rest, 24)].to_owned();
    last[..1].make_ascii_uppercase();
    last.push_str(SYLLABLES[at(rest / 24, 24)]);
    if rest >= 24 * 24 {
        last.push_str(SYLLABLES[at(rest / (24 * 24), 24)]);
    }
    format!("{first} {last}")
}

/// Returns how many people speak in a store of so many documents.
pub(crate) fn people(documents: u64) -> u64 {
    (documents * CLAIMS_A_DOCUMENT as u64 / CLAIMS_A_PERSON).max(1)
}

/// Returns the document of this number.
pub(crate) fn document(number: u64, people: u64) -> Document {
    let mut dice = Dice::new(number + 1);
    let speakers: Vec<String> = (0..3).map(|_| person(dice.below(people))).collect();
    let mut text = format!("Notes from the harbour board, number {number}\n");
    for _ in 0..4 {
        text.push_str(&format!("#Topic{} ", dice.below(300)));
    }
    for claim in 1..=CLAIMS_A_DOCUMENT {
        let speaker = &speakers[usize::try_from(dice.below(3)).unwrap_or(0)];
        text.push_str(&format!("\n\n💬 Minister {speaker}: The"));
        while text.len() < TEXT_BYTES * claim / CLAIMS_A_DOCUMENT {
            let stop = if dice.below(14) == 0 { ". The" } else { "" };
            text.push(' ');
            text.push_str(dice.of(&WORDS));
            text.push_str(stop);
        }
        text.push('.');
    }
    let seconds = 1_600_000_000 + i64::try_from(number).unwrap_or(0) * 60;
    Document::new(DocumentParts {
        text,
        channel: Some(format!("Channel {}", dice.below(20))),
        message_id: Some(number.to_string()),
        publish_time: Timestamp::from_second(seconds).ok(),
        source_file: Some("bench.txt".to_owned()),
        ..DocumentParts::default()
    })
}

/// Returns the document with its claims.
pub(crate) fn extracted(number: u64, people: u64) -> ExtractedDocument {
    let document = document(number, people);
    let extraction = dictum_extract::extract(&document, &Options::default());
    ExtractedDocument { document, extraction }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is measured has the size that the table says.
    #[test]
    fn a_document_has_ten_claims_of_its_people() {
        for number in [0, 7, 99_999] {
            let ExtractedDocument { document, extraction } = extracted(number, people(100_000));
            assert_eq!(extraction.claims.len(), CLAIMS_A_DOCUMENT, "{}", document.text);
            assert!(extraction.claims.iter().all(|claim| claim.form.speaker().is_some()));
            assert!((TEXT_BYTES..TEXT_BYTES + 200).contains(&document.text.len()));
            assert!(!extraction.topics.is_empty());
        }
    }
}
