//! `--explain`: which rule found a claim, on which words, and what lost to it.

use dictum_core::{Claim, Document, Form, Span};
use dictum_extract::{Loss, LossReason, rules};
use dictum_proto::v1;
use serde::Serialize;

use crate::{report::Report, table};

/// A claim as JSON, with a member more than without `--explain`.
#[derive(Serialize)]
pub(crate) struct Explained {
    #[serde(flatten)]
    pub(crate) claim: v1::Claim,
    explanation: Explanation,
}

#[derive(Serialize)]
struct Explanation {
    /// When the rule fires.
    rule: &'static str,
    /// What became no claim because of this one, or is a part of it.
    lost: Vec<Lost>,
}

/// Something that became no claim and belongs to none: a line of its own.
#[derive(Serialize)]
pub(crate) struct Discarded {
    discarded: Lost,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Lost {
    document_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule_id: Option<&'static str>,
    text: String,
    start_byte: usize,
    end_byte: usize,
    reason: &'static str,
    message: String,
}

impl Lost {
    fn new(loss: &Loss, document: &Document) -> Self {
        Self {
            document_id: document.id().to_string(),
            rule_id: loss.rule,
            text: words(loss.span, document).to_owned(),
            start_byte: loss.span.start(),
            end_byte: loss.span.end(),
            reason: loss.reason.name(),
            message: loss.reason.to_string(),
        }
    }
}

/// Returns, for each claim, what lost to it; behind these, what belongs to no claim.
pub(crate) fn by_claim<'l>(claims: &[Claim], losses: &'l [Loss]) -> (Vec<Vec<&'l Loss>>, Vec<&'l Loss>) {
    let mut lost: Vec<Vec<&Loss>> = claims.iter().map(|_| Vec::new()).collect();
    let mut alone = Vec::new();
    for loss in losses {
        let belongs = |claim: &Claim| match loss.reason {
            LossReason::Overlapped { rule, span } => {
                claim.rule_id == rule && claim.form.extent().overlaps(span)
            }
            _ => claim.form.extent().overlaps(loss.span),
        };
        // Of claims inside each other, the innermost comes last.
        match claims.iter().rposition(belongs) {
            Some(place) => lost[place].push(loss),
            None => alone.push(loss),
        }
    }
    (lost, alone)
}

/// Returns a claim with its explanation.
pub(crate) fn explained(claim: v1::Claim, found: &Claim, lost: &[&Loss], document: &Document) -> Explained {
    let lost = lost.iter().map(|loss| Lost::new(loss, document)).collect();
    Explained { claim, explanation: Explanation { rule: describe(&found.rule_id), lost } }
}

/// Returns what belongs to no claim, as a line of its own.
pub(crate) fn discarded(loss: &Loss, document: &Document) -> Discarded {
    Discarded { discarded: Lost::new(loss, document) }
}

/// Says on standard error why a claim is there, for people.
pub(crate) fn say_claim(report: &Report, file: &str, document: &Document, claim: &Claim) {
    let extent = claim.form.extent();
    let (source, cue) = match &claim.form {
        Form::QuotedStatement(statement) => (statement.source, statement.cue),
        Form::PrerequisiteList(list) => (list.source, Some(list.introducer)),
        Form::QuestionAnswer(_) => (None, None),
    };
    let named = |name: &str, span: Option<Span>| {
        span.map(|span| format!(" {name} {};", in_marks(words(span, document)))).unwrap_or_default()
    };
    report.say_why(format_args!(
        "{}: `{}` on {};{}{} {}",
        place(file, document, extent),
        claim.rule_id,
        in_marks(words(extent, document)),
        named("source", source),
        named("cue", cue),
        describe(&claim.rule_id),
    ));
}

/// Says on standard error what became no claim, for people.
pub(crate) fn say_loss(report: &Report, file: &str, document: &Document, loss: &Loss) {
    let rule = loss.rule.map(|rule| format!("`{rule}` on ")).unwrap_or_default();
    let text = in_marks(words(loss.span, document));
    report.say_lost(format_args!("{}: {rule}{text}: {}", place(file, document, loss.span), loss.reason));
}

/// Returns the words on one line, in quotation marks; in their own where they have some.
fn in_marks(words: &str) -> String {
    let line = table::clip(words);
    if line.starts_with(['“', '"', '«', '„', '‘']) { line } else { format!("“{line}”") }
}

fn place(file: &str, document: &Document, span: Span) -> String {
    format!("{file}: byte {}", document.source_start_byte + span.start() as u64)
}

fn words(span: Span, document: &Document) -> &str {
    span.slice(&document.text).unwrap_or_default()
}

fn describe(rule_id: &str) -> &'static str {
    rules().iter().find(|rule| rule.id == rule_id).map_or("", |rule| rule.description)
}

#[cfg(test)]
mod tests {
    use dictum_core::DocumentParts;
    use dictum_extract::{Options, explain};

    use super::*;

    #[test]
    fn what_lost_stands_with_what_won() {
        let text = "Ada Fenwick said that the mayor said little of the so-called “plan” on Monday.\n\nThe “gate” is new.";
        let document = Document::new(DocumentParts { text: text.to_owned(), ..Default::default() });
        let (extraction, losses) = explain(&document, &Options::default());
        let (lost, alone) = by_claim(&extraction.claims, &losses);
        assert_eq!(extraction.claims.len(), 1, "{extraction:?}");
        let overlapped =
            |loss: &&&Loss| matches!(loss.reason, LossReason::Overlapped { rule: "report-that", .. });
        assert_eq!(
            lost[0].iter().filter(overlapped).map(|loss| words(loss.span, &document)).next(),
            Some("said")
        );
        assert_eq!(alone.iter().map(|loss| words(loss.span, &document)).collect::<Vec<_>>(), ["“gate”"]);
    }
}
