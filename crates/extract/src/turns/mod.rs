//! Transcripts: speaker turns in plain text.

use dictum_core::Diagnostic;

use crate::{Rule, people::People, stretch::Layout};

/// The rules of this module.
pub(crate) const RULES: &[Rule] = &[];

/// Reads a text without signs of a post as a transcript, or returns `None` when it is none.
pub(crate) fn read(_text: &str, _people: &mut People, _diagnostics: &mut Vec<Diagnostic>) -> Option<Layout> {
    None
}
