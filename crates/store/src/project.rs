//! What a change does to the claims that a filter lets through.

use std::collections::HashMap;

use dictum_core::{Claim, ClaimId, DocumentId, DocumentParts, Extraction};

use crate::{
    filter::{Candidate, PreparedFilter},
    log::LoggedChange,
    model::{Change, ClaimChange, ExtractionDiff, StoredClaim},
};

/// Returns the change as a watcher with this filter sees it; `None` when it sees nothing of it.
pub(crate) fn project(change: &LoggedChange, filter: &PreparedFilter) -> Option<Change> {
    let LoggedChange { revision, document_id, cause, before, after } = change;
    let mut old = before.as_deref().map_or_else(HashMap::new, |version| {
        matching(*document_id, &version.parts, &version.extraction, filter)
            .map(|(_, claim)| (claim.id, claim))
            .collect()
    });
    let mut claims = Vec::new();
    if let Some(after) = after {
        let same_document =
            before.as_deref().is_some_and(|b| same_document(&b.extraction, &after.extraction));
        for (ordinal, claim) in matching(*document_id, &after.document, &after.extraction, filter) {
            let was = old.remove(&claim.id);
            if was.is_some_and(|was| same_document && was == claim) {
                continue;
            }
            let stored = StoredClaim::new(after.clone(), ordinal)?;
            claims.push(if was.is_some() {
                ClaimChange::Changed(stored)
            } else {
                ClaimChange::Added(stored)
            });
        }
    }
    if let Some(before) = before {
        let gone = before.extraction.claims.iter().filter(|claim| old.contains_key(&claim.id));
        claims.extend(gone.map(|claim| ClaimChange::Retracted(claim.id)));
    }
    if claims.is_empty() {
        return None;
    }
    Some(Change { revision: *revision, document_id: *document_id, cause: *cause, claims })
}

/// Returns the claims of a document that the filter lets through, with their numbers.
pub(crate) fn matching<'a>(
    document_id: DocumentId,
    parts: &'a DocumentParts,
    extraction: &'a Extraction,
    filter: &'a PreparedFilter,
) -> impl Iterator<Item = (usize, &'a Claim)> {
    let allowed = filter.allows_document(Candidate { document_id, parts, extraction });
    let claims = if allowed { extraction.claims.as_slice() } else { &[] };
    claims.iter().enumerate().filter(|(_, claim)| filter.allows_claim(claim))
}

/// Returns whether what a document adds to each of its claims is the same. Rule set and diagnostics do not count: they
/// change with every new extraction.
fn same_document(old: &Extraction, new: &Extraction) -> bool {
    old.title == new.title
        && old.occasion == new.occasion
        && old.topics == new.topics
        && old.language == new.language
}

/// Returns what putting `new` in the place of `old` does to the claims.
pub(crate) fn diff(old: &Extraction, new: &Extraction) -> ExtractionDiff {
    let same_document = same_document(old, new);
    let mut old_claims: HashMap<ClaimId, &Claim> = old.claims.iter().map(|claim| (claim.id, claim)).collect();
    let mut diff = ExtractionDiff::default();
    for claim in &new.claims {
        match old_claims.remove(&claim.id) {
            None => diff.added.push(claim.id),
            Some(was) if same_document && was == claim => diff.unchanged += 1,
            Some(_) => diff.changed.push(claim.id),
        }
    }
    let gone = old.claims.iter().filter(|claim| old_claims.contains_key(&claim.id));
    diff.retracted.extend(gone.map(|claim| claim.id));
    diff
}
