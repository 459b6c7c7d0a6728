//! Lists and counts: which index drives a query, which others sieve it, and the page that comes out.
//!
//! Indexes find documents; what is listed is decided by the filter on the document itself. An index that lags behind a
//! change for a moment can therefore hide nothing wrong and show nothing wrong.

use std::{
    collections::{BinaryHeap, HashMap},
    fmt::Write as _,
};

use dictum_core::{ClaimId, DateInterval, DocumentId, FormKind, Manner, Timestamp};

use crate::{
    ListOrder, StoreError, TimeRange,
    bundle::RawBundle,
    facet::Counts,
    filter::PreparedFilter,
    index::{days, days_between, form_value, order_of_time, time_order},
    inner::Inner,
    key::{self, LONG_OCCASION, Position, Tag},
    model::{Page, StoredClaim},
    people,
    postings::{Lookup, Posting, Postings},
    project::matching,
    record::CounterRecord,
    token::{Cursor, query_hash},
};

/// Most claims of one page.
pub const MAX_PAGE_SIZE: usize = 1000;
/// Documents that one call looks at before it gives a short page: bounds the work of a call that finds little.
const MAX_DOCUMENTS_A_CALL: usize = 20_000;
/// Index entries that one call passes over, likewise.
const MAX_ENTRIES_A_CALL: usize = 1_000_000;
/// Days of an occasion range that are looked up one by one; longer ranges are sieved from the documents.
const MAX_DAYS_LOOKED_UP: i64 = 62;
/// Documents kept while the entries of a value are put into the order of writing.
const SORTED_DOCUMENTS: usize = 1024;

/// The values of one field: a document has to have one of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Term {
    pub(crate) tag: Tag,
    pub(crate) values: Vec<String>,
    /// How many documents have them, about.
    documents: u64,
}

/// How a query is answered.
#[derive(Debug)]
pub(crate) struct Plan {
    driver: Driver,
    sieves: Vec<Term>,
    /// The part of the order of time that publish times allow.
    published: TimeRange,
    /// Whether the indexes alone decide: then claims can be counted without looking at documents.
    exact: bool,
}

#[derive(Debug)]
enum Driver {
    /// The named documents.
    Documents(Vec<DocumentId>),
    /// The entries of one field, in the order of time.
    Index(Term),
    /// All documents in the order of writing.
    Written,
    /// The entries of one field, put into the order of writing.
    IndexSorted(Term),
}

impl Plan {
    /// Chooses the index with the fewest documents.
    pub(crate) fn of(inner: &Inner, filter: &PreparedFilter, order: ListOrder) -> Result<Self, StoreError> {
        let by_writing = is_by_writing(order);
        let mut terms = terms(inner, filter)?;
        terms.sort_by_key(|term| term.documents);
        let exact = filter.min_confidence.is_none()
            && filter.published.is_open()
            && filter.document_ids.is_empty()
            && filter.occasion.is_none(); // Long occasions are in every term of days, whether or not they touch it.
        let published = filter.published;
        if !filter.document_ids.is_empty() {
            return Ok(Self {
                driver: Driver::Documents(filter.document_ids.clone()),
                sieves: Vec::new(),
                published,
                exact,
            });
        }
        let all = inner.unwritten.counter(&inner.engine, Tag::All, "")?.documents;
        let driver = match terms.first() {
            None if by_writing => Driver::Written,
            None => Driver::Index(Term { tag: Tag::All, values: vec![String::new()], documents: all }),
            // Sorting n entries costs n; walking all documents for a page costs a page's share of all / n documents,
            // each some twenty times an entry.
            Some(term)
                if by_writing && term.documents.saturating_mul(term.documents) > all.saturating_mul(2000) =>
            {
                Driver::Written
            }
            Some(_) if by_writing => Driver::IndexSorted(terms.remove(0)),
            Some(_) => Driver::Index(terms.remove(0)),
        };
        let sieves = if matches!(driver, Driver::Written) { Vec::new() } else { terms };
        Ok(Self { driver, sieves, published, exact })
    }

    /// Returns the first and the last place in the order of time that publish times allow.
    fn bounds(&self) -> (Position, Position) {
        let order = |time: Option<Timestamp>, open| time.map_or(open, order_of_time);
        let first =
            Position { order: order(self.published.from, 0), document_id: DocumentId::from_bytes([0; 16]) };
        let last = order(self.published.before, u64::MAX);
        (first, Position { order: last, document_id: DocumentId::from_bytes([0xFF; 16]) })
    }

    /// Returns the plan in words.
    pub(crate) fn explain(&self) -> String {
        let mut text = match &self.driver {
            Driver::Documents(ids) => format!("read {} named documents", ids.len()),
            Driver::Index(term) => format!("walk {} in the order of time", describe(term)),
            Driver::Written => "walk all documents in the order of writing".to_owned(),
            Driver::IndexSorted(term) => format!("put {} into the order of writing", describe(term)),
        };
        for term in &self.sieves {
            let _ = write!(text, ", sieve by {}", describe(term)); // Writing to a string does not fail.
        }
        text.push_str(if self.exact { "; the indexes decide" } else { "; the documents decide" });
        text
    }
}

fn describe(term: &Term) -> String {
    let Term { tag, values, documents } = term;
    format!("the index of {} ({} values, about {documents} documents)", tag_name(*tag), values.len())
}

fn tag_name(tag: Tag) -> &'static str {
    match tag {
        Tag::All => "all documents",
        Tag::Channel => "channels",
        Tag::Day => "days",
        Tag::Form => "forms",
        Tag::Language => "languages",
        Tag::Organization => "organizations",
        Tag::Role => "roles",
        Tag::Reporter => "reporters",
        Tag::Speaker => "speakers",
        Tag::Topic => "topics",
        Tag::Rule => "rules",
    }
}

/// Returns the indexed fields of a filter.
pub(crate) fn terms(inner: &Inner, filter: &PreparedFilter) -> Result<Vec<Term>, StoreError> {
    let fields = [
        (Tag::Channel, filter.channels.clone()),
        (Tag::Day, filter.occasion.map(looked_up_days).unwrap_or_default()),
        (Tag::Form, form_values(filter)),
        (Tag::Language, filter.languages.clone()),
        (Tag::Organization, filter.organizations.clone()),
        (Tag::Role, filter.roles.clone()),
        (Tag::Reporter, filter.reporters.clone()),
        (Tag::Speaker, filter.speakers.clone()),
        (Tag::Topic, filter.topics.clone()),
        (Tag::Rule, filter.rule_ids.clone()),
    ];
    let mut terms = Vec::new();
    for (tag, values) in fields {
        if values.is_empty() {
            continue;
        }
        let mut documents = 0;
        for value in &values {
            documents += inner.unwritten.counter(&inner.engine, tag, value)?.documents;
        }
        terms.push(Term { tag, values, documents });
    }
    Ok(terms)
}

fn looked_up_days(range: DateInterval) -> Vec<String> {
    if days_between(range.start(), range.end()) >= MAX_DAYS_LOOKED_UP {
        return Vec::new();
    }
    days(range.start(), range.end()).map(|day| day.to_string()).chain([LONG_OCCASION.to_owned()]).collect()
}

/// Returns the values of the forms and manners that are wanted; none when all are.
fn form_values(filter: &PreparedFilter) -> Vec<String> {
    const FORMS: [FormKind; 3] =
        [FormKind::QuotedStatement, FormKind::QuestionAnswer, FormKind::PrerequisiteList];
    const MANNERS: [Manner; 5] =
        [Manner::Block, Manner::Direct, Manner::Indirect, Manner::Mixed, Manner::Attitude];
    if filter.forms.is_empty() && filter.manners.is_empty() {
        return Vec::new();
    }
    let wanted_form = |form: &FormKind| filter.forms.is_empty() || filter.forms.contains(form);
    let wanted_manner =
        |manner: &Manner| filter.manners.is_empty() || filter.manners.contains(&(*manner as u8));
    let mut values = Vec::new();
    for form in FORMS.into_iter().filter(wanted_form) {
        if form == FormKind::QuotedStatement {
            let manners = MANNERS.into_iter().filter(wanted_manner);
            values.extend(manners.map(|manner| form_value(form, Some(manner)).to_owned()));
        } else if filter.manners.is_empty() {
            values.push(form_value(form, None).to_owned());
        }
    }
    if values.is_empty() {
        values.push("none".to_owned()); // A manner of a form that has none: nothing is listed.
    }
    values
}

fn is_by_writing(order: ListOrder) -> bool {
    matches!(order, ListOrder::WrittenAscending | ListOrder::WrittenDescending)
}

fn is_descending(order: ListOrder) -> bool {
    matches!(order, ListOrder::TimeDescending | ListOrder::WrittenDescending)
}

type PostingStream = Box<dyn Iterator<Item = Result<Posting, StoreError>> + Send>;

/// Returns the documents with one of the values of `term` from `from` on, in the order of time.
fn postings(
    inner: &Inner,
    term: &Term,
    from: Option<Position>,
    descending: bool,
) -> Result<PostingStream, StoreError> {
    let mut streams = term
        .values
        .iter()
        .map(|value| postings_of(inner, term.tag, value, from, descending))
        .collect::<Result<Vec<_>, _>>()?;
    if streams.len() == 1 {
        return Ok(Box::new(streams.remove(0)));
    }
    Ok(Box::new(Union { streams: streams.into_iter().map(Iterator::peekable).collect(), descending }))
}

fn postings_of(
    inner: &Inner,
    tag: Tag,
    value: &str,
    from: Option<Position>,
    descending: bool,
) -> Result<Postings, StoreError> {
    Postings::new(&inner.engine, inner.unwritten.postings(tag, value), tag, value, from, descending)
}

/// Merges the postings of several values of one field; a document that has several comes once.
struct Union {
    streams: Vec<std::iter::Peekable<Postings>>,
    descending: bool,
}

impl Iterator for Union {
    type Item = Result<Posting, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut next: Option<Position> = None;
        for stream in &mut self.streams {
            match stream.peek() {
                None => {}
                Some(Err(_)) => return stream.next(),
                Some(Ok(Posting { time, .. })) => {
                    let is_first =
                        next.is_none_or(|first| if self.descending { *time > first } else { *time < first });
                    next = if is_first { Some(*time) } else { next };
                }
            }
        }
        let next = next?;
        let mut merged: Option<Posting> = None;
        for stream in &mut self.streams {
            while let Some(Ok(posting)) =
                stream.next_if(|item| matches!(item, Ok(posting) if posting.time == next))
            {
                match &mut merged {
                    None => merged = Some(posting),
                    Some(merged) => {
                        merged.value.ordinals.extend(posting.value.ordinals);
                        merged.value.ordinals.sort_unstable();
                        merged.value.ordinals.dedup();
                    }
                }
            }
        }
        merged.map(Ok)
    }
}

/// Keeps of postings the claims that also have a value of every other field.
struct Sieve<'i> {
    inner: &'i Inner,
    fields: Vec<Vec<Lookup>>,
}

impl<'i> Sieve<'i> {
    fn new(inner: &'i Inner, terms: &[Term]) -> Self {
        let lookup = |tag, value: &str| Lookup::new(inner.unwritten.postings(tag, value), tag, value);
        let field = |term: &Term| term.values.iter().map(|value| lookup(term.tag, value)).collect();
        Self { inner, fields: terms.iter().map(field).collect() }
    }

    fn keep(&mut self, posting: Posting) -> Result<Vec<u32>, StoreError> {
        let mut ordinals = posting.value.ordinals;
        for lookups in &mut self.fields {
            let mut allowed = Vec::new();
            for lookup in lookups {
                allowed.extend_from_slice(lookup.find(&self.inner.engine, posting.time)?);
            }
            allowed.sort_unstable();
            ordinals.retain(|ordinal| allowed.binary_search(ordinal).is_ok());
            if ordinals.is_empty() {
                break;
            }
        }
        Ok(ordinals)
    }
}

/// A document that may hold claims of the list, with its place in the order of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Found {
    position: Position,
}

/// Walks the documents of a plan in the order of a list.
struct Walk<'i> {
    inner: &'i Inner,
    plan: &'i Plan,
    order: ListOrder,
    snapshot: u64,
    entries_left: usize,
}

impl<'i> Walk<'i> {
    fn new(inner: &'i Inner, plan: &'i Plan, order: ListOrder, snapshot: u64) -> Self {
        Self { inner, plan, order, snapshot, entries_left: MAX_ENTRIES_A_CALL }
    }

    /// Calls `visit` with every document from `from` on until it returns `false`. Returns where a walk that ran out of
    /// entries goes on.
    fn run(
        &mut self,
        from: Option<Position>,
        mut visit: impl FnMut(Found) -> Result<bool, StoreError>,
    ) -> Result<Option<Position>, StoreError> {
        let descending = is_descending(self.order);
        match &self.plan.driver {
            Driver::Documents(ids) => {
                let mut found = self.named(ids)?;
                found.sort_by_key(|found| found.position);
                if descending {
                    found.reverse();
                }
                for found in found {
                    if is_reached(from, found.position, descending) && !visit(found)? {
                        break;
                    }
                }
            }
            Driver::Index(term) => {
                let (first, last) = self.plan.bounds();
                let start = if descending { last } else { first };
                let from = from.filter(|from| !is_reached(Some(*from), start, descending)).unwrap_or(start);
                let mut sieve = Sieve::new(self.inner, &self.plan.sieves);
                for posting in postings(self.inner, term, Some(from), descending)? {
                    let posting = posting?;
                    let found = Found { position: posting.time };
                    if found.position < first || found.position > last {
                        break;
                    }
                    if self.is_spent() {
                        return Ok(Some(found.position));
                    }
                    if posting.value.first_revision > self.snapshot || sieve.keep(posting)?.is_empty() {
                        continue;
                    }
                    if !visit(found)? {
                        break;
                    }
                }
            }
            Driver::Written => {
                let (mut start, mut end) = (vec![key::BUNDLE], key::after_prefix(&[key::BUNDLE]));
                match from {
                    Some(position) if descending => {
                        end = Some(key::bundle(position.order.saturating_add(1)).to_vec());
                    }
                    Some(position) => start = key::bundle(position.order).to_vec(),
                    None => {}
                }
                for entry in self.inner.engine.range(start, end, descending)? {
                    let (key, value) = entry?;
                    let order = key::revision_of(&key)
                        .ok_or_else(|| StoreError::damaged("a document's key is too short"))?;
                    let raw = RawBundle::read(order, &value)?;
                    if self.is_spent() {
                        return Ok(Some(Position { order, document_id: raw.document_id }));
                    }
                    let found = Found { position: Position { order, document_id: raw.document_id } };
                    if raw.is_listed() && order <= self.snapshot && !visit(found)? {
                        break;
                    }
                }
            }
            Driver::IndexSorted(term) => {
                let mut from = from;
                loop {
                    let sorted = self.sorted(term, from, descending)?;
                    let is_last = sorted.len() < SORTED_DOCUMENTS;
                    for position in &sorted {
                        if !visit(Found { position: *position })? {
                            return Ok(None);
                        }
                    }
                    match sorted.last() {
                        // Documents have different revisions: the one behind the last is the next.
                        Some(last) if !is_last => from = Some(beside(*last, descending)),
                        _ => break,
                    }
                }
            }
        }
        Ok(None)
    }

    fn is_spent(&mut self) -> bool {
        match self.entries_left.checked_sub(1) {
            Some(left) => {
                self.entries_left = left;
                false
            }
            None => true,
        }
    }

    fn named(&self, ids: &[DocumentId]) -> Result<Vec<Found>, StoreError> {
        let mut found = Vec::new();
        for id in ids {
            match self.inner.document(*id) {
                Ok(document) => {
                    let order = if is_by_writing(self.order) {
                        document.first_revision
                    } else {
                        time_order(&document.document, &document.extraction, document.first_revision)
                    };
                    found.push(Found { position: Position { order, document_id: *id } });
                }
                Err(StoreError::DocumentNotFound { .. } | StoreError::DocumentDeleted { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    }

    /// Returns the next documents of a term in the order of writing, from `from` on.
    fn sorted(
        &self,
        term: &Term,
        from: Option<Position>,
        descending: bool,
    ) -> Result<Vec<Position>, StoreError> {
        let rank = |position: Position| if descending { u64::MAX - position.order } else { position.order };
        let mut first = BinaryHeap::with_capacity(SORTED_DOCUMENTS + 1); // The last of the first ones is on top.
        let mut sieve = Sieve::new(self.inner, &self.plan.sieves);
        for posting in postings(self.inner, term, None, false)? {
            let posting = posting?;
            let order = posting.value.first_revision;
            let position = Position { order, document_id: posting.time.document_id };
            let full = first.len() == SORTED_DOCUMENTS;
            let is_too_late = full && first.peek().is_some_and(|(last, _)| *last < rank(position));
            if order > self.snapshot || !is_reached(from, position, descending) || is_too_late {
                continue;
            }
            if sieve.keep(posting)?.is_empty() {
                continue;
            }
            first.push((rank(position), position));
            if first.len() > SORTED_DOCUMENTS {
                first.pop();
            }
        }
        Ok(first.into_sorted_vec().into_iter().map(|(_, position)| position).collect())
    }
}

/// Returns whether a walk that starts at `from` comes by `position`.
fn is_reached(from: Option<Position>, position: Position, descending: bool) -> bool {
    from.is_none_or(|from| if descending { position <= from } else { position >= from })
}

/// Returns the place after `position` in the order of writing.
fn beside(position: Position, descending: bool) -> Position {
    if descending {
        Position { order: position.order.saturating_sub(1), document_id: DocumentId::from_bytes([0xFF; 16]) }
    } else {
        Position { order: position.order.saturating_add(1), document_id: DocumentId::from_bytes([0; 16]) }
    }
}

/// Lists one page.
pub(crate) fn list(
    inner: &Inner,
    filter: &PreparedFilter,
    order: ListOrder,
    page_size: usize,
    page_token: Option<&str>,
) -> Result<Page, StoreError> {
    let query = query_hash(filter, order);
    let filter = &people::resolve(inner, filter)?;
    let cursor = page_token.map(|token| Cursor::decode(token, query, &inner.store_id())).transpose()?;
    let snapshot = cursor.map_or_else(|| inner.revision(), |cursor| cursor.snapshot);
    let plan = Plan::of(inner, filter, order)?;
    let mut claims = Vec::with_capacity(page_size.min(MAX_PAGE_SIZE));
    let mut next = None;
    let mut documents = 0;
    let spent_at =
        Walk::new(inner, &plan, order, snapshot).run(cursor.map(|cursor| cursor.position), |found| {
            if documents >= MAX_DOCUMENTS_A_CALL {
                next = Some(Cursor { snapshot, position: found.position, ordinal: 0 });
                return Ok(false);
            }
            documents += 1;
            let first =
                cursor.filter(|cursor| cursor.position == found.position).map_or(0, |cursor| cursor.ordinal);
            let full_at = add_claims(inner, filter, snapshot, found, first, page_size, &mut claims)?;
            next = full_at.map(|ordinal| Cursor { snapshot, position: found.position, ordinal });
            Ok(next.is_none())
        })?;
    let next = next.or(spent_at.map(|position| Cursor { snapshot, position, ordinal: 0 }));
    let next_page_token = next.map(|cursor| cursor.encode(query, &inner.store_id()));
    Ok(Page { claims, next_page_token, revision: snapshot })
}

/// Adds the claims of a document from number `first` on; returns the number of the first that finds no room.
fn add_claims(
    inner: &Inner,
    filter: &PreparedFilter,
    snapshot: u64,
    found: Found,
    first: u32,
    page_size: usize,
    claims: &mut Vec<StoredClaim>,
) -> Result<Option<u32>, StoreError> {
    let document = match inner.document(found.position.document_id) {
        Ok(document) => document,
        Err(StoreError::DocumentNotFound { .. } | StoreError::DocumentDeleted { .. }) => return Ok(None),
        Err(error) => return Err(error),
    };
    if document.superseded_by.is_some() || document.first_revision > snapshot {
        return Ok(None);
    }
    for (ordinal, _) in matching(found.position.document_id, &document.document, &document.extraction, filter)
    {
        let number = u32::try_from(ordinal).unwrap_or(u32::MAX);
        if number < first {
            continue;
        }
        if claims.len() >= page_size {
            return Ok(Some(number));
        }
        claims.extend(StoredClaim::new(document.clone(), ordinal));
    }
    Ok(None)
}

/// Returns which of the claims are listed and let through, with their numbers in `ids`.
pub(crate) fn confirm(
    inner: &Inner,
    filter: &PreparedFilter,
    ids: &[ClaimId],
) -> Result<Vec<(usize, StoredClaim)>, StoreError> {
    let filter = &people::resolve(inner, filter)?;
    let mut confirmed = Vec::new();
    for (number, id) in ids.iter().enumerate() {
        let document_id = id.document_id();
        let document = match inner.document(document_id) {
            Ok(document) if document.superseded_by.is_none() => document,
            Ok(_) | Err(StoreError::DocumentNotFound { .. } | StoreError::DocumentDeleted { .. }) => continue,
            Err(error) => return Err(error),
        };
        let mut allowed = matching(document_id, &document.document, &document.extraction, filter);
        if let Some((ordinal, _)) = allowed.find(|(_, claim)| claim.id == *id) {
            confirmed.extend(StoredClaim::new(document.clone(), ordinal).map(|claim| (number, claim)));
        }
    }
    Ok(confirmed)
}

/// Counts the claims of a filter.
pub(crate) fn count(inner: &Inner, filter: &PreparedFilter) -> Result<u64, StoreError> {
    if filter.is_open() {
        return Ok(inner.unwritten.counter(&inner.engine, Tag::All, "")?.claims);
    }
    let filter = &people::resolve(inner, filter)?;
    let plan = Plan::of(inner, filter, ListOrder::TimeAscending)?;
    let mut count = 0;
    if let (true, Driver::Index(term)) = (plan.exact, &plan.driver) {
        let mut sieve = Sieve::new(inner, &plan.sieves);
        for posting in postings(inner, term, None, false)? {
            count += sieve.keep(posting?)?.len() as u64;
        }
        return Ok(count);
    }
    each_claim(inner, filter, |_| count += 1)?;
    Ok(count)
}

/// Calls `visit` with every claim of a filter, in the order of time.
pub(crate) fn each_claim(
    inner: &Inner,
    filter: &PreparedFilter,
    mut visit: impl FnMut(&StoredClaim),
) -> Result<(), StoreError> {
    let order = ListOrder::TimeAscending;
    let filter = &people::resolve(inner, filter)?;
    let plan = Plan::of(inner, filter, order)?;
    let mut from = None;
    loop {
        let mut claims = Vec::new();
        from = Walk::new(inner, &plan, order, u64::MAX).run(from, |found| {
            claims.clear();
            add_claims(inner, filter, u64::MAX, found, 0, usize::MAX, &mut claims)?;
            claims.iter().for_each(&mut visit);
            Ok(true)
        })?;
        if from.is_none() {
            return Ok(());
        }
    }
}

/// Returns the oldest listed documents whose time lies before `time`.
pub(crate) fn documents_before(
    inner: &Inner,
    time: Timestamp,
    limit: usize,
) -> Result<Vec<DocumentId>, StoreError> {
    let before = order_of_time(time);
    let mut documents = Vec::new();
    for posting in postings_of(inner, Tag::All, "", None, false)? {
        let position = posting?.time;
        if position.order >= before || documents.len() == limit {
            break;
        }
        documents.push(position.document_id);
    }
    Ok(documents)
}

/// Returns up to `limit` listed documents with a value, the oldest first.
pub(crate) fn documents_with(
    inner: &Inner,
    tag: Tag,
    value: &str,
    limit: usize,
) -> Result<Vec<Position>, StoreError> {
    let postings = postings_of(inner, tag, value, None, false)?;
    postings.take(limit).map(|posting| Ok(posting?.time)).collect()
}

/// Returns whether a document is found by a value.
pub(crate) fn is_indexed(
    inner: &Inner,
    tag: Tag,
    value: &str,
    document: Position,
) -> Result<bool, StoreError> {
    let mut lookup = Lookup::new(inner.unwritten.postings(tag, value), tag, value);
    Ok(!lookup.find(&inner.engine, document)?.is_empty())
}

/// Counts the listed documents with any of the values.
pub(crate) fn count_documents(inner: &Inner, tag: Tag, values: Vec<String>) -> Result<u64, StoreError> {
    let term = Term { tag, values, documents: 0 };
    postings(inner, &term, None, false)?.try_fold(0, |count, posting| posting.map(|_| count + 1))
}

/// Returns the times of the first and the last document of a value that have one.
pub(crate) fn seen(
    inner: &Inner,
    tag: Tag,
    value: &str,
) -> Result<(Option<Timestamp>, Option<Timestamp>), StoreError> {
    let first = postings_of(inner, tag, value, None, false)?.next().transpose()?;
    let last_dated =
        Position { order: order_of_time(Timestamp::MAX), document_id: DocumentId::from_bytes([0xFF; 16]) };
    let last = postings_of(inner, tag, value, Some(last_dated), true)?.next().transpose()?;
    let time = |posting: Option<Posting>| posting.and_then(|p| crate::index::time_of_order(p.time.order));
    Ok((time(first), time(last)))
}

/// Counts the claims of a filter by a value of theirs.
pub(crate) fn tally(
    inner: &Inner,
    filter: &PreparedFilter,
    values: impl Fn(&StoredClaim) -> Vec<(String, String)>,
) -> Result<Counts, StoreError> {
    let mut counts = Counts::new();
    each_claim(inner, filter, |claim| {
        for (key, name) in values(claim) {
            counts.entry(key).or_insert_with(|| (name, 0)).1 += 1;
        }
    })?;
    Ok(counts)
}

/// An index entry costs about so much less than a document that is read.
const ENTRIES_A_DOCUMENT: u64 = 40;

/// Counts the claims of a filter by the values of an indexed field, from the indexes alone. Returns `None` where they do
/// not decide, or where reading the few documents of the filter is faster than walking all entries of the field.
pub(crate) fn tally_index(
    inner: &Inner,
    filter: &PreparedFilter,
    tag: Tag,
    values: &[(String, CounterRecord)],
) -> Result<Option<Vec<u64>>, StoreError> {
    let filter = &people::resolve(inner, filter)?;
    let plan = Plan::of(inner, filter, ListOrder::TimeAscending)?;
    let (true, Driver::Index(term)) = (plan.exact, &plan.driver) else { return Ok(None) };
    let entries: u64 = values.iter().map(|(_, counter)| counter.documents).sum();
    if term.documents.saturating_mul(ENTRIES_A_DOCUMENT) < entries {
        return Ok(None);
    }
    let mut sieve = Sieve::new(inner, &plan.sieves);
    let mut found: HashMap<DocumentId, Vec<u32>> = HashMap::new();
    for posting in postings(inner, term, None, false)? {
        let posting = posting?;
        let document_id = posting.time.document_id;
        let ordinals = sieve.keep(posting)?;
        if !ordinals.is_empty() {
            found.insert(document_id, ordinals);
        }
    }
    let mut counts = Vec::with_capacity(values.len());
    for (value, _) in values {
        let mut count = 0;
        for posting in postings_of(inner, tag, value, None, false)? {
            let posting = posting?;
            let Some(ordinals) = found.get(&posting.time.document_id) else { continue };
            let has_value = |ordinal: &&u32| posting.value.ordinals.binary_search(ordinal).is_ok();
            count += ordinals.iter().filter(has_value).count() as u64;
        }
        counts.push(count);
    }
    Ok(Some(counts))
}

/// Counts the claims of a filter by the time of their documents, from the indexes alone; `None` where they do not decide.
/// Claims of documents without a time are left out.
pub(crate) fn tally_time(
    inner: &Inner,
    filter: &PreparedFilter,
    name: impl Fn(Timestamp) -> String,
) -> Result<Option<Counts>, StoreError> {
    let filter = &people::resolve(inner, filter)?;
    let plan = Plan::of(inner, filter, ListOrder::TimeAscending)?;
    let (true, Driver::Index(term)) = (plan.exact, &plan.driver) else { return Ok(None) };
    let mut sieve = Sieve::new(inner, &plan.sieves);
    let mut counts = Counts::new();
    for posting in postings(inner, term, None, false)? {
        let posting = posting?;
        let Some(time) = crate::index::time_of_order(posting.time.order) else { break }; // Those without come last.
        let claims = sieve.keep(posting)?.len() as u64;
        if claims > 0 {
            let name = name(time);
            counts.entry(name.clone()).or_insert_with(|| (name, 0)).1 += claims;
        }
    }
    Ok(Some(counts))
}
