//! Lists, counts and facets against a naive model in memory.
//!
//! `DICTUM_MODEL_QUERIES` sets how many queries are put (400 when unset).

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use dictum_core::{Claim, ClaimId, Confidence, DocumentId, FormKind, Manner};
use dictum_store::{
    ClaimFilter, FacetField, ListOrder, NameJoin, Store, StoreError, StoredDocument, TimeRange,
};

use crate::sample::{
    CHANNELS, Dice, LANGUAGES, ORGANIZATIONS, ROLES, RULES, SPEAKERS, TOPICS, document, extraction,
    new_store, small,
};

const ORDERS: [ListOrder; 4] = [
    ListOrder::TimeAscending,
    ListOrder::TimeDescending,
    ListOrder::WrittenAscending,
    ListOrder::WrittenDescending,
];

/// Folds as the store says it does, in the simplest way that is right for the sample.
fn fold(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").to_lowercase().replace('ë', "e")
}

/// Joins the forms of a name, likewise.
fn person(name: &str) -> String {
    fold(name).replace("dr. ", "").replace("ада марш", "ada marsh")
}

fn has(wanted: &[String], value: Option<&str>) -> bool {
    wanted.is_empty() || value.is_some_and(|value| wanted.iter().any(|wanted| fold(wanted) == fold(value)))
}

fn is_wanted(filter: &ClaimFilter, document: &StoredDocument, claim: &Claim) -> bool {
    let speaker = claim.form.speaker();
    let manner = match &claim.form {
        dictum_core::Form::QuotedStatement(statement) => Some(statement.manner),
        _ => None,
    };
    let extraction = &document.extraction;
    let chain = claim.form.attribution_chain();
    let published = filter.published;
    let is_speaker = |name: &str| {
        let same = |wanted: &String| match filter.exact_speakers {
            true => fold(wanted) == fold(name),
            false => person(wanted) == person(name),
        };
        filter.speakers.iter().any(same)
    };
    (filter.speakers.is_empty() || speaker.is_some_and(|speaker| is_speaker(&speaker.name)))
        && has(&filter.roles, speaker.and_then(|s| s.role.as_deref()))
        && has(&filter.organizations, speaker.and_then(|s| s.organization.as_deref()))
        && (filter.reporters.is_empty() || chain.iter().any(|s| has(&filter.reporters, Some(&s.name))))
        && (filter.forms.is_empty() || filter.forms.contains(&claim.form.kind()))
        && (filter.manners.is_empty() || manner.is_some_and(|manner| filter.manners.contains(&manner)))
        && (filter.topics.is_empty()
            || extraction.topics.iter().any(|topic| has(&filter.topics, Some(topic))))
        && has(&filter.channels, document.document.channel.as_deref())
        && has(&filter.languages, extraction.language.as_deref())
        && (filter.document_ids.is_empty() || filter.document_ids.contains(&document.document.id()))
        && (filter.rule_ids.is_empty() || filter.rule_ids.iter().any(|rule| *rule == claim.rule_id))
        && filter.min_confidence.is_none_or(|least| claim.confidence >= least)
        && filter.occasion.is_none_or(|days| {
            extraction
                .occasion
                .date
                .is_some_and(|date| days.start() <= date.end() && date.start() <= days.end())
        })
        && (published.is_open()
            || document.document.publish_time.is_some_and(|time| {
                published.from.is_none_or(|from| from <= time)
                    && published.before.is_none_or(|before| time < before)
            }))
}

/// Where a document stands in the order of time: dated ones by time and id, then the others as written.
type TimeKey = (bool, i64, u64, DocumentId);

fn time_key(document: &StoredDocument) -> TimeKey {
    let first_day = document.extraction.occasion.date.map(|date| {
        let days = dictum_core::Date::new(1970, 1, 1).unwrap().duration_until(date.start());
        days.as_secs()
    });
    let id = document.document.id();
    match document.document.publish_time.map(dictum_core::Timestamp::as_second).or(first_day) {
        Some(second) => (false, second, 0, id),
        None => (true, 0, document.first_revision, id),
    }
}

fn model_list(documents: &[&StoredDocument], filter: &ClaimFilter, order: ListOrder) -> Vec<ClaimId> {
    let mut documents = documents.to_vec();
    match order {
        ListOrder::TimeAscending => documents.sort_by_key(|document| time_key(document)),
        ListOrder::TimeDescending => documents.sort_by_key(|document| Reverse(time_key(document))),
        ListOrder::WrittenAscending => documents.sort_by_key(|document| document.first_revision),
        ListOrder::WrittenDescending => documents.sort_by_key(|document| Reverse(document.first_revision)),
    }
    let claims = documents
        .iter()
        .flat_map(|document| document.extraction.claims.iter().map(move |claim| (document, claim)));
    claims.filter(|(document, claim)| is_wanted(filter, document, claim)).map(|(_, claim)| claim.id).collect()
}

fn random_filter(dice: &mut Dice, documents: &[&StoredDocument]) -> ClaimFilter {
    let mut filter = ClaimFilter::default();
    let names = |dice: &mut Dice, of: &[&str]| -> Vec<String> {
        let mut values = vec![(*dice.pick(of)).to_owned()];
        if dice.one_in(3) {
            values.push(dice.pick(of).to_uppercase());
        }
        values
    };
    for _ in 0..dice.below(4) {
        match dice.below(13) {
            0 => {
                filter.speakers = names(dice, &SPEAKERS);
                filter.exact_speakers = dice.one_in(3);
            }
            1 => filter.roles = names(dice, &ROLES),
            2 => filter.organizations = names(dice, &ORGANIZATIONS),
            3 => filter.reporters = names(dice, &SPEAKERS),
            4 => filter.forms.push(*dice.pick(&[
                FormKind::QuotedStatement,
                FormKind::QuestionAnswer,
                FormKind::PrerequisiteList,
            ])),
            5 => filter.manners.push(*dice.pick(&[
                Manner::Block,
                Manner::Direct,
                Manner::Mixed,
                Manner::Attitude,
            ])),
            6 => filter.topics = names(dice, &TOPICS),
            7 => filter.channels = names(dice, &CHANNELS),
            8 => filter.languages = names(dice, &LANGUAGES),
            9 => filter.document_ids.push(dice.pick(documents).document.id()),
            10 => filter.rule_ids.push((*dice.pick(&RULES)).to_owned()),
            11 => {
                let first =
                    dictum_core::Date::new(2023, 11, i8::try_from(1 + dice.below(28)).unwrap()).unwrap();
                let days = *dice.pick(&[0, 1, 7, 100]);
                filter.occasion =
                    dictum_core::DateInterval::new(first, first.saturating_add(jiff::Span::new().days(days)));
            }
            _ => {
                let second =
                    |dice: &mut Dice| 1_700_000_000 + i64::try_from(dice.below(40)).unwrap() * 43_200;
                let from = second(dice);
                let before = from + 43_200 * i64::try_from(1 + dice.below(20)).unwrap();
                let time = |second| dictum_core::Timestamp::from_second(second).unwrap();
                filter.published = TimeRange {
                    from: (!dice.one_in(3)).then(|| time(from)),
                    before: (!dice.one_in(3)).then(|| time(before)),
                };
            }
        }
    }
    if dice.one_in(5) {
        filter.min_confidence = Confidence::new(0.5);
    }
    filter
}

async fn all_pages(store: &Store, filter: &ClaimFilter, order: ListOrder, page_size: usize) -> Vec<ClaimId> {
    let (mut claims, mut token) = (Vec::new(), None::<String>);
    loop {
        let page = store.list_claims(filter, order, page_size, token.as_deref()).await.unwrap();
        assert!(page.claims.len() <= page_size);
        claims.extend(page.claims.iter().map(|stored| stored.claim().id));
        match page.next_page_token {
            Some(next) => token = Some(next),
            None => return claims,
        }
    }
}

/// Makes a store of documents that were written, extracted anew, superseded and deleted.
async fn lived_in_store() -> (tempfile::TempDir, Store, Vec<StoredDocument>) {
    let (folder, store) = new_store().await;
    let mut dice = Dice::new(5);
    for seed in 0..240 {
        store.write(document(seed)).await.unwrap();
        let any = document(dice.below(240) as u64);
        match dice.below(12) {
            0 => drop(store.delete_document(any.document.id()).await),
            1 => {
                let claims = any.extraction.claims.len();
                drop(
                    store
                        .replace_extraction(any.document.id(), extraction(&any.document, &mut dice, claims))
                        .await,
                );
            }
            _ => {}
        }
    }
    let mut documents = Vec::new();
    for seed in 0..240 {
        match store.get_document(document(seed).document.id()).await {
            Ok(document) if document.superseded_by.is_none() => documents.push((*document).clone()),
            Ok(_) | Err(StoreError::DocumentDeleted { .. }) => {}
            Err(error) => panic!("{error}"),
        }
    }
    (folder, store, documents)
}

#[tokio::test]
async fn lists_and_counts_are_those_of_the_model() {
    let queries = std::env::var("DICTUM_MODEL_QUERIES").map_or(250, |n| n.parse().unwrap());
    let (folder, mut store, documents) = lived_in_store().await;
    let documents: Vec<&StoredDocument> = documents.iter().collect();
    let mut dice = Dice::new(1);
    for query in 0..queries {
        if query == queries / 2 {
            store.close().await;
            store = Store::open(folder.path(), small()).await.unwrap();
        }
        let (filter, order) = (random_filter(&mut dice, &documents), *dice.pick(&ORDERS));
        let expected = model_list(&documents, &filter, order);
        let page_size = *dice.pick(&[1, 5, 16, 100, 1000]);
        let found = all_pages(&store, &filter, order, page_size).await;
        let plan = store.explain(&filter, order).await.unwrap();
        assert_eq!(
            found, expected,
            "query {query}: {filter:?} {order:?}, pages of {page_size}, plan: {plan}"
        );
        assert_eq!(
            store.count_claims(&filter).await.unwrap(),
            expected.len() as u64,
            "{filter:?}, plan: {plan}"
        );
    }
}

/// Returns the value of a facet as the model writes it.
fn key(field: FacetField, value: &str) -> String {
    match (field, value) {
        (FacetField::Form, "quoted-statement") => "QuotedStatement".to_owned(),
        (FacetField::Form, "question-answer") => "QuestionAnswer".to_owned(),
        (FacetField::Form, "prerequisite-list") => "PrerequisiteList".to_owned(),
        _ => person(value),
    }
}

#[tokio::test]
async fn facets_are_those_of_the_model() {
    let (_folder, store, documents) = lived_in_store().await;
    let documents: Vec<&StoredDocument> = documents.iter().collect();
    let mut dice = Dice::new(2);
    for query in 0..100 {
        let filter = if query < 4 { ClaimFilter::default() } else { random_filter(&mut dice, &documents) };
        let mut counts: BTreeMap<&str, BTreeMap<String, u64>> = BTreeMap::new();
        for document in &documents {
            for claim in document.extraction.claims.iter().filter(|claim| is_wanted(&filter, document, claim))
            {
                let mut add = |field, value: String| {
                    *counts.entry(field).or_default().entry(value).or_default() += 1;
                };
                claim.form.speaker().into_iter().for_each(|speaker| add("speaker", person(&speaker.name)));
                let topics: BTreeSet<String> =
                    document.extraction.topics.iter().map(|topic| fold(topic)).collect();
                topics.into_iter().for_each(|topic| add("topic", topic));
                document.document.channel.iter().for_each(|channel| add("channel", fold(channel)));
                document.extraction.language.iter().for_each(|language| add("language", fold(language)));
                add("form", format!("{:?}", claim.form.kind()));
                let day = document.document.publish_time.map(|time| time.to_string()[..10].to_owned());
                let day = day.or(document.extraction.occasion.date.map(|date| date.start().to_string()));
                if let Some(day) = day {
                    add("month", day[..7].to_owned());
                    add("day", day);
                }
            }
        }
        for (field, name) in [
            (FacetField::Speaker, "speaker"),
            (FacetField::Topic, "topic"),
            (FacetField::Channel, "channel"),
            (FacetField::Language, "language"),
            (FacetField::Form, "form"),
            (FacetField::Day, "day"),
            (FacetField::Month, "month"),
        ] {
            let expected = counts.remove(name).unwrap_or_default();
            let found = store.facets(&filter, field, 100).await.unwrap();
            assert!(found.is_sorted_by_key(|count| Reverse(count.claims)));
            let found: BTreeMap<String, u64> =
                found.into_iter().map(|c| (key(field, &c.value), c.claims)).collect();
            assert_eq!(found, expected, "{field:?} of {filter:?}");
        }
    }
}

#[tokio::test]
async fn speakers_are_listed_with_every_form_of_their_names() {
    let (_folder, store, documents) = lived_in_store().await;
    let (mut values, mut token) = (Vec::new(), None::<String>);
    loop {
        let page = store.list_speakers("", 2, token.as_deref()).await.unwrap();
        values.extend(page.values);
        token = page.next_page_token;
        if token.is_none() {
            break;
        }
    }
    let folded: Vec<String> = values.iter().map(|value| person(&value.name)).collect();
    assert_eq!(folded, ["ada marsh", "iva stone", "ministry of tides", "zoe brook"]);
    let claims = documents.iter().flat_map(|document| &document.extraction.claims);
    let adas =
        claims.filter(|claim| claim.form.speaker().is_some_and(|s| person(&s.name) == "ada marsh")).count();
    assert_eq!(values[0].claims, adas as u64);
    assert_eq!(values[0].forms.len(), 3);
    assert!(values[0].first_seen < values[0].last_seen);
    assert_eq!(store.list_speakers("ZOË", 10, None).await.unwrap().values.len(), 1);
    assert!(matches!(
        store.list_topics("", 2, token_of_speakers(&store).await.as_deref()).await,
        Err(StoreError::BadPageToken)
    ));
}

#[tokio::test]
async fn a_speaker_is_found_by_any_form_of_the_name() {
    let (_folder, store, documents) = lived_in_store().await;
    let profile = store.get_speaker("Dr Iva Stone").await.unwrap();
    assert_eq!(profile.summary.name, "Iva Stone");
    let forms: BTreeMap<_, _> = profile.forms.iter().map(|form| (form.form.as_str(), form.how)).collect();
    assert_eq!(forms, BTreeMap::from([("Iva Stone", NameJoin::Itself), ("Dr. Iva Stone", NameJoin::Title)]));
    let is_iva = |claim: &&Claim| claim.form.speaker().is_some_and(|s| person(&s.name) == "iva stone");
    let of = |document: &&StoredDocument| document.extraction.claims.iter().filter(is_iva).count() as u64;
    let claims: u64 = documents.iter().map(|document| of(&document)).sum();
    let dated = documents.iter().filter(|document| !time_key(document).0).map(|document| of(&document));
    assert_eq!(profile.summary.claims, claims);
    assert_eq!(profile.forms.iter().map(|form| form.claims).sum::<u64>(), claims);
    assert_eq!(
        profile.summary.documents,
        documents.iter().filter(|document| of(document) > 0).count() as u64
    );
    assert_eq!(profile.months.iter().map(|month| month.claims).sum::<u64>(), dated.sum::<u64>());
    assert!(profile.months.is_sorted_by_key(|month| month.value.clone()));
    assert_eq!(profile.topics.len(), 4);
    let unknown = store.get_speaker("Tom Stone").await.unwrap_err();
    assert!(matches!(unknown, StoreError::SpeakerNotFound { name } if name == "Tom Stone"));
}

async fn token_of_speakers(store: &Store) -> Option<String> {
    store.list_speakers("", 1, None).await.unwrap().next_page_token
}

#[tokio::test]
async fn pages_stay_as_they_were_while_documents_are_written() {
    let (_folder, store, documents) = lived_in_store().await;
    let documents: Vec<&StoredDocument> = documents.iter().collect();
    for order in ORDERS {
        let expected = model_list(&documents, &ClaimFilter::default(), order);
        let snapshot = store.list_claims(&ClaimFilter::default(), order, 1, None).await.unwrap();
        let mut token = snapshot.next_page_token;
        let mut found: Vec<ClaimId> = snapshot.claims.iter().map(|stored| stored.claim().id).collect();
        let mut written = Vec::new();
        while let Some(next) = token {
            let mut new = document(10_000 + written.len() as u64);
            let parts = dictum_core::DocumentParts { message_id: None, ..new.document.clone().into_parts() };
            new.document = dictum_core::Document::new(parts);
            new.extraction = extraction(&new.document, &mut Dice::new(3), 1);
            written.push(store.write(new).await.unwrap().document_id);
            let page = store.list_claims(&ClaimFilter::default(), order, 5, Some(&next)).await.unwrap();
            assert_eq!(page.revision, snapshot.revision);
            found.extend(page.claims.iter().map(|stored| stored.claim().id));
            token = page.next_page_token;
        }
        assert_eq!(found, expected, "{order:?}");
        for id in written {
            store.delete_document(id).await.unwrap();
        }
    }
}

#[tokio::test]
async fn bad_arguments_are_named() {
    let (_folder, store) = new_store().await;
    let too_many = ClaimFilter { topics: vec!["a".into(); 101], ..ClaimFilter::default() };
    let empty = ClaimFilter { speakers: vec![" ".into()], ..ClaimFilter::default() };
    for (filter, expected) in [(too_many, "filter.topics"), (empty, "filter.speakers")] {
        let error = store.list_claims(&filter, ListOrder::default(), 10, None).await.unwrap_err();
        assert!(matches!(error, StoreError::BadArgument { field, .. } if field == expected), "{error}");
    }
    let page = store.list_claims(&ClaimFilter::default(), ListOrder::default(), 10, Some("zz")).await;
    assert!(matches!(page, Err(StoreError::BadPageToken)));
}

#[tokio::test]
async fn documents_are_listed_in_the_order_of_writing() {
    let (_folder, store, documents) = lived_in_store().await;
    let mut expected: Vec<&StoredDocument> =
        documents.iter().filter(|document| document.superseded_by.is_none()).collect();
    expected.sort_by_key(|document| document.first_revision);
    for page_size in [1, 7, 1000] {
        let (mut found, mut token) = (Vec::new(), None);
        loop {
            let page = store.list_documents(page_size, token.as_deref()).await.unwrap();
            found.extend(page.documents);
            token = page.next_page_token;
            if token.is_none() {
                break;
            }
        }
        assert!(found.iter().eq(expected.iter().copied()), "pages of {page_size}");
    }
}
