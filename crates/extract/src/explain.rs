//! Why claims are there and what lost to them, for those who ask: nobody else pays for it.

use std::fmt;

use dictum_core::{Diagnostic, DiagnosticKind, Span};

/// Words that became no claim, though a rule looked at them.
#[derive(Debug, Clone, PartialEq)]
pub struct Loss {
    /// The words: those that would be the claim's, else the cue or the quotation that nothing came of.
    pub span: Span,
    /// The rule that found them; `None` where the search ended before one did.
    pub rule: Option<&'static str>,
    /// Why there is no claim.
    pub reason: LossReason,
}

/// Why there is no claim.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum LossReason {
    /// A claim on the same words, or a part of them, is surer or says more.
    Overlapped {
        /// The rule that won.
        rule: &'static str,
        /// Its words.
        span: Span,
    },
    /// The rule is not sure enough.
    BelowConfidence {
        /// How sure it is.
        confidence: f32,
        /// How sure it must be: what the caller asked for, or what the rules ask for at least.
        minimum: f32,
    },
    /// It tells what somebody wants or thinks, and attitudes were not asked for.
    Attitude,
    /// Somebody's statement reports themselves, or nobody who is certain: "as we have said".
    OwnWords,
    /// Words in quotation marks that nobody is known to say: a term, a title, scare quotes.
    Unattributed,
    /// A cue without anybody or anything that it could report.
    NothingReported,
    /// A question that nobody answers: it stays a part of the statement.
    Rhetorical,
    /// Conditions are announced, but no two of them follow.
    WithoutItems,
}

impl fmt::Display for LossReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Overlapped { rule, span } => {
                write!(f, "a claim of `{rule}` has bytes {}–{}", span.start(), span.end())
            }
            Self::BelowConfidence { confidence, minimum } => {
                write!(f, "its confidence of {confidence:.2} is below {minimum:.2}")
            }
            Self::Attitude => f.write_str("it is an attitude, and none were asked for"),
            Self::OwnWords => f.write_str("the statement reports its own speaker, or nobody who is certain"),
            Self::Unattributed => f.write_str("nobody is known to say it: a term, a title or scare quotes"),
            Self::NothingReported => f.write_str("nobody and nothing is reported with this word"),
            Self::Rhetorical => f.write_str("nobody answers the question: it stays a part of the statement"),
            Self::WithoutItems => f.write_str("no two conditions follow"),
        }
    }
}

impl LossReason {
    /// Returns the reason in one word, for programs.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Overlapped { .. } => "OVERLAPPED",
            Self::BelowConfidence { .. } => "BELOW_CONFIDENCE",
            Self::Attitude => "ATTITUDE",
            Self::OwnWords => "OWN_WORDS",
            Self::Unattributed => "UNATTRIBUTED",
            Self::NothingReported => "NOTHING_REPORTED",
            Self::Rhetorical => "RHETORICAL",
            Self::WithoutItems => "WITHOUT_ITEMS",
        }
    }
}

/// Where the parts of extraction leave what they discard.
#[derive(Debug, Default)]
pub(crate) struct Losses(Option<Vec<Loss>>);

impl Losses {
    /// Returns a place that keeps what is left there; the default forgets it unseen.
    pub(crate) const fn kept() -> Self {
        Self(Some(Vec::new()))
    }

    /// Returns whether anybody wants to know.
    pub(crate) const fn are_wanted(&self) -> bool {
        self.0.is_some()
    }

    /// Notes what was discarded; `loss` runs only if somebody wants to know.
    pub(crate) fn note(&mut self, loss: impl FnOnce() -> Loss) {
        if let Some(losses) = &mut self.0 {
            losses.push(loss());
        }
    }

    /// Adds what the diagnostics tell of, and returns all in the order of the text.
    pub(crate) fn finish(self, diagnostics: &[Diagnostic]) -> Vec<Loss> {
        let mut all = self.0.unwrap_or_default();
        all.extend(diagnostics.iter().filter_map(|diagnostic| {
            let reason = match diagnostic.kind {
                DiagnosticKind::RhetoricalQuestion => LossReason::Rhetorical,
                DiagnosticKind::ListWithoutItems => LossReason::WithoutItems,
                _ => return None,
            };
            Some(Loss { span: diagnostic.span?, rule: None, reason })
        }));
        all.sort_by_key(|loss| (loss.span, loss.rule));
        all
    }
}

#[cfg(test)]
mod tests {
    use dictum_core::{Confidence, Document, DocumentParts};

    use crate::{Options, explain};

    /// Checks what became no claim, as "words: REASON".
    #[track_caller]
    fn check(text: &str, min_confidence: f32, expected: &[&str]) {
        let document = Document::new(DocumentParts { text: text.to_owned(), ..Default::default() });
        let min_confidence = Confidence::new(min_confidence).unwrap();
        let options = Options { min_confidence, ..Options::default() };
        let (extraction, losses) = explain(&document, &options);
        assert_eq!(extraction, crate::extract(&document, &options), "explaining changes nothing");
        let lost: Vec<String> = losses
            .iter()
            .map(|loss| format!("{}: {}", loss.span.slice(text).unwrap(), loss.reason.name()))
            .collect();
        assert_eq!(lost, expected, "{text}");
    }

    #[test]
    fn every_reason_is_given() {
        check("The so-called “experts” left.", 0.0, &["“experts”: UNATTRIBUTED"]);
        check("Ada Fenwick hopes that the gate opens.", 0.0, &["hopes: ATTITUDE"]);
        check("The report is long.", 0.0, &["report: NOTHING_REPORTED"]);
        check("Ada Fenwick said that Bo Lind claimed the gate was shut.", 0.0, &["claimed: OVERLAPPED"]);
        check("Ada Fenwick said that the gate was shut.", 1.0, &["the gate was shut: BELOW_CONFIDENCE"]);
        check(
            "💬 Mayor Ada Fenwick: We said that the gate was shut.",
            0.0,
            &["the gate was shut: OWN_WORDS"],
        );
        check(
            "💬 Mayor Ada Fenwick: It is late.\n❓ Who would wait for it?",
            0.0,
            &["❓ Who would wait for it?: RHETORICAL"],
        );
        check("The mayor listed three conditions:", 0.0, &["listed three conditions:: WITHOUT_ITEMS"]);
    }
}
