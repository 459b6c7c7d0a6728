//! Text to claims and diagnostics: pure, never fails, never panics.
//!
//! One pass over the lines makes a layout (posts in `layout`, transcripts in `turns`): title, occasion, block
//! statements, question–answer pairs, and the stretches that remain to be searched. Those are then searched for
//! condition lists (`lists`) and quotations (`quotes`). Words are data: see `lexicon`.
//!
//! Absent on purpose: files, the network, claims about truth, and any state from one document to the next.

mod dates;
mod language;
mod layout;
mod lexicon;
mod lists;
mod people;
mod quotes;
mod rules;
mod stretch;
mod table;
mod topics;
mod turns;

use std::{borrow::Cow, collections::HashSet};

use dictum_core::{
    Claim, ClaimId, Confidence, Diagnostic, DiagnosticKind, Document, DocumentId, Extraction, Span,
};

pub use rules::{RULE_SET, Rule, rules};

use crate::{people::People, stretch::Found};

/// What the caller wants.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Options {
    /// Also emit attitudes: what somebody wants, expects, believes.
    pub attitudes: bool,
    /// Leave out claims below this.
    pub min_confidence: Confidence,
}

/// No attitudes, every claim.
impl Default for Options {
    fn default() -> Self {
        Self { attitudes: false, min_confidence: NO_CONFIDENCE }
    }
}

const NO_CONFIDENCE: Confidence = match Confidence::new(0.0) {
    Some(zero) => zero,
    None => unreachable!(),
};

/// Finds the claims of one document. The result depends on the document and the options alone.
///
/// ```
/// use dictum_core::{Document, DocumentParts, Form};
/// use dictum_extract::{Options, extract};
///
/// let text = "💬 Mayor Ada Fenwick: The bridge opens in May.".to_owned();
/// let document = Document::new(DocumentParts { text, ..Default::default() });
/// let extraction = extract(&document, &Options::default());
/// let Form::QuotedStatement(statement) = &extraction.claims[0].form else { panic!() };
/// assert_eq!(statement.content.slice(&document.text), Some("The bridge opens in May."));
/// assert_eq!(statement.speaker.as_ref().unwrap().name, "Ada Fenwick");
/// ```
#[must_use]
pub fn extract(document: &Document, options: &Options) -> Extraction {
    let text = document.text.as_str();
    let mut people = People::default();
    let mut diagnostics = Vec::new();
    let language = language::detect(text);
    if !language.is_supported {
        diagnostics.push(unsupported(language.tag.unwrap_or("und")));
    }

    let layout = layout::read(text, &mut people, &mut diagnostics);
    people.note_mentions(text);
    let mut found = layout.found;
    let lists = lists::find(text, &layout.stretches, &mut people, &mut diagnostics);
    let quotations =
        quotes::find(text, language.tag, &layout.stretches, &mut people, options, &mut diagnostics);
    found.extend(outside_lists(quotations, &lists));
    found.extend(lists);

    let mut extraction = Extraction {
        title: layout.title,
        occasion: layout.occasion,
        topics: topics::find(text),
        language: language.tag.map(Cow::Borrowed),
        claims: into_claims(found, document.id(), options.min_confidence),
        diagnostics,
        rule_set: Cow::Borrowed(RULE_SET),
    };
    extraction.sort_claims();
    extraction
}

/// Leaves out quotations that hold a list or stand in one: the list says the same with more structure.
fn outside_lists(mut quotations: Vec<Found>, lists: &[Found]) -> Vec<Found> {
    let mut extents: Vec<Span> = lists.iter().map(|list| list.form.extent()).collect();
    extents.sort_unstable();
    quotations.retain(|found| {
        let extent = found.form.extent();
        let next = extents.partition_point(|list| list.end() <= extent.start());
        extents.get(next).is_none_or(|list| !list.overlaps(extent))
    });
    quotations
}

/// Gives claims their ids; of those with the same form and spans, the surest stays.
fn into_claims(mut found: Vec<Found>, document_id: DocumentId, min_confidence: Confidence) -> Vec<Claim> {
    found.sort_by(|a, b| b.confidence.total_cmp(&a.confidence)); // stable: of equals, the first found stays
    let mut seen = HashSet::new();
    found
        .into_iter()
        .map(|Found { form, rule, confidence }| Claim {
            id: ClaimId::of(document_id, &form),
            form,
            rule_id: Cow::Borrowed(rule),
            confidence: Confidence::new(confidence).unwrap_or(NO_CONFIDENCE),
        })
        .filter(|claim| claim.confidence >= min_confidence && seen.insert(claim.id))
        .collect()
}

fn unsupported(language: &str) -> Diagnostic {
    Diagnostic {
        kind: DiagnosticKind::UnsupportedLanguage,
        span: None,
        message: format!(
            "there are no word lists for the language `{language}`: only signs of the layout were read"
        ),
    }
}
