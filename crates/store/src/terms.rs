//! What claims are found by and what a filter asks for, as terms for an index outside the store.

use dictum_core::{Confidence, DocumentId, Extraction, Timestamp};

use crate::{
    StoreError, StoredClaim, TimeRange, filter::PreparedFilter, index::entries, inner::Inner, key::Tag,
    people, query,
};

/// A filter as terms: a claim that it lets through has one of each `all_of`, and lies in both ranges. The opposite does
/// not hold in every case: [`Store::confirm_claims`](crate::Store::confirm_claims) decides.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FilterTerms {
    /// Groups of terms of [`StoredClaim::terms`].
    pub all_of: Vec<Vec<String>>,
    /// The instant of publication.
    pub published: TimeRange,
    /// The least confidence.
    pub min_confidence: Option<Confidence>,
}

impl StoredClaim {
    /// Returns the terms of the claim: a letter for the field and the folded value.
    #[must_use]
    pub fn terms(&self) -> Vec<String> {
        let document = self.document();
        let claim = Extraction {
            occasion: document.extraction.occasion.clone(),
            topics: document.extraction.topics.clone(),
            language: document.extraction.language.clone(),
            claims: vec![self.claim().clone()],
            ..Extraction::default()
        };
        let entries = entries(&document.document, &claim).into_keys();
        let values = entries.filter(|(tag, _)| *tag != Tag::All).map(|(tag, value)| term(tag, &value));
        values.chain([document_term(document.document.id())]).collect()
    }

    /// Returns the instant of publication, if it is known.
    #[must_use]
    pub fn publish_time(&self) -> Option<Timestamp> {
        self.document().document.publish_time
    }
}

pub(crate) fn of_filter(inner: &Inner, filter: &PreparedFilter) -> Result<FilterTerms, StoreError> {
    let filter = people::resolve(inner, filter)?;
    let mut all_of: Vec<Vec<String>> = query::terms(inner, &filter)?
        .into_iter()
        .map(|wanted| wanted.values.iter().map(|value| term(wanted.tag, value)).collect())
        .collect();
    if !filter.document_ids.is_empty() {
        all_of.push(filter.document_ids.iter().map(|id| document_term(*id)).collect());
    }
    Ok(FilterTerms { all_of, published: filter.published, min_confidence: filter.min_confidence })
}

fn term(tag: Tag, value: &str) -> String {
    format!("{}{value}", char::from(tag as u8))
}

fn document_term(id: DocumentId) -> String {
    format!("#{id}")
}
