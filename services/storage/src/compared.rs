//! Prerequisite lists beside earlier ones, on the wire.

use dictum_core::{Form, Span, Units};
use dictum_proto::{
    span_to_wire,
    v1::{self, ClaimView},
};
use dictum_store::{ComparedList, ItemChange, StoredClaim};

use crate::service::claims_to_wire;

pub(crate) fn compared_to_wire(compared: &ComparedList, view: ClaimView) -> v1::ComparedList {
    let ComparedList { claim, earlier, changes } = compared;
    let units = Units::new(&claim.document().document.text);
    let earlier_units = earlier.as_ref().map(|earlier| Units::new(&earlier.document().document.text));
    let item = |n: usize| Some(span_to_wire(*items(claim).get(n)?, &units, view));
    let earlier_item = |n: usize| {
        let span = items(earlier.as_ref()?).get(n)?;
        Some(span_to_wire(*span, earlier_units.as_ref()?, view))
    };
    let change = |change: &ItemChange| {
        let (kind, earlier, later) = match *change {
            ItemChange::Kept { earlier, later } => (v1::ItemChangeKind::Kept, Some(earlier), Some(later)),
            ItemChange::Reworded { earlier, later } => {
                (v1::ItemChangeKind::Reworded, Some(earlier), Some(later))
            }
            ItemChange::Added { later } => (v1::ItemChangeKind::Added, None, Some(later)),
            ItemChange::Dropped { earlier } => (v1::ItemChangeKind::Dropped, Some(earlier), None),
        };
        v1::ItemChange {
            kind: kind.into(),
            item: later.and_then(item),
            earlier_item: earlier.and_then(earlier_item),
        }
    };
    v1::ComparedList {
        claim: claims_to_wire(std::slice::from_ref(claim), view).pop(),
        earlier_claim_id: earlier.as_ref().map(|earlier| earlier.claim().id.to_string()).unwrap_or_default(),
        changes: changes.iter().map(change).collect(),
    }
}

fn items(claim: &StoredClaim) -> &[Span] {
    match &claim.claim().form {
        Form::PrerequisiteList(list) => &list.items,
        Form::QuotedStatement(_) | Form::QuestionAnswer(_) => &[],
    }
}
