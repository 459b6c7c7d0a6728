//! Prerequisite lists in running text.

use dictum_core::Diagnostic;

use crate::{
    Rule,
    people::People,
    stretch::{Found, Stretch},
};

/// The rules of this module.
pub(crate) const RULES: &[Rule] = &[];

/// Finds prerequisite lists in the stretches.
pub(crate) fn find(
    _text: &str,
    _stretches: &[Stretch],
    _people: &mut People,
    _diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Found> {
    Vec::new()
}
