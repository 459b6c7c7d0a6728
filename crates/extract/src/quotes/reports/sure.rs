//! How sure a report is once its ends are known. The factors were measured on labelled news.

use super::{Finder, Report, Rule};
use crate::quotes::{MIN_CONFIDENCE, tokens::Kind, words::Classes};

/// How sure a report stays that ends before a comma, and before any other word; measured on labelled news, as are those
/// below.
const OPEN_END: (f32, f32) = (0.85, 0.65);
/// The same in a question.
const QUESTIONED: f32 = 0.45;
/// The same where a dash or semicolon cuts the content.
const BROKEN: f32 = 0.75;
/// The same where "who" or "that" speaks.
const RELATIVE_SOURCE: f32 = 0.75;
/// The same where a comma may start what the narrator adds.
const BACKGROUND: f32 = 0.8;
/// The same for content of so many words and more.
const LONG_CONTENT: (usize, f32) = (25, 0.93);
/// How much surer a report without a comma is.
const ONE_PIECE: f32 = 1.1;
/// What no report without marks exceeds.
const SUREST: f32 = 0.97;

impl Finder<'_, '_> {
    /// Returns how sure a report without marks is once its ends are known: the cue may be certain while the end of what
    /// it reports is a guess. A report that is emitted for its cue is emitted still.
    pub(super) fn confidence_of(&self, report: &Report) -> f32 {
        let s = self.sentence;
        let mut tokens = report.content.iter().cloned().flatten();
        if report.confidence < MIN_CONFIDENCE || tokens.any(|at| s.at(at).kind == Kind::Quote) {
            return report.confidence;
        }
        let tokens = report.content.iter().cloned().flatten();
        let mut confidence = report.confidence;
        let end = report.content.last().map_or(s.end, |piece| piece.end);
        // "Why did he say |he would|?": the question is the narrator's.
        if end + 1 >= s.end && s.at(end).kind == Kind::Stop && s.word(end).starts_with('?') {
            return confidence * QUESTIONED;
        }
        let stops = end >= s.end || matches!(s.at(end).kind, Kind::Stop | Kind::Semicolon | Kind::Colon);
        if !stops && !matches!(report.rule, Rule::ClauseFirst | Rule::CueInside | Rule::CueAfter) {
            confidence *= if s.at(end).kind == Kind::Comma { OPEN_END.0 } else { OPEN_END.1 };
        }
        if tokens.clone().any(|at| matches!(s.at(at).kind, Kind::Dash | Kind::Semicolon)) {
            confidence *= BROKEN;
        }
        if report.source.as_ref().is_some_and(|source| s.at(source.start).is(Classes::RELATIVE)) {
            confidence *= RELATIVE_SOURCE;
        }
        let background = Classes::RELATIVE.or(Classes::SUBORDINATOR).or(Classes::DETERMINER);
        let mut commas = tokens.clone().filter(|at| s.at(*at).kind == Kind::Comma).peekable();
        if commas.peek().is_none() {
            confidence *= ONE_PIECE;
        } else if commas.any(|comma| s.at(comma + 1).is(background)) {
            confidence *= BACKGROUND;
        }
        if tokens.filter(|at| s.at(*at).is_wordlike()).count() >= LONG_CONTENT.0 {
            confidence *= LONG_CONTENT.1;
        }
        confidence.clamp(MIN_CONFIDENCE, SUREST)
    }
}
