//! Lists that are made for comparison: a speaker's conditions over time, the questions and answers of an occasion.

use std::collections::HashMap;

use dictum_core::{DateInterval, DocumentId, Form, FormKind, PrerequisiteList, Span};

use crate::{
    ClaimFilter, ListOrder, StoreError, StoredClaim, StoredDocument,
    compare::{compare, words},
    filter::PreparedFilter,
    fold::fold,
    inner::Inner,
    model::{ComparedList, ComparedPage, Page},
    query::{self, MAX_PAGE_SIZE},
};

/// Lists the prerequisite lists of a filter, the oldest first, each beside the one before it of the same subject. Of
/// every subject, or of those with all words of `subject`.
pub(crate) fn prerequisites(
    inner: &Inner,
    filter: &PreparedFilter,
    subject: &str,
    page_size: usize,
    page_token: Option<&str>,
) -> Result<ComparedPage, StoreError> {
    let wanted = words(subject);
    let order = ListOrder::TimeAscending;
    let page = query::list(inner, filter, order, page_size, page_token)?;
    let mut before = match (page_token, page.claims.first()) {
        (Some(_), Some(first)) => lists_before(inner, filter, first)?,
        _ => HashMap::new(),
    };
    let mut lists = Vec::new();
    for claim in page.claims {
        let subject = subject_of(&claim);
        if !wanted.iter().all(|word| subject.contains(word)) {
            continue;
        }
        let earlier = before.insert(subject, claim.clone());
        let changes = earlier.as_ref().map(|earlier| changes(earlier, &claim)).unwrap_or_default();
        lists.push(ComparedList { claim, earlier, changes });
    }
    Ok(ComparedPage { lists, next_page_token: page.next_page_token })
}

/// Returns the last list of each subject before `first`.
fn lists_before(
    inner: &Inner,
    filter: &PreparedFilter,
    first: &StoredClaim,
) -> Result<HashMap<Vec<String>, StoredClaim>, StoreError> {
    let mut before = HashMap::new();
    let mut token: Option<String> = None;
    loop {
        let page = query::list(inner, filter, ListOrder::TimeAscending, MAX_PAGE_SIZE, token.as_deref())?;
        for claim in page.claims {
            if claim.claim().id == first.claim().id {
                return Ok(before);
            }
            before.insert(subject_of(&claim), claim);
        }
        token = page.next_page_token;
        if token.is_none() {
            return Ok(before); // The list changed meanwhile: there is no such claim any more.
        }
    }
}

fn list_of(claim: &StoredClaim) -> Option<&PrerequisiteList> {
    match &claim.claim().form {
        Form::PrerequisiteList(list) => Some(list),
        Form::QuotedStatement(_) | Form::QuestionAnswer(_) => None,
    }
}

fn text(claim: &StoredClaim, span: Span) -> &str {
    span.slice(&claim.document().document.text).unwrap_or_default()
}

/// Returns the words by which two lists are told to be on one subject; none where the text does not say.
fn subject_of(claim: &StoredClaim) -> Vec<String> {
    let subject = list_of(claim).and_then(|list| list.subject);
    subject.map(|span| words(text(claim, span))).unwrap_or_default()
}

fn changes(earlier: &StoredClaim, later: &StoredClaim) -> Vec<crate::ItemChange> {
    let items = |claim: &StoredClaim| list_of(claim).map(|list| list.items.clone()).unwrap_or_default();
    let (old, new) = (items(earlier), items(later));
    let old: Vec<&str> = old.iter().map(|item| text(earlier, *item)).collect();
    let new: Vec<&str> = new.iter().map(|item| text(later, *item)).collect();
    compare(&old, &new)
}

/// Lists the question–answer pairs of the occasion of a document: of all documents of its channel with the same date and
/// place, the earliest first; of the document alone where it has no date.
pub(crate) fn exchanges(
    inner: &Inner,
    document_id: DocumentId,
    page_size: usize,
    page_token: Option<&str>,
) -> Result<(std::sync::Arc<StoredDocument>, Page), StoreError> {
    let document = inner.document(document_id)?;
    let occasion = &document.extraction.occasion;
    let channel = document.document.channel.clone();
    let mut filter = ClaimFilter { forms: vec![FormKind::QuestionAnswer], ..ClaimFilter::default() };
    match (occasion.date, &channel) {
        (Some(date), Some(channel)) => {
            filter.occasion = DateInterval::new(date.start(), date.end());
            filter.channels = vec![channel.clone()];
        }
        _ => filter.document_ids = vec![document_id],
    }
    let mut page = query::list(inner, &filter.prepare()?, ListOrder::TimeAscending, page_size, page_token)?;
    let place = |document: &StoredDocument| document.extraction.occasion.place.as_deref().map(fold);
    page.claims.retain(|claim| {
        let other = claim.document();
        other.document.id() == document_id
            || (other.extraction.occasion.date == occasion.date && place(other) == place(&document))
    });
    Ok((document, page))
}
