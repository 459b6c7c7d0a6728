//! Reports in languages that mark where a reported clause starts: with a comma, a conjunction or a mood.
//!
//! No verb is known here but cues, so nothing fires without such a mark: `X заявил, что …`, `“…”, dijo X`,
//! `selon X, …`. What differs between languages is in `grammar` and in the classes of words.

mod clauses;
mod cues;
mod inside;
mod nouns;
mod phrases;
mod subjects;
mod tagged;
mod tags;

pub(super) use self::inside::cut_by_cue;
use super::{
    grammar::Grammar,
    reports::Report,
    sentence::{Range, Sentence},
    tokens::Kind,
    words::{Classes, Forms},
};

/// Tokens that one noun phrase may span.
const LONGEST_PHRASE: usize = 24;
/// Tokens between a cue and the mark of its clause.
const LONGEST_GAP: usize = 28;

/// What stands between a verb and its subject, or between helpers.
const LIGHT: Classes = Classes::ADVERB.or(Classes::OBJECT_PRONOUN).or(Classes::TIME).or(Classes::ADDRESSEE);

/// Finds the reports of a sentence, left to right, none inside another's content.
pub(super) fn find(sentence: &Sentence<'_>, grammar: &Grammar) -> Vec<Report> {
    let mut finder = Finder { sentence, grammar, reports: Vec::new(), last_subject: None };
    finder.phrases();
    finder.tags();
    finder.cues();
    finder.reports.sort_by_key(|report| report.content.first().map(|content| content.start));
    finder.reports
}

/// Returns whether the tokens from `at` on attribute what stands before them: `|— сказал он.`
pub(super) fn attribution_follows(sentence: &Sentence<'_>, grammar: &Grammar, at: usize) -> bool {
    let finder = Finder { sentence, grammar, reports: Vec::new(), last_subject: None };
    finder.tag_behind(at).is_some()
}

struct Finder<'s, 'a> {
    sentence: &'s Sentence<'a>,
    grammar: &'s Grammar,
    reports: Vec<Report>,
    last_subject: Option<Range>,
}

impl Finder<'_, '_> {
    fn taken(&self, at: usize) -> bool {
        self.reports.iter().any(|report| {
            report.cue.contains(&at)
                || report.source.as_ref().is_some_and(|source| source.contains(&at))
                || report.content.iter().any(|content| content.contains(&at))
        })
    }

    fn push(&mut self, report: Report) {
        let s = self.sentence;
        let says_something =
            |range: &Range| range.clone().any(|at| s.at(at).is_wordlike() || s.at(at).kind == Kind::Quote);
        if !report.content.is_empty() && report.content.iter().all(says_something) {
            self.last_subject = report.source.clone().or(self.last_subject.take());
            self.reports.push(report);
        }
    }

    fn is_border(&self, at: usize) -> bool {
        at <= self.sentence.start
            || matches!(
                self.sentence.before(at).kind,
                Kind::Comma
                    | Kind::Dash
                    | Kind::Stop
                    | Kind::Colon
                    | Kind::Semicolon
                    | Kind::Open
                    | Kind::Sign
            )
    }

    fn is_delimiter(&self, at: usize) -> bool {
        at >= self.sentence.end
            || matches!(
                self.sentence.at(at).kind,
                Kind::Comma | Kind::Dash | Kind::Stop | Kind::Colon | Kind::Semicolon | Kind::Close
            )
    }

    /// Returns whether the token at `at` can stand between a verb and its subject.
    fn is_light(&self, at: usize) -> bool {
        let token = self.sentence.at(at);
        token.is(LIGHT) && !token.is(Classes::DETERMINER.or(Classes::SUBJECT_PRONOUN))
    }

    /// Returns whether the token at `at` is a finite cue and no noun.
    fn is_finite_cue(&self, at: usize) -> bool {
        let token = self.sentence.at(at);
        token.cues(Forms::FINITE)
            && !(token.kind == Kind::Name && self.grammar.nouns_have_capitals && at > self.sentence.start)
    }
}
