//! Which index entries a document has, and its place in the order of time.

use std::collections::BTreeMap;

use dictum_core::{Date, DateInterval, DocumentId, DocumentParts, Extraction, FormKind, Manner, Timestamp};
use jiff::{ToSpan, tz::Offset};

use crate::{
    filter::manner,
    fold::fold,
    key::{LONG_OCCASION, MAX_INDEXED_DAYS, Position, Tag},
};

/// Most claims of one document: more are refused, and more in an index entry are damage.
pub(crate) const MAX_CLAIMS: u32 = 1 << 20;

/// The entries of one document: by tag and folded value, which claims have it.
pub(crate) type Entries = BTreeMap<(Tag, String), IndexEntry>;

/// What one document adds to one value.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct IndexEntry {
    /// The value as the document writes it first.
    pub(crate) name: String,
    /// The claims, by number, ascending.
    pub(crate) ordinals: Vec<u32>,
}

/// Returns the entries of a listed document.
pub(crate) fn entries(parts: &DocumentParts, extraction: &Extraction) -> Entries {
    let mut entries = Entries::new();
    let claims = u32::try_from(extraction.claims.len()).unwrap_or(u32::MAX);
    let mut of_document = |tag, name: &str, value: String| {
        let entry = IndexEntry { name: name.to_owned(), ordinals: (0..claims).collect() };
        entries.entry((tag, value)).or_insert(entry);
    };
    of_document(Tag::All, "", String::new());
    if let Some(channel) = &parts.channel {
        of_document(Tag::Channel, channel, fold(channel));
    }
    if let Some(language) = &extraction.language {
        of_document(Tag::Language, language, fold(language));
    }
    for topic in &extraction.topics {
        of_document(Tag::Topic, topic, fold(topic));
    }
    for day in extraction.occasion.date.map(day_values).unwrap_or_default() {
        of_document(Tag::Day, &day, day.clone());
    }
    for (ordinal, claim) in (0..).zip(&extraction.claims) {
        let mut of_claim = |tag, name: &str, value: String| {
            let entry = entries.entry((tag, value)).or_default();
            if entry.name.is_empty() {
                name.clone_into(&mut entry.name);
            }
            if entry.ordinals.last() != Some(&ordinal) {
                entry.ordinals.push(ordinal);
            }
        };
        let form = form_value(claim.form.kind(), manner(&claim.form));
        of_claim(Tag::Form, form, form.to_owned());
        of_claim(Tag::Rule, &claim.rule_id, claim.rule_id.to_string());
        for reporter in claim.form.attribution_chain() {
            of_claim(Tag::Reporter, &reporter.name, fold(&reporter.name));
        }
        let Some(speaker) = claim.form.speaker() else { continue };
        of_claim(Tag::Speaker, &speaker.name, fold(&speaker.name));
        if let Some(role) = &speaker.role {
            of_claim(Tag::Role, role, fold(role));
        }
        if let Some(organization) = &speaker.organization {
            of_claim(Tag::Organization, organization, fold(organization));
        }
    }
    entries
}

/// Returns the value that claims of this form and manner are indexed by. Part of the format.
pub(crate) fn form_value(form: FormKind, manner: Option<Manner>) -> &'static str {
    match (form, manner) {
        (FormKind::QuotedStatement, Some(Manner::Block)) => "statement-block",
        (FormKind::QuotedStatement, Some(Manner::Direct)) => "statement-direct",
        (FormKind::QuotedStatement, Some(Manner::Indirect)) => "statement-indirect",
        (FormKind::QuotedStatement, Some(Manner::Mixed)) => "statement-mixed",
        (FormKind::QuotedStatement, Some(Manner::Attitude)) => "statement-attitude",
        (FormKind::QuotedStatement, None) => "statement",
        (FormKind::QuestionAnswer, _) => "question-answer",
        (FormKind::PrerequisiteList, _) => "prerequisite-list",
    }
}

/// Returns the form of a value of [`form_value`].
pub(crate) fn form_of_value(value: &str) -> FormKind {
    match value {
        "question-answer" => FormKind::QuestionAnswer,
        "prerequisite-list" => FormKind::PrerequisiteList,
        _ => FormKind::QuotedStatement,
    }
}

/// Returns the values that the days of an occasion are indexed by.
pub(crate) fn day_values(occasion: DateInterval) -> Vec<String> {
    let (first, last) = (occasion.start(), occasion.end());
    if days_between(first, last) >= MAX_INDEXED_DAYS {
        return vec![LONG_OCCASION.to_owned()];
    }
    days(first, last).map(|day| day.to_string()).collect()
}

/// Returns how many days after `first` `last` is.
pub(crate) fn days_between(first: Date, last: Date) -> i64 {
    first.duration_until(last).as_hours() / 24
}

/// Returns the days from `first` to `last`, both included.
pub(crate) fn days(first: Date, last: Date) -> impl Iterator<Item = Date> {
    first.series(1.day()).take_while(move |day| *day <= last)
}

/// The key of documents without a time starts here; before it lie the microseconds since 1970, shifted to be positive.
const UNDATED: u64 = 1 << 63;
const MICROS_SHIFT: i64 = 1 << 62;

/// Returns the key of a document in the order of time; see [`ListOrder::TimeAscending`](crate::ListOrder).
pub(crate) fn time_order(parts: &DocumentParts, extraction: &Extraction, first_revision: u64) -> u64 {
    match document_time(parts, extraction) {
        Some(time) => (time.as_microsecond() + MICROS_SHIFT).unsigned_abs(),
        None => UNDATED | first_revision,
    }
}

/// Returns the time that a key in the order of time stands for, if any.
pub(crate) fn time_of_order(order: u64) -> Option<Timestamp> {
    let micros = i64::try_from(order).ok()? - MICROS_SHIFT;
    Timestamp::from_microsecond(micros).ok()
}

/// Returns the smallest key of documents at or after `time`.
pub(crate) fn order_of_time(time: Timestamp) -> u64 {
    (time.as_microsecond() + MICROS_SHIFT).unsigned_abs()
}

/// Returns the time of a document: of publication, else the first day of the occasion at 00:00 UTC.
pub(crate) fn document_time(parts: &DocumentParts, extraction: &Extraction) -> Option<Timestamp> {
    parts.publish_time.or_else(|| {
        let first_day = extraction.occasion.date?.start();
        Offset::UTC.to_timestamp(first_day.at(0, 0, 0, 0)).ok()
    })
}

/// Which claims of a document an index entry stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EntryValue {
    /// The revision of the document's first write.
    pub(crate) first_revision: u64,
    /// The claims that have the value, by number, ascending.
    pub(crate) ordinals: Vec<u32>,
}

/// A listed document as the indexes see it.
#[derive(Debug, Clone)]
pub(crate) struct Indexed {
    /// Its place in the order of time.
    pub(crate) position: Position,
    /// The revision of its first write.
    pub(crate) first_revision: u64,
    /// What it is found by.
    pub(crate) entries: Entries,
}

impl Indexed {
    /// Returns what a listed document is found by, and where.
    pub(crate) fn of(
        document_id: DocumentId,
        parts: &DocumentParts,
        extraction: &Extraction,
        first_revision: u64,
    ) -> Self {
        Self::with(entries(parts, extraction), document_id, parts, extraction, first_revision)
    }

    /// Does the same with entries that are there already.
    pub(crate) fn with(
        entries: Entries,
        document_id: DocumentId,
        parts: &DocumentParts,
        extraction: &Extraction,
        first_revision: u64,
    ) -> Self {
        let order = time_order(parts, extraction, first_revision);
        Self { position: Position { order, document_id }, first_revision, entries }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_sort_before_undated() {
        let order = |t: &str| order_of_time(t.parse().unwrap());
        let (a, b) = (order("-009999-01-02T01:59:59Z"), order("9999-12-30T22:00:00Z"));
        assert!(a < order("1969-12-31T23:59:59Z") && order("1969-12-31T23:59:59Z") < b && b < UNDATED);
        assert_eq!(time_of_order(b), Some("9999-12-30T22:00:00Z".parse().unwrap()));
        assert_eq!(time_of_order(UNDATED | 7), None);
    }
}
