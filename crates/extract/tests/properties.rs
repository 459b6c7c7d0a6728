//! What must hold for every text: no panic, spans that slice, one order, no twins, no influence between documents.

use std::collections::HashSet;

use dictum_core::{Confidence, Document, DocumentParts, Extraction, Units};
use dictum_extract::{Options, extract, rules};
use proptest::prelude::*;

fn document(text: &str) -> Document {
    Document::new(DocumentParts { text: text.to_owned(), ..Default::default() })
}

/// Checks one extraction against its text.
fn check(text: &str, extraction: &Extraction) -> Result<(), TestCaseError> {
    let utf16: Vec<u16> = text.encode_utf16().collect();
    let units = Units::new(text);
    for claim in &extraction.claims {
        for span in claim.form.spans() {
            let words = span.slice(text);
            prop_assert!(words.is_some(), "{span} of {:?} leaves the text or cuts a character", claim.form);
            let words = words.unwrap_or_default();
            let (start, end) = units.span(span);
            let by_code_point: String = text
                .chars()
                .skip(start.code_point as usize)
                .take((end.code_point - start.code_point) as usize)
                .collect();
            prop_assert_eq!(&by_code_point, words);
            prop_assert_eq!(
                String::from_utf16_lossy(&utf16[start.utf16 as usize..end.utf16 as usize]),
                words
            );
        }
        prop_assert!(!claim.form.extent().is_empty());
        prop_assert!(rules().iter().any(|rule| rule.id == claim.rule_id), "unknown rule {}", claim.rule_id);
    }
    let mut sorted = extraction.clone();
    sorted.sort_claims();
    prop_assert_eq!(&sorted.claims, &extraction.claims);
    let ids: HashSet<_> = extraction.claims.iter().map(|claim| claim.id).collect();
    prop_assert_eq!(ids.len(), extraction.claims.len());
    prop_assert!(extraction.title.is_none_or(|title| title.slice(text).is_some()));
    prop_assert!(extraction.diagnostics.iter().all(|d| d.span.is_none_or(|span| span.slice(text).is_some())));
    Ok(())
}

/// Pieces that the rules look for, so that arbitrary texts are more than noise.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(vec![
            "💬 ",
            "❓ ",
            "❓Question: ",
            "🎙 ",
            "📍 ",
            "• ",
            "🔹️",
            "☝️ ",
            "⚡️ ",
            "❗",
            "🇦🇶🇧🇻 ",
            "\n",
            "\r\n",
            "\n\n",
            ": ",
            ":",
            "(",
            ")",
            "“",
            "”",
            "«",
            "»",
            "\"",
            "'",
            "’s ",
            "<...>",
            "[...]",
            "#Topic ",
            "Mayor Ada Fenwick",
            "Harbour Minister ",
            "Bo Lind",
            "’s remarks at the forum",
            "Answer: ",
            "Key points:\n",
            "said",
            " said that ",
            "he said",
            ", ",
            ". ",
            "? ",
            "as follows: ",
            "listed prerequisites for ",
            "; and ",
            "Q    ",
            "MS. LIND: ",
            "Read in full\n",
            "July 13, 2023",
            "10–13 September 2023",
            "\u{a0}",
            "\u{200d}",
            "\u{fe0f}",
            "ß",
            "İ",
            "नदी ",
            "министр ",
            "сказал",
            "According to ",
        ])
        .prop_map(str::to_owned),
        "\\PC{0,12}",
        "[a-z ]{0,20}",
    ]
}

fn text() -> impl Strategy<Value = String> {
    prop::collection::vec(piece(), 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn every_claim_can_be_proved(text in text()) {
        let extraction = extract(&document(&text), &Options { attitudes: true, ..Options::default() });
        check(&text, &extraction)?;
    }

    #[test]
    fn arbitrary_text_is_read(text in any::<String>()) {
        check(&text, &extract(&document(&text), &Options::default()))?;
    }

    #[test]
    fn documents_do_not_influence_each_other(first in text(), second in text()) {
        let options = Options::default();
        let alone = extract(&document(&second), &options);
        let _ = extract(&document(&first), &options);
        prop_assert_eq!(extract(&document(&second), &options), alone);
    }

    #[test]
    fn a_higher_threshold_only_leaves_claims_out(text in text()) {
        let all = extract(&document(&text), &Options::default());
        let min_confidence = Confidence::new(0.8).unwrap();
        let some = extract(&document(&text), &Options { min_confidence, ..Options::default() });
        let expected: Vec<_> = all.claims.into_iter().filter(|claim| claim.confidence >= min_confidence).collect();
        prop_assert_eq!(some.claims, expected);
    }
}
