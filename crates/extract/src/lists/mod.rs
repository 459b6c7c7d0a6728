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

use dictum_core::{Diagnostic, DiagnosticKind, Form, FormKind, PrerequisiteList, Span, UnknownSpeaker};

use self::{
    introducer::Introducer,
    items::{Context, Opening},
    lexicon::LEXICON,
};
use crate::{
    Rule,
    people::People,
    stretch::{Found, Stretch, Voice},
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
    let stretches = together(text, stretches);
    for (n, stretch) in stretches.iter().enumerate() {
        search(text, stretch, stretches.get(n + 1), people, &mut found, diagnostics);
    }
    found
}

/// Joins paragraphs of one voice that a bullet or number leads: a list may run over all of them.
fn together(text: &str, stretches: &[Stretch]) -> Vec<Stretch> {
    let mut all: Vec<Stretch> = Vec::with_capacity(stretches.len());
    for stretch in stretches {
        let last =
            all.last_mut().filter(|last| matches!(last.voice, Voice::Of(_)) && last.voice == stretch.voice);
        match last {
            Some(last) if is_bullet_between(text, last.span.end(), stretch.span.start()) => {
                last.span = Span::new(last.span.start(), stretch.span.end()).unwrap_or(last.span);
            }
            _ => all.push(stretch.clone()),
        }
    }
    all
}

/// Returns whether a line break and at most a bullet or number stand between two paragraphs.
fn is_bullet_between(text: &str, end: usize, start: usize) -> bool {
    text.get(end..start).is_some_and(|between| {
        between.len() <= 24
            && between.contains('\n')
            && !between.contains(['💬', '❓'])
            && between.chars().all(|c| c.is_ascii_digit() || !c.is_alphanumeric())
    })
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
    next: Option<&Stretch>,
    people: &mut People,
    found: &mut Vec<Found>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let Some(slice) = stretch.span.slice(text) else { return };
    let base = stretch.span.start();
    let spoken = matches!(stretch.voice, Voice::Of(_));
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
        let before = searched;
        if let Some(introducer) = introducer::read(text, stretch.span, spoken, place.clone(), hit.owners) {
            // The same colon is not read twice, whichever of the words before it is taken.
            searched = introducer.span.end();
            let context = context(text, &introducer, stretch.span.end());
            let items = items::read(&context, introducer.items_from);
            let list = match items {
                Some(items) => Some(list(text, stretch, people, &introducer, items))
                    .filter(|list| is_told(list, &introducer)),
                None => next.and_then(|next| answered(text, next, &introducer)),
            };
            if let Some(list) = list {
                searched = list.form.extent().end();
                found.push(list);
                continue;
            }
            budget.n_in_vain += items::looked_at(&context, introducer.items_from);
            if introducer.is_sure() {
                diagnostics.push(without_items(introducer.span));
            }
        }
        if let Some(list) = behind(text, stretch, before, people, place, hit.owners) {
            searched = list.form.extent().end();
            found.push(list);
        }
    }
}

fn context<'a>(text: &'a str, introducer: &Introducer, end: usize) -> Context<'a> {
    Context {
        text,
        words: introducer.words,
        count: introducer.count,
        opening: introducer.opening,
        owned: introducer.is_own(),
        set: introducer.is_set(),
        end,
    }
}

/// "Unless a, b and c" is a list only where the text says who says so.
fn is_told(list: &Found, introducer: &Introducer) -> bool {
    let Form::PrerequisiteList(list) = &list.form else { return false };
    introducer.opening != Opening::Clause || list.speaker.is_ok()
}

/// The next turn answers a question for conditions.
fn answered(text: &str, next: &Stretch, introducer: &Introducer) -> Option<Found> {
    if introducer.opening != Opening::Marked {
        return None;
    }
    let items = items::read(&context(text, introducer, next.span.end()), next.span.start())?;
    let speaker = match &next.voice {
        Voice::Of(speaker) => Ok(speaker.clone()),
        Voice::Narrator | Voice::Unknown => Err(UnknownSpeaker::NotNamed),
    };
    let whose = speaker::Whose { speaker, source: None, chain: Vec::new() };
    Some(claim(introducer, items, whose))
}

/// Reads what a sentence such as "Those are our conditions." points back to.
fn behind(
    text: &str,
    stretch: &Stretch,
    low: usize,
    people: &mut People,
    place: std::ops::Range<usize>,
    owners: &[usize],
) -> Option<Found> {
    let introducer = introducer::read_behind(text, stretch.span, place, owners)?;
    let context = context(text, &introducer, stretch.span.end());
    let items = items::read_before(&context, low.min(introducer.sentence_start), introducer.sentence_start)?;
    Some(list(text, stretch, people, &introducer, items))
}

fn list(
    text: &str,
    stretch: &Stretch,
    people: &mut People,
    introducer: &Introducer,
    items: items::Items,
) -> Found {
    let whose = speaker::read(text, stretch, people, introducer, &items);
    claim(introducer, items, whose)
}

fn claim(introducer: &Introducer, items: items::Items, whose: speaker::Whose) -> Found {
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
