//! The people of the store: forms of names joined by what the store knows of them, their lists and profiles.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet, HashMap},
};

use dictum_core::DocumentId;

use crate::{
    ClaimFilter, NameJoin, StoreError,
    facet::{self, facets, name_of},
    filter::PreparedFilter,
    fold::fold,
    inner::Inner,
    key::{Position, Tag},
    model::{FacetField, SpeakerForm, SpeakerProfile, ValuePage, ValueSummary},
    names::{Evidence, bucket, join},
    query,
    record::CounterRecord,
};

/// Documents of a form that are looked at for an office or a channel that it shares with another.
const DOCUMENTS_LOOKED_AT: usize = 8;
/// Documents with a surname alone, all of which must name the person; a surname in more is left alone.
const MAX_SURNAME_DOCUMENTS: usize = 256;
/// Topics of a profile.
const MAX_TOPICS: usize = 20;
/// Months of a profile: all that there are.
const MAX_MONTHS: usize = 12_000;
/// Forms that are read in one go.
const CHUNK: usize = 200;

/// A form of a person's name: folded, with its counter.
struct PersonForm {
    value: String,
    counter: CounterRecord,
    how: NameJoin,
}

/// The forms of a person; the first is the name itself.
type Person = Vec<PersonForm>;

/// What the store knows of the forms of one bucket.
struct Stored<'i> {
    inner: &'i Inner,
    values: &'i [String],
    /// Offices and channels of forms, as they were asked for.
    marks: RefCell<HashMap<usize, BTreeSet<(Tag, String)>>>,
}

impl Stored<'_> {
    fn documents(&self, form: usize, limit: usize) -> Result<Vec<Position>, StoreError> {
        let Some(value) = self.values.get(form) else { return Ok(Vec::new()) }; // A name that is only asked for.
        query::documents_with(self.inner, Tag::Speaker, value, limit)
    }

    fn has(&self, form: usize, document: Position) -> Result<bool, StoreError> {
        match self.values.get(form) {
            Some(value) => query::is_indexed(self.inner, Tag::Speaker, value, document),
            None => Ok(false),
        }
    }

    fn marks(&self, form: usize) -> Result<BTreeSet<(Tag, String)>, StoreError> {
        if let Some(marks) = self.marks.borrow().get(&form) {
            return Ok(marks.clone());
        }
        let mut marks = BTreeSet::new();
        for position in self.documents(form, DOCUMENTS_LOOKED_AT)? {
            let Some(document) = self.listed(position.document_id)? else { continue };
            marks.extend(document.document.channel.as_deref().map(|channel| (Tag::Channel, fold(channel))));
            for speaker in document.extraction.claims.iter().filter_map(|claim| claim.form.speaker()) {
                if fold(&speaker.name) == self.values[form] {
                    let role = speaker.role.as_deref().map(|role| (Tag::Role, fold(role)));
                    let organization = speaker.organization.as_deref();
                    marks.extend(
                        role.into_iter().chain(organization.map(|name| (Tag::Organization, fold(name)))),
                    );
                }
            }
        }
        self.marks.borrow_mut().insert(form, marks.clone());
        Ok(marks)
    }

    fn listed(&self, id: DocumentId) -> Result<Option<std::sync::Arc<crate::StoredDocument>>, StoreError> {
        match self.inner.document(id) {
            Ok(document) => Ok(Some(document)),
            Err(StoreError::DocumentNotFound { .. } | StoreError::DocumentDeleted { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl Evidence<StoreError> for Stored<'_> {
    fn share(&self, a: usize, b: usize) -> Result<bool, StoreError> {
        if !self.marks(a)?.is_disjoint(&self.marks(b)?) {
            return Ok(true);
        }
        for document in self.documents(a, DOCUMENTS_LOOKED_AT)? {
            if self.has(b, document)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn named_beside(&self, short: usize, people: &[Vec<usize>]) -> Result<Option<usize>, StoreError> {
        let documents = self.documents(short, MAX_SURNAME_DOCUMENTS + 1)?;
        if documents.len() > MAX_SURNAME_DOCUMENTS {
            return Ok(None);
        }
        let mut found = None;
        for document in documents {
            let mut named = Vec::new();
            for (n, forms) in people.iter().enumerate() {
                for form in forms {
                    if self.has(*form, document)? {
                        named.push(n);
                        break;
                    }
                }
            }
            let [one] = named[..] else { return Ok(None) };
            if found.is_some_and(|found| found != one) {
                return Ok(None);
            }
            found = Some(one);
        }
        Ok(found)
    }
}

/// Returns the people whose forms may be one with `name`; with `name` itself where it is no known form.
fn people_beside(inner: &Inner, name: &str) -> Result<(Vec<Person>, Option<usize>), StoreError> {
    let asked = fold(name);
    let values = inner.known.beside(name);
    let mut counters = Vec::with_capacity(values.len());
    for value in &values {
        counters.push(inner.unwritten.counter(&inner.engine, Tag::Speaker, value)?);
    }
    let names: Vec<String> =
        values.iter().zip(&counters).map(|(value, counter)| name_of(value, counter)).collect();
    let mut forms: Vec<(&str, u64)> =
        names.iter().zip(&counters).map(|(name, counter)| (name.as_str(), counter.claims)).collect();
    let asked_at = values.binary_search(&asked).unwrap_or(values.len());
    if asked_at == values.len() {
        forms.push((name, 0));
    }
    let joined = join(&forms, &Stored { inner, values: &values, marks: RefCell::default() })?;
    let found = joined.iter().position(|person| person.iter().any(|joined| joined.form == asked_at));
    let person = |joined: &Vec<crate::names::Joined>| -> Person {
        let known = joined.iter().filter(|joined| joined.form < values.len());
        known
            .map(|joined| PersonForm {
                value: values[joined.form].clone(),
                counter: counters[joined.form].clone(),
                how: joined.how,
            })
            .collect()
    };
    Ok((joined.iter().map(person).collect(), found))
}

/// Returns the folded forms of the person with this name, the name's own among them.
fn forms_of(inner: &Inner, name: &str) -> Result<Vec<String>, StoreError> {
    let (people, found) = people_beside(inner, name)?;
    let person = found.and_then(|n| people.into_iter().nth(n)).unwrap_or_default();
    Ok(person.into_iter().map(|form| form.value).chain([fold(name)]).collect())
}

/// Returns the filter with every known form of the speakers that it names.
pub(crate) fn resolve(inner: &Inner, filter: &PreparedFilter) -> Result<PreparedFilter, StoreError> {
    let mut resolved = filter.clone();
    if !filter.exact_speakers {
        for name in &filter.speakers {
            resolved.speakers.extend(forms_of(inner, name)?);
        }
        resolved.speakers.sort();
        resolved.speakers.dedup();
    }
    Ok(resolved)
}

/// Returns the known forms that may come to be one with the speakers of a filter: when they are the same, so are those
/// that it lets through.
pub(crate) fn forms_beside(inner: &Inner, filter: &PreparedFilter) -> Vec<Vec<String>> {
    if filter.exact_speakers {
        return Vec::new();
    }
    filter.speakers.iter().map(|name| inner.known.beside(name)).collect()
}

/// Adds up the counts of the forms of each person; the keys are folded forms.
pub(crate) fn joined_counts(
    inner: &Inner,
    mut counts: BTreeMap<String, (String, u64)>,
) -> Result<Vec<(String, u64)>, StoreError> {
    let mut joined = Vec::with_capacity(counts.len());
    while let Some((value, (name, claims))) = counts.pop_first() {
        if inner.known.beside(&value).len() < 2 {
            joined.push((name, claims));
            continue;
        }
        let (people, found) = people_beside(inner, &value)?;
        let person = found.and_then(|n| people.into_iter().nth(n)).unwrap_or_default();
        let others = person.iter().filter(|form| form.value != value);
        let others: Vec<u64> =
            others.filter_map(|form| counts.remove(&form.value)).map(|(_, claims)| claims).collect();
        let name = if person.len() > 1 { display(&person) } else { name };
        joined.push((name, claims + others.iter().sum::<u64>()));
    }
    Ok(joined)
}

/// Returns the form that stands for a person: the most frequent of those that say as much as any and have no title.
fn display(person: &[PersonForm]) -> String {
    let full = person
        .iter()
        .filter(|form| matches!(form.how, NameJoin::Itself | NameJoin::Spelling | NameJoin::Transliteration));
    let most = full.max_by_key(|form| form.counter.claims);
    most.map(|form| name_of(&form.value, &form.counter)).unwrap_or_default()
}

fn summary(inner: &Inner, person: &Person) -> Result<ValueSummary, StoreError> {
    let values: Vec<String> = person.iter().map(|form| form.value.clone()).collect();
    let (mut first_seen, mut last_seen) = (None, None);
    for value in &values {
        let (first, last) = query::seen(inner, Tag::Speaker, value)?;
        first_seen = [first_seen, first].into_iter().flatten().min();
        last_seen = [last_seen, last].into_iter().flatten().max();
    }
    let documents = match &person[..] {
        [form] => form.counter.documents,
        _ => query::count_documents(inner, Tag::Speaker, values)?,
    };
    Ok(ValueSummary {
        name: display(person),
        forms: forms(person).into_iter().map(|form| form.form).collect(),
        claims: person.iter().map(|form| form.counter.claims).sum(),
        documents,
        first_seen,
        last_seen,
    })
}

/// Returns every way to write a person's name, the most frequent first.
fn forms(person: &Person) -> Vec<SpeakerForm> {
    let mut forms = Vec::new();
    for PersonForm { value, counter, how } in person {
        let name = name_of(value, counter);
        forms.extend(counter.forms.iter().filter(|form| form.claims > 0).map(|form| {
            let is_other_writing = *how == NameJoin::Itself && form.text != name;
            SpeakerForm {
                form: form.text.clone(),
                claims: form.claims,
                how: if is_other_writing { NameJoin::Spelling } else { *how },
            }
        }));
    }
    forms.sort_by(|a, b| b.claims.cmp(&a.claims).then_with(|| a.form.cmp(&b.form)));
    forms
}

/// Lists the people of whom a form starts with `prefix`, each where the first such form stands.
pub(crate) fn list(
    inner: &Inner,
    prefix: &str,
    page_size: usize,
    page_token: Option<&str>,
) -> Result<ValuePage, StoreError> {
    let mut start = match page_token {
        Some(token) => facet::read_token(token, Tag::Speaker, prefix, &inner.store_id())?,
        None => prefix.to_owned(),
    };
    let mut page = ValuePage::default();
    let mut buckets: HashMap<String, Vec<Person>> = HashMap::new();
    loop {
        let chunk = inner.unwritten.list(&inner.engine, Tag::Speaker, &start, CHUNK)?;
        let is_last = chunk.len() < CHUNK;
        for (value, counter) in chunk {
            if !value.starts_with(prefix) {
                return Ok(page);
            }
            start = format!("{value}\0");
            let alone;
            let person = if inner.known.beside(&value).len() < 2 {
                alone = vec![PersonForm { value: value.clone(), counter, how: NameJoin::Itself }];
                &alone
            } else {
                let people = match buckets.entry(bucket(&value)) {
                    std::collections::hash_map::Entry::Occupied(entry) => entry.into_mut(),
                    std::collections::hash_map::Entry::Vacant(entry) => {
                        entry.insert(people_beside(inner, &value)?.0)
                    }
                };
                let has = |person: &&Person| person.iter().any(|form| form.value == value);
                let Some(person) = people.iter().find(has) else { continue };
                person
            };
            let first = person.iter().map(|form| &form.value).filter(|form| form.starts_with(prefix)).min();
            if first != Some(&value) {
                continue;
            }
            if page.values.len() == page_size {
                page.next_page_token =
                    Some(facet::write_token(&value, Tag::Speaker, prefix, &inner.store_id()));
                return Ok(page);
            }
            page.values.push(summary(inner, person)?);
        }
        if is_last {
            return Ok(page);
        }
    }
}

/// Returns what the store knows of the person with this name.
pub(crate) fn get(inner: &Inner, name: &str) -> Result<SpeakerProfile, StoreError> {
    let not_found = || StoreError::SpeakerNotFound { name: name.to_owned() };
    let (people, found) = people_beside(inner, name)?;
    let person = found.and_then(|n| people.into_iter().nth(n)).filter(|person| !person.is_empty());
    let person = person.ok_or_else(not_found)?;
    let speakers = person.iter().map(|form| form.value.clone()).collect();
    let filter = ClaimFilter { speakers, exact_speakers: true, ..ClaimFilter::default() }.prepare()?;
    let mut months = facets(inner, &filter, FacetField::Month, MAX_MONTHS)?;
    months.sort_by(|a, b| a.value.cmp(&b.value));
    Ok(SpeakerProfile {
        summary: summary(inner, &person)?,
        forms: forms(&person),
        months,
        topics: facets(inner, &filter, FacetField::Topic, MAX_TOPICS)?,
    })
}
