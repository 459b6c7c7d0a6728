//! Which claims are wanted: the typed filter, its check and its test of one claim.

use dictum_core::{
    Claim, Confidence, Date, DateInterval, DocumentId, DocumentParts, Extraction, Form, FormKind, Manner,
    Speaker, Timestamp,
};

use crate::{StoreError, fold::fold};

/// Most values of one field of a filter.
pub const MAX_FILTER_VALUES: usize = 100;

/// Which claims are wanted. Fields are joined by AND, the values of one field by OR; an empty field allows all.
///
/// Names (of speakers, roles, organizations, reporters, topics, channels) are compared folded: case, Latin
/// diacritics and blanks do not count.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ClaimFilter {
    /// Whose claim it is: the speaker of a statement or list, the respondent of a pair.
    /// Every form of the name that is joined with one of these counts too, unless `exact_speakers` is set.
    pub speakers: Vec<String>,
    /// Whether the speakers' names must be written so; folded, as all names.
    pub exact_speakers: bool,
    /// What the speaker is: "Foreign Minister".
    pub roles: Vec<String>,
    /// Whom the speaker speaks for.
    pub organizations: Vec<String>,
    /// Anybody in the attribution chain.
    pub reporters: Vec<String>,
    /// The form.
    pub forms: Vec<FormKind>,
    /// How a quoted statement is given; the other forms have no manner and are not listed.
    pub manners: Vec<Manner>,
    /// A topic of the document, with or without `#`.
    pub topics: Vec<String>,
    /// The channel of the document.
    pub channels: Vec<String>,
    /// The BCP 47 tag of the document's language.
    pub languages: Vec<String>,
    /// The document.
    pub document_ids: Vec<DocumentId>,
    /// The rule that found the claim.
    pub rule_ids: Vec<String>,
    /// Days that the occasion must touch; a document without a date is not listed.
    pub occasion: Option<DateInterval>,
    /// The instant of publication; a document without one is not listed when a bound is set.
    pub published: TimeRange,
    /// The least confidence, included.
    pub min_confidence: Option<Confidence>,
}

/// Instants from `from`, included, up to `before`, not included; an absent end is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TimeRange {
    /// The first instant.
    pub from: Option<Timestamp>,
    /// The instant after the last.
    pub before: Option<Timestamp>,
}

impl TimeRange {
    /// Returns whether every instant, and no instant at all, is allowed.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.from.is_none() && self.before.is_none()
    }

    fn allows(&self, time: Option<Timestamp>) -> bool {
        self.is_open()
            || time.is_some_and(|t| {
                self.from.is_none_or(|from| from <= t) && self.before.is_none_or(|end| t < end)
            })
    }
}

/// A claim with what its document adds to it: what a filter looks at.
#[derive(Clone, Copy)]
pub(crate) struct Candidate<'a> {
    pub(crate) document_id: DocumentId,
    pub(crate) parts: &'a DocumentParts,
    pub(crate) extraction: &'a Extraction,
}

impl ClaimFilter {
    /// Returns the filter for all claims of one document.
    #[must_use]
    pub fn of_document(document_id: DocumentId) -> Self {
        Self { document_ids: vec![document_id], ..Self::default() }
    }

    /// Checks the filter and returns it in the form in which claims are tested.
    pub(crate) fn prepare(&self) -> Result<PreparedFilter, StoreError> {
        let Self {
            speakers,
            exact_speakers,
            roles,
            organizations,
            reporters,
            forms,
            manners,
            topics,
            channels,
            languages,
            document_ids,
            rule_ids,
            occasion,
            published,
            min_confidence,
        } = self;
        if let (Some(from), Some(before)) = (published.from, published.before)
            && from >= before
        {
            return Err(bad("filter.published", "the range ends before it starts"));
        }
        Ok(PreparedFilter {
            speakers: folded("filter.speakers", speakers)?,
            exact_speakers: *exact_speakers && !speakers.is_empty(),
            roles: folded("filter.roles", roles)?,
            organizations: folded("filter.organizations", organizations)?,
            reporters: folded("filter.reporters", reporters)?,
            forms: set("filter.forms", forms, |form| *form)?,
            manners: set("filter.manners", manners, |manner| *manner as u8)?,
            topics: folded("filter.topics", topics)?,
            channels: folded("filter.channels", channels)?,
            languages: folded("filter.languages", languages)?,
            document_ids: set("filter.document_ids", document_ids, |id| *id)?,
            rule_ids: set("filter.rule_ids", rule_ids, Clone::clone)?,
            occasion: *occasion,
            published: *published,
            min_confidence: *min_confidence,
        })
    }
}

/// A checked filter: values folded, sorted, without doubles.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct PreparedFilter {
    pub(crate) speakers: Vec<String>,
    pub(crate) exact_speakers: bool,
    pub(crate) roles: Vec<String>,
    pub(crate) organizations: Vec<String>,
    pub(crate) reporters: Vec<String>,
    pub(crate) forms: Vec<FormKind>,
    pub(crate) manners: Vec<u8>,
    pub(crate) topics: Vec<String>,
    pub(crate) channels: Vec<String>,
    pub(crate) languages: Vec<String>,
    pub(crate) document_ids: Vec<DocumentId>,
    pub(crate) rule_ids: Vec<String>,
    pub(crate) occasion: Option<DateInterval>,
    pub(crate) published: TimeRange,
    pub(crate) min_confidence: Option<Confidence>,
}

impl PreparedFilter {
    /// Returns whether the document's own fields are allowed: what holds for all of its claims.
    pub(crate) fn allows_document(&self, candidate: Candidate<'_>) -> bool {
        let Candidate { document_id, parts, extraction } = candidate;
        allows(&self.document_ids, &document_id)
            && self.published.allows(parts.publish_time)
            && self.occasion.is_none_or(|days| extraction.occasion.date.is_some_and(|date| touch(days, date)))
            && allows_text(&self.channels, parts.channel.as_deref())
            && allows_text(&self.languages, extraction.language.as_deref())
            && (self.topics.is_empty()
                || extraction.topics.iter().any(|topic| allows(&self.topics, &fold(topic))))
    }

    /// Returns whether the claim's own fields are allowed.
    pub(crate) fn allows_claim(&self, claim: &Claim) -> bool {
        let form = &claim.form;
        let speaker = form.speaker();
        allows(&self.forms, &form.kind())
            && self.min_confidence.is_none_or(|least| claim.confidence >= least)
            && (self.manners.is_empty() || manner(form).is_some_and(|m| allows(&self.manners, &(m as u8))))
            && (self.rule_ids.is_empty() || self.rule_ids.iter().any(|rule| *rule == claim.rule_id))
            && allows_text(&self.speakers, speaker.map(|s| s.name.as_str()))
            && allows_text(&self.roles, speaker.and_then(|s| s.role.as_deref()))
            && allows_text(&self.organizations, speaker.and_then(|s| s.organization.as_deref()))
            && (self.reporters.is_empty()
                || form
                    .attribution_chain()
                    .iter()
                    .any(|Speaker { name, .. }| allows(&self.reporters, &fold(name))))
    }

    /// Returns whether the filter allows every claim.
    pub(crate) fn is_open(&self) -> bool {
        *self == Self::default()
    }
}

/// Returns the manner of a quoted statement; the other forms have none.
pub(crate) fn manner(form: &Form) -> Option<Manner> {
    match form {
        Form::QuotedStatement(statement) => Some(statement.manner),
        Form::QuestionAnswer(_) | Form::PrerequisiteList(_) => None,
    }
}

fn touch(a: DateInterval, b: DateInterval) -> bool {
    let before = |x: Date, y: Date| x <= y;
    before(a.start(), b.end()) && before(b.start(), a.end())
}

fn allows<T: Ord>(allowed: &[T], value: &T) -> bool {
    allowed.is_empty() || allowed.binary_search(value).is_ok()
}

fn allows_text(allowed: &[String], value: Option<&str>) -> bool {
    allowed.is_empty() || value.is_some_and(|text| allowed.binary_search(&fold(text)).is_ok())
}

fn folded(field: &'static str, values: &[String]) -> Result<Vec<String>, StoreError> {
    let folded = set(field, values, |value| fold(value))?;
    if folded.first().is_some_and(String::is_empty) {
        return Err(bad(field, "an empty name matches nothing"));
    }
    Ok(folded)
}

fn set<T, U: Ord>(field: &'static str, values: &[T], map: impl Fn(&T) -> U) -> Result<Vec<U>, StoreError> {
    if values.len() > MAX_FILTER_VALUES {
        return Err(bad(
            field,
            format!("at most {MAX_FILTER_VALUES} values are allowed, not {}", values.len()),
        ));
    }
    let mut set: Vec<U> = values.iter().map(map).collect();
    set.sort();
    set.dedup();
    Ok(set)
}

fn bad(field: &'static str, reason: impl Into<String>) -> StoreError {
    StoreError::BadArgument { field, reason: reason.into() }
}
