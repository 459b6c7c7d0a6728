//! Posts of channels, line by line.

use dictum_core::{Diagnostic, FormKind, Manner, Span};

use crate::{
    Rule,
    people::People,
    stretch::{Layout, Stretch, Voice},
    turns,
};

/// The rules of this module.
pub(crate) const RULES: &[Rule] = &[Rule {
    id: "block-marked",
    form: FormKind::QuotedStatement,
    manner: Some(Manner::Block),
    description: "A paragraph with a speech sign and a label that names the speaker.",
    source: "signs of the layout",
}];

/// Reads the lines of a text.
pub(crate) fn read(
    text: &str,
    _language: Option<&str>,
    people: &mut People,
    diagnostics: &mut Vec<Diagnostic>,
) -> Layout {
    if let Some(layout) = turns::read(text, people, diagnostics) {
        return layout;
    }
    let stretches =
        Span::new(0, text.len()).map(|span| Stretch { span, voice: Voice::Narrator }).into_iter().collect();
    Layout { stretches, ..Layout::default() }
}
