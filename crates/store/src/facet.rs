//! Counts by a field, and the lists of speakers, topics and channels.

use std::{collections::BTreeMap, fmt::Write as _};

use dictum_core::{FormKind, Timestamp};
use jiff::tz::Offset;

use crate::{
    StoreError,
    filter::PreparedFilter,
    fold::fold,
    index::{document_time, form_of_value},
    inner::Inner,
    key::Tag,
    model::{FacetCount, FacetField, StoredClaim, ValuePage, ValueSummary},
    people, query,
    record::CounterRecord,
};

/// By folded value, the name and the number of claims.
pub(crate) type Counts = BTreeMap<String, (String, u64)>;

/// Counters that are read in one go.
const CHUNK: usize = 1000;

/// Counts the claims of a filter by a field.
pub(crate) fn facets(
    inner: &Inner,
    filter: &PreparedFilter,
    field: FacetField,
    limit: usize,
) -> Result<Vec<FacetCount>, StoreError> {
    let counts = match counts_by_index(inner, filter, field)? {
        Some(counts) => counts,
        None => query::tally(inner, filter, |claim| values(claim, field))?,
    };
    let counts = match field {
        FacetField::Speaker => people::joined_counts(inner, counts)?,
        _ => counts.into_values().collect(),
    };
    let mut counts: Vec<_> = counts.into_iter().map(|(value, claims)| FacetCount { value, claims }).collect();
    counts.sort_by(|a, b| b.claims.cmp(&a.claims).then_with(|| a.value.cmp(&b.value)));
    counts.truncate(limit);
    Ok(counts)
}

/// Counts from indexes and counters alone; `None` where the documents must decide, or are faster.
fn counts_by_index(
    inner: &Inner,
    filter: &PreparedFilter,
    field: FacetField,
) -> Result<Option<Counts>, StoreError> {
    let tag = match field {
        FacetField::Speaker => Tag::Speaker,
        FacetField::Topic => Tag::Topic,
        FacetField::Channel => Tag::Channel,
        FacetField::Language => Tag::Language,
        FacetField::Form => Tag::Form,
        FacetField::Day | FacetField::Month => {
            return query::tally_time(inner, filter, |time| time_name(time, field));
        }
    };
    let values = all_values(inner, tag)?;
    let claims = if filter.is_open() {
        Some(values.iter().map(|(_, counter)| counter.claims).collect())
    } else {
        query::tally_index(inner, filter, tag, &values)?
    };
    let Some(claims) = claims else { return Ok(None) };
    let mut counts = Counts::new();
    for ((value, counter), claims) in values.into_iter().zip(claims).filter(|(_, claims)| *claims > 0) {
        let (value, name) = match tag {
            Tag::Form => {
                let form = form_name(form_of_value(&value)).to_owned();
                (form.clone(), form)
            }
            _ => {
                let name = name_of(&value, &counter);
                (value, name)
            }
        };
        counts.entry(value).or_insert_with(|| (name, 0)).1 += claims;
    }
    Ok(Some(counts))
}

/// Returns the day or the month of a time, in UTC.
fn time_name(time: Timestamp, field: FacetField) -> String {
    let day = Offset::UTC.to_datetime(time).date();
    if field == FacetField::Month { day.strftime("%Y-%m").to_string() } else { day.to_string() }
}

/// Returns all values of a tag with their counters.
fn all_values(inner: &Inner, tag: Tag) -> Result<Vec<(String, CounterRecord)>, StoreError> {
    let mut values = Vec::new();
    let mut start = String::new();
    loop {
        let chunk = inner.unwritten.list(&inner.engine, tag, &start, CHUNK)?;
        let is_last = chunk.len() < CHUNK;
        if let Some((value, _)) = chunk.last() {
            start = format!("{value}\0");
        }
        values.extend(chunk);
        if is_last {
            return Ok(values);
        }
    }
}

/// Returns the values that a claim is counted under: a key that folds forms of a name, and the form.
fn values(claim: &StoredClaim, field: FacetField) -> Vec<(String, String)> {
    let document = claim.document();
    let folded = |name: &str| (fold(name), name.to_owned());
    let plain = |name: String| vec![(name.clone(), name)];
    let time = || {
        let time = document_time(&document.document, &document.extraction)?;
        Some(plain(time_name(time, field)))
    };
    match field {
        FacetField::Speaker => {
            claim.claim().form.speaker().map(|speaker| folded(&speaker.name)).into_iter().collect()
        }
        FacetField::Topic => {
            let mut topics: Vec<_> = document.extraction.topics.iter().map(|topic| folded(topic)).collect();
            topics.sort();
            topics.dedup_by(|a, b| a.0 == b.0);
            topics
        }
        FacetField::Channel => document.document.channel.as_deref().map(folded).into_iter().collect(),
        FacetField::Language => document.extraction.language.as_deref().map(folded).into_iter().collect(),
        FacetField::Form => plain(form_name(claim.claim().form.kind()).to_owned()),
        FacetField::Day | FacetField::Month => time().unwrap_or_default(),
    }
}

fn form_name(form: FormKind) -> &'static str {
    match form {
        FormKind::QuotedStatement => "quoted-statement",
        FormKind::QuestionAnswer => "question-answer",
        FormKind::PrerequisiteList => "prerequisite-list",
    }
}

/// Returns the form of the name that most claims have.
pub(crate) fn name_of(value: &str, counter: &CounterRecord) -> String {
    let most_frequent =
        counter.forms.iter().max_by(|a, b| a.claims.cmp(&b.claims).then_with(|| b.text.cmp(&a.text)));
    most_frequent.map_or_else(|| value.to_owned(), |form| form.text.clone())
}

/// Lists the values of a tag whose folded names start with `prefix`.
pub(crate) fn list_values(
    inner: &Inner,
    tag: Tag,
    prefix: &str,
    page_size: usize,
    page_token: Option<&str>,
) -> Result<ValuePage, StoreError> {
    let start = match page_token {
        Some(token) => read_token(token, tag, prefix, &inner.store_id())?,
        None => prefix.to_owned(),
    };
    let mut found = inner.unwritten.list(&inner.engine, tag, &start, page_size + 1)?;
    found.retain(|(value, _)| value.starts_with(prefix));
    let more = found.len() > page_size;
    let next = found.get(page_size).map(|(value, _)| write_token(value, tag, prefix, &inner.store_id()));
    found.truncate(page_size);
    let mut values = Vec::with_capacity(found.len());
    for (value, counter) in found {
        let (first_seen, last_seen) = query::seen(inner, tag, &value)?;
        let name = name_of(&value, &counter);
        let mut forms = counter.forms;
        forms.sort_by(|a, b| b.claims.cmp(&a.claims).then_with(|| a.text.cmp(&b.text)));
        values.push(ValueSummary {
            name,
            forms: forms.into_iter().map(|form| form.text).collect(),
            claims: counter.claims,
            documents: counter.documents,
            first_seen,
            last_seen,
        });
    }
    Ok(ValuePage { values, next_page_token: next.filter(|_| more) })
}

/// Writes a page token: the hexadecimal form of the next value, sealed with what it belongs to.
pub(crate) fn write_token(value: &str, tag: Tag, prefix: &str, store_id: &[u8; 16]) -> String {
    let mut token = seal(value, tag, prefix, store_id);
    for byte in value.bytes() {
        let _ = write!(token, "{byte:02x}"); // Writing to a string does not fail.
    }
    token
}

pub(crate) fn read_token(
    token: &str,
    tag: Tag,
    prefix: &str,
    store_id: &[u8; 16],
) -> Result<String, StoreError> {
    let parts = || {
        let (found_seal, hex) = token.split_at_checked(16)?;
        let digits: Vec<u32> = hex.chars().map(|c| c.to_digit(16)).collect::<Option<_>>()?;
        let bytes: Option<Vec<u8>> =
            digits.chunks(2).map(|pair| u8::try_from(pair.first()? << 4 | pair.get(1)?).ok()).collect();
        let value = String::from_utf8(bytes?).ok()?;
        (seal(&value, tag, prefix, store_id) == found_seal).then_some(value)
    };
    parts().ok_or(StoreError::BadPageToken)
}

fn seal(value: &str, tag: Tag, prefix: &str, store_id: &[u8; 16]) -> String {
    let mut hasher = blake3::Hasher::new_derive_key("dictum 2026-11 store value token");
    hasher.update(store_id);
    hasher.update(&[tag as u8]);
    hasher.update(&(prefix.len() as u64).to_be_bytes());
    hasher.update(prefix.as_bytes());
    hasher.update(value.as_bytes());
    hasher.finalize().to_hex()[..16].to_owned()
}
