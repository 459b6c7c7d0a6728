//! Word lists as data: every `data/<language>/<file>.toml`, carried inside the program.
//!
//! Each file names the source of its list in a comment. Which words a rule needs is declared where the rule is: a
//! rule's module owns the type that its file is read into.

use serde::de::DeserializeOwned;

/// Language, file name and text of every lexicon file, sorted.
static FILES: &[(&str, &str, &str)] = include!(concat!(env!("OUT_DIR"), "/lexicon_files.rs"));

/// Returns what the file of this name holds in each language that has one, languages in alphabetical order.
///
/// # Panics
///
/// If a file of ours does not fit its type, which the tests of this crate would show.
pub(crate) fn load<T: DeserializeOwned>(file: &str) -> Vec<(&'static str, T)> {
    FILES
        .iter()
        .filter(|(_, name, _)| *name == file)
        .map(|(language, _, text)| match toml::from_str(text) {
            Ok(list) => (*language, list),
            Err(error) => panic!("lexicon file {language}/{file}: {error}"),
        })
        .collect()
}

/// Returns whether the rules know people and quotations of this language; labels of turns and the words of condition
/// lists alone, which more languages have, are not enough.
pub(crate) fn supports(language: &str) -> bool {
    FILES.iter().any(|(known, name, _)| *known == language && *name == "people.toml")
}
