//! What is looked for, and where it stands in a claim.

use dictum_core::{Form, Span};

use crate::words::{STEMMED, Stems, Word, words};

/// Most parts of a query: each is a look-up in every segment of the index.
const MAX_PARTS: usize = 32;

/// What is looked for: every part must be found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Query {
    pub(crate) parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Part {
    /// A word, or another form of it.
    Word(String),
    /// Words that start so: `bridg*`.
    Prefix(String),
    /// These words, one after another: `"the north bridge"`.
    Phrase(Vec<String>),
}

impl Query {
    /// Reads a query: words, `"phrases"`, `prefixes*`; all must be found.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        for (n, piece) in text.split('"').enumerate() {
            if n % 2 == 1 {
                let mut phrase: Vec<String> = words(piece).into_iter().map(|word| word.folded).collect();
                match phrase.len() {
                    0 => {}
                    1 => parts.extend(phrase.pop().map(Part::Word)),
                    _ => parts.push(Part::Phrase(phrase)),
                }
                continue;
            }
            let found = words(piece);
            for Word { folded, place } in found {
                let is_prefix = piece[place.end..].starts_with('*');
                parts.push(if is_prefix { Part::Prefix(folded) } else { Part::Word(folded) });
            }
        }
        match parts.len() {
            0 => Err("must hold at least one word".to_owned()),
            n if n > MAX_PARTS => Err(format!("must hold at most {MAX_PARTS} words and phrases, not {n}")),
            _ => Ok(Self { parts }),
        }
    }

    /// Returns where the query is found in the words of a claim, in text order, each place once.
    pub(crate) fn highlights(&self, text: &str, form: &Form, language: Option<&str>) -> Vec<Span> {
        let stems = language.and_then(Stems::of);
        let mut spans = Vec::new();
        for searched in searched_spans(form) {
            let Some(slice) = searched.slice(text) else { continue };
            let found = words(slice);
            for part in &self.parts {
                let places = part.places(&found, stems.as_ref()).into_iter();
                spans.extend(places.filter_map(|(start, end)| {
                    Span::new(searched.start() + start, searched.start() + end).ok()
                }));
            }
        }
        spans.sort_by_key(|span| (span.start(), span.end()));
        spans.dedup();
        spans
    }
}

impl std::fmt::Display for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Word(word) => write!(f, "`{word}` in any of its forms"),
            Self::Prefix(prefix) => write!(f, "words that start with `{prefix}`"),
            Self::Phrase(words) => write!(f, "`{}` in a row", words.join(" ")),
        }
    }
}

impl Part {
    fn places(&self, words: &[Word], stems: Option<&Stems>) -> Vec<(usize, usize)> {
        let place = |word: &Word| (word.place.start, word.place.end);
        match self {
            Self::Word(wanted) => {
                let stem = stems.map(|stems| (stems, stems.term(wanted)));
                let fits = |word: &&Word| {
                    word.folded == *wanted
                        || stem.as_ref().is_some_and(|(stems, stem)| stems.term(&word.folded) == *stem)
                };
                words.iter().filter(fits).map(place).collect()
            }
            Self::Prefix(prefix) => {
                words.iter().filter(|word| word.folded.starts_with(prefix)).map(place).collect()
            }
            Self::Phrase(phrase) => words
                .windows(phrase.len())
                .filter(|window| window.iter().map(|word| &word.folded).eq(phrase))
                .filter_map(|window| Some((window.first()?.place.start, window.last()?.place.end)))
                .collect(),
        }
    }
}

/// Returns the terms that a word may be indexed under: itself, and its stem in every language.
pub(crate) fn stem_terms(word: &str) -> Vec<String> {
    let mut terms: Vec<String> =
        STEMMED.into_iter().filter_map(Stems::of).map(|stems| stems.term(word)).collect();
    terms.dedup();
    terms
}

/// Returns the spans of a claim that are searched.
pub(crate) fn searched_spans(form: &Form) -> Vec<Span> {
    match form {
        Form::QuotedStatement(statement) => statement.parts().to_vec(),
        Form::QuestionAnswer(pair) => vec![pair.question, pair.answer],
        Form::PrerequisiteList(list) => {
            [list.introducer].into_iter().chain(list.items.iter().copied()).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_phrases_and_prefixes_are_told_apart() {
        let query = Query::parse(r#"Harbour "the North bridge" pil* "Pier""#).unwrap();
        let expected = [
            Part::Word("harbour".into()),
            Part::Phrase(["the", "north", "bridge"].map(str::to_owned).to_vec()),
            Part::Prefix("pil".into()),
            Part::Word("pier".into()),
        ];
        assert_eq!(query.parts, expected);
        assert!(Query::parse(" \" ” * ").is_err());
        assert!(Query::parse(&"a ".repeat(MAX_PARTS + 1)).is_err());
    }
}
