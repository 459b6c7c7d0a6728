//! How a language marks reported speech, read from `[grammar]` in `words.toml`.
//!
//! A language with this table is read by `marked`: its reported clauses start with a comma, a conjunction or a mood.

use serde::Deserialize;

/// What is special in a language. What is left out is not so.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(clippy::struct_excessive_bools, reason = "independent habits, each named in the data")]
pub(super) struct Grammar {
    /// A comma stands before the conjunction: "sagte, dass".
    pub comma_before_clause: bool,
    /// A cue may cut a quotation inside its marks: `«…, — сказал X. — …»`.
    pub cue_inside_marks: bool,
    /// Such a cue stands behind a dash, not behind a comma alone.
    pub dash_before_inside_cue: bool,
    /// A paragraph that starts with a dash is somebody's speech.
    pub dialogue_dash: bool,
    /// The participle may stand far behind its auxiliary: "hat am Montag gesagt".
    pub participle_last: bool,
    /// No comma stands behind "according to X", and the phrase may stand inside a clause: "laut X".
    pub phrase_without_comma: bool,
    /// A number with a full stop is an ordinal: "3. Mai".
    pub ordinal_stop: bool,
    /// A verb needs no subject: "dijo que".
    pub subject_may_be_absent: bool,
    /// Every noun has a capital letter.
    pub nouns_have_capitals: bool,
    /// Names change with their case: "Ады Фенвик".
    pub names_decline: bool,
    /// Small words that lose their vowel before the next word: "qu" in "qu'il".
    pub elisions: Vec<String>,
    /// Pronouns joined to a verb by a hyphen, which each starts with: "-t-il" in "a-t-il".
    pub enclitics: Vec<String>,
}

impl Grammar {
    /// Returns how many bytes at the end of `word` are a pronoun joined to it, and how many of these are hyphens and the
    /// letters between them: (4, 3) for "explique-t-il" with "-t-il".
    pub(super) fn enclitic(&self, word: &str) -> Option<(usize, usize)> {
        let ending = self.enclitics.iter().find(|ending| {
            word.len() > ending.len()
                && word.is_char_boundary(word.len() - ending.len())
                && word[word.len() - ending.len()..].eq_ignore_ascii_case(ending)
        })?;
        Some((ending.len(), ending.rfind('-').map_or(0, |at| at + 1)))
    }

    /// Returns whether `word`, which stands before an apostrophe, is a small word without its vowel.
    pub(super) fn elides(&self, word: &str) -> bool {
        self.elisions.iter().any(|known| known.eq_ignore_ascii_case(word))
    }
}
