//! Extraction: one by one, as a stream, and the rules it has.

use dictum_proto::v1::{
    ClaimView, Document, ExtractClaimsRequest, ExtractClaimsStreamRequest, ExtractionOptions,
};
use dictum_tests::{Bench, document};
use futures_util::{TryStreamExt, stream};

#[tokio::test]
async fn a_stream_answers_in_order_and_refuses_alone() {
    let bench = Bench::start().await;
    let documents = [document(0), Document::default(), document(2)];
    let requests = (0..).zip(documents).map(|(sequence, document)| ExtractClaimsStreamRequest {
        sequence,
        document: Some(document),
        ..Default::default()
    });
    let requests: Vec<_> = requests.collect();
    let answers = bench.extraction().extract_claims_stream(stream::iter(requests)).await.unwrap();
    let answers: Vec<_> = answers.try_collect().await.unwrap();
    let seen: Vec<(u64, usize, &str)> = answers
        .iter()
        .map(|a| (a.sequence, a.extraction.as_ref().map_or(0, |e| e.claims.len()), a.reason.as_str()))
        .collect();
    assert_eq!(seen, [(0, 1, ""), (1, 0, "TEXT_EMPTY"), (2, 1, "")]);
}

#[tokio::test]
async fn the_short_view_has_spans_and_no_texts() {
    let bench = Bench::start().await;
    let request = |view: ClaimView| ExtractClaimsRequest {
        document: Some(document(1)),
        options: Some(ExtractionOptions::default()),
        view: view.into(),
    };
    let content = |extraction: Option<dictum_proto::v1::Extraction>| match extraction
        .unwrap()
        .claims
        .remove(0)
        .form
        .unwrap()
    {
        dictum_proto::v1::claim::Form::QuotedStatement(statement) => statement.content.unwrap(),
        other => panic!("{other:?}"),
    };
    let full = content(bench.extraction().extract_claims(request(ClaimView::Full)).await.unwrap().extraction);
    let basic =
        content(bench.extraction().extract_claims(request(ClaimView::Basic)).await.unwrap().extraction);
    assert_eq!((full.start_byte, full.end_byte), (basic.start_byte, basic.end_byte));
    assert_eq!(full.text, document(1).text[full.start_byte as usize..full.end_byte as usize]);
    assert_eq!(
        (full.start_byte - full.start_utf16, basic.text.as_str()),
        (2, ""),
        "the emoji is 4 bytes, 2 units"
    );
}

#[tokio::test]
async fn the_rules_describe_what_claims_carry() {
    let bench = Bench::start().await;
    let described = bench.extraction().describe_rules().await.unwrap();
    let request = ExtractClaimsRequest { document: Some(document(1)), ..Default::default() };
    let extraction = bench.extraction().extract_claims(request).await.unwrap().extraction.unwrap();
    assert_eq!(described.rule_set, extraction.rule_set);
    let rule_id = &extraction.claims[0].provenance.as_ref().unwrap().rule_id;
    assert!(described.rules.iter().any(|rule| rule.rule_id == *rule_id && !rule.description.is_empty()));
}
