//! Direct, mixed and indirect quotations in running text.

use dictum_core::Diagnostic;

use crate::{
    Options, Rule,
    people::People,
    stretch::{Found, Stretch},
};

/// The rules of this module.
pub(crate) const RULES: &[Rule] = &[];

/// Finds quotations in the stretches.
pub(crate) fn find(
    _text: &str,
    _stretches: &[Stretch],
    _people: &mut People,
    _options: &Options,
    _diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Found> {
    Vec::new()
}
