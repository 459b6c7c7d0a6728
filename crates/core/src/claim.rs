//! The three forms of a claim.

use std::borrow::Cow;

use crate::{ClaimId, Span};

/// What a document attributes to somebody, with proof: every part is a span of the document's text.
#[derive(Debug, Clone, PartialEq)]
pub struct Claim {
    /// Comes from the document's id, the form and its spans.
    pub id: ClaimId,
    /// Exactly one of the three forms.
    pub form: Form,
    /// The rule that found it, in kebab case: `block-marked`, `quote-cue-after`.
    pub rule_id: Cow<'static, str>,
    /// How sure the rule is.
    pub confidence: Confidence,
}

/// How sure a rule is of a claim: from 0 (a guess) to 1 (certain).
///
/// ```
/// use dictum_core::Confidence;
///
/// assert_eq!(Confidence::new(0.97).map(Confidence::get), Some(0.97));
/// assert_eq!(Confidence::new(f32::NAN), None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Confidence(f32); // Invariant: 0.0 <= value <= 1.0.

impl Confidence {
    /// Returns the confidence, or `None` when `value` is outside 0 to 1.
    #[must_use]
    pub const fn new(value: f32) -> Option<Self> {
        if value >= 0.0 && value <= 1.0 { Some(Self(value)) } else { None }
    }

    /// Returns the number.
    #[must_use]
    pub const fn get(self) -> f32 {
        self.0
    }
}

/// One of the three forms.
#[derive(Debug, Clone, PartialEq)]
pub enum Form {
    /// Words or content attributed to a speaker.
    QuotedStatement(QuotedStatement),
    /// A question and its answer.
    QuestionAnswer(QuestionAnswer),
    /// Conditions that a speaker lists.
    PrerequisiteList(PrerequisiteList),
}

/// Which of the three forms. The numbers are part of claim ids: never change them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FormKind {
    /// [`QuotedStatement`].
    QuotedStatement = 1,
    /// [`QuestionAnswer`].
    QuestionAnswer = 2,
    /// [`PrerequisiteList`].
    PrerequisiteList = 3,
}

impl Form {
    /// Returns which form it is.
    #[must_use]
    pub const fn kind(&self) -> FormKind {
        match self {
            Self::QuotedStatement(_) => FormKind::QuotedStatement,
            Self::QuestionAnswer(_) => FormKind::QuestionAnswer,
            Self::PrerequisiteList(_) => FormKind::PrerequisiteList,
        }
    }

    /// Returns the span from the first byte of the claim's substance to the last: content; question to answer; first
    /// item to last. Claims are listed in the order of its start, then of its end descending, then of the form.
    #[must_use]
    pub fn extent(&self) -> Span {
        let (first, last) = match self {
            Self::QuotedStatement(statement) => (statement.content, statement.content),
            Self::QuestionAnswer(pair) => (pair.question, pair.answer),
            Self::PrerequisiteList(list) => match (list.items.first(), list.items.last()) {
                (Some(first), Some(last)) => (*first, *last),
                _ => (list.introducer, list.introducer),
            },
        };
        Span::new(first.start().min(last.start()), first.end().max(last.end())).unwrap_or(first)
    }

    /// Returns whose claim it is: speaker or respondent.
    #[must_use]
    pub fn speaker(&self) -> Option<&Speaker> {
        match self {
            Self::QuotedStatement(statement) => statement.speaker.as_ref().ok(),
            Self::QuestionAnswer(pair) => pair.respondent.as_ref().ok(),
            Self::PrerequisiteList(list) => list.speaker.as_ref().ok(),
        }
    }

    /// Returns who reports the speaker, outermost first; empty where nobody does.
    #[must_use]
    pub fn attribution_chain(&self) -> &[Speaker] {
        match self {
            Self::QuotedStatement(statement) => &statement.attribution_chain,
            Self::QuestionAnswer(_) => &[],
            Self::PrerequisiteList(list) => &list.attribution_chain,
        }
    }

    /// Returns every span of the claim, in no fixed order: the spans that must slice to the text.
    #[must_use]
    pub fn spans(&self) -> Vec<Span> {
        match self {
            Self::QuotedStatement(q) => [q.content]
                .into_iter()
                .chain(q.source)
                .chain(q.cue)
                .chain(q.content_parts.iter().copied())
                .collect(),
            Self::QuestionAnswer(q) => vec![q.question, q.answer],
            Self::PrerequisiteList(l) => [l.introducer]
                .into_iter()
                .chain(l.subject)
                .chain(l.source)
                .chain(l.items.iter().copied())
                .collect(),
        }
    }
}

/// Somebody who speaks, asks, answers or reports: a person, an institution, a group.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Speaker {
    /// The fullest form of the name that the document gives, without titles, signs and emoji.
    pub name: String,
    /// What they are: "Foreign Minister".
    pub role: Option<String>,
    /// Whom they speak for: "Ministry of Health".
    pub organization: Option<String>,
}

/// Why nobody is named: unknown is an answer, a wrong speaker is worse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UnknownSpeaker {
    /// The text names nobody.
    NotNamed,
    /// A pronoun that more than one person fits.
    AmbiguousPronoun,
    /// A pronoun or description that nobody before it fits.
    NoAntecedent,
    /// "It was said that …": no agent.
    AgentlessPassive,
    /// Two names fit and the text does not decide.
    SeveralCandidates,
}

/// Words or content attributed to a speaker.
#[derive(Debug, Clone, PartialEq)]
pub struct QuotedStatement {
    /// Who says it.
    pub speaker: Result<Speaker, UnknownSpeaker>,
    /// The words that name them; absent when inherited from title, label or turn.
    pub source: Option<Span>,
    /// The words or sign that attribute: "said", "💬", "as stated by".
    pub cue: Option<Span>,
    /// What is said, without its outer quote marks; from the first piece to the last where the cue cuts it.
    pub content: Span,
    /// The pieces, where the cue cuts the content; else empty.
    pub content_parts: Vec<Span>,
    /// How it is said.
    pub manner: Manner,
    /// Who reports the speaker, outermost first, without the speaker.
    pub attribution_chain: Vec<Speaker>,
}

impl QuotedStatement {
    /// Returns the pieces of the content: the parts where it is cut, else the content alone.
    #[must_use]
    pub fn parts(&self) -> &[Span] {
        if self.content_parts.is_empty() { std::slice::from_ref(&self.content) } else { &self.content_parts }
    }
}

/// How a statement is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Manner {
    /// One or more marked paragraphs.
    Block,
    /// The speaker's own words in quote marks.
    Direct,
    /// Reported speech.
    Indirect,
    /// Reported speech with quoted words in it.
    Mixed,
    /// What somebody wants, expects, believes; only on request.
    Attitude,
}

/// A question and its answer.
#[derive(Debug, Clone, PartialEq)]
pub struct QuestionAnswer {
    /// The question without sign and label.
    pub question: Span,
    /// Who asks: a person or a medium.
    pub asker: Result<Speaker, UnknownSpeaker>,
    /// The answer without sign and label.
    pub answer: Span,
    /// Who answers.
    pub respondent: Result<Speaker, UnknownSpeaker>,
}

/// Conditions that a speaker lists for something.
#[derive(Debug, Clone, PartialEq)]
pub struct PrerequisiteList {
    /// The words that announce the list: "listed prerequisites for the settlement as follows:".
    pub introducer: Span,
    /// What the conditions are for: "the settlement".
    pub subject: Option<Span>,
    /// The conditions, in text order, without numbers, bullets and joining words. Never empty.
    pub items: Vec<Span>,
    /// Whose conditions they are.
    pub speaker: Result<Speaker, UnknownSpeaker>,
    /// The words that name the speaker; absent when inherited.
    pub source: Option<Span>,
    /// Who reports the speaker, outermost first, without the speaker.
    pub attribution_chain: Vec<Speaker>,
}
