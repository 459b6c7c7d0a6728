//! Lists of names and counts: speakers with their profiles, topics, channels, facets.

use dictum_proto::{timestamp_to_wire, v1};
use dictum_store::{FacetCount, FacetField, NameJoin, SpeakerForm, SpeakerProfile, ValuePage, ValueSummary};

/// Returns the messages of a page and the token of the next one.
pub(crate) fn page_to_wire(page: ValuePage) -> (Vec<v1::NameSummary>, String) {
    let ValuePage { values, next_page_token } = page;
    (values.into_iter().map(summary_to_wire).collect(), next_page_token.unwrap_or_default())
}

fn summary_to_wire(summary: ValueSummary) -> v1::NameSummary {
    let ValueSummary { name, forms, claims, documents, first_seen, last_seen } = summary;
    v1::NameSummary {
        name,
        forms,
        claim_count: claims,
        document_count: documents,
        first_time: first_seen.map(timestamp_to_wire),
        last_time: last_seen.map(timestamp_to_wire),
    }
}

pub(crate) fn profile_to_wire(profile: SpeakerProfile) -> v1::GetSpeakerResponse {
    let SpeakerProfile { summary, forms, months, topics } = profile;
    let form = |form: SpeakerForm| {
        let SpeakerForm { form, claims, how } = form;
        v1::NameForm { form, claim_count: claims, join: join_to_wire(how).into() }
    };
    v1::GetSpeakerResponse {
        summary: Some(summary_to_wire(summary)),
        forms: forms.into_iter().map(form).collect(),
        months: months.into_iter().map(count_to_wire).collect(),
        topics: topics.into_iter().map(count_to_wire).collect(),
    }
}

fn join_to_wire(join: NameJoin) -> v1::NameJoin {
    match join {
        NameJoin::Itself => v1::NameJoin::Itself,
        NameJoin::Spelling => v1::NameJoin::Spelling,
        NameJoin::Title => v1::NameJoin::Title,
        NameJoin::Transliteration => v1::NameJoin::Transliteration,
        NameJoin::Initials => v1::NameJoin::Initials,
        NameJoin::MiddleName => v1::NameJoin::MiddleName,
        NameJoin::Surname => v1::NameJoin::Surname,
    }
}

pub(crate) fn facet_from_wire(facet: v1::ClaimFacet) -> Option<FacetField> {
    match facet {
        v1::ClaimFacet::Unspecified => None,
        v1::ClaimFacet::Speaker => Some(FacetField::Speaker),
        v1::ClaimFacet::Topic => Some(FacetField::Topic),
        v1::ClaimFacet::Channel => Some(FacetField::Channel),
        v1::ClaimFacet::Form => Some(FacetField::Form),
        v1::ClaimFacet::Language => Some(FacetField::Language),
        v1::ClaimFacet::Day => Some(FacetField::Day),
        v1::ClaimFacet::Month => Some(FacetField::Month),
    }
}

pub(crate) fn count_to_wire(count: FacetCount) -> v1::FacetCount {
    let FacetCount { value, claims } = count;
    v1::FacetCount { value, claim_count: claims }
}
