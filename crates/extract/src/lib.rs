//! Text to claims and diagnostics: pure, never fails, never panics.
//!
//! One pass over the lines makes a layout (posts in `layout`, transcripts in `turns`): title, occasion, block
//! statements, question–answer pairs, and the stretches that remain to be searched. Those are then searched for
//! condition lists (`lists`) and quotations (`quotes`). Words are data: see `lexicon`.
//!
//! Absent on purpose: files, the network, claims about truth, and any state from one document to the next.

mod dates;
mod eights;
mod explain;
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

use std::{
    borrow::Cow,
    collections::{HashMap, hash_map::Entry},
};

use dictum_core::{
    Claim, ClaimId, Confidence, Diagnostic, DiagnosticKind, Document, DocumentId, Extraction, Span,
};

pub use explain::{Loss, LossReason};
pub use rules::{RULE_SET, Rule, rules};

use crate::{explain::Losses, people::People, stretch::Found};

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
    read(document, options, &mut Losses::default())
}

/// Finds the claims as [`extract`] does, and tells what became none and why, in the order of the text.
///
/// ```
/// use dictum_core::{Document, DocumentParts};
/// use dictum_extract::{LossReason, Options, explain};
///
/// let text = "The so-called “experts” left the harbour.".to_owned();
/// let document = Document::new(DocumentParts { text, ..Default::default() });
/// let (extraction, losses) = explain(&document, &Options::default());
/// assert!(extraction.claims.is_empty());
/// assert_eq!(losses[0].span.slice(&document.text), Some("“experts”"));
/// assert_eq!(losses[0].reason, LossReason::Unattributed);
/// ```
#[must_use]
pub fn explain(document: &Document, options: &Options) -> (Extraction, Vec<Loss>) {
    let mut losses = Losses::kept();
    let extraction = read(document, options, &mut losses);
    let losses = losses.finish(&extraction.diagnostics);
    (extraction, losses)
}

fn read(document: &Document, options: &Options, losses: &mut Losses) -> Extraction {
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
        quotes::find(text, language.tag, &layout.stretches, &mut people, options, &mut diagnostics, losses);
    found.extend(outside_lists(quotations, &lists, losses));
    found.extend(lists);

    let mut extraction = Extraction {
        title: layout.title,
        occasion: layout.occasion,
        topics: topics::find(text),
        language: language.tag.map(Cow::Borrowed),
        claims: into_claims(found, document.id(), options.min_confidence, losses),
        diagnostics,
        rule_set: Cow::Borrowed(RULE_SET),
    };
    extraction.sort_claims();
    extraction
}

/// Leaves out quotations that hold a list or stand in one: the list says the same with more structure.
fn outside_lists(mut quotations: Vec<Found>, lists: &[Found], losses: &mut Losses) -> Vec<Found> {
    let mut extents: Vec<(Span, &'static str)> =
        lists.iter().map(|list| (list.form.extent(), list.rule)).collect();
    extents.sort_unstable();
    quotations.retain(|found| {
        let extent = found.form.extent();
        let next = extents.partition_point(|(list, _)| list.end() <= extent.start());
        let Some((list, rule)) = extents.get(next).filter(|(list, _)| list.overlaps(extent)) else {
            return true;
        };
        losses.note(|| Loss {
            span: extent,
            rule: Some(found.rule),
            reason: LossReason::Overlapped { rule, span: *list },
        });
        false
    });
    quotations
}

/// Gives claims their ids; of those with the same form and spans, the surest stays.
fn into_claims(
    mut found: Vec<Found>,
    document_id: DocumentId,
    min_confidence: Confidence,
    losses: &mut Losses,
) -> Vec<Claim> {
    found.sort_by(|a, b| b.confidence.total_cmp(&a.confidence)); // stable: of equals, the first found stays
    let mut seen = HashMap::<ClaimId, &'static str>::new();
    let mut claims = Vec::with_capacity(found.len());
    for Found { form, rule, confidence } in found {
        let confidence = Confidence::new(confidence).unwrap_or(NO_CONFIDENCE);
        let (id, span) = (ClaimId::of(document_id, &form), form.extent());
        let mut lose = |reason| losses.note(|| Loss { span, rule: Some(rule), reason });
        if confidence < min_confidence {
            let (confidence, minimum) = (confidence.get(), min_confidence.get());
            lose(LossReason::BelowConfidence { confidence, minimum });
            continue;
        }
        match seen.entry(id) {
            Entry::Occupied(winner) => lose(LossReason::Overlapped { rule: winner.get(), span }),
            Entry::Vacant(place) => {
                place.insert(rule);
                claims.push(Claim { id, form, rule_id: Cow::Borrowed(rule), confidence });
            }
        }
    }
    claims
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
