//! Word lists as data: every `data/<language>/<file>.toml`, carried inside the program.
//!
//! Each file names the source of its list in a comment. Which words a rule needs is declared where the rule is: a
//! rule's module owns the type that its file is read into.

use std::{
    collections::{HashMap, HashSet},
    hash::{BuildHasherDefault, Hasher},
};

use serde::de::DeserializeOwned;

/// A set of words from the lexicon.
pub(crate) type WordSet = HashSet<String, BuildHasherDefault<WordHasher>>;
/// What the lexicon says of each of its words.
pub(crate) type WordMap<V> = HashMap<String, V, BuildHasherDefault<WordHasher>>;

/// Hashes short words. Only words of our own files are keys, so that the hash need not withstand chosen keys as the
/// standard one does, at three times the cost.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct WordHasher(u64);

impl WordHasher {
    fn add(&mut self, part: u64) {
        self.0 = (self.0.rotate_left(5) ^ part).wrapping_mul(0x517c_c1b7_2722_0a95);
    }
}

impl Hasher for WordHasher {
    fn write(&mut self, bytes: &[u8]) {
        let (eights, rest) = bytes.as_chunks::<8>();
        for eight in eights {
            self.add(u64::from_le_bytes(*eight));
        }
        let mut last = [0; 8];
        last[..rest.len()].copy_from_slice(rest);
        self.add(u64::from_le_bytes(last));
    }

    fn write_u8(&mut self, byte: u8) {
        self.add(u64::from(byte));
    }

    fn finish(&self) -> u64 {
        self.0.rotate_left(26) // the table reads the lowest and the highest bits; the best are above the middle
    }
}

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
