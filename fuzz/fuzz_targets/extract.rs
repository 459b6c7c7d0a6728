//! Any text: extraction never panics, every span slices to text, claims stand in their order, no claim stands twice.
#![no_main]

use std::{cmp::Reverse, collections::HashSet};

use dictum_core::{Document, DocumentParts};
use dictum_extract::{Options, extract};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let document = Document::new(DocumentParts { text: text.to_owned(), ..Default::default() });
    let extraction = extract(&document, &Options { attitudes: true, ..Options::default() });
    let mut ids = HashSet::new();
    for claim in &extraction.claims {
        assert!(ids.insert(claim.id), "a claim stands twice");
        for span in claim.form.spans() {
            assert!(span.slice(text).is_some(), "a span cuts a character or leaves the text");
        }
    }
    let order = |claim: &dictum_core::Claim| {
        let extent = claim.form.extent();
        (extent.start(), Reverse(extent.end()), claim.form.kind())
    };
    assert!(extraction.claims.is_sorted_by_key(order), "claims are out of order");
});
