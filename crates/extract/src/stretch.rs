//! What the parts of extraction hand to each other: stretches of text to search, and what was found.

use dictum_core::{Form, Occasion, Span, Speaker};

/// A run of whole lines to search for quotations and lists.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Stretch {
    /// Where.
    pub span: Span,
    /// Who speaks there.
    pub voice: Voice,
}

/// Whose words a stretch holds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Voice {
    /// The publication itself: an article, or a channel's own report.
    Narrator,
    /// Somebody's statement, question or answer: inside it, they report whom they quote.
    Of(Speaker),
    /// Somebody's words, but the text does not say whose.
    Unknown,
}

/// One claim before it gets its id.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Found {
    /// The claim.
    pub form: Form,
    /// The id of the rule; `rules()` describes it.
    pub rule: &'static str,
    /// From 0 to 1; anything else counts as 0.
    pub confidence: f32,
}

/// The form of a whole document, read line by line: a post or a transcript.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Layout {
    /// The heading, without its sign.
    pub title: Option<Span>,
    /// Where and when it happened.
    pub occasion: Occasion,
    /// Block statements and question–answer pairs.
    pub found: Vec<Found>,
    /// What else is to be searched, in text order and without overlaps.
    pub stretches: Vec<Stretch>,
}
