//! Prerequisite lists: conditions, requirements, demands that somebody sets for something.
//!
//! One automaton of nouns and clauses of all languages finds the places to look at. Around each, the sentence is read:
//! is it announced here (`introducer`), what follows (`items`), whose is it (`speaker`). Which language's words apply is
//! decided by the words of that sentence, not by the document's language: short texts are detected badly.
//!
//! Absent on purpose: lists without a cue that names them conditions. Agendas, participants, achievements, features are
//! never lists here, whatever their bullets.

mod introducer;
mod items;
mod lexicon;
mod sentence;
mod speaker;
mod words;

use dictum_core::{Diagnostic, DiagnosticKind, Form, FormKind, PrerequisiteList, Span};

use self::{introducer::Introducer, items::Context, lexicon::LEXICON};
use crate::{
    Rule,
    people::People,
    stretch::{Found, Stretch},
};

const fn rule(id: &'static str, description: &'static str) -> Rule {
    Rule { id, form: FormKind::PrerequisiteList, manner: None, description, source: "introducers.toml" }
}

/// The rules of this module: they differ in how the items are told apart.
pub(crate) const RULES: &[Rule] = &[
    rule(items::RULE_NUMBERED, "Conditions are announced and led by ascending numbers or letters."),
    rule(
        items::RULE_ORDINALS,
        "Conditions are announced and led by first, second, …, in sentences or clauses.",
    ),
    rule(items::RULE_BULLETS, "Conditions are announced and stand on lines of their own, led by one sign."),
    rule(items::RULE_SEMICOLONS, "Conditions are announced and separated by semicolons."),
    rule(items::RULE_COMMAS, "Conditions are announced and separated by commas and a joining word."),
    rule(items::RULE_SENTENCES, "Conditions are announced and each is a sentence."),
];

/// Finds prerequisite lists in the stretches.
pub(crate) fn find(
    text: &str,
    stretches: &[Stretch],
    people: &mut People,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Found> {
    let mut found = Vec::new();
    for stretch in stretches {
        search(text, stretch, people, &mut found, diagnostics);
    }
    found
}

/// How many sentences are read around anchors: without an end, a text of anchors alone would cost a sentence a word.
#[derive(Debug, Default)]
struct Budget {
    window: usize,
    n_read: usize,
    /// Bytes behind anchors that were searched for items in vain.
    n_in_vain: usize,
}

impl Budget {
    /// Bytes to which the limit applies.
    const WINDOW_BYTES: usize = 4_096;
    /// Four times what the densest communiqués hold.
    const MAX_READ: usize = 24;
    /// More than all of the window, so that only sentences that never end use it up.
    const MAX_IN_VAIN: usize = 8_192;

    /// Counts one more sentence at byte `at`; returns whether it may be read.
    fn allows(&mut self, at: usize) -> bool {
        let window = at / Self::WINDOW_BYTES;
        if window != self.window {
            *self = Self { window, ..Self::default() };
        }
        self.n_read += 1;
        self.n_read <= Self::MAX_READ && self.n_in_vain <= Self::MAX_IN_VAIN
    }
}

fn search(
    text: &str,
    stretch: &Stretch,
    people: &mut People,
    found: &mut Vec<Found>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let Some(slice) = stretch.span.slice(text) else { return };
    let base = stretch.span.start();
    let mut budget = Budget::default();
    let mut searched = base; // what lies before is in a list or was read in vain
    for hit in LEXICON.candidates(slice) {
        let place = base + hit.place.start..base + hit.place.end;
        if place.start < searched {
            continue;
        }
        if !introducer::is_anchor(text, stretch.span, &place) || !budget.allows(place.start) {
            continue;
        }
        let Some(introducer) = introducer::read(text, stretch.span, place, hit.owners) else { continue };
        // The same colon is not read twice, whichever of the words before it is taken.
        searched = introducer.span.end();
        let context = Context {
            text,
            words: introducer.words,
            count: introducer.count,
            opening: introducer.opening,
            owned: introducer.is_own(),
            end: stretch.span.end(),
        };
        match items::read(&context, introducer.items_from) {
            Some(items) => {
                searched = items.spans.iter().map(|span| span.end()).max().unwrap_or(searched);
                found.push(list(text, stretch, people, &introducer, items));
            }
            None => {
                budget.n_in_vain += items::looked_at(&context, introducer.items_from);
                if introducer.is_sure() {
                    diagnostics.push(without_items(introducer.span));
                }
            }
        }
    }
}

fn list(
    text: &str,
    stretch: &Stretch,
    people: &mut People,
    introducer: &Introducer,
    items: items::Items,
) -> Found {
    let whose = speaker::read(text, stretch, people, introducer, &items);
    let confidence = introducer.confidence() - if whose.speaker.is_err() { 0.1 } else { 0.0 };
    Found {
        form: Form::PrerequisiteList(PrerequisiteList {
            introducer: introducer.span,
            subject: introducer.subject,
            items: items.spans,
            speaker: whose.speaker,
            source: whose.source,
            attribution_chain: whose.chain,
        }),
        rule: items.rule,
        confidence,
    }
}

fn without_items(span: Span) -> Diagnostic {
    Diagnostic {
        kind: DiagnosticKind::ListWithoutItems,
        span: Some(span),
        message: "conditions are announced here, but no two of them follow".to_owned(),
    }
}
