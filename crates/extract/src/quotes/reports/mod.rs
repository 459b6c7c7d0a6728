//! Who is reported to say what in one sentence: cue by cue, without resolving who "he" is.

mod content;
mod labels;
mod nouns;
mod passives;
mod phrases;
mod subjects;
mod sure;
mod tagged;
mod tags;
mod verbs;

use super::{
    sentence::{Range, Sentence},
    tokens::Kind,
    words::{Classes, Forms, Frame},
};

/// One report, in places of tokens.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Report {
    /// The words that name who says it; `None` where the text does not.
    pub source: Option<Range>,
    /// The words that attribute.
    pub cue: Range,
    /// What is said; more than one piece where the cue cuts it.
    pub content: Vec<Range>,
    /// The rule.
    pub rule: Rule,
    /// From 0 to 1.
    pub confidence: f32,
    /// The cue reports no act of saying.
    pub attitude: bool,
    /// Nobody is named because the cue is a passive.
    pub agentless: bool,
}

/// The rules of this module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rule {
    /// `X said: “…”`
    CueBefore,
    /// `“…,” X said`, `“…,” said X`
    CueAfter,
    /// `“…,” X said, “…”`
    CueInside,
    /// `X said that …`
    That,
    /// `X said …`
    Clause,
    /// `X asked whether …`
    Question,
    /// `X promised to …`
    Infinitive,
    /// `X outlined the plan`
    Object,
    /// `X spoke about the plan`
    Preposition,
    /// `…, X said.`
    ClauseFirst,
    /// `according to X, …`
    Phrase,
    /// `…, noting that …`
    Gerund,
    /// `X was asked whether …`
    Passive,
    /// `his statement that …`
    Noun,
    /// `X: “…”`
    Label,
    /// `«…, — сказал X. — …»`
    InsideMarks,
    /// `— …, — сказал X.`
    Dialogue,
    /// `“…” — X`
    Signature,
}

/// Finds the reports of a sentence, left to right, none inside another's content.
pub(super) fn find(sentence: &Sentence<'_>, attitudes: bool) -> Vec<Report> {
    // One look at each token spares the others in sentences where no rule can start.
    let (mut classes, mut forms, mut has_quote) = (Classes::NONE, Forms::NONE, false);
    for token in &sentence.tokens[sentence.start..sentence.end] {
        classes = classes.or(token.word.classes);
        forms = forms.or(token.word.forms);
        has_quote |= token.kind == Kind::Quote;
    }
    let mut finder =
        Finder { sentence, attitudes, reports: Vec::new(), weak: Vec::new(), last_subject: None };
    if classes.any(Classes::PHRASE) {
        finder.phrases();
    }
    if classes.any(Classes::AS) && forms.any(Forms::VERB) {
        finder.as_clause();
    }
    if forms.any(Forms::VERB) || has_quote {
        finder.cues_after(has_quote);
    }
    if forms.any(Forms::VERB.or(Forms::NOUN)) {
        finder.cues_before();
    }
    if has_quote {
        finder.labels();
        finder.signature();
    }
    finder.reports.append(&mut finder.weak);
    finder.reports.sort_by_key(|report| report.content.first().map(|content| content.start));
    finder.reports
}

/// Returns whether the tokens from `at` on attribute what stands before them: `|he said.`
pub(super) fn attribution_follows(sentence: &Sentence<'_>, at: usize) -> bool {
    let finder =
        Finder { sentence, attitudes: false, reports: Vec::new(), weak: Vec::new(), last_subject: None };
    let ceiling = sentence.end.min(at + 24);
    (at..ceiling)
        .take_while(|at| sentence.at(*at).kind != Kind::Stop)
        .filter(|verb| sentence.at(*verb).cues(Forms::VERB) || sentence.at(*verb).is(Classes::VERB))
        .any(|verb| finder.tag_after(verb).is_some_and(|tag| tag.start == at))
}

struct Finder<'s, 'a> {
    sentence: &'s Sentence<'a>,
    attitudes: bool,
    reports: Vec<Report>,
    /// Reports that are too unsure to be claims.
    weak: Vec<Report>,
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
        let empty = report
            .content
            .iter()
            .all(|range| !range.clone().any(|at| s.at(at).is_wordlike() || s.at(at).kind == Kind::Quote));
        if !empty && report.content.iter().all(|range| range.start < range.end) {
            self.last_subject = report.source.clone().or(self.last_subject.take());
            let confidence = self.confidence_of(&report);
            self.reports.push(Report { confidence, ..report });
        }
    }
}

/// Returns who is announced to speak in the next paragraph, where the sentence ends in a colon.
pub(super) fn announced(sentence: &Sentence<'_>) -> Option<Range> {
    let colon = sentence.end.checked_sub(1).filter(|at| sentence.at(*at).kind == Kind::Colon)?;
    let finder =
        Finder { sentence, attitudes: false, reports: Vec::new(), weak: Vec::new(), last_subject: None };
    let cue = (sentence.start..colon).rev().take(24).find(|at| {
        let token = sentence.at(*at);
        token.cues(Forms::VERB) && sentence.words.verb(token.word).weight(Frame::Quote) > 0.0
    });
    cue.and_then(|verb| finder.finite_subject(&sentence.verb_group(verb), verb))
        .or_else(|| sentence.noun_phrase_before(colon).filter(|name| name.start == sentence.start))
        .or_else(|| sentence.main_subject(sentence.start, colon))
}
