//! What extraction counts.

use std::{collections::HashMap, sync::Arc, time::Instant};

use dictum_core::{DiagnosticKind, Document, Extraction, FormKind};
use dictum_server::{Metrics, SECONDS};
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
};

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RuleLabels {
    form: &'static str,
    rule: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct KindLabels {
    kind: &'static str,
}

#[derive(Debug, Clone)]
pub(crate) struct ExtractionMetrics {
    documents: Counter,
    bytes: Counter,
    seconds: Histogram,
    /// By the id of the rule; the rules are known beforehand.
    claims: Arc<HashMap<&'static str, Counter>>,
    diagnostics: Family<KindLabels, Counter>,
    /// Long documents that are worked on.
    pub(crate) workers: Gauge,
    /// Long documents that may be worked on at a time.
    pub(crate) workers_limit: Gauge,
}

impl ExtractionMetrics {
    pub(crate) fn of(metrics: &Metrics) -> Self {
        metrics.of(|metrics| {
            let claims: Family<RuleLabels, Counter> = metrics.register(
                "dictum_extraction_claims",
                "Claims that were found, by their form and the rule that found them",
                Family::default(),
            );
            let rules = dictum_extract::rules().iter().map(|rule| {
                let labels = RuleLabels { form: form_name(rule.form), rule: rule.id };
                (rule.id, claims.get_or_create_owned(&labels))
            });
            let diagnostics = metrics.register(
                "dictum_extraction_diagnostics",
                "Odd things in documents, by kind",
                Family::default(),
            );
            // From the start at 0, so that the first one is a rise.
            for kind in KINDS {
                let _ = diagnostics.get_or_create_owned(&KindLabels { kind: kind_name(kind) });
            }
            Self {
                documents: metrics.register(
                    "dictum_extraction_documents",
                    "Documents that were searched for claims",
                    Counter::default(),
                ),
                bytes: metrics.register(
                    "dictum_extraction_text_bytes",
                    "Text of those documents",
                    Counter::default(),
                ),
                seconds: metrics.register(
                    "dictum_extraction_duration_seconds",
                    "Time that a document took, waiting not counted",
                    Histogram::new(SECONDS),
                ),
                claims: Arc::new(rules.collect()),
                diagnostics,
                workers: metrics.register(
                    "dictum_extraction_workers_busy",
                    "Long documents that are worked on",
                    Gauge::default(),
                ),
                workers_limit: metrics.register(
                    "dictum_extraction_workers",
                    "Long documents that may be worked on at a time (--extraction-workers)",
                    Gauge::default(),
                ),
            }
        })
    }

    /// Counts a document that was searched since `started`.
    pub(crate) fn count(&self, document: &Document, extraction: &Extraction, started: Instant) {
        self.seconds.observe(started.elapsed().as_secs_f64());
        self.documents.inc();
        self.bytes.inc_by(document.text.len() as u64);
        for claim in &extraction.claims {
            if let Some(count) = self.claims.get(&*claim.rule_id) {
                count.inc();
            }
        }
        for diagnostic in &extraction.diagnostics {
            self.diagnostics.get_or_create(&KindLabels { kind: kind_name(diagnostic.kind) }).inc();
        }
    }
}

const KINDS: [DiagnosticKind; 7] = [
    DiagnosticKind::UnsupportedLanguage,
    DiagnosticKind::UnclosedQuote,
    DiagnosticKind::RhetoricalQuestion,
    DiagnosticKind::AnswerWithoutQuestion,
    DiagnosticKind::UnknownSpeaker,
    DiagnosticKind::ListWithoutItems,
    DiagnosticKind::PassedOver,
];

fn form_name(form: FormKind) -> &'static str {
    match form {
        FormKind::QuotedStatement => "quoted-statement",
        FormKind::QuestionAnswer => "question-answer",
        FormKind::PrerequisiteList => "prerequisite-list",
    }
}

fn kind_name(kind: DiagnosticKind) -> &'static str {
    match kind {
        DiagnosticKind::UnsupportedLanguage => "unsupported-language",
        DiagnosticKind::UnclosedQuote => "unclosed-quote",
        DiagnosticKind::RhetoricalQuestion => "rhetorical-question",
        DiagnosticKind::AnswerWithoutQuestion => "answer-without-question",
        DiagnosticKind::UnknownSpeaker => "unknown-speaker",
        DiagnosticKind::ListWithoutItems => "list-without-items",
        DiagnosticKind::PassedOver => "passed-over",
    }
}
