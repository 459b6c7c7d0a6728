//! Names before a colon and behind a dash: `X: “…”`, `“…” — X`.

use super::{Finder, Report, Rule};
use crate::quotes::{
    sentence::{LONGEST_CONTENT, Range},
    tokens::Kind,
};

/// Words in marks of this length are more than a title.
const LONG_SIGNED_BYTES: usize = 48;
/// How sure a name behind a dash is.
const SIGNATURE: f32 = 0.85;
/// How sure a colon before marks is: after a name, and after any other words.
const LABEL: (f32, f32) = (0.85, 0.7);

impl Finder<'_, '_> {
    /// `Ada Fenwick: “…”`, and any other words with a subject before a colon and marks.
    pub(super) fn labels(&mut self) {
        let s = self.sentence;
        for at in s.start..s.end.min(s.start + LONGEST_CONTENT) {
            if s.at(at).kind != Kind::Colon || s.at(at + 1).kind != Kind::Quote || self.taken(at + 1) {
                continue;
            }
            let name = s
                .noun_phrase_before(at)
                .filter(|name| name.start == s.start && name.clone().any(|at| s.at(at).kind == Kind::Name));
            let confidence = if name.is_some() { LABEL.0 } else { LABEL.1 };
            let Some(source) =
                name.or_else(|| self.handle_before(at)).or_else(|| s.main_subject(s.start, at))
            else {
                continue;
            };
            self.push(Report {
                source: Some(source),
                cue: at..at + 1,
                content: std::iter::once(at + 1..at + 2).collect(),
                rule: Rule::Label,
                confidence,
                attitude: false,
                agentless: false,
            });
        }
    }

    /// Returns the account that ends before `at`: `|@fenwick|: “…”`.
    fn handle_before(&self, at: usize) -> Option<Range> {
        let s = self.sentence;
        let handle = at.checked_sub(1).filter(|handle| *handle >= s.start)?;
        s.text[s.at(handle).start..].starts_with('@').then_some(handle..at)
    }

    /// "“…” ― Ada Fenwick, mayor": marks alone, a dash and a name up to the end.
    pub(super) fn signature(&mut self) {
        let s = self.sentence;
        let quote = s.start;
        if s.at(quote).kind != Kind::Quote || self.taken(quote) || s.end < quote + 3 {
            return;
        }
        let stops = usize::from(matches!(s.at(quote + 1).kind, Kind::Stop | Kind::Comma));
        let dash = quote + 1 + stops;
        let Some(source) = (s.at(dash).kind == Kind::Dash).then(|| s.signature_at(dash + 1)).flatten() else {
            return;
        };
        let long = s.at(quote).end - s.at(quote).start >= LONG_SIGNED_BYTES || s.quote_is_plain(quote);
        // "“The Long Night” – Ada Fenwick" is a book.
        if !long && (source.len() == 1 || !s.quote_ends_sentence(quote)) {
            return;
        }
        self.push(Report {
            source: Some(source),
            cue: dash..dash + 1,
            content: std::iter::once(quote..quote + 1).collect(),
            rule: Rule::Signature,
            confidence: SIGNATURE,
            attitude: false,
            agentless: false,
        });
    }
}
